"""The activation curve with its derivative under it, on one z axis, and the operating point on both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from . import theme
from .controls import label
from .plot import Handle, Plot
from .text import plain

GHOST_WIDTH = 120
"""Pixels: the name of the activation before is cut where it is longer, as a formula may be."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Samples to draw: values over z, and from each whether to draw on to the next (not across a jump)."""

    z: NDArray[np.float64]
    values: NDArray[np.float64]
    unbroken: NDArray[np.bool_]


class Curves(QWidget):
    """f above, f′ below (with f″ where asked for); the operating point can be dragged along either.

    Parameters
    ----------
    z_range : tuple of float
        Limits of the z axis; they never change.
    """

    operating_dragged = Signal(float)
    """The pre-activation z asked for."""
    released = Signal()

    def __init__(self, z_range: tuple[float, float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.z_range = z_range
        self.value_plot = Plot("Activation curve", "", "a = f(z)", z_range, (-1.25, 1.25))
        self.slope_plot = Plot("Derivative of the activation", "pre-activation z", "f′(z)", z_range, (-0.25, 1.25))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        layout.addWidget(self.value_plot, 3)
        layout.addWidget(self.slope_plot, 2)
        self.legend = label("", "caption")
        layout.addWidget(self.legend)

        self._flat = pg.ImageItem()
        self._flat.setZValue(-10)
        self._histogram = pg.PlotCurveItem([0.0, 0.0], [0.0], stepMode="center", fillLevel=0.0)
        self._ghost = pg.PlotCurveItem()
        self._value = pg.PlotCurveItem()
        self._slope = pg.PlotCurveItem()
        self._second = pg.PlotCurveItem()
        self._value_axes = [pg.InfiniteLine(angle=angle) for angle in (0, 90)]
        self._slope_axes = [pg.InfiniteLine(angle=angle) for angle in (0, 90)]
        self._drop = pg.PlotCurveItem()
        self._tangent = pg.PlotCurveItem()
        self._slope_drop = pg.PlotCurveItem()
        self.value_handle = Handle()
        self.slope_handle = Handle("derivative", radius=6.0)
        value_items = (
            self._flat,
            *self._value_axes,
            self._histogram,
            self._ghost,
            self._drop,
            self._tangent,
            self._value,
        )
        for item in (*value_items, self.value_handle):
            self.value_plot.addItem(item)
        for item in (*self._slope_axes, self._second, self._slope, self._slope_drop, self.slope_handle):
            self.slope_plot.addItem(item)
        # What the operating point does not move:
        self.value_plot.draw_once(self._flat, *self._value_axes, self._value, self._ghost)
        self.slope_plot.draw_once(*self._slope_axes, self._slope, self._second)
        for plot, handle in ((self.value_plot, self.value_handle), (self.slope_plot, self.slope_handle)):
            handle.dragged.connect(lambda z, _y: self.operating_dragged.emit(z))
            handle.released.connect(self.released)
            handle.setCursor(Qt.CursorShape.SizeHorCursor)
            handle.setToolTip("The operating point: where z stands on the curve. Drag it; the input follows")
            plot.nudged.connect(lambda dx, _dy: self.operating_dragged.emit(self._z + 0.05 * dx))
            plot.nudge_finished.connect(self.released)
        self._z = 0.0
        self.retheme()

    def set_limits(self, value_range: tuple[float, float], slope_range: tuple[float, float]) -> None:
        """Set the vertical axes; they depend on the activation, not on the operating point."""
        self.value_plot.set_ranges(self.z_range, value_range)
        self.slope_plot.set_ranges(self.z_range, slope_range)

    def set_curves(self, value: Curve, slope: Curve, second: Curve | None, ghost: Curve | None) -> None:
        """Draw f and f′, and where given f″ and the f of another activation."""
        drawn = ((self._value, value), (self._slope, slope), (self._second, second), (self._ghost, ghost))
        for item, curve in drawn:
            item.setVisible(curve is not None)
            if curve is not None:
                item.setData(curve.z, curve.values, connect=np.append(curve.unbroken, False).astype(np.intc))

    def set_legend(self, ghost: str | None, second: bool) -> None:
        """Name what is drawn, each in its colour."""
        entries = [("curve", "━", "f"), ("derivative", "━", "f′")]
        if second:
            entries.append(("second", "━", "f″"))
        if ghost is not None:
            metrics = self.legend.fontMetrics()
            entries.append(("ghost", "┅", f"{metrics.elidedText(ghost, Qt.TextElideMode.ElideRight, GHOST_WIDTH)} before"))
        entries.append(("ghost", "▄", "spread of the plane's z"))
        colors = {token: theme.color(token).name() for token, _sign, _text in entries}
        self.legend.setText(" &nbsp; ".join(f"<span style='color:{colors[t]}'>{sign}</span> {text}" for t, sign, text in entries))

    def set_flat(self, flat: NDArray[np.bool_]) -> None:
        """Shade where the curve is too flat to learn well; one flag for each sample of z."""
        shade = theme.color("saturated", 0.35).getRgb()
        rgba = np.zeros((1, len(flat), 4), dtype=np.uint8)
        rgba[0, flat] = shade
        self._flat.setImage(rgba, levels=None, autoLevels=False)
        (low, high), (left, right) = self.value_plot.box.viewRange()[1], self.z_range
        self._flat.setRect(QRectF(left, low, right - left, high - low))

    def set_histogram(self, edges: NDArray[np.float64], shares: NDArray[np.float64]) -> None:
        """Draw how inputs spread over z, at the foot of the upper plot; its height is not on the a axis."""
        low, high = self.value_plot.box.viewRange()[1]
        self._histogram.setFillLevel(low)
        self._histogram.setData(edges, low + 0.25 * (high - low) * shares / max(shares.max(), 1e-9))

    def set_operating_point(self, z: float, value: float, slope: float, second: float) -> None:
        """Place the operating point and the tangent through it; `second` is f″. Beyond the axis it waits at the edge."""
        self._z = z
        shown = min(max(z, self.z_range[0]), self.z_range[1])
        inside = shown == z
        self.value_handle.setPos(shown, value)
        self.slope_handle.setPos(shown, slope)
        # Beyond the axis the words say where it really is.
        words = f"a = {plain(value, 3)}" if inside else f"z = {plain(z)}"
        self.value_handle.set_text(words, self.value_plot.steepness(slope))
        self.slope_handle.set_text(f"f′ = {plain(slope, 3)}", self.slope_plot.steepness(second))
        self._tangent.setVisible(inside)
        low = self.value_plot.box.viewRange()[1][0]
        self._drop.setData([shown, shown], [low, value])
        reach = np.array([-1.2, 1.2])
        self._tangent.setData(z + reach, value + slope * reach)
        self._slope_drop.setData([shown, shown], [0.0, slope])

    def retheme(self) -> None:
        dash = Qt.PenStyle.DashLine
        self._value.setPen(theme.pen("curve", 2.5))
        self._slope.setPen(theme.pen("derivative", 2.5))
        self._second.setPen(theme.pen("second", 1.5))
        self._ghost.setPen(theme.pen("ghost", 2.0, dash))
        self._drop.setPen(theme.pen("muted", 1.0, Qt.PenStyle.DotLine))
        self._slope_drop.setPen(theme.pen("derivative", 1.5))
        self._tangent.setPen(theme.pen("derivative", 2.0))
        self._histogram.setPen(theme.pen("ghost", 1.0))
        self._histogram.setBrush(theme.color("ghost", 0.25))
        for line in (*self._value_axes, *self._slope_axes):
            line.setPen(theme.pen("border", 1.0))
