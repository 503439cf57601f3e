"""What every row makes of NaN, and the periodic ones of arguments of any size."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import actcore as ac
from actcore.registry import ORDERS, ROWS, Row

PERIODIC = [row for row in ROWS if row.far]
FLOATS = ("float32", "float64")


def function_of(row: Row, kind: str) -> Any:
    return getattr(ac.get(row.name), kind)


def bits(y: np.ndarray) -> np.ndarray:
    return y.view(f"u{y.itemsize}")


@pytest.mark.parametrize("dtype", ("float16", *FLOATS))
@pytest.mark.parametrize("kind", ORDERS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_nan_stays_one_with_its_sign(row: Row, kind: str, dtype: str) -> None:
    signs = np.tile([1.0, -1.0, -1.0], 23)  # vector body and scalar tail
    x = np.copysign(np.full(signs.size, np.nan), signs).astype(dtype)
    y = function_of(row, kind)(x)
    assert np.isnan(y).all()
    assert np.array_equal(np.signbit(y), signs < 0)


@pytest.mark.parametrize("kind", ORDERS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_both_precisions_agree_at_zero_and_at_the_ends(row: Row, kind: str) -> None:
    function = function_of(row, kind)
    x = np.array([0.0, -0.0, np.inf, -np.inf])
    single, double = function(x.astype("float32")), function(x)
    zero = single == 0
    assert np.array_equal(zero, double == 0)
    assert np.array_equal(np.signbit(single[zero]), np.signbit(double[zero]))
    np.testing.assert_allclose(single, double, rtol=1e-6)


def arguments(dtype: str) -> np.ndarray:
    """Numbers of every exponent, multiples of pi/4 and the numbers next to them, and the double nearest to a multiple of pi/2."""
    rng = np.random.default_rng(20_261_121)
    info = np.finfo(dtype)
    exponents = np.arange(-60, info.maxexp)
    every = np.ldexp(rng.uniform(0.5, 1.0, exponents.size), exponents) * rng.choice([-1, 1], exponents.size)
    multiples = np.concatenate([np.arange(1, 40), 2 ** np.arange(6, 40)]) * (np.pi / 4)
    hard = [5.319372648326541e255] if dtype == "float64" else [16367173.0 * 2.0**72]
    x = np.concatenate([every, multiples, -multiples, hard]).astype(dtype)
    return np.concatenate([x, np.nextafter(x, x.dtype.type(0)), np.nextafter(x, x.dtype.type(np.inf))])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("kind", ORDERS)
@pytest.mark.parametrize("row", PERIODIC, ids=lambda row: row.name)
def test_every_finite_argument_is_reduced(row: Row, kind: str, dtype: str) -> None:
    x = arguments(dtype)
    x = x[np.isfinite(x)]
    y = function_of(row, kind)(x)
    with mpmath.workdps(700):  # the largest argument has 309 digits before the point
        exact = [getattr(row.reference, kind)(mpmath.mp, mpmath.mpf(float(v)), **row.defaults) for v in x]
        # Next to its zeros a derivative may be off by what is right for the terms it consists of.
        unit = np.spacing(np.abs(np.array([float(v) for v in exact], dtype)))
        terms = 2.0 ** (-25 if dtype == "float32" else -54) if kind != "value" else 0.0
        wrong = [float(abs(mpmath.mpf(float(a)) - b)) for a, b in zip(y, exact, strict=True)]
    bound = getattr(row.bounds, dtype)[ORDERS.index(kind)]
    over = np.array(wrong) > np.maximum(bound * unit.astype(float), terms)
    assert not over.any(), [(float(x[k]), float(y[k]), float(exact[k])) for k in np.flatnonzero(over)[:4]]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("row", PERIODIC, ids=lambda row: row.name)
def test_a_far_neighbour_changes_no_bit(row: Row, dtype: str) -> None:
    x = np.linspace(-50, 50, 1537).astype(dtype)
    with_far = x.copy()
    with_far[700] = 1e30
    others = np.arange(x.size) != 700
    for kind in ORDERS:
        function = function_of(row, kind)
        alone = np.array([function(v) for v in with_far[690:710]])
        assert np.array_equal(bits(function(x))[others], bits(function(with_far))[others])
        assert np.array_equal(bits(alone), bits(function(with_far)[690:710]))


@pytest.mark.parametrize("dtype", FLOATS)
def test_periodic_limits(dtype: str) -> None:
    ends = np.array([-np.inf, np.inf], dtype)
    assert np.isnan(ac.sinusoid(ends)).all() and np.isnan(ac.sinusoid.derivative(ends)).all()
    assert np.array_equal(ac.sinc(ends), [0.0, 0.0]) and np.array_equal(ac.sinc.second_derivative(ends), [0.0, 0.0])
    assert np.array_equal(ac.snake(ends), ends)
    zeros = np.array([-0.0, 0.0], dtype)
    for function in (ac.sinusoid, ac.gcu, ac.snake):
        assert np.array_equal(np.signbit(function(zeros)), [True, False])
    assert np.array_equal(ac.sinc(zeros), [1.0, 1.0])


@pytest.mark.parametrize("alpha", [-2.0, -1.0, -0.5, -1e-9, 0.0, 1e-9, 0.3, 1.0, 2.0])
def test_soft_exponential_over_its_parameter(alpha: float) -> None:
    row = ac.soft_exponential.spec
    low = row.domain[0](alpha=alpha)
    x = np.linspace(max(low, -6) + 1e-3, 8, 301)
    f = ac.get("soft_exponential", alpha=alpha)
    gradient = f.parameter_gradients(x, np.ones_like(x), np.full_like(x, alpha))
    h = mpmath.mpf(10) ** -25
    with mpmath.workdps(80):
        for kind in ORDERS:
            exact = [float(getattr(row.reference, kind)(mpmath.mp, mpmath.mpf(v), alpha=alpha)) for v in x]
            y = getattr(f, kind)(x)
            np.testing.assert_allclose(y, exact, rtol=2e-15, atol=4e-16)
        a = mpmath.mpf(alpha)
        value = row.reference.value
        exact = [
            float((value(mpmath.mp, mpmath.mpf(v), alpha=a + h) - value(mpmath.mp, mpmath.mpf(v), alpha=a - h)) / (2 * h))
            for v in x
        ]
    np.testing.assert_allclose(gradient, exact, rtol=1e-13)
    if alpha < 0:
        outside = np.array([low - 1e-3, low - 10])
        assert np.isnan(f(outside)).all() and np.isnan(f.derivative(outside)).all()


@pytest.mark.parametrize("dtype", FLOATS)
def test_ends_of_what_is_made_of_the_error_function(dtype: str) -> None:
    ends = np.array([-np.inf, np.inf], dtype)
    assert np.array_equal(ac.erfc(ends), [2.0, 0.0])
    assert np.array_equal(ac.erfc.derivative(ends), [0.0, 0.0]) and np.array_equal(ac.erfc.second_derivative(ends), [0.0, 0.0])
    deep = np.array([9.5 if dtype == "float32" else 27.0], dtype)
    assert 0 < ac.erfc(deep)[0] < np.finfo(dtype).tiny
    x = np.array([-1.0, 1.0, -0.0, 0.0], dtype)
    assert np.array_equal(ac.erfinv(x), [-np.inf, np.inf, 0.0, 0.0])
    assert np.array_equal(np.signbit(ac.erfinv(x)), [True, False, True, False])
    assert np.array_equal(ac.erfinv.derivative(x)[:2], [np.inf, np.inf])
    assert np.array_equal(ac.erfinv.second_derivative(x)[:2], [-np.inf, np.inf])
    outside = np.array([-np.inf, -1.5, 1.5, np.inf], dtype)
    assert all(np.isnan(function_of(ac.erfinv.spec, kind)(outside)).all() for kind in ORDERS)


@pytest.mark.parametrize("dtype", FLOATS)
def test_ends_of_log1mexp(dtype: str) -> None:
    ends = np.array([-0.0, 0.0, np.inf], dtype)
    assert np.array_equal(ac.log1mexp(ends), [-np.inf, -np.inf, 0.0])
    assert np.array_equal(ac.log1mexp.derivative(ends), [np.inf, np.inf, 0.0])
    assert np.array_equal(ac.log1mexp.second_derivative(ends), [-np.inf, -np.inf, 0.0])
    outside = np.array([-np.inf, -1.0, -np.finfo(dtype).tiny], dtype)
    assert all(np.isnan(function_of(ac.log1mexp.spec, kind)(outside)).all() for kind in ORDERS)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("bias", [0.0, 0.5, -0.25])
def test_shrink_is_hard_and_soft_shrink(dtype: str, bias: float) -> None:
    x = np.array([-np.inf, -3.0, -0.75, -0.5, -0.25, -0.0, 0.0, 0.25, 0.5, 0.75, 3.0, np.inf], dtype)
    sign = np.sign(x)
    assert np.array_equal(ac.shrink(x, bias=bias), np.where(np.abs(x) > 0.5, x - sign * x.dtype.type(bias), 0))
    if bias == 0:
        assert np.array_equal(ac.shrink(x), ac.hard_shrink(x))
    if bias == 0.5:
        assert np.array_equal(ac.shrink(x, bias=bias), ac.soft_shrink(x))


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_four_slopes_of_sobolevas_tanh(dtype: str) -> None:
    ends = np.array([-np.inf, np.inf], dtype)
    assert np.array_equal(ac.soboleva_tanh(ends), [-1.0, 1.0])
    assert np.array_equal(ac.soboleva_tanh(ends, a=0.5, b=2.0), [-np.inf, 0.0])
    slopes = np.array([[1, 1, 1, 1], [0.7, 1.3, 1.2, 1.5], [1, 1, 0, 0], [1.5, 0.5, 1, 0.5], [0.5, 2, 0.5, 2]], dtype)
    x = np.array([-20.0, -1.25, -0.1, 0.0, 1e-6, 0.4, 0.6, 3.0, 25.0], dtype)
    row = ac.soboleva_tanh.spec
    for kind, share in zip(ORDERS, (2, 4, 8), strict=True):
        together = function_of(row, kind)(x[:, None], **dict(zip("abcd", slopes.T, strict=True)))
        for column, given in zip(together.T, slopes, strict=True):
            parameters = {name: float(value) for name, value in zip("abcd", given, strict=True)}
            assert np.array_equal(column, function_of(row, kind)(x, **parameters))
            with mpmath.workdps(60):
                reference = getattr(row.reference, kind)
                exact = [float(reference(mpmath.mp, mpmath.mpf(float(v)), **parameters)) for v in x]
            eps = float(np.finfo(dtype).eps)
            np.testing.assert_allclose(column, exact, rtol=share * eps, atol=share * eps)


@pytest.mark.parametrize("dtype", FLOATS)
def test_repsu_over_its_parameters(dtype: str) -> None:
    row = ac.repsu.spec
    given = [
        {},
        {"power": 2.0},
        {"power": 0.5, "shift": 1.0},
        {"alpha": 1.0, "shift": 20.0, "scale": 0.75, "power": 1.5},
        {"alpha": 0.25, "threshold": -0.5, "shift": 0.5, "scale": 3.0, "power": 2.5},
        {"threshold": 0.25, "scale": 1e-3},
    ]
    x = np.array([-3.0, -0.4, 0.1, 0.3, 0.7, 1.5, 3.0, 8.0, 30.0, 1e5], dtype)
    for changed in given:
        parameters = {**row.defaults, **changed}
        parameters = {name: float(np.dtype(dtype).type(value)) for name, value in parameters.items()}
        for kind, share in zip(ORDERS, (2, 4, 8), strict=True):
            y = function_of(row, kind)(x, **parameters)
            arrays = {name: np.full_like(x, value) for name, value in parameters.items()}
            assert np.array_equal(bits(y), bits(function_of(row, kind)(x, **arrays)))
            with mpmath.workdps(60):
                exact = [float(getattr(row.reference, kind)(mpmath.mp, mpmath.mpf(float(v)), **parameters)) for v in x]
            eps = float(np.finfo(dtype).eps)
            np.testing.assert_allclose(y, exact, rtol=share * eps, atol=0.25 * eps)


@pytest.mark.parametrize("dtype", FLOATS)
def test_ends_and_edges_of_repsu(dtype: str) -> None:
    x = np.array([-np.inf, -0.5, -0.0, 0.0, np.inf], dtype)
    assert np.array_equal(ac.repsu(x), [0, 0, 0, 0, np.inf])
    assert np.allclose(ac.repsu.derivative(x), [0, 0, 0.7, 0.7, 1], rtol=1e-7)
    assert np.allclose(ac.repsu.second_derivative(x), [0, 0, 0.3, 0.3, 0], rtol=1e-7)
    # A steep gate makes a step between the two lines, a wide one their mean.
    assert np.allclose(ac.repsu(np.array([0.5, 2.0], dtype), alpha=1.0, shift=1.0, scale=0.25, power=60.0), [0, 2])
    assert np.allclose(ac.repsu(np.array([0.5, 2.0], dtype), alpha=1.0, scale=1e30), [0.25, 1], rtol=1e-6)
    # At the shift the slope is that of the power: infinite below 1, nothing above.
    at = np.array([1.0], dtype)
    assert ac.repsu.derivative(at, shift=1.0, power=0.5) == np.inf
    assert ac.repsu.derivative(at, alpha=1.0, shift=1.0, power=2.0) == 0.5
    assert ac.repsu.derivative(at, alpha=1.0, threshold=1.0, shift=1.0, power=0.5) == 0.5
    assert ac.repsu.second_derivative(at, alpha=1.0, shift=1.0, power=3.0) == 0
    # The threshold is where the value jumps, unless it is 0.
    assert np.allclose(ac.repsu(at, threshold=1.0), 0.4, rtol=1e-6)


def test_gradients_of_repsu_over_its_parameters() -> None:
    row = ac.repsu.spec
    x = np.array([0.2, 0.4, 0.7, 1.2, 2.0, 5.0])
    for changed in ({}, {"alpha": 0.25, "threshold": -0.5, "shift": 0.5, "scale": 0.75, "power": 1.75}):
        values = {**row.defaults, **changed}
        results = ac.repsu.parameter_gradients(x, np.ones_like(x), **{name: np.full_like(x, v) for name, v in values.items()})
        for name, gradient in zip(values, results, strict=True):
            exact = []
            with mpmath.workdps(60):
                h = mpmath.mpf(10) ** -25
                for at in x:
                    ends = ({**values, name: mpmath.mpf(values[name]) + step} for step in (h, -h))
                    up, down = (row.reference.value(mpmath.mp, mpmath.mpf(at), **end) for end in ends)
                    exact.append(float((up - down) / (2 * h)))
            np.testing.assert_allclose(gradient, exact, rtol=4e-15, atol=1e-15)
