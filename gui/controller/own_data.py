"""Data of one's own in the Network lab: painted with the mouse or the keyboard, or read from a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QFileDialog

from ..model.csv_points import MAX_ROWS, CsvError, CsvPoints, own, read_points, text_of
from ..model.dataset import OWN, DatasetSettings, make_dataset
from ..view.csv_preview import CsvPreview
from ..view.dialogs import say
from ..view.network_lab import NetworkLab

SPACING = 0.12
"""Painted points keep this distance, so that a slow stroke does not pile them up."""


class OwnData:
    """Paints points and opens files; what comes of it goes to `apply`.

    Parameters
    ----------
    view : NetworkLab
    settings : callable
        The data settings as they are.
    apply : callable
        ``apply(text, settings, merge)`` makes settings the document's, as one undoable entry for each `merge`.
    """

    def __init__(
        self,
        view: NetworkLab,
        settings: Callable[[], DatasetSettings],
        apply: Callable[[str, DatasetSettings, str | None], None],
    ) -> None:
        self._view, self._settings, self._apply = view, settings, apply
        view.data.paint.toggled.connect(self._switch_painting)
        view.data.csv.clicked.connect(self._ask_for_file)
        view.boundary.painted.connect(self._paint)
        view.boundary.painting_finished.connect(view.gesture_finished)
        view.boundary.painting_left.connect(lambda: view.data.paint.setChecked(False))

    def open_file(self, path: str) -> None:
        """Show what a CSV file holds, and take it over if that is wanted."""
        try:
            found = read_points(text_of(Path(path).read_bytes()))
        except CsvError as error:
            say(self._view, "This file cannot be used", str(error))
        except OSError as error:
            say(self._view, "This file cannot be read", f"{Path(path).name}: {error.strerror}.")
        else:
            self._preview(found)

    def _preview(self, found: CsvPoints) -> None:
        remarks = [f"Classes: {', '.join(found.classes)}."]
        if found.scaling:
            remarks.append(found.scaling)
        rows = [(f"{x1:.3g}", f"{x2:.3g}", found.classes[int(label)]) for x1, x2, label in found.points[:20]]
        dialog = CsvPreview(found.columns, rows, len(found.points), remarks, self._view)
        dialog.accepted.connect(lambda: self._apply("open points from a file", own(found.points, self._settings()), None))
        dialog.open()

    def _ask_for_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._view, "Open points", "", "Tables (*.csv *.tsv *.txt);;All files (*)")
        if path:
            self.open_file(path)

    def _switch_painting(self, on: bool) -> None:
        self._view.boundary.set_painting(on)
        if on:  # so that the arrow keys move the brush at once
            self._view.boundary.setFocus()

    def _paint(self, x1: float, x2: float, other: bool) -> None:
        points = self._points()
        near = points and np.hypot(points[-1][0] - x1, points[-1][1] - x2) < SPACING
        if near or len(points) >= MAX_ROWS:
            return
        points = (*points, (x1, x2, 0.0 if other else 1.0))
        self._apply("paint points", own(points, self._settings()), "paint points")

    def _points(self) -> tuple[tuple[float, float, float], ...]:
        """The points there are: painting adds to them. Those of a regression get their sign as class."""
        settings = self._settings()
        if settings.kind == OWN:
            return settings.points
        data = make_dataset(settings)
        x = np.concatenate([data.train_x, data.test_x]).tolist()
        y = np.concatenate([data.train_y, data.test_y])
        labels = (y > 0).astype(float) if settings.task == "regression" else y
        return tuple((x1, x2, label) for (x1, x2), label in zip(x, labels.tolist(), strict=True))
