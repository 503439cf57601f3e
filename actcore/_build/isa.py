"""The instruction sets the engine is compiled for, with their compiler flags."""

from __future__ import annotations

import platform
from dataclasses import dataclass

#: gcc vectorises the block loops only when it may assume that no floating-point trap is enabled and that nobody reads errno.
#: -ffp-contract=off keeps vector body, scalar tail and every instruction set with FMA to one arithmetic; FMAs are written out.
#: A loop that calls a function cannot be vectorised, and gcc stops inlining when a module has grown by half: so inlining is forced.
#: Partial redundancy elimination and jump threading turn two selects into a tangle of five: a clamp then costs twice as much.
#: -ffast-math is used nowhere: linked into a shared object it can switch the whole process to flush-to-zero.
#: A loop's last few elements are not written out one after the other: that makes the modules larger and nothing faster.
#: A loop over more than a few arrays is left scalar unless the compiler may check more pairs of them for overlap than by default.
KERNEL_FLAGS = (
    "-O3",
    "-fno-trapping-math",
    "-fno-math-errno",
    "-ffp-contract=off",
    "-fno-tree-pre",
    "-fno-thread-jumps",
    "--param=max-completely-peeled-insns=60",
    "--param=vect-max-version-for-alias-checks=60",
    "-DCYTHON_INLINE=__inline__ __attribute__((always_inline))",
)


@dataclass(frozen=True)
class InstructionSet:
    """One level of the CPU the kernels are compiled for."""

    name: str
    flags: tuple[str, ...]


_X86_64 = (
    InstructionSet("base", ()),
    InstructionSet("v3", ("-march=x86-64-v3",)),
    InstructionSet("v4", ("-march=x86-64-v4", "-mprefer-vector-width=512")),
)
_OTHER = (InstructionSet("base", ()),)


def instruction_sets(machine: str | None = None) -> tuple[InstructionSet, ...]:
    """Return the instruction sets to build on `machine` (this one when None), slowest first."""
    machine = machine or platform.machine()
    return _X86_64 if machine.lower() in ("x86_64", "amd64") else _OTHER
