"""The short way of a call past the ufunc: the same results, and the same errors, as the long way."""

from __future__ import annotations

import numpy as np
import pytest

import actcore as ac
from actcore._build.blocks import KINDS
from actcore.registry import ROWS

X = np.random.default_rng(0).uniform(0.05, 0.95, 37)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_both_ways_agree(row, dtype, kind) -> None:
    activation = ac.get(row.name)
    function = getattr(activation, kind.name)
    x = X.astype(dtype)
    inputs = (x, x[::-1].copy())[: len(kind.inputs)]
    short, long = function(*inputs), function.ufunc(*inputs, *activation.parameters.values())
    assert np.array_equal(short, long)
    outputs = tuple(np.zeros_like(x) for _ in kind.outputs)
    returned = function(*inputs, out=outputs if len(outputs) > 1 else outputs[0])
    assert np.array_equal(np.reshape(returned, (-1, 37)), np.reshape(long, (-1, 37)))
    assert all(a is b for a, b in zip(returned if len(outputs) > 1 else (returned,), outputs, strict=True))
    for parameter in row.parameters:
        value = min(max(0.9 * parameter.default + 0.01, parameter.minimum), parameter.maximum)
        bound = activation.bind(**{parameter.name: value})
        again = getattr(bound, kind.name)
        by_keyword = function(*inputs, **{parameter.name: value})
        assert np.array_equal(by_keyword, again.ufunc(*inputs, *bound.parameters.values()))


def test_overlapping_memory_goes_the_long_way() -> None:
    room = np.random.default_rng(0).standard_normal(100)
    expected = ac.gelu(room[:90].copy())
    assert np.array_equal(ac.gelu(room[:90], out=room[3:93]), expected)
    x, pair = np.linspace(-1, 1, 90), np.zeros(180)
    value, derivative = ac.gelu.value_and_derivative(x, out=(pair[:90], pair[90:]))
    assert np.array_equal(value, ac.gelu(x)) and np.array_equal(derivative, ac.gelu.derivative(x))
    assert value.base is pair and derivative.base is pair


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_output_that_follows_its_input_is_as_good_as_a_copy(dtype: str) -> None:
    """NumPy hands such arrays to the inner loop as they are, because they are right when read in order: not in parallel."""
    for shift, step in ((1, 1), (64, 1), (0, 2)):
        for _ in range(3):
            room = np.random.default_rng(0).standard_normal(300_000).astype(dtype)
            x = room[shift::step]
            expected = ac.gelu(x.copy())
            assert np.array_equal(ac.gelu(x, out=room[: x.size]), expected)
            backwards = room[::-1].copy()[::-1]
            expected = ac.mish.backward(backwards[shift::step], np.ones(x.size, dtype))
            ac.mish.backward(backwards[shift::step], np.ones(x.size, dtype), out=backwards[: x.size])
            assert np.array_equal(backwards[: x.size], expected)


def test_in_place() -> None:
    x = np.linspace(-2, 2, 11)
    expected = ac.silu.backward(x, x)
    assert ac.silu.backward(x, x, out=x) is x and np.array_equal(x, expected)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"out": np.empty(10)}, ValueError, "out has the shape"),
        ({"out": [0.0] * 11}, TypeError, "out must be an array, not list"),
        ({"out": (np.empty(11), np.empty(11))}, ValueError, "tuple"),
        ({"negative_slope": np.nan}, ValueError, "outside"),
        ({"slope": 0.1}, TypeError, "no argument 'slope'"),
        ({"negative_slope": "steep"}, TypeError, "number"),
    ],
)
def test_errors_are_those_of_the_long_way(arguments, error, words) -> None:
    with pytest.raises(error, match=words):
        ac.leaky_relu(np.linspace(-1, 1, 11), **arguments)


def test_what_is_not_plain_keeps_its_kind() -> None:
    class Labelled(np.ndarray):
        pass

    x = np.linspace(-1, 1, 6)
    assert type(ac.tanh(x.view(Labelled))) is Labelled
    assert isinstance(ac.tanh(x[0]), np.float64) and isinstance(ac.tanh(np.array(0.5)), np.float64)
    assert ac.tanh(x.astype(">f8")).dtype == np.float64 and ac.tanh(x, dtype=np.float32).dtype == np.float32
    assert ac.leaky_relu(x.astype("f"), negative_slope=np.float64(0.1)).dtype == np.float64
    fortran = np.asfortranarray(x.reshape(2, 3))
    assert ac.tanh(fortran).flags.f_contiguous and np.array_equal(ac.tanh(fortran), ac.tanh(x).reshape(2, 3))
    assert ac.tanh(np.empty((3, 0))).shape == (3, 0)
