"""The 16-bit formats: computed in float32 and rounded once, for every one of their values."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import actcore as ac
from actcore.registry import ORDERS, ROWS

FORMATS = {"float16": np.dtype(np.float16), "bfloat16": np.dtype(ml_dtypes.bfloat16)}
KINDS = [*ORDERS, "backward", "value_and_derivative"]


def every_value(name: str) -> np.ndarray:
    return np.arange(65536, dtype=np.uint16).view(FORMATS[name])


def agree(a: np.ndarray, b: np.ndarray) -> bool:
    """Equality of bits, NaN payloads excepted."""
    nans = np.isnan(a.astype(np.float32))
    same_nans = np.array_equal(nans, np.isnan(b.astype(np.float32)))
    return same_nans and np.array_equal(a.view(np.uint16)[~nans], b.view(np.uint16)[~nans])


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_value_is_the_float32_result_rounded_once(row, name: str) -> None:
    activation, x = ac.get(row.name), every_value(name)
    wide = x.astype(np.float32)
    for kind in ORDERS:
        function = getattr(activation, kind)
        y = function(x)
        assert y.dtype == x.dtype
        with np.errstate(over="ignore", invalid="ignore"):
            assert agree(y, function(wide).astype(x.dtype))
        assert agree(np.ascontiguousarray(function(x[::-1])[::-1]), y)
        assert agree(function(x.reshape(256, 256).T).T.ravel(), y)
        out = np.zeros_like(x)
        function(x, out=out)
        assert agree(out, y)
    value, derivative = activation.value_and_derivative(x)
    assert agree(value, activation(x)) and agree(derivative, activation.derivative(x))


@pytest.mark.parametrize("name", FORMATS)
def test_parameters_keep_single_precision(name: str) -> None:
    x = every_value(name)
    wide = x.astype(np.float32)
    slopes = np.linspace(0, 1, x.size, dtype=np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        assert agree(ac.leaky_relu(x, negative_slope=0.01), ac.leaky_relu(wide, negative_slope=0.01).astype(x.dtype))
        assert agree(ac.leaky_relu(x, negative_slope=slopes), ac.leaky_relu(wide, negative_slope=slopes).astype(x.dtype))
        assert agree(ac.leaky_relu.backward(x, x), (wide * ac.leaky_relu.derivative(wide)).astype(x.dtype))
