"""Functions along an axis: the softmax family."""

from __future__ import annotations

from typing import Any

import numpy as np

from actcore import _ufuncs
from actcore.registry import AxisRow


class Axiswise:
    """A function of the numbers along one axis, such as softmax, with its backward pass.

    Parameters
    ----------
    row : actcore.registry.AxisRow
        The facts of the function.

    Attributes
    ----------
    name : str
        The registry name.
    spec : actcore.registry.AxisRow
        The registry row.
    ufunc : numpy.ufunc
        The generalised ufunc, signature ``(n)->(n)``.
    """

    def __init__(self, row: AxisRow) -> None:
        self.ufunc: np.ufunc = getattr(_ufuncs, row.name)
        self.backward_ufunc: np.ufunc = getattr(_ufuncs, _ufuncs.ufunc_name(row.name, "backward"))
        self.name = self.__name__ = self.__qualname__ = row.name
        self.spec = row
        self.__doc__ = f"{row.title}: {row.formula}.\n\n{row.advice}\n\nReferences\n----------\n{row.source}.\n"

    def __call__(self, x: Any, axis: int = -1, out: Any = None) -> Any:
        """Apply the function along `axis`.

        Parameters
        ----------
        x : array_like
            At least one-dimensional; float32 and float64 are kept, integers are promoted. Infinite logits are limits: +inf takes
            all the mass, shared equally among several; a row of -inf alone is uniform. A NaN makes its whole row NaN.
        axis : int, default -1
            The axis along which the result is computed.
        out : ndarray, optional
            Where to write, of x's shape; may be `x`.

        Returns
        -------
        ndarray
            Of x's shape.

        Raises
        ------
        TypeError
            If `x` is complex or not numeric, or `axis` is not an integer.
        ValueError
            If `axis` is not one of x's.
        """
        return self._along(self.ufunc, (x,), axis, out)

    def backward(self, y: Any, g: Any, axis: int = -1, out: Any = None) -> Any:
        """Return the gradient with respect to the input, given the output.

        Parameters
        ----------
        y : array_like
            What the function returned.
        g : array_like
            The gradient of a loss with respect to `y`, of the same shape.
        axis : int, default -1
            The axis the function was applied along.
        out : ndarray, optional
            Where to write; may be `g`.

        Returns
        -------
        ndarray
            Of y's shape.

        Raises
        ------
        TypeError
            If an argument is complex or not numeric.
        ValueError
            If the shapes do not broadcast or `axis` is out of range.
        """
        return self._along(self.backward_ufunc, (y, g), axis, out)

    def _along(self, ufunc: np.ufunc, arrays: tuple[Any, ...], axis: int, out: Any) -> Any:
        names = ("x",) if len(arrays) == 1 else ("y", "g")
        for name, array in zip(names, arrays, strict=True):
            ndim = np.ndim(array)
            if not hasattr(axis, "__index__"):
                raise TypeError(f"{self.name}: axis must be an integer, not {axis!r}")
            if not -ndim <= axis < ndim:
                raise ValueError(f"{self.name}: axis {axis} does not exist in {name}, which has {ndim} dimensions")
            dtype = np.asarray(array).dtype
            if dtype.kind not in "biuf":
                raise TypeError(
                    f"{self.name}: {name} has dtype {dtype}; accepted are float32 and float64, and integers, which are promoted"
                )
        return ufunc(*arrays, axis=axis, out=out)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by name."""
        return _rebuild, (self.name,)

    def __repr__(self) -> str:
        return f"<actcore function along an axis {self.name}>"


def _rebuild(name: str) -> Axiswise:
    """Undo ``Axiswise.__reduce__``."""
    from actcore import get

    return get(name)
