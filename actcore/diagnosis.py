"""What goes on inside a network: saturation, dead units, vanishing slopes, linear regions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actcore._network_arguments import whole
from actcore.activation import Activation
from actcore.network import MLP


@dataclass(frozen=True)
class LayerDiagnosis:
    """One layer over a set of samples.

    Attributes
    ----------
    counts : ndarray of int, shape (bins,)
        Histogram of the pre-activations of all units; what lies beyond the limits is counted in the outermost bins, and
        NaN as 0.
    edges : ndarray of float64, shape (bins + 1,)
        Limits of the bins.
    saturated : float
        Share of (unit, sample) pairs with |f′| below the threshold: there the unit hardly learns.
    dead : ndarray of bool, shape (units,)
        Units that are saturated for every sample: they do not learn at all.
    slope : float
        Mean |f′| over units and samples.
    slope_to_output : float
        Product of the mean |f′| of this layer and of all behind it: what the activations leave of a gradient that comes
        from the output.
    """

    counts: NDArray[np.intp]
    edges: NDArray[np.float64]
    saturated: float
    dead: NDArray[np.bool_]
    slope: float
    slope_to_output: float


def diagnose(
    net: MLP, X: ArrayLike, bins: int = 40, limits: tuple[float, float] = (-6.0, 6.0), threshold: float = 0.01
) -> list[LayerDiagnosis]:
    """Look into every layer while a data set passes through a network.

    Parameters
    ----------
    net : MLP
        The network.
    X : array_like, shape (N, n_in)
        At least one sample.
    bins : int, default 40
        Of the histograms of pre-activations.
    limits : pair of float, default (-6, 6)
        Of the histograms.
    threshold : float, default 0.01
        Slopes |f′| below it count as saturated.

    Returns
    -------
    list of LayerDiagnosis
        One per layer, the output layer last.

    Raises
    ------
    TypeError, ValueError
        If `X` does not fit the network or is empty, or `bins` or `limits` describe no histogram.

    Examples
    --------
    >>> import actcore as ac
    >>> net = ac.MLP([1, 2, 1], activation="relu", init="constant", init_scale=1.0)
    >>> net.biases[0][1] = -10.0
    >>> layer = ac.diagnose(net, [[-1.0], [1.0]])[0]
    >>> layer.saturated, layer.dead
    (0.75, array([False,  True]))
    """
    low, high = limits
    bins = whole("bins", bins, 1)
    if not -np.inf < low < high < np.inf:
        raise ValueError(f"a histogram needs finite, increasing limits, not limits={limits}")
    pre_activations, slopes = net.pre_activations(X), net.slopes(X)
    if pre_activations[0].size == 0:
        raise ValueError("X holds no samples; there is nothing to diagnose")
    edges = np.linspace(low, high, bins + 1)
    layers: list[LayerDiagnosis] = []
    to_output = 1.0
    for z, slope in zip(reversed(pre_activations), reversed(slopes), strict=True):
        size = np.abs(slope)
        small = size < threshold
        mean = float(size.mean(dtype=np.float64))
        to_output *= mean
        places = np.floor((np.clip(np.nan_to_num(z.ravel()), low, high) - low) * (bins / (high - low)))
        counts = np.bincount(np.clip(places, 0, bins - 1).astype(np.intp), minlength=bins)
        layers.append(LayerDiagnosis(counts, edges, float(small.mean()), small.all(axis=1), mean, to_output))
    return layers[::-1]


def linear_regions(net: MLP, X: ArrayLike) -> int:
    """Count the linear pieces of a piecewise-linear network that a set of points meets.

    Two points lie in the same piece if every hidden unit is on the same side of its kinks for both.

    Parameters
    ----------
    net : MLP
        A network whose hidden activations are tagged "piecewise-linear".
    X : array_like, shape (N, n_in)
        The points, usually a grid.

    Returns
    -------
    int
        How many different pieces the points meet: a lower bound of the network's number.

    Raises
    ------
    TypeError, ValueError
        If a hidden activation is not piecewise linear, or `X` does not fit the network.

    References
    ----------
    Montúfar, Pascanu, Cho, Bengio: On the number of linear regions of deep neural networks (2014).

    Examples
    --------
    >>> import actcore as ac
    >>> import numpy as np
    >>> net = ac.MLP([1, 1, 1], activation="relu", init="constant", init_scale=1.0)
    >>> ac.linear_regions(net, np.linspace(-1, 1, 9)[:, None])
    2
    """
    hidden: list[Activation] = net.activations[:-1]
    for layer, f in enumerate(hidden):
        if "piecewise-linear" not in f.spec.tags:
            raise ValueError(f"layer {layer} has {f.name}, which is not piecewise linear; its pieces cannot be counted")
    sides: list[Any] = []
    for z, f in zip(net.pre_activations(X), hidden, strict=False):
        for at, *_ in f.spec.kinks_at(f.parameters):
            sides.append(z > at)
    if not sides:
        return min(1, len(np.atleast_2d(np.asarray(X))))
    return len(np.unique(np.packbits(np.vstack(sides), axis=0), axis=1).T)
