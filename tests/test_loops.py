"""The Cython face: an example that cimports the loops is compiled and run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import actcore as ac

EXAMPLE = """
# cython: language_level=3
from actcore cimport loops

def value(str name, loops.real[:] x, loops.real[:] y, str kind="value"):
    cdef const loops.Loop* loop = loops.find(name, kind, "float32" if loops.real is float else "float64")
    with nogil:
        loops.apply(loop, x, y)

def leaky(float[:] x, float[:] y, float negative_slope):
    cdef const loops.Loop* loop = loops.find("leaky_relu", "value", "float32")
    with nogil:
        loops.apply(loop, x, y, &negative_slope)

def pair(str name, double[:] x, double[:] y, double[:] dy):
    cdef const loops.Loop* loop = loops.find(name, "value_and_derivative", "float64")
    with nogil:
        loops.apply_pair(loop, x, y, dy)

def backward(str name, double[:] x, double[:] g, double[:] gx):
    cdef const loops.Loop* loop = loops.find(name, "backward", "float64")
    with nogil:
        loops.apply_backward(loop, x, g, gx)
"""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("cimport")
    (folder / "loops_example.pyx").write_text(EXAMPLE)
    (folder / "setup.py").write_text(
        "from Cython.Build import cythonize\nfrom setuptools import setup\n"
        f"modules = cythonize('loops_example.pyx', include_path=[{str(Path(ac.__file__).parent.parent)!r}])\n"
        "setup(name='loops_example', ext_modules=modules)\n"
    )
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    sys.path.insert(0, str(folder))
    try:
        import loops_example

        yield loops_example
    finally:
        sys.path.remove(str(folder))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [0, 1, 17, 511, 512, 513, 300_001])
def test_apply_matches_the_ufunc(example, dtype: str, n: int) -> None:
    x = np.linspace(-4, 4, n).astype(dtype)
    for kind in ("value", "derivative", "second_derivative"):
        y = np.empty_like(x)
        example.value("gelu", x, y, kind)
        function = getattr(ac.gelu, kind)
        assert np.array_equal(y, function(x))
        strided, target = np.repeat(x, 3)[::3], np.empty(2 * n, dtype)[::2]
        example.value("gelu", strided, target, kind)
        assert np.array_equal(target, y)


def test_parameters_pairs_and_backward(example) -> None:
    x = np.linspace(-4, 4, 1001)
    y, dy = np.empty_like(x), np.empty_like(x)
    example.pair("tanh", x, y, dy)
    assert np.array_equal(y, ac.tanh(x)) and np.array_equal(dy, ac.tanh.derivative(x))
    example.backward("tanh", x, y, dy)
    assert np.array_equal(dy, ac.tanh.backward(x, y))
    single, result = x.astype(np.float32), np.empty(1001, np.float32)
    example.leaky(single, result, 0.25)
    assert np.array_equal(result, ac.leaky_relu(single, negative_slope=0.25))


def test_an_unknown_loop_is_a_lookup_error(example) -> None:
    with pytest.raises(LookupError, match="no loop 'rleu' of kind 'value'"):
        example.value("rleu", np.zeros(3), np.zeros(3))
