"""train_many: the same bits as one at a time, progress, cancellation, executors."""

from __future__ import annotations

from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import actcore as ac

X = np.random.default_rng(0).uniform(-1, 1, (60, 2))
Y = np.where(X[:, 0] * X[:, 1] > 0, 1.0, -1.0)
GRID = {
    "activations": ["tanh", "relu", ac.leaky_relu.bind(negative_slope=0.2)],
    "learning_rates": [0.01, 0.1],
    "seeds": [0, 3],
    "epochs": 7,
    "optimizer": "adam",
    "output_activation": "tanh",
}


def test_every_network_has_the_bits_it_gets_alone() -> None:
    sweep = ac.train_many(X, Y, [2, 5, 1], **GRID)
    assert sweep.losses.shape == (3, 2, 2, 7)
    assert sweep.finished.all() and not sweep.divergences
    for a, activation in enumerate(sweep.activations):
        for r, rate in enumerate(sweep.learning_rates):
            for s, seed in enumerate(sweep.seeds):
                net = ac.MLP([2, 5, 1], activation=activation, output_activation="tanh", seed=seed)
                trainer = ac.Trainer(net, X, Y, optimizer="adam", learning_rate=rate, seed=seed)
                assert np.array_equal(trainer.fit(7), sweep.losses[a, r, s])
                assert np.array_equal(net.parameters, sweep.parameters[a, r, s])


def test_threads_and_processes_give_the_same() -> None:
    here = ac.train_many(X, Y, [2, 5, 1], **GRID)
    with ac.num_threads(1):
        alone = ac.train_many(X, Y, [2, 5, 1], **GRID)
    assert np.array_equal(alone.parameters, here.parameters)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        away = ac.train_many(X, Y, [2, 5, 1], executor=executor, **GRID)
    with ThreadPoolExecutor(3) as executor:
        beside = ac.train_many(X, Y, [2, 5, 1], executor=executor, **GRID)
    for other in (away, beside):
        assert np.array_equal(other.parameters, here.parameters)
        assert np.array_equal(other.losses, here.losses)


def test_progress_counts_up_to_the_total() -> None:
    seen: list[tuple[int, int]] = []
    ac.train_many(X, Y, [2, 5, 1], progress=lambda done, total: seen.append((done, total)), **GRID)
    assert seen[-1] == (12, 12)
    assert all(a < b for (a, _), (b, _) in zip(seen, seen[1:], strict=False))


def test_cancelling_keeps_what_is_done() -> None:
    grid = {**GRID, "seeds": range(200)}
    with ac.num_threads(1):
        sweep = ac.train_many(X, Y, [2, 5, 1], progress=lambda done, total: False, **grid)
    assert 0 < sweep.finished.sum() < sweep.finished.size
    assert np.isfinite(sweep.losses[sweep.finished]).all()
    assert np.isnan(sweep.losses[~sweep.finished]).all()


class Forgetful(Executor):
    """Does the first task, and tells nobody when another is cancelled, as dask's executor may."""

    def __init__(self) -> None:
        self.begun = False

    def submit(self, function, /, *arguments, **options):  # type: ignore[no-untyped-def]
        future: Future = Future()
        if not self.begun:
            future.set_result(function(*arguments, **options))
        self.begun = True
        return future


def test_cancelling_waits_for_nothing_that_will_not_come() -> None:
    sweep = ac.train_many(X, Y, [2, 5, 1], executor=Forgetful(), progress=lambda done, total: False, **{**GRID, "seeds": range(20)})
    assert 0 < sweep.finished.sum() < sweep.finished.size


def test_divergence_has_its_place() -> None:
    sweep = ac.train_many(100 * X, Y, [2, 5, 1], activations=["relu"], learning_rates=[1e-4, 100.0], epochs=50, seeds=[1])
    assert list(sweep.divergences) == [(0, 1, 0)]
    assert np.isfinite(sweep.losses[0, 0]).all()
    assert np.isnan(sweep.losses[0, 1, 0, -1])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"activations": []}, "activations is empty"),
        ({"activations": ["tanh", "thanh"]}, "thanh"),
        ({"learning_rates": [0.1, -1]}, "learning_rate"),
        ({"optimizer": "sdg"}, "optimizer must be one of"),
        ({"activations": ["tanh", "softmax"]}, "softmax alone, in the output layer"),
        ({"seeds": []}, "seeds is empty"),
        ({"seeds": [-1]}, "seeds must be at least 0, and is -1"),
        ({"epochs": -1}, "epochs must be at least 0, and is -1"),
    ],
)
def test_wrong_arguments_are_named(change: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ac.train_many(X, Y, [2, 5, 1], **{**GRID, **change})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"activations": "tanh"}, r"activations must be a sequence, such as \['tanh'\], not 'tanh'"),
        ({"learning_rates": 0.1}, r"learning_rates must be a sequence, such as \[0.1\], not 0.1"),
        ({"learning_rates": ["fast"]}, "learning_rates must be a number, not 'fast'"),
        ({"seeds": [1.5]}, "seeds must be an integer, not 1.5"),
        ({"epochs": 2.5}, "epochs must be an integer, not 2.5"),
    ],
)
def test_arguments_of_the_wrong_kind_are_named(change: dict, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        ac.train_many(X, Y, [2, 5, 1], **{**GRID, **change})
