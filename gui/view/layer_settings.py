"""One layer's settings beside its activation: how its weights start, and the activation's parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from . import theme
from .controls import Menu, label
from .parameters import ParameterSliders


class LayerRow(NamedTuple):
    """A layer as the settings show it: its name, how it starts, and its activation's registry row and parameters."""

    title: str
    init: str
    spec: Any
    parameters: Mapping[str, float]


class _Scroll(QScrollArea):
    """As high as what is in it; where the window is too low for that, at least `LEAST` of it is seen."""

    LEAST = 66
    """Pixels: two sliders below each other."""

    def __init__(self, inner: QWidget) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its sliders have it, and come into view with it
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setWidgetResizable(True)
        self.setWidget(inner)

    def sizeHint(self) -> QSize:
        return self.widget().minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(self.sizeHint().width(), min(self.sizeHint().height(), self.LEAST))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


class LayerSettings(QWidget):
    """A menu of the layers, and the settings of the chosen one; the first entry stands for all layers.

    Parameters
    ----------
    initializers : sequence of (key, text)
        The ways in which weights can start.
    """

    init_chosen = Signal(object, str)
    """The layer, from 0 and the output last, or None for all; and how its weights start."""
    parameter_changing = Signal(object, str, float)
    """The layer, or None for all with the same activation; the parameter and its value under way."""
    parameter_finished = Signal()

    def __init__(self, initializers: Sequence[tuple[object, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[LayerRow] = ()
        self.layer = Menu("Layer to set up")
        self.layer.setToolTip("Which layers the settings at the right belong to")
        self.init = Menu("Start of the weights")
        self.init.setToolTip("How the weights of the layer start; choosing starts the training over")
        self.init.setPlaceholderText("differs")
        for key, text in initializers:
            self.init.addItem(text, key)
        self.parameters = ParameterSliders(columns=2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.SPACE_XS, 0, theme.SPACE_S)
        column.setSpacing(theme.SPACE_XS)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self.layer)
        row.addWidget(label("weights start", "caption"))
        row.addWidget(self.init)
        row.addStretch(1)
        column.addLayout(row)
        self._scroll = _Scroll(self.parameters)
        column.addWidget(self._scroll)
        self.layer.activated.connect(lambda _index: self._show())
        self.init.activated.connect(lambda index: self.init_chosen.emit(self.chosen, self.init.itemData(index)))
        self.parameters.changing.connect(lambda name, value: self.parameter_changing.emit(self.chosen, name, value))
        self.parameters.finished.connect(self.parameter_finished)

    @property
    def chosen(self) -> int | None:
        """The layer that is set up, or None for all of them."""
        index = self.layer.currentIndex()
        return index - 1 if index > 0 else None

    def show_layers(self, rows: Sequence[LayerRow]) -> None:
        """Show the layers with weights, from the first hidden one to the output; emits nothing."""
        titles = ["All layers", *(row.title for row in rows)]
        if titles != [self.layer.itemText(index) for index in range(self.layer.count())]:
            index = self.layer.currentIndex()
            self.layer.clear()
            self.layer.addItems(titles)
            self.layer.setCurrentIndex(index if 0 < index < len(titles) else 0)
        self._rows = rows
        self._show()

    def _show(self) -> None:
        shown = self._rows if self.chosen is None else [self._rows[self.chosen]]
        inits = {row.init for row in shown}
        self.init.setCurrentIndex(self.init.findData(shown[0].init) if len(inits) == 1 else -1)
        # Of all layers: the first that has something to set.
        row = next((row for row in shown if row.parameters), shown[0])
        self.parameters.show_activation(row.spec, row.parameters)
        self._scroll.setVisible(bool(row.parameters))
