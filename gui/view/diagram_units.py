"""The units of the diagram: fields with a frame, and the dot that stands for the bias."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath

from . import theme
from .edge_pens import FULL, mixed
from .stamps import Stamps, is_raster

MARGIN = 3.0
"""What a frame takes outside the unit."""
DOT = 9.0
"""What a bias' dot takes to each side of its middle."""
FULL_SIZE = 24.0
"""From this side of a unit on."""
_FRAMES = {
    "plain": ("muted", 1.2, Qt.PenStyle.SolidLine),
    "marked": ("accent", 3.0, Qt.PenStyle.SolidLine),
    "warning": ("warning", 2.5, Qt.PenStyle.DotLine),
}


class Fields:
    """The coloured fields of one layer's units, (units, side, side, 4) uint8, ready to be drawn."""

    def __init__(self, rgba: NDArray[np.uint8]) -> None:
        units, self._side = rgba.shape[:2]
        rgba = np.ascontiguousarray(rgba)
        tall = QImage(rgba.data, self._side, units * self._side, 4 * self._side, QImage.Format.Format_RGBX8888)
        # In the format of the window they are copied without a look at any pixel.
        self._image = tall.convertToFormat(QImage.Format.Format_RGB32)

    def draw(self, painter: QPainter, rect: QRectF, unit: int) -> None:
        source = QRect(0, unit * self._side, self._side, self._side)
        if is_raster(painter):
            painter.drawImage(rect, self._image, source)
        else:  # an SVG takes in the whole image, whatever its source
            painter.drawImage(rect, self._image.copy(source))


def draw_frame(stamps: Stamps, rect: QRectF, kind: str) -> None:
    """Round the corners of a field and frame it: plain, marked or as a warning."""
    size = rect.width()
    reach = QRectF(-MARGIN, -MARGIN, size + 2 * MARGIN, size + 2 * MARGIN)
    stamps.put(rect.topLeft(), reach, _paint_frame, size, kind)


def draw_bias(stamps: Stamps, at: QPointF, bias: float, marked: bool, unit: float) -> None:
    """The same two signs of a weight as on an edge: colour, and filled against hollow. Small units have small dots."""
    size = abs(bias) / (1.0 + abs(bias)) if np.isfinite(bias) else 1.0
    radius = (3.0 + 3.0 * size) * min(unit / FULL_SIZE, 1.0)
    stamps.put(at, QRectF(-DOT, -DOT, 2 * DOT, 2 * DOT), _paint_bias, round(4 * radius) / 4, bias < 0, marked)


def _paint_frame(painter: QPainter, size: float, kind: str) -> None:
    square, radius = QRectF(0, 0, size, size), 0.16 * size
    corners = QPainterPath()
    corners.addRect(square)
    corners.addRoundedRect(square, radius, radius)  # the odd-even rule leaves what is between the two
    painter.fillPath(corners, theme.color("surface"))
    painter.setPen(theme.pen(*_FRAMES[kind]))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(square, radius, radius)


def _paint_bias(painter: QPainter, radius: float, negative: bool, marked: bool) -> None:
    painter.setPen(theme.pen("accent", 2.0) if marked else theme.pen("surface", 1.5))
    painter.setBrush(mixed("negative" if negative else "positive", FULL))
    painter.drawEllipse(QPointF(0, 0), radius + 0.8, radius + 0.8)
    if negative:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("surface"))
        painter.drawEllipse(QPointF(0, 0), 0.45 * radius, 0.45 * radius)
