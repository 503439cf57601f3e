"""What the Network lab shows, computed by the engine: fields of the units, the output, insides of layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

import actcore as ac

from ..engine import networks
from ..engine.snapshot import Snapshot
from ..model.activations import activation_of
from ..model.features import features_of, plane_points
from ..model.network import NetworkState
from ..view import classes, colormap, theme
from ..view.diagram_geometry import BIAS, Place
from ..view.inside import LayerView
from ..view.text import plain
from .activations import SATURATED, ends_of_range

CURVE_END, BINS = 4.0, 40
LARGEST = np.float32(1e37)
"""Logits up to this can be taken from each other in single precision."""


@dataclass(frozen=True, eq=False)
class Field:
    """A picture of the plane, its contours, and the meaning of its colours.

    Attributes
    ----------
    rgba : ndarray of uint8, shape (side, side, 4)
    contours : list of ndarray
        Fields whose `levels` are drawn, at every other point of the grid: a line between them is as exact.
    levels : tuple of float
    scale : tuple of float
        The values at the two ends of the colour bar.
    """

    rgba: NDArray[np.uint8]
    contours: list[NDArray[np.floating]]
    levels: tuple[float, ...]
    scale: tuple[float, float]


class Pictures:
    """A second network with the weights of the newest snapshot, and everything that is drawn from it.

    The window computes its pictures by itself, so that the training goes on undisturbed.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._grids: dict[tuple[int, tuple[str, ...]], NDArray[np.float32]] = {}
        self._build(snapshot.state)
        self.sync(snapshot)

    def sync(self, snapshot: Snapshot) -> None:
        """Take over the weights and settings of a snapshot."""
        state, old = snapshot.state, self.state
        if (state.sizes, state.output_activation) != (old.sizes, old.output_activation):
            self._build(state)
        elif state.hidden != old.hidden:
            for layer, hidden in enumerate(state.hidden):
                self.net.set_activation(layer, activation_of(hidden))
        self.state = state
        self.net.parameters[:] = snapshot.parameters

    def index_of(self, place: Place) -> int:
        """Where the weight or bias of a place stands in `actcore.MLP.parameters`."""
        if place.source == BIAS:
            return int(self._indices.biases[place.layer - 1][place.unit])
        return int(self._indices.weights[place.layer - 1][place.unit, place.source])

    def unit_fields(self, side: int) -> list[NDArray[np.uint8]]:
        """For every layer, inputs first, the coloured fields of its units: shape (units, side, side, 4)."""
        inputs = self._grid(side)
        table = colormap.diverging(theme.current().name)
        layers = [colormap.paint(_upright(inputs.T, side), -3.0, 3.0, table)]
        hidden = self.net.hidden(inputs)
        for activation, values in zip(self.net.activations[:-1], hidden[:-1], strict=True):
            layers.append(colormap.paint(_upright(_squashed(activation, values), side), -1.0, 1.0, table))
        output = hidden[-1]
        if self.state.task == "multiclass":
            palette = np.array([color.getRgb() for color in classes.colors(len(output))], dtype=np.float32)
            ground = np.array(theme.color("surface").getRgb(), dtype=np.float32)
            share = _upright(ac.softmax(_tamed(output), axis=0), side)[..., None]
            mixed = share * palette[:, None, None] + (1 - share) * ground
            layers.append(mixed.astype(np.uint8, order="C"))
        else:
            layers.append(colormap.paint(_upright(self._shown(output), side), -1.0, 1.0, table))
        return layers

    def output_field(self, side: int) -> Field:
        """The network's answer over the plane."""
        output = self.net.forward(self._grid(side))
        if self.state.task == "multiclass":
            logits = _tamed(output).reshape(side, side, -1)
            few = logits[::2, ::2]
            margins = [few[..., k] - np.delete(few, k, axis=-1).max(axis=-1) for k in range(few.shape[-1])]
            return Field(classes.blend(ac.softmax(logits, axis=-1)), margins, (0.0,), (0.0, 1.0))
        shown = self._shown(output[:, 0]).reshape(side, side)
        rgba = colormap.paint(shown, -1.0, 1.0, plane_table())
        levels = (-0.5, 0.0, 0.5) if self.state.task == "regression" else (0.0,)
        scale = (0.0, 1.0) if self.state.loss == "binary_crossentropy" else (-1.0, 1.0)
        return Field(rgba, [shown[::2, ::2]], levels, scale)

    def unit_field(self, layer: int, unit: int, side: int) -> Field:
        """One unit's output over the plane; layer 0 are the inputs."""
        table = plane_table()
        inputs = self._grid(side)
        if layer == 0:
            values = inputs[:, unit].reshape(side, side)
            return Field(colormap.paint(values, -3.0, 3.0, table), [values[::2, ::2]], (0.0,), (-3.0, 3.0))
        if layer == len(self.state.sizes) - 1:
            return self.output_field(side)
        raw = self.net.hidden(inputs)[layer - 1][unit].reshape(side, side)
        z = self.net.pre_activations(inputs)[layer - 1][unit].reshape(side, side)
        shown = _squashed(self.net.activations[layer - 1], raw)
        return Field(colormap.paint(shown, -1.0, 1.0, table), [z[::2, ::2]], (0.0,), (-1.0, 1.0))

    def answer_at(self, x1: float, x2: float) -> str:
        """What the network says of one point, in words."""
        output = self.net.forward(features_of(np.float32([[x1, x2]]), self.state.features))[0]
        if self.state.task == "multiclass":
            shares = ac.softmax(_tamed(output))
            return f"class {shares.argmax()}, {shares.max():.0%} sure"
        if self.state.loss == "binary_crossentropy":
            return f"{float(ac.sigmoid(output[0])):.0%} for blue"
        return f"output {plain(output[0], 3)}"

    def insides(self, points: NDArray[np.float32], gradients: Sequence[float]) -> list[LayerView]:
        """What is seen of every hidden layer when it is given `points`, shape (n, inputs)."""
        views = []
        z = np.linspace(-CURVE_END, CURVE_END, 81)
        layers = zip(self.net.activations[:-1], self.net.pre_activations(points)[:-1], strict=True)
        for number, (activation, sums) in enumerate(layers):
            slopes = np.abs(activation.derivative(sums))
            counts, _ = np.histogram(np.clip(sums, -CURVE_END, CURVE_END), BINS, (-CURVE_END, CURVE_END))
            views.append(
                LayerView(
                    number=number + 1,
                    title=activation.spec.title,
                    z=z,
                    value=activation(z),
                    slope=activation.derivative(z),
                    shares=counts / sums.size,
                    sparse="sparse" in activation.spec.tags,
                    saturated=float((slopes < SATURATED).mean()),
                    dead=int((slopes.max(axis=1) < networks.DEAD).sum()),
                    units=len(sums),
                    gradient=gradients[number],
                )
            )
        return views

    def dead_units(self, points: NDArray[np.float32]) -> frozenset[tuple[int, int]]:
        """The units that do not learn from any of `points`, as (layer, unit) of the diagram."""
        layers = zip(self.net.activations[:-1], self.net.pre_activations(points)[:-1], strict=True)
        return frozenset(
            (number + 1, int(unit))
            for number, (activation, sums) in enumerate(layers)
            for unit in np.flatnonzero(np.abs(activation.derivative(sums)).max(axis=1) < networks.DEAD)
        )

    def _build(self, state: NetworkState) -> None:
        self.state = state
        self.net = networks.build(state)
        self._indices = networks.build(state)
        self._indices.parameters[:] = np.arange(self._indices.parameters.size)

    def _grid(self, side: int) -> NDArray[np.float32]:
        key = (side, self.state.features)
        if key not in self._grids:
            self._grids = {kept: grid for kept, grid in self._grids.items() if kept[1] == self.state.features}
            self._grids[key] = features_of(plane_points(side), self.state.features)
        return self._grids[key]

    def _shown(self, output: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output between -1 and 1: a logit as its probability, stretched; the rest as it is."""
        if self.state.loss == "binary_crossentropy":
            return 2 * ac.sigmoid(output) - 1
        return output


def plane_table() -> NDArray[np.uint8]:
    """The colours of the large picture: the diverging map without its darkest ends, so that points stand out."""
    return _without_ends(theme.current().name)


@cache
def _without_ends(name: str) -> NDArray[np.uint8]:
    return colormap.diverging(name)[np.linspace(36, 219, 256).round().astype(int)]


def _squashed(activation: ac.Activation, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """A unit's output between -1 and 1 for its colour: bounded activations as they are, the others bent."""
    low, high = ends_of_range(activation)
    if low >= -1.5 and high <= 1.5:
        return values
    return ac.softsign(values)


def _tamed(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits whose differences are numbers, as those of a training that diverged are not."""
    return logits if np.abs(logits).max() < LARGEST else np.clip(np.nan_to_num(logits), -LARGEST, LARGEST)


def _upright(fields: NDArray[np.floating], side: int) -> NDArray[np.floating]:
    """Flat fields, shape (units, side²), as pictures with the highest x2 on top."""
    return fields.reshape(-1, side, side)[:, ::-1]
