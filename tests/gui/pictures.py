"""What a widget draws, as arrays to look into."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QWidget

from gui.view import theme


def image_of(widget: QWidget) -> np.ndarray:
    """The widget as drawn, (height, width, 3) uint8."""
    return pixels_of(widget.grab())


def pixels_of(pixmap: QPixmap) -> np.ndarray:
    """A picture's pixels, (height, width, 3) uint8."""
    image = pixmap.toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def changed_pixels(before: np.ndarray, after: np.ndarray) -> int:
    return int((np.abs(before.astype(int) - after).max(axis=2) > 20).sum())


def rgb(token: str) -> np.ndarray:
    """A colour of the theme in force."""
    return np.array(theme.color(token).getRgb()[:3])
