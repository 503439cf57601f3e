"""Faults on record in other systems, each with the formula that has it: the formula must fail where the kernel holds.

The formulas are evaluated in float32 with NumPy. Sources: the issue trackers named beside each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mpmath
import numpy as np
import pytest

import actcore as ac

Formula = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Fault:
    """A naive formula and an input at which it is wrong."""

    function: str
    at: float
    formula: Formula
    record: str
    order: str = "value"
    limit: float | None = None  # what is right at an infinity


def one(x: float) -> np.float32:
    return np.float32(x)


def erf(x: np.ndarray) -> np.ndarray:
    """Correctly rounded erf, so that the fault shown is the formula's alone."""
    return np.array([float(mpmath.erf(float(v))) for v in np.ravel(x)], np.float32).reshape(np.shape(x))


def polynomial_erf(x: np.ndarray) -> np.ndarray:
    """erf by formula 7.1.26 of Abramowitz and Stegun, whose error is small beside 1 only."""
    t = one(1) / (one(1) + one(0.3275911) * np.abs(x))
    p = t * (one(0.254829592) + t * (one(-0.284496736) + t * (one(1.421413741) + t * (one(-1.453152027) + t * one(1.061405429)))))
    return np.sign(x) * (one(1) - p * np.exp(-x * x))


def softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, one(0)) + np.log1p(np.exp(-np.abs(x)))


def cdf(x: np.ndarray) -> np.ndarray:
    return one(0.5) * (one(1) + erf(x / np.sqrt(one(2))))


def logistic(x: np.ndarray) -> np.ndarray:
    return one(1) / (one(1) + np.exp(-x))


FAULTS = [
    Fault("gelu", -5.0, lambda x: one(0.5) * x * (one(1) + erf(x / np.sqrt(one(2)))), "pytorch #187806: 1 + erf cancels"),
    Fault(
        "gelu",
        -8.0,
        lambda x: one(0.5) * x * (one(1) + erf(x / np.sqrt(one(2)))),
        "pytorch #187806: zero for a normal number",
    ),
    Fault("silu", -90.0, lambda x: x / (one(1) + np.exp(-x)), "tt-metal #55711: exp overflows, the tail is lost"),
    Fault("silu", -np.inf, lambda x: x * (one(1) / (one(1) + np.exp(-x))), "pytorch #160876: NaN at -inf", limit=0.0),
    Fault("elu", -1e-7, lambda x: np.exp(x) - one(1), "TensorFlow #116943: exp(x) - 1 cancels"),
    Fault("selu", -1e-7, lambda x: one(1.0507) * one(1.67326) * (np.exp(x) - one(1)), "truncated constants, cancellation"),
    Fault("selu", 2.0, lambda x: one(1.0507) * x, "constants of four digits: 3e-6 relative error"),
    Fault(
        "softplus",
        21.0,
        lambda x: np.where(x > 20, x, np.log1p(np.exp(x))),
        "pytorch #31110: a threshold at 20 in double",
        "float64 value",
    ),
    Fault("softplus", 100.0, lambda x: np.log(one(1) + np.exp(x)), "burn #5373: inf"),
    Fault("softplus", -20.0, lambda x: np.log(one(1) + np.exp(x)), "ln(1 + tiny) is 0"),
    Fault("sigmoid", -30.0, lambda x: one(1) / (one(1) + np.exp(-np.clip(x, -20, 20))), "thinc clips its input to ±20"),
    Fault("sigmoid", -100.0, lambda x: one(1) / (one(1) + np.exp(-x)), "a subnormal result, 0 after overflow"),
    Fault(
        "sigmoid",
        20.0,
        lambda x: (s := one(1) / (one(1) + np.exp(-x))) * (one(1) - s),
        "σ(1 - σ) cancels",
        "derivative",
    ),
    Fault("tanh", 1e-5, lambda x: one(2) / (one(1) + np.exp(-2 * x)) - one(1), "tinygrad: tanh as 2σ(2x) - 1"),
    Fault("tanh", 12.0, lambda x: one(1) - np.tanh(x) ** 2, "1 - tanh² is 0 on saturation", "derivative"),
    Fault("softsign", np.inf, lambda x: x / (one(1) + np.abs(x)), "NNlib exempts +inf from its tests", limit=1.0),
    Fault("relu", -np.inf, lambda x: x * (x > 0), "thinc: NaN at -inf", limit=0.0),
    Fault(
        "gelu",
        -8.5,
        lambda x: 0.5 * x * (1 + np.array([float(mpmath.erf(v / 2**0.5)) for v in x])),
        "pytorch #187806: most digits are gone in double too",
        "float64 value",
    ),
    Fault(
        "gelu",
        -6.0,
        lambda x: cdf(x) + x * np.exp(one(-0.5) * x * x) / np.sqrt(one(2 * np.pi)),
        "tt-metal #36366: the derivative's tail",
        "derivative",
    ),
    Fault("gelu", np.inf, lambda x: x - x * cdf(-x), "pytorch #185770: NaN at +inf", limit=np.inf),
    Fault("gelu", -np.inf, lambda x: x * cdf(x), "NNlib exempts -inf from its tests", limit=0.0),
    Fault("erf", 1e-7, polynomial_erf, "pytorch #198183: 0 for a small number"),
    Fault("erf", 1e-5, polynomial_erf, "pytorch #198183: an absolute bound is none near 0"),
    Fault("tanh_shrink", 1e-3, lambda x: x - np.tanh(x), "tt-metal #47323: x - tanh(x) cancels"),
    Fault("squareplus", -1e4, lambda x: (x + np.sqrt(x * x + one(4))) / one(2), "Keras and JAX: 0 for 1e-4"),
    Fault("squareplus", 1e20, lambda x: (x + np.sqrt(x * x + one(4))) / one(2), "Keras and JAX: the square overflows"),
    Fault("logcosh", 1e-3, lambda x: x + softplus(-2 * x) - np.log(one(2)), "NNlib: ln 2 cancels"),
    Fault("logcosh", -np.inf, lambda x: x + softplus(-2 * x) - np.log(one(2)), "NNlib exempts -inf from its tests", limit=np.inf),
    Fault("softplus", 0.0, lambda x: np.sign(x) ** 2 * logistic(x) * logistic(-x), "NNlib #671: 0 at 0", "second_derivative"),
    Fault(
        "softplus",
        -21.0,
        lambda x: np.where(-x > 20, one(0), logistic(x)),
        "pytorch #55587: a threshold in the derivative, on the wrong side",
        "derivative",
    ),
    Fault("mish", 50.0, lambda x: x * ((w := (one(1) + np.exp(x)) ** 2) - one(1)) / (w + one(1)), "mindspore #379, darknet #5452"),
    Fault("mish", -np.inf, lambda x: x * np.tanh(softplus(x)), "NNlib exempts -inf from its tests", limit=0.0),
    Fault(
        "mish",
        np.inf,
        lambda x: (t := np.tanh(softplus(x))) + x * logistic(x) * (one(1) - t * t),
        "pytorch's form of the derivative is inf * 0",
        "derivative",
        limit=1.0,
    ),
    Fault("hard_swish", -np.inf, lambda x: x * np.clip(x / one(6) + one(0.5), 0, 1), "NNlib exempts -inf", limit=0.0),
    Fault(
        "log_sigmoid",
        -np.inf,
        lambda x: np.exp(-x) / (one(1) + np.exp(-x)),
        "pytorch #31829: NaN as derivative at -inf",
        "derivative",
        limit=1.0,
    ),
    Fault("relu6", 1e10, lambda x: np.maximum(x, 0) - np.maximum(x - one(6), 0), "tinygrad #18028: 0 for a large number"),
    Fault("leaky_relu", -1.0, lambda x: np.maximum(one(1.5) * x, x), "max(a·x, x) is wrong for a > 1"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.function} at {fault.at:g}: {fault.record}")
def test_the_kernel_holds_where_the_formula_fails(fault: Fault) -> None:
    double = fault.order.startswith("float64")
    x = np.array([fault.at], np.float64 if double else np.float32)
    order = fault.order.removeprefix("float64 ")
    activation = ac.get(fault.function)
    if fault.function == "leaky_relu":
        activation = activation.bind(negative_slope=1.5)
    function = getattr(activation, order)
    with np.errstate(all="ignore"):
        naive = float(np.asarray(fault.formula(x))[0])
    ours = float(function(x)[0])
    if fault.limit is not None:
        assert ours == fault.limit and np.isnan(naive)
        return
    with mpmath.workdps(60):
        reference = getattr(activation.spec.reference, order)
        exact = reference(mpmath.mp, mpmath.mpf(float(x[0])), **activation.parameters)
    ulp = float(np.spacing(np.abs(x.dtype.type(float(exact)))))
    assert abs(ours - float(exact)) <= 2 * ulp
    assert not abs(naive - float(exact)) <= 8 * ulp


def test_softmax_with_infinite_logits() -> None:
    # pytorch #6864, jax #21495, scipy #23225: NaN where one +inf takes everything, and for a row of -inf.
    with np.errstate(invalid="ignore"):
        x = np.array([0.0, np.inf])
        naive = np.exp(x - x.max()) / np.exp(x - x.max()).sum()
    assert np.isnan(naive).any()
    assert ac.softmax(x).tolist() == [0.0, 1.0]


def test_softmax_of_nothing_but_minus_infinity() -> None:
    # burn #5742: NaN for a row of equal logits.
    x = np.full(3, -np.inf)
    with np.errstate(invalid="ignore"):
        assert np.isnan(np.exp(x - x.max())).all()
    assert ac.softmax(x).tolist() == 3 * [1 / 3]


def test_log_softmax_of_the_largest_entry() -> None:
    # scipy #19521: the logarithm of a number rounded to 1 is 0.
    x = np.array([0.0, -50.0])
    assert (x - x.max() - np.log(np.exp(x - x.max()).sum()))[0] == 0
    assert ac.log_softmax(x)[0] == pytest.approx(-np.exp(-50.0), rel=1e-15)


def test_the_tail_of_an_array_is_computed_like_its_body() -> None:
    # TensorFlow #2234, pytorch #196999: an element's result depended on its position.
    for name in ac.names():
        for dtype in ("float32", "float64"):
            x = np.full(67, 0.7390851332151607, dtype)
            assert np.unique(ac.get(name)(x)).size == 1
