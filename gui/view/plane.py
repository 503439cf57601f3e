"""The input plane: what the neuron answers for every pair of inputs, and what can be dragged in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QPainter,
    QPainterPath,
    QPainterPathStroker,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QGraphicsSceneMouseEvent, QSizePolicy, QWidget

from . import theme
from .contours import Contours
from .picture import Picture
from .plot import Handle, Plot

Point = tuple[float, float]


class Plane(Plot):
    """The square of inputs, coloured; with contours, decision line, weight arrow and input point.

    Parameters
    ----------
    limit : float
        The plane spans ±limit in both inputs.
    """

    point_dragged = Signal(float, float)
    line_dragged = Signal(float, float)
    line_turned = Signal(float, float)
    arrow_dragged = Signal(float, float)
    released = Signal()

    def __init__(self, limit: float, parent: QWidget | None = None) -> None:
        square = (-limit, limit)
        super().__init__("Input plane", "x₁", "x₂", square, square, parent=parent)
        self._limit = limit
        self._image = Picture(limit, to_border=False)
        self._contours = Contours(limit, halo=False)
        self._line = _DecisionLine()
        self._arrow = _Arrow()
        self.point = Handle(text="input")
        self.arrow_handle = Handle("accent", radius=6.0, text="weights")
        self.turn_handle = Handle("halo", radius=5.0, text="z = 0")
        for item in (self._image, self._contours, self._line, self._arrow):
            self.addItem(item)
        for item in (self.turn_handle, self.arrow_handle, self.point):
            self.addItem(item)
        self.point.setToolTip("The input (x₁, x₂): drag it")
        self.arrow_handle.setToolTip("The weights (w₁, w₂) as an arrow: drag it to turn and to steepen")
        self.turn_handle.setToolTip("Drag to turn the line")
        self._line.setToolTip("The decision line z = 0: drag it to change the bias")
        self.point.dragged.connect(self.point_dragged)
        self.arrow_handle.dragged.connect(self.arrow_dragged)
        self.turn_handle.dragged.connect(self.line_turned)
        self._line.dragged.connect(self.line_dragged)
        for item in (self.point, self.arrow_handle, self.turn_handle, self._line):
            item.released.connect(self.released)
        self.nudge_finished.connect(self.released)
        self.retheme()

    def set_image(self, rgba: NDArray[np.uint8]) -> None:
        """Colour the plane: (n, n, 4) uint8, first row at the lowest x2."""
        self._image.set_image(rgba)

    def set_contours(self, values: NDArray[np.floating], levels: Sequence[float]) -> None:
        """Draw lines of equal value; `values` are samples on a regular grid whose border is the plane's."""
        self._contours.set_fields([values], levels)

    def set_neuron(self, point: Point, line: tuple[Point, Point] | None, anchor: Point, tip: Point) -> None:
        """Place everything that can be dragged."""
        self.point.setPos(*point)
        self._line.set_ends(line)
        self.turn_handle.setVisible(line is not None)
        if line is not None:  # a little inside the end, clear of the plane's edge
            (ax, ay), (bx, by) = line
            self.turn_handle.setPos(ax + 0.06 * (bx - ax), ay + 0.06 * (by - ay))
        self._arrow.set_ends(anchor, tip)
        self.arrow_handle.setPos(*tip)

    def retheme(self) -> None:
        super().retheme()
        for item in (self._contours, self._line, self._arrow):
            item.update()


class Square(QWidget):
    """Holds a plot so that its picture is exactly square, centred, whatever the room."""

    def __init__(self, plot: Plot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot = plot
        plot.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(140, 140)

    def resizeEvent(self, event: QResizeEvent) -> None:
        extra = self._plot.frame_size()
        side = max(1, min(self.width() - extra.width(), self.height() - extra.height()))
        width, height = side + extra.width(), side + extra.height()
        left, top = (self.width() - width) // 2, (self.height() - height) // 2
        self._plot.setGeometry(left, top, width, height)


class ColorBar(QWidget):
    """What the colours mean: the map between two numbers, with ticks."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFixedHeight(34)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._table = np.zeros((256, 4), dtype=np.uint8)
        self._range = (0.0, 1.0)
        self._ticks: tuple[tuple[float, str], ...] = ()

    def set_scale(self, table: NDArray[np.uint8], low: float, high: float, ticks: Sequence[tuple[float, str]]) -> None:
        """Show `table` between `low` and `high`; `ticks` are values and what to write at them."""
        if table is self._table and (low, high) == self._range and tuple(ticks) == self._ticks:
            return
        self._table, self._range, self._ticks = table, (low, high), tuple(ticks)
        said = ", ".join(text for _value, text in ticks)
        self.setAccessibleDescription(f"Colour scale from orange to blue: {said}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("surface"))
        margin = 24.0
        bar = QRectF(margin, 2.0, self.width() - 2 * margin, 12.0)
        row = np.ascontiguousarray(self._table[None])
        image = QImage(row.data, len(self._table), 1, row.strides[0], QImage.Format.Format_RGBA8888)
        painter.drawImage(bar, image)
        painter.setPen(theme.pen("border"))
        painter.drawRect(bar)
        painter.setFont(theme.font(theme.TEXT_S))
        low, high = self._range
        for value, text in self._ticks:
            x = bar.left() + (value - low) / (high - low) * bar.width()
            painter.setPen(theme.pen("muted"))
            painter.drawLine(QPointF(x, bar.bottom()), QPointF(x, bar.bottom() + 3))
            painter.setPen(theme.color("muted"))
            width = painter.fontMetrics().horizontalAdvance(text)
            left = min(max(x - width / 2, 0.0), self.width() - width)  # centred, but never cut off
            painter.drawText(QPointF(left, bar.bottom() + 15), text)


class _DecisionLine(pg.GraphicsObject):
    """The line z = 0, white under dark so that it shows on any colour; wide to the touch."""

    dragged = Signal(float, float)
    released = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._ends: tuple[QPointF, QPointF] | None = None
        self.setAcceptedMouseButtons(Qt.MouseButton.LeftButton)
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        self.setZValue(50)

    def set_ends(self, line: tuple[Point, Point] | None) -> None:
        self.prepareGeometryChange()
        self._ends = (QPointF(*line[0]), QPointF(*line[1])) if line is not None else None
        self.update()

    def _touch_width(self) -> float:
        pixel = self.pixelVectors()[0]
        return 14.0 * (pixel.length() if pixel is not None else 0.0)

    def boundingRect(self) -> QRectF:
        return self.shape().controlPointRect()

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        if self._ends is None:
            return path
        path.moveTo(self._ends[0])
        path.lineTo(self._ends[1])
        stroker = QPainterPathStroker()
        stroker.setWidth(max(self._touch_width(), 1e-3))
        return stroker.createStroke(path)

    def paint(self, painter: QPainter, _option: object, _widget: QWidget | None = None) -> None:
        if self._ends is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for pen in (theme.pen("halo", 5.0, alpha=0.8), theme.pen("curve", 2.0)):
                painter.setPen(pen)
                painter.drawLine(*self._ends)

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        event.accept()

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        point = self.getViewBox().mapSceneToView(event.scenePos())
        self.dragged.emit(point.x(), point.y())

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        self.released.emit()


class _Arrow(pg.GraphicsObject):
    """The shaft of the weight arrow; its tip is a handle."""

    def __init__(self) -> None:
        super().__init__()
        self._ends = (QPointF(), QPointF())
        self.setZValue(60)

    def set_ends(self, start: Point, tip: Point) -> None:
        self.prepareGeometryChange()
        self._ends = (QPointF(*start), QPointF(*tip))
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(*self._ends).normalized().adjusted(-1, -1, 1, 1)

    def paint(self, painter: QPainter, _option: object, _widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for pen in (theme.pen("halo", 5.0, alpha=0.8), theme.pen("accent", 2.5)):
            painter.setPen(pen)
            painter.drawLine(*self._ends)
