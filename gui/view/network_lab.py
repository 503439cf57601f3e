"""The Network lab's page, read from left to right: data, network, output; the training on top."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from . import theme
from .boundary import Boundary
from .chooser import ActivationChooser
from .controls import Card, Menu, NumberSlider, chip, label, number_entry
from .data_panel import Chips, DataPanel, Tile
from .diagram import Diagram
from .inside import Inside
from .layer_heads import LayerHeads
from .layer_settings import LayerSettings
from .loss import SCALES, LossPlot
from .plane import ColorBar, Square
from .readout import Readout
from .train_bar import TrainBar

SIDE_LEAST, SIDE_MOST, OUTPUT_LEAST = 288, 300, 332
SYMBOL_WIDTH = 48
Choices = Sequence[tuple[object, str]]


class Offer(NamedTuple):
    """What can be chosen in the lab: pairs of the model's value and the words for it, and limits."""

    tiles: Sequence[Tile]
    features: Sequence[tuple[str, str]]
    optimizers: Choices
    initializers: Choices
    speeds: Sequence[tuple[float | None, str]]
    rates: Sequence[tuple[float, str]]
    layers: int
    extent: float
    stop_epoch: int
    stop_loss: float


class NetworkLab(QWidget):
    """All widgets of the lab; it reports gestures and shows what it is given.

    Parameters
    ----------
    offer : Offer
        What can be chosen.
    chooser : callable
        ``chooser(name, own=False)`` makes an activation chooser with that accessible name.
    """

    edited = Signal(str, object)
    """A field of the network's state and its new value; `gesture_finished` ends a drag."""
    gesture_finished = Signal()
    feature_toggled = Signal(str, bool)
    layers_asked = Signal(int)
    scale_chosen = Signal(str)
    test_toggled = Signal(bool)
    compare_toggled = Signal(bool)
    reseed_clicked = Signal()

    def __init__(self, offer: Offer, chooser: Callable[..., ActivationChooser], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_L, theme.SPACE_S, theme.SPACE_L, theme.SPACE_S)
        layout.setSpacing(theme.SPACE_M)
        self.bar = TrainBar(chooser("Activation of the hidden layers", own=True), offer.speeds, offer.optimizers, offer.rates)
        self.bar.edited.connect(self.edited)
        layout.addWidget(self.bar)
        stage = QHBoxLayout()
        stage.setSpacing(theme.SPACE_M)
        layout.addLayout(stage, 1)
        stage.addWidget(self._build_side(offer), 2)
        stage.addWidget(self._build_network(offer, chooser), 3)
        stage.addLayout(self._build_output(offer), 2)

    def _build_side(self, offer: Offer) -> QWidget:
        self.data = DataPanel(offer.tiles)
        self.data.finished.connect(self.gesture_finished)
        self.features = Chips(offer.features, "Input")
        self.features.toggled.connect(self.feature_toggled)
        inputs = Card()
        inputs.setAccessibleName("Inputs")
        beside = QHBoxLayout()
        beside.addWidget(label("Inputs", "title"), 0, Qt.AlignmentFlag.AlignTop)
        beside.addWidget(self.features, 1)
        inputs.body.addLayout(beside)
        training = Card("Training")
        self.loss_choice = self._choice(
            "Loss", "loss", [], "What training makes small: how far the answers are from the right ones"
        )
        training.body.addLayout(_labelled("Loss", self.loss_choice))
        self.batch = NumberSlider(
            "Batch",
            "Batch size",
            1,
            100,
            10,
            decimals=0,
            tip="Points for one step: few make it noisy, many make it slow",
            symbol_width=SYMBOL_WIDTH,
        )
        self.batch.track.setMinimumWidth(48)
        self.batch.changing.connect(lambda value: self.edited.emit("batch_size", round(value)))
        self.decay = NumberSlider(
            "L2",
            "Weight decay",
            0,
            0.1,
            0,
            decimals=4,
            tip="Pulls all weights towards zero, for smoother borders",
            symbol_width=SYMBOL_WIDTH,
        )
        self.decay.track.setMinimumWidth(48)
        self.decay.changing.connect(lambda value: self.edited.emit("l2", value))
        sliders = QVBoxLayout()
        sliders.setSpacing(2)
        training.body.addLayout(sliders)
        for slider in (self.batch, self.decay):
            slider.finished.connect(self.gesture_finished)
            sliders.addWidget(slider)
        self.stop_epoch = number_entry("Stop after this many epochs; 0 means never", decimals=0, width=88)
        self.stop_epoch.setRange(0, offer.stop_epoch)
        self.stop_loss = number_entry("Stop at this training loss; 0 means never", decimals=3, width=84)
        self.stop_loss.setRange(0, offer.stop_loss)
        for field, entry, word in (("stop_epoch", self.stop_epoch, "epoch"), ("stop_loss", self.stop_loss, "loss")):
            entry.setPrefix(f"{word} ")
            entry.setSpecialValueText(f"{word} –")
            entry.valueChanged.connect(lambda value, key=field: self._on_stop(key, value))
        training.body.addLayout(_labelled("Stop at", self.stop_epoch, self.stop_loss))
        reseed = QToolButton()
        reseed.setText("New weights")
        reseed.setProperty("kind", "quiet")
        reseed.setToolTip("Start over from other random weights")
        reseed.clicked.connect(self.reseed_clicked)
        training.header.addWidget(reseed)
        return _column([self.data, inputs, training])

    def _build_network(self, offer: Offer, chooser: Callable[..., ActivationChooser]) -> Card:
        card = Card("Network")
        self.layer_count = label("2")
        self.fewer_layers, self.more_layers = (
            self._layer_button(text, name) for text, name in (("−", "One layer less"), ("+", "One layer more"))
        )
        self.fewer_layers.clicked.connect(lambda: self.layers_asked.emit(-1))
        self.more_layers.clicked.connect(lambda: self.layers_asked.emit(1))
        card.header.addWidget(label("hidden layers", "muted"))
        for widget in (self.fewer_layers, self.layer_count, self.more_layers):
            card.header.addWidget(widget)
        self.diagram = Diagram()
        self.diagram.weight_finished.connect(self.gesture_finished)
        self.heads = LayerHeads(self.diagram, chooser, offer.layers)
        card.body.setSpacing(0)
        card.body.addWidget(self.heads)
        card.body.addWidget(self.diagram, 1)
        self.settings = LayerSettings(offer.initializers)
        self.settings.parameter_finished.connect(self.gesture_finished)
        card.body.addWidget(self.settings)
        self.inside = Inside()
        card.body.addWidget(self.inside)
        return card

    def _build_output(self, offer: Offer) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(theme.SPACE_M)
        output = Card("Output")
        self.output_title = output.header.itemAt(0).widget()
        tip = "Keep this picture, and wipe between it and what comes"
        self.compare = chip("Compare", "Compare before and after", tip)
        self.compare.toggled.connect(self.compare_toggled)
        self.show_test = QCheckBox("test")
        self.show_test.setToolTip("Show the test points, as rings: the network does not learn from them")
        self.show_test.setAccessibleName("Show the test points")
        self.show_test.setChecked(True)
        self.show_test.toggled.connect(self.test_toggled)
        output.header.addWidget(self.compare)
        output.header.addWidget(self.show_test)
        self.boundary = Boundary(offer.extent)
        self.color_bar = ColorBar("Colours of the output")
        output.body.addWidget(Square(self.boundary), 1)
        output.body.addWidget(self.color_bar)
        losses = Card("Course")
        self.scale = Menu("Curve to show")
        for key, text in SCALES:
            self.scale.addItem(text, key)
        self.scale.activated.connect(lambda index: self.scale_chosen.emit(self.scale.itemData(index)))
        self.train_text, self.test_text = Readout("Training points"), Readout("Test points")
        losses.header.addWidget(self.scale)
        legend = QHBoxLayout()
        legend.addWidget(self.train_text)
        legend.addWidget(self.test_text)
        losses.body.addLayout(legend)
        self.loss = LossPlot()
        self.loss.setMinimumHeight(88)
        losses.body.addWidget(self.loss, 1)
        for card, stretch in ((output, 2), (losses, 1)):
            card.setMinimumWidth(OUTPUT_LEAST)
            column.addWidget(card, stretch)
        return column

    def _choice(self, name: str, field: str, choices: Choices, tip: str) -> Menu:
        box = Menu(name)
        box.setToolTip(tip)
        for value, text in choices:
            box.addItem(text, value)
        box.activated.connect(lambda index: self.edited.emit(field, box.itemData(index)))
        return box

    @staticmethod
    def _layer_button(text: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setProperty("kind", "quiet")
        button.setFixedSize(26, 26)
        button.setAccessibleName(name)
        button.setToolTip(name)
        return button

    def set_losses_offered(self, losses: Choices, loss: str) -> None:
        """Offer these losses, and show the one chosen; emits nothing."""
        menu = self.loss_choice
        if [(menu.itemData(i), menu.itemText(i)) for i in range(menu.count())] != list(losses):
            menu.clear()
            for key, text in losses:
                menu.addItem(text, key)
        menu.setCurrentIndex(menu.findData(loss))

    def set_stops(self, epoch: int, loss: float) -> None:
        """Show when the training stops by itself; emits nothing."""
        for entry, value in ((self.stop_epoch, epoch), (self.stop_loss, loss)):
            entry.blockSignals(True)
            entry.setValue(value)
            entry.blockSignals(False)

    def _on_stop(self, field: str, value: float) -> None:
        self.edited.emit(field, int(value) if field == "stop_epoch" else value)
        self.gesture_finished.emit()

    def set_losses(self, train: str, test: str) -> None:
        """The losses and scores in words, above their curves and in the curves' colours."""
        self.train_text.set_text(train, "━ train  ", "curve")
        self.test_text.set_text(test, "━ test  ", "derivative")


def _labelled(text: str, *widgets: QWidget) -> QHBoxLayout:
    """A row of the side: words, then what they belong to."""
    row = QHBoxLayout()
    row.setSpacing(theme.SPACE_S)
    words = label(text)
    words.setMinimumWidth(SYMBOL_WIDTH)
    row.addWidget(words)
    for widget in widgets:
        row.addWidget(widget, 1)
    return row


def _column(cards: Sequence[QWidget]) -> QScrollArea:
    """Cards one under the other, scrolled where the window is low."""
    inner = QWidget()
    column = QVBoxLayout(inner)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(theme.SPACE_M)
    for card in cards:
        column.addWidget(card)
    column.addStretch(1)
    scroll = QScrollArea()
    scroll.setWidget(inner)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(scroll.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(scroll.horizontalScrollBarPolicy().ScrollBarAlwaysOff)
    scroll.setFocusPolicy(scroll.focusPolicy().NoFocus)
    scroll.setMinimumWidth(SIDE_LEAST)
    scroll.setMaximumWidth(SIDE_MOST)
    return scroll
