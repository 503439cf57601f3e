"""Diverging colour maps that survive colour blindness: orange below, blue above, told apart by hue *and* by
place.

Anchors are ColorBrewer's (colorbrewer2.org, Brewer 2002): the orange half of PuOr and the blue half of RdBu,
two hues that deuteranopes and protanopes separate. Between anchors the path is straight in CIELAB, so that
equal steps of the value look like equal steps. On a light window the middle is near white and the ends are
dark; on a dark window it is the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

_ANCHORS = {
    "light": (
        "#b35806",
        "#e08214",
        "#fdb863",
        "#fee0b6",
        "#f7f7f7",
        "#d1e5f0",
        "#92c5de",
        "#4393c3",
        "#2166ac",
    ),
    "dark": (
        "#fdb863",
        "#e08214",
        "#b35806",
        "#6e3d10",
        "#262a33",
        "#164a75",
        "#2166ac",
        "#4393c3",
        "#92c5de",
    ),
}
_WHITE = np.array([0.95047, 1.0, 1.08883])  # CIE D65
_TO_XYZ = np.array(  # linear sRGB to XYZ, IEC 61966-2-1
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


@cache
def diverging(theme: str) -> NDArray[np.uint8]:
    """The map for a theme as a (256, 4) uint8 RGBA table: row 0 most negative, row 255 most positive."""
    return _table(_ANCHORS[theme])


def _table(hexes: Sequence[str]) -> NDArray[np.uint8]:
    anchors = np.array([[int(h[i : i + 2], 16) for i in (1, 3, 5)] for h in hexes]) / 255.0
    lab = _to_lab(anchors)
    at = np.linspace(0.0, 1.0, 256)
    path = np.stack([np.interp(at, np.linspace(0.0, 1.0, len(hexes)), lab[:, i]) for i in range(3)], axis=1)
    table = np.full((256, 4), 255, dtype=np.uint8)
    table[:, :3] = np.rint(np.clip(_from_lab(path), 0.0, 1.0) * 255.0)
    table.setflags(write=False)
    return table


@cache
def sequential(theme: str) -> NDArray[np.uint8]:
    """From the diverging map's middle to a strong violet: for sizes, which have no sign."""
    ends = {"light": ("#f7f7f7", "#b79ae8", "#5b21b6"), "dark": ("#262a33", "#6d4bb8", "#d9c8ff")}
    return _table(ends[theme])


def paint(values: NDArray[np.floating], low: float, high: float, table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colour an array: shape (...) to (..., 4) uint8. Values beyond `low` and `high` take the end colours.

    The levels are the caller's and stay fixed between frames, so that one colour keeps one meaning.
    """
    index = (values - low) * (255.0 / (high - low)) + 0.5
    np.copyto(index, 127.0, where=np.isnan(index))
    np.clip(index, 0.0, 255.0, out=index)
    # A colour is looked up as one number of 32 bits: five times as fast as a row of four bytes.
    colors = np.take(table.view(np.uint32)[:, 0], index.astype(np.uint8), mode="clip")
    return colors[..., None].view(np.uint8)


def _to_lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def _from_lab(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    fy = (lab[:, 0] + 16) / 116
    f = np.stack([fy + lab[:, 1] / 500, fy, fy - lab[:, 2] / 200], axis=1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _WHITE
    linear = np.clip(xyz @ np.linalg.inv(_TO_XYZ).T, 0.0, 1.0)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
