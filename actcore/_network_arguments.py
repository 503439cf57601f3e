"""What networks and trainers accept, checked, and said in words where it is something else."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def checked_sizes(sizes: Any, most_layers: int) -> tuple[int, ...]:
    """Return the layer widths as a tuple of int."""
    try:
        widths = tuple(operator.index(width) for width in sizes)
    except TypeError:
        raise TypeError(f"sizes must be integers such as [2, 8, 8, 1], not {sizes!r}") from None
    if not 2 <= len(widths) <= most_layers + 1:
        raise ValueError(f"sizes must name 2 to {most_layers + 1} widths, inputs and outputs too, not {len(widths)}")
    if min(widths) < 1:
        raise ValueError(f"every layer needs at least one unit; sizes are {list(widths)}")
    return widths


def one_for_each(activation: Any, layers: int) -> list[Any]:
    """Return an activation for every hidden layer: the one for all, or those given one by one."""
    if not isinstance(activation, (list, tuple)):
        return [activation] * layers
    if len(activation) != layers:
        raise ValueError(f"activation names {len(activation)} functions for {layers} hidden layers; give one, or one for each")
    return list(activation)


def batch(array: Any, columns: int, name: str, dtype: Any) -> Array:
    """Return an argument as a contiguous (N, columns) array."""
    try:
        asked = np.asarray(array)
        if asked.dtype != object and not np.can_cast(asked.dtype, dtype, "same_kind"):
            raise TypeError
        with np.errstate(over="ignore"):  # infinity, like that which comes in
            given = np.ascontiguousarray(asked, dtype=dtype)
    except (TypeError, ValueError):
        what = getattr(array, "dtype", type(array).__name__)
        raise TypeError(f"{name} must be an array of numbers of shape (N, {columns}), not {what}") from None
    if np.ndim(array) != 2 or given.shape[1] != columns:
        raise ValueError(f"{name} must have shape (N, {columns}), and has {np.shape(array)}")
    return given


def finite(array: Array, name: str) -> Array:
    """Return an array, or say where it holds a number that is not finite."""
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        row, column = bad[0]
        raise ValueError(
            f"{name} holds {array[row, column]} at row {row}, column {column} ({len(bad)} such values in all); "
            "remove or fill those rows"
        )
    return array


def checked_targets(y: Any, n: int, outputs: int, dtype: Any, labels: bool, probabilities: bool) -> Array:
    """Return targets as a contiguous (n, outputs) array; class numbers become rows with a single 1.

    `labels` asks for one distribution over the outputs per sample, `probabilities` for numbers from 0 to 1.
    """
    given = np.asarray(y)
    if labels and given.ndim == 1:
        if given.dtype.kind not in "iub":
            raise TypeError(f"labels must be integers, not {given.dtype}; or give a row of probabilities per sample")
        wrong = given[(given < 0) | (given >= outputs)]
        if len(wrong):
            raise ValueError(f"y holds the label {wrong[0]}; with {outputs} outputs labels run from 0 to {outputs - 1}")
        given = np.eye(outputs)[given.astype(np.intp)]
    elif given.ndim == 1 and outputs == 1:
        given = given[:, None]
    wanted = finite(batch(given, outputs, "y", dtype), "y")
    if len(wanted) != n:
        raise ValueError(f"X has {n} samples and y has {len(wanted)}")
    if probabilities and len(wanted) and (wanted.min() < 0 or wanted.max() > 1):
        low, high = wanted.min(), wanted.max()
        raise ValueError(f"a cross-entropy takes labels or probabilities from 0 to 1; y reaches from {low} to {high}")
    if labels and not np.allclose(wanted.sum(axis=1), 1, atol=1e-3):
        raise ValueError("for categorical_crossentropy each row of y must sum to 1; or give integer labels (N,)")
    return wanted


def choice(kind: str, name: Any, choices: Mapping[Any, int]) -> int:
    """Return what a name stands for, or say which names there are."""
    if name not in choices:
        raise ValueError(f"{kind} must be one of {', '.join(choices)}, not {name!r}")
    return choices[name]


def whole(name: str, value: Any, low: float = 0) -> int:
    """Return `value` as an int of at least `low`, or say what is accepted."""
    try:
        given = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {value!r}") from None
    if given < low:
        raise ValueError(f"{name} must be at least {low}, and is {given}")
    return given


def number(name: str, value: Any, low: float = 0.0, high: float = math.inf, above: bool = False) -> float:
    """Return `value` as a float within bounds, or say what is accepted."""
    try:
        given = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, not {value!r}") from None
    if not (math.isfinite(given) and (given > low if above else given >= low) and given <= high):
        accepted = f"{'above' if above else 'at least'} {low:g}" + (f" and at most {high:g}" if high < math.inf else "")
        raise ValueError(f"{name} must be a finite number, {accepted}, not {value!r}")
    return given
