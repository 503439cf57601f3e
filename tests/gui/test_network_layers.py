"""The layers of the Network lab: shape, activations and their parameters, how weights start, dead and saturated units."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gui.engine import networks
from gui.model.network import Layer, NetworkState
from tests.gui.network_driver import LEFT, XOR, with_weights
from tests.gui.pictures import image_of, rgb


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


def test_where_an_activation_is_flat_everywhere_no_weights_help(driver):
    d = driver(XOR.with_layer(0, activation="binary_step"))
    d.lab.drawing.draw(d.worker.snapshot, 65, slow=True)
    assert "Another activation" in d.lab.status()
    QTest.mouseClick(d.view.inside, LEFT, pos=d.view.inside.remedy_rect(0).center().toPoint())
    assert d.app.document.undo_text is None


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
    together = d.view.bar.chooser.menu
    assert (together.currentIndex(), together.toolTip()) == (-1, "The layers have different activations")
    d.choose(together, "sigmoid")
    d.settle()
    assert [layer.activation for layer in d.state.hidden] == ["sigmoid", "sigmoid"]
    assert together.currentText() == "Sigmoid"
