"""Softmax along an axis, and its backward pass."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import actcore as ac
from actcore.registry import AXIS_ROWS

FLOATS = ("float32", "float64")


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(1,), (5,), (64,), (3, 65), (4, 3, 200), (0, 4), (3, 1)])
def test_softmax_agrees_with_the_referee(dtype: str, shape: tuple[int, ...]) -> None:
    x = (np.random.default_rng(0).standard_normal(shape) * 10).astype(dtype)
    y = ac.softmax(x)
    assert y.dtype == np.dtype(dtype) and y.shape == shape
    reference = AXIS_ROWS[0].reference
    with mpmath.workdps(40):
        for row, result in zip(x.reshape(-1, shape[-1]), y.reshape(-1, shape[-1]), strict=True):
            exact = np.array([float(value) for value in reference(mpmath.mp, [mpmath.mpf(float(v)) for v in row])])
            np.testing.assert_allclose(result, exact, rtol=8 * np.finfo(dtype).eps)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
@pytest.mark.parametrize("dtype", FLOATS)
def test_axes_strides_and_out(axis: int, dtype: str) -> None:
    x = np.random.default_rng(1).standard_normal((7, 30, 11)).astype(dtype)
    expected = np.moveaxis(ac.softmax(np.ascontiguousarray(np.moveaxis(x, axis, -1))), -1, axis)
    assert np.array_equal(ac.softmax(x, axis=axis), expected)
    out = np.empty_like(x)
    assert ac.softmax(x, axis=axis, out=out) is out and np.array_equal(out, expected)
    assert np.array_equal(ac.softmax(x[::-1, ::2], axis=axis), ac.softmax(x[::-1, ::2].copy(), axis=axis))
    copy = x.copy()
    assert np.array_equal(ac.softmax(copy, axis=axis, out=copy), expected)
    for threads in (1, 3):
        with ac.num_threads(threads):
            assert np.array_equal(ac.softmax(np.tile(x, (40, 1, 1)), axis=1)[:7], ac.softmax(x, axis=1))


def test_backward_matches_central_differences() -> None:
    rng = np.random.default_rng(2)
    x, g = rng.standard_normal((2, 4, 9))
    h = 1e-6
    numeric = np.empty_like(x)
    for i in range(4):
        for j in range(9):
            step = np.zeros_like(x)
            step[i, j] = h
            numeric[i, j] = np.sum(g * (ac.softmax(x + step) - ac.softmax(x - step))) / (2 * h)
    np.testing.assert_allclose(ac.softmax.backward(ac.softmax(x), g), numeric, rtol=1e-6, atol=1e-9)


def test_infinite_logits_are_limits() -> None:
    inf = np.inf
    x = np.array([[0, inf, 1], [inf, inf, 0], [-inf, 0, 0], [-inf, -inf, -inf], [0, np.nan, 0]], dtype=float)
    y = ac.softmax(x)
    np.testing.assert_array_equal(y[:3], [[0, 1, 0], [0.5, 0.5, 0], [0, 0.5, 0.5]])
    np.testing.assert_allclose(y[3], 1 / 3, rtol=1e-15)
    assert np.isnan(y[4]).all()


def test_wrong_input_is_named() -> None:
    with pytest.raises(ValueError, match="axis 2 does not exist in x, which has 2 dimensions"):
        ac.softmax(np.ones((2, 2)), axis=2)
    with pytest.raises(ValueError, match="has 0 dimensions"):
        ac.softmax(1.0)
    with pytest.raises(TypeError, match="axis must be an integer"):
        ac.softmax(np.ones(3), axis=1.5)
    with pytest.raises(TypeError, match="softmax: x has dtype complex128"):
        ac.softmax(np.ones(3, complex))
    with pytest.raises(TypeError, match="softmax: g has dtype"):
        ac.softmax.backward(np.ones(3), np.ones(3, complex))
