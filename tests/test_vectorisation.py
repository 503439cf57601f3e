"""Every block loop is vectorised, at the full width of its instruction set, by the compiler that builds it.

Two witnesses: the compiler's remark for the function, and the registers in the assembly it writes for it.
"""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pytest

from actcore._build import axis_blocks, blocks, isa
from actcore.registry import ROWS

pytestmark = pytest.mark.checkout

ROOT = Path(__file__).resolve().parent.parent
REGISTER = {"v3": "%ymm", "v4": "%zmm"}
LEVELS = [level for level in isa.instruction_sets() if level.name in REGISTER]


def compile_again(level: isa.InstructionSet, assembly: Path) -> str:
    """Compile a module's generated C to `assembly` and return the compiler's remarks."""
    compiler = sysconfig.get_config_var("CC").split()
    source = ROOT / "build" / "cython" / "actcore" / "_kernels" / f"blocks_{level.name}.c"
    includes = ["-I", sysconfig.get_paths()["include"], "-I", np.get_include()]
    flags = ["-fPIC", *includes, *isa.KERNEL_FLAGS, *level.flags, "-fopt-info-all", "-fno-ipa-icf"]  # equal functions kept apart
    command = [*compiler, *flags, "-S", "-o", str(assembly), str(source)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def element_loops(source: str) -> dict[int, str]:
    """Return definition line -> name of every element loop of a generated module."""
    definitions = enumerate(source.splitlines(), start=1)
    matches = ((number, re.match(r"cdef void (\w+_(?:scalar|array))\(", line)) for number, line in definitions)
    return {number: match[1] for number, match in matches if match}


def functions(assembly: str) -> dict[str, str]:
    """Return block name -> assembly text."""
    parts = re.split(r"^__pyx_f_\w*blocks_v\d_(\w+):$", assembly, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.timeout(900)  # it compiles a whole module
@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
def test_every_block_loop_is_vectorised(level: isa.InstructionSet, tmp_path: Path) -> None:
    loops = element_loops((ROOT / "actcore" / "_kernels" / f"blocks_{level.name}.pyx").read_text(encoding="utf-8"))
    assert len(loops) >= 100
    remarks = compile_again(level, tmp_path / "blocks.s")
    # A loop that only copies or fills becomes a call of memcpy or memset, which is vector code too.
    body = rf"blocks_{level.name}\.pyx:(\d+):\d+:"
    library_call = body + r" optimized: Loop \d+ distributed: split to 0 loops and 1 library call"
    as_call = {int(line) for line in re.findall(library_call, remarks)}
    vectorised = {int(line) for line in re.findall(body + r" note: vectorized [1-9]\d* loops in function", remarks)}
    code = functions((tmp_path / "blocks.s").read_text())
    through_double = {f"{row.name}_{kind.name}_float32" for row in ROWS if row.double_inside for kind in blocks.kinds_of(row)}
    through_double = {f"{name}_{variant}" for name in through_double for variant in ("scalar", "array")}
    scalar = []
    for line, name in loops.items():
        text = code[name].split(".size")[0]
        if name in through_double:  # no loop of its own
            assert "in_double" in text
            continue
        calls = any(name in text for name in ("memcpy", "memset", "memmove"))
        is_call = calls and any(line < other <= line + 12 for other in as_call)
        if not is_call and (line not in vectorised or REGISTER[level.name] not in text):
            scalar.append(name)
    assert not scalar, f"{len(scalar)} of {len(loops)} block loops stayed scalar: {', '.join(scalar)}"
    along_axis = [name for name in code if re.search(r"_float(32|64)_(row|tile)$", name)]
    assert len(along_axis) == 2 * len(list(axis_blocks.entries()))
    # A kernel along an axis is several loops, with arithmetic in full registers in each; a mere map is one.
    maps = {blocks.function_name(row.name, kind) for row, kind, kernel, _ in axis_blocks.entries() if kernel.folds == 0}
    wanted = {name: 2 if name.split("_float")[0] in maps else 20 for name in along_axis}
    few = [name for name in along_axis if code[name].split(".size")[0].count(REGISTER[level.name]) < wanted[name]]
    assert not few, f"kernels along an axis without vector arithmetic: {', '.join(few)}"
