"""Slopes, input derivatives, gradient norms, saturation, dead units, linear regions."""

from __future__ import annotations

import numpy as np
import pytest

import actcore as ac

X = np.random.default_rng(0).uniform(-2, 2, (150, 2))


@pytest.mark.parametrize("name", ac.names())
def test_slopes_are_the_derivatives(name: str) -> None:
    net = ac.MLP([2, 5, 3], activation=name, output_activation="softmax", dtype="float64")
    slopes, z, a = net.slopes(X), net.pre_activations(X), net.hidden(X)
    np.testing.assert_array_equal(slopes[0], net.activations[0].derivative(z[0]))
    np.testing.assert_allclose(slopes[1], a[1] * (1 - a[1]), rtol=1e-14)


@pytest.mark.parametrize("output", ["linear", "tanh", "softmax"])
@pytest.mark.parametrize("n_out", [1, 3])
def test_input_derivative_is_the_slope_of_the_output(output: str, n_out: int) -> None:
    net = ac.MLP([2, 9, 7, n_out], activation="gelu", output_activation=output, dtype="float64")
    derivative = net.input_derivative(X)
    assert derivative.shape == (150, n_out, 2)
    h = 1e-5
    for i in range(2):
        step = np.eye(2)[i] * h
        slope = (net.forward(X + step) - net.forward(X - step)) / (2 * h)
        np.testing.assert_allclose(derivative[:, :, i], slope, rtol=1e-6, atol=1e-8)


def test_input_derivative_of_many_samples_in_parallel() -> None:
    net = ac.MLP([2, 8, 1])
    x = np.random.default_rng(0).normal(size=(30_000, 2)).astype("f")
    with ac.num_threads(2):
        whole = net.input_derivative(x)
    assert np.array_equal(net.input_derivative(x[777:900]), whole[777:900])


def test_gradient_norms_by_layer() -> None:
    y = np.sin(X[:, 0])
    net = ac.MLP([2, 6, 4, 1], dtype="float64")
    trainer = ac.Trainer(net, X, y)
    weights, pre_activations = trainer.gradient_norms()
    gradient = trainer.gradient()
    start = 0
    for k, w in enumerate(net.weights):
        assert weights[k] == pytest.approx(np.linalg.norm(gradient[start : start + w.size]), rel=1e-12)
        start += w.size
    delta = 2 * (net.forward(X) - y[:, None]) / len(X)
    assert pre_activations[2] == pytest.approx(np.linalg.norm(delta), rel=1e-12)
    before = delta @ net.weights[2] * net.slopes(X)[1].T
    assert pre_activations[1] == pytest.approx(np.linalg.norm(before), rel=1e-12)
    sample = trainer.gradient_norms(X[:70], y[:70])
    assert sample[0].shape == (3,)


def test_diagnosis_counts_every_pre_activation() -> None:
    net = ac.MLP([2, 8, 8, 1], init="normal", init_scale=3.0)
    z = net.pre_activations(X)
    for layer, values in zip(ac.diagnose(net, X, bins=25, limits=(-4, 4)), z, strict=True):
        expected = np.histogram(np.clip(values, -4, 4 - 1e-6), bins=25, range=(-4, 4))[0]
        assert layer.counts.sum() == values.size
        assert abs(layer.counts - expected).max() <= 2  # a value on an edge may fall to either side
        assert len(layer.edges) == 26


def test_diagnosis_finds_dead_units_and_saturation() -> None:
    net = ac.MLP([2, 4, 1], activation="relu", dtype="float64")
    net.biases[0][:2] = -100.0
    layer = ac.diagnose(net, X)[0]
    assert layer.dead.tolist() == [True, True, False, False]
    assert layer.saturated == pytest.approx(np.mean(net.pre_activations(X)[0] <= 0))
    net.set_activation(0, "tanh")
    assert ac.diagnose(net, X)[0].dead.tolist() == [True, True, False, False]


def test_slopes_vanish_along_the_depth_of_sigmoids() -> None:
    layers = ac.diagnose(ac.MLP([2, *[8] * 6, 1], activation="sigmoid"), X)
    reach = [layer.slope_to_output for layer in layers]
    assert all(a < 0.26 * b for a, b in zip(reach[:-1], reach[1:], strict=True))
    assert reach[0] == pytest.approx(np.prod([layer.slope for layer in layers]))


def test_linear_regions() -> None:
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 60)] * 2), axis=-1).reshape(-1, 2)
    net = ac.MLP([2, 3, 1], activation="relu", dtype="float64")
    net.weights[0][...] = [[1, 0], [0, 1], [1, 1]]
    assert ac.linear_regions(net, grid) == 6  # three lines through one point
    net.biases[0][2] = 0.5
    assert ac.linear_regions(net, grid) == 7
    assert ac.linear_regions(ac.MLP([2, 3, 1], activation="linear"), grid) == 1
    with pytest.raises(ValueError, match="layer 0 has tanh"):
        ac.linear_regions(ac.MLP([2, 3, 1]), grid)


def test_wrong_arguments_are_named() -> None:
    net = ac.MLP([2, 3, 1])
    with pytest.raises(ValueError, match="no samples"):
        ac.diagnose(net, np.empty((0, 2)))
    with pytest.raises(ValueError, match="bins must be at least 1, and is 0"):
        ac.diagnose(net, X, bins=0)
    with pytest.raises(ValueError, match=r"limits=\(1, 1\)"):
        ac.diagnose(net, X, limits=(1, 1))


def test_pre_activations_that_are_not_finite_are_counted() -> None:
    net = ac.MLP([1, 1, 1], init="constant", init_scale=1.0)
    layer = ac.diagnose(net, [[np.inf], [-np.inf], [1e30], [np.nan]], bins=4)[0]
    assert np.array_equal(layer.counts, [1, 0, 1, 2])
    with pytest.raises(ValueError, match="increasing limits"):
        ac.diagnose(net, [[1.0]], limits=(-np.inf, 1.0))
