"""rrelu: a leaky ReLU whose slopes are drawn anew for every call of a training step."""

from __future__ import annotations

from typing import Any

import numpy as np

from actcore.activation import Activation

#: What numpy.random.default_rng takes; a Generator is drawn from, and so moves on.
Randomness = int | np.random.Generator | np.random.SeedSequence | None


class RandomisedLeakyRelu:
    """Randomised leaky ReLU: f(x) = x for x > 0, a · x otherwise, with a drawn from [lower, upper) for every element.

    In training, draw the slopes and use the same ones in both directions; without slopes and generator, as after training, the
    slope is their mean, (lower + upper) / 2. The functions are those of ``leaky_relu`` with an array of slopes.

    Parameters
    ----------
    leaky_relu : Activation
        The activation with a parameter ``negative_slope``.

    Notes
    -----
    It has no row in the registry: an activation there is a function of x and of parameters, and gives the same result every time.
    Here a second array, the drawn slopes, is kept between the two directions; once it is drawn, ``leaky_relu`` computes the rest.

    f′(x) = 1 for x > 0, a otherwise, also at 0. What is drawn depends on the generator, the shape and the bounds, and on neither
    the dtype (beyond rounding) nor the number of threads.

    References
    ----------
    Xu, Wang, Chen, Li: Empirical evaluation of rectified activations in convolutional network (2015).

    Examples
    --------
    >>> import numpy as np, actcore as ac
    >>> x = np.array([-8.0, 2.0])
    >>> slopes = ac.rrelu.slopes(x, rng=0)
    >>> bool(np.all(ac.rrelu(x, slopes=slopes) == ac.rrelu(x, rng=0)))
    True
    >>> ac.rrelu(x, lower=0.25, upper=0.75)
    array([-4.,  2.])
    """

    def __init__(self, leaky_relu: Activation) -> None:
        self.name = self.__name__ = self.__qualname__ = "rrelu"
        self.__module__ = "actcore"  # where pickle finds it
        self._leaky_relu = leaky_relu

    def __call__(
        self,
        x: Any,
        *,
        rng: Randomness = None,
        slopes: Any = None,
        lower: float = 1 / 8,
        upper: float = 1 / 3,
        out: Any = None,
    ) -> Any:
        """Apply the function.

        Parameters
        ----------
        x : array_like
            Any shape.
        rng : int, numpy.random.Generator or SeedSequence, optional
            Draw the slopes from this.
        slopes : array_like, optional
            Use these slopes, from ``slopes``.
        lower, upper : float, default 1/8 and 1/3
            The bounds of the slopes, 0 <= lower <= upper <= 1.
        out : ndarray, optional
            Where to write; may be `x`.

        Returns
        -------
        ndarray
            Of x's shape.

        Raises
        ------
        TypeError
            If both `rng` and `slopes` are given.
        ValueError
            If the bounds are out of order.
        """
        return self._leaky_relu(x, negative_slope=self._chosen(x, rng, slopes, lower, upper), out=out)

    def slopes(self, x: Any, rng: Randomness = None, lower: float = 1 / 8, upper: float = 1 / 3) -> Any:
        """Draw a slope for every element of `x`.

        Parameters
        ----------
        x : array_like
            Gives the shape and the floating type.
        rng : int, numpy.random.Generator or SeedSequence, optional
            The same seed gives the same slopes; None draws from the operating system.
        lower, upper : float, default 1/8 and 1/3
            The bounds, 0 <= lower <= upper <= 1.

        Returns
        -------
        ndarray
            Of x's shape.

        Raises
        ------
        ValueError
            If the bounds are out of order.
        """
        if not 0 <= lower <= upper <= 1:
            raise ValueError(f"{self.name}: lower={lower!r} and upper={upper!r} must satisfy 0 <= lower <= upper <= 1")
        x = np.asarray(x)
        drawn = np.random.default_rng(rng).uniform(lower, upper, x.shape)
        return drawn.astype(x.dtype) if x.dtype.kind not in "biu" else drawn

    def derivative(self, x: Any, slopes: Any, out: Any = None) -> Any:
        """Return f′: 1 where x is above 0, the slope elsewhere; `slopes` are those of the forward call."""
        return self._leaky_relu.derivative(x, negative_slope=slopes, out=out)

    def backward(self, x: Any, g: Any, slopes: Any, out: Any = None) -> Any:
        """Return g · f′(x) in one pass; `slopes` are those of the forward call."""
        return self._leaky_relu.backward(x, g, negative_slope=slopes, out=out)

    def _chosen(self, x: Any, rng: Randomness, slopes: Any, lower: float, upper: float) -> Any:
        if slopes is not None and rng is not None:
            raise TypeError(f"{self.name}: give rng, to draw slopes, or slopes, not both")
        if slopes is not None:
            return slopes
        drawn = self.slopes(x if rng is not None else 0.0, rng, lower, upper)
        return drawn if rng is not None else (lower + upper) / 2

    def __reduce__(self) -> str:
        """Pickle by name."""
        return "rrelu"

    def __repr__(self) -> str:
        return "<actcore randomised leaky ReLU>"
