"""One training in the making: network, trainer and record. It knows steps, not time, and no thread."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np

import actcore as ac

from ..model.activations import activation_of
from ..model.course import Course
from ..model.network import Checkpoint, NetworkState
from . import networks
from .history import Entry, History
from .snapshot import Snapshot


class Training:
    """The network of a `NetworkState` and how far it has been trained.

    Equal states, orders and step counts give equal weights, however they are divided into calls of `run`.

    Attributes
    ----------
    state : NetworkState
        The settings in force.
    step : int
        Steps done.
    message : str
        Why the last `run` stopped early, as a sentence; else empty.
    """

    def __init__(self, state: NetworkState) -> None:
        self.message = ""
        self._load(state)

    def run(self, steps: int) -> int:
        """Train for `steps` steps, or until there is a reason to stop; returns the steps done."""
        self._branch()
        self.message = ""
        done = 0
        while done < steps and not self.message:
            due = self._history.until_due(self.step)
            moved = self._trainer.run(min(steps - done, due, self._until_limit()))
            self.step += moved
            self._last_step = self.step
            done += moved
            if self.step % self._history.stride == 0:
                self.measure()
            self._look_for_reasons_to_stop()
        return done

    def measure(self) -> None:
        """Losses of the weights as they are; they enter the record if the step is due."""
        self._evaluate()
        self._last_step = self.step
        self._history.record(self.step, self._epoch(), self._losses, self._scores, self._net.parameters)

    def update(self, state: NetworkState) -> None:
        """Go over to `state`, keeping the weights and everything else that it does not change."""
        self.message = ""
        checkpoint, old = state.checkpoint, self.state
        if checkpoint is not None and state.revision != old.revision:
            self._move_to(state, checkpoint)
        elif (state.features, state.sizes) != (old.features, old.sizes):
            parameters = networks.carry_over(old, self._net.parameters, state)
            self._move_to(state, Checkpoint(self.step, tuple(parameters.tolist()), course=self._history.course()))
        else:
            self._adopt(state)

    def set_parameter(self, index: int, value: float, state: NetworkState) -> None:
        """Set one weight or bias, by its place in `actcore.MLP.parameters`.

        The others stay as they have been trained, whatever the checkpoint of `state` says of them.
        """
        self._net.parameters[index] = value
        self.state = state
        self._branch()
        self.measure()

    def seek(self, step: int) -> None:
        """Go to the step nearest to `step` that has weights; what lies after it goes when training goes on."""
        step, last = min(max(step, 0), self._last_step), self._last_step
        if self.step == last:  # the newest weights need not be in the record, and one may want to return to them
            self._newest = Entry(self.step, self._epoch(), self._net.parameters.copy())
        near = self._history.nearest(step)
        if near is None or abs(self._newest.step - step) < abs(near.step - step):
            near = self._newest
        if near.step != self.step:
            self._return_to(near)
            self._last_step = last
        far = abs(self.step - step) > self._history.stride
        self.message = f"There are no weights of step {step} to go back to; the nearest are these of {self.step}." if far else ""

    def snapshot(self, version: int, running: bool) -> Snapshot:
        """The training as it is now."""
        if self._evaluated != self.step:
            self._evaluate()
        parameters = np.array(self._net.parameters)
        parameters.setflags(write=False)
        return Snapshot(
            version=version,
            state=self.state,
            parameters=parameters,
            step=self.step,
            last_step=self._last_step,
            epoch=self._epoch(),
            gradients=self._gradients(),
            train_loss=self._losses[0],
            test_loss=self._losses[1],
            train_score=self._scores[0],
            test_score=self._scores[1],
            course=self._history.course(),
            running=running,
            message=self.message,
        )

    def _load(self, state: NetworkState) -> None:
        """Start on `state` from its checkpoint, or from its seed at step 0."""
        self.state = state
        self._net, self._gradient = networks.build(state), networks.build(state)
        self.step = 0
        if state.checkpoint is not None:
            self.step = state.checkpoint.step
            self._net.parameters[:] = state.checkpoint.parameters
        self._history = History(state.parameter_count, Course() if state.checkpoint is None else state.checkpoint.course)
        self._new_trainer(0.0)
        self._epochs_before = self.step / self._trainer.steps_per_epoch
        self.measure()
        self._newest = Entry(self.step, self._epoch(), self._net.parameters.copy())

    def _move_to(self, state: NetworkState, checkpoint: Checkpoint) -> None:
        """Go over to other weights, at their step. Where the shape stays, earlier ones of the same training stay, too."""
        record = self._history if state.sizes == self.state.sizes else None
        self._load(replace(state, checkpoint=checkpoint))
        self.state = state
        if record is not None:
            self._history.take_weights(record)
            self.measure()

    def _adopt(self, state: NetworkState) -> None:
        """Take over settings under which the weights stay as they are."""
        old, self.state = self.state, state
        for index, layer in enumerate(state.hidden):
            if layer != old.hidden[index]:
                self._net.set_activation(index, activation_of(layer))
        if state.output_activation != old.output_activation:
            self._net.set_activation(len(state.hidden), state.output_activation)
        if (state.data, state.loss, state.optimizer) != (old.data, old.loss, old.optimizer):
            self._new_trainer(self._epoch())
        self._trainer.learning_rate = state.learning_rate
        if state.batch_size != old.batch_size:
            epoch = self._epoch()  # what has been gone through stays, though an epoch has another number of steps now
            self._trainer.batch_size = state.batch_size
            self._epochs_before = epoch - self._trainer.step / self._trainer.steps_per_epoch
        self._trainer.l2 = state.l2
        if self._last_step > self.step:  # the past is looked at: what came after it stays until the training goes on
            self._evaluate()
        else:
            self.measure()

    def _new_trainer(self, epochs_before: float) -> None:
        self._epochs_before = epochs_before
        self._train_sample, self._test_sample = networks.samples(self.state)
        self._trainer = ac.Trainer(
            self._net,
            *self._train_sample,
            loss=self.state.loss,
            optimizer=self.state.optimizer,
            learning_rate=self.state.learning_rate,
            batch_size=self.state.batch_size,
            l2=self.state.l2,
            seed=self.state.seed,
        )

    def _branch(self) -> None:
        """What was recorded from here on is forgotten: the training goes another way."""
        if self._last_step > self.step:
            self._history.forget_from(self.step)
            self.measure()

    def _return_to(self, entry: Entry) -> None:
        self.step, epoch, self._net.parameters[:] = entry
        self._new_trainer(epoch)
        self._evaluate()

    def _evaluate(self) -> None:
        self._evaluated = self.step
        self._losses = self._trainer.loss(), self._trainer.loss(*self._test_sample)
        self._scores = (
            networks.score(self.state, self._net, self._train_sample),
            networks.score(self.state, self._net, self._test_sample),
        )

    def _epoch(self) -> float:
        return self._epochs_before + self._trainer.step / self._trainer.steps_per_epoch

    def _gradients(self) -> tuple[float, ...]:
        """The norm of the loss' gradient for the weights of each layer, over all training points."""
        self._gradient.parameters[:] = self._trainer.gradient()
        return tuple(float(np.linalg.norm(weights.astype(np.float64))) for weights in self._gradient.weights)

    def _until_limit(self) -> int:
        """How many steps the limit of epochs still allows; none is set, or it has been passed: any number."""
        left = self._steps_left()
        return left if left > 0 else sys.maxsize

    def _steps_left(self) -> int:
        whole = (self.state.stop_epoch - self._epochs_before) * self._trainer.steps_per_epoch
        return round(whole) - int(self._trainer.step)

    def _look_for_reasons_to_stop(self) -> None:
        if self._trainer.divergence is not None:
            self.message = (
                f"The training diverged at step {self.step}: the next one would make weights infinite. "
                f"Drag back along the loss curve and lower the learning rate."
            )
        elif self.state.stop_epoch and self._steps_left() == 0:
            self.message = f"Stopped at the limit of {self.state.stop_epoch} epochs."
        elif self._losses[0] <= self.state.stop_loss > 0 and self._evaluated == self.step:
            self.message = f"Stopped: the training loss reached the target of {self.state.stop_loss:g}."
