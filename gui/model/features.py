"""What a network is given of a point of the plane, and the grid of points a picture of the plane needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .dataset import EXTENT

Column = NDArray[np.float32]


class Feature(NamedTuple):
    """An input of the network: how it is written, and how it follows from x1 and x2."""

    title: str
    of: Callable[[Column, Column], Column]


HALF = np.float32(0.5)

# Squares and products are halved and sines take twice the input, which keeps every feature at a spread of
# about one over the plane: no input drowns another.
FEATURES: dict[str, Feature] = {
    "x1": Feature("x₁", lambda x1, x2: x1),
    "x2": Feature("x₂", lambda x1, x2: x2),
    "x1_squared": Feature("x₁²", lambda x1, x2: HALF * x1 * x1),
    "x2_squared": Feature("x₂²", lambda x1, x2: HALF * x2 * x2),
    "product": Feature("x₁x₂", lambda x1, x2: HALF * x1 * x2),
    "sin_x1": Feature("sin x₁", lambda x1, x2: np.sin(2 * x1)),
    "sin_x2": Feature("sin x₂", lambda x1, x2: np.sin(2 * x2)),
}


def features_of(points: NDArray[np.float32], names: Sequence[str]) -> NDArray[np.float32]:
    """The inputs `names` at `points`, shape (n, 2): an array of shape (n, len(names)).

    Examples
    --------
    >>> features_of(np.float32([[1, 2]]), ["x2", "product"]).tolist()
    [[2.0, 1.0]]
    """
    x1, x2 = points[:, 0], points[:, 1]
    inputs = np.empty((len(points), len(names)), dtype=np.float32)
    for column, name in enumerate(names):
        inputs[:, column] = FEATURES[name].of(x1, x2)
    return inputs


def plane_points(size: int) -> NDArray[np.float32]:
    """A `size` x `size` grid over the plane, border included, row by row from the lowest x2: shape (n, 2)."""
    axis = np.linspace(-EXTENT, EXTENT, size, dtype=np.float32)
    x1, x2 = np.meshgrid(axis, axis)
    return np.stack([x1.ravel(), x2.ravel()], axis=1)
