"""What makes frames cheap shows nowhere: pictures that are kept look like pictures that are drawn."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget

from gui.controller.files import drawing, picture
from gui.model.dataset import DatasetSettings
from gui.model.network import Layer, NetworkState
from gui.view import colormap
from gui.view.diagram import Diagram
from gui.view.readout import Readout
from tests.gui.pictures import image_of, pixels_of

SIZES = (2, 8, 8, 8, 8, 1)
SIDE = 12


def values(seed: int) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Weights, biases and fields for a network of SIZES."""
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(b, a)).astype(np.float32) for a, b in zip(SIZES, SIZES[1:], strict=False)]
    biases = [rng.normal(size=b).astype(np.float32) for b in SIZES[1:]]
    fields = [rng.integers(0, 255, (size, SIDE, SIDE, 4), dtype=np.uint8) for size in SIZES]
    return weights, biases, fields


@pytest.fixture
def diagram(qtbot) -> Diagram:
    made = Diagram()
    qtbot.addWidget(made)
    made.resize(520, 360)
    made.show_network(["a", "b"], SIZES)
    made.show()
    QApplication.processEvents()
    return made


def test_edges_left_out_while_training_are_caught_up_with(diagram):
    diagram.show_values(*values(0))
    QApplication.processEvents()
    diagram.show_values(*values(1), moving=True)
    QApplication.processEvents()
    first = image_of(diagram)
    for _ in range(4):
        diagram.catch_up()
        QApplication.processEvents()
    followed = image_of(diagram)
    diagram.show_values(*values(1))
    at_rest = image_of(diagram)
    assert np.array_equal(followed, at_rest)
    assert not np.array_equal(first, at_rest)
    QApplication.processEvents()
    frames = diagram.frames
    diagram.catch_up()  # nothing is left to draw
    QApplication.processEvents()
    assert diagram.frames == frames


def test_a_kept_picture_of_the_edges_is_the_one_a_new_diagram_draws(diagram, qtbot):
    for seed in range(4):
        diagram.show_values(*values(seed))
        QApplication.processEvents()
    fresh = Diagram()
    qtbot.addWidget(fresh)
    fresh.resize(diagram.size())
    fresh.show_network(["a", "b"], SIZES)
    fresh.show_values(*values(3))
    assert np.array_equal(image_of(fresh), image_of(diagram))


def test_weights_that_are_no_numbers_are_drawn(diagram):
    weights, biases, fields = values(0)
    weights[1][0, :3], biases[0][0] = (np.nan, np.inf, -np.inf), np.nan
    diagram.show_values(weights, biases, fields)
    assert image_of(diagram).std() > 0


def test_a_vector_picture_of_the_diagram_has_one_image_for_each_unit(diagram):
    diagram.show_values(*values(0))
    svg = drawing(diagram)
    assert svg.count(b"<image") == sum(SIZES)
    assert len(svg) > 50_000  # the edges are lines


def test_points_of_a_vector_picture_are_vectors(make_app):
    network = NetworkState(data=DatasetSettings("xor", count=200), hidden=(Layer(3),))
    app = make_app(lab="network", network=network)
    assert drawing(app.lab.view.boundary.parentWidget()).count(b"<image") <= 2  # the output and the ground, none of 200 points


def test_an_exported_picture_of_twice_the_density_is_drawn_anew(make_app):
    curves = make_app().lab.view.curves
    exported = pixels_of(picture(curves, 2.0))
    for item in curves.value_plot.scene().items():
        item.setCacheMode(item.CacheMode.NoCache)
    for item in curves.slope_plot.scene().items():
        item.setCacheMode(item.CacheMode.NoCache)
    assert np.array_equal(exported, pixels_of(picture(curves, 2.0)))


def test_a_readout_changes_without_a_new_layout(qtbot):
    class Layouts(QObject):
        count = 0

        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            self.count += event.type() == QEvent.Type.LayoutRequest
            return False

    window = QWidget()
    qtbot.addWidget(window)
    readout = Readout("Step", parent=window)
    window.show()
    QApplication.processEvents()
    layouts = Layouts()
    window.installEventFilter(layouts)
    before = image_of(window)
    readout.resize(200, 20)
    readout.set_text("12 345", "step ")
    QApplication.processEvents()
    assert layouts.count == 0
    assert (readout.text(), readout.accessibleDescription()) == ("step 12 345", "step 12 345")
    assert not np.array_equal(image_of(window), before)


def test_colours_of_what_is_no_number_or_beyond_the_scale():
    table = colormap.diverging("light")
    drawn = colormap.paint(np.float32([[np.nan, -np.inf, np.inf], [-2.0, 0.0, 2.0]]), -1.0, 1.0, table)
    assert np.array_equal(drawn, table[[[127, 0, 255], [0, 128, 255]]])


def test_garbage_is_collected_between_frames_only(make_app, monkeypatch):
    """A collection of its own accord may destroy Qt's objects while one of them is disconnected: Qt then waits for ever."""
    app = make_app()
    app.start()
    try:
        assert not gc.isenabled()
        collected = []
        monkeypatch.setattr(gc, "collect", collected.append)
        kept = [[] for _ in range(2 * gc.get_threshold()[0])]
        app.tick()
        assert collected and len(kept)
    finally:
        app.close()
    assert gc.isenabled()
