"""The training worker: steps decide and nothing else, orders in any sequence, an end that is clean."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from gui.engine import networks
from gui.engine.history import CAPACITY, History
from gui.engine.training import Training
from gui.engine.worker import Worker
from gui.model.activations import offered
from gui.model.course import Course
from gui.model.dataset import KINDS, OWN, DatasetSettings
from gui.model.network import Checkpoint, Layer, NetworkState
from tests.gui.network_driver import trained

XOR = NetworkState(data=DatasetSettings("xor", count=120), hidden=(Layer(6),), speed=None)


@pytest.fixture
def worker():
    made = Worker(XOR)
    yield made
    made.close()


def test_equal_steps_give_equal_weights_however_they_are_divided():
    whole = trained(XOR, 500)
    training = Training(XOR)
    for steps in (1, 2, 97, 400):
        training.run(steps)
    assert np.array_equal(training.snapshot(0, running=False).parameters, whole)


@pytest.mark.parametrize("speed", [200.0, 1000.0, None])
def test_the_speed_does_not_change_the_result(speed):
    worker = Worker(replace(XOR, speed=speed, stop_epoch=16))
    try:
        worker.play()
        worker.flush()
        snapshot = worker.wait(lambda s: not s.running)
    finally:
        worker.close()
    assert snapshot.step == 144  # 84 training points in batches of 10: nine steps an epoch
    assert snapshot.message == "Stopped at the limit of 16 epochs."
    assert np.array_equal(snapshot.parameters, trained(XOR, 144))


def test_training_goes_on_past_a_limit_that_was_reached():
    training = Training(replace(XOR, stop_epoch=2))
    assert training.run(100) == 18
    assert training.run(100) == 100
    assert training.message == ""


def test_another_batch_size_leaves_the_epochs_done_as_they_are():
    training = Training(XOR)
    training.run(90)
    assert training.snapshot(0, running=False).epoch == pytest.approx(10)
    training.update(replace(XOR, batch_size=84, stop_epoch=12))
    assert training.snapshot(0, running=False).epoch == pytest.approx(10)
    assert training.run(100) == 2
    assert training.snapshot(0, running=False).epoch == pytest.approx(12)


def test_the_pace_is_kept():
    worker = Worker(replace(XOR, speed=200.0))
    try:
        worker.play()
        began = time.perf_counter()
        snapshot = worker.wait(lambda s: s.step >= 60)
        seconds = time.perf_counter() - began
    finally:
        worker.close()
    assert 0.25 < seconds < 3.0
    assert snapshot.step < 120


def test_pause_means_no_steps(worker):
    worker.play()
    worker.wait(lambda s: s.step > 100)
    worker.pause()
    paused = worker.flush()
    assert not paused.running
    time.sleep(0.05)
    assert worker.flush().step == paused.step


def test_xor_is_learned(worker):
    worker.advance(4000)
    worker.flush()
    snapshot = worker.wait(lambda s: not s.running)
    assert snapshot.step == 4000
    assert snapshot.train_loss < 0.05
    assert snapshot.test_score > 0.9


def test_a_new_activation_keeps_the_weights(worker):
    worker.advance(50)
    before = worker.flush()
    before = worker.wait(lambda s: not s.running)
    worker.update(XOR.with_layer(0, activation="relu"))
    after = worker.flush()
    assert np.array_equal(before.parameters, after.parameters)
    assert after.step == before.step
    assert after.train_loss != before.train_loss


def test_one_weight_is_set_and_no_other(worker):
    before = worker.flush().parameters
    worker.set_parameter(3, 1.25, XOR)
    after = worker.flush().parameters
    assert after[3] == 1.25
    assert np.array_equal(np.delete(after, 3), np.delete(before, 3))


def test_a_snapshot_tells_of_the_weights_it_holds():
    training = Training(XOR)
    training.run(2051)  # no multiple of the record's stride by now
    snapshot = training.snapshot(0, running=False)
    again = Training(replace(XOR, checkpoint=Checkpoint(0, tuple(snapshot.parameters.tolist()))))
    other = again.snapshot(0, running=False)
    assert (snapshot.step, snapshot.last_step) == (2051, 2051)
    assert snapshot.train_loss == other.train_loss
    assert snapshot.test_score == other.test_score


def test_seek_goes_back_and_training_branches_from_there(worker):
    worker.advance(400)
    worker.flush()
    worker.wait(lambda s: not s.running)
    worker.seek(200)
    past = worker.flush()
    assert (past.step, past.last_step) == (200, 400)
    assert np.array_equal(past.parameters, trained(XOR, 200))
    worker.advance(10)
    worker.flush()
    branched = worker.wait(lambda s: not s.running)
    assert branched.step == branched.last_step == 210
    assert branched.course.steps[-1] == 210


def test_the_target_loss_stops_the_training():
    training = Training(replace(XOR, stop_loss=0.2))
    training.run(100_000)
    snapshot = training.snapshot(0, running=False)
    assert snapshot.train_loss <= 0.2
    assert "0.2" in snapshot.message
    assert snapshot.step < 100_000


def test_a_loss_of_zero_is_no_reason_to_stop():
    # All points of one class and a large bias: the loss is zero from the start.
    points = tuple((0.1 * k, 0.0, 1.0) for k in range(20))
    state = NetworkState(data=DatasetSettings(OWN, points=points), hidden=())
    net = networks.build(state)
    net.weights[0][:], net.biases[0][:] = 0.0, 200.0
    training = Training(state.changed(checkpoint=Checkpoint(0, tuple(net.parameters.tolist()))))
    assert training.snapshot(0, running=False).train_loss == 0.0
    assert training.run(50) == 50
    assert training.message == ""


def test_divergence_is_said_and_finite_weights_are_kept():
    state = NetworkState(
        data=DatasetSettings("plane"), hidden=(Layer(4, "linear"),), loss="mse", optimizer="sgd", learning_rate=10.0
    )
    training = Training(state)
    training.run(2000)
    snapshot = training.snapshot(0, running=False)
    assert "diverged" in snapshot.message
    assert np.isfinite(snapshot.parameters).all()


def test_a_checkpoint_is_where_training_starts():
    first = Training(XOR)
    first.run(100)
    weights = first.snapshot(0, running=False).parameters
    state = replace(XOR, checkpoint=Checkpoint(100, tuple(weights.tolist())))
    snapshot = Training(state).snapshot(0, running=False)
    assert snapshot.step == 100
    assert np.array_equal(snapshot.parameters, weights)


def test_weights_with_a_place_are_carried_over():
    old = Training(XOR).snapshot(0, running=False).parameters
    new = XOR.with_layer(0, units=8).changed(features=("x2", "product", "x1"))
    net, before = networks.build(new), networks.build(XOR)
    before.parameters[:] = old
    net.parameters[:] = networks.carry_over(XOR, old, new)
    assert np.array_equal(net.weights[0][:6, 0], before.weights[0][:, 1])
    assert np.array_equal(net.weights[0][:6, 2], before.weights[0][:, 0])
    assert np.array_equal(net.weights[1][:, :6], before.weights[1])


def test_orders_in_any_sequence(worker):
    rng = random.Random(7)
    state = XOR
    for _ in range(300):
        order = rng.randrange(8)
        if order == 0:
            worker.play()
        elif order == 1:
            worker.pause()
        elif order == 2:
            worker.advance(rng.randrange(50))
        elif order == 3:
            worker.seek(rng.randrange(500))
        elif order == 4:
            worker.set_parameter(rng.randrange(25), rng.uniform(-1, 1), state)
        elif order == 5:
            state = state.changed(data=DatasetSettings(rng.choice(list(KINDS)), count=60))
            worker.update(state)
        elif order == 6 and state.hidden:
            name = rng.choice(["tanh", "relu", "sigmoid", "elu"])
            state = state.with_layer(0, activation=name, units=rng.randrange(4, 9))
            worker.update(state)
        else:
            state = state.changed(learning_rate=rng.choice([0.001, 0.01, 0.1]), batch_size=rng.randrange(1, 40))
            worker.update(state)
    worker.pause()
    snapshot = worker.flush()
    assert snapshot.state == state
    assert len(snapshot.parameters) == state.parameter_count
    assert np.isfinite(snapshot.parameters).all()


def test_a_bad_order_is_said_and_survived(worker):
    worker.set_parameter(10_000, 1.0, XOR)
    assert worker.flush().message
    worker.advance(5)
    worker.flush()
    assert worker.wait(lambda s: not s.running).step == 5


def test_close_ends_the_thread_at_once():
    worker = Worker(XOR)
    worker.play()
    began = time.perf_counter()
    worker.close()
    assert time.perf_counter() - began < 1.0
    assert not any(thread.name == "training" for thread in threading.enumerate())


def test_snapshots_are_frozen(worker):
    snapshot = worker.flush()
    with pytest.raises(ValueError, match="read-only"):
        snapshot.parameters[0] = 1.0


def test_the_record_is_bounded_and_evenly_spaced():
    history = History(1, Course())
    for step in range(5 * CAPACITY):
        history.record(step, step / 10, (1.0, 2.0), (0.5, 0.5), np.zeros(1, np.float32))
    steps = history.course().steps
    assert len(steps) <= CAPACITY
    assert (np.diff(steps) == history.stride).all()
    assert steps[0] == 0


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_data_set_is_learned(kind):
    state = NetworkState().changed(data=DatasetSettings(kind))
    training = Training(state)
    training.run(12_000)
    assert training.snapshot(0, running=False).test_score > 0.9


@pytest.mark.parametrize("name", offered())
def test_every_activation_trains(name):
    state = XOR.with_layer(0, activation=name)
    training = Training(state)
    training.run(200)
    assert np.isfinite(training.snapshot(0, running=False).parameters).all()


def test_a_step_that_fails_halts_the_training_and_the_thread_lives_on(monkeypatch):
    worker = Worker(XOR)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(Training, "run", lambda *_: 1 / 0)
            worker.advance(5)
            failed = worker.wait(lambda snapshot: bool(snapshot.message))
        assert (failed.message, failed.running) == ("division by zero", False)
        worker.advance(5)
        assert worker.wait(lambda snapshot: snapshot.step == 5).message == ""
    finally:
        worker.close()
