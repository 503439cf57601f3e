"""Seeing inside the layers: where the data stands on each activation's curve, and how much can learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from . import theme
from .edge_pens import mixed
from .focus import FocusFrame
from .segments import draw_segments, segments_between
from .text import short

WIDE = 130.0
"""A layer's picture of this width has room for its words in one line."""
HEIGHT, TALL_HEIGHT, LOW_HEIGHT = 116, 140, 34
"""Of the whole; in a low window the pictures give way first, and the words stay."""
PICTURE_HEIGHT = 16.0
"""A lower picture shows nothing."""
GRADIENT_LOW, GRADIENT_HIGH = 1e-6, 1e1
"""Ends of the gradient bars' logarithmic scale."""


@dataclass(frozen=True, eq=False)
class LayerView:
    """What is shown of one hidden layer.

    Attributes
    ----------
    number : int
        Which hidden layer this is, from 1.
    title : str
        Of its activation.
    z : ndarray, shape (n,)
        Where the curves are sampled, from the left to the right end of the picture.
    value, slope : ndarray, shape (n,)
        f and f′ there.
    shares : ndarray, shape (bins,)
        How the pre-activations of all points and units are spread over the range of `z`, as shares of all.
    saturated : float
        Share of them where learning is slow.
    sparse : bool
        Whether the activation is flat on one side by design: then a large share there is no alarm.
    dead : int
        Units that pass no gradient for any point.
    units : int
        How many units there are.
    gradient : float
        The norm of the gradient of the layer's weights.
    """

    number: int
    title: str
    z: NDArray[np.floating]
    value: NDArray[np.floating]
    slope: NDArray[np.floating]
    shares: NDArray[np.floating]
    saturated: float
    sparse: bool
    dead: int
    units: int
    gradient: float

    @property
    def words(self) -> list[str]:
        """The state of the layer in words."""
        dead = [f"{self.dead} of {self.units} dead"] if self.dead else []
        return [*dead, f"{self.saturated:.0%} flat", f"gradient {short(self.gradient, 2)}"]

    @property
    def revivable(self) -> bool:
        """Whether other weights would help: not where the activation is flat everywhere."""
        return self.alarming and bool(self.slope.any())

    @property
    def alarming(self) -> bool:
        """Whether much of the layer does not learn."""
        return self.dead > 0 or (self.saturated > 0.8 and not self.sparse)


class Inside(FocusFrame, QWidget):
    """One small picture for each hidden layer: histogram of the pre-activations under curve and slope."""

    remedy_asked = Signal(int)
    """A layer's alarm was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Inside the layers")
        self.setToolTip(
            "Bars: where the weighted sums of all points fall. Brown bars lie where the curve is nearly flat "
            "(|f′| < 0.05) and little is learned. The upright bar is the size of the layer's gradient ∇, "
            "a mark for every factor of ten. Where much of a layer cannot learn, a click on it revives it: "
            "dead units get fresh weights, saturated ones smaller ones."
        )
        self.setMinimumHeight(LOW_HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._layers: Sequence[LayerView] = ()

    def show_layers(self, layers: Sequence[LayerView]) -> None:
        """Draw these layers, from the first hidden one."""
        self._layers = layers
        self._fit_height()
        said = [f"Layer {layer.number}, {layer.title}: {' · '.join(layer.words)}" for layer in layers]
        self.setAccessibleDescription("; ".join(said))
        self.update()

    def retheme(self) -> None:
        self.update()

    def rect_of(self, index: int) -> QRectF:
        """Where the picture of a layer stands."""
        count = max(len(self._layers), 1)
        width = min((self.width() - theme.SPACE_M * (count - 1)) / count, 300.0)
        left = (self.width() - count * width - (count - 1) * theme.SPACE_M) / 2
        return QRectF(left + index * (width + theme.SPACE_M), 0.0, width, float(self.height()))

    def remedy_rect(self, index: int) -> QRectF:
        """Where the button stands that an alarm shows on the picture of a layer."""
        picture = self.rect_of(index)
        button = QRectF(0.0, 0.0, 56.0, 20.0)
        button.moveCenter(picture.center() - QPointF(7.0, 0.0))
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_height()

    def _fit_height(self) -> None:
        """Narrow pictures break their words into lines, and need more height for them."""
        height = HEIGHT if self.rect_of(0).width() > WIDE else TALL_HEIGHT
        if height != self.maximumHeight():
            self.setMaximumHeight(height)
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(300, self.maximumHeight())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("surface"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, layer in enumerate(self._layers):
            self._paint_layer(painter, self.rect_of(index), layer)
        self.draw_focus(painter)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for index, layer in enumerate(self._layers):
            if layer.revivable and self.rect_of(index).contains(event.position()):
                self.remedy_asked.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter or Space does what a click on the first alarm does."""
        alarms = [index for index, layer in enumerate(self._layers) if layer.revivable]
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and alarms:
            self.remedy_asked.emit(alarms[0])
        else:
            super().keyPressEvent(event)

    def _paint_layer(self, painter: QPainter, rect: QRectF, layer: LayerView) -> None:
        wide = rect.width() > WIDE
        painter.setFont(theme.font(theme.TEXT_S, bold=wide))
        metrics = QFontMetricsF(painter.font())
        title = [f"Layer {layer.number} · {layer.title}"] if wide else layer.title.split()
        top = self._paint_lines(painter, rect.topLeft(), _wrapped(title, " ", metrics, rect.width() - 60 * wide), "text")
        if wide:
            self._paint_key(painter, QPointF(rect.right(), rect.top() + metrics.ascent()))
        painter.setFont(theme.font(theme.TEXT_S))
        words = layer.words if wide else [text.replace("gradient", "∇").replace(" of ", "/") for text in layer.words]
        lines = _wrapped(words, " · ", QFontMetricsF(painter.font()), rect.width())
        bottom = rect.bottom() - len(lines) * QFontMetricsF(painter.font()).height()
        self._paint_lines(painter, QPointF(rect.left(), bottom), lines, "warning" if layer.alarming else "muted")
        area = QRectF(QPointF(rect.left(), top + 4), QPointF(rect.right() - 14, bottom - 6))
        if area.height() < PICTURE_HEIGHT:
            return
        self._paint_histogram(painter, area, layer)
        self._paint_curve(painter, area, layer.z, layer.slope, "derivative", 1.4)
        self._paint_curve(painter, area, layer.z, layer.value, "curve", 1.8)
        self._paint_gradient(painter, QRectF(rect.right() - 8, area.top(), 8, area.height()), layer)
        if layer.revivable:
            self._paint_remedy(painter, self.remedy_rect(layer.number - 1))

    @staticmethod
    def _paint_lines(painter: QPainter, corner: QPointF, lines: Sequence[str], token: str) -> float:
        """Write lines of text under a place; returns where they end."""
        metrics = QFontMetricsF(painter.font())
        painter.setPen(theme.color(token))
        for number, line in enumerate(lines):
            painter.drawText(corner + QPointF(0.0, number * metrics.height() + metrics.ascent()), line)
        return corner.y() + len(lines) * metrics.height()

    @staticmethod
    def _paint_key(painter: QPainter, at: QPointF) -> None:
        """Say which curve is which, and over its bar that it is the gradient."""
        x = at.x()
        for text, token in (("∇", "second"), ("f′", "derivative"), ("f", "curve")):
            x -= QFontMetricsF(painter.font()).horizontalAdvance(text)
            painter.setPen(theme.color(token))
            painter.drawText(QPointF(x, at.y()), text)
            x -= theme.SPACE_S

    def _paint_remedy(self, painter: QPainter, button: QRectF) -> None:
        """The remedy, drawn as what it is: something to press."""
        painter.setPen(theme.pen("warning", 1.5))
        painter.setBrush(theme.color("surface"))
        painter.drawRoundedRect(button, 9, 9)
        painter.setPen(theme.color("warning"))
        painter.setFont(theme.font(theme.TEXT_S, bold=True))
        painter.drawText(button, int(Qt.AlignmentFlag.AlignCenter), "Revive")

    def _paint_histogram(self, painter: QPainter, area: QRectF, layer: LayerView) -> None:
        bins = len(layer.shares)
        # The slope where a bin stands decides its colour: calm where the layer learns, warning where not.
        places, along = (np.arange(bins) + 0.5) / bins, np.linspace(0.0, 1.0, len(layer.z))
        slopes = np.interp(places, along, np.abs(layer.slope))
        heights = np.minimum(layer.shares / 0.25, 1.0) ** 0.5 * area.height()
        # Bars are drawn as wide lines, and in opaque colours: filled rectangles take twenty times as long.
        x, foot = area.left() + places * area.width(), np.full(bins, area.bottom())
        bars = np.column_stack([x, foot, x, foot - heights])
        for token, chosen in (("warning", slopes < 0.05), ("accent", slopes >= 0.05)):
            painter.setPen(QPen(mixed(token, 0.45), area.width() / bins - 0.6, c=Qt.PenCapStyle.FlatCap))
            draw_segments(painter, bars[chosen])
        painter.setPen(theme.pen("border"))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        middle = area.left() + area.width() * (0 - layer.z[0]) / (layer.z[-1] - layer.z[0])
        painter.drawLine(QPointF(middle, area.top()), QPointF(middle, area.bottom()))

    def _paint_curve(
        self,
        painter: QPainter,
        area: QRectF,
        z: NDArray[np.floating],
        values: NDArray[np.floating],
        token: str,
        width: float,
    ) -> None:
        # Values from -1.2 to 1.2 fill the height, whichever the activation: curves can be compared by eye.
        x = np.linspace(area.left(), area.right(), len(z))
        y = area.center().y() - np.clip(values / 1.2, -1.0, 1.0) * area.height() / 2
        pen = theme.pen(token, width)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        draw_segments(painter, segments_between(np.column_stack([x, y])))

    def _paint_gradient(self, painter: QPainter, bar: QRectF, layer: LayerView) -> None:
        span = np.log10(GRADIENT_HIGH / GRADIENT_LOW)
        share = float(np.clip(np.log10(max(layer.gradient, GRADIENT_LOW) / GRADIENT_LOW) / span, 0.0, 1.0))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("sunken"))
        painter.drawRoundedRect(bar, 3, 3)
        painter.setBrush(theme.color("second"))
        filled = QRectF(bar.left(), bar.bottom() - share * bar.height(), bar.width(), share * bar.height())
        painter.drawRoundedRect(filled, 3, 3)
        painter.setPen(theme.pen("surface"))
        for decade in range(1, round(span)):  # a mark for every factor of ten
            y = bar.bottom() - decade / span * bar.height()
            painter.drawLine(QPointF(bar.left(), y), QPointF(bar.right(), y))


def _wrapped(pieces: Sequence[str], separator: str, metrics: QFontMetricsF, width: float) -> list[str]:
    """Pieces of text in as few lines as they need, none of them wider than `width` where that can be."""
    lines = [pieces[0]]
    for piece in pieces[1:]:
        longer = lines[-1] + separator + piece
        if metrics.horizontalAdvance(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(piece)
    return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines]
