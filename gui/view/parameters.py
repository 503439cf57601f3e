"""The parameters of an activation, a slider for each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from .controls import NumberSlider


class ParameterSliders(QWidget):
    """Sliders for the parameters of whichever activation is shown; nothing where it has none."""

    changing = Signal(str, float)
    """A parameter and its value under way."""
    finished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sliders: dict[str, NumberSlider] = {}
        self._shown: str | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)

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
            self._column.removeWidget(slider)
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
            self.sliders[row.name] = slider
            self._column.addWidget(slider)
        # The tracks begin below each other, and take what the names leave.
        widest = max((slider.symbol.sizeHint().width() for slider in self.sliders.values()), default=0)
        for slider in self.sliders.values():
            slider.symbol.setMinimumWidth(max(widest, slider.symbol.minimumWidth()))


def slider_range(parameter: Any) -> tuple[float, float]:
    """Ends of a slider for a registry's parameter: its bounds, or a hundred steps where there is no bound."""
    low, high, reach = parameter.minimum, parameter.maximum, 100 * parameter.step
    low = -reach if math.isinf(low) else low + parameter.step * parameter.exclusive_minimum
    return low, max(reach, 2 * parameter.default) if math.isinf(high) else high
