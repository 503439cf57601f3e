"""Gradients of learnable parameters, against central differences and reduced to every broadcastable shape."""

from __future__ import annotations

import numpy as np
import pytest

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
