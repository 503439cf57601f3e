"""Write actcore/self_check.json, the stored values of `python -m actcore --self-check`, from the registry.

python scripts/make_self_check.py            write the file
python scripts/make_self_check.py --check    exit 1 if the file is not what the registry says
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mpmath

from actcore.registry import AXIS_ROWS, ORDERS, ROWS, Row

FILE = Path(__file__).resolve().parent.parent / "actcore" / "self_check.json"
DIGITS = 160  # the tails of a difference of exponentials cancel 70 of them
# exact in float32, away from kinks and round numbers; the far ones reach into the tails
MAGNITUDES = (
    2.0**-40,
    2.0**-12,
    0.0859375,
    0.328125,
    0.71875,
    1.1875,
    1.84375,
    2.59375,
    4.15625,
    7.0625,
    9.3125,
    13.6875,
    37.125,
    71.5,
)
LOGITS = (
    (0.5, -1.25, 3.0, 0.125, -6.5, 2.0),
    (40.0, 39.5, -40.0, 0.0, 12.25, -3.5),
    (-0.75, -0.75, -0.75, -0.75, -0.75, -0.75),
)


def elementwise(row: Row) -> dict[str, list[float]]:
    """Points of the row's domain and the three orders there, rounded to float64."""
    low, high = row.domain_at(row.defaults)
    points = [x for x in (*(-x for x in reversed(MAGNITUDES)), *MAGNITUDES) if low < x < high]
    values: dict[str, list[float]] = {"x": points}
    for order in ORDERS:
        reference = getattr(row.reference, order)
        values[order] = [float(reference(mpmath.mp, mpmath.mpf(x), **row.defaults)) for x in points]
    return values


def along_axis() -> Iterator[tuple[str, dict[str, Any]]]:
    """For every function along an axis its name, some rows of numbers and what becomes of them."""
    for row in AXIS_ROWS:
        results = [row.reference(mpmath.mp, [mpmath.mpf(x) for x in logits]) for logits in LOGITS]
        yield row.name, {"x": LOGITS, "value": [[float(y) for y in result] for result in results]}


def text() -> str:
    """The file's content."""
    with mpmath.workdps(DIGITS):
        stored = {
            "elementwise": {row.name: elementwise(row) for row in ROWS},
            "along_axis": dict(along_axis()),
        }
    return json.dumps(stored, indent=None, separators=(",", ":")).replace("},", "},\n") + "\n"


def main() -> int:
    """Write or check the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file is out of date")
    if parser.parse_args().check:
        current = FILE.exists() and FILE.read_text(encoding="utf-8") == text()
        print(f"{FILE.name} is {'what the registry says' if current else 'out of date'}")
        return 0 if current else 1
    FILE.write_text(text(), encoding="utf-8")
    print(f"wrote {FILE.name}, {FILE.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
