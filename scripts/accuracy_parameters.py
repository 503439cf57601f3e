"""Largest errors of the functions with parameters away from their defaults, against multi-precision references.

    python scripts/accuracy_parameters.py                 measure all of them; writes docs/accuracy-parameters.md
    python scripts/accuracy_parameters.py swish elu       only these functions; prints the lines, writes nothing
    python scripts/accuracy_parameters.py -n 400          more points of each function, order and dtype (60)

The bounds of the registry are promised at the defaults. Here each parameter takes a tenth, a quarter, half, twice, four and ten
times its default, or, where that is 0, some numbers of either sign, one parameter at a time and then in random combinations.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from pathlib import Path

from accuracy import ABSOLUTE, Worst, measure

import actcore as ac
from actcore.registry import ORDERS, ROWS, Parameter, Row

PAGE = Path(__file__).resolve().parent.parent / "docs" / "accuracy-parameters.md"
SHARES = (0.1, 0.25, 0.5, 2.0, 4.0, 10.0)
AROUND_ZERO = (-1.0, -0.5, 0.3, 1.0, 2.5)
COMBINATIONS = 6

HEAD = """\
# Accuracy at other parameters

Largest errors in units in the last place (ULP), as in [accuracy.md](accuracy.md), of the functions that have parameters, over the
defaults, a tenth to ten times each of them and {combinations} random combinations; where a default is 0, over {around}.
In bold what is above the bound that holds at the defaults, with the parameters of the largest such error below the table.
`python scripts/accuracy_parameters.py -n {points}` writes this page.

| function | f, float32 | f′ | f″ | f, float64 | f′ | f″ |
|---|---:|---:|---:|---:|---:|---:|
"""


def values(parameter: Parameter) -> list[float]:
    """Return the numbers that a parameter takes, its default first."""
    others = [parameter.default * share for share in SHARES] if parameter.default else AROUND_ZERO
    return [parameter.default, *(value for value in others if parameter.accepts(value))]


def grid(row: Row) -> Iterator[dict[str, float]]:
    """Yield the parameters that a function is measured at."""
    yield row.defaults
    for parameter in row.parameters:
        yield from ({**row.defaults, parameter.name: value} for value in values(parameter)[1:])
    if len(row.parameters) > 1:
        rng = random.Random(20_261_121)
        for _ in range(COMBINATIONS):
            yield {parameter.name: rng.choice(values(parameter)) for parameter in row.parameters}


def worst_of(row: Row, kind: str, dtype: str, bound: float, count: int) -> tuple[Worst, dict[str, float]]:
    """Return the largest error over the grid, and the parameters there."""
    found = ((measure(ac.get(row.name).bind(**given), kind, dtype, count, bound), given) for given in grid(row))
    return max(found, key=lambda pair: pair[0].error)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="only these functions")
    parser.add_argument("-n", type=int, default=60, metavar="POINTS", help="points per function, order, dtype and parameters")
    options = parser.parse_args()
    rows = [row for row in ROWS if row.parameters and (not options.names or row.name in options.names)]
    lines, notes = [], []
    for row in rows:
        cells = []
        for dtype in ABSOLUTE:
            for kind, bound in zip(ORDERS, getattr(row.bounds, dtype), strict=True):
                worst, given = worst_of(row, kind, dtype, bound, options.n)
                size = f"{worst.error:.2f}" if worst.error < 1e4 else f"{worst.error:.0e}"
                cells.append(f"**{size}**" if worst.error > bound else size)
                if worst.error > bound:
                    at = ", ".join(f"{name} = {value:g}" for name, value in given.items())
                    notes.append(f"- {row.name}, {kind.replace('_', ' ')}, {dtype}: {size} at x = {worst.x:.9g} with {at}")
        lines.append(f"| {row.name} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    print("\n".join(notes))
    if not options.names:
        around = ", ".join(f"{value:g}" for value in AROUND_ZERO)
        head = HEAD.format(combinations=COMBINATIONS, around=around, points=options.n)
        PAGE.write_text("\n".join([head + "\n".join(lines), "", *notes, ""]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
