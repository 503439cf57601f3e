"""Many short straight lines at once, from an array."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF
from PySide6.QtGui import QPainter
from shiboken6 import Shiboken


def segments_between(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """The segments of a line through points of shape (n, 2): x and y of both ends, shape (n - 1, 4)."""
    return np.hstack([points[:-1], points[1:]], dtype=np.float64)


def draw_segments(painter: QPainter, segments: NDArray[np.float64]) -> None:
    """Draw segments of shape (n, 4) with the painter's pen."""
    if len(segments):
        # Four numbers in a row are a QLineF: the painter reads them where they are.
        first = Shiboken.wrapInstance(segments.ctypes.data, QLineF)
        painter.drawLines(first, len(segments))
