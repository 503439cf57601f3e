"""Shapes and views for functions along an axis."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

Axes = tuple[int, ...]

#: 16-bit numbers are computed so many at a time: NumPy makes float32 copies of what it is given.
PORTION = 1 << 18


def along(run: Callable[..., Any], arrays: tuple[Any, ...], axes: Axes, out: Any) -> None:
    """Run a function of ``(..., n, m)`` arrays with the axes as n, several merged into one; it may reduce n.

    Many 16-bit numbers are run a portion of the longest other axis at a time.
    """
    ndim = arrays[0].ndim
    reduces = out.ndim < ndim
    rest = [k for k in range(ndim) if k not in axes]
    if arrays[0].dtype.itemsize == 2 and arrays[0].size > PORTION and rest:
        k = max(rest, key=lambda k: arrays[0].shape[k])
        at = rest.index(k) if reduces else k
        # Of columns a cache line and more at a time.
        length = max(64 if k > axes[0] else 1, PORTION * arrays[0].shape[k] // arrays[0].size)
        if length < arrays[0].shape[k]:
            for start in range(0, arrays[0].shape[k], length):
                chosen = slice(start, start + length)
                along(run, tuple(part(array, k, chosen) for array in arrays), axes, part(out, at, chosen))
            return
    if len(axes) > 1:
        tail = range(ndim - len(axes), ndim)
        moved = [np.moveaxis(array, axes, tail) for array in arrays]
        others = moved[0].shape[: ndim - len(axes)]
        merged = tuple(array.reshape(*others, prod(array.shape[ndim - len(axes) :])) for array in moved)
        target = out if reduces else np.moveaxis(out, axes, tail)
        result = np.empty(others if reduces else merged[0].shape, out.dtype)
        along(run, merged, (len(others),), result)
        target[...] = result.reshape(target.shape)
        return
    (axis,) = axes
    shape = arrays[0].shape
    outer, n, inner = prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])
    if all(array.flags.c_contiguous for array in (*arrays, out)):
        if inner == 1:
            views = [array.reshape(outer, n).T for array in arrays]
            target = out.reshape(outer) if reduces else out.reshape(outer, n).T
        else:
            views = [array.reshape(outer, n, inner) for array in arrays]
            target = out.reshape(outer, inner) if reduces else out.reshape(outer, n, inner)
    elif ndim == 1:
        views = [array[:, None] for array in arrays]
        target = out.reshape(1) if reduces else out[:, None]
    else:
        side = min((k for k in range(ndim) if k != axis), key=lambda k: abs(arrays[0].strides[k]))
        views = [np.moveaxis(array, (axis, side), (-2, -1)) for array in arrays]
        target = np.moveaxis(out, side - (side > axis), -1) if reduces else np.moveaxis(out, (axis, side), (-2, -1))
    if isinstance(run, np.ufunc):
        run(*views, out=target, casting="same_kind")
    else:
        run(*views, target)


def broadcast(name: str, array: Any, shape: tuple[int, ...], called: str = "g") -> Any:
    """Return `array` broadcast to `shape`."""
    if array.shape == shape:
        return array
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(f"{name}: {called} has shape {array.shape}, which does not broadcast to {shape}") from None


def part(x: Any, axis: int, chosen: slice) -> Any:
    """Return a slice along an axis."""
    return x[(slice(None),) * axis + (chosen,)]


def halves(x: Any, axis: int) -> tuple[Any, Any]:
    """Return the two halves along an axis."""
    half = x.shape[axis] // 2
    return part(x, axis, slice(half)), part(x, axis, slice(half, None))


def resized(name: str, shape: tuple[int, ...], axis: int, divisor: int, reason: str) -> tuple[int, ...]:
    """Return the shape with one axis divided; raise where that leaves a rest."""
    if shape[axis] % divisor:
        raise ValueError(f"{name}: the length of axis {axis} is {shape[axis]}, no multiple of {reason}")
    return (*shape[:axis], shape[axis] // divisor, *shape[axis + 1 :])


def detached(x: Any, out: Any) -> Any:
    """Return x, or a copy where writing to `out` would change it."""
    return x.copy() if np.may_share_memory(x, out) else x
