"""Keep a table of the largest errors over all 2^32 float32 inputs: every function, its derivative and its second derivative.

    python scripts/exhaustive.py              measure what is missing or stale; writes docs/exhaustive.json and docs/exhaustive.md
    python scripts/exhaustive.py gelu silu    only these functions
    python scripts/exhaustive.py --isa v3     the same for another instruction set
    python scripts/exhaustive.py --check      say what is missing or stale, measure nothing

Each order of a function is written down when it is done, so an interrupted run goes on where it stopped. The errors are those of
the AVX-512 kernels (v4), the float64 kernels being the referee; of any other instruction set only the digest of all results is
taken, because the same bits have the same errors. A measurement is stale when the running build gives other results for a sample
of the inputs, one of every 128. The exit code is 1 when an error exceeds its bound, instruction sets disagree, or --check finds
something to do.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent.parent / "docs"
FILE, TABLE = DOCS / "exhaustive.json", DOCS / "exhaustive.md"
MEASURED, COMPARED = "v4", "v3"
#: Every so many inputs decide whether a measurement is stale.
STEP = 128

Item = tuple[str, str]
#: {function: {order: {instruction set: what was found}}}
Records = dict[str, dict[str, dict[str, dict[str, Any]]]]

HEAD = """\
# Accuracy over all float32 numbers

The largest error of every element-wise function and its derivatives, in units in the last place, over every one of the 2³² float32
numbers (the 2²⁴ infinities and NaNs apart), at the default parameters. 0 is exact, 0.5 the nearest number each time; – is still to
be measured. The AVX-512 kernels are compared with the float64 kernels, whose own error (see [accuracy.md](accuracy.md)) is some
2⁻²⁷ of a float32 unit.
A ✓ in the last column: the AVX2 kernels gave the same bits for all inputs, in all three orders.

† is a share of the absolute bound (2⁻²⁵) that takes the place of the relative one next to a root of a derivative, where no
number of digits would bound a relative error: such a number is the bound times that share; everywhere else the errors are smaller.

"""


def load() -> Records:
    """Return what has been written down."""
    records: Records = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return records


def items(names: list[str]) -> Iterator[Item]:
    """Yield every function and order, in the registry's order."""
    from actcore.registry import ORDERS, ROWS

    for row in ROWS:
        if row.name in names or not names:
            yield from ((row.name, order) for order in ORDERS)


def bound_of(item: Item) -> float:
    """Return the error a float32 result may have."""
    from actcore.registry import ORDERS, ROWS

    row = next(row for row in ROWS if row.name == item[0])
    return float(row.bounds.float32[ORDERS.index(item[1])])


def fingerprint(item: Item) -> str:
    """Return the digest of a sample of the results of the running build."""
    import accuracy

    import actcore as ac

    with ac.num_threads(1):
        return f"{accuracy.digest_all(ac.get(item[0]), item[1], STEP):08x}"


def measure(item: Item) -> dict[str, Any]:
    """Run over all inputs and return what is to be written down."""
    import accuracy

    import actcore as ac

    activation, order = ac.get(item[0]), item[1]
    started = time.monotonic()
    found: dict[str, Any] = {}
    with ac.num_threads(1):
        if ac.runtime.isa == MEASURED:
            worst = accuracy.measure_all(activation, order, bound_of(item))
            found = {"error": round(worst.error, 4), "at": worst.x, "excused": worst.excused, "digest": f"{worst.digest:08x}"}
        else:
            found = {"digest": f"{accuracy.digest_all(activation, order):08x}"}
    return found | {"seconds": round(time.monotonic() - started, 1), "fingerprint": fingerprint(item)}


def to_do(names: list[str], records: Records, isa: str) -> list[Item]:
    """Return what is missing for an instruction set, or was measured with other kernels."""
    stored = {item: records.get(item[0], {}).get(item[1], {}).get(isa, {}) for item in items(names)}
    return [item for item, found in stored.items() if not found or found["fingerprint"] != fingerprint(item)]


def write(records: Records) -> None:
    """Write the records in the registry's order, and the table that is made from them."""
    ordered: Records = {}
    for name, order in items([]):
        if found := records.get(name, {}).get(order):
            ordered.setdefault(name, {})[order] = {isa: found[isa] for isa in sorted(found, reverse=True)}
    partial = FILE.with_suffix(".partial")
    partial.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, FILE)
    TABLE.write_text(table(ordered), encoding="utf-8")


def table(records: Records) -> str:
    """Return the table as a page."""
    from actcore.registry import ORDERS, ROWS

    def cell(found: dict[str, Any]) -> str:
        return f"{found['error']:.3f}{' †' if found['excused'] else ''}" if found else "–"

    lines, same = [], {True: "✓", False: "differs", None: "–"}
    for row in ROWS:
        orders = [records.get(row.name, {}).get(order, {}) for order in ORDERS]
        cells = " | ".join(cell(found.get(MEASURED, {})) for found in orders)
        both = all(MEASURED in found and COMPARED in found for found in orders)
        agreed = all(found[MEASURED]["digest"] == found[COMPARED]["digest"] for found in orders) if both else None
        lines.append(f"| {row.name} | {cells} | {same[agreed]} |\n")
    found = [found for orders in records.values() for isas in orders.values() for found in isas.values()]
    minutes = sum(one["seconds"] for one in found) / 60
    command = f"`python scripts/exhaustive.py` and `python scripts/exhaustive.py --isa {COMPARED}`"
    tail = f"\n{command} measure what is missing or stale; the {len(found)} runs so far took {minutes:.0f} minutes added up.\n"
    head = f"| function | f | f′ | f″ | {COMPARED} = {MEASURED} |\n|---|---:|---:|---:|---|\n"
    return HEAD + head + "".join(lines) + tail


def faults(names: list[str], records: Records) -> list[str]:
    """Return what is above its bound, and where instruction sets disagree."""
    found = []
    for item in items(names):
        of_isa = records.get(item[0], {}).get(item[1], {})
        if (error := of_isa.get(MEASURED, {}).get("error", 0)) > bound_of(item):
            found.append(f"{' '.join(item)}: {error} ULP, above its bound")
        if len({one["digest"] for one in of_isa.values()}) > 1:
            found.append(f"{' '.join(item)}: {' and '.join(of_isa)} give different bits")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="FUNCTION", help="only these")
    parser.add_argument("--isa", help=f"the instruction set to force, such as {COMPARED}")
    parser.add_argument("--check", action="store_true", help="measure nothing")
    parser.add_argument("-j", type=int, metavar="PROCESSES", help="how many side by side (one per core)")
    options = parser.parse_args()
    if options.isa:
        os.environ["ACTCORE_ISA"] = options.isa
    import actcore as ac

    if unknown := set(options.names) - {name for name, _ in items([])}:
        parser.error(f"no such element-wise function: {', '.join(sorted(unknown))}")
    isa, records = ac.runtime.isa, load()
    left = to_do(options.names, records, isa)
    if not options.check:
        with ProcessPoolExecutor(options.j or ac.get_num_threads(), mp_context=get_context("spawn")) as pool:
            runs = {pool.submit(measure, item): item for item in left}
            for run in as_completed(runs):
                (name, order), found = runs[run], run.result()
                print(name, order, isa, *(f"{key} {value}" for key, value in found.items()), flush=True)
                records.setdefault(name, {}).setdefault(order, {})[isa] = found
                write(records)
        write(records)
        left = []
    for item in left:
        print(f"{' '.join(item)}: to be measured on {isa}")
    wrong = faults(options.names, records)
    print(*wrong, f"{isa}: {len(left)} to be measured, {len(wrong)} wrong", sep="\n")
    return 1 if left or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
