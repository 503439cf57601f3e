"""A line of text that changes while one looks at it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme


class Readout(QWidget):
    """One line on a card. It keeps its size: after every new text of a label, Qt lays the whole window out anew.

    Parameters
    ----------
    name : str
        Accessible name; the text is the description.
    token : str
        Colour of the text.
    size : int
        One of the theme's sizes of type.
    width : int
        Room for the text; 0 takes what the layout gives.
    """

    def __init__(
        self,
        name: str,
        token: str = "text",
        size: int = theme.TEXT_M,
        *,
        mono: bool = False,
        width: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # what is behind need not be drawn
        self._token, self._size, self._mono, self._width = token, size, mono, width
        self._head: tuple[str, str] = ("", token)
        self._text = ""
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Fixed if width else policy.Expanding, policy.Fixed)

    def text(self) -> str:
        return f"{self._head[0]}{self._text}"

    def set_text(self, text: str, head: str = "", head_token: str = "text") -> None:
        """Write a line; `head` stands before it, bold and in a colour of its own."""
        if (text, (head, head_token)) != (self._text, self._head):
            self._text, self._head = text, (head, head_token)
            self.setAccessibleDescription(self.text())
            self.update()

    def retheme(self) -> None:
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._width, round(QFontMetricsF(self._font()).height()))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("surface"))
        at = QPointF(0.0, QFontMetricsF(self._font()).ascent())
        for text, token, bold in ((*self._head, True), (self._text, self._token, False)):
            font = self._font(bold)
            painter.setFont(font)
            painter.setPen(theme.color(token))
            painter.drawText(at, text)
            at += QPointF(QFontMetricsF(font).horizontalAdvance(text), 0.0)

    def _font(self, bold: bool = False) -> QFont:
        return theme.font(self._size, mono=self._mono, bold=bold)
