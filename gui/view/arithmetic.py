"""The neuron's arithmetic written out as a flow: inputs times weights, plus bias, through f, to a."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme


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
        self.setFixedHeight(74)
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
        terms = f"{n.w1:.2f} · {n.x1:.2f} + {_signed(n.w2)} · {_signed(n.x2)} + {_signed(n.b)}"
        return f"z = w₁·x₁ + w₂·x₂ + b = {terms} = {n.z:.3f};  a = f(z) = {n.a:.4f};  f′(z) = {n.slope:.4f}"

    def paintEvent(self, event: QPaintEvent) -> None:
        n = self._numbers
        if n is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tiles = (
            ("w₁ · x₁", f"{_signed(n.w1)} · {_signed(n.x1)}", n.w1 * n.x1, 2, ""),
            ("w₂ · x₂", f"{_signed(n.w2)} · {_signed(n.x2)}", n.w2 * n.x2, 2, "+"),
            ("b", "bias", n.b, 2, "+"),
            ("z", "weighted sum", n.z, 2, "="),
            ("a = f(z)", n.title, n.a, 3, "→"),
            ("f′(z)", "slope here", n.slope, 3, ""),
        )
        gap = 26.0
        width = (self.width() - gap * (len(tiles) - 1)) / len(tiles)
        for index, (symbol, detail, value, decimals, sign) in enumerate(tiles):
            left = index * (width + gap)
            if sign:
                painter.setPen(theme.color("muted"))
                painter.setFont(theme.font(theme.TEXT_XL))
                middle = Qt.AlignmentFlag.AlignCenter
                painter.drawText(QRectF(left - gap, 0, gap, self.height()), middle, sign)
            self._tile(painter, QRectF(left, 1, width, self.height() - 2), symbol, detail, value, decimals)

    def _tile(
        self, painter: QPainter, box: QRectF, symbol: str, detail: str, value: float, decimals: int
    ) -> None:
        token = {"z": "curve", "a = f(z)": "curve", "f′(z)": "derivative"}.get(symbol)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("sunken"))
        painter.drawRoundedRect(box, 8, 8)
        if token is None:  # a term of the sum: the bar says sign and size at a glance
            token = "positive" if value >= 0 else "negative"
            painter.setBrush(theme.color(token))
            share = min(abs(value) / 10.0, 1.0) * (box.width() / 2 - 10)
            left = box.center().x() - (share if value < 0 else 0.0)
            painter.drawRoundedRect(QRectF(left, box.bottom() - 7, share, 3), 1.5, 1.5)
            painter.setPen(QPen(theme.color("ghost"), 1.0))
            middle = box.center().x()
            painter.drawLine(QPointF(middle, box.bottom() - 9), QPointF(middle, box.bottom() - 2))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        inner = box.adjusted(12, 6, -8, -9)
        painter.setFont(theme.font(theme.TEXT_S))
        painter.setPen(theme.color("muted"))
        painter.drawText(QRectF(inner.left(), inner.top(), inner.width(), 16), flags, symbol)
        painter.drawText(QRectF(inner.left(), inner.bottom() - 14, inner.width(), 14), flags, detail)
        painter.setFont(theme.font(19, bold=True))
        painter.setPen(theme.color(token))
        painter.drawText(
            QRectF(inner.left(), inner.top() + 15, inner.width(), 26), flags, _plain(value, decimals)
        )


def _plain(value: float, decimals: int) -> str:
    """A number with a real minus sign, and no minus before a rounded zero."""
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if not float(text) else text.replace("-", "−")


def _signed(value: float) -> str:
    """A factor as it stands inside a product: negative ones in brackets."""
    text = _plain(value, 2)
    return f"({text})" if text.startswith("−") else text
