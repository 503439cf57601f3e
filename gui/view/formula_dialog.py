"""The dialog in which an activation is typed, with its curve and slope drawn while it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from . import theme
from .controls import label
from .plot import Plot
from .text import short

PAUSE_MS = 200
"""So long after the last key the formula is read."""
HIGHEST = 6.0
"""The curves are drawn up to this and down to its opposite."""
HINT = (
    "Type a formula of x, such as the one of an activation that you know. It takes + − * / and ** for powers, comparisons, "
    "a if x > 0 else b, and functions such as exp, log, sqrt, sin, tanh, sigmoid, relu, max, min. Other letters become sliders."
)


class FormulaDialog(QDialog):
    """An entry for a formula, what is wrong with it or what it looks like, and a few to begin with.

    Parameters
    ----------
    text : str
        What stands in the entry at first.
    examples : sequence of str
        Formulas to be taken over by a click.
    x_range : tuple of float
        Limits of the preview.
    """

    typed = Signal(str)
    """The entry's text, once typing pauses."""

    def __init__(self, text: str, examples: Sequence[str], x_range: tuple[float, float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("An activation of your own")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(600)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_XL, theme.SPACE_L, theme.SPACE_XL, theme.SPACE_L)
        layout.setSpacing(theme.SPACE_M)
        layout.addWidget(label("An activation of your own", "title"))
        self.entry = QLineEdit(text)
        self.entry.setFont(theme.font(theme.TEXT_L, mono=True))
        self.entry.setAccessibleName("Formula of x")
        self.entry.setPlaceholderText(examples[0])
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(label("f(x) =", "title"))
        row.addWidget(self.entry, 1)
        layout.addLayout(row)
        layout.addLayout(self._chips(examples))
        self.message = label("", wrap=True)
        self.message.setMinimumHeight(3 * theme.SPACE_L)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.message)
        self.plot = Plot("Preview of the formula", "x", "", x_range, (-HIGHEST, HIGHEST))
        self.plot.setMinimumHeight(240)
        self._value, self._slope = pg.PlotCurveItem(), pg.PlotCurveItem()
        for item in (self._slope, self._value):
            self.plot.addItem(item)
        layout.addWidget(self.plot, 1)
        self.legend = label("", "caption")
        layout.addWidget(self.legend)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.use = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.use.setText("Use it")
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        layout.addWidget(self.buttons)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._read)
        self.entry.textChanged.connect(self._on_text)
        self.entry.returnPressed.connect(self._read)  # before the dialog takes the key: who types fast does not wait
        self.retheme()
        self.entry.setFocus()

    def show_hint(self) -> None:
        """Say what can be typed."""
        self._show(HINT, good=False)

    def show_problem(self, sentence: str) -> None:
        """Say why this is no activation yet."""
        self._show(sentence, good=False)

    def show_curves(
        self, z: NDArray[np.float64], value: NDArray[np.float64], slope: NDArray[np.float64], parameters: Sequence[str]
    ) -> None:
        """Draw f and f′, and name the parameters."""
        self._value.setData(z, value)
        self._slope.setData(z, slope)
        top = min(HIGHEST, max(1.25, 1.08 * float(np.abs([value, slope]).max())))
        self.plot.set_ranges((float(z[0]), float(z[-1])), (-top, top))
        become = "become sliders" if len(parameters) > 1 else "becomes a slider"
        ends = f"f runs from {short(value[0])} at x = {short(z[0])} to {short(value[-1])} at x = {short(z[-1])}"
        self.plot.setAccessibleDescription(f"{ends}; its slope lies between {short(slope.min())} and {short(slope.max())}.")
        self._show(f"{_listed(parameters)} {become}, drawn here at 1." if parameters else "", good=True)

    def retheme(self) -> None:
        self._value.setPen(theme.pen("curve", 2.5))
        self._slope.setPen(theme.pen("derivative", 2.0))
        colours = theme.current()
        self.legend.setText(
            f'<span style="color:{colours.curve}">━</span> f &nbsp; <span style="color:{colours.derivative}">━</span> f′'
        )

    def _chips(self, examples: Sequence[str]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_XS)
        for example in examples:
            chip = QPushButton(example)
            chip.setProperty("kind", "chip")
            chip.setAutoDefault(False)
            chip.setAccessibleName(f"Example: {example}")
            chip.clicked.connect(lambda _on=False, text=example: self._take(text))
            row.addWidget(chip)
        row.addStretch(1)
        return row

    def _take(self, example: str) -> None:
        self.entry.setText(example)
        self.entry.setFocus()
        self.typed.emit(example)

    def _on_text(self, _text: str) -> None:
        self.use.setEnabled(False)
        self._pause.start()

    def _read(self) -> None:
        self.typed.emit(self.entry.text())

    def _accept(self) -> None:
        if self.use.isEnabled():
            self.accept()

    def _show(self, words: str, *, good: bool) -> None:
        self._pause.stop()
        self.message.setText(words)
        self.entry.setAccessibleDescription(words or "This can be used.")
        self.use.setEnabled(good)
        for item in (self._value, self._slope):
            item.setVisible(good)


def _listed(names: Sequence[str]) -> str:
    """Names as in a sentence: a, b and c."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
