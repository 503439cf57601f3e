"""Expressions of one variable and parameters: trees, their derivatives by rule, and the steps that compute them.

Equal expressions are one object, so that what two parts of a formula and its derivatives have in common is computed once.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from actcore.registry import ROWS, Row

_lock = Lock()
_known: WeakValueDictionary[tuple[Any, ...], Expression] = WeakValueDictionary()


class Expression:
    """A number, a variable, or an operation on other expressions.

    Parameters
    ----------
    operation : str
        ``"number"``, ``"variable"`` or a key of ``OPERATIONS``.
    operands : tuple of Expression
        What it is applied to.
    content : float or str, optional
        The number, or the variable's name.
    """

    __slots__ = ("__weakref__", "content", "operands", "operation")
    operation: str
    operands: tuple[Expression, ...]
    content: Any

    def __new__(cls, operation: str, operands: tuple[Expression, ...] = (), content: Any = None) -> Expression:
        """Return the one object there is of this expression."""
        key = (operation, operands, content.hex() if isinstance(content, float) else content)  # -0.0 is not 0.0
        with _lock:
            found = _known.get(key)
            if found is None:
                found = super().__new__(cls)
                found.operation, found.operands, found.content = operation, operands, content
                _known[key] = found
        return found

    def __add__(self, other: Expression | float) -> Expression:
        return apply("+", self, other)

    def __radd__(self, other: float) -> Expression:
        return apply("+", other, self)

    def __sub__(self, other: Expression | float) -> Expression:
        return apply("-", self, other)

    def __rsub__(self, other: float) -> Expression:
        return apply("-", other, self)

    def __mul__(self, other: Expression | float) -> Expression:
        return apply("*", self, other)

    def __rmul__(self, other: float) -> Expression:
        return apply("*", other, self)

    def __truediv__(self, other: Expression | float) -> Expression:
        return apply("/", self, other)

    def __rtruediv__(self, other: float) -> Expression:
        return apply("/", other, self)

    def __pow__(self, other: Expression | float) -> Expression:
        return apply("**", self, other)

    def __neg__(self) -> Expression:
        return apply("negative", self)

    def __str__(self) -> str:
        return _text(self, 0)

    def __repr__(self) -> str:
        return f"<expression {self}>"


def number(value: float) -> Expression:
    """Return the expression of a number."""
    return Expression("number", (), float(value))


def variable(name: str) -> Expression:
    """Return the expression of a variable or parameter."""
    return Expression("variable", (), name)


ZERO, ONE = number(0.0), number(1.0)


def apply(operation: str, *operands: Expression | float) -> Expression:
    """Return an operation on expressions, without what does nothing and with numbers worked out."""
    given = tuple(each if isinstance(each, Expression) else number(each) for each in operands)
    return _simplified(operation, given) or Expression(operation, given)


_FOLDED: dict[str, Callable[..., Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow, "negative": operator.neg,
}  # fmt: skip


def _simplified(operation: str, operands: tuple[Expression, ...]) -> Expression | None:
    """Return a shorter expression of the same; None where there is none."""
    if operation in _FOLDED and all(each.operation == "number" for each in operands):
        try:
            value = _FOLDED[operation](*(each.content for each in operands))
        except (ArithmeticError, ValueError):
            return None
        return number(value) if isinstance(value, float) and math.isfinite(value) else None
    match operation, operands:
        case "+", (a, b):
            return b if a is ZERO else a if b is ZERO else a - b.operands[0] if b.operation == "negative" else None
        case "-", (a, b):
            return a if b is ZERO else -b if a is ZERO else a + b.operands[0] if b.operation == "negative" else None
        case "*", (a, b):
            return ZERO if ZERO in (a, b) else b if a is ONE else a if b is ONE else None
        case "/", (a, b):
            return ZERO if a is ZERO else a if b is ONE else None
        case "**", (a, b):
            return ONE if b is ZERO else a if b is ONE else None
        case "negative", (a,):
            return a.operands[0] if a.operation == "negative" else None
        case "where", (condition, a, b):
            return a if a is b else (b if condition is ZERO else a) if condition.operation == "number" else None
    return None


def where(condition: Expression, a: Expression | float, b: Expression | float) -> Expression:
    """Return `a` where the condition is not 0, else `b`."""
    return apply("where", condition, a, b)


# --- operations ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Operation:
    """What there is to know of an operation."""

    #: Its value for numbers of an mpmath context, ``reference(m, *values)``.
    reference: Callable[..., Any]
    #: Its derivative from the expression itself and the derivatives of its operands.
    slope: Callable[..., Expression]
    #: What a step calls (``programs.pxi``): a plain block, or row and kind.
    block: str | tuple[str, str]
    #: Rough nanoseconds per element.
    cost: float


def _chain(outer: Callable[..., Expression]) -> Callable[..., Expression]:
    """Return the chain rule of a function of one operand."""
    return lambda y, da: ZERO if da is ZERO else outer(*y.operands) * da


def _power_slope(y: Expression, da: Expression, db: Expression) -> Expression:
    a, b = y.operands
    of_base = ZERO if da is ZERO else b * a ** (b - 1) * da
    # y log a is 0 where y is, although log a is not finite there.
    return of_base if db is ZERO else of_base + where(apply("==", y, 0), 0, y * apply("log", a)) * db


def _larger_slope(y: Expression, da: Expression, db: Expression) -> Expression:
    a, b = y.operands
    first, second = (b, a) if y.operation == "max" else (a, b)
    return da if da is db else where(apply("<", first, second), da, where(apply("<", second, first), db, (da + db) / 2))


def _flat(_y: Expression, *_slopes: Expression) -> Expression:
    return ZERO


LIBRARY_CALL = 8.0  # nanoseconds

OPERATIONS: dict[str, Operation] = {
    "+": Operation(lambda _m, a, b: a + b, lambda _y, da, db: da + db, "add", 0.1),
    "-": Operation(lambda _m, a, b: a - b, lambda _y, da, db: da - db, "subtract", 0.1),
    "*": Operation(lambda _m, a, b: a * b, lambda y, da, db: da * y.operands[1] + y.operands[0] * db, "multiply", 0.1),
    "/": Operation(lambda _m, a, b: a / b, lambda y, da, db: (da - y * db) / y.operands[1], "divide", 0.4),
    "**": Operation(lambda m, a, b: m.power(a, b), _power_slope, "power", 2 * LIBRARY_CALL),
    "negative": Operation(lambda _m, a: -a, lambda _y, da: -da, "negative", 0.1),
    "max": Operation(lambda _m, a, b: max(a, b), _larger_slope, "maximum", 0.1),
    "min": Operation(lambda _m, a, b: min(a, b), _larger_slope, "minimum", 0.1),
    "<": Operation(lambda m, a, b: m.mpf(a < b), _flat, "less", 0.1),
    "<=": Operation(lambda m, a, b: m.mpf(a <= b), _flat, "less_equal", 0.1),
    "==": Operation(lambda m, a, b: m.mpf(a == b), _flat, "equal", 0.1),
    "where": Operation(
        lambda _m, condition, a, b: a if condition else b, lambda y, _dc, da, db: where(y.operands[0], da, db), "where", 0.1
    ),
    "unless_nan": Operation(lambda _m, _x, y: y, _flat, "unless_nan", 0.1),
    "sign": Operation(lambda m, a: m.sign(a), _flat, "sign", 0.1),
    "sqrt": Operation(lambda m, a: m.sqrt(a), lambda y, da: da / (2 * y), "square_root", 0.6),
    "log": Operation(lambda m, a: m.log(a), _chain(lambda a: 1 / a), "log", LIBRARY_CALL),
    "log1p": Operation(lambda m, a: m.log1p(a), _chain(lambda a: 1 / (1 + a)), "log1p", LIBRARY_CALL),
    "expm1": Operation(lambda m, a: m.expm1(a), _chain(lambda a: apply("exponential", a)), "expm1", LIBRARY_CALL),
    "cos": Operation(lambda m, a: m.cos(a), _chain(lambda a: -apply("sinusoid", a)), "cos", LIBRARY_CALL),
    "tan": Operation(lambda m, a: m.tan(a), lambda y, da: ZERO if da is ZERO else (1 + y * y) * da, "tan", LIBRARY_CALL),
    "arcsin": Operation(
        lambda m, a: m.asin(a), _chain(lambda a: 1 / apply("sqrt", (1 - a) * (1 + a))), "arcsin", LIBRARY_CALL
    ),
    "arccos": Operation(
        lambda m, a: m.acos(a), _chain(lambda a: -1 / apply("sqrt", (1 - a) * (1 + a))), "arccos", LIBRARY_CALL
    ),
    "sinh": Operation(lambda m, a: m.sinh(a), _chain(lambda a: apply("cosh", a)), "sinh", LIBRARY_CALL),
    "cosh": Operation(lambda m, a: m.cosh(a), _chain(lambda a: apply("sinh", a)), "cosh", LIBRARY_CALL),
}  # fmt: skip


def _of_row(row: Row) -> dict[str, Operation]:
    """Return the operations of a registry row: f(a, parameters), f′ and f″, and the gradients of the learnable parameters."""
    names = [parameter.name for parameter in row.parameters]
    orders = (row.reference.value, row.reference.derivative, row.reference.second_derivative)
    learnable = {parameter.name for parameter in row.parameters if parameter.learnable}

    def reference(order: int) -> Callable[..., Any]:
        return lambda m, a, *values: orders[order](m, a, **dict(zip(names, values, strict=True)))

    def slope(order: int) -> Callable[..., Expression]:
        def rule(y: Expression, da: Expression, *others: Expression) -> Expression:
            total = ZERO if da is ZERO else apply(row.name + "′" * (order + 1), *y.operands) * da
            for name, each in zip(names, others, strict=True):
                if each is not ZERO:
                    if order or name not in learnable:
                        raise ValueError(f"there is no derivative of {row.name} by its parameter {name}")
                    total = total + apply(f"{row.name} by {name}", *y.operands) * each
            return total

        return rule

    def none(_y: Expression, *slopes: Expression) -> Expression:
        if any(each is not ZERO for each in slopes):
            raise ValueError(f"there are two derivatives of {row.name}, and no more")
        return ZERO

    def gradient(name: str) -> Callable[..., Any]:
        at = 1 + names.index(name)

        def by_difference(m: Any, *values: Any) -> Any:
            return m.diff(lambda p: reference(0)(m, *values[:at], p, *values[at + 1 :]), values[at])

        return by_difference

    kinds = ("value", "derivative", "second_derivative")
    operations = {
        row.name + "′" * order: Operation(
            reference(order), slope(order) if order < 2 else none, (row.name, kinds[order]), 2.5 * row.cost
        )
        for order in range(3)
    }
    for name in learnable:
        operations[f"{row.name} by {name}"] = Operation(gradient(name), none, (row.name, f"gradient_{name}"), 2.5 * row.cost)
    return operations


for _row in ROWS:
    OPERATIONS.update(_of_row(_row))


# --- what can be asked of an expression ---------------------------------------------------------------------------------


def ordered(roots: Iterable[Expression]) -> list[Expression]:
    """Return everything that some expressions are made of, operands before what is made of them."""
    found: dict[Expression, None] = {}
    waiting = [(root, False) for root in roots][::-1]
    while waiting:
        each, ready = waiting.pop()
        if ready:
            found[each] = None
        elif each not in found:
            waiting.append((each, True))
            waiting.extend((operand, False) for operand in reversed(each.operands))
    return list(found)


def derivative(expression: Expression, by: str) -> Expression:
    """Return the derivative by a variable.

    Raises
    ------
    ValueError
        If there is none.
    """
    slopes: dict[Expression, Expression] = {}
    for each in ordered([expression]):
        if each.operands:
            own = tuple(slopes[operand] for operand in each.operands)
            slopes[each] = ZERO if all(slope is ZERO for slope in own) else OPERATIONS[each.operation].slope(each, *own)
        else:
            slopes[each] = ONE if each is variable(by) else ZERO
    return slopes[expression]


def evaluate(expression: Expression, m: Any, **values: Any) -> Any:
    """Return the value in an mpmath context, for the values of the variables."""
    results: dict[Expression, Any] = {}
    for each in ordered([expression]):
        if each.operation == "number":
            results[each] = m.mpf(each.content)
        elif each.operation == "variable":
            results[each] = m.mpf(values[each.content])
        else:
            results[each] = OPERATIONS[each.operation].reference(m, *(results[operand] for operand in each.operands))
    return results[expression]


def variables(expression: Expression) -> set[str]:
    """Return the names of the variables and parameters in it."""
    return {each.content for each in ordered([expression]) if each.operation == "variable"}


_INFIX = {"where": 1, "<": 2, "<=": 2, "==": 2, "+": 3, "-": 3, "*": 4, "/": 4, "negative": 5, "**": 6}
_MIRRORED = {"<": ">", "<=": ">="}
_CALLED = {"exponential": "exp", "sinusoid": "sin", "absolute": "abs"}


def _text(expression: Expression, outside: int) -> str:
    """Return an expression as it is typed, in brackets where what is around it binds more tightly."""
    name, operands = expression.operation, expression.operands
    if name == "number":
        text = repr(expression.content).removesuffix(".0")
        return f"({text})" if text.startswith("-") and outside > 3 else text
    if name == "variable":
        return str(expression.content)
    if name not in _INFIX:
        plain, _, by = name.partition(" by ")
        base = plain.rstrip("′")
        called = _CALLED.get(base, base) + plain[len(base) :]
        return f"{f'∂{called}/∂{by}' if by else called}({', '.join(_text(each, 0) for each in operands)})"
    inside = _INFIX[name]
    if name in _MIRRORED and operands[0].operation == "number":  # x > 0, and not 0 < x
        name, operands = _MIRRORED[name], operands[::-1]
    if name == "where":
        condition, a, b = (_text(each, inside + 1) for each in operands)
        text = f"{a} if {condition} else {b}"
    elif name == "negative":
        text = f"-{_text(operands[0], inside)}"
    elif name == "**":
        text = f"{_text(operands[0], inside + 1)}**{_text(operands[1], inside)}"
    else:
        right = inside + (name in ("-", "/") or inside == 2)
        text = f"{_text(operands[0], inside + (inside == 2))} {name} {_text(operands[1], right)}"
    return f"({text})" if inside < outside else text


# --- steps --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Steps:
    """A program as ``define_program`` takes it."""

    constants: list[float]
    steps: list[tuple[Any, list[int]]]
    outputs: list[int]
    temporaries: int
    cost: float


def assemble(outputs: Sequence[Expression], arguments: Sequence[str]) -> Steps:
    """Return the steps that compute some expressions; `arguments` are the variables in the order of their places."""
    roots = _lowered(outputs)
    order = ordered(roots)
    computed = [each for each in order if each.operands]
    constants = [each for each in order if each.operation == "number"]
    if any(" by " in each.operation for each in computed) and ONE not in constants:
        constants.append(ONE)
    places = {each: k for k, each in enumerate([*map(variable, arguments), *constants])}
    first = len(places)
    last_use = {operand: k for k, each in enumerate(computed) for operand in each.operands}
    free: list[int] = []
    temporaries = 0
    steps: list[tuple[Any, list[int]]] = []
    for k, each in enumerate(computed):
        if free:
            place = free.pop()
        else:
            place, temporaries = first + temporaries, temporaries + 1
        operation = OPERATIONS[each.operation]
        operands = [places[operand] for operand in each.operands]
        if isinstance(operation.block, str):
            block: Any = operation.block
        else:
            block = (*operation.block, any(operand.operation != "number" for operand in each.operands[1:]))
            if " by " in each.operation:
                operands.insert(1, places[ONE])  # the gradient's second input is g
        steps.append((block, [*operands, place]))
        places[each] = place
        # Freed after the result has its place: no block writes where it reads.
        done = [operand for operand in dict.fromkeys(each.operands) if last_use[operand] == k]
        free += [places[operand] for operand in done if operand.operands and operand not in roots]
    cost = sum(OPERATIONS[each.operation].cost for each in computed)
    return Steps([each.content for each in constants], steps, [places[root] for root in roots], temporaries, cost)


SMALL_POWER = 16


def _lowered(roots: Sequence[Expression]) -> list[Expression]:
    """Return expressions in which small whole powers are products, and roots roots."""
    results: dict[Expression, Expression] = {}
    for each in ordered(roots):
        operands = tuple(results[operand] for operand in each.operands)
        exponent = operands[1].content if each.operation == "**" and operands[1].operation == "number" else None
        if exponent is not None and exponent == int(exponent) and 0 < abs(exponent) <= SMALL_POWER:
            power = _product(operands[0], int(abs(exponent)))
            results[each] = power if exponent > 0 else Expression("/", (ONE, power))
        elif exponent == 0.5:
            results[each] = Expression("sqrt", operands[:1])
        else:
            results[each] = Expression(each.operation, operands, each.content)
    return [results[root] for root in roots]


def _product(base: Expression, exponent: int) -> Expression:
    """Return base·base·…, by squaring."""
    if exponent == 1:
        return base
    half = _product(base, exponent // 2)
    square = Expression("*", (half, half))
    return Expression("*", (square, base)) if exponent % 2 else square
