"""An animation: one number of the neuron moved between two ends, as a function of time alone."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

SHORTEST, LONGEST = 0.2, 60.0
"""Seconds for one way."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What the play button moves.

    Parameters
    ----------
    target : str
        ``"x1"``, ``"x2"``, ``"w1"``, ``"w2"``, ``"b"``, ``"path"`` (the input point on a circle) or the name
        of a parameter of the activation.
    low, high : float
        The two ends.
    seconds : float
        Time for one way, low to high.
    loop : bool
        Go back and forth for ever; otherwise stop at the far end.
    """

    target: str = "x1"
    low: float = -12.0
    high: float = 12.0
    seconds: float = 4.0
    loop: bool = True

    def position(self, elapsed: float) -> float:
        """Share of the way, 0 to 1, after `elapsed` seconds: eased at both ends, so that it does not jerk."""
        turn = elapsed / self.seconds
        if not self.loop:
            turn = min(turn, 1.0)
        return 0.5 - 0.5 * math.cos(math.pi * turn)

    def value(self, position: float) -> float:
        """The number at a share of the way."""
        return self.low + (self.high - self.low) * position

    def elapsed_at(self, position: float) -> float:
        """The first time at which `position` is reached: where play goes on after scrubbing."""
        return self.seconds * math.acos(1.0 - 2.0 * min(max(position, 0.0), 1.0)) / math.pi

    def finished(self, elapsed: float) -> bool:
        return not self.loop and elapsed >= self.seconds

    def to_dict(self) -> dict[str, Any]:
        """Plain form for a session file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Sweep:
        """Rebuild from `to_dict`; raises ValueError with a sentence on anything out of place."""
        sweep = cls(**{**asdict(cls()), **{k: v for k, v in plain.items() if k in cls.__slots__}})
        numbers = (sweep.low, sweep.high, sweep.seconds)
        if not all(isinstance(n, (int, float)) and math.isfinite(n) for n in numbers):
            raise ValueError("the ends and the duration of the animation must be finite numbers")
        if not SHORTEST <= sweep.seconds <= LONGEST:
            raise ValueError(f"the animation takes between {SHORTEST:g} and {LONGEST:g} seconds, not {sweep.seconds:g}")
        if not isinstance(sweep.target, str) or not isinstance(sweep.loop, bool):
            raise ValueError("the animation needs the name of what it moves, and loop as true or false")
        return sweep
