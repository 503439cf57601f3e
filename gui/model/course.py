"""The course of a training: losses and scores at evenly spaced steps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

KEPT = 250
"""A session file keeps at most so many steps."""


@dataclass(frozen=True, eq=False)
class Course:
    """Losses and scores so far. The arrays are read-only.

    Parameters
    ----------
    stride : int
        A power of two: the steps are multiples of it, and as a rule all of them.
    steps : ndarray of int64, shape (n,)
    losses, scores : ndarray of float64, shape (2, n)
        For the training and for the test points.
    """

    stride: int = 1
    steps: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    losses: NDArray[np.float64] = field(default_factory=lambda: np.empty((2, 0)))
    scores: NDArray[np.float64] = field(default_factory=lambda: np.empty((2, 0)))

    def __post_init__(self) -> None:
        for array in (self.steps, self.losses, self.scores):
            array.setflags(write=False)

    def until(self, step: int) -> Course:
        """The course up to `step`, which is part of it."""
        return self._of(self.stride, self.steps <= step)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for a session file: at most `KEPT` steps, and None for what is not finite."""
        kept = self
        while len(kept.steps) > KEPT:
            kept = kept._of(2 * kept.stride, kept.steps % (2 * kept.stride) == 0)
        return {
            "stride": kept.stride,
            "steps": kept.steps.tolist(),
            "losses": [_plain(row) for row in kept.losses],
            "scores": [_plain(row) for row in kept.scores],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Course:
        """Back from `to_dict`; raises an error with a sentence where a value is not acceptable."""
        stride = int(values["stride"])
        steps = np.array([int(step) for step in values["steps"]], np.int64)
        losses = np.array([_numbers(row, math.inf) for row in values["losses"]])
        scores = np.array([_numbers(row, -math.inf) for row in values["scores"]])
        if stride < 1 or stride & (stride - 1) or (steps % stride).any() or (np.diff(steps, prepend=-1) <= 0).any():
            raise ValueError("the course of the training must be of growing multiples of its stride, a power of two")
        if len(steps) > KEPT:
            raise ValueError(f"the course of the training must be of at most {KEPT} steps")
        if not losses.shape == scores.shape == (2, len(steps)):
            raise ValueError("the course of the training must have a loss and a score for every step")
        return cls(stride, steps, losses, scores)

    def _of(self, stride: int, chosen: NDArray[np.bool_]) -> Course:
        return Course(stride, self.steps[chosen], self.losses[:, chosen], self.scores[:, chosen])


def _plain(row: NDArray[np.float64]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in row.tolist()]


def _numbers(row: Iterable[Any], missing: float) -> list[float]:
    numbers = (missing if value is None else float(value) for value in row)
    return [number if math.isfinite(number) else missing for number in numbers]
