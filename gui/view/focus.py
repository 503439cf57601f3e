"""Where the keys go, shown on pictures that paint themselves."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFocusEvent, QPainter

from . import theme

_BY_KEY = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


class FocusFrame:
    """Mixin of a widget that is framed while the keys go to it; to a click the frame would say nothing new."""

    _reached_by_key = False

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._reached_by_key = event.reason() in _BY_KEY
        super().focusInEvent(event)

    def draw_focus(self, painter: QPainter) -> None:
        """Draw the frame, last of all, in the widget's own coordinates."""
        if self._reached_by_key and self.hasFocus():
            painter.setPen(theme.pen("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
