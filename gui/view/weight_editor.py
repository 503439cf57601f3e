"""The entry in which a weight of the diagram is typed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from .controls import NumberEntry


class WeightEditor(NumberEntry):
    """The entry in which a weight is typed: Enter takes the number, Escape leaves it."""

    def __init__(self, parent: QWidget, limit: float) -> None:
        super().__init__(parent)
        self.setAccessibleName("Weight")
        self.setRange(-limit, limit)
        self.setDecimals(3)
        self.setSingleStep(0.1)
        self.setFixedWidth(96)
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            self.parentWidget().setFocus()
        else:
            super().keyPressEvent(event)
        # Not passed on: to the diagram the same Enter would mean to type the next number.
        event.accept()
