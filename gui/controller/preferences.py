"""What the app remembers of the person rather than of the work: the theme, and where the window stood."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings, Qt

from ..model.session import THEMES, Session
from ..view.window import Window


def preferred_theme() -> str:
    """The theme last used; light at first."""
    stored = QSettings().value("theme")
    return stored if stored in THEMES else THEMES[0]


def restore_window(window: Window) -> None:
    """Put the window where it stood; at the first start on a screen smaller than itself, over all of that."""
    stored = QSettings().value("geometry")
    if isinstance(stored, QByteArray):
        window.restoreGeometry(stored)
    elif window.size().boundedTo(window.screen().availableSize()) != window.size():
        window.setWindowState(Qt.WindowState.WindowMaximized)


def remember(window: Window, session: Session) -> None:
    """Keep both for the next start."""
    settings = QSettings()
    settings.setValue("theme", session.theme)
    settings.setValue("geometry", window.saveGeometry())
