"""MLP: forward pass, views, initialisers, input checks."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import actcore as ac
from actcore.initialisers import INITIALISERS
from scripts.numpy_network import tame

ELEMENTWISE = ac.names()


def samples(n: int, columns: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-2, 2, (n, columns))


def by_hand(net: ac.MLP, x: np.ndarray) -> list[np.ndarray]:
    """Outputs of every layer, computed with NumPy and the package's own functions."""
    outputs = []
    for w, b, f in zip(net.weights, net.biases, net.activations, strict=True):
        x = f(x @ w.T + b)
        outputs.append(x)
    return outputs


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize(("dtype", "error"), [("float32", 3e-5), ("float64", 1e-12)])
def test_forward_equals_numpy(name: str, dtype: str, error: float) -> None:
    net = ac.MLP([3, 5, 7, 2], activation=name, output_activation=name, dtype=dtype, seed=1)
    tame(net)
    net.biases[0] += np.linspace(-0.05, 0.05, 5)
    x = samples(201, 3).astype(dtype)
    expected = by_hand(net, x)
    np.testing.assert_allclose(net.forward(x), expected[-1], rtol=error, atol=error)
    for mine, theirs in zip(net.hidden(x), expected, strict=True):
        np.testing.assert_allclose(mine.T, theirs, rtol=error, atol=error)


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 63, 64, 65, 200])
@pytest.mark.parametrize("n_out", [1, 2, 4, 5])
def test_every_count_of_samples_and_units(n: int, n_out: int) -> None:
    net = ac.MLP([2, 9, n_out], output_activation="softmax" if n_out > 1 else "sigmoid", dtype="float64")
    x = samples(n, 2)
    y = net.forward(x)
    assert y.shape == (n, n_out)
    if n:
        np.testing.assert_allclose(y, by_hand(net, x)[-1], rtol=1e-12, atol=1e-14)
    assert [h.shape for h in net.hidden(x)] == [(9, n), (n_out, n)]


def test_a_sample_gives_the_same_bits_wherever_it_stands() -> None:
    net = ac.MLP([2, 8, 8, 3], activation="gelu", output_activation="softmax")
    x = samples(1000, 2).astype("f")
    whole = net.forward(x)
    for start, stop in [(0, 1), (3, 20), (17, 999)]:
        assert np.array_equal(net.forward(x[start:stop]), whole[start:stop])


def test_threads_do_not_change_bits() -> None:
    net = ac.MLP([2, 8, 8, 1])
    x = samples(100_000, 2).astype("f")
    with ac.num_threads(1):
        alone = net.forward(x)
    with ac.num_threads(3):
        assert np.array_equal(net.forward(x), alone)


def test_pre_activations_are_what_the_activations_see() -> None:
    net = ac.MLP([2, 4, 3], activation="elu", output_activation="softmax", dtype="float64")
    x = samples(70, 2)
    z, a = net.pre_activations(x), net.hidden(x)
    assert np.array_equal(ac.elu(z[0]), a[0])
    np.testing.assert_allclose(ac.softmax(z[1], axis=0), a[1], rtol=1e-14)


def test_views_are_the_parameters() -> None:
    net = ac.MLP([2, 3, 1], dtype="float64")
    before = net.forward([[1.0, 2.0]])
    assert net.parameters.shape == (13,)
    assert all(np.shares_memory(view, net.parameters) for view in [*net.weights, *net.biases])
    net.biases[1][0] += 0.5
    np.testing.assert_allclose(net.forward([[1.0, 2.0]]), before + 0.5)
    snapshot = net.parameters.copy()
    net.parameters[...] = 0
    assert not net.weights[0].any()
    net.parameters[...] = snapshot
    np.testing.assert_allclose(net.forward([[1.0, 2.0]]), before + 0.5)


def test_an_array_in_the_place_of_a_view_is_written_into_it() -> None:
    net = ac.MLP([2, 3, 1], dtype="float64")
    net.biases[1] = [3.0]
    assert net.parameters[-1] == 3.0
    net.weights[0] = np.arange(6).reshape(3, 2)
    net.weights[0] *= 2
    assert net.parameters[:6].tolist() == [0, 2, 4, 6, 8, 10]
    with pytest.raises(ValueError, match="broadcast"):
        net.weights[0] = np.ones((2, 2))
    assert net.parameters[:6].tolist() == [0, 2, 4, 6, 8, 10]


def test_changing_an_activation_keeps_the_weights() -> None:
    net = ac.MLP([2, 4, 1], activation="tanh", dtype="float64")
    kept = net.parameters.copy()
    net.set_activation(0, ac.leaky_relu.bind(negative_slope=0.3))
    net.set_activation(-1, "sigmoid")
    assert np.array_equal(net.parameters, kept)
    assert [f.name for f in net.activations] == ["leaky_relu", "sigmoid"]
    x = samples(20, 2)
    np.testing.assert_allclose(net.forward(x), by_hand(net, x)[-1], rtol=1e-13)


def test_an_activation_per_layer() -> None:
    net = ac.MLP([1, 2, 2, 1], activation=["relu", ac.get("elu", alpha=2.0)])
    assert [f.name for f in net.activations] == ["relu", "elu", "linear"]
    assert net.activations[1].parameters["alpha"] == 2.0


def test_out_and_odd_inputs() -> None:
    net = ac.MLP([2, 4, 1], dtype="float64")
    x = samples(50, 2)
    expected = net.forward(x)
    out = np.empty((50, 1))
    assert net.forward(x, out=out) is out
    assert np.array_equal(out, expected)
    strided = np.zeros((50, 2))[:, :1]
    net.forward(x, out=strided)
    assert np.array_equal(strided, expected)
    assert np.array_equal(net.forward(np.asfortranarray(x)), expected)
    assert np.array_equal(net.forward(np.repeat(x, 2, axis=0)[::2]), expected)
    overlapping = x.copy()
    net.forward(overlapping, out=overlapping[:, :1])
    assert np.array_equal(overlapping[:, :1], expected)


def test_copies_are_independent() -> None:
    net = ac.MLP([2, 3, 2], activation=[ac.leaky_relu.bind(negative_slope=0.4)], output_activation="softmax")
    x = samples(9, 2)
    for twin in (net.copy(), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert np.array_equal(twin.forward(x), net.forward(x))
        twin.parameters[...] = 0
    assert net.parameters.any()


@pytest.mark.parametrize("init", [*INITIALISERS, "recommended"])
def test_initialisers_are_seeded(init: str) -> None:
    one, same, other = (ac.MLP([4, 30, 3], init=init, seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(one.parameters, same.parameters)
    assert (init in ("zeros", "constant")) == np.array_equal(one.parameters, other.parameters)
    assert not np.concatenate(one.biases).any()


@pytest.mark.parametrize(
    ("init", "deviation"),
    [
        ("glorot_uniform", (2 / 500) ** 0.5),
        ("glorot_normal", (2 / 500) ** 0.5),
        ("he_uniform", (2 / 200) ** 0.5),
        ("he_normal", (2 / 200) ** 0.5),
        ("lecun_uniform", (1 / 200) ** 0.5),
        ("lecun_normal", (1 / 200) ** 0.5),
        ("normal", 0.5),
        ("truncated_normal", 0.5),
        ("uniform", 0.5 / 3**0.5),
    ],
)
def test_initialisers_have_the_promised_spread(init: str, deviation: float) -> None:
    weights = ac.MLP([200, 300], init=init, dtype="float64").weights[0]
    assert weights.std() == pytest.approx(deviation, rel=0.02)
    assert weights.mean() == pytest.approx(0, abs=0.02 * deviation)
    if init == "truncated_normal":
        assert abs(weights).max() < 2.3 * deviation


def test_orthogonal_weights_are() -> None:
    net = ac.MLP([6, 4, 9], init="orthogonal", dtype="float64")
    wide, tall = net.weights
    np.testing.assert_allclose(wide @ wide.T, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(tall.T @ tall, np.eye(4), atol=1e-12)


def test_a_layer_added_behind_leaves_the_others_weights() -> None:
    short, long = ac.MLP([2, 8, 8]), ac.MLP([2, 8, 8, 4])
    assert np.array_equal(short.weights[0], long.weights[0])
    assert np.array_equal(short.weights[1], long.weights[1])


def test_initialise_repeats_the_last_choice() -> None:
    net = ac.MLP([2, 5, 1], init="normal", init_scale=2.0, seed=4)
    drawn = net.parameters.copy()
    net.parameters[...] = 7
    net.initialise()
    assert np.array_equal(net.parameters, drawn)
    net.initialise(seed=5)
    assert not np.array_equal(net.parameters, drawn)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"sizes": [2]}, ValueError, "at least|2 to"),
        ({"sizes": [2, 0, 1]}, ValueError, "at least one unit"),
        ({"sizes": [2, 1.5]}, TypeError, "integers"),
        ({"sizes": [1] * 40}, ValueError, "not 40"),
        ({"sizes": [2, 3, 1], "activation": "tanhh"}, ValueError, "tanhh.*tanh"),
        ({"sizes": [2, 3, 1], "activation": ["tanh", "relu"]}, ValueError, "2 functions for 1 hidden"),
        ({"sizes": [2, 3, 1], "activation": "softmax"}, ValueError, "output layer"),
        ({"sizes": [2, 3, 1], "init": "glorot"}, ValueError, "glorot.*he_normal"),
        ({"sizes": [2, 3, 1], "seed": -1}, ValueError, "seed.*-1"),
        ({"sizes": [2, 3, 1], "seed": None}, TypeError, "seed must be an integer, not None"),
        ({"sizes": [2, 3, 1], "dtype": "float16"}, ValueError, "float32 or float64"),
        ({"sizes": [2, 3, 1], "init": "normal", "init_scale": float("nan")}, ValueError, "init_scale"),
        (
            {"sizes": [1, 1], "output_activation": ac.leaky_relu.bind(negative_slope=np.ones(3))},
            ValueError,
            "one number",
        ),
    ],
)
def test_wrong_arguments_are_named(arguments: dict, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        ac.MLP(**arguments)


def test_wrong_data_are_named() -> None:
    net = ac.MLP([2, 3, 1])
    with pytest.raises(ValueError, match=r"shape \(N, 2\), and has \(3,\)"):
        net.forward([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"and has \(1, 3\)"):
        net.hidden([[1.0, 2.0, 3.0]])
    with pytest.raises(TypeError, match="X must be an array of numbers"):
        net.forward([["a", "b"]])
    with pytest.raises(ValueError, match=r"out must have shape \(1, 1\)"):
        net.forward([[1.0, 2.0]], out=np.empty((2, 1)))
    with pytest.raises(TypeError, match="out must be an ndarray"):
        net.forward([[1.0, 2.0]], out=[[0.0]])
    frozen = np.empty((1, 1), "f")
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        net.forward([[1.0, 2.0]], out=frozen)
    with pytest.raises(IndexError, match="layers 0 to 1"):
        net.set_activation(2, "relu")
    with pytest.raises(TypeError, match="layer must be an integer, not 'first'"):
        net.set_activation("first", "relu")


def test_numbers_that_do_not_fit_are_type_errors() -> None:
    net = ac.MLP([1, 1])
    for wrong in (np.array([[1j]]), [[1j]], [["1.5"]], np.array([["1"]])):
        with pytest.raises(TypeError, match="X must be an array of numbers"):
            net.forward(wrong)
    with pytest.raises(TypeError, match="the result has dtype float32, which does not fit into out of dtype int64"):
        net.forward([[1.0]], out=np.zeros((1, 1), np.int64))
    assert np.isinf(ac.MLP([1, 1], init="constant").forward([[1e300]]))  # and no warning


def test_memory_that_a_trainer_holds_is_not_taken_away() -> None:
    net = ac.MLP([1, 500, 1])
    trainer = ac.Trainer(net, np.zeros((5, 1)), np.zeros(5))
    with pytest.raises(RuntimeError, match="this network exists already"):
        net.__init__([1, 1])
    with pytest.raises(RuntimeError, match="this Trainer exists already"):
        trainer.__init__(ac.MLP([1, 1]), [[1.0]], [1.0])
    assert trainer.run(3) == 3


@pytest.mark.parametrize(
    "use", [lambda t: t.run(1), lambda t: t.fit(1), lambda t: t.gradient(), lambda t: t.loss(), lambda t: t.steps_per_epoch]
)
def test_a_trainer_without_a_network_raises(use) -> None:
    class Mine(ac.Trainer):
        def __init__(self) -> None:
            pass

    with pytest.raises((AttributeError, ZeroDivisionError)):
        use(Mine())
