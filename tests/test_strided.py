"""Large arrays that are not one run of memory: shared among threads by rows, with the same bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import actcore as ac

SHAPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "left half": lambda x: x[:, :, :30],
    "every second": lambda x: x[:, ::2, ::3],
    "reversed": lambda x: x[::-1, :, ::-1][:, 1:],
    "transposed": lambda x: x[:, :50].transpose(2, 0, 1),
    "short last axis": lambda x: x[:, :, :2],
    "one column": lambda x: x[:, :, 0],
    "broadcast": lambda x: np.broadcast_to(x[:, :1, :], x.shape),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", ["tanh", "leaky_relu"])
def test_scattered_arrays_give_the_same_bits(shape: str, dtype: str, name: str) -> None:
    activation = ac.get(name)
    x = SHAPES[shape](np.random.default_rng(0).standard_normal((200, 100, 60)).astype(dtype))
    dense = x.copy()
    for threads in (1, 3):
        with ac.num_threads(threads):
            assert np.array_equal(activation(x), activation(dense))
            assert np.array_equal(activation.derivative(x), activation.derivative(dense))
            assert np.array_equal(activation.backward(x, x), activation.backward(dense, dense))
            pair, expected = activation.value_and_derivative(x), activation.value_and_derivative(dense)
            assert all(np.array_equal(ours, theirs) for ours, theirs in zip(pair, expected, strict=True))


def test_out_in_place_and_overlap() -> None:
    room = np.random.default_rng(0).standard_normal((400, 300))
    x = room[:, :200]
    expected = ac.gelu(x.copy())
    rest = room[:, 200:].copy()
    out = np.zeros((400, 300))[:, 50:250]
    assert ac.gelu(x, out=out) is out and np.array_equal(out, expected)
    shifted = room.copy()
    assert np.array_equal(ac.gelu(shifted[:, :200], out=shifted[:, 1:201]), expected)
    assert ac.gelu(x, out=x) is x and np.array_equal(x, expected) and np.array_equal(room[:, 200:], rest)


@pytest.mark.parametrize(("shape", "strides"), [((40_000,), (0,)), ((400, 100), (8, 8)), ((100, 400), (0, 8))])
def test_an_array_whose_elements_share_memory_is_read_before_it_is_written(shape, strides) -> None:
    room = np.random.default_rng(0).standard_normal(500)
    x = np.lib.stride_tricks.as_strided(room, shape, strides)
    expected = ac.gelu(x.copy())
    assert np.array_equal(ac.gelu(x, out=x), expected)


def test_what_it_cannot_do_goes_to_the_ufunc() -> None:
    x = np.random.default_rng(0).standard_normal((400, 300))[:, :200]
    expected = ac.tanh(x.copy())
    integers = np.arange(120_000).reshape(400, 300)[:, :200]
    assert np.array_equal(ac.relu(integers), np.maximum(integers, 0))
    assert ac.tanh(x, out=np.empty((400, 200), np.float64)).dtype == np.float64
    assert np.array_equal(ac.tanh(x.astype(">f8")[:, :200]), expected)
    chosen = np.zeros((400, 200), bool)
    assert np.array_equal(ac.tanh(x, out=np.zeros((400, 200)), where=chosen), np.zeros((400, 200)))
    slopes = np.linspace(0, 1, 200)
    assert np.array_equal(ac.leaky_relu(x, negative_slope=slopes), np.where(x > 0, x, x * slopes))
    read_only = np.zeros((400, 300))[:, :200]
    read_only.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        ac.tanh(x, out=read_only)
    with pytest.raises(ValueError, match="out has the shape"):
        ac.tanh(x, out=np.empty((400, 300))[:, :199])
