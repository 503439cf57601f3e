"""A plot in the app's own look and handles to drag in it: pyqtgraph without its defaults and menus."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QFontMetricsF, QKeyEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsSceneHoverEvent,
    QGraphicsSceneMouseEvent,
    QStyleOptionGraphicsItem,
    QWidget,
)

from . import theme
from .focus import FocusFrame
from .stamps import Stamps, density, is_raster

# Segmented lines would save a millisecond a frame, but the seams of antialiased pieces show.
pg.setConfigOptions(antialias=True, imageAxisOrder="row-major", useOpenGL=False, segmentedLineMode="off")


LEFT_AXIS, BOTTOM_AXIS, TICKS_ONLY, TOP_MARGIN, RIGHT_MARGIN = 48, 40, 22, 8, 10
"""Pixels around the picture, the same for all plots, so that plots above each other share their edges."""
TICK_ROOM = 18.0
"""Pixels from one number of an axis to the next, at least."""


def leap(value: float) -> float:
    """The next of 1, 2, 5, 10, … that is not below a value."""
    if not math.isfinite(value) or value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value * (1 - 1e-9))


class _Axis(pg.AxisItem):
    """An axis that writes a real minus sign, large counts in millions, and no number into another one."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        least = (high - low) * TICK_ROOM / max(size, 1.0)
        levels: list[tuple[float, float]] = super().tickSpacing(low, high, size)
        return levels if not levels or levels[0][0] >= least else [(leap(least), 0.0)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if any(abs(value) >= 1e6 for value in values):
            return [f"{value / 1e6:g}\u2009M" if value else "0" for value in values]
        return [text.replace("-", "−") for text in super().tickStrings(values, scale, spacing)]


class Plot(FocusFrame, pg.PlotWidget):
    """Axes with fixed ranges: nothing zooms, pans or rescales unless the app says so.

    Parameters
    ----------
    name : str
        Accessible name; say in `setAccessibleDescription` what is seen, as a text readout.
    x_label, y_label : str
        Axis titles.
    x_range, y_range : tuple of float
        Limits of the axes.
    """

    nudged = Signal(float, float)
    """Arrow key on the focused plot: direction in x and y, ±1, or ±10 with Shift."""
    nudge_finished = Signal()

    def __init__(
        self,
        name: str,
        x_label: str,
        y_label: str,
        x_range: tuple[float, float],
        y_range: tuple[float, float],
        *,
        parent: QWidget | None = None,
    ) -> None:
        axes = {side: _Axis(side) for side in ("left", "bottom")}
        super().__init__(parent=parent, viewBox=pg.ViewBox(enableMenu=False), enableMenu=False, axisItems=axes)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(self.Shape.NoFrame)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # what is behind need not be drawn
        self.box: pg.ViewBox = self.getPlotItem().getViewBox()
        self.box.setMouseEnabled(False, False)
        self.box.setDefaultPadding(0.0)
        self.hideButtons()
        self.set_ranges(x_range, y_range)
        self._bottom = BOTTOM_AXIS if x_label else TICKS_ONLY
        self._labels = {"bottom": x_label, "left": y_label}
        for side in self._labels:
            axis = self.getAxis(side)
            axis.setStyle(tickFont=theme.font(theme.TEXT_S), tickLength=-4, tickTextOffset=theme.SPACE_XS)
            axis.setStyle(maxTickLevel=0)
            axis.enableAutoSIPrefix(False)
        self._copied: list[pg.GraphicsItem] = []
        self.draw_once(*(self.getAxis(side) for side in self._labels))
        self.getAxis("left").setWidth(LEFT_AXIS)
        self.getAxis("bottom").setHeight(self._bottom)
        self.getPlotItem().setContentsMargins(0, TOP_MARGIN, RIGHT_MARGIN, 0)
        Plot.retheme(self)  # subclasses call theirs when their own items stand

    def frame_size(self) -> QSize:
        """What axes and margins take of the widget's size; the rest is the picture."""
        return QSize(LEFT_AXIS + RIGHT_MARGIN, self._bottom + TOP_MARGIN)

    def set_ranges(self, x_range: tuple[float, float], y_range: tuple[float, float]) -> None:
        self.box.setRange(xRange=x_range, yRange=y_range, padding=0.0, disableAutoRange=True)

    def retheme(self) -> None:
        self.setBackground(theme.color("surface"))
        for side, text in self._labels.items():
            axis = self.getAxis(side)
            axis.setPen(theme.pen("border"))
            axis.setTextPen(theme.color("muted"))
            axis.setLabel(text, color=theme.current().muted, **{"font-size": f"{theme.TEXT_S}px"})

    def to_pixels(self, x: float, y: float) -> QPointF:
        """Where a point of the plot stands on the widget's viewport."""
        return QPointF(self.mapFromScene(self.box.mapViewToScene(QPointF(x, y))))

    def steepness(self, slope: float) -> float:
        """A slope in the plot's coordinates as it looks, in pixels."""
        width, height = self.box.viewPixelSize()
        return slope * width / height

    def draw_once(self, *items: pg.GraphicsItem) -> None:
        """Draw these items when they change, and copy them in all other frames."""
        self._copied += items
        self._set_copying(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        viewport = self.viewport()
        with QPainter(viewport) as painter:
            on_screen = is_raster(painter) and density(painter) == viewport.devicePixelRatioF()
        # In a picture of another density copies would be blurred, and in one of vectors they would be pixels.
        if not on_screen:
            self._set_copying(False)
        super().paintEvent(event)
        if not on_screen:
            self._set_copying(True)

    def _set_copying(self, on: bool) -> None:
        modes = QGraphicsItem.CacheMode
        for item in self._copied:
            item.setCacheMode(modes.DeviceCoordinateCache if on else modes.NoCache)
            item.setExportMode(not on)

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        painter.resetTransform()  # from the scene to the widget
        self.draw_focus(painter)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        direction = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Down: (0, -1),
            Qt.Key.Key_Up: (0, 1),
        }.get(Qt.Key(event.key()))
        if direction is None:
            super().keyPressEvent(event)
            return
        factor = 10.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        self.nudged.emit(direction[0] * factor, direction[1] * factor)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        super().keyReleaseEvent(event)
        if not event.isAutoRepeat():
            self.nudge_finished.emit()

    def wheelEvent(self, event: object) -> None:
        """The wheel scrolls the page, not the plot."""
        event.ignore()  # type: ignore[attr-defined]


TEXT_ROOM = 96.0
"""Pixels to each side of a handle for the words beside it."""
TEXT_DROP = 13.0
"""Pixels that they stand higher or lower than the handle, at most."""


class Handle(pg.GraphicsObject):
    """A round point to drag, of constant size on the screen.

    It reports where the pointer wants it and does not move by itself: the model decides, the view sets the
    position.
    """

    dragged = Signal(float, float)
    """Plot coordinates asked for."""
    released = Signal()

    def __init__(self, token: str = "handle", radius: float = 8.0, text: str = "") -> None:
        super().__init__()
        self.token, self.text, self._radius, self._hover = token, text, radius, False
        self._lower = 0.0
        self.setFlag(self.GraphicsItemFlag.ItemIgnoresTransformations)
        self.setAcceptHoverEvents(True)
        self.setAcceptedMouseButtons(Qt.MouseButton.LeftButton)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setZValue(100)

    def set_text(self, text: str, slope: float = math.inf) -> None:
        """Change the words beside it; `slope` is that of the curve it stands on, in pixels, which they keep clear of."""
        if abs(slope) < 0.02:
            lower = -TEXT_DROP  # over a flat curve
        else:
            lower = math.copysign(TEXT_DROP * max(0.0, 1.0 - abs(slope)), slope)  # under a rising one, over a falling one
        if (text, lower) != (self.text, self._lower):
            self.text, self._lower = text, lower
            self.update()

    def boundingRect(self) -> QRectF:
        reach = self._radius + 6.0
        return QRectF(-reach - TEXT_ROOM, -reach - TEXT_DROP, 2 * (reach + TEXT_ROOM), 2 * (reach + TEXT_DROP))

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addEllipse(QPointF(0, 0), self._radius + 6.0, self._radius + 6.0)  # more than is drawn: easier to hit
        return path

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = self._radius + (1.5 if self._hover else 0.0)
        painter.setPen(theme.pen("curve" if self.token == "halo" else "halo", 2.5))
        painter.setBrush(theme.color(self.token))
        painter.drawEllipse(QPointF(0, 0), radius, radius)
        if self.text:
            self._paint_text(painter, radius + 6.0)

    def _paint_text(self, painter: QPainter, offset: float) -> None:
        """Write what this is beside it, on the side where there is room."""
        width = QFontMetricsF(_text_font()).horizontalAdvance(self.text)
        view = self.getViewBox()
        room = view.mapFromView(QPointF(view.viewRect().right(), 0)).x() - view.mapFromView(self.pos()).x()
        right = room > offset + width + 4.0
        lower = self._lower if right or self._lower == -TEXT_DROP else -self._lower  # at the left it is the other way round
        at = QPointF(offset if right else -offset - width, 4.0 + lower)
        reach = QRectF(-2.0, -14.0, round(width) + 5.0, 20.0)
        Stamps(painter).put(at, reach, _paint_haloed, self.text)

    def hoverEnterEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        self._hover = True
        self.update()

    def hoverLeaveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        self._hover = False
        self.update()

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        event.accept()

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        view = self.getViewBox()
        if view is not None:
            point = view.mapSceneToView(event.scenePos())
            self.dragged.emit(point.x(), point.y())

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.released.emit()


def _text_font() -> QFont:
    return theme.font(theme.TEXT_S, bold=True)


def _paint_haloed(painter: QPainter, text: str) -> None:
    """Write a text at the origin with a halo, for any background."""
    path = QPainterPath()
    path.addText(0.0, 0.0, _text_font(), text)
    painter.strokePath(path, theme.pen("halo", 3.0))
    painter.fillPath(path, theme.color("curve"))
