"""Functions along an axis: values, axes, masks, temperature, edges, backward passes, layouts, errors."""

from __future__ import annotations

import inspect
import pickle

import mpmath
import numpy as np
import pytest

import actcore as ac
from actcore.along_axis import Axiswise
from actcore.registry import AXIS_ROWS

FLOATS = ("float32", "float64")
FUNCTIONS = [ac.get(row.name) for row in AXIS_ROWS]
everyone = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.name)
of_families = {family: [f for f in FUNCTIONS if f.spec.family == family] for family in {row.family for row in AXIS_ROWS}}
several = pytest.mark.parametrize("function", [f for f in FUNCTIONS if f.SEVERAL], ids=lambda f: f.name)
masking = pytest.mark.parametrize("function", [f for f in FUNCTIONS if "where" in f.OPTIONS], ids=lambda f: f.name)
probabilities = pytest.mark.parametrize("function", [f for f in FUNCTIONS if "probabilities" in f.spec.tags], ids=lambda f: f.name)
dtypes = pytest.mark.parametrize("dtype", FLOATS)


def logits(shape: tuple[int, ...], dtype: str = "float64", seed: int = 0, scale: float = 4.0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(shape) * scale).astype(dtype)


def saved_for_backward(function: Axiswise, x: np.ndarray, **options: object) -> np.ndarray:
    return function(x, **options) if function.spec.backward_from == "output" else x


@everyone
@dtypes
@pytest.mark.parametrize("shape", [(2, 2), (12, 10), (2, 66), (1, 400)])
@pytest.mark.parametrize("scale", [0.1, 4.0, 40.0])
def test_agrees_with_the_referee(function: Axiswise, dtype: str, shape: tuple[int, ...], scale: float) -> None:
    x = logits(shape, dtype, scale=scale)
    y = np.atleast_2d(function(x).T).T
    assert y.dtype == np.dtype(dtype)
    bound = function.spec.bound
    with mpmath.workdps(50):
        for row, result in zip(x, y, strict=True):
            exact = function.spec.reference(mpmath.mp, [mpmath.mpf(float(v)) for v in row])
            floor = np.finfo(dtype).tiny
            if function.spec.family == "reduced":  # what remains of a difference of large numbers is good to an ULP of those
                floor = np.max(np.abs(row))
            elif function.spec.family == "gated":  # the gate may be subnormal, with the digits that leaves
                floor = np.max(np.abs(row)) * np.finfo(dtype).tiny
            elif "sparse" in function.spec.tags:
                floor = 1.0
            floor = max(floor, function.spec.bound_from)
            for value, wanted in zip(result, exact, strict=True):
                unit = float(np.spacing(np.asarray(max(abs(float(wanted)), floor)).astype(dtype)))
                assert abs(float(value) - wanted) <= bound * unit, (float(value), float(wanted))


@everyone
@dtypes
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_axes_strides_and_out_give_the_same_bits(function: Axiswise, dtype: str, axis: int) -> None:
    x = logits((6, 40, 14), dtype)
    expected = function(np.ascontiguousarray(np.moveaxis(x, axis, -1)))
    if function.spec.family != "reduced":
        expected = np.moveaxis(expected, -1, axis)
    assert np.array_equal(function(x, axis=axis), expected)
    assert np.array_equal(function(np.asfortranarray(x), axis=axis), expected)
    out = np.full(expected.shape, 7, dtype)
    assert function(x, axis=axis, out=out) is out and np.array_equal(out, expected)
    strided = np.full((*expected.shape, 2), 7, dtype)
    function(x, axis=axis, out=strided[..., 0])
    assert np.array_equal(strided[..., 0], expected) and np.all(strided[..., 1] == 7)
    view = x[::-1, ::2, ::-1]
    assert np.array_equal(function(view, axis=axis), function(view.copy(), axis=axis))
    assert np.array_equal(function(x.astype(x.dtype.newbyteorder()), axis=axis), expected)
    if expected.shape == x.shape:
        copy = x.copy()
        assert np.array_equal(function(copy, axis=axis, out=copy), expected)
    for threads in (1, 2, 3):
        with ac.num_threads(threads):
            wide = x[None].repeat(30, axis=0)
            assert np.array_equal(function(wide, axis=axis if axis < 0 else axis + 1)[7], expected)


@everyone
@dtypes
def test_one_long_row_is_independent_of_threads_and_stride(function: Axiswise, dtype: str) -> None:
    x = logits((200_004,), dtype)
    with ac.num_threads(1):
        expected = function(x)
    for threads in (2, 3, 7):
        with ac.num_threads(threads):
            assert np.array_equal(function(x), expected)
            assert np.array_equal(function(np.repeat(x, 2)[::2]), expected)
            assert np.array_equal(function(np.stack([x] * 40, axis=1), axis=0).T[3], expected)


@everyone
@dtypes
def test_backward_of_long_rows_is_independent_of_threads_and_layout(function: Axiswise, dtype: str) -> None:
    x = logits((3, 40_004), dtype)
    y = function(x)
    g = logits(y.shape, dtype, seed=1)
    saved = saved_for_backward(function, x)
    expected = np.concatenate([function.backward(saved[k : k + 1], g[k : k + 1]) for k in range(3)])
    for threads in (1, 2, 5):
        with ac.num_threads(threads):
            assert np.array_equal(function.backward(saved, g), expected)
            assert np.array_equal(function.backward(saved.T.copy(), g.T.copy(), axis=0).T, expected)
    if function.spec.family == "reduced":
        np.testing.assert_allclose(expected, ac.softmax(x) * g[:, None], rtol=1e-5)


@everyone
@dtypes
@pytest.mark.parametrize("shape", [(10, 100), (3, 2), (1, 514), (7, 3, 10), (40, 66)])
def test_the_shortest_way_gives_the_same_bits(function: Axiswise, dtype: str, shape: tuple[int, ...]) -> None:
    x = logits(shape, dtype)
    x.flat[0], x.flat[-1] = np.nan, np.inf
    y = function(x)
    g = logits(y.shape, dtype, seed=1)
    saved = saved_for_backward(function, x)
    gx = function.backward(saved, g)
    assert y.flags.c_contiguous and y.dtype == x.dtype and gx.dtype == x.dtype
    assert np.array_equal(function(np.asfortranarray(x)), y, equal_nan=True)
    assert np.array_equal(function.backward(saved, np.asfortranarray(g)), gx, equal_nan=True)
    for out in (np.empty_like(y), np.empty((*y.shape, 2), dtype)[..., 0]):
        assert function(x, out=out) is out and np.array_equal(out, y, equal_nan=True)
    out = np.empty_like(x)
    assert function.backward(saved, g, out=out) is out and np.array_equal(out, gx, equal_nan=True)


@several
def test_several_axes_are_one(function: Axiswise) -> None:
    x = logits((3, 4, 5, 6))
    flat = function(np.moveaxis(x, (1, 3), (-2, -1)).reshape(3, 5, 24))
    y = function(x, axis=(3, -3))
    if function.spec.family == "reduced":
        assert np.array_equal(y, flat)
        assert np.array_equal(function(x, axis=(1, 3), keepdims=True), flat[:, None, :, None])
        assert np.ndim(function(x, axis=None)) == 0
        assert np.array_equal(function(x, axis=None), function(x.ravel()))
    else:
        assert np.array_equal(np.moveaxis(y, (1, 3), (-2, -1)).reshape(3, 5, 24), flat)
        assert np.array_equal(function(x, axis=None).ravel(), function(x.ravel()))
    out = np.empty_like(y)
    assert function(x, axis=(1, 3), out=out) is out and np.array_equal(out, y)


@masking
def test_where_is_as_if_the_others_were_not_there(function: Axiswise) -> None:
    x = logits((20, 9))
    where = np.random.default_rng(3).random((20, 9)) < 0.6
    where[0], where[1] = False, True
    y = function(x, where=where)
    for row, mask, result in zip(x, where, y, strict=True):
        if function.spec.family == "reduced":
            wanted = function(row[mask]) if mask.any() else -np.inf
            assert result == wanted or (function.spec.of and abs(result - wanted) <= np.spacing(np.max(np.abs(row))))
        else:
            assert np.array_equal(result[mask], function(row[mask]))
            assert np.all(result[~mask] == function.spec.masked)
    assert np.array_equal(function(x, where=where[:, :1]), function(x, where=np.repeat(where[:, :1], 9, axis=1)))
    with pytest.raises(TypeError, match="where has dtype int64; it must be bool"):
        function(x, where=where.astype(int))
    with pytest.raises(ValueError, match=r"where has shape \(3,\), which does not broadcast"):
        function(x, where=np.ones(3, bool))


@masking
def test_temperature_divides_the_logits(function: Axiswise) -> None:
    x = logits((20, 9))
    factor = 4.0 if function.spec.family == "reduced" else 1.0
    assert np.array_equal(function(x, temperature=4.0), factor * function(x / 4.0))
    for wrong in (0, -1.0, np.nan, "hot"):
        with pytest.raises(ValueError, match=f"{function.name}: temperature=.* must be a number above 0"):
            function(x, temperature=wrong)


@everyone
@pytest.mark.parametrize("axis", [-1, 0])
def test_backward_matches_central_differences(function: Axiswise, axis: int) -> None:
    h = 1e-6
    variants: list[dict[str, object]] = [{}]
    if "temperature" in function.OPTIONS:
        variants += [{"temperature": 2.5}, {"where": np.arange(32).reshape(4, 8) % 3 != 0}]
    for options in variants:
        x = logits((4, 8), scale=1.0)
        y = function(x, axis=axis, **options)
        g = logits(y.shape, seed=1)
        finite = np.isfinite(y)
        numeric = np.empty_like(x)
        for at in np.ndindex(x.shape):
            step = np.zeros_like(x)
            step[at] = h
            change = function(x + step, axis=axis, **options) - np.where(finite, function(x - step, axis=axis, **options), 0)
            numeric[at] = np.sum(g[finite] * change[finite]) / (2 * h)
        saved = saved_for_backward(function, x, axis=axis, **options)
        np.testing.assert_allclose(function.backward(saved, g, axis=axis, **options), numeric, rtol=1e-6, atol=1e-7)


@everyone
@dtypes
def test_backward_layouts_and_out(function: Axiswise, dtype: str) -> None:
    x = logits((6, 40, 14), dtype)
    for axis in (0, 1, 2):
        y = function(x, axis=axis)
        g = logits(y.shape, dtype, seed=1)
        saved = saved_for_backward(function, x, axis=axis)
        expected = function.backward(saved, g, axis=axis)
        assert expected.shape == x.shape and expected.dtype == x.dtype
        assert np.array_equal(function.backward(np.asfortranarray(saved), g, axis=axis), expected)
        assert np.array_equal(
            function.backward(saved, g[:1] if axis else g[:, :1], axis=axis),
            function.backward(saved, np.broadcast_to(g[:1] if axis else g[:, :1], g.shape).copy(), axis=axis),
        )
        copy = saved.copy()
        assert function.backward(copy, g, axis=axis, out=copy) is copy and np.array_equal(copy, expected)
        if g.shape == x.shape:
            copy = g.copy()
            assert np.array_equal(function.backward(saved, copy, axis=axis, out=copy), expected)


@probabilities
@dtypes
def test_infinite_logits_are_limits(function: Axiswise, dtype: str) -> None:
    inf = -np.inf if function.spec.family == "negated" else np.inf
    x = np.array([[0, inf, 1], [inf, inf, 0], [-inf, 0, 0], [-inf, -inf, -inf], [0, np.nan, 0]], dtype)
    with np.errstate(all="raise"):
        y = function(x)
    first = function.spec.family == "one-hot"
    np.testing.assert_array_equal(y[:3], [[0, 1, 0], [1, 0, 0] if first else [0.5, 0.5, 0], [0, 1, 0] if first else [0, 0.5, 0.5]])
    np.testing.assert_allclose(y[3], [1, 0, 0] if first else 1 / 3, rtol=1e-6)
    assert np.isnan(y[4]).all()
    assert np.array_equal(function(x, where=[True, True, False])[3], [1, 0, 0] if first else [0.5, 0.5, 0])
    assert np.array_equal(function(np.ones((2, 0))), np.ones((2, 0)))
    assert function(np.ones((0, 3)), axis=0).shape == (0, 3)


@dtypes
def test_logarithms_at_infinity(dtype: str) -> None:
    x = np.array([[0, np.inf], [np.inf, np.inf], [-np.inf, 0], [-np.inf, -np.inf]], dtype)
    half = np.log(np.array(0.5, dtype))
    np.testing.assert_array_equal(ac.log_softmax(x), np.array([[-np.inf, 0], [half, half], [-np.inf, 0], [half, half]], dtype))
    np.testing.assert_array_equal(ac.logsumexp(x), [np.inf, np.inf, 0, -np.inf])
    assert np.isnan(ac.logsumexp(np.array([0, np.nan], dtype))) and np.isnan(ac.log_softmax(np.array([0, np.nan], dtype))).all()
    np.testing.assert_array_equal(ac.logsumexp(np.ones((2, 0), dtype)), [-np.inf, -np.inf])


@dtypes
def test_log_softmax_of_a_sure_entry_keeps_its_digits(dtype: str) -> None:
    # log(1 + tiny) is 0 in the naive form: all digits of the largest entry are lost.
    x = np.array([0.0, -40.0], dtype)
    assert ac.log_softmax(x)[0] == pytest.approx(-float(mpmath.log1p(mpmath.exp(-40))), rel=1e-6)
    assert np.log(np.sum(np.exp(x))) == 0


@probabilities
@dtypes
def test_equal_logits_get_equal_shares(function: Axiswise, dtype: str) -> None:
    y = function(np.full((3, 1000), 0.1, dtype))
    if function.spec.family != "one-hot":
        np.testing.assert_allclose(y, 1e-3, rtol=np.finfo(dtype).eps)
    np.testing.assert_allclose(function(logits((5, 300), dtype)).sum(axis=1), 1, rtol=300 * np.finfo(dtype).eps)


@everyone
def test_dtypes_are_kept_or_promoted(function: Axiswise) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    x = np.arange(12).reshape(2, 6) % 5
    for given, result in [
        ("int64", "float64"),
        ("int16", "float32"),
        ("bool", "float32"),
        ("float16", "float16"),
        (ml_dtypes.bfloat16, ml_dtypes.bfloat16),
    ]:
        y = function(x.astype(given))
        assert y.dtype == np.dtype(result)
        reference = function(x.astype(given).astype(np.float64))
        np.testing.assert_allclose(y.astype(np.float64), reference, rtol=8e-3, atol=8e-3)
    assert function([[1.0, 2.0]]).dtype == np.float64


@everyone
@pytest.mark.parametrize("shape", [(9000, 100), (100, 9000), (4, 5, 50_000)])
def test_many_16_bit_numbers_have_the_bits_of_few(function: Axiswise, shape: tuple[int, ...]) -> None:
    x = logits(shape).astype(np.float16)
    axis = int(np.argmin(shape))
    y = function(x, axis=axis)
    g = np.ones_like(y)
    gx = function.backward(saved_for_backward(function, x, axis=axis), g, axis=axis)
    other = int(np.argmax(shape))
    few = np.take(x, range(0, shape[other], 997), axis=other)
    at = other - (axis < other) if function.spec.family == "reduced" else other
    wanted = function(few, axis=axis)
    assert np.array_equal(np.take(y, range(0, shape[other], 997), axis=at), wanted)
    saved = saved_for_backward(function, few, axis=axis)
    wanted = function.backward(saved, np.ones_like(wanted), axis=axis)
    assert np.array_equal(np.take(gx, range(0, shape[other], 997), axis=other), wanted)


@everyone
def test_wrong_input_is_named_and_out_untouched(function: Axiswise) -> None:
    name = function.name
    out = np.full((2, 2), 7.0)
    with pytest.raises(ValueError, match=f"{name}: axis 2 does not exist in x, which has 2 dimensions"):
        function(np.ones((2, 2)), axis=2, out=out)
    with pytest.raises(ValueError, match="has 0 dimensions"):
        function(1.0)
    with pytest.raises(TypeError, match="axis must be an integer"):
        function(np.ones(4), axis=1.5)
    with pytest.raises(TypeError, match=f"{name}: x has dtype complex128"):
        function(np.ones(4, complex))
    with pytest.raises(TypeError, match=f"{name}: x has dtype .*; accepted are float16"):
        function(np.ones(4, np.longdouble))
    with pytest.raises(TypeError, match=f"{name}: g has dtype"):
        function.backward(np.ones(4), np.ones(4, complex))
    with pytest.raises(TypeError, match=f"{name} has no argument 'axes'"):
        function(np.ones((2, 2)), axes=0, out=out)
    with pytest.raises(ValueError, match=f"{name}: out has shape"):
        function(np.ones((3, 14)), out=out)
    with pytest.raises(ValueError, match="g has shape"):
        function.backward(np.ones((2, 6)), np.ones((5, 7)))
    assert np.all(out == 7)
    if function.SEVERAL:
        with pytest.raises(ValueError, match="names an axis twice"):
            function(np.ones((2, 2)), axis=(0, -2))
    else:
        with pytest.raises(ValueError, match="goes along one axis, not 2"):
            function(np.ones((2, 2)), axis=(0, 1))


def test_lengths_that_do_not_divide() -> None:
    for function in (*of_families["gated"], *of_families["grouped"]):
        with pytest.raises(ValueError, match="the length of axis 1 is 5, no multiple of"):
            function(np.ones((2, 5)))
    with pytest.raises(ValueError, match="pieces=0 must be a positive integer"):
        ac.maxout(np.ones((2, 5)), pieces=0)
    assert ac.maxout([[1.0, 5.0, 2.0, 3.0, np.nan, 0.0]], pieces=3).tolist()[0][0] == 5.0


@everyone
def test_signature_has_the_options_of_the_function(function: Axiswise) -> None:
    signature = inspect.signature(function)
    assert tuple(signature.parameters) == ("x", "axis", "out", *function.OPTIONS)
    assert {name: signature.parameters[name].default for name in function.OPTIONS} == function.OPTIONS
    signature.bind([1.0], 0, None, **function.OPTIONS)
    assert "row" in inspect.signature(type(function)).parameters


@everyone
def test_is_documented_and_pickles(function: Axiswise) -> None:
    assert pickle.loads(pickle.dumps(function)) is function
    for part in ("Parameters", "Returns", "Raises", "Notes", "References", function.spec.formula, *function.OPTIONS):
        assert part in (function.__doc__ or "")


@pytest.mark.parametrize("function", of_families["gated"], ids=lambda f: f.name)
@dtypes
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_large_gated_units_have_the_bits_of_small_ones(function: Axiswise, dtype: str, axis: int) -> None:
    x = logits((60, 40, 50), dtype)
    y = function(x, axis=axis)
    g = logits(y.shape, dtype, seed=1)
    gx = function.backward(x, g, axis=axis)
    other = (axis + 1) % 3
    for k in range(0, x.shape[other], 7):
        few = np.take(x, [k], axis=other)
        assert np.array_equal(np.take(y, [k], axis=other), function(few, axis=axis))
        assert np.array_equal(np.take(gx, [k], axis=other), function.backward(few, np.take(g, [k], axis=other), axis=axis))
    in_place = x.copy()
    assert np.array_equal(function.backward(in_place, g, axis=axis, out=in_place), gx)
