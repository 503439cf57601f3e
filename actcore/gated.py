"""Functions along an axis that are made of element-wise ones: maxout, CReLU and the gated units."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np

from actcore import _strided, _ufuncs
from actcore._layout import Axes, broadcast, detached, halves, part, resized
from actcore.along_axis import Axiswise


class Composed(Axiswise):
    """Made of element-wise functions."""

    def _direct(self) -> dict[str, Callable[[tuple[Any, ...], Any], Any]]:
        row = self.spec
        return {kind: _strided.Direct(row.family, row.of, kind) for kind in ("value", "backward")}


class Grouped(Composed):
    """The largest of every group of neighbours."""

    OPTIONS = MappingProxyType({"pieces": 2})

    def result_shape(self, shape: tuple[int, ...], axes: Axes, options: dict[str, Any]) -> tuple[int, ...]:
        """Return the output's shape: one entry per group."""
        pieces = options.get("pieces", self.OPTIONS["pieces"])
        if not hasattr(pieces, "__index__") or pieces < 1:
            raise ValueError(f"{self.name}: pieces={pieces!r} must be a positive integer")
        return resized(self.name, shape, axes[0], pieces, f"pieces={pieces}")

    def result_mask(self, mask: Any, axes: Axes, options: dict[str, Any]) -> Any:
        """Return the groups with a masked entry."""
        pieces = options.get("pieces", self.OPTIONS["pieces"])
        return np.logical_or.reduce([part(mask, axes[0], slice(k, None, pieces)) for k in range(pieces)])

    def _value(self, x: Any, axes: Axes, out: Any, pieces: int) -> None:
        groups = [part(x, axes[0], slice(k, None, pieces)) for k in range(pieces)]
        largest = groups[0].copy()
        for group in groups[1:]:
            np.maximum(largest, group, out=largest)
        np.copyto(out, largest, casting="same_kind")

    def _backward(self, x: Any, g: Any, axes: Axes, out: Any, pieces: int) -> None:
        g = broadcast(self.name, g, self.result_shape(x.shape, axes, {"pieces": pieces})).copy()
        largest = np.empty(g.shape, x.dtype)
        self._value(x, axes, largest, pieces)
        free = np.ones(g.shape, bool)
        chosen = []
        for k in range(pieces):
            group = part(x, axes[0], slice(k, None, pieces))
            chosen.append(free & ((group == largest) | (group != group)))
            free &= ~chosen[-1]
        for k in range(pieces):
            np.copyto(part(out, axes[0], slice(k, None, pieces)), np.where(chosen[k], g, g.dtype.type(0)), casting="same_kind")


class Doubled(Composed):
    """The activation of the input and that of its negative, one after the other."""

    def result_shape(self, shape: tuple[int, ...], axes: Axes, options: dict[str, Any]) -> tuple[int, ...]:
        """Return the output's shape: twice the length."""
        return tuple(2 * size if k in axes else size for k, size in enumerate(shape))

    def result_mask(self, mask: Any, axes: Axes, options: dict[str, Any]) -> Any:
        """Return the mask twice."""
        return np.concatenate([mask, mask], axis=axes[0])

    def _value(self, x: Any, axes: Axes, out: Any) -> None:
        activation = getattr(_ufuncs, self.spec.of)
        x = detached(x.astype(out.dtype, copy=False), out)
        first, second = halves(out, axes[0])
        activation(x, out=first, casting="same_kind")
        np.negative(x, out=second, casting="same_kind")
        activation(second, out=second)

    def _backward(self, x: Any, g: Any, axes: Axes, out: Any) -> None:
        backward = getattr(_ufuncs, f"{self.spec.of}_backward")
        g = broadcast(self.name, g, self.result_shape(x.shape, axes, {}))
        first, second = halves(g, axes[0])
        x = x.astype(out.dtype, copy=False)
        away = backward(np.negative(x), second)
        np.subtract(backward(x, first), away, out=out, casting="same_kind")


class Gated(Composed):
    """One half times the activation of the other; infinity times 0 is NaN, as in any product."""

    def result_shape(self, shape: tuple[int, ...], axes: Axes, options: dict[str, Any]) -> tuple[int, ...]:
        """Return the output's shape: half the length."""
        return resized(self.name, shape, axes[0], 2, "2 for two halves")

    def result_mask(self, mask: Any, axes: Axes, options: dict[str, Any]) -> Any:
        """Return where either half is masked."""
        return np.logical_or(*halves(mask, axes[0]))

    def _value(self, x: Any, axes: Axes, out: Any) -> None:
        a, b = halves(detached(x, out), axes[0])
        if _strided.try_gated(self.spec.of, "value", b, (out,), ((0, a),)):
            return
        getattr(_ufuncs, self.spec.of)(b, out=out, casting="same_kind")
        np.multiply(out, a, out=out, casting="same_kind")

    def _backward(self, x: Any, g: Any, axes: Axes, out: Any) -> None:
        g = broadcast(self.name, detached(g, out), self.result_shape(x.shape, axes, {}))
        a, b = halves(detached(x, out), axes[0])
        ga, gb = halves(out, axes[0])
        if _strided.try_gated(self.spec.of, "value_and_derivative", b, (ga, gb), ((0, g), (1, g), (1, a))):
            return
        getattr(_ufuncs, f"{self.spec.of}_value_and_derivative")(b, out=(ga, gb), casting="same_kind")
        np.multiply(ga, g, out=ga, casting="same_kind")
        np.multiply(gb, g, out=gb, casting="same_kind")
        np.multiply(gb, a, out=gb, casting="same_kind")
