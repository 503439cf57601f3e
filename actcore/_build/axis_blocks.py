"""Generate the entry points of the kernels along an axis: function x kind x dtype, each for a row and for a tile.

The text is appended to the block loops of every instruction set (``actcore._build.blocks``); the table it exports is in the
order of ``entries``.
"""

from __future__ import annotations

from collections.abc import Iterator

from actcore._build.blocks import DTYPES, function_name
from actcore.registry import AXIS_ROWS, AxisKernel, AxisRow

_HEADER = """
# --- along an axis ---

from actcore._kernels.passes cimport TILE, AxisEntry, Pass
"""


def entries() -> Iterator[tuple[AxisRow, str, AxisKernel, str]]:
    """Yield (row, kind, kernel, dtype) of every entry of the table."""
    for row in AXIS_ROWS:
        for kind, kernel in row.kernels.items():
            for dtype in DTYPES:
                yield row, kind, kernel, dtype


def module_text() -> str:
    """Return the part of an instruction set's module that is about functions along an axis."""
    lines = _HEADER.splitlines()
    table = []
    for row, kind, kernel, dtype in entries():
        ctype = DTYPES[dtype]
        function = function_name(row.name, kind)
        inputs = [f"<const {ctype}*> args[{k}]" for k in range(len(kernel.inputs))]
        arguments = ", ".join([*inputs, f"<{ctype}*> args[{len(inputs)}]"])
        for layout, width in (("row", "1"), ("tile", "TILE")):
            lines.append("")
            lines.append(f"cdef void {function}_{dtype}_{layout}(char** args, const Pass* now) noexcept nogil:")
            lines.append(f"    axiswise.{function}({arguments}, now, {width})")
        table.append(f"AxisEntry({function}_{dtype}_row, {function}_{dtype}_tile)")
    lines += ["", f"cdef AxisEntry[{len(table)}] axis_entries"]
    lines += [f"axis_entries[{k}] = {entry}" for k, entry in enumerate(table)]
    lines.append('axis_table = PyCapsule_New(<void*> axis_entries, "actcore.axis_table", NULL)')
    return "\n".join([*lines, ""])
