"""The course of the training: loss or accuracy on the training and the test points, and a way back in time."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from . import theme
from .plot import Handle, Plot, leap

LOG_FLOOR = 1e-5
LOSS_CEILING = 2.0
"""A training that diverges leaves the picture at the top instead of flattening all that was before."""
SCALES = (("loss", "Loss"), ("log", "Loss, logarithmic"), ("score", "Accuracy"))
"""What can be shown, and what it is called."""

Series = NDArray[np.floating]


class LossPlot(Plot):
    """Curves over the steps. The axes grow in whole leaps and never shrink during a training."""

    scrubbed = Signal(float)
    """The handle was dragged to this step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Course of the training", "step", "", (0.0, 100.0), (0.0, 1.0), parent=parent)
        self._test, self._train, self._ghost = (pg.PlotCurveItem() for _ in range(3))
        for curve in (self._test, self._train, self._ghost):
            curve.setSegmentedLineMode("on")  # a wide noisy line as one path takes Qt ten times as long
        self.handle = Handle(radius=6.0)
        self.handle.setToolTip("Drag to go back to an earlier step; training goes on from there")
        self.handle.dragged.connect(lambda x, _y: self.scrubbed.emit(x))
        self.nudged.connect(lambda dx, _dy: self.scrubbed.emit(self._position[0] + dx * self._width / 100))
        for item in (self._ghost, self._test, self._train, self.handle):
            self.addItem(item)
        # At the ends of the axes the handle stands across the border: nothing else reaches beyond it, and no tick over it.
        for side in ("left", "bottom"):
            self.getAxis(side).setZValue(-1)
        self.box.setFlag(self.box.GraphicsItemFlag.ItemClipsChildrenToShape, False)
        self._scale = "loss"
        self._width, self._top = 100.0, 1.0
        self._steps: Series = np.empty(0)
        self._losses = self._scores = np.empty((2, 0))
        self._kept: tuple[Series, Series, Series] | None = None
        self._position = (0.0, 0.0, 0.0)
        self.retheme()

    def set_scale(self, scale: str) -> None:
        """Show one of `SCALES`."""
        self._scale = scale
        self.getAxis("left").setLogMode(scale == "log")
        self._set_axes()
        self._draw()

    def keep_ghost(self) -> None:
        """Keep the training curve so far as a pale one to compare with."""
        self._kept = self._steps, self._losses[0], self._scores[0]
        self._draw()

    def clear_ghost(self) -> None:
        """Forget the curve that was kept."""
        self._kept = None
        self._draw()

    def set_record(self, steps: NDArray[np.integer], losses: Series, scores: Series) -> None:
        """The record: losses and scores, shape (2, n) for train and test, at steps, shape (n,)."""
        if len(steps) == 0:
            return
        # The first entry tells one training from another.
        other = len(self._steps) == 0 or (steps[0], *losses[:, 0]) != (self._steps[0], *self._losses[:, 0])
        self._steps, self._losses, self._scores = steps.astype(float), losses, scores
        self._fit_axes(float(steps[-1]), float(losses.max()), fresh=other or len(steps) < 2)
        self._draw()

    def set_position(self, step: float, loss: float, score: float) -> None:
        """Where the training stands."""
        self._position = (step, loss, score)
        self._fit_axes(step, loss)
        self.handle.setPos(step, float(self._y(np.array(loss), np.array(score))))

    def retheme(self) -> None:
        super().retheme()
        self._train.setPen(theme.pen("curve", 2.0))
        self._test.setPen(theme.pen("derivative", 2.0))
        self._ghost.setPen(theme.pen("ghost", 1.5))

    def _draw(self) -> None:
        for curve, losses, scores in zip((self._train, self._test), self._losses, self._scores, strict=True):
            curve.setData(self._steps, self._y(losses, scores))
        if self._kept is None:
            self._ghost.setData([], [])
        else:
            steps, losses, scores = self._kept
            self._ghost.setData(steps, self._y(losses, scores))
        step, loss, score = self._position
        self.handle.setPos(step, float(self._y(np.array(loss), np.array(score))))

    def _y(self, losses: Series, scores: Series) -> Series:
        if self._scale == "score":
            return np.clip(scores, 0.0, 1.0)
        losses = np.clip(np.nan_to_num(losses, nan=LOSS_CEILING), LOG_FLOOR, LOSS_CEILING)
        return np.log10(losses) if self._scale == "log" else losses

    def _fit_axes(self, step: float, top: float, fresh: bool = False) -> None:
        width = max(100.0, leap(step))
        height = leap(min(top, LOSS_CEILING))
        if not fresh:
            width, height = max(width, self._width), max(height, self._top)
        if (width, height) != (self._width, self._top):
            self._width, self._top = width, height
            self._set_axes()

    def _set_axes(self) -> None:
        heights = {
            "loss": (0.0, self._top),
            "log": (math.log10(LOG_FLOOR), math.log10(self._top)),
            "score": (0.0, 1.02),
        }
        self.set_ranges((0.0, self._width), heights[self._scale])
