"""Activation: the public callable, with its derivatives, over the ufuncs of one registry row."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from actcore import _strided, _ufuncs, interop
from actcore._build.blocks import function_name
from actcore._fastcall import FastCall, forwarding
from actcore.dtypes import is_accepted, refused
from actcore.registry import ORDERS, Parameter, Row


class _Signature:
    """The signature of a function that is an instance, for help and completion; its class has that of the constructor."""

    def __get__(self, function: Elementwise | None, owner: type) -> inspect.Signature:
        if function is None:
            raise AttributeError("__signature__")
        keywords = {**function._parameters, **_UFUNC_OPTIONS}
        return inspect.Signature(
            [
                *(inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in ("x", "g")[: function._n_arrays]),
                *(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value) for name, value in keywords.items()),
            ]
        )


@forwarding
class Elementwise(FastCall):
    """One kind of an activation (its value, a derivative, the backward pass ...) as a function of arrays.

    Attributes
    ----------
    ufunc : numpy.ufunc
        The compiled function; its inputs are the arrays followed by the parameters in registry order.
    """

    __signature__ = _Signature()

    def __init__(self, row: Row, kind: str, parameters: Mapping[str, float], activation: tuple[Any, ...] = ()) -> None:
        ufunc = getattr(_ufuncs, function_name(row.name, kind))
        super().__init__(ufunc, row.parameters, parameters.values(), row.name, kind)
        self.__name__ = self.__qualname__ = self.ufunc.__name__
        self._row = row
        self._kind = kind
        self._parameters = MappingProxyType(dict(parameters))
        self._activation = activation  # how to make it again, in order to pickle one of its functions
        self._n_arrays = self.ufunc.nin - len(row.parameters)
        #: What the outputs of a call with several are one by one.
        self._singles = tuple(getattr(_ufuncs, function_name(row.name, order)) for order in ORDERS[: self.ufunc.nout])

    def __call__(self, *arrays: Any, **options: Any) -> Any:
        """Apply the function where ``FastCall`` did not: parameters by keyword, scattered arrays, and errors in words."""
        if len(arrays) != self._n_arrays:
            raise TypeError(self._wrong_count(len(arrays)))
        named = {name: options.pop(name, bound) for name, bound in self._parameters.items()}
        if interop.foreign_kind((*arrays, *named.values())) == "dlpack":
            return interop.through_dlpack(self.__name__, self, arrays, {**named, **options})
        for parameter in self._row.parameters:
            if interop.kind_of(named[parameter.name]) != "dask":  # looking at it would compute it
                check_parameter(self._row, parameter, named[parameter.name])
        return self._apply(arrays, named, options)

    def _apply(self, arrays: tuple[Any, ...], named: Mapping[str, Any], options: dict[str, Any]) -> Any:
        """Call the ufunc, or what stands in for it, with checked parameters."""
        values = tuple(named.values())
        options = self._with_signature(options) if options.get("dtype") is not None else options
        result = interop.elementwise(self.ufunc, self._singles, arrays, values, options)
        if result is not NotImplemented:
            return result
        try:
            result = _strided.try_apply(self._row.name, self._kind, arrays, values, options)
            return self.ufunc(*arrays, *values, **options) if result is NotImplemented else result
        except TypeError as error:
            raise self._explained(error, arrays, options) from None
        except ValueError as error:
            misfit = self._misfit(arrays, values, options)
            if misfit is None:
                raise
            raise ValueError(f"{self.__name__}: {misfit}") from error

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as a function of its activation."""
        return _function_of, (*self._activation, self._kind)

    def _with_signature(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the options with a 16-bit dtype as a signature: NumPy takes one for all arguments, and parameters are float32."""
        dtype = np.dtype(options["dtype"])
        if dtype.name in ("float32", "float64"):
            return options
        if dtype.name not in ("float16", "bfloat16"):
            raise TypeError(f"{self.__name__}: dtype must be float16, bfloat16, float32 or float64, not {dtype}")
        signature = (*[dtype] * self._n_arrays, *[np.float32] * len(self._parameters), *[dtype] * self.ufunc.nout)
        return {**{name: value for name, value in options.items() if name != "dtype"}, "signature": signature}

    def _wrong_count(self, given: int) -> str:
        arrays = "one array, x" if self._n_arrays == 1 else "two arrays, x and g"
        named = ", ".join(self._parameters) or "none"
        return f"{self.__name__} takes {arrays}, and got {given} positional arguments; parameters go by keyword ({named})"

    def _explained(self, error: TypeError, arrays: tuple[Any, ...], options: Mapping[str, Any]) -> TypeError:
        """Return the error to raise for a TypeError of the ufunc, in words that name the argument."""
        unknown = [name for name in options if name not in _UFUNC_OPTIONS]
        if unknown:
            known = ", ".join([*self._parameters, *_UFUNC_OPTIONS])
            return TypeError(f"{self.__name__} has no argument {unknown[0]!r}; it takes {known}")
        for name, array in zip(("x", "g"), arrays, strict=False):
            dtype = np.asarray(array).dtype
            if not is_accepted(dtype):
                return refused(self.__name__, name, dtype)
        return TypeError(f"{self.__name__}: {self._misfit(arrays, (), options) or error}")

    def _misfit(self, arrays: tuple[Any, ...], values: tuple[Any, ...], options: Mapping[str, Any]) -> str | None:
        """Say which shapes do not fit each other, or that there is not one output for each result; None where all fits."""
        named = {**dict(zip(("x", "g"), arrays, strict=False)), **dict(zip(self._parameters, values, strict=False))}
        if not isinstance(options.get("where", True), bool):
            named["where"] = options["where"]
        shapes = {name: np.shape(value) for name, value in named.items()}
        try:
            shape = np.broadcast_shapes(*shapes.values())
        except ValueError:
            return "the shapes do not broadcast: " + ", ".join(f"{name} has {shape}" for name, shape in shapes.items())
        out = options.get("out")
        outs = out if isinstance(out, tuple) else (out,)
        if out is not None and len(outs) != self.ufunc.nout:
            accepted = "a tuple of two arrays, for value and derivative" if self.ufunc.nout > 1 else "one array"
            return f"out must be {accepted}, not {type(out).__name__}{f' of {len(outs)}' if isinstance(out, tuple) else ''}"
        for target in outs:
            if target is not None and not isinstance(target, np.ndarray):
                return f"out must be an array, not {type(target).__name__}"
            if target is not None and not _broadcasts(shape, np.shape(target)):
                return f"out has the shape {np.shape(target)}, and the result {shape}"
        return None

    def __repr__(self) -> str:
        bound = "".join(f", {name}={value!r}" for name, value in self._parameters.items())
        return f"<actcore {self._kind.replace('_', ' ')} of {self._row.name}{bound}>"


#: What every ufunc takes, with NumPy's defaults.
_UFUNC_OPTIONS = {"out": None, "where": True, "dtype": None, "casting": "same_kind", "order": "K", "subok": True, "signature": None}


def check_names(row: Row, names: Iterable[str]) -> None:
    """Raise unless every name is that of a parameter of the row."""
    for name in names:
        if name not in row.defaults:
            raise TypeError(f"{row.name} has no parameter {name!r}; its parameters are: {', '.join(row.defaults) or 'none'}")


def check_parameter(row: Row, parameter: Parameter, value: Any) -> None:
    """Raise unless `value`, a scalar or an array, lies within the bounds of the registry's parameter."""
    if isinstance(value, (int, float)):
        fine = parameter.accepts(value)
    else:
        given = np.asarray(interop.from_foreign(row.name, value))
        if not is_accepted(given.dtype):
            raise TypeError(f"{row.name}: {parameter.name} must be a number or an array of numbers, not {value!r}")
        above = given > parameter.minimum if parameter.exclusive_minimum else given >= parameter.minimum
        fine = bool(np.all(above & (given <= parameter.maximum) & np.isfinite(given)))
    if not fine:
        raise ValueError(f"{row.name}: {parameter.name}={value!r} is outside {parameter.bounds} ({parameter.meaning})")


@forwarding
class Activation(Elementwise):
    """An activation function with its derivatives, as functions of whole arrays.

    Calling it computes the value; ``derivative``, ``second_derivative``, ``value_and_derivative`` and ``backward`` are functions of
    the same kind. All run in parallel, without the GIL, on any shape and strides.

    Parameters
    ----------
    row : actcore.registry.Row
        The facts of the function.
    **parameters : float or array
        Values bound in place of the registry's defaults.

    Attributes
    ----------
    name : str
        The name under which ``actcore.get`` finds it.
    spec : actcore.registry.Row
        The registry row.
    parameters : mapping of str to float
        The bound parameter values.
    ufunc : numpy.ufunc
        The value as a ufunc; each of the other functions has a ``ufunc`` of its own.
    value, derivative, second_derivative : callable
        f, which is this function itself, f′ and f″ of an array.
    value_and_derivative : callable
        Both in one pass over memory; returns and takes (``out=``) a pair.
    backward : callable
        ``backward(x, g)`` is g · f′(x) in one pass.

    Raises
    ------
    TypeError
        If a keyword is not a parameter of this function.
    ValueError
        If a parameter is out of its bounds.
    """

    def __init__(self, row: Row, **parameters: Any) -> None:
        check_names(row, parameters)
        for parameter in row.parameters:
            if parameter.name in parameters:
                check_parameter(row, parameter, parameters[parameter.name])
        bound = {**row.defaults, **parameters}
        super().__init__(row, "value", bound)
        again = self.__reduce__()
        self.derivative = Elementwise(row, "derivative", bound, again)
        self.second_derivative = Elementwise(row, "second_derivative", bound, again)
        self.value_and_derivative = Elementwise(row, "value_and_derivative", bound, again)
        self.backward = Elementwise(row, "backward", bound, again)
        for function in (self, self.derivative, self.second_derivative, self.value_and_derivative, self.backward):
            function.__doc__ = describe(row, function._kind)

    @property
    def name(self) -> str:
        """The registry name."""
        return self._row.name

    @property
    def value(self) -> Self:
        """The function itself, so that ``getattr(f, kind)`` is a function for every kind."""
        return self

    @property
    def spec(self) -> Row:
        """The registry row."""
        return self._row

    @property
    def parameters(self) -> Mapping[str, float]:
        """The bound parameter values, read-only."""
        return self._parameters

    def bind(self, **parameters: Any) -> Self:
        """Return a copy with some parameters bound to other values.

        Parameters
        ----------
        **parameters : float or array
            By the registry's names.

        Returns
        -------
        Activation
            This function itself when nothing is given.

        Raises
        ------
        TypeError
            If a keyword is not a parameter of this function.
        ValueError
            If a value is out of the parameter's bounds.

        Examples
        --------
        >>> import actcore as ac
        >>> ac.leaky_relu.bind(negative_slope=0.5)(-2.0)
        np.float64(-1.0)
        """
        return type(self)(self._row, **{**self._parameters, **parameters}) if parameters else self

    def parameter_gradients(self, x: Any, g: Any, *values: Any, **parameters: Any) -> Any:
        """Return the gradient of a loss with respect to each learnable parameter, summed to the parameter's shape.

        Parameters
        ----------
        x : array_like
            The pre-activations.
        g : array_like
            The gradient of the loss with respect to f(x), of x's shape.
        *values : float or array
            Parameter values in registry order, broadcastable to x; the bound ones where not given.
        **parameters : float or array
            The same by name.

        Returns
        -------
        ndarray, scalar or tuple of them
            Of the parameter's shape; a tuple in registry order where several parameters are learnable. Lazy where x is; masked
            entries take no part.

        Raises
        ------
        TypeError
            If the function has no learnable parameter, more values are given than it has parameters, or a keyword is none of them.
        ValueError
            If a value is out of its bounds or shapes do not broadcast.

        Examples
        --------
        >>> import numpy as np, actcore as ac
        >>> x = np.array([[-2.0, -1.0], [3.0, -4.0]])
        >>> ac.prelu.parameter_gradients(x, np.ones((2, 2)), np.array([0.25, 0.1]))  # one slope per column
        array([-2., -5.])
        """
        learnable = [p.name for p in self._row.parameters if p.learnable]
        if not learnable:
            raise TypeError(f"{self.name} has no learnable parameter")
        if len(values) > len(self._row.parameters):
            raise TypeError(f"{self.name} has {len(self._row.parameters)} parameters, and {len(values)} values were given")
        check_names(self._row, parameters)
        named = dict(zip(self._parameters, values, strict=False))
        for name in named.keys() & parameters.keys():
            raise TypeError(f"{self.name}: {name} is given twice, by position and by name")
        bound = {**self._parameters, **named, **parameters}
        gradients = [
            interop.summed_to(np.shape(bound[name]), Elementwise(self._row, f"gradient_{name}", self._parameters)(x, g, **bound))
            for name in learnable
        ]
        return gradients[0] if len(gradients) == 1 else tuple(gradients)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by name and parameters."""
        return _rebuild, (self.name, dict(self._parameters))

    def __repr__(self) -> str:
        bound = ", ".join(f"{name}={value!r}" for name, value in self._parameters.items())
        return f"<actcore activation {self.name}{f' ({bound})' if bound else ''}>"


def _rebuild(name: str, parameters: dict[str, Any]) -> Activation:
    """Undo ``Activation.__reduce__``."""
    from actcore import get

    activation: Activation = get(name, **parameters)
    return activation


def _function_of(rebuild: Callable[..., Activation], arguments: tuple[Any, ...], kind: str) -> Elementwise:
    """Undo ``Elementwise.__reduce__``."""
    function: Elementwise = getattr(rebuild(*arguments), kind)
    return function


def _broadcasts(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Tell whether an array of a shape can be repeated to fill `target`."""
    try:
        return np.broadcast_shapes(shape, target) == target
    except ValueError:
        return False


#: What a function computes, in the first line of its docstring.
_SUBJECTS = {
    "value": "{0.title}: {0.formula}.",
    "derivative": "First derivative of {0.title}: {0.derivative_formula}.",
    "second_derivative": "Second derivative of {0.title}, where {0.formula}.",
    "value_and_derivative": "Value and first derivative of {0.title} in one pass over memory: {0.formula}; {0.derivative_formula}.",
    "backward": "Gradient with respect to the input of {0.title}, g · f′(x), in one pass: {0.derivative_formula}.",
}


def describe(row: Row, kind: str) -> str:
    """Return the numpydoc docstring of a function of a row."""
    subject = _SUBJECTS[kind].format(row)
    pair = kind == "value_and_derivative"
    out = "tuple of two ndarray, optional\n    Where to write; one" if pair else "ndarray, optional\n    Where to write;"
    gradient = "g : array_like\n    The gradient of a loss with respect to f(x), of x's shape or broadcastable to it.\n"
    parameters = "".join(
        f"{p.name} : float or array, default {p.default:g}\n    {p.meaning.capitalize()}, in {p.bounds}.\n" for p in row.parameters
    )
    kinks = "".join(
        f"Kink at x = {at:g}: the derivative taken there is {derivative:g}, the second derivative {second:g}.\n"
        for at, derivative, second in row.kinks_at(row.defaults)
    )
    return f"""{subject}

{row.advice}

Parameters
----------
x : array_like
    Any shape and strides; float16, bfloat16 (of ml_dtypes), float32 and float64 are kept, integers and booleans promoted.
{gradient if kind == "backward" else ""}{parameters}out : {out} may be `x` itself.
where : array_like of bool, optional
    Where to compute; elsewhere `out` is left as it is.
dtype : dtype, optional
    The type to compute and return.

Returns
-------
{"pair of ndarray or scalar" if pair else "ndarray or scalar"}
    Of the broadcast shape. NaN gives NaN.

Raises
------
TypeError
    If an argument is complex or not numeric.
ValueError
    If a parameter is out of its bounds or shapes do not broadcast.

Notes
-----
{row.derivative_formula}.
{kinks}
References
----------
{row.source}.
"""
