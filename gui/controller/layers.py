"""The layers of the input plane: output, gradient, regions; each an image, lines and a colour scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import actcore

from ..model.neuron import INPUT_LIMIT, Neuron
from ..view import colormap, theme
from ..view.text import short
from .activations import SATURATED
from .shape import Shape

IMAGE_SIZE = 256
CONTOUR_SIZE = 65
_PIXELS = (np.arange(IMAGE_SIZE, dtype=np.float32) + 0.5) / IMAGE_SIZE * (2 * INPUT_LIMIT) - INPUT_LIMIT
_SAMPLES = np.linspace(-INPUT_LIMIT, INPUT_LIMIT, CONTOUR_SIZE)


@dataclass(frozen=True, slots=True)
class Layer:
    """One way to colour the plane.

    Parameters
    ----------
    rgba : ndarray of uint8, shape (IMAGE_SIZE, IMAGE_SIZE, 4)
    lines : ndarray
        Samples for the contour lines, on a grid whose outer samples lie on the plane's border.
    levels : list of float
        Values of the contour lines.
    table, low, high, ticks
        The colour scale, as `ColorBar.set_scale` takes it.
    """

    rgba: NDArray[np.uint8]
    lines: NDArray[np.floating]
    levels: list[float]
    table: NDArray[np.uint8]
    low: float
    high: float
    ticks: list[tuple[float, str]]


def output(neuron: Neuron, shape: Shape) -> Layer:
    """The neuron's answer a = f(z)."""
    f, table = shape.activation, colormap.diverging(theme.current().name)
    rgba = colormap.paint(f(_weighted_sums(neuron, _PIXELS)), shape.low, shape.high, table)
    eighths = () if shape.value_jumps else (1, 2, 3, 5, 6, 7)
    levels = [shape.low + (shape.high - shape.low) * eighth / 8 for eighth in eighths]
    lines = f(_weighted_sums(neuron, _SAMPLES))
    return Layer(rgba, lines, levels, table, shape.low, shape.high, shape.output_ticks())


def gradient(neuron: Neuron, shape: Shape) -> Layer:
    """How strongly the answer reacts to the inputs: the length of its gradient, |f′(z)| · √(w1² + w2²)."""
    table, high = colormap.sequential(theme.current().name), shape.steepest
    size = float(np.hypot(neuron.w1, neuron.w2))
    values = _slope_size(shape.activation, neuron, _PIXELS) * np.float32(size)
    lines = _slope_size(shape.activation, neuron, _SAMPLES) * size
    ticks = [(0.0, "0: no reaction"), (high / 2, short(high / 2)), (high, f"≥ {short(high)}")]
    levels = [] if shape.slope_jumps else [high * share for share in (0.25, 0.5, 0.75)]
    return Layer(colormap.paint(values, 0.0, high, table), lines, levels, table, 0.0, high, ticks)


def regions(neuron: Neuron, shape: Shape) -> Layer:
    """Where the neuron is dead (f′ = 0), saturated (|f′| small) or active."""
    size = _slope_size(shape.activation, neuron, _PIXELS)
    values = 0.5 + (size > 0.0) + (size >= SATURATED)
    table = _region_table()
    ticks = [(0.5, "dead: f′ = 0"), (1.5, f"saturated: |f′| < {SATURATED}"), (2.5, "active")]
    return Layer(colormap.paint(values, 0.0, 3.0, table), values, [], table, 0.0, 3.0, ticks)


LAYERS = {"output": output, "gradient": gradient, "regions": regions}


def flat_share(neuron: Neuron, shape: Shape) -> float:
    """Share of the plane in which |f′| < SATURATED."""
    return float(np.mean(_slope_size(shape.activation, neuron, _SAMPLES) < SATURATED))


def _slope_size(f: actcore.Activation, neuron: Neuron, axis: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.abs(f.derivative(_weighted_sums(neuron, axis)))


def _weighted_sums(neuron: Neuron, axis: NDArray[np.floating]) -> NDArray[np.floating]:
    """The pre-activation over the plane: row i, column j is z at x1 = axis[j], x2 = axis[i]."""
    kind = axis.dtype.type
    return kind(neuron.w1) * axis[None, :] + (kind(neuron.w2) * axis + kind(neuron.b))[:, None]


def _region_table() -> NDArray[np.uint8]:
    table = np.empty((256, 4), dtype=np.uint8)
    for third, token in zip(np.array_split(table, 3), ("dead", "saturated", "active"), strict=True):
        third[:] = theme.color(token).getRgb()
    return table
