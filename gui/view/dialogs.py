"""The dialogs: what went wrong, the keys and gestures, and what this is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from . import theme
from .controls import label


class ErrorDialog(QDialog):
    """Something failed inside the app; the details can be copied, and the work goes on."""

    def __init__(self, summary: str, details: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Something went wrong")
        self.setMinimumWidth(560)
        self.summary = label(summary, wrap=True)
        self.details = QPlainTextEdit(details)
        self.details.setReadOnly(True)
        self.details.setFont(theme.font(theme.TEXT_S, mono=True))
        self.details.setAccessibleName("Details of the error")
        self.copy_button = QPushButton("Copy details")
        self.copy_button.clicked.connect(lambda: QGuiApplication.clipboard().setText(details))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.copy_button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_L)
        layout.setSpacing(theme.SPACE_M)
        layout.addWidget(label("The last action failed; everything else goes on.", "title"))
        layout.addWidget(self.summary)
        layout.addWidget(self.details, 1)
        layout.addWidget(buttons)


def say(parent: QWidget, title: str, text: str) -> QMessageBox:
    """Tell something that did not work, in a sentence; the app goes on meanwhile."""
    box = QMessageBox(QMessageBox.Icon.NoIcon, title, title, QMessageBox.StandardButton.Close, parent)
    box.setInformativeText(text)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box


LONG = 32
"""Letters: longer names in a list take more than one line."""


class HelpSheet(QDialog):
    """What to know, in a list; `sections` are titles with rows of (key, gesture or name, what it does)."""

    def __init__(
        self, title: str, sections: Sequence[tuple[str, Sequence[tuple[str, str]]]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(620, 640)
        page = QWidget()
        grid = QGridLayout(page)
        grid.setHorizontalSpacing(theme.SPACE_XL)
        grid.setVerticalSpacing(theme.SPACE_S)
        grid.setColumnStretch(1, 1)
        line = 0
        for title, rows in sections:
            grid.setRowMinimumHeight(line, 2 * theme.SPACE_L)
            grid.addWidget(label(title, "title"), line, 0, 1, 2, Qt.AlignmentFlag.AlignBottom)
            line += 1
            for keys, meaning in rows:
                grid.addWidget(label(keys, "muted", wrap=len(keys) > LONG), line, 0, Qt.AlignmentFlag.AlignTop)
                grid.addWidget(label(meaning, wrap=True), line, 1)
                line += 1
        grid.setRowStretch(line, 1)
        scroll = QScrollArea()
        scroll.setAccessibleName(title)
        scroll.setWidget(page)
        scroll.setWidgetResizable(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_XL, theme.SPACE_L, theme.SPACE_XL, theme.SPACE_L)
        layout.addWidget(scroll, 1)
        layout.addWidget(buttons)
