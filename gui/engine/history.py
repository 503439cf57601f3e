"""The course of one training, in bounded memory: losses, scores and weights at evenly spaced steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .snapshot import Curves

CAPACITY = 1000
Pair = tuple[float, float]
"""One number for the training points, one for the test points."""


class History:
    """Losses, scores and weights at multiples of `stride`, which doubles whenever `CAPACITY` entries are full.

    What is kept depends on the number of steps alone, never on the pace of the training.
    """

    def __init__(self, parameter_count: int) -> None:
        self.stride = 1
        self._count = 0
        self._steps = np.empty(CAPACITY, dtype=np.int64)
        self._epochs = np.empty(CAPACITY)
        self._losses, self._scores = np.empty((2, CAPACITY)), np.empty((2, CAPACITY))
        self._parameters = np.empty((CAPACITY, parameter_count), dtype=np.float32)

    def __len__(self) -> int:
        return self._count

    def until_due(self, step: int) -> int:
        """How many steps may follow `step` up to the next one to be recorded; at least one."""
        return self.stride - step % self.stride

    def record(self, step: int, epoch: float, losses: Pair, scores: Pair, parameters: NDArray[np.float32]) -> None:
        """Keep `step` if it is due, in place of what was recorded of it before."""
        if step % self.stride:
            return
        self.forget_from(step)
        if self._count == CAPACITY:
            self._thin()
            if step % self.stride:
                return
        row = self._count
        self._steps[row] = step
        self._epochs[row] = epoch
        self._losses[:, row] = losses
        self._scores[:, row] = scores
        self._parameters[row] = parameters
        self._count += 1

    def forget_from(self, step: int) -> None:
        """Drop what was recorded at or after `step`: training goes another way from there."""
        self._count = int(np.searchsorted(self._steps[: self._count], step))

    def at(self, step: int) -> tuple[int, float, NDArray[np.float32]]:
        """The recorded step nearest to `step`, its epoch, and a copy of its weights."""
        row = int(np.argmin(np.abs(self._steps[: self._count] - step)))
        return int(self._steps[row]), float(self._epochs[row]), self._parameters[row].copy()

    def curves(self) -> Curves:
        """The course so far, as arrays of its own."""
        kept = tuple(array[..., : self._count].copy() for array in (self._steps, self._losses, self._scores))
        for array in kept:
            array.setflags(write=False)
        return Curves(*kept)

    def _thin(self) -> None:
        # Only whole multiples of the doubled stride stay, so that the record is evenly spaced again.
        self.stride *= 2
        rows = np.flatnonzero(self._steps[: self._count] % self.stride == 0)
        self._count = len(rows)
        for kept in (self._steps, self._epochs, *self._losses, *self._scores, self._parameters):
            kept[: self._count] = kept[rows]
