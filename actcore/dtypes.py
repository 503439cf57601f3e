"""Which dtypes the functions of arrays take, and what they say of the others."""

from __future__ import annotations

from typing import Any

import numpy as np


def numeric(function: str, argument: str, array: Any) -> np.ndarray[Any, Any]:
    """Return an argument as an array; raise where its dtype is none that the functions take."""
    given = np.asarray(array)
    if not is_accepted(given.dtype):
        raise refused(function, argument, given.dtype)
    return given


def is_accepted(dtype: Any) -> bool:
    """Tell whether a dtype is one that is kept, or an integer or boolean, which is promoted."""
    return dtype.name == "bfloat16" or (dtype.kind in "biuf" and dtype.itemsize <= 8)


def refused(function: str, argument: str, dtype: Any) -> TypeError:
    """Return the error for an argument of any other dtype."""
    return TypeError(
        f"{function}: {argument} has dtype {dtype}; accepted are float16, bfloat16, float32 and float64, "
        "and integers and booleans, which are promoted"
    )
