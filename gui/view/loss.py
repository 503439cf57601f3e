"""The course of the training: loss on the training and the test points, and a handle to go back in time."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from . import theme
from .plot import Handle, Plot

LOG_FLOOR = 1e-5
LOSS_CEILING = 2.0
"""A training that diverges leaves the picture at the top instead of flattening all that was before."""


class LossPlot(Plot):
    """Train and test loss over the steps. The axes grow in whole leaps and never shrink during a training."""

    scrubbed = Signal(float)
    """The handle was dragged to this step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Loss over the steps", "step", "", (0.0, 100.0), (0.0, 1.0), parent=parent)
        self._test, self._train, self._ghost = (pg.PlotCurveItem() for _ in range(3))
        for curve in (self._test, self._train, self._ghost):
            curve.setSegmentedLineMode("on")  # a wide noisy line as one path takes Qt ten times as long
        self.handle = Handle(radius=6.0)
        self.handle.setToolTip("Drag to go back to an earlier step; play goes on from there")
        self.handle.dragged.connect(lambda x, _y: self.scrubbed.emit(x))
        self.nudged.connect(lambda dx, _dy: self.scrubbed.emit(self._step + dx * self._width / 100))
        for item in (self._ghost, self._test, self._train, self.handle):
            self.addItem(item)
        self._log = False
        self._width, self._top = 100.0, 1.0
        self._step = 0.0
        self.retheme()

    def set_log(self, log: bool) -> None:
        """Show the loss on a logarithmic scale."""
        self._log = log
        self.getAxis("left").setLogMode(log)
        self._set_axes()

    def clear_ghost(self) -> None:
        """Forget the curve of the training before."""
        self._ghost.setData([], [])

    def keep_ghost(self) -> None:
        """Keep the training curve so far as a pale one to compare with."""
        self._ghost.setData(*self._train.getData())

    def set_curves(self, steps: NDArray[np.integer], train: NDArray[np.floating], test: NDArray[np.floating]) -> None:
        """The record: losses at steps, shape (n,) each."""
        if len(steps) == 0:
            return
        self._fit_axes(float(steps[-1]), float(max(train.max(), test.max())), fresh=len(steps) < 2)
        self._train.setData(steps.astype(float), self._y(train))
        self._test.setData(steps.astype(float), self._y(test))

    def set_position(self, step: float, loss: float) -> None:
        """Where the training stands."""
        self._step = step
        self._fit_axes(step, loss)
        self.handle.setPos(step, float(self._y(np.array(loss))))

    def retheme(self) -> None:
        super().retheme()
        self._train.setPen(theme.pen("curve", 2.0))
        self._test.setPen(theme.pen("derivative", 2.0))
        self._ghost.setPen(theme.pen("ghost", 1.5))

    def _y(self, loss: NDArray[np.floating]) -> NDArray[np.floating]:
        loss = np.clip(np.nan_to_num(loss, nan=LOSS_CEILING), LOG_FLOOR, LOSS_CEILING)
        return np.log10(loss) if self._log else loss

    def _fit_axes(self, step: float, top: float, fresh: bool = False) -> None:
        width = max(100.0, _leap(step))
        height = _leap(min(top, LOSS_CEILING))
        if not fresh:
            width, height = max(width, self._width), max(height, self._top)
        if (width, height) != (self._width, self._top):
            self._width, self._top = width, height
            self._set_axes()

    def _set_axes(self) -> None:
        if self._log:
            low, high = math.log10(LOG_FLOOR), math.log10(self._top)
        else:
            low, high = 0.0, self._top
        self.set_ranges((0.0, self._width), (low, high))


def _leap(value: float) -> float:
    """The next of 1, 2, 5, 10, … that is not below a value."""
    if not math.isfinite(value) or value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value * (1 - 1e-9))
