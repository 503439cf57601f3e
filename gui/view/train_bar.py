"""The bar on top of the Network lab, where the eye starts: play, how far, how fast, which activation."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from . import theme
from .chooser import ActivationChooser
from .controls import Card, Menu, label
from .readout import Readout
from .text import count


class TrainBar(Card):
    """Transport, readouts and the few settings that matter most.

    Parameters
    ----------
    chooser : ActivationChooser
        The activation of all hidden layers.
    speeds, optimizers, rates : sequence of (value, text)
        What can be chosen for steps a second, for the way from gradient to step, and for the learning rate.
    """

    play_clicked = Signal()
    step_clicked = Signal()
    epoch_clicked = Signal()
    reset_clicked = Signal()
    edited = Signal(str, object)
    """Field of the network's state and its new value."""

    def __init__(
        self,
        chooser: ActivationChooser,
        speeds: Sequence[tuple[float | None, str]],
        optimizers: Sequence[tuple[object, str]],
        rates: Sequence[tuple[float, str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent=parent)
        self.setAccessibleName("Training")
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        self.body.addLayout(row)
        self.play = QPushButton("▶  Train")
        self.play.setProperty("kind", "primary")
        self.play.setMinimumSize(104, 38)
        self.play.setToolTip("Train or pause (Ctrl+Space)")
        self.play.clicked.connect(self.play_clicked)
        row.addWidget(self.play)
        for text, name, tip, signal in (
            ("Step", "One step", "The weights move once, after one batch of points", self.step_clicked),
            ("Epoch", "One epoch", "One epoch: every training point is used once", self.epoch_clicked),
            ("↺ Reset", "Reset the weights", "Back to the first weights, at step 0", self.reset_clicked),
        ):
            button = QToolButton()
            button.setText(text)
            button.setAccessibleName(name)
            button.setToolTip(tip)
            button.setObjectName(text.split()[-1].lower())
            button.setMinimumHeight(34)
            button.clicked.connect(signal)
            row.addWidget(button)
        row.addSpacing(theme.SPACE_S)
        self.epoch = self._readout(row, "Epoch", 68)
        self.step = self._readout(row, "Step", 90)
        row.addStretch(1)
        self.speed = self._choice(row, "Steps a second", "speed", speeds, "The pace of the training; its result is the same")
        self.optimizer = self._choice(row, "Optimiser", "optimizer", optimizers, "How a gradient becomes a step")
        self.rate = self._choice(
            row,
            "Learning rate",
            "learning_rate",
            rates,
            "How far the weights move in each step: too far, and the loss jumps, or units die",
        )
        self.chooser = chooser
        chooser.menu.setMinimumWidth(80)
        chooser.menu.setIconSize(QSize(26, 16))  # as high as the other menus
        self._column(row, "Activation, all layers", chooser)

    def set_running(self, running: bool) -> None:
        """Show on the button what a click would do."""
        text = "❚❚  Pause" if running else "▶  Train"
        if text != self.play.text():
            self.play.setText(text)
            self.play.setAccessibleName("Pause the training" if running else "Train")

    def set_progress(self, epoch: float, step: int) -> None:
        """Show how far the training is."""
        self.epoch.set_text(count(int(epoch), 7))
        self.step.set_text(count(step, 9))

    def set_choices(self, speed: float | None, optimizer: str, rate: float) -> None:
        """Show the settings of the model; emits nothing."""
        for box, value in ((self.speed, speed), (self.optimizer, optimizer), (self.rate, rate)):
            index = box.findData(value)
            if index < 0:  # a value from a session file that the list does not have
                box.addItem(f"{value}", value)
                index = box.count() - 1
            box.setCurrentIndex(index)

    def _readout(self, row: QHBoxLayout, title: str, width: int) -> Readout:
        readout = Readout(title, size=theme.TEXT_L, mono=True, width=width)
        self._column(row, title, readout)
        return readout

    def _choice(self, row: QHBoxLayout, title: str, field: str, choices: Sequence[tuple[object, str]], tip: str) -> Menu:
        box = Menu(title)
        box.setToolTip(tip)
        for value, text in choices:
            box.addItem(text, value)
        box.activated.connect(lambda index: self.edited.emit(field, box.itemData(index)))
        self._column(row, title, box)
        return box

    @staticmethod
    def _column(row: QHBoxLayout, title: str, widget: QWidget) -> None:
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(label(title, "caption"))
        column.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(column)
        row.addSpacing(theme.SPACE_XS)
