"""Functions that draw random numbers in every call of a training step: rrelu its slopes, gumbel_softmax the noise of a sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from actcore import interop
from actcore.activation import Activation
from actcore.along_axis import Axis, Axiswise
from actcore.axiswise import check_temperature
from actcore.dtypes import numeric

#: What numpy.random.default_rng takes; a Generator is drawn from, and so moves on.
Randomness = int | np.random.Generator | np.random.SeedSequence | None


def _of_its_type(x: np.ndarray[Any, Any], drawn: np.ndarray[Any, Any]) -> Any:
    """Return what was drawn for `x` in x's floating type, in float64 for integers."""
    return drawn if x.dtype.kind in "biu" else drawn.astype(x.dtype)


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
        TypeError
            If `x` is complex or not numeric.
        ValueError
            If the bounds are out of order.
        """
        if not 0 <= lower <= upper <= 1:
            raise ValueError(f"{self.name}: lower={lower!r} and upper={upper!r} must satisfy 0 <= lower <= upper <= 1")
        x = numeric(self.name, "x", x)
        return _of_its_type(x, np.random.default_rng(rng).uniform(lower, upper, x.shape))

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


class GumbelSoftmax:
    """Gumbel softmax: samples from a categorical distribution that let a gradient through.

    y = softmax((x + n) / temperature) with Gumbel noise n. The lower the temperature, the nearer y is to a one-hot sample, drawn
    with the probabilities softmax(x). With ``hard=True`` the result is that one-hot sample itself, and the gradient still that of
    the soft one (a straight-through estimate).

    Parameters
    ----------
    softmax, hardmax : Axiswise
        What turns noisy logits into a soft and a hard sample.

    Notes
    -----
    Like ``rrelu`` it has no row in the registry: a second array, the drawn noise, is kept between the two directions. Without noise
    and generator, as after training, the function is softmax, or hardmax, itself. In PyTorch it is
    ``torch.nn.functional.gumbel_softmax(x, tau=temperature, hard=hard, dim=axis)``.

    Backward, from the input and the noise: gxᵢ = yᵢ · (gᵢ − Σⱼ gⱼ yⱼ) / temperature, y being the soft sample. What is drawn
    depends on the generator and the shape, and on neither the dtype (beyond rounding) nor the number of threads.

    References
    ----------
    Jang, Gu, Poole: Categorical reparameterization with Gumbel-softmax (2017); Maddison, Mnih, Teh: The concrete distribution
    (2017).

    Examples
    --------
    >>> import numpy as np, actcore as ac
    >>> x = np.log([0.1, 0.2, 0.7])
    >>> noise = ac.gumbel_softmax.noise(x, rng=0)
    >>> sample = ac.gumbel_softmax(x, noise=noise, hard=True)
    >>> float(sample.sum()), bool(np.all(sample == ac.gumbel_softmax(x, rng=0, hard=True)))
    (1.0, True)
    >>> gx = ac.gumbel_softmax.backward(x, [0.0, 0.0, 1.0], noise, temperature=0.5)
    >>> bool(gx[2] > 0 > gx[1])
    True
    """

    def __init__(self, softmax: Axiswise, hardmax: Axiswise) -> None:
        self.name = self.__name__ = self.__qualname__ = "gumbel_softmax"
        self.__module__ = "actcore"  # where pickle finds it
        self._softmax = softmax
        self._hardmax = hardmax

    def __call__(
        self,
        x: Any,
        axis: Axis = -1,
        *,
        rng: Randomness = None,
        noise: Any = None,
        temperature: float = 1.0,
        hard: bool = False,
        out: Any = None,
    ) -> Any:
        """Draw a sample.

        Parameters
        ----------
        x : array_like
            Logits: logarithms of probabilities, up to a constant.
        axis : int, tuple of int or None, default -1
            The categories; None means all axes.
        rng : int, numpy.random.Generator or SeedSequence, optional
            Draw the noise from this.
        noise : array_like, optional
            Use this noise, from ``noise``.
        temperature : float, default 1.0
            Above 0; the lower, the nearer to a one-hot sample.
        hard : bool, default False
            Return the one-hot sample.
        out : ndarray, optional
            Where to write; may be `x`.

        Returns
        -------
        ndarray
            Of x's shape; sums to 1 along the axis.

        Raises
        ------
        TypeError
            If both `rng` and `noise` are given.
        ValueError
            If the temperature is not above 0.
        """
        if noise is not None and rng is not None:
            raise TypeError(f"{self.name}: give rng, to draw noise, or noise, not both")
        if rng is not None:
            noise = self.noise(x, rng)
        check_temperature(self.name, temperature)
        sample = self._hardmax if hard else self._softmax
        return sample(self._noisy(x, noise), axis, out=out, temperature=temperature)

    def noise(self, x: Any, rng: Randomness = None) -> Any:
        """Draw Gumbel noise for every element of `x`.

        Parameters
        ----------
        x : array_like
            Gives the shape and the floating type.
        rng : int, numpy.random.Generator or SeedSequence, optional
            The same seed gives the same noise; None draws from the operating system.

        Returns
        -------
        ndarray
            Of x's shape.

        Raises
        ------
        TypeError
            If `x` is complex or not numeric.
        """
        x = numeric(self.name, "x", x)
        return _of_its_type(x, np.random.default_rng(rng).gumbel(size=x.shape))

    def backward(self, x: Any, g: Any, noise: Any = None, axis: Axis = -1, *, temperature: float = 1.0, out: Any = None) -> Any:
        """Return the gradient with respect to `x`, of a soft sample and of a hard one.

        Parameters
        ----------
        x, noise : array_like
            Those of the forward call, as are `axis` and `temperature`.
        g : array_like
            The gradient of a loss with respect to the sample.
        axis : int, tuple of int or None, default -1
            The categories.
        temperature : float, default 1.0
            Above 0.
        out : ndarray, optional
            Where to write; may be `g`.

        Returns
        -------
        ndarray
            Of x's shape.
        """
        check_temperature(self.name, temperature)
        sample = self._softmax(self._noisy(x, noise), axis, temperature=temperature)
        return self._softmax.backward(sample, g, axis, out=out, temperature=temperature)

    @staticmethod
    def _noisy(x: Any, noise: Any) -> Any:
        if noise is None:
            return x
        if interop.foreign_kind((x, noise)) == "dlpack":  # which NumPy's ufuncs do not keep what they are
            return interop.through_dlpack("gumbel_softmax", np.add, (x, noise), {})
        return np.add(x, noise)

    def __reduce__(self) -> str:
        """Pickle by name."""
        return "gumbel_softmax"

    def __repr__(self) -> str:
        return "<actcore Gumbel softmax>"
