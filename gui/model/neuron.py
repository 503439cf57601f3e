"""One artificial neuron with two inputs: z = w1·x1 + w2·x2 + b, a = f(z)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from .activations import Parameters, check_activation

INPUT_LIMIT = 12.0
"""The input plane spans ±INPUT_LIMIT: room for the example's inputs of 10 and 2."""
REACH = INPUT_LIMIT * (1 + 1e-12)
"""A line through a corner meets it but for rounding."""
WEIGHT_LIMIT = 2.0
BIAS_LIMIT = 40.0
"""Lets the decision line reach any point of the plane at any weights up to 1.6 in size."""
ARROW_SCALE = 4.0
"""Units of the plane that a weight of 1 is long as an arrow."""

Point = tuple[float, float]

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
    parameters: Parameters = ()

    @property
    def pre_activation(self) -> float:
        """The weighted sum z, before the activation."""
        return self.w1 * self.x1 + self.w2 * self.x2 + self.b

    @property
    def line(self) -> tuple[Point, Point] | None:
        """Ends of the decision line z = 0 within the input plane; None where it does not cross the plane."""
        ends: list[Point] = []
        for limit in (-INPUT_LIMIT, INPUT_LIMIT):  # the crossings with the four sides of the plane
            if self.w2 and abs(x2 := -(self.b + self.w1 * limit) / self.w2) <= REACH:
                ends.append((limit, min(max(x2, -INPUT_LIMIT), INPUT_LIMIT)))
            if self.w1 and abs(x1 := -(self.b + self.w2 * limit) / self.w1) <= REACH:
                ends.append((min(max(x1, -INPUT_LIMIT), INPUT_LIMIT), limit))
        if len(ends) < 2:
            return None
        first, last = min(ends), max(ends)
        return (first, last) if first != last else None

    @property
    def anchor(self) -> Point:
        """Where the weight arrow starts: the middle of the decision line, or the origin without one."""
        if self.line is None:
            return 0.0, 0.0
        (ax, ay), (bx, by) = self.line
        return (ax + bx) / 2, (ay + by) / 2

    @property
    def arrow_tip(self) -> Point:
        """Tip of the weight arrow: from the anchor, across the line, towards growing z."""
        ax, ay = self.anchor
        return ax + ARROW_SCALE * self.w1, ay + ARROW_SCALE * self.w2

    def spread(self, edges: Sequence[float]) -> list[float]:
        """Share of the input plane whose z lies between one edge and the next: exact, not sampled.

        Over the plane w1·x1 and w2·x2 are uniform and independent, so that the distribution of z is the
        convolution of two rectangles; its integral is a second difference of squared ramps.
        """
        first = max(abs(self.w1) * INPUT_LIMIT, 1e-4)
        second = max(abs(self.w2) * INPUT_LIMIT, 1e-4)
        corners = ((first + second, 1), (first - second, -1), (second - first, -1), (-first - second, 1))

        def below(edge: float) -> float:
            z = edge - self.b
            return sum(sign * max(z + corner, 0.0) ** 2 for corner, sign in corners) / (8 * first * second)

        ladder = [below(edge) for edge in edges]
        return [upper - lower for lower, upper in zip(ladder, ladder[1:], strict=False)]

    def at_input(self, x1: float, x2: float) -> Neuron:
        """The neuron with its input moved to a point of the plane."""
        return replace(self, x1=_within("x1", x1), x2=_within("x2", x2))

    def with_line_through(self, x1: float, x2: float) -> Neuron:
        """The decision line shifted, without turning, to pass through a point: only the bias changes."""
        return replace(self, b=_within("b", -(self.w1 * x1 + self.w2 * x2)))

    def with_arrow_to(self, anchor: Point, x1: float, x2: float) -> Neuron:
        """The weight arrow pulled to a point: both weights change, and the line turns about the anchor."""
        w1 = _within("w1", (x1 - anchor[0]) / ARROW_SCALE)
        w2 = _within("w2", (x2 - anchor[1]) / ARROW_SCALE)
        if self.line is None:  # nothing to turn about: the bias stays
            return replace(self, w1=w1, w2=w2)
        return replace(self, w1=w1, w2=w2, b=_within("b", -(w1 * anchor[0] + w2 * anchor[1])))

    def with_line_turned(self, anchor: Point, x1: float, x2: float) -> Neuron:
        """The decision line turned about the anchor until it meets a point; the weights keep their length."""
        across = (-(x2 - anchor[1]), x1 - anchor[0])
        size = math.hypot(*across)
        if not size:
            return self
        # Of the two ways across the line, the one nearer to where the arrow points now: it never flips over.
        way = math.copysign(1.0, across[0] * self.w1 + across[1] * self.w2)
        length = math.hypot(self.w1, self.w2) * way / size
        w1, w2 = _within("w1", across[0] * length), _within("w2", across[1] * length)
        return replace(self, w1=w1, w2=w2, b=_within("b", -(w1 * anchor[0] + w2 * anchor[1])))

    def with_pre_activation(self, z: float) -> Neuron:
        """The input moved by the shortest way, along the weights, to where the weighted sum is `z`."""
        square = self.w1**2 + self.w2**2
        if not square:
            return self
        step = (z - self.pre_activation) / square
        return self.at_input(self.x1 + step * self.w1, self.x2 + step * self.w2)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for a session file."""
        plain: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        plain["parameters"] = dict(self.parameters)
        return plain

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Neuron:
        """Rebuild from `to_dict`; raises ValueError with a sentence on anything out of place."""
        numbers = {name: _number(plain, name, limit) for name, limit in LIMITS.items()}
        activation, parameters = check_activation(plain.get("activation"), plain.get("parameters", {}))
        return cls(**numbers, activation=activation, parameters=parameters)


def _number(plain: dict[str, Any], name: str, limit: float) -> float:
    value = plain.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"the neuron's {name} must be a finite number, not {value!r}")
    if abs(value) > limit:
        raise ValueError(f"the neuron's {name} = {value:g} lies outside ±{limit:g}")
    return float(value)


def _within(name: str, value: float) -> float:
    return min(max(value, -LIMITS[name]), LIMITS[name])
