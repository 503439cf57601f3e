"""Other systems' conventions, for every spelling in the registry."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import actcore as ac
from actcore.activation import kinks_of, resolve
from actcore.registry import ROWS

SPELLED = [(row, system) for row in ROWS for system in row.spellings]
KINKED = [(row, system) for row, system in SPELLED if row.spellings[system].kinks]


@pytest.mark.parametrize(("row", "system"), SPELLED, ids=lambda value: getattr(value, "name", value))
def test_defaults_are_the_systems(row, system: str) -> None:
    spelling = row.spellings[system]
    activation = ac.get(row.name, dialect=system)
    assert activation.name == (spelling.row or row.name)
    if not spelling.row:
        assert dict(activation.parameters) == {**row.defaults, **spelling.defaults}
    x = np.linspace(-4, 4, 401)
    plain = ac.get(activation.name, **activation.parameters)
    assert np.array_equal(activation(x), plain(x), equal_nan=True)  # NaN outside a domain


@pytest.mark.parametrize(("row", "system"), KINKED, ids=lambda value: getattr(value, "name", value))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_derivative_at_kinks_is_the_systems(row, system: str, dtype: str) -> None:
    activation = ac.get(row.name, dialect=system)
    ours = ac.get(row.name, **activation.parameters)
    kinks, parameters = row.spellings[system].kinks, activation.parameters
    points = {resolve(kink.at, parameters): resolve(kink.derivative, parameters) for kink in kinks}
    assert set(points) <= {at for at, _, _ in kinks_of(row, activation.parameters)}
    x = np.concatenate([np.linspace(-8, 8, 161), list(points)]).astype(dtype)
    g = np.linspace(-2, 2, x.size).astype(dtype)
    expected = ours.derivative(x)
    for at, slope in points.items():
        expected[x == np.dtype(dtype).type(at)] = slope
    assert np.any(expected != ours.derivative(x))
    assert np.array_equal(activation.derivative(x), expected)
    assert np.array_equal(activation.value_and_derivative(x)[1], expected)
    np.testing.assert_allclose(activation.backward(x, g), g * expected, rtol=1e-6)
    in_place = x.copy()
    assert activation.derivative(in_place, out=in_place) is in_place and np.array_equal(in_place, expected)
    assert [float(activation.derivative(float(one))) for one in points] == list(points.values())
    again = pickle.loads(pickle.dumps(activation))
    assert np.array_equal(again.derivative(x), expected) and system in repr(again)


def test_a_system_without_the_function_is_named() -> None:
    systems = ("torch", "keras", "jax", "onnx")
    lacking = next((row.name, system) for row in ROWS for system in systems if system not in row.spellings)
    with pytest.raises(ValueError, match=f"{lacking[1]} has no function that corresponds to {lacking[0]}"):
        ac.get(lacking[0], dialect=lacking[1])
    bound = ac.get("leaky_relu", dialect="jax", negative_slope=0.3)
    assert bound.bind(negative_slope=0.4).derivative(0.0) == 1.0
