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


def fit_quotient(
    function: Real, first: Real, high: float, degrees: tuple[int, int], terms: int, dtype: str, lead: float, size: Real
) -> tuple[list[mp.mpf], list[mp.mpf]]:
    """Return numerator and denominator, lowest coefficients first, of a quotient close to `function` on [0, high].

    The denominator is that of the best quotient of the given degrees for `first`, times `lead`; the numerator, of so many
    terms, is fitted again to what the rounded denominator needs. Errors are measured against `size`.
    """
    top, (m, n) = mp.mpf(high) / (high + 4), degrees
    shares = [top * (1 + mp.cos(mp.pi * (2 * k + 1) / 140)) / 2 for k in range(70)]
    nodes = [4 * v / (1 - v) for v in shares]
    below = [mp.mpf(1)] + [mp.mpf(0)] * n
    for _ in range(4):  # linear least squares, weighted by the denominator before
        matrix, right = mp.matrix(len(nodes), m + n + 1), mp.matrix(len(nodes), 1)
        for i, x in enumerate(nodes):
            weight = 1 / (size(x) * mp.polyval(below[::-1], x))
            for j in range(m + 1):
                matrix[i, j] = weight * x**j
            for j in range(1, n + 1):
                matrix[i, m + j] = -weight * first(x) * x**j
            right[i] = weight * first(x)
        solution, _ = mp.qr_solve(matrix, right)
        below = [mp.mpf(1), *(solution[m + j] for j in range(1, n + 1))]
    below = [rounded(c * mp.mpf(lead), dtype) for c in below]
    above: list[mp.mpf] = []
    while (done := len(above)) < terms:
        matrix, right = mp.matrix(len(nodes), terms - done), mp.matrix(len(nodes), 1)
        for i, x in enumerate(nodes):
            weight = 1 / (size(x) * mp.polyval(below[::-1], x))
            for j in range(done, terms):
                matrix[i, j - done] = weight * x**j
            right[i] = weight * (function(x) * mp.polyval(below[::-1], x) - mp.polyval(above[::-1] or [0], x))
        solution, _ = mp.qr_solve(matrix, right)
        above += [rounded(solution[k], dtype) for k in range(1 if dtype == "float32" or done < 3 else terms - done)]
    return above, below


def show(coefficients: list[mp.mpf], dtype: str) -> None:
    """Print coefficients, highest first, as the kernels spell them."""
    for c in reversed(coefficients):
        print("   ", np.format_float_scientific(np.dtype(dtype).type(float(c)), unique=True, trim="0"))
