"""The Neuron lab under real events: every gesture, checked on the model and on the pixels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

import actcore
from gui.model.activations import offered
from gui.model.commands import edit_neuron
from gui.model.neuron import LIMITS, Neuron
from gui.model.sweep import Sweep
from gui.view import colormap
from tests.gui.pictures import image_of, rgb


def centre_of(image: np.ndarray, color: np.ndarray, near: QPointF, reach: int = 14) -> tuple[float, float]:
    """Centre of the pixels of one colour around a place."""
    x, y = round(near.x()), round(near.y())
    patch = image[y - reach : y + reach, x - reach : x + reach].astype(int)
    rows, columns = np.nonzero(np.abs(patch - color).max(axis=2) < 12)
    assert len(rows), "nothing of that colour is drawn there"
    return columns.mean() + x - reach, rows.mean() + y - reach


@pytest.fixture
def app(make_app):
    return make_app()


def test_dragging_the_input_moves_the_operating_point(app, drag):
    lab, plane = app.lab.view, app.lab.view.plane
    before = app.document.session
    drag(plane.viewport(), plane.to_pixels(10.0, 2.0), plane.to_pixels(-4.0, 5.0), tick=app.tick)
    neuron = app.document.session.neuron
    assert (neuron.x1, neuron.x2) == pytest.approx((-4.0, 5.0), abs=0.05)
    z = 0.3 * neuron.x1 - 0.8 * neuron.x2 - 0.5
    point = lab.curves.value_handle.pos()
    assert (point.x(), point.y()) == pytest.approx((z, actcore.sigmoid(z)), abs=1e-9)
    app.document.undo()
    assert app.document.session == before
    assert app.document.undo_text is None


@pytest.mark.parametrize("name", offered())
def test_the_operating_point_is_drawn_at_f_of_z(shared_app, name):
    app = shared_app
    app.document.apply(edit_neuron("choose", activation=name))
    app.tick()
    curves = app.lab.view.curves
    lines = (curves._value, curves._slope, curves._second, curves._tangent, curves._drop, curves._slope_drop, curves._ghost)
    for item in lines:  # they share the handles' colours and would shift the centres found
        item.setOpacity(0.0)
    z = app.document.session.neuron.pre_activation
    for plot, value, token in (
        (curves.value_plot, float(actcore.get(name)(z)), "handle"),
        (curves.slope_plot, float(actcore.get(name).derivative(z)), "derivative"),
    ):
        expected = plot.to_pixels(z, value)
        drawn = centre_of(image_of(plot), rgb(token), expected, reach=6)
        assert drawn == pytest.approx((expected.x(), expected.y()), abs=1.0)
    for item in lines:
        item.setOpacity(1.0)


@pytest.mark.parametrize("numbers", [(0.3, -0.8, -0.5), (1.5, 0.2, 3.0), (-0.7, -0.7, 4.0), (0.01, 1.9, 0.0)])
def test_the_decision_line_is_drawn_within_a_pixel_of_the_analytic_one(make_app, numbers):
    w1, w2, b = numbers
    app = make_app(neuron=Neuron(x1=-11.5, x2=-11.5, w1=w1, w2=w2, b=b))
    plane, neuron = app.lab.view.plane, app.document.session.neuron
    for item in (plane.point, plane.arrow_handle, plane.turn_handle, plane._arrow, plane._contours):
        item.setVisible(False)
    image = image_of(plane).astype(int)
    (ax, ay), (bx, by) = neuron.line
    start, end = plane.to_pixels(ax, ay), plane.to_pixels(bx, by)
    length = math.hypot(end.x() - start.x(), end.y() - start.y())
    normal = np.array([-(end.y() - start.y()), end.x() - start.x()]) / length
    offsets = np.arange(-5, 5.01, 0.25)
    for share in np.linspace(0.1, 0.9, 17):
        middle = np.array([start.x(), start.y()]) * (1 - share) + np.array([end.x(), end.y()]) * share
        places = middle + offsets[:, None] * normal
        columns, rows = np.floor(places).astype(int).T
        darkness = 255 - image[rows, columns].mean(axis=1)
        dark = darkness > 150
        assert dark.any()
        assert abs(np.average(offsets[dark], weights=darkness[dark])) <= 1.0


def test_the_plane_is_coloured_by_the_neurons_answer(app):
    plane, neuron = app.lab.view.plane, app.document.session.neuron
    image = image_of(plane).astype(int)
    table = colormap.diverging("light")
    for x1, x2 in ((-8.0, 8.0), (-6.0, -9.0), (8.0, -8.0), (4.0, 6.0)):
        answer = float(actcore.sigmoid(neuron.at_input(x1, x2).pre_activation))
        place = plane.to_pixels(x1, x2)
        drawn = image[round(place.y()), round(place.x())]
        assert drawn == pytest.approx(table[round(answer * 255), :3].astype(int), abs=8)


def test_dragging_the_decision_line_changes_the_bias_only(app, drag):
    plane = app.lab.view.plane
    drag(plane.viewport(), plane.to_pixels(-4.0, -2.125), plane.to_pixels(-4.0, 4.0), tick=app.tick)
    neuron = app.document.session.neuron
    assert (neuron.w1, neuron.w2) == (0.3, -0.8)
    assert neuron.at_input(-4.0, 4.0).pre_activation == pytest.approx(0.0, abs=0.08)
    app.document.undo()
    assert app.document.session.neuron == Neuron()


def test_dragging_the_weight_arrow_changes_both_weights_about_the_anchor(app, drag):
    plane = app.lab.view.plane
    anchor, tip = Neuron().anchor, Neuron().arrow_tip
    goal = (anchor[0] - 3.0, anchor[1] + 5.0)
    drag(plane.viewport(), plane.to_pixels(*tip), plane.to_pixels(*goal), tick=app.tick)
    neuron = app.document.session.neuron
    assert (neuron.w1, neuron.w2) == pytest.approx((-0.75, 1.25), abs=0.03)
    assert neuron.at_input(*anchor).pre_activation == pytest.approx(0.0, abs=1e-9)
    app.document.undo()
    assert app.document.session.neuron == Neuron()


def test_dragging_the_ring_turns_the_line(app, drag):
    plane = app.lab.view.plane
    ring = plane.turn_handle.pos()
    drag(plane.viewport(), plane.to_pixels(ring.x(), ring.y()), plane.to_pixels(-8.0, 6.0), tick=app.tick)
    neuron = app.document.session.neuron
    assert neuron.at_input(-8.0, 6.0).pre_activation == pytest.approx(0.0, abs=0.08)
    assert math.hypot(neuron.w1, neuron.w2) == pytest.approx(math.hypot(0.3, 0.8))
    app.document.undo()
    assert app.document.session.neuron == Neuron()


@pytest.mark.parametrize("which", ["value", "slope"])
def test_dragging_the_operating_point_moves_the_input(app, drag, which):
    curves = app.lab.view.curves
    plot = curves.value_plot if which == "value" else curves.slope_plot
    handle = curves.value_handle if which == "value" else curves.slope_handle
    start = plot.to_pixels(handle.pos().x(), handle.pos().y())
    drag(plot.viewport(), start, plot.to_pixels(-2.0, handle.pos().y()), tick=app.tick)
    neuron = app.document.session.neuron
    assert neuron.pre_activation == pytest.approx(-2.0, abs=0.05)
    assert app.lab.view.plane.point.pos() == QPointF(neuron.x1, neuron.x2)
    app.document.undo()
    assert app.document.session.neuron == Neuron()


def test_arrow_keys_move_the_input_and_the_operating_point(app):
    plane, curves = app.lab.view.plane, app.lab.view.curves
    for _ in range(3):
        QTest.keyClick(plane, Qt.Key.Key_Up)
    QTest.keyClick(plane, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    neuron = app.document.session.neuron
    assert (neuron.x1, neuron.x2) == pytest.approx((9.0, 2.3))
    app.tick()
    z = neuron.pre_activation
    QTest.keyClick(curves.value_plot, Qt.Key.Key_Right)
    assert app.document.session.neuron.pre_activation == pytest.approx(z + 0.05)


@pytest.mark.parametrize("name", list(LIMITS))
def test_a_slider_drag_is_one_undo_entry(app, drag, name):
    slider = app.lab.view.sliders[name]
    track = slider.track
    start = track.position_of(track.sliderPosition() / track.maximum())
    drag(track, start, track.position_of(0.25), tick=app.tick)
    value = getattr(app.document.session.neuron, name)
    assert value == pytest.approx(-LIMITS[name] / 2, abs=LIMITS[name] / 25)
    assert slider.entry.value() == pytest.approx(value, abs=0.005)
    app.document.undo()
    app.tick()
    assert app.document.session.neuron == Neuron()
    assert slider.entry.value() == pytest.approx(getattr(Neuron(), name))


def test_a_typed_number_is_taken_when_it_is_complete(app):
    slider = app.lab.view.sliders["w1"]
    slider.entry.setFocus()
    slider.entry.selectAll()
    QTest.keyClicks(slider.entry, "-1.25")
    assert app.document.session.neuron.w1 == 0.3
    QTest.keyClick(slider.entry, Qt.Key.Key_Return)
    assert app.document.session.neuron.w1 == -1.25


def test_keys_and_reset_on_a_slider(app):
    slider = app.lab.view.sliders["x1"]
    slider.track.setFocus()
    QTest.keyClick(slider.track, Qt.Key.Key_Home)
    assert app.document.session.neuron.x1 == -12.0
    QTest.keyClick(slider.track, Qt.Key.Key_Right)
    assert app.document.session.neuron.x1 == pytest.approx(-11.88)
    QTest.keyClick(slider.track, Qt.Key.Key_Delete)
    assert app.document.session.neuron.x1 == 10.0
    app.document.undo()
    app.tick()
    QTest.mouseClick(slider.reset, Qt.MouseButton.LeftButton)
    assert app.document.session.neuron.x1 == 10.0


@pytest.mark.parametrize("name", offered())
def test_every_activation_can_be_chosen_with_every_parameter(shared_app, name):
    app = shared_app
    chooser = app.lab.view.chooser
    chooser.menu.setFocus()
    index = chooser.menu.findData(name)
    chooser.menu.setCurrentIndex(index)
    chooser.menu.activated.emit(index)
    app.tick()
    neuron = app.document.session.neuron
    assert neuron.activation == name
    assert (neuron.w1, neuron.w2, neuron.b) == (0.3, -0.8, -0.5)
    sliders = app.lab.view.parameters.sliders
    assert len({(slider.track.x(), slider.track.width()) for slider in sliders.values()}) <= 1
    for parameter in actcore.get(name).spec.parameters:
        track, symbol = sliders[parameter.name].track, sliders[parameter.name].symbol
        assert track.width() >= 60
        assert symbol.width() >= symbol.sizeHint().width()
        QTest.keyClick(track, Qt.Key.Key_End)
        app.tick()
        chosen = dict(app.document.session.neuron.parameters)[parameter.name]
        assert parameter.accepts(chosen) and chosen != parameter.default
    f = actcore.get(name, **dict(app.document.session.neuron.parameters))
    point = app.lab.view.curves.value_handle.pos()
    assert point.y() == pytest.approx(float(f(np.float64(point.x()))))
    for layer in ("output", "gradient", "regions"):
        app.lab.view.layer_chosen.emit(layer)
        app.tick()
    assert app.lab.status()


def test_another_activation_leaves_its_ghost(app):
    curves = app.lab.view.curves
    assert not curves._ghost.isVisible()
    app.lab.view.chooser.chosen.emit("relu")
    app.tick()
    assert curves._ghost.isVisible()
    assert curves._ghost.yData == pytest.approx(actcore.sigmoid(curves._ghost.xData))
    QTest.mouseClick(app.lab.view.show_ghost, Qt.MouseButton.LeftButton)
    app.tick()
    assert not curves._ghost.isVisible()


def test_the_second_derivative_on_demand(app):
    QTest.mouseClick(app.lab.view.show_second, Qt.MouseButton.LeftButton)
    app.tick()
    second = app.lab.view.curves._second
    assert second.yData == pytest.approx(actcore.sigmoid.second_derivative(second.xData))


def test_regions_of_a_relu_are_dead_and_active(make_app):
    app = make_app(neuron=Neuron(activation="relu"))
    app.lab.view.layer_chosen.emit("regions")
    app.tick()
    plane = app.lab.view.plane
    image = image_of(plane).astype(int)
    for place, token in (((-8.0, 8.0), "dead"), ((8.0, -8.0), "active")):
        at = plane.to_pixels(*place)
        assert image[round(at.y()), round(at.x())] == pytest.approx(rgb(token), abs=2)
    assert "active" in app.lab.status()
    app.lab.view.number_changing.emit("x1", -8.0)
    app.tick()
    assert "nothing is learned" in app.lab.status()


def test_the_arithmetic_is_written_out(app):
    sentence = app.lab.view.arithmetic.accessibleDescription()
    assert "0.30 · 10.00 + (−0.80) · 2.00 + (−0.50) = 0.900" in sentence
    assert f"a = f(z) = {actcore.sigmoid(0.9):.4f}" in sentence


def test_play_moves_the_number_and_is_one_undo_entry(app):
    lab = app.lab
    lab.frame(0.0)
    QTest.mouseClick(lab.view.player.play, Qt.MouseButton.LeftButton)
    seen = []
    for frame in range(1, 60):
        lab.frame(frame / 60)
        seen.append(app.document.session.neuron.x1)
    assert len(set(seen)) == len(seen)
    assert min(seen) >= -12.0 and max(seen) <= 12.0
    QTest.mouseClick(lab.view.player.play, Qt.MouseButton.LeftButton)
    assert app.document.undo_text == "animate x₁"
    app.document.undo()
    assert app.document.session.neuron == Neuron()


def test_a_weight_sweeps_between_typed_ends_once(app):
    lab, player = app.lab, app.lab.view.player
    player.target.setFocus()
    while player.target.currentData() != "w2":
        QTest.keyClick(player.target, Qt.Key.Key_Down)
    app.tick()
    for entry, text in ((player.low, "-0.5"), (player.high, "1.5"), (player.seconds, "0.5")):
        entry.setFocus()
        entry.selectAll()
        QTest.keyClicks(entry, text)
        QTest.keyClick(entry, Qt.Key.Key_Return)
    QTest.mouseClick(player.loop, Qt.MouseButton.LeftButton)
    assert app.document.session.sweep == Sweep("w2", -0.5, 1.5, 0.5, loop=False)
    lab.frame(0.0)
    QTest.mouseClick(player.play, Qt.MouseButton.LeftButton)
    seen = []
    for frame in range(1, 60):
        lab.frame(frame / 60)
        seen.append(app.document.session.neuron.w2)
    assert min(seen) == pytest.approx(-0.5, abs=0.01)
    assert seen[-1] == 1.5
    assert "Play" in player.play.text()  # at the far end it stopped by itself
    assert app.lab.view.curves.value_handle.pos().x() == pytest.approx(app.document.session.neuron.pre_activation)


def test_the_input_runs_on_a_circle(app):
    lab, player = app.lab, app.lab.view.player
    player.target.setFocus()
    while player.target.currentData() != "path":
        QTest.keyClick(player.target, Qt.Key.Key_Down)
    app.tick()
    for position in (0.25, 0.5):
        lab._sweep.scrub(position)
        app.tick()
        point = app.lab.view.plane.point.pos()
        assert math.hypot(point.x(), point.y()) == pytest.approx(9.0)
        assert math.degrees(math.atan2(point.y(), point.x())) % 360 == pytest.approx(360 * position)


def test_the_hand_has_the_last_word_while_playing(app, drag):
    lab = app.lab
    lab.toggle_play()
    slider = lab.view.sliders["x1"].track
    drag(slider, slider.position_of(0.5), slider.position_of(0.25))
    assert app.document.session.neuron.x1 == pytest.approx(-6.0, abs=0.5)
    value = app.document.session.neuron.x1
    for frame in range(5):
        lab.frame(float(frame))
    assert app.document.session.neuron.x1 == value


def test_scrubbing_goes_to_any_place_of_the_animation(app, drag):
    track = app.lab.view.player.scrubber
    drag(track, track.position_of(0.0), track.position_of(0.5), tick=app.tick)
    assert app.document.session.neuron.x1 == pytest.approx(0.0, abs=0.1)
    app.document.undo()
    assert app.document.session.neuron == Neuron()


def test_back_to_the_example_keeps_the_activation(app):
    app.lab.view.chooser.chosen.emit("tanh")
    app.lab.view.number_changing.emit("w1", 1.5)
    QTest.mouseClick(app.lab.view.example, Qt.MouseButton.LeftButton)
    assert app.document.session.neuron == Neuron(activation="tanh")


def test_leaving_an_activation_ends_the_animation_of_its_parameter(app):
    lab = app.lab
    lab.view.chooser.chosen.emit("leaky_relu")
    lab.view.player.edited.emit("target", "negative_slope")
    lab.frame(0.0)
    lab.toggle_play()
    for frame in range(1, 10):
        lab.frame(frame / 60)
    assert dict(app.document.session.neuron.parameters)["negative_slope"] < 0.0
    lab.view.chooser.chosen.emit("tanh")
    app.tick()
    assert app.document.session.sweep.target == "x1"
    assert app.document.session.neuron.parameters == ()
    app.document.undo()
    assert app.document.session.sweep.target == "negative_slope"
    assert app.document.session.neuron.activation == "leaky_relu"


def test_the_caption_of_the_plane_says_what_its_colours_mean(app):
    captions = set()
    for index in range(app.lab.view.layer.count()):
        app.lab.view.layer.setCurrentIndex(index)
        app.lab.view.layer.activated.emit(index)
        app.tick()
        captions.add(app.lab.view._layer_caption.text())
    assert len(captions) == app.lab.view.layer.count()


def test_ends_of_an_animation_beyond_the_limits_move_no_number_past_them(make_app):
    app = make_app(sweep=Sweep("w1", -1e6, 1e6, 1.0, False))
    app.lab.toggle_play()
    reached = []
    for _ in range(20):
        app.lab.advance(0.1)
        reached.append(app.document.session.neuron.w1)
    assert (min(reached), max(reached)) == (-LIMITS["w1"], LIMITS["w1"])
