"""Gradients of learnable parameters, against central differences and reduced to every broadcastable shape."""

from __future__ import annotations

import array_api_strict as xp
import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import actcore as ac
from actcore.registry import ROWS

LEARNABLE = [row for row in ROWS if any(p.learnable for p in row.parameters)]


@pytest.mark.parametrize("row", LEARNABLE, ids=lambda row: row.name)
@pytest.mark.parametrize("shape", [(), (1,), (7,), (5, 1), (3, 5, 7)])
def test_against_central_differences(row, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    activation = ac.get(row.name)
    x, g = rng.normal(size=(2, 3, 5, 7)) * 2
    values = {p.name: np.full(shape, p.default) + (0.0 if not shape else 0.01 * rng.random(shape)) for p in row.parameters}
    result = activation.parameter_gradients(x, g, **values)
    names = [p.name for p in row.parameters if p.learnable]
    gradients = dict(zip(names, result if len(names) > 1 else (result,), strict=True))
    h = 1e-6
    for name in names:
        up, down = ({**values, name: values[name] + sign * h} for sign in (1, -1))
        full = g * (activation(x, **up) - activation(x, **down)) / (2 * h)
        expected = np.zeros(shape)
        padded = (1,) * (3 - len(shape)) + shape
        axes = tuple(axis for axis in range(3) if padded[axis] == 1)
        expected = full.sum(axis=axes, keepdims=True).reshape(shape)
        assert np.shape(gradients[name]) == shape
        np.testing.assert_allclose(gradients[name], expected, rtol=1e-5, atol=1e-6)


def test_positional_values_dtypes_and_errors() -> None:
    row = LEARNABLE[0]
    activation = ac.get(row.name)
    x = np.linspace(-2, 2, 9, dtype=np.float32)
    slopes = np.full(9, row.parameters[0].default, np.float32)
    by_position = activation.parameter_gradients(x, x, slopes)
    assert np.array_equal(by_position, activation.parameter_gradients(x, x, **{row.parameters[0].name: slopes}))
    assert by_position.dtype == np.float32
    with pytest.raises(TypeError, match="no learnable parameter"):
        ac.tanh.parameter_gradients(x, x)
    with pytest.raises(TypeError, match="values were given"):
        activation.parameter_gradients(x, x, *[1.0] * (len(row.parameters) + 1))


def test_a_sum_that_overflows_is_a_result_and_no_warning() -> None:
    x = np.full(4, -3e38, np.float32)
    assert ac.prelu.parameter_gradients(x, np.ones(4, np.float32)) == -np.inf


def test_masked_entries_take_no_part_and_lazy_ones_wait() -> None:
    x, g = np.array([-1.0, -2.0, 3.0]), np.ones(3)
    assert ac.prelu.parameter_gradients(np.ma.MaskedArray(x, [False, True, False]), g) == -1.0
    each = ac.prelu.parameter_gradients(np.ma.MaskedArray(x, [False, True, False]), g, np.full(3, 0.25))
    assert type(each) is np.ndarray and np.array_equal(each, [-1, 0, 0])
    lazy = ac.prelu.parameter_gradients(da.from_array(x, chunks=2), g)
    assert isinstance(lazy, da.Array) and lazy.compute() == -3.0
    tensor = ac.prelu.parameter_gradients(xp.asarray(x), g, xp.asarray([0.25]))
    assert type(tensor) is type(xp.asarray(x)) and tensor.shape == (1,) and float(tensor[0]) == -3.0
    for labelled in (pd.Series(x), xr.DataArray(x)):
        assert ac.prelu.parameter_gradients(labelled, g) == -3.0


def test_a_value_given_twice_is_an_error() -> None:
    with pytest.raises(TypeError, match="prelu: alpha is given twice"):
        ac.prelu.parameter_gradients(np.ones(3), np.ones(3), 0.25, alpha=0.5)
    for option in ("slope", "out"):
        with pytest.raises(TypeError, match=f"prelu has no parameter '{option}'; its parameters are: alpha"):
            ac.prelu.parameter_gradients(np.ones(3), np.ones(3), **{option: np.ones(3)})
