"""The neuron's geometry and the sweep: plain mathematics, no Qt."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.model.activations import with_parameter
from gui.model.neuron import ARROW_SCALE, BIAS_LIMIT, INPUT_LIMIT, WEIGHT_LIMIT, Neuron
from gui.model.sweep import Sweep

weights = st.floats(-WEIGHT_LIMIT, WEIGHT_LIMIT).filter(lambda w: w == 0 or abs(w) > 1e-3)
biases = st.floats(-BIAS_LIMIT, BIAS_LIMIT)
places = st.floats(-INPUT_LIMIT, INPUT_LIMIT)


def z_at(neuron: Neuron, x1: float, x2: float) -> float:
    return neuron.at_input(x1, x2).pre_activation


def test_the_example_of_the_course():
    example = Neuron()
    assert (example.x1, example.x2) == (10.0, 2.0)
    assert example.pre_activation == pytest.approx(0.9)


@given(weights, weights, biases)
def test_the_ends_of_the_line_lie_on_it_and_on_the_border(w1, w2, b):
    neuron = Neuron(w1=w1, w2=w2, b=b)
    if neuron.line is None:
        corners = [z_at(neuron, s * INPUT_LIMIT, t * INPUT_LIMIT) for s in (-1, 1) for t in (-1, 1)]
        assert min(corners) >= -1e-9 or max(corners) <= 1e-9
        return
    for x1, x2 in neuron.line:
        assert w1 * x1 + w2 * x2 + b == pytest.approx(0.0, abs=1e-9)
        assert max(abs(x1), abs(x2)) == pytest.approx(INPUT_LIMIT)


@given(places, places)
def test_a_shifted_line_passes_through_the_place_and_keeps_its_direction(x1, x2):
    moved = Neuron(w1=0.5, w2=-1.0).with_line_through(x1, x2)
    assert z_at(moved, x1, x2) == pytest.approx(0.0, abs=1e-12)
    assert (moved.w1, moved.w2) == (0.5, -1.0)


@given(places, places)
def test_a_turned_line_meets_the_place_turns_about_the_anchor_and_keeps_the_length(x1, x2):
    neuron = Neuron(w1=0.6, w2=-0.8, b=1.0)
    anchor = neuron.anchor
    turned = neuron.with_line_turned(anchor, x1, x2)
    assert z_at(turned, x1, x2) == pytest.approx(0.0, abs=1e-9)
    assert z_at(turned, *anchor) == pytest.approx(0.0, abs=1e-9)
    assert math.hypot(turned.w1, turned.w2) == pytest.approx(1.0)
    assert turned.w1 * neuron.w1 + turned.w2 * neuron.w2 >= -1e-12  # it never flips over


def test_the_arrow_stands_across_the_line_and_can_be_pulled():
    neuron = Neuron(w1=0.5, w2=1.0, b=-2.0)
    anchor, tip = neuron.anchor, neuron.arrow_tip
    assert (tip[0] - anchor[0], tip[1] - anchor[1]) == pytest.approx((ARROW_SCALE * 0.5, ARROW_SCALE))
    pulled = neuron.with_arrow_to(anchor, anchor[0] + 4.0, anchor[1] - 2.0)
    assert (pulled.w1, pulled.w2) == pytest.approx((1.0, -0.5))
    assert z_at(pulled, *anchor) == pytest.approx(0.0, abs=1e-12)


def test_without_weights_there_is_no_line_and_the_arrow_can_still_be_pulled_out():
    neuron = Neuron(w1=0.0, w2=0.0, b=1.0)
    assert neuron.line is None
    pulled = neuron.with_arrow_to(neuron.anchor, 4.0, 0.0)
    assert (pulled.w1, pulled.w2, pulled.b) == (1.0, 0.0, 1.0)
    assert neuron.with_pre_activation(3.0) is neuron


@given(st.floats(-5.0, 5.0))
def test_the_input_follows_the_operating_point(z):
    moved = Neuron(x1=0.0, x2=0.0, w1=0.6, w2=-0.8, b=0.5).with_pre_activation(z)
    assert moved.pre_activation == pytest.approx(z)


@pytest.mark.parametrize(("w1", "w2", "b"), [(0.3, -0.8, -0.5), (1.5, 0.0, 2.0), (0.0, 0.0, 0.0), (0.1, 0.1, -3)])
def test_the_spread_of_z_agrees_with_counting_inputs(w1, w2, b):
    edges = np.linspace(-8, 8, 33) + 0.013
    x = (np.arange(1000) + 0.5) / 1000 * 2 * INPUT_LIMIT - INPUT_LIMIT
    z = w1 * x[None, :] + w2 * x[:, None] + b
    counted = np.histogram(z, bins=edges)[0] / z.size
    exact = Neuron(w1=w1, w2=w2, b=b).spread(edges.tolist())
    assert exact == pytest.approx(counted, abs=2e-3)


def test_a_parameter_at_its_default_is_not_kept():
    neuron = with_parameter(Neuron(activation="elu"), "alpha", 2.0)
    assert neuron.parameters == (("alpha", 2.0),)
    assert with_parameter(neuron, "alpha", 1.0).parameters == ()


def test_a_sweep_goes_from_end_to_end_and_back():
    sweep = Sweep("w1", -1.0, 2.0, seconds=4.0, loop=True)
    assert sweep.value(sweep.position(0.0)) == pytest.approx(-1.0)
    assert sweep.value(sweep.position(4.0)) == pytest.approx(2.0)
    assert sweep.value(sweep.position(8.0)) == pytest.approx(-1.0)
    assert sweep.position(sweep.elapsed_at(0.3)) == pytest.approx(0.3)
    assert not sweep.finished(100.0)


def test_a_sweep_without_loop_stops_at_the_far_end():
    sweep = Sweep("w1", -1.0, 2.0, seconds=4.0, loop=False)
    assert sweep.finished(4.0)
    assert sweep.value(sweep.position(99.0)) == pytest.approx(2.0)
