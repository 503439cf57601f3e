"""A picture over a square plane."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget


class Picture(pg.GraphicsObject):
    """An image over the plane, drawn smoothly: no pixel of the grid shows. Its right part can be cut away.

    Parameters
    ----------
    extent : float
        The plane spans ±extent in both inputs.
    to_border : bool
        Whether the outer samples lie on the plane's border, or half a sample inside it.
    """

    def __init__(self, extent: float, *, to_border: bool) -> None:
        super().__init__()
        self._extent, self._share = extent, 1.0
        # Where the outer samples lie on the border, half a pixel on each side lies outside the plane.
        self._inset = 0.5 if to_border else 0.0
        self._image = QImage()

    def set_image(self, rgba: NDArray[np.uint8]) -> None:
        """Show (n, n, 4) uint8, first row at the lowest x2."""
        pixels = np.ascontiguousarray(rgba)
        rows, columns = rgba.shape[:2]
        image = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBX8888)
        self._image = image.convertToFormat(QImage.Format.Format_RGB32)  # the format that is enlarged fastest
        self.update()

    def copy(self, other: Picture) -> None:
        self._image = other._image
        self.update()

    def set_share(self, share: float) -> None:
        self._share = share
        self.update()

    def boundingRect(self) -> QRectF:
        side = 2 * self._extent
        return QRectF(-self._extent, -self._extent, side, side)

    def paint(self, painter: QPainter, _option: object, _widget: QWidget | None = None) -> None:
        if self._image.isNull():
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        target, inset = self.boundingRect(), self._inset
        if self._share < 1.0:
            painter.setClipRect(QRectF(target.left(), target.top(), self._share * target.width(), target.height()))
        painter.drawImage(target, self._image, QRectF(self._image.rect()).adjusted(inset, inset, -inset, -inset))
