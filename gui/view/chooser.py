"""The chooser of an activation: a menu in groups, with curves, and a slider for each parameter."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from . import theme
from .controls import Menu, NumberSlider


class ActivationChooser(QWidget):
    """A menu of the registry's activations, in groups and with their curves, and a slider for each parameter.

    Parameters
    ----------
    specs : iterable of registry rows
        What to offer, as ``actcore.get(name).spec``.
    curve : callable
        ``curve(name)`` gives the values of f over [-4, 4] for the small picture, computed by the engine.
    name : str
        Accessible name.
    with_parameters : bool
        Show sliders for the parameters under the menu.
    """

    chosen = Signal(str)
    parameter_changing = Signal(str, float)
    parameter_finished = Signal()

    def __init__(
        self,
        specs: Iterable[Any],
        curve: Callable[[str], np.ndarray],
        name: str = "Activation",
        *,
        with_parameters: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._specs = {spec.name: spec for spec in specs}
        self._curves = {spec: curve(spec) for spec in self._specs}
        self._with_parameters = with_parameters
        self._sliders: dict[str, NumberSlider] = {}
        self._shown: str | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        self.menu = Menu(name)
        self.menu.setIconSize(QSize(36, 22))
        self.menu.setMaxVisibleItems(18)
        self.menu.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.menu.setMinimumContentsLength(10)
        for group, members in _grouped(self._specs.values()).items():
            self.menu.addItem(group.capitalize())
            heading = self.menu.model().item(self.menu.count() - 1)
            heading.setEnabled(False)
            heading.setFont(theme.font(theme.TEXT_S, bold=True))
            for spec in members:
                self.menu.addItem(spec.title, spec.name)
                tip = f"{spec.formula}\n{spec.advice}"
                self.menu.setItemData(self.menu.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._sliders_box = QVBoxLayout()
        self._sliders_box.setSpacing(theme.SPACE_XS)
        layout.addWidget(self.menu)
        layout.addLayout(self._sliders_box)
        self.menu.activated.connect(lambda index: self.chosen.emit(self.menu.itemData(index)))
        self.retheme()

    def set_value(self, name: str, parameters: Mapping[str, float]) -> None:
        """Show an activation of the model with its parameters; emits nothing."""
        if name != self._shown:
            self._shown = name
            self.menu.setCurrentIndex(self.menu.findData(name))
            self.menu.setToolTip(f"{self._specs[name].formula}\n{self._specs[name].advice}")
            self._build_sliders(name)
        for parameter, slider in self._sliders.items():
            slider.set_value(parameters[parameter])

    def retheme(self) -> None:
        for index in range(self.menu.count()):
            name = self.menu.itemData(index)
            if name is not None:
                self.menu.setItemIcon(index, _curve_icon(self._curves[name], self.devicePixelRatioF()))

    def _build_sliders(self, name: str) -> None:
        for slider in self._sliders.values():
            self._sliders_box.removeWidget(slider)
            slider.hide()  # at once: it is deleted only when control returns to the event loop
            slider.deleteLater()
        self._sliders = {}
        if not self._with_parameters:
            return
        for row in self._specs[name].parameters:
            slider = NumberSlider(
                row.name.replace("_", " "),
                f"{self._specs[name].title}: {row.name.replace('_', ' ')}",
                *slider_range(row),
                row.default,
                decimals=max(0, -math.floor(math.log10(row.step))),
                tip=row.meaning,
                symbol_width=96,
            )
            slider.changing.connect(lambda value, key=row.name: self.parameter_changing.emit(key, value))
            slider.finished.connect(self.parameter_finished)
            self._sliders[row.name] = slider
            self._sliders_box.addWidget(slider)


def slider_range(parameter: Any) -> tuple[float, float]:
    """Ends of a slider for a registry's parameter: its bounds, or a hundred steps where there is no bound."""
    low, high, reach = parameter.minimum, parameter.maximum, 100 * parameter.step
    low = -reach if math.isinf(low) else low + parameter.step * parameter.exclusive_minimum
    return low, max(reach, 2 * parameter.default) if math.isinf(high) else high


_GROUPS = ("bounded", "piecewise-linear", "smooth")
"""Tags that make a group of the menu, the first that fits; what fits none comes last."""


def _grouped(specs: Iterable[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {tag: [] for tag in (*_GROUPS, "other")}
    for spec in specs:
        groups[next((tag for tag in _GROUPS if tag in spec.tags), "other")].append(spec)
    return {tag: members for tag, members in groups.items() if members}


def _curve_icon(values: np.ndarray, ratio: float) -> QIcon:
    """A small picture of a curve, with the axes through its origin."""
    width, height = 36, 22
    pixmap = QPixmap(round(width * ratio), round(height * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(QColor(0, 0, 0, 0))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    low, high = min(-1.0, float(values.min())), max(1.0, float(values.max()))
    x = np.linspace(2.0, width - 2.0, len(values))
    y = (height - 2.0) - (values - low) / (high - low) * (height - 4.0)
    zero = (height - 2.0) + low / (high - low) * (height - 4.0)
    painter.setPen(QPen(theme.color("border"), 1.0))
    painter.drawLine(QPointF(2, zero), QPointF(width - 2, zero))
    painter.drawLine(QPointF(width / 2, 2), QPointF(width / 2, height - 2))
    painter.setPen(QPen(theme.color("accent"), 1.8))
    painter.drawPolyline(QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]))
    painter.end()
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # else Qt tints it into the selection
    return icon
