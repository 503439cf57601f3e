"""The Network lab in time: undo among training, the way back along the loss curve, stops, kept sessions."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from gui.model import session
from gui.model.course import KEPT
from gui.model.network import NetworkState
from tests.gui.network_driver import XOR, Driver, trained


def test_reset_goes_back_to_the_first_weights_and_can_be_undone(driver):
    d = driver()
    first = d.settle().parameters
    d.worker.advance(300)
    trained = d.settle()
    reset = d.view.bar.findChild(QWidget, "reset")
    d.click(reset)
    assert np.array_equal(d.settle().parameters, first)
    assert d.worker.snapshot.step == 0
    d.app.document.undo()
    back = d.settle()
    assert back.step == 300
    assert np.array_equal(back.parameters, trained.parameters)


def test_undo_of_a_setting_leaves_what_was_learned_since(driver):
    d = driver()
    d.choose(d.view.bar.rate, 0.03)
    d.worker.advance(100)
    learned = d.settle().parameters
    d.lab.keep()
    d.app.document.undo()
    assert d.state.learning_rate == 0.01
    assert np.array_equal(d.settle().parameters, learned)


def test_the_loss_handle_goes_back_in_time(driver, drag):
    d = driver()
    d.worker.advance(800)
    d.settle()
    d.lab.drawing.draw(d.worker.snapshot, 129, slow=True)
    loss = d.view.loss
    start = loss.to_pixels(loss.handle.pos().x(), loss.handle.pos().y())
    drag(loss.viewport(), start, loss.to_pixels(400.0, loss.handle.pos().y()), tick=d.app.tick)
    snapshot = d.settle()
    assert snapshot.step == pytest.approx(400, abs=8)
    assert snapshot.last_step == 800
    assert d.app.document.undo_text is None


@pytest.mark.parametrize("way", ["step", "weight"])
def test_going_on_from_an_earlier_step_can_be_undone(driver, way):
    d = driver()
    d.worker.advance(800)
    present = d.settle()
    past = d.look_back()
    assert past.step < 800 == past.last_step
    d.choose(d.view.bar.rate, 0.03)  # a setting is no way off
    assert d.worker.flush().last_step == 800
    if way == "step":
        d.click(d.view.bar.findChild(QWidget, "step"))
        branched = d.settle()
        assert branched.step == branched.last_step == past.step + 1
    else:
        d.change_weight(1.0)
        assert d.settle().last_step == past.step
        d.app.document.undo()
        assert np.array_equal(d.settle().parameters, past.parameters)
    assert d.app.document.undo_text == f"go on from step {past.step}"
    d.app.document.undo()
    back = d.settle()
    assert (back.step, back.last_step) == (800, 800)
    assert d.state.learning_rate == 0.03
    assert np.array_equal(back.parameters, present.parameters)
    d.app.document.redo()
    again = d.settle()
    assert again.step == past.step
    assert np.array_equal(again.parameters, past.parameters)


def test_undo_among_edits_while_training(driver):
    """Undo of a setting leaves the weights; undo of an act on the weights brings weights and step of before it back."""
    d = driver()
    d.worker.advance(100)
    first = d.settle()
    d.change_weight(1.0)
    changed = d.settle()
    d.worker.advance(100)
    d.settle()
    d.choose(d.view.bar.rate, 0.03)
    d.worker.advance(100)
    learned = d.settle()
    d.lab.keep()  # as the autosave does, at any time
    assert (changed.step, learned.step) == (100, 300)

    d.app.document.undo()
    unset = d.settle()
    assert d.state.learning_rate == 0.01
    assert unset.step == 300
    assert np.array_equal(unset.parameters, learned.parameters)
    d.app.document.undo()
    restored = d.settle()
    assert restored.step == 100
    assert np.array_equal(restored.parameters, first.parameters)
    assert d.app.document.undo_text is None

    d.app.document.redo()
    again = d.settle()
    assert again.step == 100
    assert np.array_equal(again.parameters, changed.parameters)
    d.worker.advance(10)
    later = d.settle()
    d.app.document.redo()
    assert d.state.learning_rate == 0.03
    assert np.array_equal(d.settle().parameters, later.parameters)


def test_undo_while_the_training_runs_lets_it_run_on(driver):
    d = driver(XOR.changed(speed=1))
    d.worker.advance(100)
    before = d.settle()
    d.change_weight(5.0)
    d.click(d.view.bar.play)
    d.worker.wait(lambda s: s.step > 100)
    d.app.document.undo()
    after = d.worker.flush()
    assert after.running
    assert 100 <= after.step <= 102
    assert np.abs(after.parameters - before.parameters).max() < 0.1  # steps of Adam at 0.01, not the change of 5
    d.app.tick()
    d.click(d.view.bar.play)
    d.settle()


def test_training_stops_at_the_epoch_that_was_typed(driver):
    d = driver()
    d.type(d.view.stop_epoch, "20")
    d.click(d.view.bar.play)
    snapshot = d.settle()
    assert snapshot.epoch == pytest.approx(20)
    assert d.lab.status() == "Stopped at the limit of 20 epochs."


def test_a_kept_session_goes_on_with_the_same_weights(driver, make_app):
    d = driver()
    d.worker.advance(321)
    trained = d.settle()
    d.lab.keep()
    opened = Driver(make_app(lab="network", network=NetworkState.from_dict(d.state.to_dict())))
    snapshot = opened.worker.flush()
    assert snapshot.step == 321
    assert np.array_equal(snapshot.parameters, trained.parameters)
    assert snapshot.train_loss == trained.train_loss


def curve(d: Driver) -> np.ndarray:
    """The losses as they are drawn, after their steps."""
    d.lab.drawing.draw(d.worker.snapshot, 129, slow=True)
    return np.array(d.view.loss._train.getData())


def test_a_kept_session_shows_the_course_that_led_to_it(driver, tmp_path):
    d = driver()
    d.worker.advance(1700)
    d.settle()
    whole = curve(d)
    assert d.app.files.save_to(tmp_path / "long.json")
    other = driver(XOR.changed(seed=5))  # of the same shape
    other.worker.advance(900)
    other.settle()
    curve(other)
    assert other.app.files.open(tmp_path / "long.json")
    other.settle()
    steps, losses = curve(other)
    assert 100 < len(steps) <= KEPT
    assert set(zip(steps, losses, strict=True)) <= set(zip(*whole, strict=True))
    assert (steps[0], steps[-1]) == (0, 1696)
    # The weights of its steps are not in the file. It says so, and goes on from where it is.
    other.worker.seek(800)
    snapshot = other.settle()
    assert snapshot.step == 1700
    assert "There are no weights of step 800" in snapshot.message
    other.worker.advance(100)
    later = other.settle().parameters
    other.worker.advance(200)
    other.settle()
    other.worker.seek(1800)
    snapshot = other.settle()
    assert (snapshot.step, snapshot.message) == (1800, "")
    assert np.array_equal(snapshot.parameters, later)


def test_looking_back_takes_nothing_out_of_a_file(driver, tmp_path):
    d = driver()
    d.worker.advance(300)
    newest = d.settle()
    past = d.look_back()
    assert past.step < 300
    assert d.app.files.save_to(tmp_path / "work.json")
    assert d.settle().step == past.step  # one goes on looking
    other = driver(XOR.changed(seed=5))
    assert other.app.files.save_to(tmp_path / "other.json")
    assert other.app.files.open(tmp_path / "work.json")
    opened = other.settle()
    assert (opened.step, opened.last_step) == (300, 300)
    assert np.array_equal(opened.parameters, newest.parameters)
    # Another session in its place, too: undo brings back the newest weights.
    assert d.app.files.open(tmp_path / "other.json")
    assert d.settle().step == 0
    d.app.document.undo()
    assert np.array_equal(d.settle().parameters, newest.parameters)


def test_a_course_of_one_step_keeps_its_stride(driver, tmp_path):
    d = driver()
    d.worker.advance(3000)
    d.settle()
    d.worker.seek(0)
    d.settle()
    d.worker.advance(3)  # another way from the first step: nothing is due for a while
    d.settle()
    assert d.app.files.save_to(tmp_path / "young.json")
    assert d.app.files.open(tmp_path / "young.json")
    d.worker.advance(50)
    d.settle()
    steps, _ = curve(d)
    assert len(set(np.diff(steps))) == 1
    assert d.app.files.save_to(tmp_path / "young.json")
    assert d.app.files.open(tmp_path / "young.json")


def test_undo_of_an_opened_session_brings_back_its_own_course(driver, tmp_path):
    d = driver()
    d.worker.advance(100)
    d.settle()
    assert d.app.files.save_to(tmp_path / "short.json")
    other = driver(XOR.changed(seed=5))
    other.worker.advance(200)
    other.settle()
    before = curve(other)
    assert other.app.files.open(tmp_path / "short.json")
    other.settle()
    assert not np.array_equal(curve(other), before[:, :101])
    other.app.document.undo()
    other.settle()
    assert np.array_equal(curve(other), before)


def test_undo_of_an_edit_keeps_the_weights_of_earlier_steps(driver):
    d = driver()
    d.worker.advance(100)
    d.settle()
    before = curve(d)
    d.change_weight(1.0)
    d.worker.advance(50)
    d.settle()
    d.app.document.undo()
    d.settle()
    assert np.array_equal(curve(d), before)
    d.worker.seek(60)
    snapshot = d.settle()
    assert (snapshot.step, snapshot.message) == (60, "")
    assert np.array_equal(snapshot.parameters, trained(XOR, 60))


def test_the_course_goes_on_when_the_shape_changes(driver):
    d = driver()
    d.worker.advance(100)
    d.settle()
    before = curve(d)
    d.click(d.view.heads.more[0])
    d.worker.advance(50)
    d.settle()
    steps, losses = curve(d)
    assert np.array_equal((steps[:100], losses[:100]), before[:, :100])
    assert steps[-1] == 150
    d.worker.seek(30)
    assert "no weights" in d.settle().message
    assert d.worker.snapshot.step == 100


def test_a_session_without_weights_begins_at_its_first_ones(driver, tmp_path):
    d = driver()
    d.worker.advance(300)
    trained_weights = d.settle().parameters
    session.save(session.Session(lab="network", network=XOR.changed(seed=5)), tmp_path / "bare.json")
    assert d.app.files.open(tmp_path / "bare.json")
    snapshot = d.settle()
    assert snapshot.step == 0
    assert np.array_equal(snapshot.parameters, trained(XOR.changed(seed=5), 0))
    d.app.document.undo()
    assert np.array_equal(d.settle().parameters, trained_weights)


def test_why_one_cannot_go_back_is_said_at_once(driver, tmp_path):
    d = driver()
    d.worker.advance(1700)
    d.settle()
    assert d.app.files.save_to(tmp_path / "long.json")
    other = driver(XOR.changed(seed=5))
    assert other.app.files.open(tmp_path / "long.json")
    other.settle()
    window, loss = other.app.window, other.view.loss
    other.app._status_at = 0.0
    other.app.tick()
    assert window.status.text() == "Opened long.json."
    at, to = (loss.to_pixels(step, loss.handle.pos().y()).toPoint() for step in (1700, 800))
    QTest.mousePress(loss.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(loss.viewport(), to)
    QTest.mouseRelease(loss.viewport(), Qt.MouseButton.LeftButton, pos=to)
    other.settle()
    other.app._status_at = 0.0
    other.app.tick()
    assert window.status.text().startswith("There are no weights of step ")
    assert window.status.text().endswith(" to go back to; the nearest are these of 1700.")
    window.tell("Saved as long.json.")  # what was said already does not drown what is told since
    other.app._status_at = 0.0
    other.app.tick()
    assert window.status.text() == "Saved as long.json."


def test_from_an_earlier_step_one_can_return_to_the_newest_weights(driver):
    d = driver()
    d.worker.advance(1001)  # records are of even steps by now
    newest = d.settle()
    for there in (400, 5000):
        d.worker.seek(there)
        snapshot = d.settle()
    assert (snapshot.step, snapshot.epoch, snapshot.message) == (1001, newest.epoch, "")
    assert np.array_equal(snapshot.parameters, newest.parameters)
    d.app.tick()
    assert d.view.loss.handle.pos().x() == 1001
