"""The controls of the Network lab: each does what it says, as one entry of the history, and shows in the picture."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton, QWidget

from gui.controller.alarms import alarm
from gui.model.dataset import DatasetSettings
from gui.model.network import LOSSES, OPTIMIZERS, SPEEDS, NetworkState
from gui.view.diagram_geometry import BIAS, Place
from gui.view.inside import LayerView
from tests.gui.network_driver import LEFT, XOR
from tests.gui.pictures import changed_pixels, image_of


def button(view: QWidget, text: str) -> QToolButton:
    return next(widget for widget in view.findChildren(QToolButton) if widget.text() == text)


@pytest.mark.parametrize(("field", "slider"), [("noise", "noise"), ("count", "count"), ("train_share", "share")])
def test_a_slider_of_the_data_is_one_entry_and_draws_other_points(driver, drag, field, slider):
    d = driver()
    before, picture = d.state, image_of(d.view.boundary)
    weights = d.worker.snapshot.parameters
    track = getattr(d.view.data, slider).track
    drag(track, track.position_of(track.sliderPosition() / track.maximum()), track.position_of(0.8), tick=d.app.tick)
    after = d.settle()
    assert getattr(d.state.data, field) != getattr(before.data, field)
    assert changed_pixels(picture, image_of(d.view.boundary)) > 100
    assert np.array_equal(after.parameters, weights)
    d.app.document.undo()
    d.settle()
    assert d.state == before
    assert d.app.document.undo_text is None
    assert changed_pixels(picture, image_of(d.view.boundary)) < 20


def test_another_sample_of_the_same_kind(driver):
    d = driver()
    picture = image_of(d.view.boundary)
    d.click(d.view.data.new_sample)
    d.settle()
    assert d.state.data == DatasetSettings("xor", count=200, seed=1)
    assert changed_pixels(picture, image_of(d.view.boundary)) > 100


@pytest.mark.parametrize(("field", "slider", "value"), [("batch_size", "batch", 32), ("l2", "decay", 0.02)])
def test_batch_size_and_weight_decay_are_typed_and_reach_the_trainer(driver, field, slider, value):
    d = driver()
    d.type(getattr(d.view, slider).entry, str(value))
    d.settle()
    assert getattr(d.state, field) == value
    assert getattr(d.worker._training._trainer, field) == value
    d.app.document.undo()
    assert getattr(d.state, field) == getattr(XOR, field)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimiser_trains(driver, name):
    d = driver()
    before = d.worker.snapshot.train_loss
    if name != d.view.bar.optimizer.currentData():
        d.choose(d.view.bar.optimizer, name)
    assert d.state.optimizer == name
    d.worker.advance(400)
    assert d.settle().train_loss < before


@pytest.mark.parametrize(("kind", "task"), [("xor", "classification"), ("pinwheel", "multiclass"), ("bumps", "regression")])
def test_the_losses_on_offer_are_those_of_the_task(driver, kind, task):
    d = driver(XOR.changed(data=DatasetSettings(kind)))
    menu = d.view.loss_choice
    assert [menu.itemData(index) for index in range(menu.count())] == list(LOSSES[task])
    before = d.settle().train_loss
    if menu.count() > 1:
        d.choose(menu, LOSSES[task][1])
        assert d.settle().train_loss != before
        assert d.state.loss == LOSSES[task][1]


def test_one_step_and_one_epoch(driver):
    d = driver()
    d.click(button(d.view.bar, "Step"))
    assert d.settle().step == 1
    d.click(button(d.view.bar, "Epoch"))
    assert d.settle().step == 1 + 14  # 140 training points in batches of 10
    d.lab.drawing.draw(d.worker.snapshot, 65, slow=True)
    assert d.view.bar.step.text() == "15"
    assert d.view.bar.epoch.text() == "1"


def test_play_and_pause_by_button_and_by_key(driver):
    d = driver(XOR.changed(speed=30))
    d.click(d.view.bar.play)
    d.worker.wait(lambda s: s.step > 1)
    d.app.tick()
    assert "Pause" in d.view.bar.play.text()
    QTest.keyClick(d.app.window, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert not d.worker.flush().running
    d.app.tick()
    assert "Train" in d.view.bar.play.text()


@pytest.mark.parametrize("speed", [SPEEDS[0], 100, SPEEDS[-1]])
def test_the_pace_is_chosen(driver, speed):
    d = driver(XOR.changed(speed=30))
    d.choose(d.view.bar.speed, speed)
    assert d.state.speed == speed
    d.worker.advance(40)
    with_this_pace = d.settle().parameters
    other = driver(XOR)
    other.worker.advance(40)
    assert np.array_equal(other.settle().parameters, with_this_pace)


def test_training_stops_at_the_loss_that_was_typed(driver):
    d = driver()
    d.type(d.view.stop_loss, "0.3")
    d.click(d.view.bar.play)
    snapshot = d.settle()
    assert 0.2 < snapshot.train_loss <= 0.3
    assert d.lab.status() == "Stopped: the training loss reached the target of 0.3."


def test_new_weights_come_from_another_seed_and_can_be_undone(driver):
    d = driver()
    before = d.worker.snapshot.parameters
    d.click(button(d.view, "New weights"))
    after = d.settle()
    assert d.state.seed == 2
    assert after.step == 0
    assert not np.array_equal(after.parameters, before)
    d.app.document.undo()
    assert np.array_equal(d.settle().parameters, before)


def test_hovering_over_an_edge_reads_its_weight(driver):
    d = driver()
    picture = image_of(d.view.diagram)
    for place in (Place(1, 2, 1), Place(2, 1, BIAS)):
        QTest.mouseMove(d.view.diagram, d.place(*place).toPoint())
        d.app.tick()
        value = d.worker.snapshot.parameters[d.lab.drawing.pictures.index_of(place)]
        word = "bias" if place.source == BIAS else "weight"
        assert d.view.diagram.accessibleDescription() == f"{word} {value:+.3f}"
        assert changed_pixels(picture, image_of(d.view.diagram)) > 100


def test_hovering_over_a_unit_shows_it_large_for_the_moment(driver):
    d = driver()
    QTest.mouseMove(d.view.diagram, d.place(1, 2).toPoint())
    d.settle()
    assert d.view.output_title.text() == "Layer 1, unit 3"
    QTest.mouseMove(d.view.diagram, d.view.diagram.rect().topLeft())
    d.settle()
    assert d.view.output_title.text() == "Output"


def test_the_test_points_are_shown_and_hidden(driver):
    d = driver()
    with_test = image_of(d.view.boundary)
    QTest.mouseClick(d.view.show_test, LEFT, pos=d.view.show_test.rect().center())
    d.app.tick()
    assert changed_pixels(with_test, image_of(d.view.boundary)) > 200


def test_the_wipe_moves_by_keyboard(driver):
    d = driver()
    d.click(d.view.compare)
    d.worker.advance(500)
    d.settle()
    boundary, picture = d.view.boundary, image_of(d.view.boundary)
    boundary.setFocus()
    for _ in range(3):
        QTest.keyClick(boundary, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert changed_pixels(picture, image_of(boundary)) > 500


def test_after_a_swap_the_training_goes_on_from_the_same_weights(driver):
    d = driver()
    d.worker.advance(100)
    before = d.settle()
    d.choose(d.view.bar.chooser.menu, "gelu")
    swapped = d.settle()
    assert (swapped.step, d.view.compare.isChecked()) == (100, True)
    assert d.lab.status() == (
        f"The same weights with another activation: {swapped.test_score:.0%} of the test points right, "
        f"{before.test_score:.0%} before. Train goes on from here."
    )
    assert np.array_equal(swapped.parameters, before.parameters)
    d.click(button(d.view.bar, "Step"))
    after = d.settle()
    assert after.step == 101
    assert "another activation" not in d.lab.status()
    assert 0 < np.abs(after.parameters - swapped.parameters).max() < 0.05


def layer(number: int, **fields: object) -> LayerView:
    curve = np.ones(2)
    values = {
        "title": "Tanh",
        "slope": np.array([0.5, 1.0]),
        "sparse": False,
        "saturated": 0.0,
        "dead": 0,
        "units": 4,
        "gradient": 0.1,
        **fields,
    }
    return LayerView(number, z=curve, value=curve, shares=curve, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("layers", "score", "words"),
    [
        ([], 0.5, "Without a hidden layer"),
        ([], 0.95, ""),
        ([layer(1, slope=np.ones(2)), layer(2, slope=np.ones(2))], 0.5, "All layers are linear, so together they are one"),
        ([layer(1, slope=np.ones(2)), layer(2)], 0.5, ""),
        ([layer(1, slope=np.ones(2)), layer(2, slope=np.ones(2))], 0.95, ""),
        ([layer(1), layer(2)], 0.5, ""),
        ([layer(1), layer(2, dead=3)], 1.0, "Layer 2: 3 of 4 units are dead"),
        ([layer(1), layer(2, dead=1)], 1.0, "Layer 2: 1 of 4 units is dead: every point brings it"),
        ([layer(1, saturated=0.6), layer(2)], 0.5, "Layer 1 learns slowly: 60% of its sums"),
        ([layer(1, saturated=0.6), layer(2)], 1.0, ""),
        ([layer(1, saturated=0.6, sparse=True), layer(2)], 0.5, ""),
        ([layer(1, gradient=1e-6), layer(2)], 0.5, "The gradient vanishes"),
        ([layer(1, gradient=0.0), layer(2, gradient=0.0)], 0.5, ""),
        ([layer(1, dead=3), layer(2, title="Binary step", slope=np.zeros(2), dead=4)], 0.5, "Layer 2: Binary step is flat"),
    ],
)
def test_alarms_name_the_cause(layers, score, words):
    said = alarm(layers, score)
    assert said.startswith(words) and bool(said) == bool(words)


def test_a_deep_sigmoid_network_is_said_to_lose_its_gradient(driver):
    state = NetworkState().changed(hidden=XOR.hidden[:1] * 6)
    deep = state.changed(hidden=tuple(state.with_layer(0, activation="sigmoid").hidden[:1] * 6)).with_init("he_normal")
    d = driver(deep)
    d.lab.drawing.draw(d.worker.snapshot, 65, slow=True)
    assert d.lab.status().startswith("The gradient vanishes")
