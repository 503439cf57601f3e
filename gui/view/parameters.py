"""The parameters of an activation, a slider for each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from . import theme
from .controls import NumberSlider

NAME_WIDTH = 98
"""Pixels: longer names, which only a formula has, are cut in the middle."""


class ParameterSliders(QWidget):
    """Sliders for the parameters of whichever activation is shown; nothing where it has none.

    Parameters
    ----------
    columns : int
        So many beside each other, where there is room for them.
    """

    changing = Signal(str, float)
    """A parameter and its value under way."""
    finished = Signal()

    def __init__(self, columns: int = 1, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most, self._columns = columns, 0
        self.sliders: dict[str, NumberSlider] = {}
        self._shown: str | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(2)
        self._grid.setHorizontalSpacing(theme.SPACE_M)

    def show_activation(self, spec: Any, values: Mapping[str, float]) -> None:
        """Show the parameters of a row of the registry at these values; emits nothing."""
        if spec.name != self._shown:
            self._shown = spec.name
            self._build(spec)
        for name, slider in self.sliders.items():
            slider.set_value(values[name])
        self.setVisible(bool(self.sliders))

    def _build(self, spec: Any) -> None:
        for slider in self.sliders.values():
            self._grid.removeWidget(slider)
            slider.hide()  # at once: it is deleted only when control returns to the event loop
            slider.deleteLater()
        self.sliders = {}
        for row in spec.parameters:
            words = row.name.replace("_", " ")
            slider = NumberSlider(
                words,
                f"{spec.title}: {words}",
                *slider_range(row),
                row.default,
                decimals=max(0, -math.floor(math.log10(row.step))),
                tip=row.meaning,
            )
            slider.changing.connect(lambda value, key=row.name: self.changing.emit(key, value))
            slider.finished.connect(self.finished)
            slider.track.setMinimumWidth(48)
            slider.entry.setFixedWidth(68)
            name = slider.symbol
            name.setText(name.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, NAME_WIDTH))
            self.sliders[row.name] = slider
        # The tracks begin below each other, and take what the names leave.
        widest = max((slider.symbol.sizeHint().width() for slider in self.sliders.values()), default=0)
        for slider in self.sliders.values():
            slider.symbol.setMinimumWidth(max(widest, slider.symbol.minimumWidth()))
        self._columns = 0
        self._place()
        # What is made later would come last in the whole window when one goes by keyboard; it belongs after what stands before it.
        before = self.previousInFocusChain()
        while before.focusPolicy() == Qt.FocusPolicy.NoFocus and before is not self:
            before = before.previousInFocusChain()
        for slider in self.sliders.values():
            for stop in (slider.track, slider.entry):
                QWidget.setTabOrder(before, stop)
                before = stop

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place()

    def minimumSizeHint(self) -> QSize:
        """One column is enough: the second goes where the room does."""
        return QSize(self._widest(), super().minimumSizeHint().height())

    def _widest(self) -> int:
        return max((slider.minimumSizeHint().width() for slider in self.sliders.values()), default=0)

    def _place(self) -> None:
        """Put the sliders into as many columns as fit."""
        each = self._widest() + theme.SPACE_M
        columns = max(1, min(self._most, len(self.sliders), (self.width() + theme.SPACE_M) // each))
        if columns != self._columns:
            self._columns = columns
            for number, slider in enumerate(self.sliders.values()):
                self._grid.addWidget(slider, *divmod(number, columns))
            for column in range(self._most):
                self._grid.setColumnStretch(column, column < columns)


def slider_range(parameter: Any) -> tuple[float, float]:
    """Ends of a slider for a registry's parameter: its bounds, or a hundred steps where there is no bound."""
    low, high, reach = parameter.minimum, parameter.maximum, 100 * parameter.step
    low = -reach if math.isinf(low) else low + parameter.step * parameter.exclusive_minimum
    return low, max(reach, 2 * parameter.default) if math.isinf(high) else high
