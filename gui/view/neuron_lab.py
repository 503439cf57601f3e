"""The Neuron lab's page: numbers at the left, the arithmetic on top, input plane and curve side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from . import theme
from .arithmetic import ArithmeticStrip
from .chooser import ActivationChooser
from .controls import Card, Menu, NumberSlider, chip, label
from .curves import Curves
from .parameters import ParameterSliders
from .plane import ColorBar, Plane, Square
from .player import Player
from .readout import Readout

SYMBOLS = {"x1": "x₁", "x2": "x₂", "w1": "w₁", "w2": "w₂", "b": "b"}
NAMES = {"x1": "First input", "x2": "Second input", "w1": "First weight", "w2": "Second weight", "b": "Bias"}
TIPS = {
    "x1": "The first number that reaches the neuron",
    "x2": "The second number that reaches the neuron",
    "w1": "How much the first input counts; negative weights count against",
    "w2": "How much the second input counts; negative weights count against",
    "b": "Shifts the weighted sum: moves the decision line without turning it",
}
SIDE_LEAST, SIDE_MOST = 300, 340
LAYERS = (
    ("output", "Output a", "Every place is a pair of inputs, coloured by the neuron's answer."),
    ("gradient", "Gradient |∇a|", "Coloured by how strongly the answer reacts to the inputs."),
    ("regions", "Regions", "Where the neuron can learn, and where hardly or not at all."),
)


class NeuronLab(QWidget):
    """All widgets of the lab; it reports gestures and shows what it is given.

    Parameters
    ----------
    chooser : callable
        ``chooser(name, own=False)`` makes an activation chooser with that accessible name.
    limits : mapping of str to float
        Each number of the neuron lies within ±its limit.
    defaults : mapping of str to float
        What a reset goes back to.
    z_range : tuple of float
        Limits of the curves' z axis.
    """

    number_changing = Signal(str, float)
    gesture_finished = Signal()
    example_clicked = Signal()
    layer_chosen = Signal(str)
    second_toggled = Signal(bool)
    ghost_toggled = Signal(bool)

    def __init__(
        self,
        chooser: Callable[..., ActivationChooser],
        limits: Mapping[str, float],
        defaults: Mapping[str, float],
        z_range: tuple[float, float],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_L, theme.SPACE_S, theme.SPACE_L, theme.SPACE_S)
        layout.setSpacing(theme.SPACE_M)
        layout.addWidget(self._build_side(chooser, limits, defaults), 3)
        stage = QVBoxLayout()
        stage.setSpacing(theme.SPACE_M)
        self.arithmetic = ArithmeticStrip()
        summary = Card()
        summary.body.addWidget(self.arithmetic)
        stage.addWidget(summary)
        pictures = QHBoxLayout()
        pictures.setSpacing(theme.SPACE_M)
        pictures.addWidget(self._build_plane(limits["x1"]), 1)
        pictures.addWidget(self._build_curves(z_range), 1)
        stage.addLayout(pictures, 1)
        layout.addLayout(stage, 7)
        self.setFocusProxy(self.plane)

    def show_activation(self, name: str, spec: Any, parameters: Mapping[str, float]) -> None:
        """Show which activation is chosen, with its parameters' values."""
        self.chooser.set_value(name)
        self.parameters.show_activation(spec, parameters)
        self._formula.setText(spec.formula)
        self._advice.setText(spec.advice)

    def show_layer(self, layer: str) -> None:
        """Show which layer colours the plane, and say what it means."""
        self.layer.setCurrentIndex(self.layer.findData(layer))
        self._layer_caption.setText(self.layer.currentData(Qt.ItemDataRole.ToolTipRole))

    def set_spread(self, text: str) -> None:
        """Say how much of the plane falls on the flat parts of the curve."""
        self._spread.set_text(text)

    def _build_side(
        self,
        chooser: Callable[..., ActivationChooser],
        limits: Mapping[str, float],
        defaults: Mapping[str, float],
    ) -> QWidget:
        numbers = Card("Neuron")
        self.example = QToolButton()
        self.example.setText("Example")
        self.example.setProperty("kind", "quiet")
        self.example.setAccessibleName("Back to the example")
        self.example.setToolTip("Inputs of 10 and 2 with the example's weights and bias")
        self.example.clicked.connect(self.example_clicked)
        numbers.header.addWidget(self.example)
        self.sliders: dict[str, NumberSlider] = {}
        numbers.body.setSpacing(2)
        for key, symbol in SYMBOLS.items():
            slider = NumberSlider(symbol, NAMES[key], -limits[key], limits[key], defaults[key], tip=TIPS[key])
            slider.changing.connect(lambda value, number=key: self.number_changing.emit(number, value))
            slider.finished.connect(self.gesture_finished)
            numbers.body.addWidget(slider)
            self.sliders[key] = slider

        activation = Card("Activation")
        self.chooser = chooser("Activation", own=True)
        self.parameters = ParameterSliders()
        self.parameters.finished.connect(self.gesture_finished)
        self._formula = label("", wrap=True)
        self._formula.setMinimumWidth(1)  # a long name of one's own does not make the column wider
        self._advice = label("", "muted", wrap=True)
        activation.body.addWidget(self.chooser)
        activation.body.addWidget(self.parameters)
        activation.body.addWidget(self._formula)
        activation.body.addWidget(self._advice)

        self.player = Player()
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_S)
        for card in (numbers, activation, self.player):
            column.addWidget(card)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(side)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(scroll.horizontalScrollBarPolicy().ScrollBarAlwaysOff)
        scroll.setFocusPolicy(scroll.focusPolicy().NoFocus)
        scroll.setMinimumWidth(SIDE_LEAST)
        scroll.setMaximumWidth(SIDE_MOST)
        scroll.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        return scroll

    def _build_plane(self, limit: float) -> Card:
        card = Card("Input plane")
        self.layer = Menu("Colour the plane by")
        for key, text, tip in LAYERS:
            self.layer.addItem(text, key)
            self.layer.setItemData(self.layer.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.layer.activated.connect(lambda index: self.layer_chosen.emit(self.layer.itemData(index)))
        card.header.addWidget(self.layer)
        self.plane = Plane(limit)
        self.plane.released.connect(self.gesture_finished)
        self.color_bar = ColorBar("Colours of the plane")
        self._layer_caption = label("", "caption", wrap=True)
        card.body.addWidget(self._layer_caption)
        card.body.addWidget(Square(self.plane), 1)
        card.body.addWidget(self.color_bar)
        return card

    def _build_curves(self, z_range: tuple[float, float]) -> Card:
        card = Card("Activation curve", "What the neuron makes of its weighted sum z, and how steeply: f′.")
        self.show_second = chip("f″", "Show the second derivative", "Show the second derivative")
        self.show_second.toggled.connect(self.second_toggled)
        self.show_ghost = chip("previous", "Show the previous activation", "Keep the curve chosen before, dashed")
        self.show_ghost.setChecked(True)
        self.show_ghost.toggled.connect(self.ghost_toggled)
        card.header.addWidget(self.show_ghost)
        card.header.addWidget(self.show_second)
        self.curves = Curves(z_range)
        self.curves.released.connect(self.gesture_finished)
        self._spread = Readout("Flat share", "muted", theme.TEXT_S)
        card.body.addWidget(self.curves, 1)
        card.body.addWidget(self._spread)
        return card
