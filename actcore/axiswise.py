"""Functions along an axis: the softmax family and log-sum-exp; the others are in ``gated.py``.

A policy for the edges, the same in the whole softmax family. Infinite logits are limits: +inf takes all the mass, shared equally
among several. Equal logits get equal shares, so a row of -inf alone is uniform. A NaN makes its whole row NaN. Entries that
``where`` leaves out do not take part, and a row of which nothing takes part, or which is empty, has no mass: its probabilities are
0, their logarithms and its log-sum-exp are -inf.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np

from actcore import axis_loops
from actcore._layout import Axes, along, broadcast
from actcore.along_axis import Axiswise, rebuild
from actcore.gated import Doubled, Gated, Grouped
from actcore.registry import AxisRow


class Normalised(Axiswise):
    """As many results as entries: probabilities or their logarithms."""

    OPTIONS = MappingProxyType({"where": None, "temperature": 1.0})
    SEVERAL = True
    #: The entry that counts least.
    LEAST = -np.inf

    def _value(self, x: Any, axes: Axes, out: Any, where: Any, temperature: float) -> None:
        x = divided(self.name, x, temperature)
        if where is not None:
            where = mask_of(self.name, where, x.shape)
            x = without(x, where, axes, self.LEAST).astype(self.result_dtype(x.dtype), copy=False)
        along(getattr(axis_loops, self.name), (x,), axes, out)
        if where is not None:
            np.copyto(out, self.spec.masked, where=~where)

    def _backward(self, y: Any, g: Any, axes: Axes, out: Any, where: Any, temperature: float) -> None:
        g = broadcast(self.name, g, y.shape)
        if where is not None:
            g = np.where(mask_of(self.name, where, y.shape), g, g.dtype.type(0))
        along(getattr(axis_loops, f"{self.name}_backward"), (y, g), axes, out)
        if check_temperature(self.name, temperature) != 1:
            np.divide(out, temperature, out=out, casting="same_kind")


class Negated(Normalised):
    """As many results as entries: a normalised function of the negated input."""

    LEAST = np.inf


class Reduced(Axiswise):
    """One result for all entries."""

    OPTIONS = MappingProxyType({"where": None, "temperature": 1.0, "keepdims": False})
    SEVERAL = True

    def result_shape(self, shape: tuple[int, ...], axes: Axes, options: dict[str, Any]) -> tuple[int, ...]:
        """Return the output's shape: without the axes, or with length 1 there when they are kept."""
        if options.get("keepdims", False):
            return tuple(1 if k in axes else size for k, size in enumerate(shape))
        return tuple(size for k, size in enumerate(shape) if k not in axes)

    def result_mask(self, mask: Any, axes: Axes, options: dict[str, Any]) -> Any:
        """Return the rows of which every entry is masked."""
        return np.all(mask, axis=axes, keepdims=options.get("keepdims", False))

    def _value(self, x: Any, axes: Axes, out: Any, where: Any, temperature: float, keepdims: bool) -> None:
        x = divided(self.name, x, temperature)
        target = np.squeeze(out, axes) if keepdims else out
        if where is None:
            along(getattr(axis_loops, self.name), (x,), axes, target)
        else:
            self._masked(x, mask_of(self.name, where, x.shape), axes, target)
        if temperature != 1:
            np.multiply(out, temperature, out=out, casting="same_kind")

    def _masked(self, x: Any, where: Any, axes: Axes, out: Any) -> None:
        x = np.where(where, x, -np.inf)
        if not self.spec.of:
            along(getattr(axis_loops, self.name), (x,), axes, out)
            return
        # The average of those that take part: the function of the sum, less the logarithm of their number.
        wide = np.empty(out.shape)
        along(getattr(axis_loops, self.spec.of), (x.astype(wide.dtype, copy=False),), axes, wide)
        count = np.count_nonzero(where, axis=axes)
        np.subtract(wide, np.log(np.maximum(count, 1)), out=out, casting="same_kind")

    def _backward(self, x: Any, g: Any, axes: Axes, out: Any, where: Any, temperature: float, keepdims: bool) -> None:
        kept = self.result_shape(x.shape, axes, {"keepdims": True})
        shape = self.result_shape(x.shape, axes, {"keepdims": keepdims})
        g = broadcast(self.name, g, shape).reshape(kept)
        shares = rebuild("softmax")(x, axes, where=where, temperature=temperature)
        np.multiply(shares, g, out=out, casting="same_kind")


FAMILIES: dict[str, type[Axiswise]] = {
    "normalised": Normalised,
    "negated": Negated,
    "one-hot": Normalised,
    "reduced": Reduced,
    "grouped": Grouped,
    "doubled": Doubled,
    "gated": Gated,
}


def divided(name: str, x: Any, temperature: float) -> Any:
    """Return x / temperature in x's floating type; x itself for 1."""
    if check_temperature(name, temperature) == 1:
        return x
    return np.divide(x, temperature, dtype=x.dtype if x.dtype.kind not in "biu" else None)


def check_temperature(name: str, temperature: float) -> float:
    """Return the temperature; raise unless it is a positive number."""
    if not isinstance(temperature, (int, float, np.integer, np.floating)) or not temperature > 0:
        raise ValueError(f"{name}: temperature={temperature!r} must be a number above 0")
    return temperature


def mask_of(name: str, where: Any, shape: tuple[int, ...]) -> Any:
    """Return `where` as booleans of this shape."""
    where = np.asarray(where)
    if where.dtype != bool:
        raise TypeError(f"{name}: where has dtype {where.dtype}; it must be bool")
    return broadcast(name, where, shape, "where")


def without(x: Any, where: Any, axes: Axes, least: float) -> Any:
    """Return a copy of x with `least` where an entry does not take part; rows of nothing else become rows of 0, shared equally."""
    kept = np.where(where, x, least)
    flat = np.all(kept == least, axis=axes, keepdims=True)
    return np.where(flat & where, 0.0, kept)


def of_row(row: AxisRow) -> Axiswise:
    """Return the function of a registry row."""
    return FAMILIES[row.family](row)
