"""Trainer: gradients, trajectories, determinism, divergence, input checks."""

from __future__ import annotations

import copy
import itertools
import math
import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

import actcore as ac
from actcore.training import LOSSES, OPTIMISERS
from scripts.numpy_network import NumpyNetwork, NumpyTrainer, order_of_epoch, tame

SHAPES = [[2, 1], [3, 5, 1], [2, 4, 3, 1]]


def data(n: int, columns: int, n_out: int, loss: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, columns))
    if loss == "categorical_crossentropy":
        return x, np.eye(n_out)[rng.integers(n_out, size=n)]
    if loss == "binary_crossentropy":
        return x, rng.integers(2, size=(n, n_out)).astype(float)
    return x, rng.uniform(-2, 2, (n, n_out))


def reference(net: ac.MLP) -> NumpyNetwork:
    """The same network in NumPy, with the package's activations."""
    functions = [(f, f.derivative if isinstance(f, ac.Activation) else None) for f in net.activations]
    return NumpyNetwork([w.copy() for w in net.weights], [b.copy() for b in net.biases], functions)


def flat(net: NumpyNetwork) -> np.ndarray:
    return np.concatenate([p.ravel() for p in net.weights + net.biases])


def away_from_kinks(net: ac.MLP, x: np.ndarray, distance: float) -> np.ndarray:
    """The samples of which no unit stands near a kink of its activation."""
    keep = np.ones(len(x), bool)
    for z, f in zip(net.pre_activations(x), net.activations, strict=True):
        for at, _, _ in f.spec.kinks_at(f.parameters) if hasattr(f.spec, "kinks") else ():
            keep &= (abs(z - at) > distance).all(axis=0)
    return x[keep]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", ac.names())
def test_gradient_is_the_slope_of_the_loss(name: str, loss: str) -> None:
    for shape in SHAPES:
        sizes = [*shape[:-1], 3] if loss == "categorical_crossentropy" else shape
        output = "linear" if "crossentropy" in loss else name
        net = ac.MLP(sizes, activation=name, output_activation=output, dtype="float64", seed=2)
        tame(net)
        x = away_from_kinks(net, data(60, sizes[0], 1, "mse")[0], 1e-4)
        assert len(x) > 3
        y = data(len(x), sizes[0], sizes[-1], loss, seed=1)[1]
        if loss == "huber":  # the loss has kinks of its own, where |output - target| = 1
            far = (abs(abs(net.forward(x) - y) - 1) > 1e-4).all(axis=1)
            x, y = x[far], y[far]
        trainer = ac.Trainer(net, x, y, loss=loss)
        gradient = trainer.gradient()
        step = 1e-5
        for k in range(len(gradient)):
            kept = net.parameters[k]
            slopes = []
            for h in (step, 2 * step):
                net.parameters[k] = kept + h
                above = trainer.loss()
                net.parameters[k] = kept - h
                slopes.append((above - trainer.loss()) / (2 * h))
            net.parameters[k] = kept
            slope = (4 * slopes[0] - slopes[1]) / 3
            assert gradient[k] == pytest.approx(slope, rel=1e-6, abs=1e-9), (sizes, k)


@pytest.mark.parametrize("output", ["softmax", "tanh"])
def test_softmax_under_a_loss_on_outputs(output: str) -> None:
    net = ac.MLP([2, 4, 3], output_activation=output, dtype="float64")
    x, y = data(40, 2, 3, "mse")
    trainer = ac.Trainer(net, x, y)
    gradient = trainer.gradient()
    for k in range(len(gradient)):
        kept = net.parameters[k]
        net.parameters[k] = kept + 1e-6
        above = trainer.loss()
        net.parameters[k] = kept - 1e-6
        assert gradient[k] == pytest.approx((above - trainer.loss()) / 2e-6, rel=1e-6, abs=1e-9)
        net.parameters[k] = kept


@pytest.mark.parametrize("optimizer", OPTIMISERS)
@pytest.mark.parametrize("loss", LOSSES)
def test_trajectory_equals_numpy(optimizer: str, loss: str) -> None:
    n_out = 3 if loss == "categorical_crossentropy" else 1
    x, y = data(57, 2, n_out, loss)  # 57 samples: the last batch of an epoch is smaller
    net = ac.MLP([2, 8, 5, n_out], activation="tanh", dtype="float64", seed=3)
    other = reference(net)
    ac.Trainer(net, x, y, loss=loss, optimizer=optimizer, learning_rate=0.01, seed=7).run(100)
    NumpyTrainer(other, x, y, loss=loss, optimizer=optimizer, learning_rate=0.01, seed=7).run(100)
    np.testing.assert_allclose(net.parameters, flat(other), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "options",
    [
        {"l2": 0.02},
        {"l1": 0.01},
        {"l1": 0.01, "l2": 0.02, "clip_norm": 0.05},
        {"batch_size": 1},
        {"batch_size": 57},
        {"batch_size": 1000},
    ],
)
def test_trajectory_with_penalties_clipping_and_batches(options: dict) -> None:
    x, y = data(157, 2, 1, "mse")
    net = ac.MLP([2, 6, 1], activation="gelu", dtype="float64")
    other = reference(net)
    ac.Trainer(net, x, y, optimizer="momentum", **options).run(100)
    NumpyTrainer(other, x, y, optimizer="momentum", **options).run(100)
    np.testing.assert_allclose(net.parameters, flat(other), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("schedule", "factor"),
    [
        ("constant", lambda step: 1.0),
        ("step", lambda step: 0.5 ** (step // 30)),
        ("cosine", lambda step: 0.5 * (1 + math.cos(math.pi * min(step, 30) / 30))),
    ],
)
def test_schedules(schedule: str, factor) -> None:
    x, y = data(30, 2, 1, "mse")
    net = ac.MLP([2, 6, 1], dtype="float64")
    other = reference(net)
    trainer = ac.Trainer(net, x, y, schedule=schedule, schedule_steps=30)
    trainer.run(70)
    NumpyTrainer(other, x, y, schedule=factor).run(70)
    np.testing.assert_allclose(net.parameters, flat(other), rtol=1e-12, atol=1e-14)
    assert trainer.current_learning_rate == pytest.approx(0.03 * factor(70), abs=1e-15)


def test_shuffle_visits_every_sample_once() -> None:
    orders = [order_of_epoch(57, 3, epoch) for epoch in range(4)]
    assert all(sorted(order) == list(range(57)) for order in orders)
    assert all(a != b for a, b in itertools.combinations(orders, 2))


def test_steps_decide_and_not_calls_threads_or_seed_of_another() -> None:
    x, y = data(100, 2, 1, "mse")

    def trained(calls: list[int], threads: int, seed: int = 0) -> np.ndarray:
        net = ac.MLP([2, 8, 1])
        with ac.num_threads(threads):
            trainer = ac.Trainer(net, x, y, seed=seed, optimizer="adam")
            for steps in calls:
                assert trainer.run(steps) == steps
        assert trainer.step == sum(calls)
        return net.parameters

    whole = trained([333], 1)
    assert np.array_equal(trained([1, 2, 30, 300], 2), whole)
    assert not np.array_equal(trained([333], 1, seed=1), whole)


def test_instruction_sets_with_fma_give_the_same_bits() -> None:
    program = (
        "import numpy as np, actcore as ac\n"
        "x = np.linspace(-2, 2, 114).reshape(57, 2); y = np.sin(x[:, 0])\n"
        "for dtype in ('float32', 'float64'):\n"
        "    net = ac.MLP([2, 9, 5, 1], activation='tanh', dtype=dtype)\n"
        "    ac.Trainer(net, x, y, optimizer='adam', clip_norm=0.1, l2=0.01).run(200)\n"
        "    print(net.parameters.tobytes().hex())\n"
    )
    results = set()
    for level in ("v3", "v4"):
        environment = {**os.environ, "ACTCORE_ISA": level}
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
        if done.returncode == 0:
            results.add(done.stdout)
        else:  # another architecture, or an older CPU
            assert "ACTCORE_ISA" in done.stderr
    assert len(results) <= 1


def test_reset_repeats() -> None:
    x, y = data(50, 2, 1, "mse")
    net = ac.MLP([2, 8, 1])
    trainer = ac.Trainer(net, x, y, optimizer="adam")
    trainer.run(77)
    first = net.parameters.copy()
    net.initialise()
    trainer.reset()
    trainer.run(77)
    assert np.array_equal(net.parameters, first)
    assert (trainer.step, trainer.epoch, trainer.steps_per_epoch) == (77, 15, 5)


def test_writes_between_steps_are_what_the_next_step_starts_from() -> None:
    x, y = data(20, 2, 1, "mse")
    net = ac.MLP([2, 4, 1], dtype="float64")
    trainer = ac.Trainer(net, x, y, batch_size=20, learning_rate=0.1)
    trainer.run(5)
    net.weights[0][1, 0] = 3.0
    net.set_activation(0, "softsign")
    gradient = trainer.gradient()
    before = net.parameters.copy()
    trainer.run(1)
    np.testing.assert_allclose(net.parameters, before - 0.1 * gradient, rtol=1e-12, atol=1e-15)


def test_settings_may_change_on_the_way() -> None:
    x, y = data(20, 2, 1, "mse")
    net = ac.MLP([2, 4, 1])
    trainer = ac.Trainer(net, x, y)
    trainer.learning_rate, trainer.l1, trainer.l2, trainer.clip_norm = 0.0, 0.1, 0.1, 1.0
    trainer.batch_size = 7
    before = net.parameters.copy()
    assert trainer.run(10) == 10
    assert trainer.steps_per_epoch == 3
    assert np.array_equal(net.parameters, before)


def test_fit_returns_the_loss_of_every_epoch() -> None:
    x, y = data(64, 2, 1, "mse")
    net, twin = ac.MLP([2, 8, 1], seed=1), ac.MLP([2, 8, 1], seed=1)
    trainer, other = ac.Trainer(net, x, y), ac.Trainer(twin, x, y)
    history = trainer.fit(20)
    for loss in history:
        other.run(other.steps_per_epoch)
        assert other.loss() == loss
    assert np.array_equal(net.parameters, twin.parameters)
    target = history[-1] * 0.99
    stopped = trainer.fit(10_000, target_loss=target)
    assert stopped[-1] <= target < stopped[:-1].min(initial=math.inf)


def test_loss_of_given_data() -> None:
    x, y = data(40, 2, 3, "categorical_crossentropy")
    net = ac.MLP([2, 4, 3], output_activation="softmax", dtype="float64")
    trainer = ac.Trainer(net, x, y, loss="categorical_crossentropy")
    expected = -np.log(net.forward(x))[np.arange(40), y.argmax(axis=1)]
    assert trainer.loss() == pytest.approx(expected.mean(), rel=1e-12)
    assert trainer.loss(x[:5], y[:5].argmax(axis=1)) == pytest.approx(expected[:5].mean(), rel=1e-12)


def test_large_data_are_evaluated_in_parallel_to_the_same_bits() -> None:
    x, y = data(50_001, 2, 1, "mse")
    trainer = ac.Trainer(ac.MLP([2, 8, 1]), x, y)
    with ac.num_threads(1):
        alone = trainer.loss()
    with ac.num_threads(2):
        assert trainer.loss() == alone


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_logits_have_finite_losses(dtype: str) -> None:
    for loss, n_out, y in [("binary_crossentropy", 1, [0.0, 1.0]), ("categorical_crossentropy", 2, [0, 1])]:
        net = ac.MLP([1, n_out], init="constant", init_scale=1e4, dtype=dtype)
        if n_out == 2:
            net.weights[0][1] = -1e4
        trainer = ac.Trainer(net, [[1.0], [1.0]], y, loss=loss)
        assert trainer.loss() == pytest.approx(5e3 if n_out == 1 else 1e4, rel=1e-6)
        assert np.isfinite(trainer.gradient()).all()


@pytest.mark.parametrize("optimizer", ["sgd", "momentum"])
def test_divergence_is_reported_and_the_last_finite_weights_are_kept(optimizer: str) -> None:
    x, y = data(50, 2, 1, "mse")
    net = ac.MLP([2, 8, 1], activation="relu", seed=1)
    trainer = ac.Trainer(net, 10 * x, y, learning_rate=50.0, optimizer=optimizer)
    done = trainer.run(10_000)
    assert done < 10_000
    assert trainer.step == done == trainer.divergence.step
    assert trainer.divergence.layer in (0, 1)
    assert f"step {done}" in trainer.divergence.message and "learning rate (50)" in trainer.divergence.message
    assert "diverged" in repr(trainer)
    assert np.isfinite(net.parameters).all()
    net.initialise()
    trainer.learning_rate = 0.001
    assert trainer.run(100) == 100
    assert trainer.divergence is None


def test_a_network_that_overflows_in_a_layer_names_it() -> None:
    net = ac.MLP([1, 2, 2, 1], activation="linear")
    net.weights[1][...] = 3e38
    trainer = ac.Trainer(net, [[1.0], [2.0]], [0.0, 1.0])
    net.weights[0][...] = 10.0
    assert trainer.run(5) == 0
    assert trainer.divergence.layer == 1


def test_xor_is_learned_and_a_linear_network_stays_at_chance() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    y = np.where(x[:, 0] * x[:, 1] > 0, 1.0, -1.0)
    net = ac.MLP([2, 8, 1], activation="tanh", output_activation="tanh")
    assert ac.Trainer(net, x, y, learning_rate=0.2).fit(1000)[-1] < 0.05
    flat_net = ac.MLP([2, 8, 1], activation="linear")
    assert ac.Trainer(flat_net, x, y, learning_rate=0.05).fit(300)[-1] > 0.9


def test_one_trainer_runs_in_one_thread_at_a_time() -> None:
    x, y = data(1000, 2, 1, "mse")
    trainer = ac.Trainer(ac.MLP([2, 16, 16, 1]), x, y)
    worker = threading.Thread(target=trainer.run, args=(100_000,))
    worker.start()
    try:
        while trainer.step == 0:
            pass
        with pytest.raises(RuntimeError, match="another thread"):
            trainer.run(1)
    finally:
        worker.join()
    assert trainer.step == 100_000


def test_an_activation_changed_from_another_thread_is_taken_up() -> None:
    x, y = data(200, 2, 1, "mse")
    net = ac.MLP([2, 8, 1], activation="tanh")
    trainer = ac.Trainer(net, x, y)
    worker = threading.Thread(target=trainer.run, args=(400_000,))
    worker.start()
    while trainer.step == 0:
        pass
    net.set_activation(0, "linear")
    worker.join()
    design = np.c_[x, np.ones(200)]
    best = np.mean((y - design @ np.linalg.lstsq(design, y)[0]) ** 2)
    assert trainer.loss() == pytest.approx(best, rel=0.05)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"x": [[0.0, math.nan], [1.0, 1.0]]}, ValueError, "X holds nan at row 0, column 1"),
        ({"y": [0.0, math.inf]}, ValueError, "y holds inf at row 1"),
        ({"x": [[1.0, 2.0]]}, ValueError, "X has 1 samples and y has 2"),
        ({"x": [[1.0], [2.0]]}, ValueError, r"X must have shape \(N, 2\)"),
        ({"x": np.empty((0, 2)), "y": []}, ValueError, "no samples"),
        ({"y": [[0.0, 1.0], [1.0, 0.0]]}, ValueError, r"y must have shape \(N, 1\)"),
        ({"y": [0.0, 2.0], "loss": "binary_crossentropy"}, ValueError, "from 0 to 1"),
        ({"loss": "mae"}, ValueError, "mse, huber"),
        ({"optimizer": "sdg"}, ValueError, "sgd, momentum"),
        ({"schedule": "linear"}, ValueError, "constant, step, cosine"),
        ({"learning_rate": -1}, ValueError, "learning_rate must be"),
        ({"learning_rate": math.nan}, ValueError, "learning_rate must be"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate must be a number"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"batch_size": 2.0}, TypeError, "batch_size must be an integer, not 2.0"),
        ({"seed": None}, TypeError, "seed must be an integer, not None"),
        ({"momentum": 1.5}, ValueError, "momentum must be"),
        ({"l2": -0.1}, ValueError, "l2 must be"),
    ],
)
def test_wrong_arguments_are_named(change: dict, error: type[Exception], words: str) -> None:
    arguments = {"x": [[0.0, 0.0], [1.0, 1.0]], "y": [0.0, 1.0], **change}
    net = ac.MLP([2, 3, 1])
    before = net.parameters.copy()
    with pytest.raises(error, match=words):
        ac.Trainer(net, arguments.pop("x"), arguments.pop("y"), **arguments)
    assert np.array_equal(net.parameters, before)


def test_steps_and_epochs_are_whole_numbers() -> None:
    trainer = ac.Trainer(ac.MLP([1, 1]), [[1.0]], [1.0])
    for run, name in ((trainer.run, "steps"), (trainer.fit, "epochs")):
        with pytest.raises(TypeError, match=f"{name} must be an integer, not 1.5"):
            run(1.5)
        with pytest.raises(ValueError, match=f"{name} must be at least 0, and is -1"):
            run(-1)


def test_a_trainer_says_that_it_cannot_be_pickled() -> None:
    trainer = ac.Trainer(ac.MLP([1, 1]), [[1.0]], [1.0])
    for copied in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=r"cannot pickle 'actcore\.training\.Trainer' object"):
            copied(trainer)


def test_wrong_labels_are_named() -> None:
    net = ac.MLP([2, 3], output_activation="softmax")
    x = [[0.0, 0.0], [1.0, 1.0]]
    for labels, error, words in [
        ([0, 3], ValueError, "label 3; with 3 outputs labels run from 0 to 2"),
        ([-1, 0], ValueError, "label -1"),
        ([0.0, 1.0], TypeError, "must be integers"),
        ([[0.5, 0.5, 0.5], [1, 0, 0]], ValueError, "sum to 1"),
    ]:
        with pytest.raises(error, match=words):
            ac.Trainer(net, x, labels, loss="categorical_crossentropy")


def test_a_loss_on_logits_wants_its_own_output() -> None:
    net = ac.MLP([2, 3, 1], output_activation="tanh")
    with pytest.raises(ValueError, match="linear or sigmoid, not tanh"):
        ac.Trainer(net, [[0.0, 0.0]], [1.0], loss="binary_crossentropy")
    net.set_activation(1, "sigmoid")
    trainer = ac.Trainer(net, [[0.0, 0.0]], [1.0], loss="binary_crossentropy")
    net.set_activation(1, "relu")
    with pytest.raises(ValueError, match="not relu"):
        trainer.run(1)


def test_labels_may_be_booleans() -> None:
    net = ac.MLP([1, 2], output_activation="softmax")
    by_number = ac.Trainer(net, [[1.0], [2.0], [3.0]], [1, 0, 1], loss="categorical_crossentropy").loss()
    assert ac.Trainer(net, [[1.0], [2.0], [3.0]], [True, False, True], loss="categorical_crossentropy").loss() == by_number


def test_settings_beyond_all_bounds_are_named() -> None:
    net = ac.MLP([1, 1])
    with pytest.raises(ValueError, match="schedule_steps must be a finite number, at least 1 and at most"):
        ac.Trainer(net, [[1.0]], [1.0], schedule="cosine", schedule_steps=1e300)
    assert ac.Trainer(net, [[1.0]], [1.0], batch_size=2**63 - 1).steps_per_epoch == 1
