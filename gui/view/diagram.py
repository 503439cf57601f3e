"""The network as one picture: a live field in every unit, edges that show their weights and can be dragged.

Width is the size of a weight, blue is positive and orange negative, and a negative edge is dashed, so that
its sign does not hang on colour alone. One widget paints everything: dozens of small plots could not keep up
with the training.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from . import theme
from .diagram_edges import EDGES_A_FRAME, Edges
from .diagram_geometry import BIAS, Geometry, Place
from .diagram_units import Fields, draw_bias, draw_frame
from .edge_pens import mixed
from .focus import FocusFrame
from .stamps import Stamps, is_raster
from .weight_editor import WeightEditor

LIMIT = 10.0
"""Weights are edited within ±LIMIT."""
PIXELS_PER_UNIT = 60.0
"""How far the mouse moves, upwards, to raise a weight by one; with Shift it takes ten times as far."""
_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
"""Arrow keys: layers to the right, units down."""
FIELD_MOST = 60
"""Samples along the side of a field, at most: on a display of twice the density each stands for four pixels."""
LEFT, RIGHT, TOP, BOTTOM = 52.0, 20.0, 6.0, 24.0


class Diagram(FocusFrame, QWidget):
    """The drawn network. It reports gestures; the values come back from the model through `show_values`.

    Mouse: drag an edge or a bias (the dot at a unit) up or down, double-click it to type a number, click a
    unit to see its field large. Keyboard: arrows walk over the units, Page Up and Page Down over the incoming
    edges of a unit, plus and minus change the weight, Enter types it, Space shows the unit large.
    """

    weight_changing = Signal(int, int, int, float)
    """Layer (1 is the first with weights), unit, source (`BIAS` for the bias), value asked for."""
    weight_finished = Signal()
    unit_chosen = Signal(int, int)
    """A unit was clicked: layer and unit."""
    rearranged = Signal()
    """Units stand in other places: `geometry_map` is another one."""
    pointed = Signal(object)
    """The `Place` under the pointer or the keyboard's cursor, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Network diagram")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(280, 150)
        self._names: tuple[str, ...] = ()
        self._sizes: tuple[int, ...] = (1, 1)
        self._weights: Sequence[NDArray[np.float32]] = [np.zeros((1, 1), np.float32)]
        self._biases: Sequence[NDArray[np.float32]] = [np.zeros(1, np.float32)]
        self._fields: list[Fields] = []
        self._moving = False
        self._warnings: frozenset[tuple[int, int]] = frozenset()
        self._place: Place | None = None
        self._chosen: tuple[int, int] | None = None
        self._grip: tuple[QPointF, float] | None = None
        self.frames = 0
        self._editor = WeightEditor(self, LIMIT)
        self._editor.editingFinished.connect(self._on_typed)
        self._layout_network()

    @property
    def geometry_map(self) -> Geometry:
        """Where everything stands, in widget coordinates."""
        return self._geometry

    @property
    def place(self) -> Place | None:
        """What the pointer or the keyboard's cursor is at."""
        return self._place

    def value(self, place: Place) -> float:
        """The weight or bias at a place."""
        if place.source == BIAS:
            return float(self._biases[place.layer - 1][place.unit])
        return float(self._weights[place.layer - 1][place.unit, place.source])

    def show_network(self, inputs: Sequence[str], sizes: Sequence[int]) -> None:
        """Lay out a network: how its inputs are written, and the units of every layer, inputs first."""
        if (tuple(inputs), tuple(sizes)) == (self._names, self._sizes):
            return
        self._names, self._sizes = tuple(inputs), tuple(sizes)
        self._weights = [np.zeros((b, a), np.float32) for a, b in zip(sizes, sizes[1:], strict=False)]
        self._biases = [np.zeros(size, np.float32) for size in sizes[1:]]
        self._fields, self._grip, self._chosen = [], None, None
        self._point_at(None)
        self._layout_network()

    @property
    def field_side(self) -> int:
        """How many samples along a side the field of a unit is best given with: one for each pixel."""
        return min(round(self._geometry.unit * self.devicePixelRatioF()), FIELD_MOST)

    def show_values(
        self,
        weights: Sequence[NDArray[np.float32]],
        biases: Sequence[NDArray[np.float32]],
        fields: Sequence[NDArray[np.uint8]],
        *,
        moving: bool = False,
    ) -> None:
        """Draw these values: weights (n_out, n_in) and biases (n_out,) per layer, and for every layer, inputs
        first, the coloured fields of its units, shape (units, side, side, 4). While they are `moving`, not
        every edge follows in every frame; `catch_up` draws what is left when they rest.
        """
        self._weights, self._biases, self._fields = weights, biases, [Fields(field) for field in fields]
        self._edges.set_weights(weights)
        self._moving = moving
        self.update()

    def catch_up(self) -> None:
        """Draw the edges that a frame has left out."""
        if not self._edges.complete:
            self.update()

    def show_chosen(self, unit: tuple[int, int] | None) -> None:
        """Mark the unit whose field is shown large."""
        self._chosen = unit
        self.update()

    def show_warnings(self, units: frozenset[tuple[int, int]]) -> None:
        """Mark units that do not learn, as (layer, unit)."""
        if units != self._warnings:
            self._warnings = units
            self.update()

    def retheme(self) -> None:
        self._layout_network()

    # Drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        self.frames += 1
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if is_raster(painter):
            self._edges.draw(painter, self.size(), EDGES_A_FRAME if self._moving else None)
        else:
            painter.fillRect(self.rect(), theme.color("surface"))
            self._edges.paint(painter)
        place = self._place
        if place is not None and place.source not in (None, BIAS):
            self._edges.paint_marked(painter, place, self.value(place))
        stamps = Stamps(painter)
        for layer, size in enumerate(self._sizes):
            for unit in range(size):
                self._paint_unit(painter, stamps, layer, unit)
        if place is not None and not place.is_unit:
            self._paint_label(painter, place)
        self.draw_focus(painter)

    def _paint_unit(self, painter: QPainter, stamps: Stamps, layer: int, unit: int) -> None:
        rect = self._geometry.rect(layer, unit)
        if self._fields:
            self._fields[layer].draw(painter, rect, unit)
        if self._chosen == (layer, unit) or self._place == Place(layer, unit):
            draw_frame(stamps, rect, "marked")
        else:
            draw_frame(stamps, rect, "warning" if (layer, unit) in self._warnings else "plain")
        if layer:
            marked = self._place == Place(layer, unit, BIAS)
            draw_bias(stamps, self._geometry.bias(layer, unit), float(self._biases[layer - 1][unit]), marked, rect.width())

    def _paint_ground(self, painter: QPainter) -> None:
        """What only another network or theme changes."""
        self._paint_names(painter)
        self._paint_legend(painter)

    def _paint_names(self, painter: QPainter) -> None:
        painter.setFont(theme.font(theme.TEXT_M, bold=True))
        painter.setPen(theme.color("text"))
        for unit, name in enumerate(self._names):
            rect = self._geometry.rect(0, unit)
            room = QRectF(0, rect.top(), rect.left() - 8, rect.height())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), name)
        painter.setFont(theme.font(theme.TEXT_S))
        painter.setPen(theme.color("muted"))
        for layer, word in ((0, "inputs"), (len(self._sizes) - 1, "output")):
            first = self._geometry.rect(layer, 0)
            above = QRectF(first.center().x() - 40, first.top() - 20, 80, 16)
            if above.top() >= 0:
                painter.drawText(above, int(Qt.AlignmentFlag.AlignCenter), word)

    def _paint_legend(self, painter: QPainter) -> None:
        painter.setFont(theme.font(theme.TEXT_S))
        metrics = QFontMetricsF(painter.font())
        y = self.height() - 8.0
        x = 2.0
        solid, dashes = Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine
        for text, token, style in (("positive weight", "positive", solid), ("negative", "negative", dashes)):
            painter.setPen(QPen(mixed(token, 0.8), 2.5, style, Qt.PenCapStyle.FlatCap))
            painter.drawLine(QPointF(x, y), QPointF(x + 24, y))
            painter.setPen(theme.color("muted"))
            painter.drawText(QPointF(x + 30, y + metrics.ascent() / 2 - 1), text)
            x += 30 + metrics.horizontalAdvance(text) + theme.SPACE_L
        hint = "drag edges and dots to change them"
        if x + metrics.horizontalAdvance(hint) < self.width():
            painter.drawText(QPointF(x, y + metrics.ascent() / 2 - 1), hint)

    def _paint_label(self, painter: QPainter, place: Place) -> None:
        text = self.describe(place)
        painter.setFont(theme.font(theme.TEXT_S, bold=True))
        size = QFontMetricsF(painter.font()).boundingRect(text).adjusted(-8, -5, 8, 5)
        size.moveCenter(self._geometry.middle(place) - QPointF(0, size.height() / 2 + 8))
        size.moveLeft(min(max(size.left(), 2.0), self.width() - size.width() - 2.0))
        size.moveTop(max(size.top(), 2.0))
        painter.setPen(theme.pen("border"))
        painter.setBrush(theme.color("surface"))
        painter.drawRoundedRect(size, 6, 6)
        painter.setPen(theme.color("text"))
        painter.drawText(size, int(Qt.AlignmentFlag.AlignCenter), text)

    def describe(self, place: Place) -> str:
        """A place in words and numbers."""
        if place.is_unit:
            if place.layer == 0:
                return f"Input {self._names[place.unit]}"
            last = place.layer == len(self._sizes) - 1
            return f"{'Output' if last else f'Layer {place.layer}, unit'} {place.unit + 1}"
        if place.source == BIAS:
            return f"bias {self.value(place):+.3f}"
        return f"weight {self.value(place):+.3f}"

    # Gestures

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._point_at(self._geometry.at(event.position()))
        if self._place is None:
            return
        if self._place.is_unit:
            self.unit_chosen.emit(self._place.layer, self._place.unit)
        else:
            self._grip = (event.position(), self.value(self._place))
            self.setCursor(Qt.CursorShape.SizeVerCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            self._point_at(self._geometry.at(event.position()))
            return
        start, value = self._grip
        fine = 0.1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        self._ask(value + fine * (start.y() - event.position().y()) / PIXELS_PER_UNIT)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None and event.button() == Qt.MouseButton.LeftButton:
            self._grip = None
            self.weight_finished.emit()
            self._point_at(self._geometry.at(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._point_at(self._geometry.at(event.position()))
        self._type_value()

    def leaveEvent(self, event: QEvent) -> None:
        if self._grip is None and not self._editor.isVisible():
            self._point_at(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        place = self._place or Place(min(1, len(self._sizes) - 1), 0)
        if key in _STEPS:
            right, down = _STEPS[key]
            layer = min(max(place.layer + right, 0), len(self._sizes) - 1)
            unit = min(max(place.unit + down, 0), self._sizes[layer] - 1)
            self._point_at(Place(layer, unit))
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown) and place.layer:
            sources = [*range(self._sizes[place.layer - 1]), BIAS]
            forward = 1 if key == Qt.Key.Key_PageDown else -1
            at = sources.index(place.source) + forward if place.source is not None else 0
            self._point_at(Place(place.layer, place.unit, sources[at % len(sources)]))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus) and not place.is_unit:
            size = 0.01 if event.modifiers() & Qt.KeyboardModifier.ControlModifier else 0.1
            self._ask(self.value(place) + (-size if key == Qt.Key.Key_Minus else size))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._type_value()
        elif key == Qt.Key.Key_Space and place.is_unit:
            self.unit_chosen.emit(place.layer, place.unit)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus) and not event.isAutoRepeat():
            self.weight_finished.emit()
        super().keyReleaseEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._layout_network()

    def _ask(self, value: float) -> None:
        place = self._place
        if place is not None and place.source is not None:
            self.weight_changing.emit(place.layer, place.unit, place.source, min(max(value, -LIMIT), LIMIT))

    def _point_at(self, place: Place | None) -> None:
        if place == self._place:
            return
        self._place = place
        shape = Qt.CursorShape.ArrowCursor
        if place is not None:
            shape = Qt.CursorShape.PointingHandCursor if place.is_unit else Qt.CursorShape.SizeVerCursor
            self.setAccessibleDescription(self.describe(place))
        self.setCursor(shape)
        self.pointed.emit(place)
        self.update()

    def _type_value(self) -> None:
        if self._place is None or self._place.is_unit:
            return
        self._grip = None
        middle = self._geometry.middle(self._place)
        self._editor.setValue(self.value(self._place))
        self._editor.move(int(middle.x()) - self._editor.width() // 2, max(0, int(middle.y()) - 34))
        self._editor.show()
        self._editor.setFocus()
        self._editor.selectAll()

    def _on_typed(self) -> None:
        if self._editor.isVisible():
            value = self._editor.value()
            self._editor.hide()
            self.setFocus()
            self._ask(value)
            self.weight_finished.emit()

    def _layout_network(self) -> None:
        area = QRectF(self.rect()).adjusted(LEFT, TOP, -RIGHT, -BOTTOM)
        self._geometry = Geometry(self._sizes, area)
        self._edges = Edges(self._geometry, self._paint_ground)
        self._edges.set_weights(self._weights)
        self.update()
        self.rearranged.emit()
