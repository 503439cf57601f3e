"""Compile the engine: the block loops once per instruction set, and the modules that drive them.

Everything else about the package is in ``pyproject.toml``.
"""

from __future__ import annotations

import glob
import os
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

ROOT = Path(__file__).resolve().parent
os.chdir(ROOT)

# The registry and the generator are read before anything is compiled, so the package's own __init__ must not run.
_package = types.ModuleType("actcore")
_package.__path__ = [str(ROOT / "actcore")]
sys.modules["actcore"] = _package

from actcore._build import axis_blocks, blocks, isa  # noqa: E402

DIRECTIVES = {
    "language_level": 3,
    "cdivision": True,
    "initializedcheck": False,
    "freethreading_compatible": True,
    "autotestdict": False,  # tests/test_examples.py finds the examples where they stand
    "auto_pickle": False,  # what has C memory says that it cannot be pickled, and not which of its fields is the cause
}
# A change of flags, directives or kernels recompiles everything: Cython does not follow `from package cimport module`.
DEPENDS = ["setup.py", "actcore/_build/isa.py", *sorted(glob.glob("actcore/**/*.px[di]", recursive=True))]
NUMPY_API = [("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")]

# The modules that drive the kernels: where a call takes long anyway, a small module is worth more than a fast one.
CALLED_OFTEN = ("loops", "_fastcall", "_strided", "axis_loops")
CALLED_SELDOM = ("runtime", "_ufuncs", "network", "objective", "training")

NETWORK = ROOT / "actcore" / "_kernels" / "network_blocks.pxi"


def outdated() -> bool:
    """Tell whether a generated C file is older than something it is made from."""
    made = [path.stat().st_mtime for path in Path("build/cython").glob("**/*.c")]
    return bool(made) and min(made) < max(Path(path).stat().st_mtime for path in DEPENDS)


def openmp_flags() -> tuple[list[str], list[str]]:
    """Return (compile, link) flags for OpenMP, empty with a notice where the compiler has none."""
    candidates = {
        "win32": (["/openmp"], []),
        "darwin": (["-Xpreprocessor", "-fopenmp"], ["-lomp"]),
    }
    compile_flags, link_flags = candidates.get(sys.platform, (["-fopenmp"], ["-fopenmp"]))
    if sys.platform != "win32":
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "probe.c")
            source.write_text("#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n")
            compiler = os.environ.get("CC", "cc").split()
            command = [*compiler, *compile_flags, str(source), "-o", str(Path(folder, "probe")), *link_flags]
            if subprocess.run(command, capture_output=True, check=False).returncode != 0:
                print("actcore: this compiler has no OpenMP; building a serial engine.", file=sys.stderr)
                return [], []
    return compile_flags, link_flags


def extensions() -> list[Extension]:
    """Return every compiled module."""
    openmp_compile, openmp_link = openmp_flags()
    # Same bytes wherever the tree lies: no debug information, no build path. And no tables for exceptions, which C does not have.
    plain = ["-g0", f"-ffile-prefix-map={ROOT}=.", "-fno-asynchronous-unwind-tables"] if sys.platform != "win32" else []
    modules = []
    for level in isa.instruction_sets():
        source = ROOT / "actcore" / "_kernels" / f"blocks_{level.name}.pyx"
        text = blocks.module_text(level.name, extra=axis_blocks.module_text() + NETWORK.read_text(encoding="utf-8"))
        if not source.exists() or source.read_text(encoding="utf-8") != text:
            source.write_text(text, encoding="utf-8")
        modules.append(
            Extension(
                f"actcore._kernels.blocks_{level.name}",
                [str(source.relative_to(ROOT))],
                depends=DEPENDS,
                extra_compile_args=[*isa.KERNEL_FLAGS, *level.flags, *plain],
            )
        )
    for name in (*CALLED_OFTEN, *CALLED_SELDOM):
        modules.append(
            Extension(
                f"actcore.{name}",
                [f"actcore/{name}.pyx"],
                depends=DEPENDS,
                include_dirs=[numpy.get_include()],
                define_macros=NUMPY_API,
                extra_compile_args=["-O2" if name in CALLED_OFTEN else "-Os", *openmp_compile, *plain],
                extra_link_args=openmp_link,
            )
        )
    return modules


setup(
    ext_modules=cythonize(
        extensions(),
        compiler_directives=DIRECTIVES,
        emit_linenums=True,  # the vectorisation check reads the compiler's remarks by line of the generated source
        build_dir="build/cython",
        force=outdated(),
        nthreads=0,
    )
)
