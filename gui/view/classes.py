"""Colours of classes: two are the ends of the diverging map, more are told apart by eyes of every kind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from . import theme

# After the two ends of the diverging map: the colours of Okabe and Ito (2008) that stay clear of them, which
# the common kinds of colour blindness separate.
_MORE = {
    "light": ("#009e73", "#cc79a7", "#8c8200", "#56b4e9", "#d55e00", "#666666", "#7a3ff0", "#7f3b08"),
    "dark": ("#2fd0a0", "#e79bc6", "#f0e442", "#56b4e9", "#ff7a45", "#b5b5b5", "#b79bff", "#d9a066"),
}


def colors(count: int) -> list[QColor]:
    """The colours of `count` classes, up to ten, in the theme in force."""
    more = [QColor(name) for name in _MORE[theme.current().name]]
    return [theme.color("negative"), theme.color("positive"), *more][:count]


def blend(probabilities: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Colours for class probabilities: shape (..., classes) to (..., 4); sure is full, unsure pale."""
    count = probabilities.shape[-1]
    palette = np.array([color.getRgb()[:3] for color in colors(count)], dtype=np.float32)
    ground = np.array(theme.color("surface").getRgb()[:3], dtype=np.float32)
    best = probabilities.max(axis=-1, keepdims=True)
    # From all classes alike to one for certain: how much of the colour is laid on the ground.
    sure = 0.15 + 0.75 * (best - 1 / count) / (1 - 1 / count)
    rgba = np.full((*probabilities.shape[:-1], 4), 255, dtype=np.uint8)
    rgba[..., :3] = sure * (probabilities @ palette) + (1 - sure) * ground + 0.5
    return rgba
