"""The main window: labs to switch between, a menu, and a status line that says in words what is seen."""

from __future__ import annotations

import time
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from . import theme
from .controls import label
from .text import cut

TOLD_SECONDS = 4.0
LONGEST_ENTRY = 60
"""Letters of an entry of a menu: the rest of a long formula is left out."""


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One entry of the menu bar; the help sheet is made from the same rows."""

    key: str
    menu: str
    text: str
    shortcut: str = ""
    separated: bool = False


ACTIONS = (
    ActionRow("new", "File", "&New session", "Ctrl+N"),
    ActionRow("open", "File", "&Open session…", "Ctrl+O"),
    ActionRow("recent", "File", "Open &recent"),
    ActionRow("save", "File", "&Save session", "Ctrl+S"),
    ActionRow("save_as", "File", "Save session &as…", "Ctrl+Shift+S"),
    ActionRow("export_picture", "File", "Export &picture…", "Ctrl+E", separated=True),
    ActionRow("export_data", "File", "Export &data…", "Ctrl+Shift+E"),
    ActionRow("quit", "File", "&Quit", "Ctrl+Q", separated=True),
    ActionRow("undo", "Edit", "&Undo", "Ctrl+Z"),
    ActionRow("redo", "Edit", "&Redo", "Ctrl+Shift+Z"),
    ActionRow("copy_picture", "Edit", "&Copy picture", "Ctrl+Shift+C", separated=True),
    ActionRow("play", "View", "&Play or pause", "Ctrl+Space"),
    ActionRow("theme", "View", "Light or dark &theme", "Ctrl+T"),
    ActionRow("full_screen", "View", "&Full screen", "F11"),
    ActionRow("help", "Help", "&Keyboard and mouse", "F1"),
    ActionRow("try", "Help", "&Things to try"),
    ActionRow("about", "Help", "&About"),
)


class Window(QMainWindow):
    """Frame around the labs."""

    lab_chosen = Signal(str)
    recent_chosen = Signal(str)
    closing = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("actcore")
        self._told_until = 0.0
        self._news = ""
        self.setMinimumSize(1024, 640)  # a small projector, and a laptop that enlarges everything by half
        self.actions_by_key: dict[str, QAction] = {}
        self._menus: dict[str, QMenu] = {}
        self._build_menus()
        self._stack = QStackedWidget()
        self._tabs: dict[str, QPushButton] = {}
        self._tab_group = QButtonGroup(self)
        self._tab_group.setExclusive(True)
        self._tab_row = QHBoxLayout()
        self._tab_row.setSpacing(theme.SPACE_XS)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._build_header())
        layout.addWidget(self._stack, 1)
        self.status = label("", "status")
        self.status.setAccessibleName("Status")
        row = QHBoxLayout()
        row.setContentsMargins(theme.SPACE_L, 0, theme.SPACE_L, theme.SPACE_S)
        row.addWidget(self.status, 1)
        layout.addLayout(row)
        self.setCentralWidget(page)

    def add_lab(self, name: str, title: str, widget: QWidget) -> None:
        """Add a page and its tab; shortcut Ctrl and its number."""
        number = len(self._tabs) + 1
        tab = QPushButton(title)
        tab.setProperty("kind", "tab")
        tab.setCheckable(True)
        tab.setAccessibleName(f"{title} lab")
        tab.setToolTip(f"{title} lab (Ctrl+{number})")
        tab.clicked.connect(lambda: self.lab_chosen.emit(name))
        action = QAction(f"{title} lab", self)
        action.setShortcut(QKeySequence(f"Ctrl+{number}"))
        action.setCheckable(True)
        action.setActionGroup(self._lab_actions)
        action.triggered.connect(lambda: self.lab_chosen.emit(name))
        self._menus["View"].insertAction(self.actions_by_key["play"], action)
        self.actions_by_key[f"lab {name}"] = action
        self._tab_group.addButton(tab)
        self._tab_row.addWidget(tab)
        self._tabs[name] = tab
        self._stack.addWidget(widget)

    def show_lab(self, name: str) -> None:
        self._tabs[name].setChecked(True)
        self.actions_by_key[f"lab {name}"].setChecked(True)
        self._stack.setCurrentIndex(list(self._tabs).index(name))

    def set_history(self, undo: str | None, redo: str | None) -> None:
        """Say in the menu and on the buttons what undo and redo would do."""
        for key, verb, text in (("undo", "Undo", undo), ("redo", "Redo", redo)):
            action = self.actions_by_key[key]
            action.setEnabled(text is not None)
            action.setText(f"&{verb} {cut(text, LONGEST_ENTRY)}" if text else f"&{verb}")
            action.setToolTip(f"{action.text().replace('&', '')} ({action.shortcut().toString()})")

    def set_status(self, text: str, news: str = "") -> None:
        """Say what is seen, unless something was told just now; `news`, which stand in it, wait for nothing."""
        if news != self._news:
            self._news = news
            self._told_until = 0.0 if news else self._told_until
        if text != self.status.text() and time.monotonic() >= self._told_until:
            self.status.setText(text)
            self.status.setToolTip(text)  # where the window is too narrow for it

    def tell(self, text: str, seconds: float = TOLD_SECONDS) -> None:
        """Say in the status line what was done, long enough to be read."""
        self._told_until = time.monotonic() + seconds
        self.status.setText(text)

    def set_recent(self, paths: list[str]) -> None:
        """Fill the list of recent files."""
        menu = self.actions_by_key["recent"].menu()
        assert isinstance(menu, QMenu)
        menu.clear()
        for path in paths:
            menu.addAction(path).triggered.connect(lambda _on=False, chosen=path: self.recent_chosen.emit(chosen))
        self.actions_by_key["recent"].setEnabled(bool(paths))

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        event.accept()

    def _build_menus(self) -> None:
        self._lab_actions = QActionGroup(self)
        for row in ACTIONS:
            menu = self._menus.get(row.menu)
            if menu is None:
                menu = self._menus[row.menu] = self.menuBar().addMenu(f"&{row.menu}")
            if row.separated:
                menu.addSeparator()
            action = QAction(row.text, self)
            if row.shortcut:
                action.setShortcut(QKeySequence(row.shortcut))
            menu.addAction(action)
            self.actions_by_key[row.key] = action
        self.actions_by_key["recent"].setMenu(QMenu(self))

    def _build_header(self) -> QHBoxLayout:
        header = QHBoxLayout()
        header.setContentsMargins(theme.SPACE_L, theme.SPACE_XS, theme.SPACE_L, theme.SPACE_XS)
        header.setSpacing(theme.SPACE_S)
        header.addLayout(self._tab_row)
        header.addStretch(1)
        for key, text, name in (
            ("undo", "↶", "Undo"),
            ("redo", "↷", "Redo"),
            ("theme", "◐", "Light or dark"),
        ):
            button = QToolButton()
            button.setDefaultAction(self.actions_by_key[key])
            button.setProperty("kind", "quiet")
            button.setAccessibleName(name)
            button.setFont(theme.font(theme.TEXT_L))
            button.setFixedSize(32, 32)
            # The button shows a sign; the words stay in the menu and the tooltip.
            button.setText(text)
            self.actions_by_key[key].changed.connect(lambda b=button, t=text: b.setText(t))
            header.addWidget(button)
        return header
