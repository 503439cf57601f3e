"""Generate the block loops: plain loops over contiguous memory, one per activation x kind x dtype.

The generated text is Cython and meant to be read. Every module of one build has the same text; only the compiler flags differ
(``actcore._build.isa``). A block has the signature ``void block(char** args, Py_ssize_t n)``; `args` points to the inputs, then the
parameters, then the outputs. In the `scalar` variant a parameter argument points to one value, in the `array` variant to n values.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from actcore.registry import ROWS, Row

DTYPES = {"float32": "float", "float64": "double"}

#: So many elements are looked at before it is decided how they are computed (`Row.far`).
SPAN = 512

#: So many float32 numbers are widened at a time for a kernel in float64 (`Row.double_inside`), and for so many numbers it is worked
#: out at a time what all kinds share (`Row.shared`); all of them stay in the cache.
PIECE = 256

#: 16-bit formats: stored so, computed in float32.
STORAGE = ("float16", "bfloat16")

#: What is widened before and narrowed after, and the C types of both; the table begins with two blocks for each.
CONVERSIONS = {**dict.fromkeys(STORAGE, ("uint16_t", "float")), "float32": ("float", "double")}

#: The arithmetic of formulas, in float64, and what it makes of operands a, b, c; the table goes on with a block for each.
ARITHMETIC = {
    "add": "a + b",
    "subtract": "a - b",
    "multiply": "a * b",
    "divide": "a / b",
    "negative": "-a",
    "maximum": "unless_nan(b, b if b > a else a)",
    "minimum": "unless_nan(b, b if b < a else a)",
    "less": "1.0 if a < b else 0.0",
    "less_equal": "1.0 if a <= b else 0.0",
    "equal": "1.0 if a == b else 0.0",
    "where": "b if a != 0 else c",
    "unless_nan": "b if a == a else a",
    "sign": "unless_nan(a, 1.0 if a > 0 else -1.0 if a < 0 else a)",
    "square_root": "sqrt(a)",
}


@dataclass(frozen=True)
class Kind:
    """What a block computes: its inputs besides the parameters, and the expression of each output."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


#: What there is of every activation.
KINDS = (
    Kind("value", ("x",), ("unless_nan(x, {name}({x}))",)),
    Kind("derivative", ("x",), ("unless_nan(x, {name}_derivative({x}))",)),
    Kind("second_derivative", ("x",), ("unless_nan(x, {name}_second_derivative({x}))",)),
    Kind("backward", ("x", "g"), ("g * unless_nan(x, {name}_derivative({x}))",)),
    Kind("value_and_derivative", ("x",), ("unless_nan(x, {name}({x}))", "unless_nan(x, {name}_derivative({x}))")),
)


def kinds_of(row: Row) -> tuple[Kind, ...]:
    """Return the kinds of a row in the order of the table: the common ones, and the gradient of each learnable parameter."""
    gradients = (
        Kind(f"gradient_{p.name}", ("x", "g"), (f"g * {{name}}_gradient_{p.name}({{x}})",)) for p in row.parameters if p.learnable
    )
    return (*KINDS, *gradients)


def function_name(row_name: str, kind: str) -> str:
    """Return the name of what computes a kind of a row, e.g. ``gelu_derivative``; the value's is the row's own."""
    return row_name if kind == "value" else f"{row_name}_{kind}"


_HEADER = '''\
# Generated from actcore/registry.py by actcore/_build/blocks.py; do not edit, do not commit.
"""Block loops of the instruction set "{isa}"."""
from cpython.pycapsule cimport PyCapsule_New

from libc.math cimport sqrt
from libc.stdint cimport uint16_t

from actcore._kernels cimport {families}, axiswise, storage
from actcore._kernels.elementary cimport unless_nan
from actcore._kernels.table cimport Block, Entry


cdef void in_double(Block block, char** args, Py_ssize_t n, int inputs, int held, int outputs) noexcept nogil:
    # A float64 block on float32 numbers, piece by piece: of so many arrays, so many single parameters, into so many arrays.
    cdef double wide[{arrays}][{piece}]
    cdef char* places[{arrays}]
    cdef const float* source
    cdef float* target
    cdef Py_ssize_t start, count, i
    cdef int k, last = inputs + held + outputs
    for k in range(last):
        places[k] = <char*> wide[k]
    for k in range(inputs, inputs + held):
        wide[k][0] = (<const float*> args[k])[0]
    for start in range(0, n, {piece}):
        count = {piece} if start + {piece} < n else n - start
        for k in range(inputs):
            source = <const float*> args[k] + start
            for i in range(count):
                wide[k][i] = source[i]
        block(places, count)
        for k in range(inputs + held, last):
            target = <float*> args[k] + start
            for i in range(count):
                target[i] = <float> wide[k][i]
'''


def _block(row: Row, kind: Kind, dtype: str, variant: str) -> Iterator[str]:
    """Yield the lines of one block loop.

    An element is loaded before anything is stored: an output may be an input, and only so can the compiler share what the value
    and the derivative have in common.
    """
    ctype = DTYPES[dtype]
    parameters = tuple(p.name for p in row.parameters)
    loaded = kind.inputs + (parameters if variant == "array" else ())
    results = tuple(f"y{k}" for k in range(len(kind.outputs)))
    yield f"cdef void {row.name}_{kind.name}_{dtype}_{variant}(char** args, Py_ssize_t n) noexcept nogil:"
    if row.double_inside and dtype == "float32":
        held = len(kind.inputs + parameters) - len(loaded)
        wide = f"{row.name}_{kind.name}_float64_{variant}"
        yield f"    in_double({wide}, args, n, {len(loaded)}, {held}, {len(results)})"
        yield ""
        return
    for position, name in enumerate(kind.inputs + parameters + results):
        if name in results:
            yield f"    cdef {ctype}* {name}s = <{ctype}*> args[{position}]"
        elif name in loaded:
            yield f"    cdef const {ctype}* {name}s = <const {ctype}*> args[{position}]"
        else:
            yield f"    cdef {ctype} {name} = (<const {ctype}*> args[{position}])[0]"
    yield f"    cdef {ctype} {', '.join(loaded + results)}"
    arguments = ", ".join(("x", *parameters))
    if row.shared:
        yield from _shared_loop(row, kind, dtype, variant, loaded, arguments)
    elif not row.far:
        yield "    cdef Py_ssize_t i"
        yield "    for i in range(n):"
        yield from _element(row, kind, loaded, ctype, arguments)
    else:
        yield "    cdef Py_ssize_t i, start, stop"
        yield "    cdef bint far"
        yield f"    for start in range(0, n, {SPAN}):"
        yield f"        stop = start + {SPAN} if start + {SPAN} < n else n"
        yield "        far = False"
        yield "        for i in range(start, stop):"
        for name in loaded:
            yield f"            {name} = {name}s[i]"
        yield f"            far = far | {row.kernels}.{row.name}_is_far({arguments})"
        for test, far in (("if far:", True), ("else:", False)):
            yield f"        {test}"
            yield "            for i in range(start, stop):"
            yield from (f"        {line}" for line in _element(row, kind, loaded, ctype, f"{arguments}, {far}"))
    yield ""


def _element(row: Row, kind: Kind, loaded: tuple[str, ...], ctype: str, arguments: str) -> Iterator[str]:
    """Yield what a loop does for one element."""
    for name in loaded:
        yield f"        {name} = {name}s[i]"
    for k, expression in enumerate(kind.outputs):
        yield f"        y{k} = {expression.format(name=f'{row.kernels}.{row.name}', x=arguments)}"
    for k in range(len(kind.outputs)):
        yield f"        y{k}s[i] = <{ctype}> y{k}"


def _shared_loop(row: Row, kind: Kind, dtype: str, variant: str, loaded: tuple[str, ...], arguments: str) -> Iterator[str]:
    """Yield a loop over pieces, for each of which another block works out beforehand what all kinds share."""
    parameters = tuple(p.name for p in row.parameters)
    count, first = len(row.shared), 1 + len(parameters)
    yield f"    cdef {DTYPES[dtype]} shared[{count}][{PIECE}]"
    yield f"    cdef char* places[{first + count}]"
    yield "    cdef Py_ssize_t start, stop, i"
    for k in range(count):
        yield f"    places[{first + k}] = <char*> shared[{k}]"
    for k, name in enumerate(parameters, start=1):
        if name not in loaded:
            yield f"    places[{k}] = args[{len(kind.inputs) + k - 1}]"
    yield f"    for start in range(0, n, {PIECE}):"
    yield f"        stop = start + {PIECE} if start + {PIECE} < n else n"
    for k, name in enumerate(("x", *parameters)):
        if name in loaded:
            yield f"        places[{k}] = <char*> ({name}s + start)"
    yield f"        {row.name}_shared_{dtype}_{variant}(places, stop - start)"
    yield "        for i in range(start, stop):"
    taken = ", ".join(f"shared[{k}][i - start]" for k in range(count))
    yield from (f"    {line}" for line in _element(row, kind, loaded, DTYPES[dtype], f"{arguments}, {taken}"))


def _shared_block(row: Row, dtype: str, variant: str) -> Iterator[str]:
    """Yield the lines of the loop over what all kinds of a row share."""
    ctype = DTYPES[dtype]
    parameters = tuple(p.name for p in row.parameters)
    loaded = ("x", *parameters) if variant == "array" else ("x",)
    yield f"cdef void {row.name}_shared_{dtype}_{variant}(char** args, Py_ssize_t n) noexcept nogil:"
    for position, name in enumerate(("x", *parameters, *row.shared)):
        if name in loaded or name in row.shared:
            yield f"    cdef {ctype}* {name}s = <{ctype}*> args[{position}]"
        else:
            yield f"    cdef {ctype} {name} = (<const {ctype}*> args[{position}])[0]"
    yield f"    cdef {ctype} {', '.join(loaded + row.shared)}"
    yield "    cdef Py_ssize_t i"
    yield "    for i in range(n):"
    for name in loaded:
        yield f"        {name} = {name}s[i]"
    arguments = ", ".join(("x", *parameters, *(f"&{name}" for name in row.shared)))
    yield f"        {row.kernels}.{row.name}_shared({arguments})"
    for name in row.shared:
        yield f"        {name}s[i] = {name}"
    yield ""


def _conversion(name: str, source: str, target: str) -> Iterator[str]:
    """Yield the lines of a loop that converts n numbers between a 16-bit format and float32."""
    yield f"cdef void {name}_scalar(char** args, Py_ssize_t n) noexcept nogil:"
    yield f"    cdef const {source}* x = <const {source}*> args[0]"
    yield f"    cdef {target}* y = <{target}*> args[1]"
    yield "    cdef Py_ssize_t i"
    yield "    for i in range(n):"
    yield f"        y[i] = storage.{name}(x[i])"
    yield ""


def _arithmetic(name: str, result: str) -> Iterator[str]:
    """Yield the lines of a loop of plain arithmetic; all operands are loaded before the result is stored."""
    operands = sorted(set(re.findall(r"\b[abc]\b", result)))
    yield f"cdef void {name}_scalar(char** args, Py_ssize_t n) noexcept nogil:"
    for position, operand in enumerate(operands):
        yield f"    cdef const double* {operand}s = <const double*> args[{position}]"
    yield f"    cdef double* y = <double*> args[{len(operands)}]"
    yield f"    cdef double {', '.join(operands)}"
    yield "    cdef Py_ssize_t i"
    yield "    for i in range(n):"
    for operand in operands:
        yield f"        {operand} = {operand}s[i]"
    yield f"        y[i] = {result}"
    yield ""


def _variants(row: Row) -> tuple[str, ...]:
    return ("scalar", "array") if row.parameters else ("scalar",)


def plain_blocks() -> list[str]:
    """Return the names of the blocks that the table begins with: those of no activation."""
    return [*(f"{way}_{name}" for name in CONVERSIONS for way in ("widen", "narrow")), *ARITHMETIC]


def fingerprint() -> str:
    """Return a mark of the table's layout, by which a module compiled for another registry is recognised."""
    layout = ",".join(f"{row.name}.{kind.name}.{len(row.parameters)}" for row in ROWS for kind in kinds_of(row))
    layout += ",".join(plain_blocks())
    return hashlib.sha256(layout.encode()).hexdigest()[:16]


def module_text(isa: str, extra: str = "") -> str:
    """Return the Cython source of one instruction set's module; `extra` is appended before the tables are exported."""
    families = ", ".join(sorted({row.kernels for row in ROWS}))
    widened = [(row, kind) for row in ROWS if row.double_inside for kind in kinds_of(row)]
    arrays = max(len(kind.inputs) + len(row.parameters) + len(kind.outputs) for row, kind in widened)
    lines = _HEADER.format(isa=isa, families=families, piece=PIECE, arrays=arrays).splitlines()
    lines.append("")
    entries: list[str] = []
    for name, (packed, wide) in CONVERSIONS.items():
        lines.extend(_conversion(f"widen_{name}", packed, wide))
        lines.extend(_conversion(f"narrow_{name}", wide, packed))
    for name, result in ARITHMETIC.items():
        lines.extend(_arithmetic(name, result))
    entries += [f"Entry({name}_scalar, NULL)" for name in plain_blocks()]
    for row in ROWS:
        if row.shared:
            for dtype in ("float64",) if row.double_inside else DTYPES:
                for variant in _variants(row):
                    lines.extend(_shared_block(row, dtype, variant))
        for kind in kinds_of(row):
            for dtype in DTYPES:
                for variant in _variants(row):
                    lines.extend(_block(row, kind, dtype, variant))
                name = f"{row.name}_{kind.name}_{dtype}"
                array = f"{name}_array" if row.parameters else "NULL"
                entries.append(f"Entry({name}_scalar, {array})")
    lines.append(f"cdef Entry[{len(entries)}] entries")
    lines.extend(f"entries[{k}] = {entry}" for k, entry in enumerate(entries))
    lines.append(f'fingerprint = "{fingerprint()}"')
    lines.append('table = PyCapsule_New(<void*> entries, "actcore.table", NULL)')
    lines.append("")
    return "\n".join(lines) + extra
