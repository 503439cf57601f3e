"""rrelu: seeded slopes, the mean slope without, the same in both directions; gumbel_softmax: the same of its noise."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import numpy as np
import pytest

import actcore as ac

X = np.random.default_rng(0).standard_normal((50, 40))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_seed_decides_and_slopes_lie_within_their_bounds(dtype: str) -> None:
    x = X.astype(dtype)
    y = ac.rrelu(x, rng=7)
    assert y.dtype == x.dtype and np.array_equal(y, ac.rrelu(x, rng=7)) and not np.array_equal(y, ac.rrelu(x, rng=8))
    with ac.num_threads(1):
        assert np.array_equal(y, ac.rrelu(x, rng=7))
    below = x < 0
    assert np.array_equal(y[~below], x[~below])
    slopes = y[below] / x[below]
    assert slopes.min() >= 1 / 8 * (1 - 1e-6) and slopes.max() <= 1 / 3 * (1 + 1e-6)
    assert len(np.unique(slopes)) > 0.9 * slopes.size
    assert slopes.mean() == pytest.approx((1 / 8 + 1 / 3) / 2, rel=0.02)


def test_a_generator_moves_on() -> None:
    generator = np.random.default_rng(3)
    again = copy.deepcopy(generator)
    first, second = ac.rrelu(X, rng=generator), ac.rrelu(X, rng=generator)
    assert not np.array_equal(first, second)
    assert np.array_equal(first, ac.rrelu(X, rng=again)) and np.array_equal(second, ac.rrelu(X, rng=again))


def test_without_a_generator_the_slope_is_the_mean() -> None:
    assert np.array_equal(ac.rrelu(X), ac.leaky_relu(X, negative_slope=(1 / 8 + 1 / 3) / 2))
    assert np.array_equal(ac.rrelu(X, lower=0.25, upper=0.75), ac.leaky_relu(X, negative_slope=0.5))
    out = np.empty_like(X)
    assert ac.rrelu(X, out=out) is out and np.array_equal(out, ac.rrelu(X))


def test_backward_uses_the_slopes_of_the_forward_call() -> None:
    slopes = ac.rrelu.slopes(X, rng=1)
    h = 1e-6
    numeric = (ac.rrelu(X + h, slopes=slopes) - ac.rrelu(X - h, slopes=slopes)) / (2 * h)
    np.testing.assert_allclose(ac.rrelu.derivative(X, slopes), numeric, rtol=1e-6)
    assert np.array_equal(ac.rrelu.backward(X, X, slopes), X * ac.rrelu.derivative(X, slopes))
    assert np.array_equal(ac.rrelu(X, slopes=slopes), ac.rrelu(X, rng=1))


def test_pickles() -> None:
    assert pickle.loads(pickle.dumps(ac.rrelu)) is ac.rrelu


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(TypeError, match="give rng, to draw slopes, or slopes, not both"):
        ac.rrelu(X, rng=1, slopes=X)
    for lower, upper in ((0.5, 0.25), (-0.1, 0.5), (0.5, 1.5), (np.nan, 0.5)):
        for rng in (None, 0):
            with pytest.raises(ValueError, match="must satisfy 0 <= lower <= upper <= 1"):
                ac.rrelu(X, rng=rng, lower=lower, upper=upper)


@pytest.mark.parametrize(("name", "draw"), [("rrelu", ac.rrelu.slopes), ("gumbel_softmax", ac.gumbel_softmax.noise)])
def test_nothing_is_drawn_for_what_is_not_real(name: str, draw: Callable[..., np.ndarray]) -> None:
    for wrong in (np.ones(3, complex), ["a"], [None]):
        with pytest.raises(TypeError, match=f"{name}: x has dtype .*; accepted are float16"):
            draw(wrong, rng=0)
    assert draw([1, 2], rng=0).dtype == np.float64
    assert draw(np.ones(2, np.float16), rng=0).dtype == np.float16


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gumbel_samples_follow_the_probabilities(dtype: str) -> None:
    probabilities = np.array([0.1, 0.2, 0.7], dtype)
    x = np.broadcast_to(np.log(probabilities), (20_000, 3))
    samples = ac.gumbel_softmax(x, rng=5, hard=True)
    assert samples.dtype == x.dtype and np.array_equal(np.unique(samples), [0, 1]) and np.all(samples.sum(axis=1) == 1)
    np.testing.assert_allclose(samples.mean(axis=0), probabilities, atol=0.01)
    soft = ac.gumbel_softmax(x, rng=5, temperature=0.5)
    np.testing.assert_allclose(soft.sum(axis=1), 1, rtol=1e-6)
    assert np.array_equal(ac.hardmax(soft), samples)
    assert np.array_equal(soft.T, ac.gumbel_softmax(x.T, 0, noise=ac.gumbel_softmax.noise(x, rng=5).T, temperature=0.5))
    with ac.num_threads(1):
        assert np.array_equal(soft, ac.gumbel_softmax(x, rng=5, temperature=0.5))


def test_gumbel_softmax_without_noise_is_softmax() -> None:
    assert np.array_equal(ac.gumbel_softmax(X), ac.softmax(X))
    assert np.array_equal(ac.gumbel_softmax(X, 0, temperature=2.0, hard=True), ac.hardmax(X, axis=0))
    out = np.empty_like(X)
    assert ac.gumbel_softmax(X, out=out) is out and np.array_equal(out, ac.softmax(X))


@pytest.mark.parametrize("axis", [0, 1])
def test_the_gradient_of_gumbel_softmax_is_that_of_the_soft_sample(axis: int) -> None:
    h, g = 1e-6, np.random.default_rng(2).standard_normal((4, 6))
    x = X[:4, :6]
    noise = ac.gumbel_softmax.noise(x, rng=1)
    numeric = np.empty_like(x)
    for at in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[at] = h
        change = ac.gumbel_softmax(x + step, axis, noise=noise, temperature=0.7)
        change = change - ac.gumbel_softmax(x - step, axis, noise=noise, temperature=0.7)
        numeric[at] = np.sum(g * change) / (2 * h)
    gx = ac.gumbel_softmax.backward(x, g, noise, axis, temperature=0.7)
    np.testing.assert_allclose(gx, numeric, rtol=1e-6, atol=1e-8)
    assert ac.gumbel_softmax.backward(x, g, noise, axis, temperature=0.7, out=g) is g and np.array_equal(g, gx)


def test_gumbel_softmax_pickles_and_names_what_is_wrong() -> None:
    assert pickle.loads(pickle.dumps(ac.gumbel_softmax)) is ac.gumbel_softmax
    with pytest.raises(TypeError, match="gumbel_softmax: give rng, to draw noise, or noise, not both"):
        ac.gumbel_softmax(X, rng=1, noise=X)
    for call in (ac.gumbel_softmax, lambda x, **options: ac.gumbel_softmax.backward(x, x, **options)):
        with pytest.raises(ValueError, match="gumbel_softmax: temperature=0 must be a number above 0"):
            call(X, temperature=0)
