"""Initial weights of a dense layer, by name.

Each rule keeps the variance of signals or of gradients about constant through a certain kind of layer:

- glorot, variance 2 / (n_in + n_out): Glorot, Bengio: Understanding the difficulty of training deep feedforward neural
  networks (2010)
- he, variance 2 / n_in: He, Zhang, Ren, Sun: Delving deep into rectifiers (2015)
- lecun, variance 1 / n_in: LeCun, Bottou, Orr, Müller: Efficient BackProp (1998)
- orthogonal, orthonormal rows or columns: Saxe, McClelland, Ganguli: Exact solutions to the nonlinear dynamics of
  learning in deep linear neural networks (2013)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

#: Share of the standard deviation that is left after cutting a normal distribution off at two standard deviations.
_TRUNCATED_DEVIATION = 0.87962566103423978

Rule = Callable[[np.random.Generator, int, int, float], Any]


def _truncated_normal(rng: np.random.Generator, n_out: int, n_in: int, deviation: float) -> Any:
    """Draw again whatever lies beyond two standard deviations, with `deviation` the one of what remains."""
    values = rng.standard_normal((n_out, n_in))
    while (far := np.abs(values) > 2.0).any():
        values[far] = rng.standard_normal(int(far.sum()))
    return values * (deviation / _TRUNCATED_DEVIATION)


def _orthogonal(rng: np.random.Generator, n_out: int, n_in: int, gain: float) -> Any:
    """Take the orthogonal factor of a normal matrix, its signs made unique so that all are equally likely."""
    factor, triangle = np.linalg.qr(rng.standard_normal((max(n_out, n_in), min(n_out, n_in))))
    factor = factor * np.where(np.diag(triangle) < 0, -1.0, 1.0)
    return gain * (factor if n_out >= n_in else factor.T)


def _scaled(variance: Callable[[int, int], float], uniform: bool) -> Rule:
    """Return the rule that draws with a variance that follows from the widths."""

    def rule(rng: np.random.Generator, n_out: int, n_in: int, gain: float) -> Any:
        deviation = gain * variance(n_in, n_out) ** 0.5
        if uniform:
            bound = 3.0**0.5 * deviation
            return rng.uniform(-bound, bound, (n_out, n_in))
        return rng.normal(0.0, deviation, (n_out, n_in))

    return rule


def _glorot(n_in: int, n_out: int) -> float:
    return 2.0 / (n_in + n_out)


def _he(n_in: int, n_out: int) -> float:
    return 2.0 / n_in


def _lecun(n_in: int, n_out: int) -> float:
    return 1.0 / n_in


#: name -> (rule, default scale, what the scale is)
INITIALISERS: dict[str, tuple[Rule, float, str]] = {
    "zeros": (lambda rng, n_out, n_in, scale: np.zeros((n_out, n_in)), 0.0, "not used"),
    "constant": (lambda rng, n_out, n_in, scale: np.full((n_out, n_in), scale), 0.1, "the value"),
    "uniform": (lambda rng, n_out, n_in, scale: rng.uniform(-scale, scale, (n_out, n_in)), 0.5, "the bound"),
    "normal": (lambda rng, n_out, n_in, scale: rng.normal(0.0, scale, (n_out, n_in)), 0.5, "the standard deviation"),
    "truncated_normal": (_truncated_normal, 0.5, "the standard deviation"),
    "glorot_uniform": (_scaled(_glorot, uniform=True), 1.0, "a factor"),
    "glorot_normal": (_scaled(_glorot, uniform=False), 1.0, "a factor"),
    "he_uniform": (_scaled(_he, uniform=True), 1.0, "a factor"),
    "he_normal": (_scaled(_he, uniform=False), 1.0, "a factor"),
    "lecun_uniform": (_scaled(_lecun, uniform=True), 1.0, "a factor"),
    "lecun_normal": (_scaled(_lecun, uniform=False), 1.0, "a factor"),
    "orthogonal": (_orthogonal, 1.0, "a factor"),
}


def initial_weights(name: str, seed: int, layer: int, n_out: int, n_in: int, scale: float | None = None) -> Any:
    """Return the weights of one layer.

    Parameters
    ----------
    name : str
        A key of ``INITIALISERS``.
    seed : int
        Not negative. Seed and layer number decide the draw, so a layer added behind others leaves theirs as they were.
    layer : int
        Number of the layer in its network, from 0.
    n_out, n_in : int
        Widths of the layer and of the one before it.
    scale : float, optional
        What it means depends on the rule; by default the rule's own.

    Returns
    -------
    ndarray of float64, shape (n_out, n_in)
        The weights.

    Raises
    ------
    ValueError
        If no rule has this name.

    Examples
    --------
    >>> from actcore.initialisers import initial_weights
    >>> initial_weights("constant", 0, 0, 2, 3, scale=0.5)
    array([[0.5, 0.5, 0.5],
           [0.5, 0.5, 0.5]])
    """
    if name not in INITIALISERS:
        raise ValueError(f"no initialiser is called {name!r}; the names are: {', '.join(INITIALISERS)}, recommended")
    rule, default, _ = INITIALISERS[name]
    rng = np.random.Generator(np.random.PCG64([seed, layer]))
    return rule(rng, n_out, n_in, default if scale is None else scale)
