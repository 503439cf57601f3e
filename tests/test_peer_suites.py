"""What other projects expect of the same functions: their tables, constants and sample patterns.

NumPy's tables are read from the installed NumPy. The constants are facts that NNlib.jl asserts (test/activations.jl),
the patterns follow the samples of PyTorch's element-wise functions (testing/_internal/opinfo/core.py). Keras' own test
file runs through ``scripts/peer_suites.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import actcore as ac

TABLES = Path(np.__file__).parent / "_core" / "tests" / "data"

DTYPES = (np.float32, np.float64)

#: A table of NumPy, what of ours answers it, and from where on it does.
NUMPY_TABLES: list[tuple[str, Callable, Callable]] = [
    (name, getattr(ac, name), np.isfinite)
    for name in ac.names()
    if (TABLES / f"umath-validation-set-{name}.csv").exists() and hasattr(np, name)
]
NUMPY_TABLES += [
    ("arctanh", ac.atanh, lambda x: np.abs(x) < 1),
    ("exp", ac.exponential, np.isfinite),
    ("exp", ac.elu.derivative, lambda x: x <= 0),
    ("expm1", ac.elu, lambda x: x <= 0),
    ("sin", ac.sinusoid, np.isfinite),
]


def read_table(name: str, dtype: type) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs, outputs and allowed ULP of one of NumPy's tables."""
    integer = np.uint32 if dtype is np.float32 else np.uint64
    rows = []
    for line in (TABLES / f"umath-validation-set-{name}.csv").read_text().splitlines():
        fields = line.split(",")
        if fields[0].strip() == f"np.{dtype.__name__}":
            rows.append((int(fields[1], 16), int(fields[2], 16), float(fields[3])))
    x, y, ulp = zip(*rows, strict=True)
    return np.array(x, integer).view(dtype), np.array(y, integer).view(dtype), np.array(ulp)


def ulp_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return how many numbers lie between a and b."""
    integer = np.int32 if a.dtype == np.float32 else np.int64
    lowest = int(np.iinfo(integer).min)

    def order(x: np.ndarray) -> np.ndarray:
        i = np.ascontiguousarray(x).view(integer).astype(object)
        return np.where(i < 0, lowest - i, i)

    return np.abs(order(a) - order(b)).astype(float)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "function", "covered"), NUMPY_TABLES, ids=[name for name, *_ in NUMPY_TABLES])
def test_numpy_table(name, function, covered, dtype):
    x, y, ulp = read_table(name, dtype)
    chosen = covered(x)
    assert chosen.any()
    distance = ulp_distance(function(x[chosen]), y[chosen])
    worst = np.argmax(distance - ulp[chosen])
    assert distance[worst] <= ulp[chosen][worst], f"{distance[worst]} ULP at {x[chosen][worst]!r}"


def test_numpy_tables_are_answered():
    """A table that is no longer read is noticed: tanh and arctan, atanh, exp twice, expm1 where x <= 0, and sin."""
    rows = [covered(read_table(name, dtype)[0]).sum() for name, _, covered in NUMPY_TABLES for dtype in DTYPES]
    assert sum(rows) >= 2840 + 1412 + 361 + 205 + 709 + 1361


#: (function, parameters, x, f(x)), as NNlib asserts them.
NNLIB = [
    ("sigmoid", {}, 0.0, 0.5),
    ("sigmoid", {}, 1.0, 1 / (1 + math.exp(-1))),
    ("sigmoid", {}, -1.0, math.exp(-1) / (1 + math.exp(-1))),
    ("relu", {}, 0.0, 0.0),
    ("relu", {}, 1.0, 1.0),
    ("relu", {}, -1.0, 0.0),
    ("leaky_relu", {}, 0.0, 0.0),
    ("leaky_relu", {}, 1.0, 1.0),
    ("leaky_relu", {}, -1.0, -0.01),
    ("leaky_relu", {"negative_slope": 0.3}, 0.4, 0.4),
    ("leaky_relu", {"negative_slope": 0.3}, -0.4, -0.12),
    ("elu", {}, 0.0, 0.0),
    ("elu", {}, 1.0, 1.0),
    ("elu", {}, 42.0, 42.0),
    ("elu", {}, -1.0, math.expm1(-1)),
    ("elu", {}, -4.0, math.expm1(-4)),
    ("gelu", {}, 0.0, 0.0),
    ("silu", {}, 0.0, 0.0),
    ("silu", {}, 1.0, 1 / (1 + math.exp(-1))),
    ("silu", {}, -1.0, -1 / (1 + math.e)),
    ("selu", {}, 0.0, 0.0),
    ("selu", {}, 1.0, 1.0507009873554804934193349852946),
    ("selu", {}, -1.0, 1.0507009873554804934193349852946 * 1.6732632423543772848170429916717 * math.expm1(-1)),
    ("softplus", {}, 0.0, math.log(2)),
    ("softplus", {}, 1.0, math.log(math.e + 1)),
    ("softplus", {}, -1.0, math.log1p(math.exp(-1))),
    ("softplus", {}, 1e8, 1e8),
    ("softplus", {}, -1e8, 0.0),
    ("softsign", {}, 0.0, 0.0),
    ("softsign", {}, 1.0, 0.5),
    ("softsign", {}, -1.0, -0.5),
]
#: Slopes far out that overflowed there once (Zygote issue 758).
NNLIB_SLOPES = [
    ("selu", {}, 1_000.0, 1.0507009873554805),
    ("selu", {}, 10_000.0, 1.0507009873554805),
    ("elu", {"alpha": 2.0}, 1_000.0, 1.0),
    ("elu", {"alpha": 2.0}, 10_000.0, 1.0),
    ("elu", {"alpha": 2.0}, -1.0, 2 * math.exp(-1)),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "parameters", "x", "expected"), NNLIB)
def test_nnlib_constant(name, parameters, x, expected, dtype):
    y = ac.get(name, **parameters)(np.array(x, dtype))
    assert y.dtype == dtype
    assert y == pytest.approx(expected, rel=4 * float(np.finfo(dtype).eps), abs=0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "parameters", "x", "expected"), NNLIB_SLOPES)
def test_nnlib_slope(name, parameters, x, expected, dtype):
    slope = ac.get(name, **parameters).derivative(np.array(x, dtype))
    assert slope == pytest.approx(expected, rel=4 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize("name", ac.names())
def test_nnlib_keeps_precision_and_promotes_integers(name):
    function = ac.get(name)
    for value in (-10, -1, 0, 1, 10):
        for dtype in DTYPES:
            assert function(dtype(value)).dtype == function.derivative(dtype(value)).dtype == dtype
        for integer in (np.int32, np.int64):
            assert function(integer(value)).dtype == np.float64


def torch_values(dtype: type) -> np.ndarray:
    """Return small, large and extreme numbers, as PyTorch's generators choose them."""
    rng = np.random.default_rng(9)
    small = rng.uniform(-9, 9, 16)
    large = np.concatenate([sign * np.array([501.0, 1001.2, 13437.7, 4793.99, 1e20]) for sign in (1, -1)])
    return np.concatenate([small, large, [np.inf, -np.inf, np.nan, 0.0, -0.0]]).astype(dtype)


def torch_layouts(dtype: type) -> dict[str, np.ndarray]:
    """Return the shapes and strides of PyTorch's samples."""
    rng = np.random.default_rng(10)

    def numbers(*shape: int) -> np.ndarray:
        return (4 * rng.standard_normal(shape)).astype(dtype)

    speckled = numbers(128, 128)
    speckled[rng.random((128, 128)) < 0.1] = np.nan
    strided = np.lib.stride_tricks.as_strided
    step = np.dtype(dtype).itemsize
    layouts = {f"shape {shape}": numbers(*shape) for shape in ((0,), (1, 0, 3), (), (20,), (812,), (103, 917))}
    layouts |= {
        "NaN pattern": speckled,
        "transposed": numbers(31, 17).T,
        "expanded": np.broadcast_to(numbers(1, 12), (9, 12)),
        "strided": numbers(1026)[::2],
        "reversed": numbers(1026)[::-1],
        "channels last": numbers(2, 5, 6, 3).transpose(0, 3, 1, 2),
    }
    patterns = (((6, 5), (1, 1)), ((5, 5, 4), (1, 1, 7)), ((6, 3, 4), (2, 3, 5)), ((3, 3), (3, 0)))
    layouts |= {
        f"overlapping {shape} {strides}": strided(numbers(200), shape, [step * stride for stride in strides])
        for shape, strides in patterns
    }
    return layouts


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ac.names())
def test_torch_layouts(name, dtype):
    """The bits of a number's result do not depend on where it lies."""
    function = ac.get(name)
    for layout, x in torch_layouts(dtype).items():
        for kind in (function, function.derivative, function.second_derivative):
            y, expected = kind(x), kind(np.ascontiguousarray(x).ravel())
            assert y.shape == x.shape, layout
            np.testing.assert_array_equal(y.ravel(), expected, err_msg=layout)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ac.names())
def test_torch_values(name, dtype):
    """NaN stays NaN, and nothing else becomes one inside the function's domain."""
    function, x = ac.get(name), torch_values(dtype)
    low, high = function.spec.domain_at(function.parameters)
    y = function(x)
    inside = (x >= low) & (x <= high) & (np.isfinite(x) | ("value" not in function.spec.no_limit))
    assert np.isnan(y[np.isnan(x)]).all()
    assert not np.isnan(y[inside]).any()
