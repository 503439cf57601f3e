"""Small pictures that are painted once and then stamped: a round dot or a haloed word takes a painter longer to
draw than all that is around it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPaintEngine, QPainter, QPixmap

from . import theme

KEPT = 128


class Stamps:
    """Stamps for one painter, in the density of its device. A vector picture gets the drawing itself."""

    def __init__(self, painter: QPainter) -> None:
        self._painter = painter
        self._vectors = not is_raster(painter)
        self._ratio = density(painter)

    def put(self, at: QPointF, reach: QRectF, paint: Callable[..., None], *arguments: Hashable) -> None:
        """Draw what ``paint(painter, *arguments)`` draws about the origin, within `reach`, at a place.

        `paint` is a function of a module, not a method or a lambda: it and its arguments say which stamp it is.
        """
        if self._vectors:
            self._painter.save()
            self._painter.translate(at)
            paint(self._painter, *arguments)
            self._painter.restore()
        else:
            stamp = _stamp(paint, arguments, reach.getRect(), theme.current().name, self._ratio)
            self._painter.drawPixmap(at + reach.topLeft(), stamp)


def is_raster(painter: QPainter) -> bool:
    """Whether pixels are drawn, and not vectors."""
    return painter.paintEngine().type() == QPaintEngine.Type.Raster


def density(painter: QPainter) -> float:
    """Pixels for each unit of length, where the painter paints in truth: a widget's picture may be asked for in
    another density than that of its window.
    """
    return painter.paintEngine().paintDevice().devicePixelRatio()


@lru_cache(maxsize=KEPT)
def _stamp(paint: Callable[..., None], arguments: tuple[Any, ...], reach: tuple[float, ...], _theme: str, ratio: float) -> QPixmap:
    left, top, width, height = reach
    stamp = QPixmap(QSize(round(width * ratio), round(height * ratio)))
    stamp.setDevicePixelRatio(ratio)
    stamp.fill(Qt.GlobalColor.transparent)
    painter = QPainter(stamp)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(-left, -top)
    paint(painter, *arguments)
    painter.end()
    return stamp
