"""Print the polynomials of ``actcore/_kernels``, each with its largest relative error.

    python scripts/_design/coefficients.py

The float64 polynomials of logarithm, sine and cosine come from ``minimax.sollya``. Printed too: pi in three parts and
the binary digits of 2/pi, for arguments of any size.
"""

from __future__ import annotations

import mpmath as mp
from fit import Real, error, fit, fit_quotient, rounded, show


def hazard(a: mp.mpf) -> mp.mpf:
    """Return exp(-a^2 / 2) / Phi(-a)."""
    return 2 * mp.exp(-a * a / 2) / mp.erfc(a / mp.sqrt(2))


def beside_line(dtype: str, constant: float) -> Real:
    """Return what `tail_quotient` is beyond the line that it starts from."""
    slope = rounded(mp.sqrt(2 * mp.pi), dtype)
    return lambda a: hazard(a) - slope * a - constant


def beside_erfc_line(a: mp.mpf) -> mp.mpf:
    """Return what `erfc_quotient` is beyond its line, over a."""
    return (2 * mp.exp(-a * a) / mp.erfc(a) - 2) / a - mp.mpf("3.109375")


def erfc_root(k: int, centre: mp.mpf) -> tuple[Real, Real]:
    """Return the k-th root of erfc(u + centre), and the size that makes the error of its power absolute."""
    root = lambda u: mp.erfc(u + centre) ** (mp.mpf(1) / k)  # noqa: E731
    return root, lambda u: 1 / (k * root(u) ** (k - 1))


def erfinv_ratio(w: mp.mpf) -> mp.mpf:
    """Return erfinv(x) / x for the x with w = -log(1 - x^2)."""
    x = mp.sqrt(-mp.expm1(-w))
    return mp.erfinv(x) / x if w > mp.mpf("1e-12") else mp.sqrt(mp.pi) / 2


def erfinv_slope(w: mp.mpf) -> mp.mpf:
    """Return (1 - x^2) times the derivative of erfinv at that x."""
    return mp.sqrt(mp.pi) / 2 * mp.exp(-mp.expm1(-w) * erfinv_ratio(w) ** 2 - w)


def inverse_gap(w: mp.mpf) -> mp.mpf:
    """Return the inverse of `erfinv_slope`."""
    return 1 / erfinv_slope(w)


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
TANH_SHRINK_CENTRE = mp.mpf("0.419921875")  # a centre where TANH_SHRINK is all but a float32 number
TANH_SHRINK_MOVED: Real = lambda t: TANH_SHRINK(t + TANH_SHRINK_CENTRE)  # noqa: E731
LECUN_SLOPE = mp.mpf("1.7159") * 2 / 3
LECUN = in_square(lambda x: (mp.mpf("1.7159") * mp.tanh(2 * x / 3) / x - LECUN_SLOPE) / x**2, lambda z: -4 * LECUN_SLOPE / 27)
LECUN_SIZE = in_square(lambda x: mp.mpf("1.7159") * mp.tanh(2 * x / 3) / x**3, lambda z: LECUN_SLOPE / max(z, mp.mpf("1e-12")))
LOGCOSH = in_square(lambda x: mp.log(mp.cosh(x)) / x**2, lambda z: mp.mpf(1) / 2 - z / 12)
ARCTAN = in_square(lambda x: (mp.atan(x) - x) / x**3, lambda z: -mp.mpf(1) / 3 + z / 5)
ERF = in_square(lambda x: mp.erf(x) / x - 1, lambda z: 2 / mp.sqrt(mp.pi) * (1 - z / 3) - 1)
ERF_SIZE = in_square(lambda x: mp.erf(x) / x, lambda z: 2 / mp.sqrt(mp.pi) * (1 - z / 3))
FAR32, FAR32_SIZE = erfc_root(2, mp.mpf("1.5"))
FAR64, FAR64_SIZE = erfc_root(8, mp.mpf(0))


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
    reduced = mp.mpf("0.3469")
    cases: tuple[tuple[str, str, Real, mp.mpf, mp.mpf, int, Real | None, tuple[float, ...]], ...] = (
        ("expm1_reduced", "float32", exp_curve, -reduced, reduced, 5, exp_size, (0.5,)),
        ("expm1_reduced, exact", "float32", exp_curve, -reduced, reduced, 6, exp_size, ()),
        ("expm1_reduced", "float64", exp_curve, -reduced, reduced, 10, exp_size, (0.5,)),
        ("log1p_slope", "float32", log1p_slope, mp.mpf(-0.5), mp.mpf(0.5), 11, log1p_ratio, ()),
        ("log1p_slope", "float64", log1p_slope, mp.mpf(-0.5), mp.mpf(0.5), 21, log1p_ratio, ()),
        ("tanh_shrink", "float64", TANH_SHRINK, mp.mpf(0), mp.mpf("1.075"), 16, None, ()),
        ("logcosh", "float64", LOGCOSH, mp.mpf(0), mp.mpf(1), 15, None, (0.5,)),
        ("arctan", "float64", ARCTAN, mp.mpf(0), mp.mpf(1), 20, arctan_size, ()),
        ("arctan", "float32", ARCTAN, mp.mpf(0), mp.mpf(1), 9, arctan_size, ()),
        ("log_ratio, times 4, 16, 64", "float32", ATANH, mp.mpf(0), mp.mpf("0.041"), 3, atanh_size, ()),
        ("tanh_shrink", "float32", TANH_SHRINK_MOVED, -TANH_SHRINK_CENTRE, mp.mpf("1.064") - TANH_SHRINK_CENTRE, 9, None, ()),
        ("lecun_tanh", "float32", LECUN, mp.mpf(0), mp.mpf("2.25"), 7, LECUN_SIZE, ()),
        ("logcosh", "float32", LOGCOSH, mp.mpf(0), mp.mpf(1), 8, None, (0.5,)),
        ("erf_slope", "float32", ERF, mp.mpf(0), mp.mpf(1), 7, ERF_SIZE, ()),
        ("erf_slope", "float64", ERF, mp.mpf(0), mp.mpf("1.5625"), 14, ERF_SIZE, ()),
        ("erf_far", "float32", FAR32, mp.mpf("-0.5"), mp.mpf("2.45"), 12, FAR32_SIZE, ()),
        ("erf_far", "float64", FAR64, mp.mpf("1.25"), mp.mpf("5.95"), 17, FAR64_SIZE, ()),
    )
    with mp.workprec(1400):
        print("pi:", parts(+mp.pi, 3))
        print("2/pi:", digits(2 / mp.pi, 19))
    for name, dtype, function, low, high, terms, size, fixed in cases:
        coefficients = fit(function, low, high, terms, dtype, size, fixed)
        print(f"{name}, {dtype}: error {mp.nstr(error(function, coefficients, low, high, size), 3)}")
        show(coefficients, dtype)
    # The denominator's leading coefficient decides which roundings meet: found by trying numbers over all float32 numbers.
    line32, line64 = beside_line("float32", 1.5), beside_line("float64", 1.5)
    line = [rounded(mp.mpf(c), "float32") for c in ("0.94767997", "0.19759493")]  # least distant from y / x, relative to it
    rest32: Real = lambda w: erfinv_ratio(w) - line[0] - line[1] * w  # noqa: E731
    rest: Real = lambda w: erfinv_ratio(w) - mp.mpf("1.0625") - w / 8  # noqa: E731
    gap: Real = lambda w: inverse_gap(w) - mp.mpf("1.1875") - w / 8  # noqa: E731
    for name, dtype, quotient in (
        ("tail_quotient", "float32", fit_quotient(line32, line32, 13.3, (5, 5), 6, "float32", 0.9322635531425476, hazard)),
        # One coefficient, 0.19649297, became its neighbour 0.19649296, for the bound without FMA too.
        (
            "erfc_quotient",
            "float32",
            fit_quotient(
                beside_erfc_line,
                beside_erfc_line,
                9.3,
                (4, 4),
                5,
                "float32",
                0.8744194521442844,
                lambda a: 2 * mp.exp(-a * a) / mp.erfc(a) / a,
            ),
        ),
        (
            "tail_quotient",
            "float64",
            fit_quotient(line64, beside_line("float64", 0), 38.2, (9, 10), 11, "float64", 0.9375, hazard),
        ),
        ("erfinv_ratio", "for float32", fit_quotient(erfinv_ratio, erfinv_ratio, 15.95, (5, 5), 6, "float64", 1.0, erfinv_ratio)),
        ("erfinv_slope", "for float32", fit_quotient(erfinv_slope, erfinv_slope, 15.95, (5, 5), 6, "float64", 1.0, erfinv_slope)),
        ("erfinv_float", "float32", fit_quotient(rest32, rest32, 15.95, (6, 5), 7, "float32", 1.0, erfinv_ratio)),
        ("erfinv_rest", "float64", fit_quotient(rest, rest, 36.06, (15, 14), 16, "float64", 1.0, erfinv_ratio)),
        ("erfinv_gap_rest", "float64", fit_quotient(gap, gap, 36.06, (15, 14), 16, "float64", 1.0, inverse_gap)),
    ):
        for part, coefficients in zip(("numerator", "denominator"), quotient, strict=True):
            print(f"{name}, {dtype}: {part}")
            show(coefficients, dtype if dtype == "float32" else "float64")


if __name__ == "__main__":
    main()
