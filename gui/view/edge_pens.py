"""Pens for the edges of the diagram: width and colour by the size of a weight."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from . import theme

LEVELS = 48
"""Steps of strength: finer ones could not be told apart."""
PALE, FULL = 0.25, 0.95
"""How much of its colour the weakest and the strongest edge has."""


def edge_pens(token: str, cap: Qt.PenCapStyle) -> list[QPen]:
    """Pens for weights of one sign, from none (0) to the largest (`LEVELS`): made once, for making one takes
    longer than drawing an edge with it.

    The pieces of a solid edge overlap by their caps, so that no seam shows between them.
    """
    return [
        QPen(mixed(token, PALE + (FULL - PALE) * share), 0.7 + 5.5 * share, Qt.PenStyle.SolidLine, cap)
        for share in (level / LEVELS for level in range(LEVELS + 1))
    ]


def mixed(token: str, share: float) -> QColor:
    """A token's colour thinned with the ground: to blend wide lines takes three times as long."""
    above, below = theme.color(token).getRgbF(), theme.color("surface").getRgbF()
    return QColor.fromRgbF(*(b + share * (a - b) for a, b in zip(above[:3], below[:3], strict=True)))
