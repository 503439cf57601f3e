"""The public face of every element-wise activation: kinds, layouts, out=, errors, pickling."""

from __future__ import annotations

import copy
import inspect
import pickle

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import actcore as ac
from actcore._build.blocks import KINDS
from actcore.activation import Activation
from actcore.registry import ORDERS, ROWS

FLOATS = ("float32", "float64")
activations = pytest.mark.parametrize("activation", [ac.get(row.name) for row in ROWS], ids=[row.name for row in ROWS])
dtypes = pytest.mark.parametrize("dtype", FLOATS)


def samples(dtype: str, n: int = 1000, seed: int = 0) -> np.ndarray:
    """Numbers of every size, with the special ones among them."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n) * 10.0 ** rng.uniform(-8, 2, n)
    x[:6] = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0]
    return x.astype(dtype)


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Equality of every bit, NaN payloads excepted."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    equal = a.view(f"i{a.itemsize}") == b.view(f"i{b.itemsize}")
    return bool(np.all(equal | (np.isnan(a) & np.isnan(b))))


@activations
@dtypes
@pytest.mark.parametrize("kind", ORDERS)
def test_layouts_give_the_same_bits(activation: Activation, dtype: str, kind: str) -> None:
    function = getattr(activation, kind)
    x = samples(dtype)
    expected = function(x)
    assert expected.dtype == np.dtype(dtype) and expected.shape == x.shape
    grid = x.reshape(20, 50)
    assert same_bits(function(grid), expected.reshape(20, 50))
    assert same_bits(function(np.asfortranarray(grid)), expected.reshape(20, 50))
    assert same_bits(function(grid[::3, ::-7]), expected.reshape(20, 50)[::3, ::-7].copy())
    assert same_bits(function(x[3:]), expected[3:].copy())
    swapped = x.astype(x.dtype.newbyteorder())
    assert same_bits(function(swapped), expected)
    unaligned = np.frombuffer(b"-" + x.tobytes(), dtype=dtype, offset=1)
    assert same_bits(function(unaligned), expected)
    assert function(x[:0]).shape == (0,)
    assert function(np.empty((3, 0, 2), dtype)).shape == (3, 0, 2)
    single = function(x[5])
    assert np.ndim(single) == 0 and single == expected[5]
    assert same_bits(function(np.broadcast_to(x[5], (4, 3))), np.full((4, 3), expected[5]))


@activations
@dtypes
@pytest.mark.parametrize("kind", ORDERS)
def test_out_where_and_in_place(activation: Activation, dtype: str, kind: str) -> None:
    function = getattr(activation, kind)
    x = samples(dtype)
    expected = function(x)
    out = np.full_like(x, 7)
    assert function(x, out=out) is out and same_bits(out, expected)
    strided = np.full((1000, 3), 7, dtype)
    function(x, out=strided[:, 1])
    assert same_bits(strided[:, 1].copy(), expected) and np.all(strided[:, ::2] == 7)
    target = np.full_like(x, 7)
    chosen = np.arange(1000) % 3 == 0
    function(x, out=target, where=chosen)
    assert same_bits(target[chosen], expected[chosen]) and np.all(target[~chosen] == 7)
    copy = x.copy()
    function(copy, out=copy)
    assert same_bits(copy, expected)
    overlapping = x.copy()
    function(overlapping[:-1], out=overlapping[1:])
    assert same_bits(overlapping[1:], expected[:-1])


@activations
@dtypes
def test_pair_and_backward_agree_with_the_single_kinds(activation: Activation, dtype: str) -> None:
    x = samples(dtype)
    activation = activation.bind(**{name: float(np.dtype(dtype).type(value)) for name, value in activation.parameters.items()})
    value, derivative = activation.value_and_derivative(x)
    assert same_bits(value, activation(x)) and same_bits(derivative, activation.derivative(x))
    y, dy = np.empty_like(x), np.empty_like(x)
    result = activation.value_and_derivative(x, out=(y, dy))
    assert result[0] is y and result[1] is dy and same_bits(y, value) and same_bits(dy, derivative)
    g = np.linspace(-2, 2, x.size).astype(dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        # One rounding more or less, where float32 is computed in float64.
        exact = g.astype(float) * activation.derivative(x.astype(float)) if activation.spec.double_inside else g * derivative
        assert same_bits(activation.backward(x, g), exact.astype(dtype))


@activations
@dtypes
@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_threads_and_splits_do_not_change_bits(activation: Activation, dtype: str, threads: int) -> None:
    x = samples(dtype, n=200_003)
    with ac.num_threads(1):
        expected = activation(x)
        pieces = np.concatenate([activation(part) for part in np.split(x, [1, 18, 70_001])])
    assert same_bits(pieces, expected)
    with ac.num_threads(threads):
        assert same_bits(activation(x), expected)
        assert same_bits(activation(np.repeat(x, 2)[::2]), expected)


@activations
@dtypes
def test_special_values(activation: Activation, dtype: str) -> None:
    low, high = activation.spec.domain_at(activation.parameters)
    for kind in ORDERS:
        with np.errstate(all="raise"):
            result = getattr(activation, kind)(np.array([np.nan, np.inf, -np.inf], dtype))
        assert np.isnan(result[0])
        outside = np.array([high < np.inf, low > -np.inf]) | (kind in activation.spec.no_limit)
        assert np.array_equal(np.isnan(result[1:]), outside), f"{kind} at ±inf is {result[1:]}"


@activations
@dtypes
def test_kinks_take_the_registered_derivatives(activation: Activation, dtype: str) -> None:
    for at, derivative, second in activation.spec.kinks_at(activation.parameters):
        x = np.array([at], dtype)
        assert activation.derivative(x)[0] == np.dtype(dtype).type(derivative)
        assert activation.second_derivative(x)[0] == np.dtype(dtype).type(second)


@activations
def test_derivatives_match_central_differences(activation: Activation) -> None:
    kinks = [at for at, _, _ in activation.spec.kinks_at(activation.parameters)]
    low, high = activation.spec.domain_at(activation.parameters)
    x = np.linspace(max(low, -6), min(high, 6), 997)
    h = 1e-5
    # Next to a pole of an inverse the step is no longer small.
    x = x[(x > low + 0.05) & (x < high - 0.05)]
    x = x[np.min(np.abs(np.subtract.outer(x, [*kinks, 1e9])), axis=1) > 2 * h]
    for lower, upper in (("value", "derivative"), ("derivative", "second_derivative")):
        f = getattr(activation, lower)
        slope = (f(x + h) - f(x - h)) / (2 * h)
        np.testing.assert_allclose(getattr(activation, upper)(x), slope, rtol=1e-7, atol=1e-9)


@activations
def test_range_holds(activation: Activation) -> None:
    low, high = activation.spec.range_at(activation.parameters)
    edges = activation.spec.domain_at(activation.parameters)
    y = activation(np.linspace(max(edges[0], -50), min(edges[1], 50), 10_001))
    assert y.min() >= low - 1e-15 and y.max() <= high


@pytest.mark.parametrize("name", ac.names(tag="monotone"))
@given(x=hnp.arrays(np.float32, st.integers(1, 40), elements=st.floats(width=32, allow_nan=False)))
def test_monotone_functions_are_monotone(name: str, x: np.ndarray) -> None:
    # Within one ULP: a bound of one ULP allows neighbours to swap.
    y = ac.get(name)(np.sort(x))
    finite = np.isfinite(y[:-1]) & np.isfinite(y[1:])
    left, right = y[:-1][finite], y[1:][finite]
    with np.errstate(over="ignore"):
        ulp = np.spacing(np.abs(left))
    assert np.all(left.astype(np.float64) - right <= ulp)


@activations
def test_integers_and_lists_promote_as_numpy_does(activation: Activation) -> None:
    assert activation([1, 2]).dtype == np.float64
    assert activation(np.arange(3)).dtype == np.float64
    # A Python float joined to 16-bit integers makes float64 in NumPy too; alone they fit float32.
    small = np.float64 if activation.spec.parameters else np.float32
    assert activation(np.arange(3, dtype=np.int8)).dtype == (np.float64 if activation.spec.parameters else np.float16)
    assert activation(np.arange(3, dtype=np.int16)).dtype == small
    assert activation(np.arange(3.0), dtype="float32", casting="same_kind").dtype == np.float32
    for short in (np.float16, ml_dtypes.bfloat16):
        x = np.linspace(0.1, 0.9, 9)
        assert same_bits(activation(x, dtype=short), activation(x.astype(short)))
        assert same_bits(activation.value_and_derivative(x, dtype=short)[1], activation.derivative(x.astype(short)))


@activations
def test_wrong_input_is_named_and_out_untouched(activation: Activation) -> None:
    out = np.full(3, 7.0)
    for wrong in (np.ones(3, complex), np.array([1, "a", None], object), np.array(["a", "b", "c"]), np.ones(3, np.longdouble)):
        with pytest.raises(TypeError, match=rf"{activation.name}: x has dtype"):
            activation(wrong, out=out)
    with pytest.raises(ValueError, match=rf"{activation.name}: out has the shape \(3,\), and the result \(4,\)"):
        activation(np.ones(4), out=out)
    with pytest.raises(ValueError, match=r"shapes do not broadcast: x has \(4,\), .*where has \(2,\)"):
        activation(np.ones(4), where=np.ones(2, bool), out=np.ones(4))
    with pytest.raises(ValueError, match=r"shapes do not broadcast: x has \(3,\), g has \(2,\)"):
        activation.backward(np.ones(3), np.ones(2), out=out)
    with pytest.raises(TypeError, match="out must be a tuple of two arrays, for value and derivative, not ndarray"):
        activation.value_and_derivative(np.ones(3), out=out)
    with pytest.raises(ValueError, match="out must be a tuple of two arrays, for value and derivative, not tuple of 1"):
        activation.value_and_derivative(np.ones(3), out=(out,))
    with pytest.raises(TypeError, match="has no argument 'steepness'"):
        activation(np.ones(3), steepness=1.0, out=out)
    for dtype in ("int32", complex, np.longdouble):
        with pytest.raises(TypeError, match=rf"{activation.name}: dtype must be float16, bfloat16, float32 or float64, not "):
            activation(np.ones(3), dtype=dtype)
    with pytest.raises(TypeError, match="takes one array, x, and got 2"):
        activation(np.ones(3), out)
    frozen = np.ones(3)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        activation(np.ones(3), out=frozen)
    assert np.all(out == 7.0)
    assert np.array_equal(activation(frozen), activation(np.ones(3)))


@activations
def test_pickles_and_binds(activation: Activation) -> None:
    again = pickle.loads(pickle.dumps(activation))
    assert again.name == activation.name and again.parameters == activation.parameters
    assert pickle.loads(pickle.dumps(activation.ufunc)) is activation.ufunc
    for kind in KINDS:
        function = getattr(activation, kind.name)
        assert repr(pickle.loads(pickle.dumps(function))) == repr(copy.deepcopy(function)) == repr(function)
    for parameter in activation.spec.parameters:
        bound = activation.bind(**{parameter.name: parameter.default + parameter.step})
        assert bound.parameters[parameter.name] == parameter.default + parameter.step
        x = np.linspace(-2, 2, 101)
        assert np.array_equal(bound(x), activation(x, **bound.parameters), equal_nan=True)
        values = np.linspace(parameter.default, min(parameter.default + 1, parameter.maximum), 101)
        each = [float(activation(one, **{parameter.name: float(value)})) for one, value in zip(x, values, strict=True)]
        assert np.array_equal(activation(x, **{parameter.name: values}), each, equal_nan=True)
        if np.isfinite(parameter.minimum):
            with pytest.raises(ValueError, match=parameter.name):
                activation.bind(**{parameter.name: parameter.minimum - 1})
            with pytest.raises(ValueError, match=parameter.name):
                activation(x, **{parameter.name: np.full(101, parameter.minimum - 1)})
        for steep in (np.inf, -np.inf, np.nan):
            with pytest.raises(ValueError, match=parameter.name):
                activation(x, **{parameter.name: steep})
            with pytest.raises(ValueError, match=parameter.name):
                activation(x, **{parameter.name: np.full(101, steep)})
        with pytest.raises(ValueError, match=parameter.name):
            activation(x, **{parameter.name: 10**400})
        for wrong in ("steep", None, 1j):
            with pytest.raises(TypeError, match=parameter.name):
                activation(x, **{parameter.name: wrong})


@activations
def test_signatures_and_docstrings_are_those_of_the_function(activation: Activation) -> None:
    for kind in KINDS:
        function = getattr(activation, kind.name)
        signature = inspect.signature(function)
        assert tuple(signature.parameters)[: len(kind.inputs)] == kind.inputs
        assert {name: signature.parameters[name].default for name in activation.parameters} == activation.parameters
        signature.bind(*kind.inputs, out=None, where=True, dtype="float32", casting="safe", **activation.parameters)
        lines = function.__doc__.splitlines()
        assert activation.spec.title in lines[0] and ("g : array_like" in lines) == ("g" in kind.inputs)
        assert set(signature.parameters) >= {line.split(" :")[0] for line in lines if " : " in line and line[0] != " "} - {""}
    assert "row" in inspect.signature(type(activation)).parameters


def test_ufuncs_are_real_and_of_every_kind() -> None:
    for row in ROWS:
        for kind in KINDS:
            function = getattr(ac.get(row.name), kind.name)
            assert isinstance(function.ufunc, np.ufunc)
            assert function.ufunc.nin == len(kind.inputs) + len(row.parameters)
            assert function.ufunc.nout == len(kind.outputs)


def test_catalogue() -> None:
    assert ac.names() == [row.name for row in ROWS]
    assert set(ac.names(tag="bounded")) == {row.name for row in ROWS if "bounded" in row.tags}
    with pytest.raises(ValueError, match="the tags are: .*bounded"):
        ac.names(tag="round")
    for typed, meant in (("rleu", "relu"), ("ReLU", "relu"), ("LeakyReLU", "leaky_relu")):
        with pytest.raises(ValueError, match=rf"is called '{typed}'; did you mean {meant}\? The names are: .*, tanh, "):
            ac.get(typed)
    with pytest.raises(ValueError, match="no activation is called 'zzz'; the names are: "):
        ac.get("zzz")
    for wrong in (None, np.tanh):
        with pytest.raises(TypeError, match="name must be a string, an Activation or an Axiswise"):
            ac.get(wrong)
    with pytest.raises(ValueError, match="dialect must be one of torch"):
        ac.get("relu", dialect="caffe")
    with pytest.raises(TypeError, match="has no parameter 'alpha'"):
        ac.get("relu", alpha=1.0)
    for row in ROWS:
        for system, spelling in row.spellings.items():
            expected = {**row.defaults, **spelling.defaults}
            assert dict(ac.get(row.name, dialect=system).parameters) == expected
