"""Arrays beyond the caches: the same bits as in pieces, and an interrupt between slices."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import actcore as ac
from actcore.registry import AXIS_ROWS

N = (1 << 24) // 4 + 4099  # float32 numbers: more than the 16 MiB from which results are stored past the caches
PIECES = np.linspace(0, N, 9).astype(int)


def in_pieces(function: Callable[..., Any], *arrays: np.ndarray) -> list[np.ndarray]:
    """Return what calls on small parts of the arrays give, one array per output."""
    parts = [function(*(array[a:b] for array in arrays)) for a, b in zip(PIECES, PIECES[1:], strict=False)]
    outputs = zip(*(part if isinstance(part, tuple) else (part,) for part in parts), strict=True)
    return [np.concatenate(output) for output in outputs]


@pytest.mark.parametrize("offset", [0, 1, 5])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_large_array_has_the_bits_of_its_pieces(threads: int, offset: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal(N + offset, np.float32)[offset:]
    g = rng.standard_normal(N, np.float32)
    out, second = np.zeros((2, N + offset), np.float32)[:, offset:]
    with ac.num_threads(threads):
        for function in (ac.tanh, ac.relu.derivative):
            assert np.array_equal(function(x, out=out), in_pieces(function, x)[0])
        assert np.array_equal(ac.silu.backward(x, g, out=out), in_pieces(ac.silu.backward, x, g)[0])
        ac.gelu.value_and_derivative(x, out=(out, second))
        assert all(map(np.array_equal, (out, second), in_pieces(ac.gelu.value_and_derivative, x)))
        expected = in_pieces(ac.leaky_relu, x)[0]
        assert np.array_equal(ac.leaky_relu(x, out=x), expected)


def test_nothing_outside_a_large_result_is_written() -> None:
    room = np.full(N + 64, 7.0, np.float32)
    ac.relu(np.zeros(N, np.float32), out=room[13 : 13 + N])
    inside, outside = room[13 : 13 + N], np.concatenate([room[:13], room[13 + N :]])
    assert not inside.any() and np.array_equal(outside, np.full(64, 7))


@pytest.mark.parametrize("name", [row.name for row in AXIS_ROWS if row.family in ("normalised", "negated", "one-hot")])
@pytest.mark.parametrize("width", [100, 3000, N])
def test_large_results_along_an_axis_have_the_bits_of_small_ones(name: str, width: int) -> None:
    function = ac.get(name)
    rows = max(N // width, 1)
    x = np.random.default_rng(1).standard_normal((rows, width), np.float32)
    g = np.random.default_rng(2).standard_normal((rows, width), np.float32)
    y = function(x)
    gx = function.backward(y, g)
    for row in {0, rows // 3, rows - 1}:
        assert np.array_equal(y[row], function(x[row]))
        assert np.array_equal(gx[row], function.backward(y[row], g[row]))
    expected = y.copy()
    assert np.array_equal(function.backward(y, g, out=y), gx)
    assert np.array_equal(function(x, out=x), expected)


def small_numbers(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


LONG_CALLS: dict[str, Callable[[], tuple[Callable[..., Any], np.ndarray]]] = {
    "element-wise": lambda: (ac.gelu, np.ones(300_000_000, np.float16)),
    "scattered": lambda: (ac.mish, small_numbers(300_000, 1000)[:, :999]),
    "short rows": lambda: (ac.sparsemax, small_numbers(1_600_000, 100)),
    "columns": lambda: (lambda x, out: ac.softmax(x, axis=0, out=out), small_numbers(10_000, 26_000)),
    "one row": lambda: (ac.log_softmax, small_numbers(260_000_000)),
}


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers")
@pytest.mark.parametrize("kind", LONG_CALLS)
def test_an_interrupt_stops_a_long_call(kind: str) -> None:
    function, x = LONG_CALLS[kind]()
    last = x.flat[-1]

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        with ac.num_threads(1), pytest.raises(KeyboardInterrupt):
            function(x, out=x)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert x.flat[-1] == last
