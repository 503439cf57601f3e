"""The points a small network learns from: two inputs, one target, drawn from a seed.

Inputs live in the square ``[-EXTENT, EXTENT]``, which is also what the plane shows, so that no axis ever
jumps. The scale is the one a practitioner would give the network: a spread of about one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

EXTENT = 3.0
"""Half the side of the square of inputs that the app draws."""

OWN = "own"
"""The kind whose points were painted or read from a file."""

Points = tuple[NDArray[np.float64], NDArray[np.float64]]
Draw = Callable[[np.random.Generator, int, float], Points]


class Kind(NamedTuple):
    """One kind of data set: what it is called, what has to be learned, and how its points are drawn."""

    title: str
    task: str
    classes: int
    advice: str
    draw: Draw


@dataclass(frozen=True)
class DatasetSettings:
    """Everything that decides the points; equal settings give equal points.

    Parameters
    ----------
    kind : str
        A key of `KINDS`, or `OWN`.
    noise : float
        From 0 (clean) to 1; the standard deviation of the scatter, in units of the input.
    count : int
        How many points, train and test together.
    train_share : float
        The share of the points to train on; the rest measure how well the network generalises.
    seed : int
        Seed of the points and of the division into train and test.
    points : tuple of (x1, x2, target)
        The points themselves when `kind` is `OWN`, else empty.
    """

    kind: str = "spirals"
    noise: float = 0.05
    count: int = 400
    train_share: float = 0.7
    seed: int = 0
    points: tuple[tuple[float, float, float], ...] = ()

    def __post_init__(self) -> None:
        if self.kind != OWN and self.kind not in KINDS:
            raise ValueError(f"There is no data set {self.kind!r}; choose one of {', '.join([*KINDS, OWN])}.")
        if not 0.0 <= self.noise <= 1.0:
            raise ValueError(f"The noise must lie between 0 and 1, not {self.noise}.")
        if not 10 <= self.count <= 5000:
            raise ValueError(f"The number of points must lie between 10 and 5000, not {self.count}.")
        if not 0.1 <= self.train_share <= 0.9:
            raise ValueError(f"The share to train on must lie between 0.1 and 0.9, not {self.train_share}.")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"The seed must lie between 0 and 2**32 - 1, not {self.seed}.")
        if self.kind == OWN:
            _check_points(self.points)

    @property
    def task(self) -> str:
        """``"classification"`` or ``"regression"``."""
        return "classification" if self.kind == OWN else KINDS[self.kind].task

    @property
    def classes(self) -> int:
        """The number of classes; 0 for a regression."""
        if self.kind == OWN:
            return max(2, 1 + int(max(label for _, _, label in self.points)))
        return KINDS[self.kind].classes

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for a session file."""
        return {
            "kind": self.kind,
            "noise": self.noise,
            "count": self.count,
            "train_share": self.train_share,
            "seed": self.seed,
            "points": [list(point) for point in self.points],
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> DatasetSettings:
        """Back from `to_dict`; raises an error with a sentence where a value is not acceptable."""
        points = tuple((float(x1), float(x2), float(target)) for x1, x2, target in values.get("points", ()))
        return cls(
            kind=str(values["kind"]),
            noise=float(values["noise"]),
            count=int(values["count"]),
            train_share=float(values["train_share"]),
            seed=int(values["seed"]),
            points=points,
        )


@dataclass(frozen=True, eq=False)
class Dataset:
    """The points of one `DatasetSettings`, divided into train and test. The arrays are read-only.

    Attributes
    ----------
    train_x, test_x : ndarray of float32, shape (n, 2)
        The inputs.
    train_y, test_y : ndarray of float32, shape (n,)
        Class labels 0, 1, … for a classification, values in [-1, 1] for a regression.
    """

    settings: DatasetSettings
    train_x: NDArray[np.float32]
    train_y: NDArray[np.float32]
    test_x: NDArray[np.float32]
    test_y: NDArray[np.float32]


@lru_cache(maxsize=32)
def make_dataset(settings: DatasetSettings) -> Dataset:
    """Draw the points of `settings` and divide them.

    Examples
    --------
    >>> data = make_dataset(DatasetSettings("xor", count=100, train_share=0.7))
    >>> data.train_x.shape, data.test_x.shape
    ((70, 2), (30, 2))
    """
    rng = np.random.default_rng(settings.seed)
    if settings.kind == OWN:
        table = np.array(settings.points)
        x, y = table[:, :2], table[:, 2]
    else:
        x, y = KINDS[settings.kind].draw(rng, settings.count, settings.noise)
    order = rng.permutation(len(x))
    # At least one point on either side: a loss over no points is no number.
    cut = min(max(round(settings.train_share * len(x)), 1), len(x) - 1)
    train, test = order[:cut], order[cut:]
    parts = [part.astype(np.float32) for part in (x[train], y[train], x[test], y[test])]
    for part in parts:
        part.setflags(write=False)
    return Dataset(settings, *parts)


def _check_points(points: Sequence[tuple[float, float, float]]) -> None:
    if len(points) < 2:
        raise ValueError(f"A data set of your own needs at least 2 points, not {len(points)}.")
    table = np.array(points, dtype=float)
    if not np.isfinite(table).all():
        row = int(np.argmin(np.isfinite(table).all(axis=1)))
        raise ValueError(f"Point {row + 1} is not a finite number: {points[row]}.")
    labels = table[:, 2]
    if ((labels != np.round(labels)) | (labels < 0) | (labels > 9)).any():
        raise ValueError("The class of each point must be a whole number from 0 to 9.")


KINDS: dict[str, Kind] = {}
"""The data sets that are drawn from a seed, in the order of the menu."""


def _kind(name: str, title: str, task: str, classes: int, advice: str) -> Callable[[Draw], Draw]:
    """Enter the function that draws a data set into `KINDS`."""

    def enter(draw: Draw) -> Draw:
        KINDS[name] = Kind(title, task, classes, advice, draw)
        return draw

    return enter


def _disc(rng: np.random.Generator, count: int, inner: float, outer: float) -> NDArray[np.float64]:
    """Points spread evenly over a ring; the root keeps the density the same at every radius."""
    radius = np.sqrt(rng.uniform(inner**2, outer**2, count))
    angle = rng.uniform(0, 2 * np.pi, count)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _scatter(rng: np.random.Generator, x: NDArray[np.float64], noise: float) -> NDArray[np.float64]:
    return np.clip(x + rng.normal(0.0, noise, x.shape), -EXTENT, EXTENT)


def _labels(sizes: Sequence[int]) -> NDArray[np.float64]:
    return np.repeat(np.arange(len(sizes), dtype=float), sizes)


def _shares(count: int, classes: int) -> list[int]:
    return [(count + k) // classes for k in range(classes)]


@_kind("circle", "Circle", "classification", 2, "A disc inside a ring: no straight line parts them.")
def _circle(rng: np.random.Generator, count: int, noise: float) -> Points:
    outside, inside = _shares(count, 2)
    x = np.vstack([_disc(rng, outside, 1.7, 2.5), _disc(rng, inside, 0.0, 1.2)])
    return _scatter(rng, x, noise), _labels([outside, inside])


@_kind("xor", "XOR", "classification", 2, "The sign of x₁·x₂: a single neuron cannot learn it.")
def _xor(rng: np.random.Generator, count: int, noise: float) -> Points:
    x = rng.uniform(0.15, 2.5, (count, 2)) * rng.choice([-1.0, 1.0], (count, 2))
    return _scatter(rng, x, noise), (x[:, 0] * x[:, 1] > 0).astype(float)


@_kind("gaussians", "Two clouds", "classification", 2, "One straight line is enough, so one neuron will do.")
def _gaussians(rng: np.random.Generator, count: int, noise: float) -> Points:
    sizes = _shares(count, 2)
    centres = np.array([[-1.2, -1.2], [1.2, 1.2]])[np.repeat([0, 1], sizes)]
    return _scatter(rng, centres + rng.normal(0.0, 0.4, (count, 2)), noise), _labels(sizes)


def _arms(rng: np.random.Generator, count: int, noise: float, classes: int, turns: float) -> Points:
    sizes = _shares(count, classes)
    along = np.concatenate([np.linspace(0.06, 1.0, size) for size in sizes])
    labels = _labels(sizes)
    angle = 2 * np.pi * (turns * along + labels / classes)
    x = 2.6 * along[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])
    return _scatter(rng, x, noise), labels


@_kind("spirals", "Two spirals", "classification", 2, "The hard one: it takes many units and patience.")
def _spirals(rng: np.random.Generator, count: int, noise: float) -> Points:
    return _arms(rng, count, noise, classes=2, turns=1.4)


@_kind("moons", "Two moons", "classification", 2, "Two interlocking arcs: a gentle curve parts them.")
def _moons(rng: np.random.Generator, count: int, noise: float) -> Points:
    sizes = _shares(count, 2)
    angle = np.concatenate([rng.uniform(0, np.pi, size) for size in sizes])
    labels = _labels(sizes)
    side = 1 - 2 * labels
    x = 1.5 * np.column_stack([side * (np.cos(angle) - 0.5), side * (np.sin(angle) - 0.25)])
    return _scatter(rng, x, noise + 0.08), labels


@_kind("pinwheel", "Three arms", "classification", 3, "Three classes: one output each, softmax chooses.")
def _pinwheel(rng: np.random.Generator, count: int, noise: float) -> Points:
    return _arms(rng, count, noise + 0.08, classes=3, turns=0.55)


@_kind("plane", "Slope", "regression", 0, "A value that rises evenly: a single linear neuron fits it.")
def _plane(rng: np.random.Generator, count: int, noise: float) -> Points:
    x = _disc(rng, count, 0.0, 2.7)
    return x, np.clip((x[:, 0] + x[:, 1]) / 3.9 + rng.normal(0.0, 0.5 * noise, count), -1, 1)


_BUMPS = np.array(
    [[-1.5, 0.9, 1], [0.0, 1.8, -1], [1.5, 0.9, 1], [-1.5, -0.9, -1], [0.0, -1.8, 1], [1.5, -0.9, -1]],
    dtype=float,
)


@_kind("bumps", "Six bumps", "regression", 0, "Hills and hollows: a smooth surface to approximate.")
def _bumps(rng: np.random.Generator, count: int, noise: float) -> Points:
    x = rng.uniform(-2.7, 2.7, (count, 2))
    squared = ((x[:, None, :] - _BUMPS[None, :, :2]) ** 2).sum(axis=2)
    y = (np.exp(-squared / (2 * 0.55**2)) * _BUMPS[:, 2]).sum(axis=1)
    return x, np.clip(y + rng.normal(0.0, 0.5 * noise, count), -1, 1)
