"""One artificial neuron with two inputs: z = w1·x1 + w2·x2 + b, a = f(z)."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

INPUT_LIMIT = 12.0
"""The input plane spans ±INPUT_LIMIT: room for the example's inputs of 10 and 2."""
WEIGHT_LIMIT = 2.0
BIAS_LIMIT = 20.0

LIMITS: dict[str, float] = {
    "x1": INPUT_LIMIT,
    "x2": INPUT_LIMIT,
    "w1": WEIGHT_LIMIT,
    "w2": WEIGHT_LIMIT,
    "b": BIAS_LIMIT,
}
"""Every number of a neuron lies within ±its limit."""


@dataclass(frozen=True, slots=True)
class Neuron:
    """State of the Neuron lab's neuron.

    The defaults are the worked example many courses open with, inputs of 10 and 2. The weights keep it off
    the flat ends of a sigmoid: z = 0.3·10 − 0.8·2 − 0.5 = 0.9, so there is a slope to look at.

    Parameters
    ----------
    x1, x2 : float
        The inputs, also the place of the input point in the plane.
    w1, w2, b : float
        Weights and bias.
    activation : str
        Name in the registry.
    parameters : tuple of (str, float)
        Those of the activation's parameters that differ from their defaults, sorted by name.
    """

    x1: float = 10.0
    x2: float = 2.0
    w1: float = 0.3
    w2: float = -0.8
    b: float = -0.5
    activation: str = "sigmoid"
    parameters: tuple[tuple[str, float], ...] = ()

    @property
    def pre_activation(self) -> float:
        """The weighted sum z, before the activation."""
        return self.w1 * self.x1 + self.w2 * self.x2 + self.b

    def to_dict(self) -> dict[str, Any]:
        """Plain form for a session file."""
        plain: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        plain["parameters"] = dict(self.parameters)
        return plain

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Neuron:
        """Rebuild from `to_dict`; raises ValueError with a sentence on anything out of place."""
        numbers = {name: _number(plain, name, limit) for name, limit in LIMITS.items()}
        activation = plain.get("activation")
        if not isinstance(activation, str):
            raise ValueError("the neuron's activation must be a name")
        parameters = plain.get("parameters", {})
        if not isinstance(parameters, dict):
            raise ValueError("the neuron's parameters must be a table of names and numbers")
        pairs = tuple(sorted((str(name), _number(parameters, name, math.inf)) for name in parameters))
        return cls(**numbers, activation=activation, parameters=pairs)


def _number(plain: dict[str, Any], name: str, limit: float) -> float:
    value = plain.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"the neuron's {name} must be a finite number, not {value!r}")
    if abs(value) > limit:
        raise ValueError(f"the neuron's {name} = {value:g} lies outside ±{limit:g}")
    return float(value)
