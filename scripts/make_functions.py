"""Write docs/functions.md, a page about every function, and docs/images/functions.svg, its picture, from the registry.

python scripts/make_functions.py            write both
python scripts/make_functions.py --check    exit 1 if the page is not what the registry says
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

import actcore as ac
from actcore.registry import AXIS_ROWS, ROWS, AxisRow, Row, Spelling

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE, PICTURE = DOCS / "functions.md", DOCS / "images" / "functions.svg"
SYSTEMS = {"torch": "PyTorch", "keras": "Keras", "jax": "JAX", "onnx": "ONNX"}

HEAD = f"""\
# Functions

{len(ROWS)} functions of a number and {len(AXIS_ROWS)} along an axis. `help(actcore.NAME)` says the same of one, and
[accuracy.md](accuracy.md) how accurate each is. `python scripts/make_functions.py` writes this page
from the table in `actcore/registry.py`.

![Every function with its derivative](images/functions.svg)

*Every function of a number (dark) and its derivative (violet), at the default parameters, over ±4 by ±3.*
"""

# --- the page ---------------------------------------------------------------------------------------------------------


def page() -> str:
    """Return the page."""
    parts = [HEAD, "## Functions of a number", *map(elementwise, ROWS), "## Functions along an axis", *map(along_axis, AXIS_ROWS)]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def elementwise(row: Row) -> str:
    """Return the entry of a function of a number."""
    lines = [
        f"`{row.formula}`",
        f"`{row.derivative_formula}`",
        *(f"`{p.name}` = {p.default:g} in {p.bounds}: {p.meaning}{'; learnable' if p.learnable else ''}" for p in row.parameters),
        *(f"Kink at x = {at:g}: f′ = {first:g}, f″ = {second:g} there" for at, first, second in row.kinks_at(row.defaults)),
    ]
    low, high = row.domain_at(row.defaults)
    if (low, high) != (-np.inf, np.inf):
        lines.append(f"Defined from {low:g} to {high:g}".replace("inf", "∞").replace("-", "−"))
    return entry(row, lines)


def along_axis(row: AxisRow) -> str:
    """Return the entry of a function along an axis."""
    return entry(row, [f"`{row.formula}`", f"Backward: `{row.backward_formula}`"])


def entry(row: Row | AxisRow, lines: list[str]) -> str:
    """Return heading, advice, a list of facts, other systems' names and the source."""
    spelled = [f"{SYSTEMS[system]} `{spelling.name}`{differs(spelling)}" for system, spelling in row.spellings.items()]
    facts = [*lines, ", ".join(spelled), f"{row.source}"]
    listed = "\n".join(f"- {fact}" for fact in facts if fact)
    return f"### {row.name}\n\n**{row.title}.** {row.advice}\n\n{listed}"


def differs(spelling: Spelling) -> str:
    """Say in which defaults another system differs."""
    defaults = ", ".join(f"{name} = {value:g}" for name, value in spelling.defaults.items())
    return f" ({defaults})" if defaults else ""


# --- the picture ------------------------------------------------------------------------------------------------------

COLUMNS, WIDTH, HEIGHT, GAP, LABEL = 6, 152, 114, 12, 20  # of a panel, in pixels; a label stands above it
REACH, UP = 4.0, 3.0
STYLE = (
    "text{font:12px sans-serif;fill:#1b2230}path{fill:none;stroke-linejoin:round}"
    ".f{stroke:#1b2230;stroke-width:2}.d{stroke:#7a2fd6;stroke-width:1.4}.axis{stroke:#c9ced8}.panel{fill:#f4f5f8}"
)


def picture() -> str:
    """Return all panels as one SVG."""
    rows = -(-len(ROWS) // COLUMNS)
    width, height = COLUMNS * (WIDTH + GAP) + GAP, rows * (HEIGHT + LABEL + GAP) + GAP
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for k, row in enumerate(ROWS):
        left, top = GAP + k % COLUMNS * (WIDTH + GAP), GAP + k // COLUMNS * (HEIGHT + LABEL + GAP)
        label = f'<text y="{LABEL - 7}">{escape(row.name)}</text>'
        lines += [f'<g transform="translate({left} {top})">', label, *panel(row), "</g>"]
    return "\n".join([*lines, "</svg>"]) + "\n"


def panel(row: Row) -> Iterator[str]:
    """Yield the elements of one function's panel."""
    x = np.linspace(-REACH, REACH, 161)
    activation = ac.get(row.name)
    y, slope = activation.value_and_derivative(x)
    bend = activation.second_derivative(x)
    yield f'<g transform="translate(0 {LABEL})"><rect class="panel" width="{WIDTH}" height="{HEIGHT}"/>'
    yield f'<path class="axis" d="M0 {HEIGHT / 2:g}H{WIDTH}M{WIDTH / 2:g} 0V{HEIGHT}"/>'
    yield f'<path class="d" d="{curve(x, slope, bend)}"/>'
    yield f'<path class="f" d="{curve(x, y, slope)}"/></g>'


def curve(x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> str:
    """Return the path through the points, broken where y leaves the panel, is no number, or jumps."""
    inside = np.abs(y) <= UP
    # A step is a jump where the slope is far from explaining it.
    steepest = np.fmax(np.abs(slope[1:]), np.abs(slope[:-1]))
    joined = (np.abs(np.diff(y)) <= 4 * steepest * (x[1] - x[0]) + 0.25) & (inside[1:] | inside[:-1])
    before, after = np.append(False, joined), np.append(joined, False)
    # A point on the line between its neighbours is left out.
    straight = np.concatenate([[False], np.abs(np.diff(y, 2)) < 1e-9, [False]])
    needed = (before | after) & ~(before & after & straight)
    across, down = (x + REACH) * (WIDTH / 2 / REACH), (UP - np.clip(y, -UP, UP)) * (HEIGHT / 2 / UP)
    words: list[str] = []
    last = 0
    for k in np.flatnonzero(needed):
        drawing = bool(words) and bool(np.all(joined[last:k]))
        words.append(f"{'L' if drawing else 'M'}{across[k]:.1f} {down[k]:.1f}")
        last = int(k)
    return "".join(words)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the page is out of date")
    if parser.parse_args().check:
        late = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page()
        print(f"{PAGE.name} is {'out of date: run python scripts/make_functions.py' if late else 'up to date'}")
        return int(late)
    PAGE.write_text(page(), encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")
    print(PAGE, PICTURE, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
