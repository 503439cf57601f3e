"""Other systems' conventions, for every spelling in the registry."""

from __future__ import annotations

import pickle

import array_api_strict as xp
import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import actcore as ac
from actcore.registry import ROWS, resolve

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
    assert set(points) <= {at for at, _, _ in row.kinks_at(activation.parameters)}
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


def test_kinks_move_with_the_parameters() -> None:
    hard_tanh = ac.get("hard_tanh", dialect="jax")
    x = np.array([-2.0, -1.0, 1.0, 2.0])
    assert np.array_equal(hard_tanh.derivative(x, min_value=-2.0), [1, 1, 1, 0])
    assert np.array_equal(hard_tanh.bind(max_value=2.0).derivative(x), [0, 1, 1, 1])
    assert np.array_equal(hard_tanh.derivative(x, min_value=np.array([-2.0, -1, -3, -1])), [1, 1, 1, 0])


def test_kinks_keep_the_dtype_and_the_kind_of_an_array() -> None:
    function = ac.get("leaky_relu", dialect="jax")
    for dtype in ("float16", "float32", "float64"):
        kinds = (np.dtype(dtype).type(0), np.zeros((), dtype), np.zeros(3, dtype), pd.Series(np.zeros(3, dtype)))
        for x in (*kinds, xr.DataArray(np.zeros(3, dtype)), da.zeros(3, dtype=dtype)):
            for slope in (function.derivative(x), function.value_and_derivative(x)[1], function.backward(x, x + 1)):
                assert isinstance(slope, type(ac.relu.derivative(x))) and slope.dtype == dtype and np.all(np.asarray(slope) == 1)
    for x in ((0.0, -1.0), [0.0, -1.0], np.ma.MaskedArray([0.0, -1.0], [False, True]), xp.asarray([0.0, -1.0])):
        slope = function.derivative(x)
        assert isinstance(slope, type(ac.relu.derivative(x))) and float(slope[0]) == 1.0


def test_kinks_take_infinite_gradients_and_outputs_that_are_inputs() -> None:
    function = ac.get("leaky_relu", dialect="jax")
    x, g = np.array([-1.0, 0.0, 1.0]), np.array([np.inf, 2.0, np.inf])
    expected = np.array([np.inf, 2.0, np.inf])
    assert np.array_equal(function.backward(x, g), expected)
    assert np.array_equal(function.backward(pd.Series(x), pd.Series(g)), expected)
    assert function.backward(x, g, out=g) is g and np.array_equal(g, expected)
    assert np.array_equal(function.derivative(x, out=np.full(3, 7.0), where=[True, False, True]), [0.01, 7, 1])


def test_functions_with_kinks_are_pickled_and_explain_errors() -> None:
    function = ac.get("hard_tanh", dialect="jax", max_value=2.0).derivative
    again = pickle.loads(pickle.dumps(function))
    assert repr(again) == repr(function) and "as in jax" in repr(again) and again(2.0) == 1.0
    for call, words in (
        (lambda: function(), "takes one array, x, and got 0"),
        (lambda: function(xp.asarray([1j])), "x has dtype complex128"),
    ):
        with pytest.raises(TypeError, match=words):
            call()


def test_a_dialect_goes_with_a_name_that_the_system_has() -> None:
    assert ac.get("softmax", dialect="torch") is ac.softmax
    assert ac.get(ac.softmax) is ac.softmax and ac.get(ac.gelu) is ac.gelu
    for error, words, arguments in (
        (ValueError, "dialect must be one of torch", {"name": "softmax", "dialect": "caffe"}),
        (ValueError, "torch has no function that corresponds to sparsemax", {"name": "sparsemax", "dialect": "torch"}),
        (TypeError, "dialect goes with a name", {"name": ac.elu, "dialect": "torch"}),
        (TypeError, "softmax has no parameter 'alpha'", {"name": "softmax", "alpha": 1.0}),
        (TypeError, "name must be a string, an Activation or an Axiswise", {"name": ["gelu"]}),
    ):
        with pytest.raises(error, match=words):
            ac.get(**arguments)


def test_jax_means_the_tanh_form_of_gelu() -> None:
    assert ac.get("gelu", dialect="jax") is not ac.gelu and ac.get("gelu", dialect="jax").name == "gelu_tanh"
    assert ac.get("gelu", dialect="torch").name == ac.get("gelu", dialect="keras").name == "gelu"


@pytest.mark.parametrize(
    ("name", "kinks"), [("absolute", {0.0: 1.0}), ("sparse_sigmoid", {-1.0: 0.25, 1.0: 0.25}), ("leaky_relu", {0.0: 1.0})]
)
def test_slopes_at_ties_are_those_that_jax_takes(name: str, kinks: dict[float, float]) -> None:
    assert {x: ac.get(name, dialect="jax").derivative(x) for x in kinks} == kinks
