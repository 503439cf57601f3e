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


def one(x: float) -> np.float32:
    return np.float32(x)


def erf(x: np.ndarray) -> np.ndarray:
    """Correctly rounded erf, so that the fault shown is the formula's alone."""
    return np.array([float(mpmath.erf(float(v))) for v in np.ravel(x)], np.float32).reshape(np.shape(x))


FAULTS = [
    Fault(
        "gelu", -5.0, lambda x: one(0.5) * x * (one(1) + erf(x / np.sqrt(one(2)))), "pytorch #187806: 1 + erf cancels"
    ),
    Fault(
        "gelu",
        -8.0,
        lambda x: one(0.5) * x * (one(1) + erf(x / np.sqrt(one(2)))),
        "pytorch #187806: zero for a normal number",
    ),
    Fault("silu", -90.0, lambda x: x / (one(1) + np.exp(-x)), "tt-metal #55711: exp overflows, the tail is lost"),
    Fault("silu", -np.inf, lambda x: x * (one(1) / (one(1) + np.exp(-x))), "pytorch #160876: NaN at -inf"),
    Fault("elu", -1e-7, lambda x: np.exp(x) - one(1), "TensorFlow #116943: exp(x) - 1 cancels"),
    Fault(
        "selu", -1e-7, lambda x: one(1.0507) * one(1.67326) * (np.exp(x) - one(1)), "truncated constants, cancellation"
    ),
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
    Fault("softsign", np.inf, lambda x: x / (one(1) + np.abs(x)), "NNlib exempts +inf from its tests"),
    Fault("relu", -np.inf, lambda x: x * (x > 0), "thinc: NaN at -inf"),
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
    function = activation if order == "value" else getattr(activation, order)
    with mpmath.workdps(60):
        reference = getattr(activation.spec.reference, order)
        exact = reference(mpmath.mp, mpmath.mpf(float(x[0])), **activation.parameters) if np.isfinite(fault.at) else None
    with np.errstate(all="ignore"):
        naive = float(np.asarray(fault.formula(x))[0])
    ours = float(function(x)[0])
    if exact is None:  # at infinity: the limit
        limits = {("silu", -np.inf): 0.0, ("softsign", np.inf): 1.0, ("relu", -np.inf): 0.0}
        assert ours == limits[fault.function, fault.at] and np.isnan(naive)
        return
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


def test_the_tail_of_an_array_is_computed_like_its_body() -> None:
    # TensorFlow #2234, pytorch #196999: an element's result depended on its position.
    for name in ac.names():
        for dtype in ("float32", "float64"):
            x = np.full(67, 0.7390851332151607, dtype)
            assert np.unique(ac.get(name)(x)).size == 1
