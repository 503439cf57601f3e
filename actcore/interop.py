"""Arrays of other libraries: lazy, labelled, masked, or on the other side of DLPack, each comes back as its own kind.

Nothing is imported here that the caller has not imported: an object tells by its type where it comes from. Element-wise functions
need this only where a ufunc does not reach (a call with two results; an array-API object); functions along an axis need it
throughout, because a kind that understands ufuncs seldom understands generalised ones.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np


def kind_of(x: Any) -> str:
    """Name the kind of array: "dask", "xarray", "pandas", "masked", "dlpack", or "numpy" for all that ``np.asarray`` may take."""
    if isinstance(x, np.ma.MaskedArray):
        return "masked"
    package = type(x).__module__.partition(".")[0]
    if package in ("dask", "xarray", "pandas"):
        return package
    # An object that takes part in NumPy's dispatch has said what it wants; the rest of the array-API world talks DLPack.
    if hasattr(x, "__dlpack__") and not isinstance(x, (np.ndarray, np.generic)) and not hasattr(x, "__array_ufunc__"):
        return "dlpack"
    return "numpy"


def foreign_kind(arrays: tuple[Any, ...]) -> str:
    """Return the kind that decides: that of the first array that is not NumPy's."""
    return next((kind for kind in map(kind_of, arrays) if kind != "numpy"), "numpy")


def _no_out(name: str, kind: str, out: Any) -> None:
    if out is not None:
        raise TypeError(f"{name}: an array of {kind} takes no out= here")


# --- DLPack -------------------------------------------------------------------------------------------------------------


def from_foreign(name: str, x: Any) -> Any:
    """Return a NumPy array of a DLPack object's memory; anything else unchanged."""
    if kind_of(x) != "dlpack":
        return x
    try:
        return np.from_dlpack(x)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise TypeError(
            f"{name}: NumPy cannot read this {type(x).__module__}.{type(x).__qualname__} through DLPack ({error}); "
            "accepted are arrays in the CPU's memory, of a dtype that NumPy has, that need no gradient"
        ) from None


def to_foreign(like: Any, result: Any) -> Any:
    """Return a NumPy result as the kind that `like` is, sharing memory."""
    if isinstance(result, tuple):
        return tuple(to_foreign(like, each) for each in result)
    namespace = (
        like.__array_namespace__() if hasattr(like, "__array_namespace__") else sys.modules[type(like).__module__.partition(".")[0]]
    )
    return namespace.from_dlpack(np.asarray(result))


def through_dlpack(name: str, function: Callable[..., Any], arrays: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Call a function of NumPy arrays with DLPack objects; the result is of the kind of the first of them."""
    like = next(array for array in (*arrays, *options.values()) if kind_of(array) == "dlpack")
    converted = {
        key: tuple(from_foreign(name, each) for each in value) if isinstance(value, tuple) else from_foreign(name, value)
        for key, value in options.items()
    }
    result = function(*(from_foreign(name, array) for array in arrays), **converted)
    return options["out"] if options.get("out") is not None else to_foreign(like, result)


# --- element-wise -------------------------------------------------------------------------------------------------------


def elementwise(
    ufunc: np.ufunc,
    singles: tuple[np.ufunc, ...],
    arrays: tuple[Any, ...],
    values: tuple[Any, ...],
    options: dict[str, Any],
) -> Any:
    """Call a ufunc for arrays of a foreign kind, where the plain call does not do.

    Parameters
    ----------
    ufunc : numpy.ufunc
        What to call.
    singles : tuple of numpy.ufunc
        Its outputs one by one, for lazy arrays, which cannot take two at once.
    arrays, values : tuple
        The arrays and the parameters that follow them.
    options : dict
        Keyword arguments of the call.

    Returns
    -------
    array or tuple of array
        Of the foreign kind; NotImplemented where the plain call does.
    """
    kind = foreign_kind((*arrays, *values))
    if kind in ("dask", "xarray") and len(singles) > 1:
        _no_out(ufunc.__name__, kind, options.pop("out", None))
        return tuple(single(*arrays, *values, **options) for single in singles)
    return NotImplemented


def replaced(result: Any, here: Any, value: Any) -> Any:
    """Return a result, of whatever kind, with `value` where `here` is true, in its own dtype; a NumPy array is changed in place."""
    if isinstance(result, np.ndarray):
        np.copyto(result, value, where=here, casting="same_kind")
        return result
    if isinstance(result, np.generic):
        return result.dtype.type(value) if here else result
    if kind_of(result) == "dask":
        chosen = sys.modules["dask.array"].where(here, value, result)
    else:
        chosen = result.mask(here, value) if kind_of(result) == "pandas" else result.where(~here, value)
    return chosen.astype(result.dtype) if hasattr(result, "dtype") else chosen


def summed_to(shape: tuple[int, ...], full: Any) -> Any:
    """Undo a broadcast: sum `full` over the axes that a parameter of `shape` was repeated along, in float64."""
    kind = kind_of(full)
    if kind == "dlpack":
        return to_foreign(full, summed_to(shape, from_foreign("gradient", full)))
    if kind == "xarray":
        return summed_to(shape, full.data)
    if kind != "dask":
        full = np.ma.filled(full, 0) if kind == "masked" else np.asarray(full)
    extra = full.ndim - len(shape)
    repeated = tuple(axis for axis in range(full.ndim) if axis < extra or shape[axis - extra] == 1)
    with np.errstate(over="ignore"):  # a sum that overflows is a result, not an event
        total = full.sum(axis=repeated, dtype=np.float64).reshape(shape).astype(full.dtype)
    return total if kind == "dask" else total[()]


# --- along an axis ------------------------------------------------------------------------------------------------------


def adapter_along_axis(arrays: tuple[Any, ...]) -> Callable[..., Any] | None:
    """Return what calls a function along an axis for these arrays; None where ``np.asarray`` will do."""
    return _ADAPTERS.get(foreign_kind(arrays))


def _dlpack(function: Any, kind: str, arrays: tuple[Any, ...], axis: Any, out: Any, options: dict[str, Any]) -> Any:
    def call(*converted: Any, **named: Any) -> Any:
        return function._call(kind, converted, axis, named.pop("out"), named)

    return through_dlpack(function.name, call, arrays, {"out": out, **options})


def _masked(function: Any, kind: str, arrays: tuple[Any, ...], axis: Any, out: Any, options: dict[str, Any]) -> Any:
    """Masked entries take no part, and stay masked."""
    _no_out(function.name, "masked", out)
    mask = np.ma.getmaskarray(arrays[0])
    data = [np.ma.getdata(array) for array in arrays]
    if kind == "backward":
        data[1] = np.where(np.ma.getmaskarray(arrays[1]), 0, data[1])
    if "where" in function.OPTIONS:
        where = options.get("where")
        options = {**options, "where": ~mask if where is None else ~mask & where}
    result = function._call(kind, tuple(data), axis, None, options)
    if kind == "value":
        mask = function.result_mask(mask, function.axes("x", mask.ndim, axis), options)
    return np.ma.MaskedArray(result, mask)


def _dask(function: Any, kind: str, arrays: tuple[Any, ...], axis: Any, out: Any, options: dict[str, Any]) -> Any:
    """Stay lazy: one task per chunk of the other axes."""
    from dask import array as da

    _no_out(function.name, "dask", out)
    given = [da.asarray(array) for array in arrays]
    shape = given[0].shape
    axes = function.axes("x", len(shape), axis)
    value_shape = function.result_shape(shape, axes, options)
    if kind == "backward":
        given[1] = _broadcast(given[1], value_shape)
    if options.get("where") is not None:
        given.append(_broadcast(da.asarray(options["where"]), shape))
    result_shape = value_shape if kind == "value" else shape
    kept = [k for k in range(len(shape)) if k not in axes or len(result_shape) == len(shape)]
    # The axes get labels of their own in every array, so that they are summed over, in one piece, and made anew in the result.
    indices = []
    for position, array in enumerate(given):
        dims = (
            range(len(shape))
            if array.ndim == len(shape)
            else [k for k in range(len(shape)) if k not in axes][-array.ndim or len(shape) :]
        )
        indices.append(tuple(f"array{position}_{k}" if k in axes else f"{k}" for k in dims))
    result_index = tuple(f"result_{k}" if k in axes else f"{k}" for k in kept)
    dtype = function.result_dtype(*(array.dtype for array in given[: len(arrays)]))
    return da.blockwise(
        _block,
        result_index,
        *(item for pair in zip(given, indices, strict=True) for item in pair),
        function=function,
        kind=kind,
        axes=axes,
        options={name: value for name, value in options.items() if name != "where"},
        new_axes={f"result_{k}": result_shape[k] for k in kept if k in axes},
        concatenate=True,
        dtype=dtype,
        meta=np.empty((0,) * len(result_index), dtype),
    )


def _broadcast(array: Any, shape: tuple[int, ...]) -> Any:
    """Return a dask array broadcast to a shape; one of unknown size fits if it has the dimensions."""
    unknown = any(size != size for size in (*array.shape, *shape))
    fits = array.ndim == len(shape) if unknown else array.shape == shape
    return array if fits else sys.modules["dask.array"].broadcast_to(array, shape)


def _block(*blocks: Any, function: Any, kind: str, axes: tuple[int, ...], options: dict[str, Any]) -> Any:
    """Compute one chunk; a third or, in a value, second block is the mask."""
    count = 1 if kind == "value" else 2
    where = {"where": blocks[count]} if len(blocks) > count else {}
    return function._call(kind, blocks[:count], axes, None, {**options, **where})


def _xarray(function: Any, kind: str, arrays: tuple[Any, ...], axis: Any, out: Any, options: dict[str, Any]) -> Any:
    """Keep name, attributes and the coordinates of every dimension whose length stays; `axis` may name dimensions."""
    _no_out(function.name, "xarray", out)
    xarray = sys.modules["xarray"]
    where: Any = options.get("where")
    labelled = [array for array in (*arrays, where) if kind_of(array) == "xarray"]
    for array in labelled:
        if not isinstance(array, xarray.DataArray):
            raise TypeError(f"{function.name}: of xarray, DataArray is accepted, and this is {type(array).__name__}")
    like = labelled[0]
    resized = {dim for array in labelled for dim in array.dims if array.sizes[dim] != like.sizes.get(dim)}
    xarray.align(*labelled, join="exact", copy=False, exclude=resized)  # raises where coordinates differ
    named = [axis] if isinstance(axis, str) else axis if isinstance(axis, (tuple, list)) else []
    if named and all(isinstance(dim, str) for dim in named):
        axis = like.get_axis_num(tuple(named))
    if kind_of(where) == "xarray":
        options = {**options, "where": where.broadcast_like(like).transpose(*like.dims).data}
    order = list(arrays[0].dims) if kind_of(arrays[0]) == "xarray" else []
    data = [a.transpose(*(d for d in order if d in a.dims), ...).data if kind_of(a) == "xarray" else a for a in arrays]
    result = function._call(kind, tuple(data), axis, None, options)
    axes = function.axes("x", like.ndim, axis)
    dims = [dim for k, dim in enumerate(like.dims) if result.ndim == like.ndim or k not in axes]
    changed = {dim for k, dim in enumerate(like.dims) if dim not in dims or result.shape[dims.index(dim)] != like.shape[k]}
    coords = {name: coord for name, coord in like.coords.items() if not changed & set(coord.dims)}
    return type(like)(result, coords=coords, dims=dims, name=like.name, attrs=like.attrs)


def _pandas(function: Any, kind: str, arrays: tuple[Any, ...], axis: Any, out: Any, options: dict[str, Any]) -> Any:
    """Keep index, columns and name, along every axis whose length stays."""
    _no_out(function.name, "pandas", out)
    pandas = sys.modules["pandas"]
    where: Any = options.get("where")
    labelled = [array for array in (*arrays, where) if kind_of(array) == "pandas"]
    like = labelled[0]
    for array in labelled:
        if not isinstance(array, (pandas.Series, pandas.DataFrame)):
            raise TypeError(f"{function.name}: of pandas, Series and DataFrame are accepted, and this is {type(array).__name__}")
        axes_of_both = zip(array.axes, like.axes, strict=True) if array.ndim == like.ndim else ()
        if any(len(ours) == len(theirs) and not ours.equals(theirs) for ours, theirs in axes_of_both):
            raise ValueError(f"{function.name}: the labels of the arguments differ; align them first")
    options = {**options, "where": where.to_numpy()} if kind_of(where) == "pandas" else options
    result = function._call(kind, tuple(_numbers(a) if kind_of(a) == "pandas" else a for a in arrays), axis, None, options)
    axes = function.axes("x", like.ndim, axis)
    labels = [label for k, label in enumerate(like.axes) if np.ndim(result) == like.ndim or k not in axes]
    labels = [label if len(label) == size else None for label, size in zip(labels, np.shape(result), strict=True)]
    if np.ndim(result) == 2:
        return pandas.DataFrame(result, index=labels[0], columns=labels[1])
    return pandas.Series(result, index=labels[0], name=getattr(like, "name", None)) if np.ndim(result) == 1 else result


def _numbers(frame: Any) -> Any:
    """Return the values of a Series or DataFrame; a missing one among numbers that pandas can miss is NaN."""
    values = frame.to_numpy()
    if values.dtype == object:
        dtypes = [frame.dtype] if frame.ndim == 1 else frame.dtypes
        if all(sys.modules["pandas"].api.types.is_numeric_dtype(dtype) for dtype in dtypes):
            return frame.to_numpy(np.float64, na_value=np.nan)
    return values


_ADAPTERS: dict[str, Callable[..., Any]] = {
    "dlpack": _dlpack,
    "masked": _masked,
    "dask": _dask,
    "xarray": _xarray,
    "pandas": _pandas,
}
