"""Reading a formula: Python's own parser, then an allow-list that makes an ``Expression`` of what it found; none of it is run."""

from __future__ import annotations

import ast
import difflib
import keyword
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from math import inf

from actcore.expression import Expression, apply, number, variable, variables, where
from actcore.registry import ROWS, Row

LONGEST = 1000  # characters
DEEPEST = 60  # brackets and operations inside each other
CONSTANTS = {"pi": math.pi, "e": math.e}
#: What is typed in other ways, and how Python reads it.
SPELLINGS = {
    "·": "*", "×": "*", "⋅": "*", "−": "-", "–": "-", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!=",
    "²": "**2", "³": "**3", "π": "pi", "√": "sqrt", "σ": "sigmoid", "Φ": "normal_cdf",
}  # fmt: skip
#: Other names of functions of one number.
ALIASES = {
    "exp": "exponential", "sin": "sinusoid", "abs": "absolute", "ln": "log", "expit": "sigmoid", "heaviside": "binary_step",
    "atan": "arctan", "arctanh": "atanh", "artanh": "atanh", "asin": "arcsin", "acos": "arccos",
}  # fmt: skip
LIBRARY = ("sqrt", "log", "log1p", "expm1", "cos", "tan", "arcsin", "arccos", "sinh", "cosh", "sign")
_ROWS = {row.name: row for row in ROWS}


def unknowns(text: str) -> list[str]:
    """Return the names in a formula that have no meaning yet: those for which ``formula`` wants a default."""
    plain, parsed = _parsed(text)
    reader = _Reader(plain, None)
    reader.read(parsed, DEEPEST)
    return sorted(reader.unknown)


def parse(text: str, parameters: tuple[str, ...]) -> Expression:
    """Return the expression that a text describes."""
    plain, parsed = _parsed(text)
    return _Reader(plain, parameters).read(parsed, DEEPEST)


def _parsed(text: str) -> tuple[str, ast.expr]:
    """Return a text as Python spells it, and what Python's parser makes of it."""
    if not isinstance(text, str):
        raise TypeError(f"a formula is a string, not {type(text).__name__}")
    if len(text) > LONGEST:
        raise ValueError(f"the formula has {len(text)} characters; {LONGEST} are allowed")
    plain = re.sub(r"^\s*(?:f\s*\(\s*x\s*\)|y)?\s*=(?!=)", "", text)
    for typed, meant in SPELLINGS.items():
        plain = plain.replace(typed, meant)
    plain = " ".join(plain.split())
    if not plain:
        raise ValueError("the formula is empty; an example is x * sigmoid(x)")
    try:
        return plain, ast.parse(plain, mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"the formula cannot be read{_place(plain, error.offset)}{_hint(plain)}") from None
    except (ValueError, RecursionError, MemoryError):
        raise ValueError("the formula cannot be read") from None


def _place(text: str, offset: int | None) -> str:
    if offset is None or not 0 < offset <= len(text):
        return ": something is missing at its end"
    return f" at {text[offset - 1 : offset + 11]!r}, character {offset}"


def _hint(text: str) -> str:
    """Say what people who do not write Python type most often."""
    missing = text.count("(") - text.count(")")
    if missing:
        return "; a bracket is not closed" if missing > 0 else "; a bracket is closed that was not opened"
    if "|" in text:
        return "; |x| is written abs(x)"
    if re.search(r"\bif\b", text) and not re.search(r"\belse\b", text):
        return "; an if needs its else, as in x if x > 0 else 0"
    for word in re.findall(r"\w+", text):
        if keyword.iskeyword(word) and word not in ("if", "else", "and", "or", "not", "in", "is"):
            return f"; {word} is a word of Python's, another name will do"
    glued = re.search(r"(?<![\w.])\d+(?:\.\d*)?\s*(?!(?:e[+-]?\d|if\b|else\b|and\b|or\b))([a-zA-Z(]\w*)", text)
    if glued:
        return f"; a product needs its sign: {glued.group().removesuffix(glued.group(1)).strip()} * {glued.group(1)}"
    return "; comparisons are written ==" if re.search(r"(?<![<>=!])=(?!=)", text) else ""


_Arguments = tuple[Expression, ...]


@dataclass(frozen=True)
class _Function:
    """A function that can be named in a formula: how many operands it takes, and what it makes of them."""

    build: Callable[..., Expression]
    least: int
    most: float
    takes: str


def _pairwise(operation: str) -> _Function:
    return _Function(lambda *given: reduce(lambda a, b: apply(operation, a, b), given), 2, inf, "two numbers or more")


def _functions() -> dict[str, _Function]:
    """Return what can be called by name, besides the functions of the registry that have parameters."""

    def single(name: str) -> _Function:
        return _Function(lambda a: apply(name, a), 1, 1, "one number")

    found = {name: single(name) for name in (*LIBRARY, *(row.name for row in ROWS if not row.parameters))}
    found |= {alias: single(name) for alias, name in ALIASES.items()}
    found |= {"max": _pairwise("max"), "min": _pairwise("min")}
    found["where"] = _Function(where, 3, 3, "a condition and two numbers")
    found["clip"] = _Function(
        lambda a, low, high: apply("min", apply("max", a, low), high), 3, 3, "a number and the least and the largest result"
    )
    return found


_FUNCTIONS = _functions()
_NAMES = {*_FUNCTIONS, *_ROWS}
_BINARY: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}


class _Reader:
    """Turns what the parser found into an expression; whatever it does not know is an error.

    Without `parameters` any name can be one, and those found are in `unknown`: also where the expression came out without them.
    """

    def __init__(self, text: str, parameters: tuple[str, ...] | None) -> None:
        self._text = text
        self._parameters = parameters
        self.unknown: set[str] = set()

    def read(self, node: ast.expr, depth: int) -> Expression:
        """Return the expression of a node and of all that is in it, at most so deep."""
        if depth == 0:
            raise ValueError(f"the formula is nested too deeply; {DEEPEST} levels are allowed")

        def inner(each: ast.expr) -> Expression:
            return self.read(each, depth - 1)

        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return self._number(node, value)
            case ast.Name(id=name):
                return self._variable(name)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return apply(_BINARY[type(op)], inner(left), inner(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -inner(operand)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return inner(operand)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return where(inner(operand), 0, 1)
            case ast.BoolOp(op=ast.And(), values=values):
                return reduce(lambda a, b: where(a, b, 0), map(inner, values))
            case ast.BoolOp(op=ast.Or(), values=values):
                return reduce(lambda a, b: where(a, a, b), map(inner, values))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return where(inner(test), inner(body), inner(orelse))
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                sides = [inner(each) for each in (left, *comparators)]
                parts = [self._compared(node, op, a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False)]
                return reduce(lambda a, b: where(a, b, 0), parts)
            case ast.Call(func=ast.Name(id=name)):
                return self._call(name, node, inner)
            case ast.BinOp(op=ast.BitXor()):
                raise ValueError("powers are written **, as in x**2")
            case ast.Tuple():
                raise ValueError("a comma stands only between the numbers of a function; decimals follow a point, as in 1.5")
        raise ValueError(f"{self._source(node)!r} has no place in a formula")

    def _source(self, node: ast.AST) -> str:
        return ast.get_source_segment(self._text, node) or self._text

    def _number(self, node: ast.expr, value: float) -> Expression:
        try:
            result = float(value)
        except OverflowError:
            result = inf
        if not math.isfinite(result):
            raise ValueError(f"{self._source(node)} is too large a number")
        return number(result)

    def _variable(self, name: str) -> Expression:
        if name == "x" or name in (self._parameters or ()):
            return variable(name)
        if name in CONSTANTS:
            return number(CONSTANTS[name])
        if name in _NAMES:
            raise ValueError(f"a function needs brackets: write {name}(x)")
        if self._parameters is None:
            self.unknown.add(name)
            return variable(name)
        raise ValueError(f"{name} is neither x nor a parameter; give a parameter its default: formula(..., {name}=1.0)")

    def _compared(self, node: ast.AST, op: ast.cmpop, a: Expression, b: Expression) -> Expression:
        match op:
            case ast.Lt():
                return apply("<", a, b)
            case ast.LtE():
                return apply("<=", a, b)
            case ast.Gt():
                return apply("<", b, a)
            case ast.GtE():
                return apply("<=", b, a)
            case ast.Eq():
                return apply("==", a, b)
            case ast.NotEq():
                return where(apply("==", a, b), 0, 1)
        raise ValueError(f"{self._source(node)!r} has no place in a formula")

    def _call(self, name: str, node: ast.Call, inner: Callable[[ast.expr], Expression]) -> Expression:
        if any(isinstance(each, ast.Starred) for each in node.args) or any(each.arg is None for each in node.keywords):
            raise ValueError(f"{self._source(node)!r} has no place in a formula")
        operands = [inner(each) for each in node.args]
        named = {each.arg or "": inner(each.value) for each in node.keywords}
        if name in _FUNCTIONS:
            function = _FUNCTIONS[name]
            if named or not function.least <= len(operands) <= function.most:
                raise ValueError(f"the function {name} takes {function.takes}, and is given {self._source(node)}")
            return function.build(*operands)
        if name in _ROWS:
            return self._of_row(_ROWS[name], operands, named)
        close = difflib.get_close_matches(name, sorted(_NAMES), 1)
        raise ValueError(f"there is no function {name}" + (f"; did you mean {close[0]}?" if close else ""))

    def _of_row(self, row: Row, operands: list[Expression], named: dict[str, Expression]) -> Expression:
        """Return a function of the registry that has parameters: by position or name, else their defaults."""
        names = [parameter.name for parameter in row.parameters]
        given = dict(zip(("x", *names), operands, strict=False))
        wrong = sorted(set(named) - set(names)) or sorted(set(named) & set(given))
        if wrong or not 1 <= len(operands) <= 1 + len(names):
            raise ValueError(
                f"the function {row.name} takes a number and then {', '.join(names)}, each once, in this order or by name"
            )
        values = {name: number(default) for name, default in row.defaults.items()} | given | named
        for parameter in row.parameters:
            value = values[parameter.name]
            if "x" in variables(value):
                raise ValueError(f"the {parameter.name} of {row.name} cannot depend on x; it is {value}")
            if value.operation == "number" and not parameter.accepts(value.content):
                raise ValueError(f"the {parameter.name} of {row.name} is {value}, outside {parameter.bounds}")
        return apply(row.name, values["x"], *(values[name] for name in names))
