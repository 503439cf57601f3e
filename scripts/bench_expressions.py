"""How a person writes the functions in systems that lack them: one expression for NumPy, numexpr and Numba alike.

The keys are ONNX's spellings, found through the registry. The expressions are the usual ones, not the careful ones:
several cancel or overflow where the engine does not. Each takes x and the parameters in the registry's order. Its free
names (exp, where ...; `real`, which gives a constant x's dtype) get their meaning from the system that runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from types import FunctionType
from typing import Any

from numpy import exp, expm1, log1p, maximum, tanh, where
from numpy import float64 as real

from actcore.registry import Row

Expression = Callable[..., Any]

#: What NumPy and numexpr both have of the names used here.
FUNCTIONS = ("exp", "expm1", "log1p", "maximum", "tanh", "where")


def _sigmoid(x):
    return real(1) / (real(1) + exp(-x))


def _sigmoid_derivative(x):
    s = real(1) / (real(1) + exp(-x))
    return s * (real(1) - s)


def _tanh_derivative(x):
    y = tanh(x)
    return real(1) - y * y


def _silu_derivative(x):
    s = real(1) / (real(1) + exp(-x))
    return s * (real(1) + x * (real(1) - s))


def _softplus(x):
    return log1p(exp(-abs(x))) + maximum(x, real(0))


def _softsign_derivative(x):
    c = real(1) / (real(1) + abs(x))
    return c * c


def _gelu(x):
    return x * (real(1) + erf(x * real(0.7071067811865476))) * real(0.5)  # noqa: F821 (bound where there is one)


def _gelu_derivative(x):
    cdf = (real(1) + erf(x * real(0.7071067811865476))) * real(0.5)  # noqa: F821
    return cdf + x * exp(x * x * real(-0.5)) * real(0.3989422804014327)


def _gelu_by_tanh(x):
    u = real(0.7978845608028654) * (x + real(0.044715) * x * x * x)
    return x * (real(1) + tanh(u)) * real(0.5)


def _gelu_by_tanh_derivative(x):
    t = tanh(real(0.7978845608028654) * (x + real(0.044715) * x * x * x))
    slope = real(0.7978845608028654) * (real(1) + real(0.134145) * x * x)
    return (real(1) + t + x * (real(1) - t * t) * slope) * real(0.5)


def _mish(x):
    return x * tanh(log1p(exp(x)))


def _mish_derivative(x):
    t = tanh(log1p(exp(x)))
    return t + x * (real(1) - t * t) / (real(1) + exp(-x))


#: Pairs (value, derivative) by spelling; the first pair of which a system has every function counts.
EXPRESSIONS: Mapping[str, tuple[tuple[Expression, Expression], ...]] = {
    "Relu": ((lambda x: maximum(x, real(0)), lambda x: where(x > real(0), real(1), real(0))),),
    "LeakyRelu": (
        (
            lambda x, slope: where(x > real(0), x, slope * x),
            lambda x, slope: where(x > real(0), real(1), slope),
        ),
    ),
    "Sigmoid": ((_sigmoid, _sigmoid_derivative),),
    "Tanh": ((lambda x: tanh(x), _tanh_derivative),),
    "Softplus": ((_softplus, _sigmoid),),
    "Softsign": ((lambda x: x / (real(1) + abs(x)), _softsign_derivative),),
    "Swish": ((lambda x: x / (real(1) + exp(-x)), _silu_derivative),),
    "Elu": (
        (
            lambda x, alpha: where(x > real(0), x, alpha * expm1(x)),
            lambda x, alpha: where(x > real(0), real(1), alpha * exp(x)),
        ),
    ),
    "Gelu": ((_gelu, _gelu_derivative), (_gelu_by_tanh, _gelu_by_tanh_derivative)),
    "Mish": ((_mish, _mish_derivative),),
}


def expressions_of(row: Row, functions: Mapping[str, Any]) -> tuple[Expression, Expression] | None:
    """Return (value, derivative) of a row in terms of `functions`, None where they do not suffice."""
    known = {*functions, "abs"}
    for spelling in row.spellings.values():
        for pair in EXPRESSIONS.get(spelling.name, ()):
            if all(set(expression.__code__.co_names) <= known for expression in pair):
                value, derivative = (FunctionType(expression.__code__, dict(functions)) for expression in pair)
                return value, derivative
    return None


class Text(str):
    """A numexpr expression that grows by being computed with."""

    def __add__(self, other: str) -> Text:
        return Text(f"({self} + {other})")

    def __sub__(self, other: str) -> Text:
        return Text(f"({self} - {other})")

    def __mul__(self, other: str) -> Text:
        return Text(f"({self} * {other})")

    def __truediv__(self, other: str) -> Text:
        return Text(f"({self} / {other})")

    def __gt__(self, other: str) -> Text:
        return Text(f"({self} > {other})")

    def __neg__(self) -> Text:
        return Text(f"(-{self})")

    def __abs__(self) -> Text:
        return Text(f"abs({self})")


def text_functions(names: Iterable[str], constants: MutableMapping[str, float]) -> dict[str, Callable[..., Text]]:
    """Return functions that write their own call; `real` enters its number in `constants` and writes its name."""

    def writer(name: str) -> Callable[..., Text]:
        return lambda *arguments: Text(f"{name}({', '.join(arguments)})")

    def named(number: float) -> Text:
        name = next((name for name, known in constants.items() if known == number), f"c{len(constants)}")
        constants[name] = number
        return Text(name)

    return {"real": named, **{name: writer(name) for name in names}}
