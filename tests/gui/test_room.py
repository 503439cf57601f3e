"""Where room is scarce: small windows, deep networks, activations with many parameters, handles at the ends of axes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea

from gui.controller.network_drawing import _words_for
from gui.model.activations import own
from gui.model.commands import edit_neuron
from gui.model.dataset import DatasetSettings
from gui.model.network import MAX_UNITS, Layer
from gui.model.neuron import Neuron
from gui.view.arithmetic import Arithmetic, ArithmeticStrip
from gui.view.diagram import Diagram
from gui.view.diagram_geometry import Geometry
from tests.gui.network_driver import XOR
from tests.gui.pictures import image_of, rgb


@pytest.mark.parametrize("lab", ["neuron", "network"])
def test_a_small_projector_shows_all_of_the_window(make_app, lab):
    app = make_app(lab=lab)
    app.window.resize(1, 1)
    QApplication.processEvents()
    assert app.window.width() <= 1024
    assert app.window.height() <= 640
    page = app.window.rect()
    for widget in (app.lab.view, app.window.status):
        assert page.contains(widget.rect().translated(widget.mapTo(app.window, widget.rect().topLeft())))


@pytest.mark.parametrize("units", [8, MAX_UNITS])
def test_units_never_overlap(units):
    for height in (Diagram().minimumHeight(), 240, 400):
        geometry = Geometry((2, units, units, 1), QRectF(52, 6, 260, height - 30))
        rects = [geometry.rect(1, unit) for unit in range(units)]
        assert not any(a.intersects(b) for a, b in itertools.combinations(rects, 2))
        assert all(geometry.at(rect.center()) == (1, unit, None) for unit, rect in enumerate(rects))


def test_parameters_stand_beside_each_other_where_there_is_room(driver):
    d = driver(XOR.changed(hidden=(Layer(8, "repsu"),) * 2))
    sliders = list(d.view.settings.parameters.sliders.values())

    def places() -> list[tuple[bool, int]]:
        return [(slider.x() > 0, slider.y()) for slider in sliders]

    assert [right for right, _ in places()] == [False, True, False, True, False]
    assert len({y for _, y in places()}) == 3
    d.app.window.resize(1024, 700)
    QApplication.processEvents()
    assert [right for right, _ in places()] == [False] * 5
    assert len({y for _, y in places()}) == 5
    d.app.window.resize(1280, 800)
    QApplication.processEvents()
    assert len({y for _, y in places()}) == 3


@pytest.mark.parametrize("step", [100, 500])
def test_the_loss_handle_is_whole_at_the_end_of_the_axis(driver, step):
    d = driver()
    d.worker.advance(step)
    d.settle()
    loss = d.view.loss
    (_, end), _ = loss.box.viewRange()
    assert end == step
    at = loss.to_pixels(step, loss.handle.pos().y())
    row = image_of(loss)[round(at.y())].astype(int)
    dark = np.flatnonzero(np.abs(row - rgb("handle")).max(axis=1) < 40)
    assert dark.max() >= at.x() + 3.0  # its radius but for the ring around it


@pytest.mark.parametrize("step", [0, 40])
def test_no_axis_or_tick_is_drawn_over_the_loss_handle(driver, step):
    d = driver()
    d.worker.advance(step)
    d.settle()
    d.view.loss.set_position(step, 0.0, 0.0)
    at = d.view.loss.to_pixels(step, 0.0)
    column, row = round(at.x()), round(at.y())
    middle = image_of(d.view.loss)[row - 2 : row + 3, column - 2 : column + 3].astype(int)
    assert np.abs(middle - rgb("handle")).max() < 10


def test_large_counts_are_written_in_the_room_there_is(driver):
    d = driver()
    axis = d.view.loss.getAxis("bottom")
    assert axis.tickStrings([0.0, 500_000.0, 1_000_000.0], 1.0, 500_000.0) == ["0", "0.5\u2009M", "1\u2009M"]
    assert axis.tickStrings([-50_000.0, 100_000.0], 1.0, 50_000.0) == ["−50000", "100000"]
    for readout in (d.view.bar.epoch, d.view.bar.step):
        metrics = QFontMetricsF(readout._font())
        for number in (999_999, 1_234_567, 9_999_999, 123_456_789, 999_900_000):
            d.view.bar.set_progress(number, number)
            assert metrics.horizontalAdvance(readout.text()) <= readout.width(), (readout.accessibleName(), number)


@pytest.mark.parametrize("loss", [0.0, 1e-7, 0.12345, 1e30, np.inf, np.nan])
@pytest.mark.parametrize("score", [1.0, -0.5, -1e30, -np.inf, np.nan])
def test_loss_and_score_keep_to_their_room_however_wrong_it_went(loss, score):
    words = _words_for(XOR.changed(data=DatasetSettings("bumps")), loss, score)
    assert len(words) <= len("<0.001 · R² −0.50")
    assert "-" not in words and "inf" not in words and "nan" not in words
    assert (loss == 1e-7) == words.startswith("<0.001")


def test_numbers_of_an_axis_keep_apart(driver):
    d = driver()
    loss = d.view.loss
    for height in (88, 112, 300):
        loss.resize(300, height)
        QApplication.processEvents()
        axis, side = loss.getAxis("left"), loss.box.height()
        ((_, ticks),) = axis.tickValues(0.0, 1.0, side)
        assert len(ticks) >= 2
        assert np.diff(ticks).min() * side >= 18.0


def test_the_arithmetic_is_written_whole_in_a_narrow_strip(qtbot):
    strip = ArithmeticStrip()
    qtbot.addWidget(strip)
    strip.resize(650, 84)
    strip.show()
    strip.set_numbers(Arithmetic(-12.0, -12.0, -1.55, -1.55, -0.5, -88.0, 0.5, 0.25, "Sigmoid"))
    image = image_of(strip).astype(int)
    width = (650 - 5 * 18.0) / 6
    for tile in range(6):
        right = round(tile * (width + 18.0) + width)
        margin = image[20:70, right - 4 : right - 1]
        assert np.abs(margin - rgb("sunken")).max() < 40, tile


LONG = "= a_very_long_parameter_name * x + another_rather_long_one * sin(x)"


@pytest.mark.qt_log_ignore("does not support (raise|grabbing)")  # the offscreen platform, of every list that opens
def test_long_names_do_not_push_the_numbers_out_of_the_window(make_app):
    app = make_app(neuron=Neuron(activation=LONG))
    view = app.labs["neuron"].view
    app.window.resize(1024, 640)
    app.document.apply(edit_neuron("choose ReLU", activation="relu"))
    app.tick()
    app.document.undo()
    app.tick()
    QApplication.processEvents()
    column = view.findChild(QScrollArea)
    for widget in (view.chooser.own, *(slider.reset for slider in view.parameters.sliders.values())):
        right = widget.mapTo(column.viewport(), widget.rect().topRight()).x()
        assert 0 < right < column.viewport().width()
    assert view.parameters.sliders["another_rather_long_one"].track.accessibleName().endswith("another rather long one")
    assert view.curves.legend.sizeHint().width() < view.curves.width()
    longest = "= " + " + ".join(f"sin({k} * x)" for k in range(1, 12))
    app.document.apply(edit_neuron(f"choose {longest}", activation=longest))
    app.tick()
    assert len(app.window.actions_by_key["undo"].text()) < 70
    view.chooser.menu.showPopup()
    assert view.chooser.menu.view().width() < 500
    view.chooser.menu.hidePopup()
    app.window.set_status("long " * 100)
    assert app.window.status.toolTip() == "long " * 100


def test_eight_sliders_scroll_where_they_do_not_fit(driver):
    letters = "= a*x + b*tanh(x) + c*sin(x) + d*cos(x) + h*x**2 + k + l*relu(x) + m*sigmoid(x)"
    d = driver(XOR.changed(hidden=(Layer(8, own(letters.removeprefix("= "))),)))
    sliders = d.view.settings.parameters.sliders.values()
    for size, all_seen in (((1024, 640), False), ((1280, 800), True)):
        d.app.window.resize(*size)
        QApplication.processEvents()
        assert min(slider.height() for slider in sliders) >= 24
        seen = d.view.settings.parameters.visibleRegion().boundingRect()
        assert seen.height() >= 60
        assert (seen.height() == d.view.settings.parameters.height()) is all_seen
        *_, before_last, last = sliders
        before_last.entry.setFocus()
        QTest.keyClick(before_last.entry, Qt.Key.Key_Tab)
        assert d.app.window.focusWidget() is last.track and not last.track.visibleRegion().isEmpty()
    d.choose(d.view.heads.choosers[0].menu, "relu")
    d.settle()
    assert not d.view.settings.parameters.isVisible()


def test_the_number_of_units_is_written_whole_over_six_layers(driver):
    d = driver(XOR.changed(hidden=(Layer(12),) * 6))
    d.app.window.resize(1024, 640)
    QApplication.processEvents()
    d.settle()
    columns = d.view.diagram.geometry_map.columns
    for head, column in zip(d.view.heads._heads, columns[1:], strict=False):  # the heads move with the columns
        assert abs(head.geometry().center().x() - column) < 2.0
        assert d.view.heads.rect().contains(head.geometry())
    for count in d.view.heads._counts:
        assert count.width() >= count.fontMetrics().horizontalAdvance("12")
        assert count.visibleRegion().boundingRect().width() == count.width()


@pytest.mark.parametrize("z", [-6.0, -3.0, 0.5, 3.0, 6.0])
@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_the_words_at_the_operating_point_stand_clear_of_the_curve(make_app, activation, z):
    app = make_app(neuron=Neuron(x1=z, x2=0.0, w1=1.0, w2=0.0, b=0.0, activation=activation))
    curves = app.lab.view.curves
    for plot, handle, values in (
        (curves.value_plot, curves.value_handle, app.lab._shape.value),
        (curves.slope_plot, curves.slope_handle, app.lab._shape.slope),
    ):
        height = float(np.interp(z, app.lab._shape.z, values))
        start = plot.to_pixels(z, height).x() + 14.0
        words = QRectF(start, plot.to_pixels(z, height).y() + handle._lower - 4.0, 40.0, 8.0)
        if words.right() + 30.0 > plot.to_pixels(8.0, 0.0).x():
            words.translate(-68.0, 0.0)  # no room at the right: they stand at the left
        places = [plot.to_pixels(*place) for place in zip(app.lab._shape.z, values, strict=True)]
        assert not any(words.contains(place) for place in places)
