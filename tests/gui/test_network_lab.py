"""The Network lab under real events: every gesture, checked on the model, the weights and the pixels."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from gui.model.dataset import EXTENT, KINDS, DatasetSettings
from gui.model.network import Layer, NetworkState
from gui.view.diagram_geometry import BIAS, Place
from tests.gui.network_driver import LEFT, XOR, Driver, with_weights
from tests.gui.pictures import image_of


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


@pytest.mark.parametrize("weight", [1e30, 3e38])
def test_three_classes_of_a_network_that_diverged_are_drawn(driver, weight):
    state = XOR.changed(data=DatasetSettings("pinwheel", count=200), hidden=(Layer(2, "relu"),))
    huge = np.full((3, 2), weight) * [[1, -1], [-1, 1], [1, 1]]
    d = driver(with_weights(state, ([[1.0, 0.0], [0.0, 1.0]], 0.0), (huge, 0.0)))
    pictures = d.lab.drawing.pictures
    assert np.isfinite(pictures.output_field(65).contours).all()
    assert pictures.answer_at(-3.0, 3.0) == "class 1, 50% sure"  # the second unit alone answers, for the last two classes
    assert pictures.answer_at(3.0, -2.0).startswith("class 0")
