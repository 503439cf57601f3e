"""What depends on an activation and its parameters only: sampled curves, limits of axes, the colour scale."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

import actcore

from ..view.curves import Curve
from ..view.text import short
from .activations import SATURATED, ends_of_range

Z_LIMIT = 8.0
"""The curves span ±Z_LIMIT: every activation of the registry shows its character within it."""


class Shape:
    """An activation as the lab shows it.

    Attributes
    ----------
    z, value, slope : ndarray of float64
        The curves, sampled over ±Z_LIMIT.
    second : ndarray of float64
        The second derivative at the same places.
    value_range, slope_range : tuple of float
        Limits of the vertical axes. They come in steps, so that most activations share them.
    low, high : float
        Ends of the colour scale. Its middle is the value on the decision line (at a jump, half-way).
    """

    def __init__(self, activation: actcore.Activation) -> None:
        self.activation = activation
        self.z = np.linspace(-Z_LIMIT, Z_LIMIT, 401)
        self.value, self.slope = activation.value_and_derivative(self.z)
        self.second = activation.second_derivative(self.z)
        self.steepest = max(float(np.abs(self.slope).max()), 1e-3)
        self._unbroken = (
            _within_slope(self.value, self.slope),
            _within_slope(self.slope, self.second),
            np.abs(np.diff(self.second)) <= 0.2 * np.ptp(self.second),
        )
        low, high = float(self.value.min()), float(self.value.max())
        self.value_range = _with_margin(
            self.value,
            -1.25 if low >= -1.1 else math.floor(low) - 0.25,
            1.25 if high <= 1.1 else math.ceil(high) + 0.25,
        )
        self.slope_range = _with_margin(
            self.slope,
            min(-0.25, math.floor(4 * self.slope.min() - 0.5) / 4),
            max(1.25, math.ceil(4 * self.slope.max() + 0.5) / 4),
        )
        below, above = activation(np.array([-1e-9, 1e-9]))
        self.centre = round(float(below + above) / 2, 6)
        bottom, top = ends_of_range(self.activation)
        bottom = bottom if math.isfinite(bottom) else float(self.value.min())
        top = top if math.isfinite(top) else float(self.value.max())
        span = max(top - self.centre, self.centre - bottom, 1e-3)
        self.low, self.high = self.centre - span, self.centre + span

    @property
    def curves(self) -> tuple[Curve, Curve, Curve]:
        """f, f′ and f″ to draw, each broken where it jumps."""
        samples = (self.value, self.slope, self.second)
        value, slope, second = (Curve(self.z, given, unbroken) for given, unbroken in zip(samples, self._unbroken, strict=True))
        return value, slope, second

    @property
    def value_jumps(self) -> bool:
        """Whether f is discontinuous: contour lines would only trace the jump."""
        return not self._unbroken[0].all()

    @property
    def slope_jumps(self) -> bool:
        return not self._unbroken[1].all()

    @property
    def flat(self) -> np.ndarray:
        """Where along `z` the slope is too small to learn well."""
        return np.abs(self.slope) < SATURATED

    def matches(self, activation: actcore.Activation) -> bool:
        mine = self.activation
        return mine.name == activation.name and dict(mine.parameters) == dict(activation.parameters)

    def output_ticks(self) -> list[tuple[float, str]]:
        """The colour scale's ends and middle; an end that values can pass says so."""
        bottom, top = ends_of_range(self.activation)
        low = ("" if bottom >= self.low else "≤ ") + short(self.low)
        high = ("" if top <= self.high else "≥ ") + short(self.high)
        return [(self.low, low), (self.centre, f"{short(self.centre)} at z = 0"), (self.high, high)]


def _with_margin(curve: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Return the ends of an axis, far enough from the curve's own that a handle at one of them is not cut."""
    margin = 0.04 * (high - low)
    return min(low, float(curve.min()) - margin), max(high, float(curve.max()) + margin)


def _within_slope(samples: NDArray[np.float64], slope: NDArray[np.float64]) -> NDArray[np.bool_]:
    """From each sample to the next, whether the step is one that the curve's greatest slope can explain."""
    reach = 2.0 * float(np.abs(slope).max()) * 2 * Z_LIMIT / (len(samples) - 1)
    return np.abs(np.diff(samples)) <= reach + 1e-9
