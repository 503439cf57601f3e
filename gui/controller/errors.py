"""An exception anywhere in the app: shown with its text to copy, the work saved, and the app goes on."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from types import TracebackType

from psygnal import EmitLoopError
from PySide6.QtWidgets import QApplication, QWidget

from ..view.dialogs import ErrorDialog


class ErrorReporter:
    """Takes the place of `sys.excepthook`, which is where exceptions of Qt slots arrive.

    Parameters
    ----------
    window : QWidget
        Parent of the dialog.
    rescue : callable
        Saves the work; runs first.
    """

    def __init__(self, window: QWidget, rescue: Callable[[], None]) -> None:
        self._window, self._rescue = window, rescue
        self.dialog: ErrorDialog | None = None

    def install(self) -> None:
        sys.excepthook = self

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(details)
        try:
            self._rescue()
        except Exception:  # a failing rescue must not hide what it should rescue from
            details += "\nThe work could not be saved either:\n" + traceback.format_exc()
        if self.dialog is None or not self.dialog.isVisible():  # one dialog, however many follow at once
            cause = error.__cause__ if isinstance(error, EmitLoopError) and error.__cause__ else error
            self.dialog = ErrorDialog(f"{type(cause).__name__}: {cause}", details, self._window)
            self.dialog.open()
