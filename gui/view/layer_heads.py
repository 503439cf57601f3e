"""Over every hidden layer of the diagram: its activation, and how many units it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from . import theme
from .chooser import ActivationChooser
from .controls import label
from .diagram import Diagram

NARROW = 40
"""Pixels: six layers in the smallest window have less for each head; then the number of units comes first."""


class LayerHeads(QWidget):
    """A head for each hidden layer, each over its column of the diagram.

    Parameters
    ----------
    diagram : Diagram
        Whose columns the heads follow.
    chooser : callable
        ``chooser(name)`` makes an activation chooser with that accessible name.
    layers : int
        The most hidden layers there can be. All heads are made once and shown when needed.
    """

    activation_chosen = Signal(int, str)
    """Hidden layer, from 0, and the activation's name."""
    units_asked = Signal(int, int)
    """Hidden layer, from 0, and the number of units wanted."""

    def __init__(
        self,
        diagram: Diagram,
        chooser: Callable[[str], ActivationChooser],
        layers: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._diagram = diagram
        self._units = [0] * layers
        self._count = 0
        self.choosers: list[ActivationChooser] = []
        self.fewer: list[QToolButton] = []
        self.more: list[QToolButton] = []
        self._counts: list[QLabel] = []
        self._heads = [self._head(layer, chooser(f"Activation of layer {layer + 1}")) for layer in range(layers)]
        self.setFixedHeight(66)
        diagram.rearranged.connect(self._place)

    def show_layers(self, layers: Sequence[tuple[int, str]], most: int) -> None:
        """Show units and activation of every hidden layer; `most` is the limit of units."""
        self._count = len(layers)
        for index, head in enumerate(self._heads):
            head.setVisible(index < len(layers))
        for index, (units, activation) in enumerate(layers):
            self._units[index] = units
            self._counts[index].setText(f"{units}")
            self.choosers[index].set_value(activation)
            self.fewer[index].setEnabled(units > 1)
            self.more[index].setEnabled(units < most)
        self._place()

    def _head(self, layer: int, chooser: ActivationChooser) -> QWidget:
        head = QWidget(self)
        column = QVBoxLayout(head)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_XS)
        chooser.menu.setMinimumContentsLength(1)
        chooser.chosen.connect(lambda name: self.activation_chosen.emit(layer, name))
        self.choosers.append(chooser)
        column.addWidget(chooser)
        row = QHBoxLayout()
        row.setSpacing(1)
        count = label("")
        count.setAlignment(Qt.AlignmentFlag.AlignCenter)
        count.setToolTip(f"Units of layer {layer + 1}")
        self._counts.append(count)
        row.addStretch(1)
        for text, name, change, kept in (
            ("−", "One unit less", -1, self.fewer),
            ("+", "One unit more", 1, self.more),
        ):
            button = QToolButton()
            button.setText(text)
            button.setProperty("kind", "quiet")
            button.setFixedSize(20, 24)
            button.setStyleSheet("padding: 0")
            button.setAccessibleName(f"{name} in layer {layer + 1}")
            button.setToolTip(f"{name} in layer {layer + 1}")
            button.clicked.connect(lambda _on, step=change: self.units_asked.emit(layer, self._units[layer] + step))
            kept.append(button)
            row.addWidget(button)
            if change < 0:
                row.addWidget(count)
        row.addStretch(1)
        column.addLayout(row)
        return head

    def _place(self) -> None:
        columns = self._diagram.geometry_map.columns
        if len(columns) < 2 or len(columns) != self._count + 2:
            return
        step = int(columns[1] - columns[0])
        width = min(150, step - (theme.SPACE_S if step > 90 else 2))
        for index, head in enumerate(self._heads[: self._count]):
            head.setGeometry(int(columns[index + 1]) - width // 2, 0, width, self.height())
            menu = self.choosers[index].menu
            menu.setIconSize(QSize(26, 16) if width >= 54 else QSize(20, 14) if width >= NARROW else QSize(0, 0))
            menu.setStyleSheet(f"padding-left: {theme.SPACE_XS}px; padding-right: 0")
            count = self._counts[index]
            count.setStyleSheet("" if width >= NARROW else f"font-size: {theme.TEXT_S}px")
            count.setFixedWidth(count.sizeHint().width())
            for button in (self.fewer[index], self.more[index]):
                button.setFixedWidth(min(20, max(7, (width - 2 - count.width()) // 2)))
