"""Print the polynomials of ``actcore/_kernels``, each with its largest relative error.

    python scripts/_design/coefficients.py

The float64 polynomials of exponential, logarithm, sine and cosine come from ``minimax.sollya``. Printed too: pi in three parts and
the binary digits of 2/pi, for arguments of any size.
"""

from __future__ import annotations

import mpmath as mp
from fit import Real, error, fit, show

#: Centre of the Gaussian ratios in a / (a + 4): one where the ratio is, by luck, a short number, so that the low part
#: of its sum with the next term is exact.
CENTRE = mp.mpf(1667) / 4096
SLOPE_CENTRE = mp.mpf("0.40625")


def mills(a: mp.mpf) -> mp.mpf:
    """Return Phi(-a) exp(a^2 / 2)."""
    return mp.erfc(a / mp.sqrt(2)) * mp.exp(a * a / 2) / 2


def half_line(u: mp.mpf, centre: mp.mpf) -> mp.mpf:
    """Return the a with a / (a + 4) = u + centre."""
    v = u + centre
    return 4 * v / (1 - v)


ROOT = mp.findroot(lambda a: mills(a) - a / mp.sqrt(2 * mp.pi), 0.75)


def gelu_ratio(u: mp.mpf) -> mp.mpf:
    a = half_line(u, CENTRE)
    return mills(a) * (a + 4)


def gelu_slope_ratio(u: mp.mpf) -> mp.mpf:
    a = half_line(u, SLOPE_CENTRE)
    return (mills(a) - a / mp.sqrt(2 * mp.pi)) / (ROOT - a)


def exp_curve(r: mp.mpf) -> mp.mpf:
    return (mp.expm1(r) - r) / r**2 if r else mp.mpf(1) / 2


def exp_size(r: mp.mpf) -> mp.mpf:
    """Return (exp(r) - 1) / r^2: the error counts against the whole sum."""
    return mp.expm1(r) / r**2 if r else mp.mpf(1)


def log1p_slope(u: mp.mpf) -> mp.mpf:
    return log1p_ratio(u) - mp.mpf(29) / 32


def log1p_ratio(u: mp.mpf) -> mp.mpf:
    e = u + mp.mpf(1) / 2
    return mp.log1p(e) / e if e else mp.mpf(1)


def in_square(function: Real, near_zero: Real) -> Real:
    """Return `function` of x as a function of x^2, with its series where x is tiny."""
    return lambda z: function(mp.sqrt(z)) if z > mp.mpf("1e-12") else near_zero(z)


TANH_SHRINK = in_square(lambda x: (x - mp.tanh(x)) / x**3, lambda z: mp.mpf(1) / 3 - 2 * z / 15)
LOGCOSH = in_square(lambda x: mp.log(mp.cosh(x)) / x**2, lambda z: mp.mpf(1) / 2 - z / 12)
ARCTAN = in_square(lambda x: (mp.atan(x) - x) / x**3, lambda z: -mp.mpf(1) / 3 + z / 5)
ERF = in_square(lambda x: mp.erf(x) / x, lambda z: 2 / mp.sqrt(mp.pi) * (1 - z / 3))


ATANH = in_square(lambda s: (mp.atanh(s) - s) / s**3, lambda z: mp.mpf(1) / 3 + z / 5)


def atanh_size(z: mp.mpf) -> mp.mpf:
    """Return atanh(s) / s^3: the error counts against the whole sum."""
    z = max(z, mp.mpf("0.0001"))
    return mp.atanh(mp.sqrt(z)) / mp.sqrt(z) / z


def arctan_size(z: mp.mpf) -> mp.mpf:
    """Return arctan(x) / x^3: the error counts against the whole sum."""
    z = max(z, mp.mpf("0.001"))
    return mp.atan(mp.sqrt(z)) / mp.sqrt(z) / z


def parts(value: mp.mpf, count: int) -> list[float]:
    """Return `value` as a sum of doubles."""
    found: list[float] = []
    while len(found) < count:
        found.append(float(value - mp.fsum(found)))
    return found


def digits(value: mp.mpf, words: int) -> str:
    """Return the binary digits of a number below 1, in words of 64."""
    whole = int(mp.floor(mp.ldexp(value, 64 * words)))
    return ", ".join(f"0x{whole >> 64 * (words - 1 - k) & (2**64 - 1):016X}" for k in range(words))


def main() -> None:
    far32, far64 = mp.mpf(15) / 19, mp.mpf("39.5") / mp.mpf("43.5")
    reduced = mp.mpf("0.3469")
    cases: tuple[tuple[str, str, Real, mp.mpf, mp.mpf, int, Real | None, tuple[float, ...]], ...] = (
        ("expm1_reduced", "float32", exp_curve, -reduced, reduced, 5, exp_size, (0.5,)),
        ("expm1_reduced, exact", "float32", exp_curve, -reduced, reduced, 6, exp_size, ()),
        ("log1p_slope", "float32", log1p_slope, mp.mpf(-0.5), mp.mpf(0.5), 11, log1p_ratio, ()),
        ("log1p_slope", "float64", log1p_slope, mp.mpf(-0.5), mp.mpf(0.5), 21, log1p_ratio, ()),
        ("gelu_ratio", "float32", gelu_ratio, -CENTRE, far32 - CENTRE, 11, None, ()),
        ("gelu_ratio", "float64", gelu_ratio, -CENTRE, far64 - CENTRE, 24, None, ()),
        ("gelu_slope_ratio", "float32", gelu_slope_ratio, -SLOPE_CENTRE, far32 - SLOPE_CENTRE, 10, None, ()),
        ("gelu_slope_ratio", "float64", gelu_slope_ratio, -SLOPE_CENTRE, far64 - SLOPE_CENTRE, 23, None, ()),
        ("tanh_shrink", "float64", TANH_SHRINK, mp.mpf(0), mp.mpf("1.5625"), 19, None, ()),
        ("logcosh", "float64", LOGCOSH, mp.mpf(0), mp.mpf("1.5625"), 19, None, ()),
        ("arctan", "float64", ARCTAN, mp.mpf(0), mp.mpf(1), 20, arctan_size, ()),
        ("arctan", "float32", ARCTAN, mp.mpf(0), mp.mpf(1), 9, arctan_size, ()),
        ("log_ratio, times 4, 16, 64", "float32", ATANH, mp.mpf(0), mp.mpf("0.041"), 3, atanh_size, ()),
        ("erf", "float64", ERF, mp.mpf(0), mp.mpf("0.25"), 11, None, ()),
    )
    print("root of gelu's derivative:", mp.nstr(-ROOT, 35))
    with mp.workprec(1400):
        print("pi:", parts(+mp.pi, 3))
        print("2/pi:", digits(2 / mp.pi, 19))
    for name, dtype, function, low, high, terms, size, fixed in cases:
        coefficients = fit(function, low, high, terms, dtype, size, fixed)
        print(f"{name}, {dtype}: error {mp.nstr(error(function, coefficients, low, high, size), 3)}")
        show(coefficients, dtype)


if __name__ == "__main__":
    main()
