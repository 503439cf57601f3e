"""Near-minimax polynomials whose coefficients absorb each other's rounding.

A least-squares fit in the Chebyshev nodes, weighted for relative error, in multi-precision. The lowest coefficient is
rounded to the target format, the others are fitted again to what remains, and so on upwards.
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath as mp
import numpy as np

mp.mp.dps = 40
Real = Callable[[mp.mpf], mp.mpf]


def rounded(value: mp.mpf, dtype: str) -> mp.mpf:
    """Return `value` rounded to float32 or float64."""
    return mp.mpf(float(np.dtype(dtype).type(float(value))))


def fit(
    function: Real, low: float, high: float, terms: int, dtype: str, size: Real | None = None, fixed: tuple[float, ...] = ()
) -> list[mp.mpf]:
    """Return `terms` coefficients of a polynomial close to `function` on [low, high], lowest first.

    `size(x)` is what an error is measured against (the function itself when None); `fixed` are given leading
    coefficients.
    """
    low, high, count = mp.mpf(low), mp.mpf(high), 3 * terms
    nodes = [(low + high + (high - low) * mp.cos(mp.pi * (2 * k + 1) / (2 * count))) / 2 for k in range(count)]
    weights = [1 / abs((size or function)(x)) for x in nodes]
    values = [function(x) for x in nodes]
    coefficients = [mp.mpf(c) for c in fixed]
    while (done := len(coefficients)) < terms:
        matrix, right = mp.matrix(count, terms - done), mp.matrix(count, 1)
        for i, x in enumerate(nodes):
            for j in range(done, terms):
                matrix[i, j - done] = x**j * weights[i]
            right[i] = (values[i] - mp.polyval(coefficients[::-1] or [0], x)) * weights[i]
        solution, _ = mp.qr_solve(matrix, right)
        # Beyond the third coefficient of a double fit roundings are far below the error aimed at.
        batch = 1 if dtype == "float32" or done < 3 else terms - done
        coefficients += [rounded(solution[k], dtype) for k in range(batch)]
    return coefficients


def error(function: Real, coefficients: list[mp.mpf], low: float, high: float, size: Real | None = None) -> mp.mpf:
    """Return the largest error on [low, high], relative to `size`."""
    points = [mp.mpf(low) + (mp.mpf(high) - low) * k / 400 for k in range(401)]
    return max(abs((mp.polyval(coefficients[::-1], x) - function(x)) / (size or function)(x)) for x in points)


def show(coefficients: list[mp.mpf], dtype: str) -> None:
    """Print coefficients, highest first, as the kernels spell them."""
    for c in reversed(coefficients):
        print("   ", np.format_float_scientific(np.dtype(dtype).type(float(c)), unique=True, trim="0"))
