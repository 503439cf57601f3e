"""Where everything in the network diagram stands: units, edges, biases, and what lies under the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF

UNIT_MAX, UNIT_MIN = 60.0, 20.0
GAP, LEAST_GAP = 7.0, 3.0
"""Between the units of a layer; where they would become smaller than `UNIT_MIN`, the gap gives way first."""
REACH = 7.0
"""How near the pointer must come to an edge, in pixels."""
DASH, SPACE = 5.0, 4.0
BIAS = -1
"""Stands for the bias where the number of a source unit is expected."""


class Place(NamedTuple):
    """Something in the diagram: a unit, one of its incoming edges, or its bias.

    Attributes
    ----------
    layer : int
        0 for the inputs, then the layers with weights; the last is the output.
    unit : int
        The unit within the layer.
    source : int or None
        The unit of the layer before from which the edge comes, `BIAS`, or None for the unit itself.
    """

    layer: int
    unit: int
    source: int | None = None

    @property
    def is_unit(self) -> bool:
        return self.source is None


class Geometry:
    """Positions for layers of `sizes` units inside `area`."""

    def __init__(self, sizes: Sequence[int], area: QRectF) -> None:
        self.sizes, self.area = tuple(sizes), area
        pitch = area.height() / max(self.sizes)
        room = max(pitch - GAP, min(UNIT_MIN, pitch - LEAST_GAP))
        # Units stand on whole pixels: their fields are then copied as they are, and their frames are crisp.
        self.unit = float(round(min(max(room, 1.0), UNIT_MAX, area.width() / (2.2 * len(self.sizes)))))
        step = (area.width() - self.unit) / max(len(self.sizes) - 1, 1)
        self.columns = [area.left() + self.unit / 2 + step * layer for layer in range(len(self.sizes))]
        pitch = min((area.height() - self.unit) / max(max(self.sizes) - 1, 1), 1.6 * self.unit)
        middle = area.center().y()
        self._centres = [
            [self._on_pixels(x, middle + pitch * (unit - (size - 1) / 2)) for unit in range(size)]
            for x, size in zip(self.columns, self.sizes, strict=True)
        ]
        half, size = self.unit / 2, self.unit
        self._rects = [[QRectF(at.x() - half, at.y() - half, size, size) for at in column] for column in self._centres]
        self._biases = [[rect.bottomLeft() + QPointF(-1.0, -1.0) for rect in column] for column in self._rects]
        self._sample_edges()

    def _on_pixels(self, x: float, y: float) -> QPointF:
        half = self.unit / 2
        return QPointF(round(x - half) + half, round(y - half) + half)

    def rect(self, layer: int, unit: int) -> QRectF:
        """The square of a unit."""
        return self._rects[layer][unit]

    def bias(self, layer: int, unit: int) -> QPointF:
        """The middle of the bias' dot, at the lower left corner of its unit."""
        return self._biases[layer][unit]

    def edge(self, place: Place) -> list[QLineF]:
        """An edge, from its source to its unit, in short straight pieces."""
        coarse = 2 if len(self.edges) > 150 else 1
        points = self._samples[self._numbers[place]][::coarse].tolist()
        return [QLineF(*start, *end) for start, end in zip(points, points[1:], strict=False)]

    def dashes(self, place: Place) -> list[QLineF]:
        """The same edge in dashes."""
        points = self._samples[self._numbers[place]]
        along = np.concatenate([[0.0], np.hypot(*np.diff(points, axis=0).T).cumsum()])
        starts = np.arange(0.0, along[-1], DASH + SPACE)
        ends = [
            np.stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)], axis=1).tolist()
            for at in (starts, np.minimum(starts + DASH, along[-1]))
        ]
        return [QLineF(*start, *end) for start, end in zip(*ends, strict=True)]

    def middle(self, place: Place) -> QPointF:
        """A point of an edge, a bias' dot or a unit: where its label belongs and the mouse can take it."""
        if place.source is None:
            return self._centres[place.layer][place.unit]
        if place.source == BIAS:
            return self.bias(place.layer, place.unit)
        # Not at half way, where all edges between two layers cross: nearer to the unit they lead to.
        return QPointF(*self._samples[self._numbers[place]][25])

    def at(self, point: QPointF) -> Place | None:
        """What lies under the pointer; units before biases before the nearest edge."""
        near = min(REACH, self.unit / 2)
        for layer, centres in enumerate(self._centres):
            for unit in range(len(centres)):
                if layer and (self.bias(layer, unit) - point).manhattanLength() <= near:
                    return Place(layer, unit, BIAS)
                if self.rect(layer, unit).contains(point):
                    return Place(layer, unit)
        if not len(self._samples):
            return None
        away = ((self._samples - (point.x(), point.y())) ** 2).sum(axis=2).min(axis=1)
        nearest = int(away.argmin())
        return self.edges[nearest] if away[nearest] <= REACH**2 else None

    def _ends(self, place: Place) -> tuple[QPointF, QPointF]:
        assert place.source is not None
        half = QPointF(self.unit / 2, 0.0)
        return self._centres[place.layer - 1][place.source] + half, self._centres[place.layer][place.unit] - half

    def _sample_edges(self) -> None:
        """Points along every edge, so that the nearest edge is one array expression."""
        self.edges = [
            Place(layer, unit, source)
            for layer in range(1, len(self.sizes))
            for unit in range(self.sizes[layer])
            for source in range(self.sizes[layer - 1])
        ]
        self._numbers = {edge: number for number, edge in enumerate(self.edges)}
        ends = [self._ends(edge) for edge in self.edges]
        start = np.array([(a.x(), a.y()) for a, _ in ends]).reshape(-1, 1, 2)
        end = np.array([(b.x(), b.y()) for _, b in ends]).reshape(-1, 1, 2)
        bend = (end - start) * (0.45, 0.0)
        t = np.linspace(0.0, 1.0, 33)[None, :, None]
        self._samples = (
            (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * (start + bend) + 3 * (1 - t) * t**2 * (end - bend) + t**3 * end
        )
