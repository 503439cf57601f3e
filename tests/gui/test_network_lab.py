"""The Network lab under real events: every gesture, checked on the model, the weights and the pixels."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QToolTip, QWidget

from gui.engine import networks
from gui.model.dataset import EXTENT, KINDS, DatasetSettings
from gui.model.network import Checkpoint, Layer, NetworkState
from gui.view import theme
from gui.view.diagram_geometry import BIAS, Place

XOR = NetworkState(data=DatasetSettings("xor", count=200), hidden=(Layer(4), Layer(3)), speed=None)
LEFT = Qt.MouseButton.LeftButton


def image_of(widget: QWidget) -> np.ndarray:
    """The widget as drawn, (height, width, 3) uint8."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def rgb(token: str) -> np.ndarray:
    return np.array(theme.color(token).getRgb()[:3])


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
        for _ in range(2):
            self.app.tick()
            QApplication.processEvents()
        return snapshot

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


@pytest.fixture
def driver(make_app):
    def make(state: NetworkState = XOR) -> Driver:
        made = Driver(make_app(lab="network", network=state))
        made.settle()
        return made

    return make


def test_swapping_the_activation_while_training_keeps_the_weights(driver):
    d = driver(NetworkState(data=XOR.data, hidden=XOR.hidden, speed=30.0))
    d.click(d.view.bar.play)
    d.worker.wait(lambda s: s.step > 3)
    d.app.tick()
    before, picture = d.worker.snapshot, image_of(d.view.boundary)
    d.choose(d.view.bar.chooser.menu, "relu")
    after = d.worker.flush()
    assert after.running
    assert [layer.activation for layer in d.state.hidden] == ["relu", "relu"]
    assert after.step - before.step < 30
    # A few steps of Adam at a rate of 0.01 move no weight further; new weights would.
    assert np.abs(after.parameters - before.parameters).max() < 0.01 * (after.step - before.step + 1) * 2
    d.app.tick()
    assert np.abs(image_of(d.view.boundary).astype(int) - picture).max() > 30
    d.click(d.view.bar.play)
    assert not d.worker.flush().running


def test_xor_is_learned_while_the_window_keeps_drawing(driver):
    d = driver()
    frames, began = d.view.diagram.frames, time.perf_counter()
    d.click(d.view.bar.play)
    steps = set()
    while d.worker.snapshot.train_loss > 0.05 or d.view.diagram.frames < frames + 10:
        d.app.tick()
        QApplication.processEvents()
        steps.add(d.lab.drawing.snapshot.step)
        assert time.perf_counter() - began < 60
    assert len(steps) >= 5  # not the same picture again and again: the training went on between the frames
    d.click(d.view.bar.play)
    assert d.settle().train_loss < 0.05


def test_dragging_an_edge_changes_that_weight_only_and_undo_restores_it(driver, drag):
    d = driver()
    d.worker.advance(200)
    before = d.settle()
    picture = image_of(d.view.boundary)
    start = d.place(1, 2, 0)
    drag(d.view.diagram, start, start - QPointF(0, 90), tick=d.app.tick)
    after = d.settle()
    index = d.lab.drawing.pictures.index_of(Place(1, 2, 0))
    assert after.parameters[index] == pytest.approx(before.parameters[index] + 1.5, abs=0.02)
    assert np.array_equal(np.delete(after.parameters, index), np.delete(before.parameters, index))
    assert np.abs(image_of(d.view.boundary).astype(int) - picture).max() > 20
    assert d.app.document.undo_text == "change a weight"
    d.app.document.undo()
    restored = d.settle()
    assert np.array_equal(restored.parameters, before.parameters)
    assert restored.step == before.step
    assert d.app.document.undo_text is None
    d.app.document.redo()
    assert np.array_equal(d.settle().parameters, after.parameters)


def test_a_weight_can_be_dragged_while_training(driver, drag):
    d = driver(NetworkState(data=XOR.data, hidden=XOR.hidden, speed=100.0))
    d.click(d.view.bar.play)
    start = d.place(2, 1, BIAS)
    drag(d.view.diagram, start, start - QPointF(0, 60), tick=d.app.tick)
    assert d.worker.flush().running
    assert d.app.document.undo_text == "change a bias"
    d.click(d.view.bar.play)
    d.settle()


def test_a_weight_is_typed(driver):
    d = driver()
    at = d.place(1, 0, 1).toPoint()
    QTest.mouseDClick(d.view.diagram, LEFT, pos=at)
    editor = d.view.diagram.focusWidget()
    QTest.keyClicks(editor, "-2.5")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    snapshot = d.settle()
    assert snapshot.parameters[d.lab.drawing.pictures.index_of(Place(1, 0, 1))] == -2.5
    assert not editor.isVisible()


def test_the_keyboard_walks_the_diagram_and_changes_a_weight(driver):
    d = driver()
    diagram, before = d.view.diagram, d.worker.snapshot.parameters
    diagram.setFocus()
    QTest.keyClick(diagram, Qt.Key.Key_Right)
    QTest.keyClick(diagram, Qt.Key.Key_Down)
    QTest.keyClick(diagram, Qt.Key.Key_PageDown)
    assert diagram.place == Place(2, 1, 0)
    QTest.keyClick(diagram, Qt.Key.Key_Plus)
    index = d.lab.drawing.pictures.index_of(Place(2, 1, 0))
    assert d.settle().parameters[index] == pytest.approx(before[index] + 0.1, abs=1e-6)
    assert diagram.accessibleDescription().startswith("weight")


def test_a_click_shows_a_unit_large(driver):
    d = driver()
    output = image_of(d.view.boundary)
    QTest.mouseClick(d.view.diagram, LEFT, pos=d.place(1, 0).toPoint())
    d.settle()
    assert "Layer 1" in d.view.output_title.text()
    assert np.abs(image_of(d.view.boundary).astype(int) - output).max() > 30
    d.click(d.view.heads.more[0])
    d.settle()
    assert d.view.output_title.text() == "Output"  # in another shape it is another unit


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_tile_chooses_the_data_and_keeps_the_weights(driver, kind):
    d = driver()
    before = d.settle().parameters
    d.click(d.view.data.buttons[kind])
    after = d.settle()
    assert d.state.data.kind == kind
    if d.state.sizes == XOR.sizes:
        assert np.array_equal(before, after.parameters)
    assert np.isfinite(after.test_loss)


def test_units_and_layers_come_and_go_and_undo_brings_their_weights_back(driver):
    d = driver()
    d.worker.advance(100)
    before = d.settle()
    d.click(d.view.heads.more[0])
    assert d.settle().state.sizes == (2, 5, 3, 1)
    d.click(d.view.more_layers)
    assert d.settle().state.sizes == (2, 5, 3, 3, 1)
    d.click(d.view.fewer_layers)
    d.click(d.view.fewer_layers)
    d.click(d.view.fewer_layers)
    assert d.settle().state.sizes == (2, 1)
    assert not d.view.fewer_layers.isEnabled()
    while d.app.document.undo_text:
        d.app.document.undo()
    restored = d.settle()
    assert restored.state.sizes == XOR.sizes
    assert np.array_equal(restored.parameters, before.parameters)


def test_features_are_switched_but_never_all_off(driver):
    d = driver()
    d.click(d.view.features.buttons["product"])
    assert d.settle().state.features == ("x1", "x2", "product")
    for key in ("x1", "x2", "product"):
        d.click(d.view.features.buttons[key])
    d.settle()
    assert d.state.features == ("product",)
    assert d.view.features.buttons["product"].isChecked()


def test_reset_goes_back_to_the_first_weights_and_can_be_undone(driver):
    d = driver()
    first = d.settle().parameters
    d.worker.advance(300)
    trained = d.settle()
    reset = d.view.bar.findChild(QWidget, "reset")
    d.click(reset)
    assert np.array_equal(d.settle().parameters, first)
    assert d.worker.snapshot.step == 0
    d.app.document.undo()
    back = d.settle()
    assert back.step == 300
    assert np.array_equal(back.parameters, trained.parameters)


def test_undo_of_a_setting_leaves_what_was_learned_since(driver):
    d = driver()
    d.choose(d.view.bar.rate, 0.03)
    d.worker.advance(100)
    learned = d.settle().parameters
    d.app.keep()
    d.app.document.undo()
    assert d.state.learning_rate == 0.01
    assert np.array_equal(d.settle().parameters, learned)


def test_the_loss_handle_goes_back_in_time(driver, drag):
    d = driver()
    d.worker.advance(800)
    d.settle()
    d.lab.drawing.draw(d.worker.snapshot, 129, slow=True)
    loss = d.view.loss
    start = loss.to_pixels(loss.handle.pos().x(), loss.handle.pos().y())
    drag(loss.viewport(), start, loss.to_pixels(400.0, loss.handle.pos().y()), tick=d.app.tick)
    snapshot = d.settle()
    assert snapshot.step == pytest.approx(400, abs=8)
    assert snapshot.last_step == 800
    assert d.app.document.undo_text is None


@pytest.mark.parametrize("way", ["step", "weight"])
def test_going_on_from_an_earlier_step_can_be_undone(driver, way):
    d = driver()
    d.worker.advance(800)
    present = d.settle()
    d.lab.drawing.draw(d.worker.snapshot, 129, slow=True)
    d.view.loss.setFocus()
    QTest.keyClick(d.view.loss, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    past = d.settle()
    assert past.step < 800 == past.last_step
    d.choose(d.view.bar.rate, 0.03)  # a setting is no way off
    assert d.worker.flush().last_step == 800
    if way == "step":
        d.click(d.view.bar.findChild(QWidget, "step"))
        branched = d.settle()
        assert branched.step == branched.last_step == past.step + 1
    else:
        d.change_weight(1.0)
        assert d.settle().last_step == past.step
        d.app.document.undo()
        assert np.array_equal(d.settle().parameters, past.parameters)
    assert d.app.document.undo_text == f"go on from step {past.step}"
    d.app.document.undo()
    back = d.settle()
    assert (back.step, back.last_step) == (800, 800)
    assert d.state.learning_rate == 0.03
    assert np.array_equal(back.parameters, present.parameters)
    d.app.document.redo()
    again = d.settle()
    assert again.step == past.step
    assert np.array_equal(again.parameters, past.parameters)


def test_undo_among_edits_while_training(driver):
    """Undo of a setting leaves the weights; undo of an act on the weights brings weights and step of before it back."""
    d = driver()
    d.worker.advance(100)
    first = d.settle()
    d.change_weight(1.0)
    changed = d.settle()
    d.worker.advance(100)
    d.settle()
    d.choose(d.view.bar.rate, 0.03)
    d.worker.advance(100)
    learned = d.settle()
    d.app.keep()  # as the autosave does, at any time
    assert (changed.step, learned.step) == (100, 300)

    d.app.document.undo()
    unset = d.settle()
    assert d.state.learning_rate == 0.01
    assert unset.step == 300
    assert np.array_equal(unset.parameters, learned.parameters)
    d.app.document.undo()
    restored = d.settle()
    assert restored.step == 100
    assert np.array_equal(restored.parameters, first.parameters)
    assert d.app.document.undo_text is None

    d.app.document.redo()
    again = d.settle()
    assert again.step == 100
    assert np.array_equal(again.parameters, changed.parameters)
    d.worker.advance(10)
    later = d.settle()
    d.app.document.redo()
    assert d.state.learning_rate == 0.03
    assert np.array_equal(d.settle().parameters, later.parameters)


def test_undo_while_the_training_runs_lets_it_run_on(driver):
    d = driver(XOR.changed(speed=1))
    d.worker.advance(100)
    before = d.settle()
    d.change_weight(5.0)
    d.click(d.view.bar.play)
    d.worker.wait(lambda s: s.step > 100)
    d.app.document.undo()
    after = d.worker.flush()
    assert after.running
    assert 100 <= after.step <= 102
    assert np.abs(after.parameters - before.parameters).max() < 0.1  # steps of Adam at 0.01, not the change of 5
    d.app.tick()
    d.click(d.view.bar.play)
    d.settle()


def test_swapping_while_paused_offers_before_and_after(driver, drag):
    d = driver()
    d.worker.advance(500)
    d.settle()
    before = image_of(d.view.boundary)
    d.choose(d.view.heads.choosers[0].menu, "relu")
    d.settle()
    assert d.view.compare.isChecked()
    boundary = d.view.boundary
    left, right = boundary.to_pixels(-2.0, 2.5).toPoint(), boundary.to_pixels(2.0, 2.5).toPoint()
    drag(boundary.viewport(), boundary.to_pixels(0.0, -0.86 * EXTENT), boundary.to_pixels(2.9, -0.86 * EXTENT))
    QApplication.processEvents()
    wiped = image_of(boundary)
    assert np.abs(wiped[left.y(), left.x()].astype(int) - before[left.y(), left.x()]).max() < 6
    assert np.abs(wiped[right.y(), right.x()].astype(int) - before[right.y(), right.x()]).max() < 6
    d.click(d.view.compare)
    d.settle()
    assert np.abs(image_of(boundary).astype(int) - before).max() > 30


@pytest.mark.parametrize(("kind", "words"), [("xor", "% for blue"), ("pinwheel", "% sure"), ("bumps", "output")])
@pytest.mark.qt_log_ignore("does not support raise")  # the offscreen platform, of every tooltip
def test_resting_on_the_output_reads_the_answer(driver, kind, words):
    d = driver(XOR.changed(data=DatasetSettings(kind)))
    boundary = d.view.boundary
    at = boundary.to_pixels(1.0, -2.0).toPoint()
    viewport = boundary.viewport()
    QApplication.sendEvent(viewport, QHelpEvent(QEvent.Type.ToolTip, at, viewport.mapToGlobal(at)))
    x1, x2 = (float(part.split(" = ")[1]) for part in QToolTip.text().splitlines()[0].split(", "))
    assert (x1, x2) == pytest.approx((1.0, -2.0), abs=0.03)
    assert words in QToolTip.text()
    QToolTip.hideText()


def test_the_drawn_boundary_is_the_analytic_one(driver):
    # One neuron, z = 2 x1 - x2 + 0.5: the boundary crosses the height x2 = 1 at x1 = 0.25.
    d = driver(with_weights(NetworkState(data=XOR.data, hidden=()), ([[2, -1]], 0.5)))
    d.lab.drawing.draw(d.worker.snapshot, 513, slow=True)
    d.view.boundary._train.hide()
    d.view.boundary._test.hide()
    QApplication.processEvents()
    boundary = d.view.boundary
    at = boundary.to_pixels(0.25, 1.0)
    row = image_of(boundary)[round(at.y()), round(at.x()) - 12 : round(at.x()) + 13].astype(float).sum(axis=1)
    darkest = np.flatnonzero(row < row.min() + 30).mean() - 12 + round(at.x())
    assert darkest == pytest.approx(at.x(), abs=1.0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["pinwheel", "bumps"])
def test_every_task_is_drawn_in_both_themes(make_app, kind, theme):
    d = Driver(make_app(lab="network", theme=theme, network=NetworkState().changed(data=DatasetSettings(kind))))
    d.worker.advance(500)
    d.settle()
    assert len(np.unique(image_of(d.view.boundary).reshape(-1, 3), axis=0)) > 100
    assert d.lab.status()


def test_the_same_session_draws_the_same_picture(make_app):
    pictures = []
    for _ in range(2):
        app = make_app(lab="network", network=XOR)
        app.lab.prepare()
        pictures.append(image_of(app.lab.view.boundary))
    assert np.array_equal(*pictures)


def test_dead_units_are_said_and_revived_by_a_click(driver):
    # All biases far below zero: no point reaches a ReLU's slope.
    state = NetworkState(data=XOR.data, hidden=(Layer(4, "relu"),))
    d = driver(with_weights(state, (0.1, -5.0), (0.5, 0.0)))
    weights = d.worker.snapshot.parameters
    d.lab.drawing.draw(d.worker.snapshot, 65, slow=True)
    assert d.lab.drawing.insides[0].dead == 4
    assert "dead" in d.lab.status()
    assert "4 of 4 dead" in d.view.inside.accessibleDescription()
    button = d.view.inside.remedy_rect(0)
    outline = image_of(d.view.inside)[round(button.top()), round(button.center().x())].astype(int)
    assert np.abs(outline - rgb("warning")).max() < 80
    QTest.mouseClick(d.view.inside, LEFT, pos=button.center().toPoint())
    revived = d.settle()
    d.lab.drawing.draw(revived, 65, slow=True)
    assert d.lab.drawing.insides[0].dead == 0
    assert np.array_equal(d.lab.drawing.pictures.net.weights[1], np.full((1, 4), 0.5))
    d.app.document.undo()
    assert np.array_equal(d.settle().parameters, weights)


def test_saturated_units_get_smaller_sums(driver):
    state = NetworkState(data=XOR.data, hidden=(Layer(2, "tanh"),))
    d = driver(with_weights(state, ([[40, 30], [-50, 20]], 0), (1, 0)))
    d.lab.drawing.draw(d.worker.snapshot, 65, slow=True)
    before = d.lab.drawing.insides[0].saturated
    assert before > 0.8
    d.view.inside.setFocus()
    QTest.keyClick(d.view.inside, Qt.Key.Key_Return)
    d.lab.drawing.draw(d.settle(), 65, slow=True)
    assert d.lab.drawing.insides[0].saturated < 0.3


def test_the_shape_of_an_activation_has_a_slider(driver):
    d = driver(NetworkState(data=XOR.data, hidden=(Layer(4, "leaky_relu"), Layer(3, "tanh"), Layer(2, "leaky_relu"))))
    entry = d.view.settings.parameters.sliders["negative_slope"].entry
    d.type(entry, "0.25")
    d.settle()
    assert [dict(layer.parameters) for layer in d.state.hidden] == [
        {"negative_slope": 0.25},
        {},
        {"negative_slope": 0.25},
    ]
    net = d.lab.drawing.pictures.net
    assert net.activations[0].parameters["negative_slope"] == 0.25
    d.choose_row(d.view.settings.layer, "Layer 3")
    d.type(entry, "0.5")
    assert [dict(layer.parameters) for layer in d.state.hidden] == [
        {"negative_slope": 0.25},
        {},
        {"negative_slope": 0.5},
    ]
    d.choose_row(d.view.settings.layer, "Layer 2")
    assert not d.view.settings.parameters.isVisible()


def test_each_layer_starts_in_its_own_way(driver):
    d = driver()
    first = [weights.copy() for weights in networks.build(d.state).weights]
    d.worker.advance(50)
    trained = d.settle()
    d.choose_row(d.view.settings.layer, "Layer 2")
    d.choose(d.view.settings.init, "zeros")
    after = d.settle()
    assert d.state.inits == ("recommended", "zeros", "recommended")
    assert after.step == 0
    weights = d.lab.drawing.pictures.net.weights
    assert [np.array_equal(now, then) for now, then in zip(weights, first, strict=True)] == [True, False, True]
    assert not weights[1].any()
    d.choose_row(d.view.settings.layer, "All layers")
    assert d.view.settings.init.currentText() == ""
    assert NetworkState.from_dict(d.state.to_dict()) == d.state
    assert np.array_equal(networks.build(NetworkState.from_dict(d.state.to_dict())).parameters, after.parameters)
    while d.app.document.undo_text:
        d.app.document.undo()
    restored = d.settle()
    assert d.state.inits == ("recommended",) * 3
    assert restored.step == 50
    assert np.array_equal(restored.parameters, trained.parameters)


def test_all_layers_can_start_in_one_way(driver):
    d = driver()
    d.choose(d.view.settings.init, "normal")
    d.settle()
    assert d.state.inits == ("normal",) * 3
    d.choose_row(d.view.settings.layer, "Output")
    assert d.view.settings.init.currentData() == "normal"


def test_one_layer_takes_an_activation_of_its_own(driver):
    d = driver()
    d.choose(d.view.heads.choosers[1].menu, "sigmoid")
    d.settle()
    assert [layer.activation for layer in d.state.hidden] == ["tanh", "sigmoid"]
    assert [f.name for f in d.lab.drawing.pictures.net.activations] == ["tanh", "sigmoid", "linear"]


def test_training_stops_at_the_epoch_that_was_typed(driver):
    d = driver()
    d.type(d.view.stop_epoch, "20")
    d.click(d.view.bar.play)
    snapshot = d.settle()
    assert snapshot.epoch == pytest.approx(20)
    assert d.lab.status() == "Stopped at the limit of 20 epochs."


def test_a_kept_session_goes_on_with_the_same_weights(driver, make_app):
    d = driver()
    d.worker.advance(321)
    trained = d.settle()
    d.app.keep()
    opened = Driver(make_app(lab="network", network=NetworkState.from_dict(d.state.to_dict())))
    snapshot = opened.worker.flush()
    assert snapshot.step == 321
    assert np.array_equal(snapshot.parameters, trained.parameters)
    assert snapshot.train_loss == trained.train_loss


def test_the_course_is_shown_as_loss_logarithm_or_accuracy(driver):
    d = driver()
    d.worker.advance(400)
    d.settle()
    d.lab.drawing.draw(d.worker.snapshot, 65, slow=True)
    snapshot, handle = d.worker.snapshot, d.view.loss.handle
    assert handle.pos().y() == pytest.approx(snapshot.train_loss)
    d.choose(d.view.scale, "log")
    assert handle.pos().y() == pytest.approx(np.log10(snapshot.train_loss))
    d.choose(d.view.scale, "score")
    assert handle.pos().y() == pytest.approx(snapshot.train_score)
    assert d.view.loss._train.getData()[1][-1] == pytest.approx(snapshot.train_score)


def test_switching_the_theme_recolours_everything_drawn(driver):
    d = driver()
    before = [image_of(widget) for widget in (d.view.diagram, d.view.boundary, d.view.loss, d.view.inside)]
    d.app.window.actions_by_key["theme"].trigger()
    d.settle()
    after = [image_of(widget) for widget in (d.view.diagram, d.view.boundary, d.view.loss, d.view.inside)]
    for light, dark in zip(before, after, strict=True):
        # The ground is dark now in most of each picture, and no patch of the light ground is left.
        ground = light[2, 2].astype(int)
        assert dark.mean() < light.mean() - 30
        assert (np.abs(dark.astype(int) - ground).max(axis=2) < 3).mean() < 0.01


def test_the_keyboard_shows_a_unit_large(driver):
    d = driver()
    d.view.diagram.setFocus()
    QTest.keyClick(d.view.diagram, Qt.Key.Key_Down)
    QTest.keyClick(d.view.diagram, Qt.Key.Key_Space)
    d.settle()
    assert d.view.output_title.text() == "Layer 1, unit 2"
