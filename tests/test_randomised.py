"""rrelu: seeded slopes, the mean slope without, the same slopes in both directions."""

from __future__ import annotations

import copy
import pickle

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
