"""A formula that somebody types becomes an activation, with all that a built-in one has."""

from __future__ import annotations

import hashlib
import keyword
import math
import threading
from collections.abc import Callable, Mapping
from math import inf
from numbers import Real
from typing import Any

from actcore import _ufuncs
from actcore._build.blocks import kinds_of
from actcore._fastcall import forwarding
from actcore.activation import Activation
from actcore.expression import Expression, assemble, derivative, evaluate, ordered, variable, variables
from actcore.formula_text import CONSTANTS, parse
from actcore.registry import ROWS, Parameter, Reference, Row

#: What a parameter cannot be called.
RESERVED = ("x", "g", "out", "where", "dtype", "casting", "order", "subok", "signature", *CONSTANTS)
_ROWS = {row.name: row for row in ROWS}


@forwarding
class Formula(Activation):
    """An activation that was typed as a formula: what ``formula`` returns.

    Attributes
    ----------
    text : str
        The formula, as it was understood.
    """

    @property
    def text(self) -> str:
        """The formula, as it was understood; typed again, it gives the same activation."""
        return self.spec.formula.removeprefix("f(x) = ")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by text and parameters."""
        return _rebuild, (self.text, dict(self.parameters))

    def __repr__(self) -> str:
        bound = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return f"<actcore formula {self.text}{f' ({bound})' if bound else ''}>"


def _rebuild(text: str, parameters: dict[str, Any]) -> Formula:
    """Undo ``Formula.__reduce__``; a parameter may be bound to an array."""
    numbers = {name: value if isinstance(value, (int, float)) else 1.0 for name, value in parameters.items()}
    return formula(text, **numbers).bind(**parameters)


def formula(text: str, /, **parameters: float) -> Formula:
    """Return the activation that a formula describes, with both derivatives, by the rules of differentiation.

    Parameters
    ----------
    text : str
        An expression of ``x`` in Python's notation: ``+ - * / **``, comparisons, ``a if condition else b``, ``and or not``, every
        element-wise function of ``names()`` with its parameters, ``exp log log1p expm1 sqrt sin cos tan arcsin arccos arctan sinh
        cosh tanh abs sign min max where clip``, ``pi`` and ``e``.
    **parameters : float
        The formula's other variables and their defaults. They are learnable where the formula can be differentiated by them.

    Returns
    -------
    Formula
        An ``Activation``: value, derivatives, backward pass and parameter gradients for every dtype, shape and array library, in
        parallel, and as an activation of ``MLP``.

    Raises
    ------
    ValueError
        If the text cannot be read, names something unknown, or is too long; the message says what is wrong.
    TypeError
        If the text is not a string or a default is not a number.

    Notes
    -----
    All is computed in float64, also for shorter types, and rounded once: where a step of the formula cancels, float32 results are
    still good, and float64 results as good as the formula. There is no error bound.

    At a jump or kink, derivatives are those of the side that the comparison takes; ``max`` and ``min`` of two equal numbers take
    the mean of both derivatives, as PyTorch and JAX do; a function of the registry what its row says. NaN gives NaN.

    What a formula is compiled into is kept as long as the process lives; the same text and parameters are compiled once.

    Examples
    --------
    >>> import actcore as ac
    >>> f = ac.formula("x * tanh(softplus(x))")
    >>> print(f"{f(1.0):.6f} {f.derivative(1.0):.6f}")
    0.865098 1.049036
    >>> swish = ac.formula("x * sigmoid(beta * x)", beta=1.5)
    >>> print(f"{swish(2.0):.6f} {swish(2.0, beta=1.0):.6f}")
    1.905148 1.761594
    """
    _check_parameters(parameters)
    tree = parse(text, tuple(parameters))
    unused = sorted(set(parameters) - variables(tree))
    if unused:
        raise ValueError(f"the formula does not use {unused[0]}; it is: {tree}")
    if "x" not in variables(tree):
        small = ", and x is a small letter" if "X" in variables(tree) else ""
        raise ValueError(f"the formula does not contain x; it is: {tree}{small}")
    return Formula(_row(tree, {name: float(value) for name, value in parameters.items()}))


def _check_parameters(parameters: Mapping[str, Any]) -> None:
    if len(parameters) > _ufuncs.MAX_PARAMETERS:
        raise ValueError(f"a formula has at most {_ufuncs.MAX_PARAMETERS} parameters, and these are {len(parameters)}")
    for name, value in parameters.items():
        if name in RESERVED or keyword.iskeyword(name):
            raise ValueError(f"a parameter cannot be called {name}: that has a meaning of its own")
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"the default of {name} must be a number, not {value!r}")
        if not math.isfinite(value):
            raise ValueError(f"the default of {name} must be finite, not {value!r}")


_rows: dict[str, Row] = {}
_lock = threading.Lock()


def _row(tree: Expression, defaults: dict[str, float]) -> Row:
    """Return the row of a formula, whose loops and ufuncs are known."""
    name = "formula_" + hashlib.sha256(f"{tree} {defaults}".encode()).hexdigest()[:12]
    with _lock:
        if name not in _rows:
            _rows[name] = _compiled(name, tree, defaults)
        return _rows[name]


def _compiled(name: str, tree: Expression, defaults: dict[str, float]) -> Row:
    slope = derivative(tree, "x")
    orders = {"value": tree, "derivative": slope, "second_derivative": derivative(slope, "x")}
    gradients = {}
    for parameter in defaults:
        try:
            gradients[parameter] = derivative(tree, parameter)
        except ValueError:  # a parameter of a function that is not learnable there
            continue
    row = Row(
        name=name,
        title=str(tree),
        formula=f"f(x) = {tree}",
        derivative_formula=f"f′(x) = {slope}",
        reference=Reference(*(_reference(each) for each in orders.values())),
        range=(-inf, inf),
        tags=frozenset({"formula"}),
        advice="A function of your own.",
        source="Typed as a formula",
        parameters=tuple(_parameter(tree, each, default, each in gradients) for each, default in defaults.items()),
    )
    outputs = {
        **{kind: [each] for kind, each in orders.items()},
        "backward": [variable("g") * slope],
        "value_and_derivative": [tree, slope],
        **{f"gradient_{each}": [variable("g") * gradient] for each, gradient in gradients.items()},
    }
    x = variable("x")
    whole = {kind: [Expression("unless_nan", (x, each)) for each in expressions] for kind, expressions in outputs.items()}
    compiled = [(kind, assemble(whole[kind.name], [*kind.inputs, *defaults])) for kind in kinds_of(row)]
    for _, steps in compiled:
        if steps.temporaries > _ufuncs.MAX_TEMPORARIES or len(steps.constants) > _ufuncs.MAX_CONSTANTS:
            raise ValueError(f"the formula is too long: it needs more than {_ufuncs.MAX_TEMPORARIES} intermediate results at once")
    for kind, steps in compiled:
        _ufuncs.define_program(
            name, kind.name, steps.constants, steps.steps, steps.outputs, len(kind.inputs), len(defaults), steps.cost
        )
    _ufuncs.define(row)
    return row


def _reference(tree: Expression) -> Callable[..., Any]:
    return lambda m, x, **parameters: evaluate(tree, m, x=x, **parameters)


def _parameter(tree: Expression, name: str, default: float, learnable: bool) -> Parameter:
    """Return what is known of a formula's parameter; it has the bounds of what it is handed on to as it is."""
    own = variable(name)
    handed_on = [
        parameter
        for each in ordered([tree])
        if each.operation in _ROWS
        for parameter, operand in zip(_ROWS[each.operation].parameters, each.operands[1:], strict=True)
        if operand is own
    ]
    low = max((p.minimum for p in handed_on), default=-inf)
    high = min((p.maximum for p in handed_on), default=inf)
    exclusive = any(p.exclusive_minimum and p.minimum == low for p in handed_on)
    found = Parameter(name, default, low, high, 0.1, "a parameter of the formula", exclusive, learnable)
    if not found.accepts(default):
        raise ValueError(f"the default of {name} is {default:g}, outside {found.bounds}")
    return found
