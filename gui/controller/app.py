"""The app's controller: one document, one window, the labs, and the frame tick that draws what changed."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

import actcore

from ..model.document import Document
from ..model.session import Session
from ..view import theme
from ..view.dialogs import HelpSheet, say
from ..view.window import ACTIONS, Window
from .choosers import Choosers
from .experiments import THINGS_TO_TRY
from .files import Files
from .lab import Lab
from .network import NetworkController
from .neuron import NeuronController

FRAME_MS = 16
STATUS_SECONDS = 0.2
"""Words that change with every frame cannot be read."""


class AppController:
    """Builds window and labs around a document and keeps them in step.

    Parameters
    ----------
    app : QApplication
    document : Document
    labs : sequence of Lab
        Built with the same document, in the order of their tabs.
    """

    def __init__(self, app: QApplication, document: Document, labs: Sequence[Lab]) -> None:
        self._app, self.document = app, document
        self.labs = {lab.name: lab for lab in labs}
        self.window = Window()
        for lab in labs:
            self.window.add_lab(lab.name, lab.title, lab.view)
        self._theme = theme.current().name
        self._status_at = 0.0
        actions = self.window.actions_by_key
        actions["undo"].triggered.connect(document.undo)
        actions["redo"].triggered.connect(document.redo)
        actions["theme"].triggered.connect(self._switch_theme)
        actions["play"].triggered.connect(lambda: self.lab.toggle_play())
        actions["full_screen"].triggered.connect(self._switch_full_screen)
        actions["help"].triggered.connect(self._show_help)
        actions["try"].triggered.connect(self._show_things_to_try)
        actions["about"].triggered.connect(self._show_about)
        actions["quit"].triggered.connect(self.window.close)
        self.window.lab_chosen.connect(lambda name: document.show(lab=name))
        self.window.closing.connect(self.close)
        document.changed.connect(self._on_changed)
        self._on_changed(document.session)
        self.lab.view.setFocus()
        self.files = Files(document, self.window, lambda: self.lab, labs)
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self.tick)

    @property
    def lab(self) -> Lab:
        """The lab that is shown."""
        return self.labs[self.document.session.lab]

    def start(self) -> None:
        """Begin to draw frames."""
        # What stands by now stays: a collector that walks over all of it in search of garbage stops the window for
        # two frames. And it runs between frames only: left to itself, it may destroy Qt's objects while one of them is being
        # disconnected, which waits for ever, or in the thread that trains.
        gc.freeze()
        gc.disable()
        self._timer.start()

    def tick(self) -> None:
        """One frame: the shown lab draws what changed since the last one."""
        collect_garbage()
        now = time.perf_counter()
        self.lab.frame(now)
        if now - self._status_at >= STATUS_SECONDS:
            self._status_at = now
            self.window.set_status(self.lab.status(), self.lab.news())

    def close(self) -> None:
        self._timer.stop()
        gc.enable()
        gc.unfreeze()
        self.files.close()
        for lab in self.labs.values():
            lab.close()

    def _on_changed(self, session: Session) -> None:
        if session.theme != self._theme:
            self._theme = session.theme
            theme.apply(self._app, session.theme)
        self.window.show_lab(session.lab)
        self.window.set_history(self.document.undo_text, self.document.redo_text)

    def _switch_theme(self) -> None:
        self.document.show(theme="dark" if self.document.session.theme == "light" else "light")

    def _switch_full_screen(self) -> None:
        if self.window.isFullScreen():
            self.window.showNormal()
        else:
            self.window.showFullScreen()

    def _show_help(self) -> None:
        HelpSheet("Keyboard and mouse", help_sections(list(self.labs.values())), self.window).open()

    def _show_things_to_try(self) -> None:
        HelpSheet("Things to try", [("Five minutes, five experiments", THINGS_TO_TRY)], self.window).show()

    def _show_about(self) -> None:
        text = f"Version {actcore.__version__}. Every value shown is computed by the actcore library."
        say(self.window, "actcore: neurons and activation functions to hold in your hands", text)


def collect_garbage() -> None:
    """Do what Python would do by itself, once enough has been allocated."""
    if not gc.isenabled():
        due = [generation for generation in range(3) if gc.get_count()[generation] > gc.get_threshold()[generation]]
        if due:
            gc.collect(due[-1])


def help_sections(labs: Sequence[Lab]) -> list[tuple[str, list[tuple[str, str]]]]:
    """What the help sheet lists: the labs' gestures, then the shortcuts of the menu bar."""
    sections = [(f"{lab.title} lab", list(lab.gestures)) for lab in labs]
    keys = [(f"Ctrl+{number}", f"{lab.title} lab") for number, lab in enumerate(labs, start=1)]
    rows = [(row.shortcut, row.text.replace("&", "").rstrip("…")) for row in ACTIONS if row.shortcut]
    return [*sections, ("Everywhere", keys + rows)]


def build(app: QApplication, session: Session) -> AppController:
    """The whole app around a session, ready to be shown."""
    document = Document(session)
    theme.apply(app, session.theme)  # before there are widgets: one pass of styling instead of two
    choosers = Choosers(document)
    return AppController(app, document, [NeuronController(document, choosers), NetworkController(document, choosers)])
