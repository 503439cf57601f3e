"""Lines of equal value over a square plane, as contourpy finds them."""

from __future__ import annotations

from collections.abc import Sequence

import contourpy
import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from . import theme
from .segments import draw_segments, segments_between


class Contours(pg.GraphicsObject):
    """Lines of equal value; dark on a light halo they show on any colour, without it they stay in the background.

    They are drawn as separate short lines: Qt takes fifty times as long to outline one wide path of them.
    """

    def __init__(self, limit: float, *, halo: bool = True) -> None:
        super().__init__()
        self._limit, self._halo = limit, halo
        self._pieces: NDArray[np.float64] = np.empty((0, 4))
        self._shares = (0.0, 1.0)

    def copy(self, other: Contours) -> None:
        self._pieces = other._pieces
        self.update()

    def set_shares(self, left: float, right: float) -> None:
        """Draw from one share of the width to another only."""
        self._shares = (left, right)
        self.update()

    def set_fields(self, fields: Sequence[NDArray[np.floating]], levels: Sequence[float]) -> None:
        """Draw where one of `fields` takes one of `levels`; the outer samples lie on the plane's border."""
        lines = _contours(fields, levels, self._limit)
        self._pieces = np.concatenate([np.empty((0, 4)), *map(segments_between, lines)])
        self.update()

    def boundingRect(self) -> QRectF:
        side = 2 * self._limit
        return QRectF(-self._limit, -self._limit, side, side)

    def paint(self, painter: QPainter, _option: object, _widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, right = self._shares
        side = 2 * self._limit
        painter.setClipRect(QRectF(left * side - self._limit, -self._limit, (right - left) * side, side))
        for pen in self._pens():
            painter.setPen(pen)
            draw_segments(painter, self._pieces)

    def _pens(self) -> list[QPen]:
        if self._halo:
            pens, cap = [theme.pen("halo", 3.2), theme.pen("curve", 1.6)], Qt.PenCapStyle.SquareCap
        else:  # where two pieces of a pale line met in their caps, it would be darker
            pens, cap = [theme.pen("curve", 1.0, alpha=0.35)], Qt.PenCapStyle.FlatCap
        for pen in pens:
            pen.setCapStyle(cap)
        return pens


def _contours(fields: Sequence[NDArray[np.floating]], levels: Sequence[float], limit: float) -> list[NDArray[np.float64]]:
    """All lines, as points of shape (n, 2)."""
    lines: list[NDArray[np.float64]] = []
    for field in fields:
        axis = np.linspace(-limit, limit, len(field))
        generator = contourpy.contour_generator(axis, axis, field)
        for level in levels:
            lines += generator.lines(level)
    return lines
