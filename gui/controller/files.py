"""Work is kept: session files, recent files, autosave and recovery, and export of pictures and data."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QBuffer, QPoint, QSettings, QSize, QStandardPaths, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QPainter, QPixmap
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QFileDialog, QWidget

from ..engine import networks
from ..model.commands import open_session
from ..model.document import Document
from ..model.session import Session, SessionError, load, save
from ..view.dialogs import say
from ..view.window import Window
from .lab import Lab

AUTOSAVE_MS = 3000
"""At most this much work is lost in a crash."""
RECENT_FILES = 8
WELCOME_SECONDS = 20.0
LAST = "last.json"
"""In the app's own folder: the work as it was left."""
SESSION_FILTER = "Session (*.json)"
PICTURE_FILTER = "Picture (*.png);;Drawing (*.svg)"
TABLE_FILTER = "Table (*.csv)"


class Files:
    """Everything that touches the disk; a failure is a sentence in a dialog and leaves the work as it is.

    Parameters
    ----------
    document, window : Document, Window
    lab : callable
        Gives the lab that is shown.
    labs : sequence of Lab
        All of them, to be paused or kept.
    """

    def __init__(self, document: Document, window: Window, lab: Callable[[], Lab], labs: Sequence[Lab]) -> None:
        self._document, self._window, self._lab, self._labs = document, window, lab, labs
        self._settings = QSettings()
        self.path: Path | None = None
        self._autosaved: Session | None = document.session
        actions = window.actions_by_key
        actions["new"].triggered.connect(self.start_new)
        actions["open"].triggered.connect(self._ask_open)
        actions["save"].triggered.connect(self._save)
        actions["save_as"].triggered.connect(self._ask_save)
        actions["export_picture"].triggered.connect(self._ask_picture)
        actions["export_data"].triggered.connect(self._ask_data)
        actions["copy_picture"].triggered.connect(self.copy_picture)
        window.recent_chosen.connect(self.open)
        self._show_recent()
        self._timer = QTimer()
        self._timer.setInterval(AUTOSAVE_MS)
        self._timer.timeout.connect(self._on_timer)

    # Session files

    def start_new(self) -> None:
        """Begin with a new session; the look stays, and undo brings the old work back."""
        shown = self._document.session
        self._take_over(Session(shown.lab, shown.theme), "start a new session")
        self._set_path(None)
        self._window.tell("A new session; undo brings the one before back.")

    def open(self, path: str | Path) -> bool:
        """Open a session file; returns whether that worked."""
        try:
            session = load(path)
        except SessionError as error:
            say(self._window, "The session was not opened", str(error))
            return False
        self._take_over(session, "open session")
        self.opened(path)
        self._window.tell(f"Opened {Path(path).name}.")
        return True

    def opened(self, path: str | Path) -> None:
        """Say that the session lies in this file now: the next save goes there."""
        self._set_path(Path(path).resolve())
        recent = [str(self.path), *(name for name in self._recent() if name != str(self.path))]
        self._settings.setValue("recent", recent[:RECENT_FILES])
        self._show_recent()

    def save_to(self, path: str | Path) -> bool:
        """Save the session; returns whether that worked."""
        self._keep()
        try:
            save(self._document.session, path)
        except SessionError as error:
            say(self._window, "The session was not saved", str(error))
            return False
        self.opened(path)
        self._window.tell(f"Saved as {Path(path).name}.")
        return True

    def _take_over(self, session: Session, text: str) -> None:
        """Go over to another session, at rest; undo brings back all of the one before, its trained weights too."""
        for lab in self._labs:
            lab.pause()
        self._keep()
        network = session.network
        if network.checkpoint is None:  # which would leave the weights that are there
            session = replace(session, network=replace(network, checkpoint=networks.first_weights(network)))
        self._document.apply(open_session(session, text))

    def _keep(self) -> None:
        """Put into the document what the labs run outside it."""
        for lab in self._labs:
            lab.keep()

    # Recovery

    def keep_for_next_start(self) -> None:
        """The person leaves: the work is there again at the next start, saved or not."""
        self._keep()
        try:
            _own_folder().mkdir(parents=True, exist_ok=True)
            save(self._document.session, _own_folder() / LAST)
        except (SessionError, OSError) as error:  # the window is gone; what was last autosaved stays
            print(f"The work could not be kept for the next start: {error}", file=sys.stderr)
        else:
            _recovery().unlink(missing_ok=True)

    def begin(self) -> None:
        """Bring back what a crash left; else tell who starts for the first time where to begin."""
        if not self.recover() and last_session() is None:
            self._window.tell("New here? “Things to try” in the Help menu: five experiments in five minutes.", WELCOME_SECONDS)

    def recover(self) -> bool:
        """Bring back the work of a run that ended without closing; returns whether there was any."""
        for path in sorted(_own_folder().glob("recovery-*.json")):
            number = path.stem.partition("-")[2]
            if number.isdigit() and not _is_running(int(number)):
                try:
                    session = load(path)
                except SessionError:
                    path.unlink(missing_ok=True)
                    continue
                path.unlink(missing_ok=True)
                self._take_over(session, "recover the work")
                self._window.tell("The work of the last run was brought back; undo starts afresh.")
                return True
        return False

    def start_autosave(self) -> None:
        self._timer.start()

    def autosave(self) -> None:
        """Write the recovery file if there is anything new."""
        self._keep()
        if self._document.session != self._autosaved:
            _own_folder().mkdir(parents=True, exist_ok=True)
            save(self._document.session, _recovery())
            self._autosaved = self._document.session

    def _on_timer(self) -> None:
        try:
            self.autosave()
        except (SessionError, OSError) as error:  # the next turn tries again
            self._window.tell(f"The work could not be kept for a recovery: {error}")

    def close(self) -> None:
        self._timer.stop()

    # Export

    def export_picture(self, path: str | Path) -> bool:
        """Write the shown lab as PNG, at twice the density of the screen, or as SVG."""
        view = self._lab().view
        try:
            if Path(path).suffix.lower() == ".svg":
                Path(path).write_bytes(drawing(view))
            elif not picture(view, 2.0).save(str(path)):
                raise OSError
        except OSError:
            hint = "" if Path(path).suffix.lower() in (".png", ".svg") else " The name of a picture ends in .png or .svg."
            say(self._window, "The picture was not written", f"{path} cannot be written.{hint}")
            return False
        self._window.tell(f"Written to {Path(path).name}.")
        return True

    def export_data(self, path: str | Path) -> bool:
        """Write the numbers behind the shown lab as CSV: one column for each quantity."""
        columns = self._lab().table()
        try:
            with open(path, "w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(columns)
                writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
        except OSError as error:
            say(self._window, "The data were not written", f"{path} cannot be written: {error.strerror}.")
            return False
        self._window.tell(f"Written to {Path(path).name}.")
        return True

    def copy_picture(self) -> None:
        """Put a picture of the shown lab on the clipboard."""
        QGuiApplication.clipboard().setPixmap(picture(self._lab().view, 2.0))
        self._window.tell("The picture is on the clipboard.")

    # Dialogs

    def _ask_open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._window, "Open session", self._folder(), SESSION_FILTER)
        if path:
            self.open(path)

    def _save(self) -> None:
        if self.path is None:
            self._ask_save()
        else:
            self.save_to(self.path)

    def _ask_save(self) -> None:
        suggestion = self.path or Path(self._folder()) / "session.json"
        self._ask_where("Save session", suggestion, SESSION_FILTER, self.save_to)

    def _ask_picture(self) -> None:
        suggestion = Path(self._folder()) / f"{self._lab().name}.png"
        self._ask_where("Export picture", suggestion, PICTURE_FILTER, self.export_picture)

    def _ask_data(self) -> None:
        suggestion = Path(self._folder()) / f"{self._lab().name}.csv"
        self._ask_where("Export data", suggestion, TABLE_FILTER, self.export_data)

    def _ask_where(self, title: str, suggestion: Path, kinds: str, write: Callable[[str], object]) -> None:
        """Ask for a place to write to. A name without an ending gets that of the chosen kind, or of the first."""
        dialog = QFileDialog(self._window, title, str(suggestion.parent), kinds)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(suggestion.name)
        dialog.setDefaultSuffix(_ending(kinds))
        dialog.filterSelected.connect(lambda kind: dialog.setDefaultSuffix(_ending(kind)))
        dialog.fileSelected.connect(write)
        dialog.open()

    def _folder(self) -> str:
        documents = QStandardPaths.StandardLocation.DocumentsLocation
        return str(self.path.parent) if self.path else QStandardPaths.writableLocation(documents)

    # Recent files

    def _set_path(self, path: Path | None) -> None:
        """Go over to another file, or none: the one that the next save writes."""
        self.path = path
        self._window.setWindowTitle(f"{path.name} – actcore" if path else "actcore")

    def _recent(self) -> list[str]:
        stored = self._settings.value("recent", [])
        return [stored] if isinstance(stored, str) else list(stored or [])

    def _show_recent(self) -> None:
        self._window.set_recent(self._recent())


def _ending(kinds: str) -> str:
    """The ending of the first of a dialog's kinds of files, as in ``"Picture (*.png)"``."""
    return kinds.partition("*.")[2].partition(")")[0]


def picture(widget: QWidget, density: float) -> QPixmap:
    """A pixmap of a widget at `density` pixels for each of its own."""
    pixmap = QPixmap(QSize(widget.width(), widget.height()) * density)
    pixmap.setDevicePixelRatio(density)
    pixmap.fill(widget.palette().color(widget.backgroundRole()))
    widget.render(pixmap)
    return pixmap


def drawing(widget: QWidget) -> bytes:
    """A widget as an SVG: text, lines and curves stay sharp at any size, fields of colour are images in it."""
    buffer = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    generator.setViewBox(widget.rect())
    painter = QPainter(generator)
    widget.render(painter, QPoint())
    painter.end()
    return buffer.data().data()


def last_session() -> Session | None:
    """The work that was left last, if any."""
    try:
        return load(_own_folder() / LAST)
    except SessionError:
        return None


def _own_folder() -> Path:
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation))


def _recovery() -> Path:
    """Where this process keeps what a crash must not take."""
    return _own_folder() / f"recovery-{os.getpid()}.json"


def _is_running(number: int) -> bool:
    """Whether a process of this number is alive; signal 0 only asks."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
