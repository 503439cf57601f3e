"""The data to learn from: a tile for each kind with its own points on it, noise, count and division."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from . import theme
from .controls import Card, NumberSlider, chip

TILE = 38


class Tile(NamedTuple):
    """A data set to choose: key, title, advice, and points (n, 2) in [-1, 1] with 0 to 1 (2: third class)."""

    key: str
    title: str
    advice: str
    points: NDArray[np.floating]
    shades: NDArray[np.floating]


class DataPanel(Card):
    """Which data, how noisy, how much of it.

    Parameters
    ----------
    tiles : sequence of Tile
        The data sets on offer.
    defaults : mapping
        Values that a reset goes back to.
    """

    edited = Signal(str, object)
    """A field of the data settings and its new value."""
    finished = Signal()
    resampled = Signal()

    def __init__(self, tiles: Sequence[Tile], parent: QWidget | None = None) -> None:
        super().__init__("Data", parent=parent)
        self._tiles = tiles
        self.new_sample = QToolButton()
        self.new_sample.setText("New sample")
        self.new_sample.setProperty("kind", "quiet")
        self.new_sample.setToolTip("Draw other points of the same kind")
        self.new_sample.clicked.connect(self.resampled)
        self.header.addWidget(self.new_sample)
        self.buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        grid = QGridLayout()
        grid.setSpacing(theme.SPACE_XS)
        for number, tile in enumerate(tiles):
            button = QToolButton()
            button.setCheckable(True)
            button.setProperty("kind", "tile")
            button.setIconSize(QSize(TILE, TILE))
            button.setFixedSize(TILE + 12, TILE + 12)
            button.setAccessibleName(f"Data: {tile.title}")
            button.setToolTip(f"<b>{tile.title}</b><br>{tile.advice}")
            button.clicked.connect(lambda _on, key=tile.key: self.edited.emit("kind", key))
            self.buttons[tile.key] = button
            self._group.addButton(button)
            grid.addWidget(button, number // 4, number % 4)
        self.body.addLayout(grid)
        own = QHBoxLayout()
        own.setSpacing(theme.SPACE_XS)
        tip = "Paint into the output: left blue, right orange. By keyboard: arrows, Space, Shift+Space; Escape ends it"
        self.paint = chip("✎ Paint points", "Paint points", tip)
        self.csv = QPushButton("Open CSV…")
        self.csv.setProperty("kind", "chip")
        self.csv.setAccessibleName("Open points from a CSV file")
        self.csv.setToolTip("Points of your own: a table of two numbers and a class")
        for button in (self.paint, self.csv):
            own.addWidget(button, 1)
        self.body.addLayout(own)
        self._sliders = QVBoxLayout()
        self._sliders.setSpacing(2)
        self.body.addLayout(self._sliders)
        self.noise = self._slider("Noise", "noise", 0, 100, 5, "%", "How much the points are scattered")
        self.count = self._slider("Points", "count", 50, 1000, 400, "", "How many points, train and test")
        self.share = self._slider("Train", "train_share", 10, 90, 70, "%", "Share of the points to train on; the others test")
        self.retheme()

    def set_data(self, kind: str, noise: float, count: int, train_share: float) -> None:
        """Show the settings of the model; emits nothing."""
        if kind in self.buttons:
            self.buttons[kind].setChecked(True)
        elif (checked := self._group.checkedButton()) is not None:
            self._group.setExclusive(False)
            checked.setChecked(False)
            self._group.setExclusive(True)
        self.noise.set_value(100 * noise)
        self.count.set_value(count)
        self.share.set_value(100 * train_share)
        for slider in (self.noise, self.count):
            slider.setEnabled(kind in self.buttons)

    def retheme(self) -> None:
        for tile in self._tiles:
            self.buttons[tile.key].setIcon(_picture(tile, self.devicePixelRatioF()))

    def _slider(self, symbol: str, field: str, low: float, high: float, default: float, unit: str, tip: str) -> NumberSlider:
        slider = NumberSlider(symbol, f"Data: {symbol}", low, high, default, decimals=0, unit=unit, tip=tip, symbol_width=48)
        slider.track.setMinimumWidth(48)
        slider.changing.connect(lambda value: self.edited.emit(field, value / 100 if unit == "%" else round(value)))
        slider.finished.connect(self.finished)
        self._sliders.addWidget(slider)
        return slider


class Chips(QWidget):
    """Small switches, four in a row, for the features that enter the network."""

    toggled = Signal(str, bool)

    def __init__(self, choices: Sequence[tuple[str, str]], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.SPACE_XS)
        self.buttons: dict[str, QPushButton] = {}
        for number, (key, text) in enumerate(choices):
            button = chip(text, f"{name}: {text}", f"Give the network {text}")
            button.clicked.connect(lambda on, chosen=key: self.toggled.emit(chosen, on))
            self.buttons[key] = button
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            grid.addWidget(button, number // 4, number % 4)

    def set_chosen(self, keys: Sequence[str]) -> None:
        """Show what is switched on; emits nothing."""
        for key, button in self.buttons.items():
            button.setChecked(key in keys)


def _picture(tile: Tile, ratio: float) -> QIcon:
    """The points of a data set, small."""
    pixmap = QPixmap(round(TILE * ratio), round(TILE * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    low, high = theme.color("negative"), theme.color("positive")
    third = theme.color("second")
    for (x, y), shade in zip(tile.points.tolist(), tile.shades.tolist(), strict=True):
        painter.setBrush(third if shade > 1 else _between(low, high, shade))
        painter.drawEllipse(QPointF((x + 1) * TILE / 2, (1 - y) * TILE / 2), 1.5, 1.5)
    painter.end()
    return QIcon(pixmap)


def _between(low: QColor, high: QColor, share: float) -> QColor:
    """From low at 0 over the muted middle to high at 1."""
    middle = theme.color("border")
    start, end, part = (low, middle, 2 * share) if share < 0.5 else (middle, high, 2 * share - 1)
    return QColor.fromRgbF(*((1 - part) * a + part * b for a, b in zip(start.getRgbF()[:3], end.getRgbF()[:3], strict=True)))
