"""The self-check of an installation: every function and order against stored values, on this machine's CPU.

``python -m actcore --self-check`` runs it. The stored values come from the registry's references at high
precision (``scripts/make_self_check.py``); they lie beside this module, so that nothing but NumPy is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from actcore.registry import AXIS_ROWS, ORDERS, ROWS

Array = npt.NDArray[Any]

STORED = "self_check.json"
#: Where an order crosses zero no relative bound can hold; all crossings lie within this distance of 0.
CROSSINGS_WITHIN = 8.0
ABSOLUTE = {"float32": 2.0**-25, "float64": 2.0**-54}
#: This finds a wrong kernel, not a lost bit: the bounds themselves are measured by ``scripts/accuracy.py``.
SLACK = 2.0
#: Long enough for the parallel loops.
LONG = 1 << 18


@dataclass(frozen=True)
class Finding:
    """One function and order in one dtype: how many values were compared, and what was wrong, if anything."""

    what: str
    compared: int
    wrong: str | None = None


def self_check() -> Iterator[Finding]:
    """Compare every function, order and dtype with the stored values.

    Yields
    ------
    Finding
        One per function, order and dtype; ``wrong`` is None where all values are right.

    Examples
    --------
    >>> from actcore.self_check import self_check
    >>> sum(finding.wrong is not None for finding in self_check())
    0
    """
    unknown = "no stored values; run scripts/make_self_check.py"
    stored = json.loads(resources.files("actcore").joinpath(STORED).read_text(encoding="utf-8"))
    for row in ROWS:
        if row.name not in stored["elementwise"]:
            yield Finding(row.name, 0, unknown)
            continue
        for dtype in ABSOLUTE:
            bounds = dict(zip(ORDERS, getattr(row.bounds, dtype), strict=True))
            for order in ORDERS:
                yield _check_elementwise(row.name, order, dtype, bounds[order], stored["elementwise"])
    for axis_row in AXIS_ROWS:
        if axis_row.name not in stored["along_axis"]:
            yield Finding(axis_row.name, 0, unknown)
            continue
        for dtype in ABSOLUTE:
            yield _check_along_axis(axis_row.name, dtype, stored["along_axis"])


def _check_elementwise(name: str, order: str, dtype: str, bound: float, stored: dict[str, Any]) -> Finding:
    import actcore

    what = f"{name} {order} {dtype}"
    function = getattr(actcore.get(name), order)
    x = np.array(stored[name]["x"], dtype)
    expected = np.array(stored[name][order])
    result = function(x)

    tolerance = SLACK * bound * np.spacing(np.abs(expected).astype(dtype)).astype(np.float64)
    near = np.abs(x) < CROSSINGS_WITHIN
    tolerance[near] = np.maximum(tolerance[near], ABSOLUTE[dtype])
    wrong = ~(np.abs(result.astype(np.float64) - expected) <= tolerance)
    if wrong.any():
        k = int(np.argmax(wrong))
        return Finding(what, len(x), f"at x = {x[k]!r} it gives {result[k]!r} and should give {expected[k]!r}")

    repeats = LONG // len(x)
    if not np.array_equal(function(np.tile(x, repeats)), np.tile(result, repeats)):
        return Finding(what, len(x), "a long array gives other values than a short one")
    return Finding(what, len(x))


def _check_along_axis(name: str, dtype: str, stored: dict[str, Any]) -> Finding:
    import actcore

    what = f"{name} {dtype}"
    x = np.array(stored[name]["x"], dtype)
    expected = np.array(stored[name]["value"])
    for axis, given, wanted in ((-1, x, expected), (0, x.T.copy(), expected.T)):
        result = getattr(actcore, name)(given, axis=axis)
        wanted = wanted.reshape(result.shape)
        wrong = ~(np.abs(result - wanted) <= 8 * np.finfo(dtype).eps * np.maximum(np.abs(wanted), ABSOLUTE[dtype]))
        if wrong.any():
            k = tuple(int(i) for i in np.argwhere(wrong)[0])
            return Finding(what, x.size, f"at {k} along axis {axis} it gives {result[k]!r}, not {wanted[k]!r}")
    return Finding(what, x.size)
