"""The chooser of an activation: a menu in groups and with curves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QWidget

from . import theme
from .controls import Menu


class ActivationChooser(QWidget):
    """A menu of the registry's activations, in groups and with their curves.

    Parameters
    ----------
    specs : iterable of registry rows
        What to offer, as ``actcore.get(name).spec``.
    curve : callable
        ``curve(name)`` gives the values of f over [-4, 4] for the small picture, computed by the engine.
    name : str
        Accessible name.
    own : bool
        Whether there is a button for a formula of one's own.
    """

    chosen = Signal(str)
    own_asked = Signal()

    def __init__(
        self,
        specs: Iterable[Any],
        curve: Callable[[str], np.ndarray],
        name: str,
        *,
        own: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._specs = {spec.name: spec for spec in specs}
        self._curves = {spec: curve(spec) for spec in self._specs}
        self._shown: str | None = ""
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_XS)
        self.menu = Menu(name)
        self.menu.setIconSize(QSize(36, 22))
        self.menu.setMaxVisibleItems(18)
        self.menu.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.menu.setMinimumContentsLength(10)
        self.menu.setPlaceholderText("differs")
        for group, members in _grouped(self._specs.values()).items():
            self._add_heading(group.capitalize())
            for spec in members:
                self._add(spec.name, spec)
        layout.addWidget(self.menu, 1)
        self.own = QToolButton()
        self.own.setText("ƒ(x)")
        self.own.setAccessibleName("Type an activation")
        self.own.setToolTip("Type an activation of your own, as a formula of x")
        self.own.setVisible(own)
        self.own.clicked.connect(self.own_asked)
        layout.addWidget(self.own)
        self.menu.activated.connect(lambda index: self.chosen.emit(self.menu.itemData(index)))
        self.retheme()

    def offer(self, name: str, spec: Any, values: np.ndarray) -> None:
        """Add an activation that is not in the registry, with its curve."""
        if name not in self._specs:
            if self.menu.findText(OWN) < 0:
                self._add_heading(OWN)
            self._specs[name], self._curves[name] = spec, values
            self._add(name, spec)
            self.menu.setItemIcon(self.menu.count() - 1, _curve_icon(values, self.devicePixelRatioF()))

    def _add_heading(self, text: str) -> None:
        self.menu.addItem(text)
        heading = self.menu.model().item(self.menu.count() - 1)
        heading.setEnabled(False)
        heading.setFont(theme.font(theme.TEXT_S, bold=True))

    def _add(self, name: str, spec: Any) -> None:
        self.menu.addItem(spec.title, name)
        self.menu.setItemData(self.menu.count() - 1, _tip(spec), Qt.ItemDataRole.ToolTipRole)

    def set_value(self, name: str | None) -> None:
        """Show an activation of the model, or with None that there are different ones; emits nothing."""
        if name != self._shown:
            self._shown = name
            self.menu.setCurrentIndex(-1 if name is None else self.menu.findData(name))
            self.menu.setToolTip(_tip(self._specs[name]) if name else "The layers have different activations")

    def retheme(self) -> None:
        for index in range(self.menu.count()):
            name = self.menu.itemData(index)
            if name is not None:
                self.menu.setItemIcon(index, _curve_icon(self._curves[name], self.devicePixelRatioF()))


OWN = "Yours"
"""The group of what was typed."""
KNOWN = "in every library"
"""The first group of the menu: what all the systems that the registry knows of spell, as a beginner will meet it."""
_GROUPS = ("bounded", "piecewise-linear", "smooth")
"""Tags that make the other groups, the first that fits; what fits none comes last."""


def _tip(spec: Any) -> str:
    return f"{spec.formula}\n{spec.advice}"


def _grouped(specs: Iterable[Any]) -> dict[str, list[Any]]:
    rows = list(specs)
    systems = max(len(row.spellings) for row in rows)
    groups: dict[str, list[Any]] = {heading: [] for heading in (KNOWN, *_GROUPS, "other")}
    for row in rows:
        tag = next((tag for tag in _GROUPS if tag in row.tags), "other")
        groups[KNOWN if len(row.spellings) == systems else tag].append(row)
    return {heading: members for heading, members in groups.items() if members}


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
