"""The edges of the diagram as a picture that is kept: only those that look different are drawn anew.

To draw the edges takes longer than all the rest of a frame. Edges between two layers of units lie in a strip of
their own, so a strip in which no weight has moved visibly stays as it is; and while the network trains, a frame
draws a limited number of edges, strip after strip in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap

from . import theme
from .diagram_geometry import Geometry, Place
from .edge_pens import LEVELS, edge_pens
from .stamps import density

EDGES_A_FRAME = 80
Weights = Sequence[NDArray[np.float32]]


class Edges:
    """All edges of a network, in one picture with what does not change around them.

    Parameters
    ----------
    geometry : Geometry
        Where the edges run.
    paint_ground : callable
        ``paint_ground(painter)`` draws, over the edges, what stays the same.
    """

    def __init__(self, geometry: Geometry, paint_ground: Callable[[QPainter], None]) -> None:
        self._geometry, self._paint_ground = geometry, paint_ground
        self._pens = [edge_pens("positive", Qt.PenCapStyle.SquareCap), edge_pens("negative", Qt.PenCapStyle.FlatCap)]
        # Each edge whole, and in dashes for a negative weight. Short pieces paint many times faster than a
        # path, whose outline Qt would compute in every frame.
        self._lines: dict[Place, tuple[list[QLineF], list[QLineF]]] = {
            edge: (geometry.edge(edge), geometry.dashes(edge)) for edge in geometry.edges
        }
        self._strips = [[edge for edge in geometry.edges if edge.layer == layer] for layer in range(1, len(geometry.sizes))]
        self._picture = QPixmap()
        self._wanted: list[NDArray[np.intp]] = []
        self._drawn: list[NDArray[np.intp] | None] = [None] * len(self._strips)
        self._next = 0
        self._behind = False

    @property
    def complete(self) -> bool:
        """Whether the picture shows the weights that were given last."""
        return not self._behind

    def set_weights(self, weights: Weights) -> None:
        """Draw these from now on: shape (n_out, n_in) for each layer with weights."""
        self._wanted = [_looks(layer).ravel() for layer in weights]
        self._behind = True

    def draw(self, painter: QPainter, size: QSize, most: int | None) -> None:
        """Copy the picture to a painter, brought up to date by at most about `most` edges; None for all."""
        ratio = density(painter)
        if self._picture.size() != size * ratio:
            self._picture = QPixmap(size * ratio)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(theme.color("surface"))
            self._drawn, most = [None] * len(self._strips), None
            with QPainter(self._picture) as ground:
                self._paint_ground(ground)
        self._update(most)
        painter.drawPixmap(0, 0, self._picture)

    def paint(self, painter: QPainter) -> None:
        """Draw everything with the painter itself: for a picture made of vectors."""
        for strip in range(len(self._strips)):
            self._paint_strip(painter, strip)
        self._paint_ground(painter)

    def paint_marked(self, painter: QPainter, edge: Place, weight: float) -> None:
        """Draw one edge stronger than it is."""
        negative, level = weight < 0, abs(int(_looks(np.array(weight)))) - 1
        pen = QPen(self._pens[negative][LEVELS])
        pen.setWidthF(self._pens[negative][level].widthF() + 2.0)
        painter.setPen(pen)
        painter.drawLines(self._lines[edge][negative])

    def _stale(self) -> list[int]:
        """The strips to be drawn, beginning with the one whose turn it is."""
        count = len(self._wanted)
        turns = [(self._next + turn) % count for turn in range(count)]
        return [strip for strip in turns if not np.array_equal(self._drawn[strip], self._wanted[strip])]

    def _update(self, most: int | None) -> None:
        stale = self._stale()
        painter = QPainter(self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edges = 0
        while stale:
            strip = stale[0]
            edges += len(self._strips[strip])
            if most is not None and edges > max(most, len(self._strips[strip])):
                break
            area = self._area(strip)
            painter.setClipRect(area)
            painter.fillRect(area, theme.color("surface"))
            self._paint_strip(painter, strip)
            if strip in (0, len(self._strips) - 1):  # words above the outer columns may reach into these
                self._paint_ground(painter)
            self._drawn[strip], self._next = self._wanted[strip], strip + 1
            del stale[0]
        painter.end()
        self._behind = bool(stale)

    def _area(self, strip: int) -> QRectF:
        left, right = (self._geometry.rect(strip, 0).right(), self._geometry.rect(strip + 1, 0).left())
        return QRectF(left, 0.0, right - left, self._geometry.area.bottom())

    def _paint_strip(self, painter: QPainter, strip: int) -> None:
        looks = self._wanted[strip]
        edges = self._strips[strip]
        for at in np.argsort(np.abs(looks), kind="stable").tolist():  # what matters most lies on top
            look = int(looks[at])
            negative = look < 0
            painter.setPen(self._pens[negative][abs(look) - 1])
            painter.drawLines(self._lines[edges[at]][negative])


def _looks(weights: NDArray[np.floating]) -> NDArray[np.intp]:
    """How weights are drawn: the number of the pen plus one, negative for a negative weight."""
    size = np.abs(weights)
    with np.errstate(invalid="ignore"):
        share = np.where(np.isfinite(size), size / (1.2 + size), 1.0)
    pen = np.rint(LEVELS * share).astype(np.intp) + 1
    return np.where(weights < 0, -pen, pen)
