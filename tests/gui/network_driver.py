"""The Network lab as a person meets it: events in, pictures and model out."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QWidget

from gui.controller.network_drawing import STILL_SIDE
from gui.engine import networks
from gui.engine.training import Training
from gui.model.dataset import DatasetSettings
from gui.model.network import Checkpoint, Layer, NetworkState
from gui.view.diagram_geometry import Place

XOR = NetworkState(data=DatasetSettings("xor", count=200), hidden=(Layer(4), Layer(3)), speed=None)
LEFT = Qt.MouseButton.LeftButton


def trained(state: NetworkState, steps: int) -> np.ndarray:
    """The weights of `state` after so many steps."""
    training = Training(state)
    training.run(steps)
    return training.snapshot(0, running=False).parameters


def with_weights(state: NetworkState, *layers: tuple[object, object]) -> NetworkState:
    """The state with these weights and biases, layer by layer, as its starting point."""
    net = networks.build(state)
    for index, (weights, biases) in enumerate(layers):
        net.weights[index][:], net.biases[index][:] = weights, biases
    return state.changed(checkpoint=Checkpoint(0, tuple(net.parameters.tolist())))


class Driver:
    """The lab as a person meets it: events in, pictures and model out."""

    def __init__(self, app) -> None:
        self.app, self.lab = app, app.labs["network"]
        self.view, self.worker = self.lab.view, self.lab.worker

    @property
    def state(self) -> NetworkState:
        return self.app.document.session.network

    def settle(self):
        """Let the worker finish, and draw the result."""
        self.worker.flush()
        snapshot = self.worker.wait(lambda s: not s.running)
        self.app.tick()
        QApplication.processEvents()
        # The fine picture of what rests, however long the test takes on a busy machine.
        self.lab.drawing.draw(self.worker.snapshot, STILL_SIDE, slow=True)
        QApplication.processEvents()
        return snapshot

    def look_back(self):
        """Go to an earlier step with a key, as far as one press goes."""
        self.view.loss.setFocus()
        QTest.keyClick(self.view.loss, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
        return self.settle()

    def click(self, widget: QWidget) -> None:
        QTest.mouseClick(widget, LEFT)
        self.app.tick()

    def choose(self, box: QComboBox, value: object) -> None:
        """Walk a menu with the arrow keys to a value."""
        box.setFocus()
        while box.currentData() != value:
            key = Qt.Key.Key_Down if box.currentIndex() < box.findData(value) else Qt.Key.Key_Up
            QTest.keyClick(box, key)

    def choose_row(self, box: QComboBox, text: str) -> None:
        """Walk a menu with the arrow keys to the row of these words."""
        box.setFocus()
        while box.currentText() != text:
            key = Qt.Key.Key_Down if box.currentIndex() < box.findText(text) else Qt.Key.Key_Up
            QTest.keyClick(box, key)

    def type(self, entry: QAbstractSpinBox, text: str) -> None:
        """Type a number over the one that is there."""
        entry.setFocus()
        entry.selectAll()
        QTest.keyClicks(entry, text)
        QTest.keyClick(entry, Qt.Key.Key_Return)
        self.app.tick()

    def change_weight(self, by: float) -> None:
        """Drag the first edge up or down by so much."""
        start = self.place(1, 0, 0)
        end = (start - QPointF(0, 60 * by)).toPoint()
        QTest.mousePress(self.view.diagram, LEFT, pos=start.toPoint())
        QTest.mouseMove(self.view.diagram, end)
        QTest.mouseRelease(self.view.diagram, LEFT, pos=end)
        self.app.tick()

    def place(self, layer: int, unit: int, source: int | None = None) -> QPointF:
        return self.view.diagram.geometry_map.middle(Place(layer, unit, source))
