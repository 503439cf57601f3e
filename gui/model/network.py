"""The small network of the Network lab, as a frozen value: what is learned, by which network, in which way.

Training itself is not part of this state: a `Checkpoint` pins weights down where a change must be exactly
undoable or kept in a session file, and everything else follows from the seed and the number of steps.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .activations import Parameters, check_activation
from .course import Course
from .dataset import DatasetSettings
from .features import FEATURES

MAX_LAYERS = 6
MAX_UNITS = 12
MAX_STOP_EPOCH, MAX_STOP_LOSS = 1_000_000, 10.0
LARGEST_WEIGHT = (2 - 2.0**-23) * 2.0**127
"""What single precision holds."""

LOSSES: dict[str, tuple[str, ...]] = {
    "regression": ("mse", "huber"),
    "classification": ("binary_crossentropy", "mse"),
    "multiclass": ("categorical_crossentropy",),
}
"""The losses that make sense for a task, the usual one first."""

OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw")
RECOMMENDED = "recommended"
"""The initialiser that the registry advises for the layer's activation."""
INITIALIZERS = (
    RECOMMENDED,
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "orthogonal",
    "uniform",
    "normal",
    "zeros",
)
SPEEDS: tuple[float | None, ...] = (1, 3, 10, 30, 100, 300, 1000, 3000, 10000, None)
"""Steps a second; None is as fast as the machine can."""


def _choose(what: str, given: Sequence[str], accepted: Sequence[str] | Mapping[str, Any]) -> None:
    for name in given:
        if name not in accepted:
            raise ValueError(f"There is no {what} {name!r} here; choose one of {', '.join(accepted)}.")


@dataclass(frozen=True)
class Layer:
    """One hidden layer.

    Parameters
    ----------
    units : int
        From 1 to `MAX_UNITS`.
    activation : str
        A name from the registry of activations.
    parameters : tuple of (name, value)
        The activation's parameters where they differ from its defaults.
    init : str
        How its weights start: one of `INITIALIZERS`.
    """

    units: int = 8
    activation: str = "tanh"
    parameters: Parameters = ()
    init: str = RECOMMENDED

    def __post_init__(self) -> None:
        _choose("initialiser", [self.init], INITIALIZERS)
        if not 1 <= self.units <= MAX_UNITS:
            raise ValueError(f"A layer has between 1 and {MAX_UNITS} units, not {self.units}.")


new_revision = itertools.count(1).__next__
"""Gives numbers that were not given before."""


@dataclass(frozen=True)
class Checkpoint:
    """The weights and biases after `step` steps, laid out as in `actcore.MLP.parameters`, and how they came about.

    The revision says which act of the user these weights belong to: a new one is drawn unless it is given. Two
    states of one revision differ by training alone, and undo from one to the other leaves the weights alone.
    """

    step: int
    parameters: tuple[float, ...]
    revision: int = field(default_factory=new_revision, compare=False)
    course: Course = field(default_factory=Course, compare=False, repr=False)

    def changed(self, parameters: Sequence[float]) -> Checkpoint:
        """Other weights in the place of these, by an act of the user."""
        return Checkpoint(self.step, tuple(parameters), course=self.course)


@dataclass(frozen=True)
class NetworkState:
    """What decides the Network lab: data, network, training, and the pinned weights if any.

    Equal states and equal step counts give equal weights. `output_init` is how the weights of the output layer start.
    """

    data: DatasetSettings = field(default_factory=DatasetSettings)
    features: tuple[str, ...] = ("x1", "x2")
    hidden: tuple[Layer, ...] = (Layer(), Layer())
    loss: str = "binary_crossentropy"
    optimizer: str = "adam"
    learning_rate: float = 0.01
    batch_size: int = 10
    l2: float = 0.0
    output_init: str = RECOMMENDED
    seed: int = 1
    speed: float | None = 300
    stop_epoch: int = 0
    stop_loss: float = 0.0
    checkpoint: Checkpoint | None = None

    def __post_init__(self) -> None:
        if not self.features or len(set(self.features)) != len(self.features):
            raise ValueError("The network needs at least one input feature, and each of them once.")
        _choose("feature", self.features, FEATURES)
        if len(self.hidden) > MAX_LAYERS:
            raise ValueError(f"The network has at most {MAX_LAYERS} hidden layers, not {len(self.hidden)}.")
        _choose("loss", [self.loss], LOSSES[self.task])
        _choose("optimiser", [self.optimizer], OPTIMIZERS)
        _choose("initialiser", [self.output_init], INITIALIZERS)
        if not 0.0 < self.learning_rate <= 10.0:
            raise ValueError(f"The learning rate must lie above 0 and up to 10, not {self.learning_rate}.")
        if not 1 <= self.batch_size <= 5000:
            raise ValueError(f"The batch size must lie between 1 and 5000, not {self.batch_size}.")
        if not 0.0 <= self.l2 <= 10.0:
            raise ValueError(f"The weight decay must lie between 0 and 10, not {self.l2}.")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"The seed must lie between 0 and 2**32 - 1, not {self.seed}.")
        if self.speed is not None and not 0.0 < self.speed <= 1e6:
            raise ValueError(f"The speed must be a positive number of steps a second, up to a million, not {self.speed}.")
        if not 0 <= self.stop_epoch <= MAX_STOP_EPOCH or not 0.0 <= self.stop_loss <= MAX_STOP_LOSS:
            raise ValueError(
                f"The epoch limit lies between 0 and {MAX_STOP_EPOCH}, the target loss between 0 and "
                f"{MAX_STOP_LOSS:g}; 0 switches them off."
            )
        if self.checkpoint is not None and len(self.checkpoint.parameters) != self.parameter_count:
            raise ValueError(
                f"The kept weights are {len(self.checkpoint.parameters)} numbers, "
                f"but a network of {'-'.join(map(str, self.sizes))} has {self.parameter_count}."
            )

    @property
    def revision(self) -> int:
        """The revision of the kept weights; 0 as long as no act of the user has touched any."""
        return self.checkpoint.revision if self.checkpoint is not None else 0

    @property
    def task(self) -> str:
        """``"regression"``, ``"classification"`` (two classes, one output) or ``"multiclass"``."""
        return _task(self.data)

    @property
    def outputs(self) -> int:
        """Units of the output layer: one, or one for each class when there are more than two."""
        return self.data.classes if self.task == "multiclass" else 1

    @property
    def output_activation(self) -> str:
        """Linear for logits and for a regression; squared error on two classes needs a squashed output."""
        return "tanh" if self.task == "classification" and self.loss == "mse" else "linear"

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of every layer, inputs first."""
        return (len(self.features), *(layer.units for layer in self.hidden), self.outputs)

    @property
    def parameter_count(self) -> int:
        """How many weights and biases there are."""
        return sum(n_out * (n_in + 1) for n_in, n_out in zip(self.sizes, self.sizes[1:], strict=False))

    def changed(self, **fields: Any) -> NetworkState:
        """The same with fields changed; the loss follows the task, kept weights that no longer fit go."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__} | fields
        losses = LOSSES[_task(values["data"])]
        if values["loss"] not in losses:
            values["loss"] = losses[0]
        kept = values.pop("checkpoint")
        bare = NetworkState(**values)
        if kept is not None and len(kept.parameters) == bare.parameter_count:
            return replace(bare, checkpoint=kept)
        return bare

    @property
    def inits(self) -> tuple[str, ...]:
        """How the weights of every layer start, the output's last."""
        return (*(layer.init for layer in self.hidden), self.output_init)

    def with_init(self, init: str, index: int | None = None) -> NetworkState:
        """The same with weights that start in another way: those of one layer, counted as in `inits`, or all."""
        chosen = [init if index in (None, at) else kept for at, kept in enumerate(self.inits)]
        hidden = tuple(replace(layer, init=name) for layer, name in zip(self.hidden, chosen, strict=False))
        return self.changed(hidden=hidden, output_init=chosen[-1])

    def with_layer(self, index: int, **fields: Any) -> NetworkState:
        """The same with hidden layer `index` changed."""
        hidden = list(self.hidden)
        hidden[index] = replace(hidden[index], **fields)
        return self.changed(hidden=tuple(hidden))

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for a session file."""
        values = {name: getattr(self, name) for name in (*_PLAIN, "speed")}
        values["data"] = self.data.to_dict()
        values["features"] = list(self.features)
        values["hidden"] = [
            {
                "units": layer.units,
                "activation": layer.activation,
                "parameters": dict(layer.parameters),
                "init": layer.init,
            }
            for layer in self.hidden
        ]
        values["checkpoint"] = self.checkpoint and {
            "step": self.checkpoint.step,
            "parameters": list(self.checkpoint.parameters),
            "course": self.checkpoint.course.to_dict(),
        }
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> NetworkState:
        """Back from `to_dict`; raises an error with a sentence where a value is not acceptable."""
        kept = values["checkpoint"]
        return cls(
            data=DatasetSettings.from_dict(values["data"]),
            features=tuple(values["features"]),
            hidden=tuple(
                Layer(
                    int(layer["units"]),
                    *check_activation(layer["activation"], layer["parameters"]),
                    layer["init"],
                )
                for layer in values["hidden"]
            ),
            checkpoint=kept and _checkpoint(kept),
            speed=values["speed"],
            **{name: kind(values[name]) for name, kind in _PLAIN.items()},
        )


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "loss": str,
    "optimizer": str,
    "learning_rate": float,
    "batch_size": int,
    "l2": float,
    "output_init": str,
    "seed": int,
    "stop_epoch": int,
    "stop_loss": float,
}
"""Fields that a file holds as they are, apart from the speed, which may be none."""


def _checkpoint(kept: Mapping[str, Any]) -> Checkpoint:
    step, parameters = int(kept["step"]), tuple(map(float, kept["parameters"]))
    if not 0 <= step < 2**53:
        raise ValueError(f"the step of the kept weights must lie between 0 and 2**53, not {step}")
    if not all(abs(parameter) <= LARGEST_WEIGHT for parameter in parameters):
        raise ValueError("the kept weights must be finite numbers of single precision")
    course = Course.from_dict(kept["course"]) if "course" in kept else Course()  # files of older versions have none
    if len(course.steps) and course.steps[-1] > step:
        raise ValueError(f"the course of the training must end at step {step}, that of the kept weights")
    return Checkpoint(step, parameters, course=course)


def _task(data: DatasetSettings) -> str:
    if data.task == "regression":
        return "regression"
    return "classification" if data.classes == 2 else "multiclass"
