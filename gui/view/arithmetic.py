"""The neuron's arithmetic written out as a flow: inputs times weights, plus bias, through f, to a."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme
from .text import factor, plain

FULL_BAR = 8.0
"""A term of this size fills its bar."""
ROOMY = 760
"""From this width on; a narrower strip has smaller gaps and writes its products without spaces."""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """The numbers of one neuron."""

    x1: float
    x2: float
    w1: float
    w2: float
    b: float
    z: float
    a: float
    slope: float
    title: str  # of the activation


class ArithmeticStrip(QWidget):
    """Tiles, left to right: w1·x1, w2·x2 and b add up to z; f makes a of it; f′ is the slope there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("The arithmetic of the neuron")
        self.setFixedHeight(84)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._numbers: Arithmetic | None = None

    def set_numbers(self, numbers: Arithmetic) -> None:
        self._numbers = numbers
        self.setAccessibleDescription(self.sentence())
        self.update()

    def sentence(self) -> str:
        """The same in one line of text."""
        n = self._numbers
        if n is None:
            return ""
        terms = f"{plain(n.w1)} · {factor(n.x1)} + {factor(n.w2)} · {factor(n.x2)} + {factor(n.b)}"
        return f"z = w₁·x₁ + w₂·x₂ + b = {terms} = {plain(n.z, 3)};  a = f(z) = {plain(n.a, 4)};  f′(z) = {plain(n.slope, 4)}"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("surface"))
        n = self._numbers
        if n is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tiles = (
            ("w₁ · x₁", f"{factor(n.w1)} · {factor(n.x1)}", n.w1 * n.x1, 2, ""),
            ("w₂ · x₂", f"{factor(n.w2)} · {factor(n.x2)}", n.w2 * n.x2, 2, "+"),
            ("b", "bias", n.b, 2, "+"),
            ("z", "weighted sum", n.z, 2, "="),
            ("a = f(z)", n.title, n.a, 3, "→"),
            ("f′(z)", "slope here", n.slope, 3, ""),
        )
        gap = 26.0 if self.width() > ROOMY else 18.0
        width = (self.width() - gap * (len(tiles) - 1)) / len(tiles)
        for index, (symbol, detail, value, decimals, sign) in enumerate(tiles):
            left = index * (width + gap)
            if sign:
                painter.setPen(theme.color("muted"))
                painter.setFont(theme.font(theme.TEXT_XL))
                middle = Qt.AlignmentFlag.AlignCenter
                painter.drawText(QRectF(left - gap, 0, gap, self.height()), middle, sign)
            self._tile(painter, QRectF(left, 1, width, self.height() - 2), symbol, detail, value, decimals)

    def _tile(self, painter: QPainter, box: QRectF, symbol: str, detail: str, value: float, decimals: int) -> None:
        token = {"z": "curve", "a = f(z)": "curve", "f′(z)": "derivative"}.get(symbol)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("sunken"))
        painter.drawRoundedRect(box, 8, 8)
        if token is None:  # a term of the sum: the bar says sign and size at a glance
            token = "positive" if value >= 0 else "negative"
            painter.setBrush(theme.color(token))
            share = min(abs(value) / FULL_BAR, 1.0) * (box.width() / 2 - 12)
            left = box.center().x() - (share if value < 0 else 0.0)
            painter.drawRoundedRect(QRectF(left, box.bottom() - 10, share, 5), 1, 1)
            painter.setPen(QPen(theme.color("ghost"), 1.0))
            middle = box.center().x()
            painter.drawLine(QPointF(middle, box.bottom() - 13), QPointF(middle, box.bottom() - 3))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        roomy = self.width() > ROOMY
        inner = box.adjusted(12 if roomy else 7, 7, -4, -16)
        painter.setFont(theme.font(theme.TEXT_S))
        painter.setPen(theme.color("muted"))
        painter.drawText(QRectF(inner.left(), inner.top(), inner.width(), 16), flags, symbol)
        detail = detail if roomy else detail.replace(" · ", "·")
        detail = painter.fontMetrics().elidedText(detail, Qt.TextElideMode.ElideRight, int(inner.width()))
        painter.drawText(QRectF(inner.left(), inner.bottom() - 14, inner.width(), 14), flags, detail)
        painter.setFont(theme.font(19, bold=True))
        painter.setPen(theme.color(token))
        painter.drawText(QRectF(inner.left(), inner.top() + 15, inner.width(), 26), flags, plain(value, decimals))
