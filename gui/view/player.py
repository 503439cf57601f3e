"""The panel that animates one number: what, from where to where, how fast, and a scrubber."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from . import theme
from .controls import Card, Menu, Track, chip, number_entry


class Player(Card):
    """Play, pause and scrub a sweep.

    ``edited`` reports a field of the sweep (``target``, ``low``, ``high``, ``seconds``, ``loop``) and its
    new value.
    """

    play_clicked = Signal()
    edited = Signal(str, object)
    scrubbed = Signal(float)
    """Share of the way asked for, 0 to 1."""
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Animate", parent=parent)
        self._shown: object = None
        self.play = QPushButton("▶  Play")
        self.play.setProperty("kind", "primary")
        self.play.setAccessibleName("Play the animation")
        self.play.setToolTip("Move the chosen number between its two ends (Ctrl+Space)")
        self.play.clicked.connect(self.play_clicked)
        self.header.addWidget(self.play)

        self.target = Menu("What to animate")
        self.target.setSizeAdjustPolicy(Menu.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.target.setMinimumContentsLength(8)
        self.target.activated.connect(lambda index: self.edited.emit("target", self.target.itemData(index)))
        self.low, self.high = number_entry("From", width=70), number_entry("To", width=70)
        self.seconds = number_entry("Time for one way", decimals=1, unit="s", width=70)
        for field, entry in (("low", self.low), ("high", self.high), ("seconds", self.seconds)):
            entry.valueChanged.connect(lambda value, key=field: self.edited.emit(key, value))
        self.loop = chip("loop", "Loop", "Go back and forth until paused")
        self.loop.toggled.connect(lambda on: self.edited.emit("loop", on))
        first, second = QHBoxLayout(), QHBoxLayout()
        for row in (first, second):
            row.setSpacing(theme.SPACE_S)
        first.addWidget(self.target, 1)
        first.addWidget(self.seconds)
        first.addWidget(self.loop)
        self.scrubber = Track("Place in the animation")
        self.scrubber.setToolTip("Drag to any place of the animation")
        self.scrubber.sliderMoved.connect(lambda ticks: self.scrubbed.emit(ticks / self.scrubber.maximum()))
        self.scrubber.actionTriggered.connect(self._on_key)
        self.scrubber.sliderReleased.connect(self.released)
        second.addWidget(self.low)
        second.addWidget(self.scrubber, 1)
        second.addWidget(self.high)
        self.body.addLayout(first)
        self.body.addLayout(second)

    def set_targets(self, targets: Sequence[tuple[str, str]]) -> None:
        """Offer what can be moved: keys and what to call them."""
        offered = [(self.target.itemData(i), self.target.itemText(i)) for i in range(self.target.count())]
        if offered == list(targets):
            return
        self._shown = None
        self.target.clear()
        for key, text in targets:
            self.target.addItem(text, key)

    def set_sweep(self, target: str, low: float, high: float, seconds: float, loop: bool, limits: tuple[float, float]) -> None:
        """Show a sweep of the model; emits nothing."""
        wanted = (target, low, high, seconds, loop, limits)
        if wanted == self._shown:
            return
        self._shown = wanted
        for widget in (self.low, self.high, self.seconds, self.loop):
            widget.blockSignals(True)
        self.target.setCurrentIndex(self.target.findData(target))
        for entry, value in ((self.low, low), (self.high, high)):
            entry.setRange(*limits)
            entry.setValue(value)
        self.seconds.setValue(seconds)
        self.loop.setChecked(loop)
        for widget in (self.low, self.high, self.seconds, self.loop):
            widget.blockSignals(False)

    def set_state(self, playing: bool, position: float) -> None:
        """Show whether it runs, and where it stands."""
        text = "❚❚  Pause" if playing else "▶  Play"
        if self.play.text() != text:
            self.play.setText(text)
            self.play.setAccessibleName("Pause the animation" if playing else "Play the animation")
        if not self.scrubber.isSliderDown():
            self.scrubber.blockSignals(True)
            self.scrubber.setValue(round(position * self.scrubber.maximum()))
            self.scrubber.blockSignals(False)

    def _on_key(self, _action: int) -> None:
        if not self.scrubber.isSliderDown():
            self.scrubbed.emit(self.scrubber.sliderPosition() / self.scrubber.maximum())
            self.released.emit()
