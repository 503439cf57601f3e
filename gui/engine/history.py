"""The record of one training, in bounded memory: losses, scores and weights at evenly spaced steps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..model.course import Course

CAPACITY = 1000
Pair = tuple[float, float]
"""One number for the training points, one for the test points."""


class Entry(NamedTuple):
    """Weights to return to."""

    step: int
    epoch: float
    parameters: NDArray[np.float32]


class History:
    """Losses, scores and weights at multiples of `stride`, which doubles whenever `CAPACITY` entries are full.

    What is kept depends on the number of steps alone, never on the pace of the training.

    Parameters
    ----------
    parameter_count : int
        How many weights and biases the network has.
    course : Course
        What came before. Of it there are no weights, as long as `take_weights` finds none.
    """

    def __init__(self, parameter_count: int, course: Course) -> None:
        self.stride = course.stride
        self._count = len(course.steps)
        self._known = np.zeros(CAPACITY, dtype=bool)  # the entries that have weights
        self._steps = np.empty(CAPACITY, dtype=np.int64)
        self._epochs = np.zeros(CAPACITY)
        self._losses, self._scores = np.empty((2, CAPACITY)), np.empty((2, CAPACITY))
        self._parameters = np.zeros((CAPACITY, parameter_count), dtype=np.float32)
        self._steps[: self._count] = course.steps
        self._losses[:, : self._count], self._scores[:, : self._count] = course.losses, course.scores

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
        self._known[row] = True
        self._count += 1

    def forget_from(self, step: int) -> None:
        """Drop what was recorded at or after `step`: training goes another way from there."""
        self._count = int(np.searchsorted(self._steps[: self._count], step))
        self._known[self._count :] = False

    def take_weights(self, record: History) -> None:
        """Take over the weights of another record of this training: up to where the two go different ways."""
        _, here, there = np.intersect1d(
            self._steps[: self._count], record._steps[: record._count], assume_unique=True, return_indices=True
        )
        same = np.logical_and.accumulate((self._losses[:, here] == record._losses[:, there]).all(axis=0))
        here, there = here[same], there[same]
        for own, theirs in ((self._epochs, record._epochs), (self._parameters, record._parameters), (self._known, record._known)):
            own[here] = theirs[there]

    def nearest(self, step: int) -> Entry | None:
        """The entry nearest to `step` that has weights; None without any."""
        known = np.flatnonzero(self._known)
        if not len(known):
            return None
        row = known[np.argmin(np.abs(self._steps[known] - step))]
        return Entry(int(self._steps[row]), float(self._epochs[row]), self._parameters[row].copy())

    def course(self) -> Course:
        """The course so far, as arrays of its own."""
        return Course(self.stride, *(array[..., : self._count].copy() for array in (self._steps, self._losses, self._scores)))

    def _thin(self) -> None:
        # Only whole multiples of the doubled stride stay, so that the record is evenly spaced again.
        self.stride *= 2
        rows = np.flatnonzero(self._steps[: self._count] % self.stride == 0)
        self._count = len(rows)
        for kept in (self._steps, self._epochs, *self._losses, *self._scores, self._parameters, self._known):
            kept[: self._count] = kept[rows]
        self._known[self._count :] = False
