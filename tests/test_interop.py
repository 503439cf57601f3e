"""Arrays of other libraries come back as their own kind: lazy, labelled, masked, or through DLPack."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import array_api_strict as xp
import dask
import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import actcore as ac
from actcore._build.blocks import KINDS
from actcore.along_axis import Axiswise
from actcore.registry import AXIS_ROWS, ROWS

activations = pytest.mark.parametrize("activation", [ac.get(row.name) for row in ROWS], ids=[row.name for row in ROWS])
axiswise = pytest.mark.parametrize("function", [ac.get(row.name) for row in AXIS_ROWS], ids=[row.name for row in AXIS_ROWS])
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
axes = pytest.mark.parametrize("axis", [0, 1, -1])

X = np.random.default_rng(0).uniform(0.05, 0.95, (4, 6))  # inside the domain of every function


def compute_never(*args: Any, **kwargs: Any) -> None:
    raise AssertionError("a lazy array was computed early")


@contextmanager
def lazily() -> Iterator[None]:
    with dask.config.set(scheduler=compute_never):
        yield


def call(activation: Any, kind: Any, x: Any, **options: Any) -> tuple[Any, ...]:
    function = getattr(activation, kind.name)
    result = function(*[x] * len(kind.inputs), **options)
    return result if isinstance(result, tuple) else (result,)


def backward(function: Axiswise, x: Any, wrap: Any, **options: Any) -> Any:
    """Call the backward pass with `wrap`ped arrays, of the right shapes for `x`."""
    y = function(x, **options)
    return function.backward(wrap(y if function.spec.backward_from == "output" else x), wrap(np.ones_like(y)), **options)


# --- element-wise -------------------------------------------------------------------------------------------------------


@activations
@kinds
def test_dask_stays_lazy(activation: Any, kind: Any) -> None:
    expected = call(activation, kind, X)
    with lazily():
        results = call(activation, kind, da.from_array(X, chunks=(2, 3)))
        assert all(isinstance(y, da.Array) and y.dtype == X.dtype and y.chunks == ((2, 2), (3, 3)) for y in results)
    for y, wanted in zip(results, expected, strict=True):
        assert np.array_equal(y.compute(scheduler="synchronous"), wanted)


@activations
def test_dask_parameters_stay_lazy(activation: Any) -> None:
    for parameter in activation.spec.parameters:
        values = np.full(X.shape, parameter.default)
        with lazily():
            y = activation(da.from_array(X, chunks=2), **{parameter.name: da.from_array(values, chunks=2)})
        assert np.array_equal(y.compute(scheduler="synchronous"), activation(X))


@activations
@kinds
@pytest.mark.parametrize("lazy", [False, True])
def test_xarray_keeps_coordinates_and_name(activation: Any, kind: Any, lazy: bool) -> None:
    x = xr.DataArray(X, dims=("row", "column"), coords={"row": list("abcd")}, name="logits", attrs={"unit": "nat"})
    with lazily():
        results = call(activation, kind, x.chunk({"row": 2}) if lazy else x)
    for y, wanted in zip(results, call(activation, kind, X), strict=True):
        assert isinstance(y, xr.DataArray) and y.dims == x.dims and list(y.row.values) == list("abcd")
        assert isinstance(y.data, da.Array) == lazy
        assert kind.name == "backward" or y.name == "logits"
        assert np.array_equal(y.values, wanted)


@activations
@kinds
def test_pandas_keeps_index_and_names(activation: Any, kind: Any) -> None:
    frame = pd.DataFrame(X, index=list("abcd"), columns=list("uvwxyz"))
    for y, wanted in zip(call(activation, kind, frame), call(activation, kind, X), strict=True):
        assert isinstance(y, pd.DataFrame) and y.index.equals(frame.index) and y.columns.equals(frame.columns)
        assert np.array_equal(y.to_numpy(), wanted)
    for y in call(activation, kind, frame["v"]):
        assert isinstance(y, pd.Series) and y.index.equals(frame.index) and y.name == "v"


@activations
@kinds
def test_masked_arrays_keep_their_mask(activation: Any, kind: Any) -> None:
    mask = X > 0.5
    for y, wanted in zip(call(activation, kind, np.ma.MaskedArray(X, mask)), call(activation, kind, X), strict=True):
        assert isinstance(y, np.ma.MaskedArray) and np.array_equal(y.mask, mask)
        assert np.array_equal(y.data[~mask], wanted[~mask])


@activations
@kinds
def test_array_api_objects_come_back_as_their_own_kind(activation: Any, kind: Any) -> None:
    x = xp.asarray(X)
    for y, wanted in zip(call(activation, kind, x), call(activation, kind, X), strict=True):
        assert type(y) is type(x)
        assert np.array_equal(np.from_dlpack(y), wanted)
    for parameter in activation.spec.parameters:
        y = activation(x, **{parameter.name: parameter.default})
        assert type(y) is type(x) and np.array_equal(np.from_dlpack(y), activation(X))


class Elsewhere:
    """An array-API object whose memory NumPy cannot reach."""

    def __dlpack__(self, **options: Any) -> None:
        raise BufferError("the data is on a device")

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, 0


def test_what_numpy_cannot_reach_is_a_clear_type_error() -> None:
    for function in (ac.gelu, ac.softmax, ac.gelu.derivative):
        with pytest.raises(
            TypeError, match="cannot read this .*Elsewhere through DLPack .*accepted are arrays in the CPU's memory"
        ):
            function(Elsewhere())


class Tensor:
    """What is known of a tensor: DLPack out, and a namespace that takes it in."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def __dlpack__(self, **options: Any) -> Any:
        return self.data.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.data.__dlpack_device__()

    def __array_namespace__(self) -> Any:
        return Tensor

    @classmethod
    def from_dlpack(cls, data: Any) -> Tensor:
        return cls(np.from_dlpack(data))


def test_every_library_that_speaks_dlpack_is_served() -> None:
    x, out = Tensor(X), Tensor(np.empty_like(X))
    for result, wanted in (
        (ac.gelu(x), ac.gelu(X)),
        (ac.softmax(x), ac.softmax(X)),
        (ac.gelu.backward(X, x), ac.gelu.backward(X, X)),
    ):
        assert type(result) is Tensor and np.array_equal(result.data, wanted)
    assert ac.softmax(x, out=out) is out and np.array_equal(out.data, ac.softmax(X))
    assert ac.gelu(x, out=out) is out and np.array_equal(out.data, ac.gelu(X))


if importlib.util.find_spec("torch") is not None:

    def test_torch_tensors_come_back_as_tensors() -> None:
        torch = importlib.import_module("torch")
        x = torch.from_numpy(X)
        for result, wanted in ((ac.gelu(x), ac.gelu(X)), (ac.softmax(x), ac.softmax(X))):
            assert isinstance(result, torch.Tensor) and np.array_equal(result.numpy(), wanted)
        with pytest.raises(TypeError, match="need no gradient"):
            ac.gelu(x.clone().requires_grad_())


# --- along an axis ------------------------------------------------------------------------------------------------------


@axiswise
@axes
def test_dask_stays_lazy_along_an_axis(function: Axiswise, axis: int) -> None:
    with lazily():
        y = function(da.from_array(X, chunks=(2, 3)), axis=axis)
        gx = backward(function, X, lambda a: da.from_array(a, chunks=2), axis=axis)
        assert isinstance(y, da.Array) and isinstance(gx, da.Array)
        assert y.shape == function(X, axis=axis).shape and y.dtype == X.dtype
    assert np.array_equal(y.compute(scheduler="synchronous"), function(X, axis=axis))
    assert np.array_equal(gx.compute(scheduler="synchronous"), backward(function, X, np.asarray, axis=axis))


@pytest.mark.parametrize(
    "function", [ac.get(row.name) for row in AXIS_ROWS if "where" in ac.get(row.name).OPTIONS], ids=lambda f: f.name
)
def test_dask_masks_stay_lazy(function: Axiswise) -> None:
    where = X > 0.3
    with lazily():
        y = function(da.from_array(X, chunks=(2, 3)), where=da.from_array(where, chunks=2), temperature=2.0)
        every = function(da.from_array(X, chunks=(2, 3)), axis=None)
    assert np.array_equal(y.compute(scheduler="synchronous"), function(X, where=where, temperature=2.0))
    assert np.array_equal(every.compute(scheduler="synchronous"), function(X, axis=None))


@axiswise
@axes
@pytest.mark.parametrize("lazy", [False, True])
def test_xarray_keeps_what_stays_along_an_axis(function: Axiswise, axis: int, lazy: bool) -> None:
    x = xr.DataArray(
        X,
        dims=("row", "column"),
        coords={"row": list("abcd"), "column": range(6)},
        name="logits",
        attrs={"unit": "nat"},
    )
    with lazily():
        y = function(x.chunk({"row": 2}) if lazy else x, axis=axis)
    expected = function(X, axis=axis)
    assert isinstance(y, xr.DataArray) and y.name == "logits" and y.attrs == x.attrs
    assert isinstance(y.data, da.Array) == lazy
    assert np.array_equal(y.values, expected)
    for k, dim in enumerate(x.dims):
        if k != axis % 2 or expected.shape == X.shape:
            assert y[dim].equals(x[dim])
    assert np.array_equal(function(x, axis=x.dims[axis]).values, expected)
    gx = backward(function, X, lambda a: xr.DataArray(a, dims=x.dims[: a.ndim] if axis else x.dims[-a.ndim :]), axis=axis)
    assert isinstance(gx, xr.DataArray) and np.array_equal(gx.values, backward(function, X, np.asarray, axis=axis))


@axiswise
@axes
def test_pandas_keeps_labels_along_an_axis(function: Axiswise, axis: int) -> None:
    frame = pd.DataFrame(X, index=list("abcd"), columns=list("uvwxyz"))
    y = function(frame, axis=axis)
    expected = function(X, axis=axis)
    assert np.array_equal(y.to_numpy(), expected)
    if expected.ndim == 1:
        assert isinstance(y, pd.Series) and y.index.equals(frame.axes[1 - axis % 2])
    else:
        assert isinstance(y, pd.DataFrame)
        for k in (0, 1):
            if k != axis % 2 or expected.shape == X.shape:
                assert y.axes[k].equals(frame.axes[k])
    if expected.shape == X.shape:
        series = function(frame["v"])
        assert isinstance(series, pd.Series) and series.index.equals(frame.index) and series.name == "v"


@axiswise
@axes
def test_masked_entries_take_no_part_along_an_axis(function: Axiswise, axis: int) -> None:
    mask = np.zeros(X.shape, bool)
    mask[1, 2] = mask[3, 5] = True
    y = function(np.ma.MaskedArray(X, mask), axis=axis)
    assert isinstance(y, np.ma.MaskedArray)
    if "where" in function.OPTIONS:
        kept = ~np.ma.getmaskarray(y)
        assert np.array_equal(y.data[kept], function(X, axis=axis, where=~mask)[kept])
        assert kept.shape != mask.shape or np.array_equal(kept, ~mask)
    else:
        reached = np.isnan(function(np.where(mask, np.nan, X), axis=axis))
        assert np.array_equal(np.ma.getmaskarray(y), reached)
        assert np.array_equal(y.data[~reached], function(X, axis=axis)[~reached])


@axiswise
def test_array_api_objects_along_an_axis(function: Axiswise) -> None:
    y = function(xp.asarray(X))
    assert type(y) is type(xp.asarray(X)) and np.array_equal(np.from_dlpack(y), function(X))
    gx = backward(function, X, xp.asarray)
    assert type(gx) is type(y) and np.array_equal(np.from_dlpack(gx), backward(function, X, np.asarray))


def test_lazy_and_labelled_arrays_take_no_out() -> None:
    out = np.empty(X.shape)
    for x in (da.from_array(X), xr.DataArray(X), pd.DataFrame(X), np.ma.MaskedArray(X)):
        with pytest.raises(TypeError, match="takes no out= here"):
            ac.softmax(x, out=out)
    with pytest.raises(TypeError, match="takes no out= here"):
        ac.gelu.value_and_derivative(da.from_array(X), out=(out, out))


def test_errors_with_array_api_objects_are_in_words_too() -> None:
    x = xp.asarray(X)
    for error, words, call in (
        (TypeError, "gelu: x has dtype complex128", lambda: ac.gelu(xp.asarray([1j]))),
        (TypeError, "gelu has no argument 'steepness'", lambda: ac.gelu(x, steepness=1.0)),
        (ValueError, "gelu: out has the shape", lambda: ac.gelu(x, out=xp.asarray(X[:1]))),
        (ValueError, "elu: alpha=.* is outside", lambda: ac.elu(x, alpha=xp.asarray(-1.0))),
        (TypeError, "elu: NumPy cannot read this", lambda: ac.elu(X, alpha=Elsewhere())),
    ):
        with pytest.raises(error, match=words):
            call()


def test_labels_of_other_arguments_count() -> None:
    x = xr.DataArray(X, dims=("row", "column"), coords={"row": list("abcd"), "column": range(6)})
    where = xr.DataArray([True, False] * 3, dims="column")
    assert np.array_equal(ac.softmax(x, axis="column", where=where), ac.softmax(X, where=where.values))
    assert np.array_equal(ac.softmax.backward(X, x, axis=1), ac.softmax.backward(X, X))
    frame = pd.DataFrame(X, index=list("abcd"))
    assert np.array_equal(ac.softmax(frame, where=frame > 0.5), ac.softmax(X, where=X > 0.5))
    for error, words, call in (
        (ValueError, "'depth' not found in array dimensions", lambda: ac.softmax(x, axis="depth")),
        (ValueError, "row", lambda: ac.softmax.backward(x, x.assign_coords(row=list("efgh")), axis="column")),
        (ValueError, "labels of the arguments differ", lambda: ac.softmax.backward(frame, frame[::-1])),
        (ValueError, "labels of the arguments differ", lambda: ac.softmax(frame, where=frame[::-1] > 0)),
        (TypeError, "of xarray, DataArray is accepted, and this is Variable", lambda: ac.softmax(x.variable)),
        (TypeError, "of xarray, DataArray is accepted, and this is Dataset", lambda: ac.softmax(x.to_dataset(name="x"))),
        (TypeError, "Series and DataFrame are accepted, and this is Index", lambda: ac.softmax(pd.Index([1.0, 2.0]))),
    ):
        with pytest.raises(error, match=words):
            call()


def test_numbers_that_pandas_misses_are_nan_along_an_axis() -> None:
    frame = pd.DataFrame({"a": pd.array([1.0, None, 0.0], "Float64"), "b": [1.0, 2.0, 0.0]}, index=list("uvw"))
    expected = pd.DataFrame([[0.5, 0.5], [np.nan, np.nan], [0.5, 0.5]], index=frame.index, columns=frame.columns)
    pd.testing.assert_frame_equal(ac.softmax(frame), expected)
    with pytest.raises(TypeError, match="x has dtype object"):
        ac.softmax(pd.Series(["a", "b"], dtype=object))


def test_dask_gradients_broadcast_and_unknown_sizes_pass() -> None:
    y = da.from_array(ac.softmax(X), chunks=2)
    unknown = y[y[:, 0] >= 0]
    with lazily():
        gx = ac.softmax.backward(y, da.ones(6))
        masked = ac.softmax(unknown, where=unknown > 0.1)
    assert np.array_equal(gx.compute(scheduler="synchronous"), ac.softmax.backward(ac.softmax(X), np.ones(6)))
    assert np.array_equal(masked.compute(scheduler="synchronous"), ac.softmax(ac.softmax(X), where=ac.softmax(X) > 0.1))


def test_gumbel_softmax_keeps_array_api_objects() -> None:
    x = xp.asarray(X)
    noise = ac.gumbel_softmax.noise(X, rng=0)
    sample = ac.gumbel_softmax(x, noise=noise)
    assert type(sample) is type(x) and np.array_equal(np.from_dlpack(sample), ac.gumbel_softmax(X, rng=0))
    gx = ac.gumbel_softmax.backward(x, x, noise)
    assert type(gx) is type(x) and np.array_equal(np.from_dlpack(gx), ac.gumbel_softmax.backward(X, X, noise))
