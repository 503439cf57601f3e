"""Axiswise: what every function along an axis shares: arguments, checks, documentation."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import Any

import numpy as np

from actcore import axis_loops, interop
from actcore._build.blocks import function_name
from actcore._layout import Axes
from actcore.dtypes import numeric
from actcore.registry import AxisRow

Axis = int | Iterable[int] | None


class Axiswise:
    """A function of the numbers along an axis, such as softmax, with its backward pass.

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

    Examples
    --------
    >>> import actcore as ac
    >>> ac.softmax([[0.0, 0.0, 0.0, 0.0], [-1e9, 0.0, 0.0, 1e9]])
    array([[0.25, 0.25, 0.25, 0.25],
           [0.  , 0.  , 0.  , 1.  ]])
    >>> ac.softmax([0.0, 0.0, 5.0], where=[True, True, False])
    array([0.5, 0.5, 0. ])
    >>> ac.softmax.backward([0.5, 0.5], [1.0, 0.0])
    array([ 0.25, -0.25])
    >>> ac.maxout([1.0, 3.0, 2.0, 0.0], pieces=2)
    array([3., 2.])
    """

    #: Keyword arguments besides axis and out, with their defaults.
    OPTIONS: MappingProxyType[str, Any] = MappingProxyType({})
    #: Whether several axes at once make sense.
    SEVERAL = False
    #: What a family computes: ``_value(x, axes, out, **options)`` and ``_backward(saved, g, axes, out, **options)``.
    _value: Callable[..., None]
    _backward: Callable[..., None]

    def __init__(self, row: AxisRow) -> None:
        self.name = self.__name__ = self.__qualname__ = row.name
        self.spec = row
        self._plain = self._direct()
        shared = list(inspect.signature(type(self).__call__).parameters.values())[1:-1]
        own = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value) for name, value in self.OPTIONS.items()]
        #: For help and completion: this function's options in the place of ``**options``.
        self.__signature__ = inspect.Signature([*shared, *own])
        self.__doc__ = describe(self)

    def _direct(self) -> dict[str, Callable[[tuple[Any, ...], Any], Any]]:
        """Return what computes the kinds for plain arrays along their last axis; it returns None where it does not."""
        row = self.spec
        return {kind: axis_loops.Plain(function_name(row.name, kind)) for kind in row.kernels}

    def __call__(self, x: Any, axis: Axis = -1, out: Any = None, **options: Any) -> Any:
        """Apply the function along `axis`; the arguments are those of the instance's docstring."""
        return self._call("value", (x,), axis, out, options)

    def backward(self, saved: Any, g: Any, axis: Axis = -1, out: Any = None, **options: Any) -> Any:
        """Return the gradient with respect to the input.

        Parameters
        ----------
        saved : array_like
            What ``spec.backward_from`` says: the function's output, or its input.
        g : array_like
            The gradient of a loss with respect to the output, of the output's shape or broadcastable to it.
        axis : int, tuple of int or None, default -1
            As in the forward call, and so are the options.
        out : ndarray, optional
            Where to write, of the input's shape; may be `g` or `saved`.

        Returns
        -------
        ndarray
            Of the input's shape.

        Raises
        ------
        TypeError
            If an argument is complex or not numeric, or an option is unknown.
        ValueError
            If the shapes do not fit or `axis` is out of range.
        """
        return self._call("backward", (saved, g), axis, out, options)

    def _call(self, kind: str, arrays: tuple[Any, ...], axis: Axis, out: Any, options: dict[str, Any]) -> Any:
        plain = self._plain.get(kind)
        if plain is not None and not options and (axis == -1 or axis == getattr(arrays[0], "ndim", 0) - 1):
            result = plain(arrays, out)
            if result is not None:
                return result
        for name in options:
            if name not in self.OPTIONS:
                known = ", ".join(["axis", "out", *self.OPTIONS])
                raise TypeError(f"{self.name} has no argument {name!r}; it takes {known}")
        if any(type(array) is not np.ndarray for array in arrays):
            adapt = interop.adapter_along_axis(arrays)
            if adapt is not None:
                return adapt(self, kind, arrays, axis, out, options)
        names = ("x",) if kind == "value" else ("y" if self.spec.backward_from == "output" else "x", "g")
        given = [numeric(self.name, name, array) for name, array in zip(names, arrays, strict=True)]
        axes = self.axes(names[0], given[0].ndim, axis)
        dtype = self.result_dtype(*(array.dtype for array in given))
        shape = given[0].shape if kind == "backward" else self.result_shape(given[0].shape, axes, options)
        result = self._result(out, shape, dtype, given[0])
        run = self._value if kind == "value" else self._backward
        with np.errstate(all="ignore"):  # a product that overflows is a result, not an event
            run(*given, axes, result, **{**self.OPTIONS, **options})
        return out if out is not None else result[()] if result.ndim == 0 else result

    def axes(self, name: str, ndim: int, axis: Axis) -> Axes:
        """Return the axes as a tuple of distinct numbers from 0, sorted; raise where `axis` does not exist."""
        if axis is None:
            axis = range(ndim)
        given: Any = [axis] if hasattr(axis, "__index__") else axis
        try:
            asked = [operator.index(a) for a in given]
        except TypeError:
            raise TypeError(f"{self.name}: axis must be an integer, a tuple of integers or None, not {axis!r}") from None
        for a in asked:
            if not -ndim <= a < ndim:
                raise ValueError(f"{self.name}: axis {a} does not exist in {name}, which has {ndim} dimensions")
        axes = tuple(sorted({a % ndim for a in asked}))
        if len(axes) != len(asked):
            raise ValueError(f"{self.name}: axis {axis!r} names an axis twice")
        if not axes:
            raise ValueError(f"{self.name}: {name} has 0 dimensions, or axis is empty; there is nothing to go along")
        if len(axes) > 1 and not self.SEVERAL:
            raise ValueError(f"{self.name} goes along one axis, not {len(axes)}")
        return axes

    def result_shape(self, shape: tuple[int, ...], axes: Axes, options: dict[str, Any]) -> tuple[int, ...]:
        """Return the output's shape for an input of this shape."""
        return shape

    def result_mask(self, mask: Any, axes: Axes, options: dict[str, Any]) -> Any:
        """Return which results are masked, given which entries of a masked array are."""
        return mask

    def result_dtype(self, *dtypes: Any) -> Any:
        """Return the output's dtype: the common floating type; integers become the floating type that holds them."""
        dtype = np.result_type(*dtypes)
        if dtype.kind in "biu":
            return np.dtype(np.float32 if np.can_cast(dtype, np.float32) else np.float64)
        return dtype

    def _result(self, out: Any, shape: tuple[int, ...], dtype: Any, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        if out is None:
            return np.empty_like(x, dtype=dtype) if shape == x.shape else np.empty(shape, dtype)
        if not isinstance(out, np.ndarray):
            raise TypeError(f"{self.name}: out must be an array, not {type(out).__name__}")
        if out.shape != shape:
            raise ValueError(f"{self.name}: out has shape {out.shape}, and the result has shape {shape}")
        if not out.flags.writeable:
            raise ValueError(f"{self.name}: out is read-only")
        if not np.can_cast(dtype, out.dtype, "same_kind"):
            raise TypeError(f"{self.name}: the result has dtype {dtype}, which does not fit into out of dtype {out.dtype}")
        return np.asarray(out)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by name."""
        return rebuild, (self.name,)

    def __repr__(self) -> str:
        return f"<actcore function along an axis {self.name}>"


_OPTION_DOCS = {
    "where": "where : array_like of bool, optional\n    Which entries take part; the others get {masked:g}.\n",
    "temperature": "temperature : float, default 1.0\n    Above 0; the function is applied to x / temperature.\n",
    "keepdims": "keepdims : bool, default False\n    Keep the axes, with length 1.\n",
    "pieces": "pieces : int, default 2\n    The size of a group.\n",
}


def describe(function: Axiswise) -> str:
    """Return the numpydoc docstring of a function along an axis."""
    row = function.spec
    options = "".join(_OPTION_DOCS[name].format(masked=row.masked) for name in function.OPTIONS)
    axis = "axis : int, tuple of int or None, default -1\n    None means all." if function.SEVERAL else "axis : int, default -1"
    of_what = f" of the result or of {row.bound_from:g}, whichever is larger" if row.bound_from else ""
    accuracy = (
        f"The error is at most {row.bound:g} ULP{of_what}, whatever the length of the axis."
        if row.bound
        else "The result is exact."
    )
    return f"""{row.title}: {row.formula}.

{row.advice}

Parameters
----------
x : array_like
    At least one-dimensional; floating types are kept, integers are promoted.
{axis}
out : ndarray, optional
    Where to write; may be `x` where the shapes agree.
{options}
Returns
-------
ndarray
    {type(function).__doc__}

Raises
------
TypeError
    If `x` is complex or not numeric, or an argument is unknown.
ValueError
    If `axis` is not one of x's, or a shape or an option does not fit.

Notes
-----
Backward, from the {row.backward_from}: {row.backward_formula}. {accuracy}

References
----------
{row.source}.
"""


def rebuild(name: str) -> Any:
    """Undo ``Axiswise.__reduce__``."""
    from actcore import get

    return get(name)
