"""RePSU: rectified power sigmoid units. float32 goes through float64.

With l, m, s and b for threshold, shift, scale and power: exp(-t) wants t = (|x - m| / s)^b with an absolute error. Differences,
quotient, logarithm and power are sums of two numbers. All this is done once, in `repsu_shared`, for all that is asked for:
e = exp(-t), scaled like `exp_tail` and 0 from where it vanishes, c = 1 / (1 + exp(-t)), the slope of t by x right of m, and
log = log(|x - m| / s).

At l, where the value jumps unless it is 0, all orders are those of the right side. At m they are limits: for b < 1 the slope is
infinite, unless l = m, and the second derivative, whose sides may differ, is the limit of their mean.

Right of m f = x - k (l + (x - l) c exp(-t)), left of it 2 (1 - alpha) x + k (x - l) c exp(-t), where k = 2 alpha - 1.
"""

from actcore._kernels.elementary cimport (
    at_least, at_most, exp, fabs, fma, largest_finite, product_residual, remainder, smallest, unscale,
)
from actcore._kernels.exponential cimport gate
from actcore._kernels.hyperbolic cimport exp_twice
from actcore._kernels.logarithm cimport arctanh_series, inverse_power
from actcore._kernels.piecewise cimport sum_error


cdef inline double sum_of(double x, double y, double* low) noexcept nogil:
    """x + y as an unevaluated sum of the result and `low`."""
    cdef double s = x + y
    low[0] = sum_error(x, y, s)
    return s


cdef inline double relative_distance(double x, double shift, double scale, double* u_low) noexcept nogil:
    """|x - shift| / scale as an unevaluated sum of the result and `u_low`."""
    cdef double low, u, rest
    # The inverse of the scale takes the place of a division: it is computed once where the scale is one number.
    cdef double inverse = smallest(1.0 / scale, largest_finite(x))
    cdef double y = sum_of(x, -shift, &low)
    low = -low if y < 0.0 else low
    y = fabs(y)
    u = at_most(y * inverse, 1e300)
    rest = (remainder(y, u, scale) + low) * inverse
    rest = rest if u < 1e300 else 0.0
    u_low[0] = rest if u > 1e-290 else 0.0
    return u


cdef inline double logarithm(double u, double u_low, double* low) noexcept nogil:
    """log(u + u_low) for u >= 0 as an unevaluated sum of the result and `low`, to 2^-60; a huge number in place of -inf."""
    cdef double k, n, d, c, s, z, r, part
    # Scaled, because the exponent of a subnormal number could not be read.
    cdef double raised = u * (1.2676506002282294e30 if u < 1e-290 else 1.0)
    cdef double down = inverse_power(raised, &k)
    cdef double w = down * raised
    k = k - 100.0 if u < 1e-290 else k
    n = w - 1.0
    d = w + 1.0
    c = 1.0 / d
    s = n * c
    z = s * s
    part = k * 0.6931471803691238
    r = part + (s + s)
    low[0] = 2.0 * c * fma(-s, (1.0 - d) + w, remainder(n, s, d)) + fma(s * z, arctanh_series(z), k * 1.9082149292705877e-10)
    # 1 / w = (1 - s) / (1 + s), near enough; a number that has to be scaled has no rest.
    low[0] = ((part - r) + (s + s)) + fma(down * u_low, fma(2.0 * s, (s - 1.0) * (z + 1.0), 1.0), low[0])
    part = r
    r = part + low[0]
    low[0] = (part - r) + low[0] if u > 0.0 else 0.0
    return r if u > 0.0 else -1e300


cdef inline double power_of(double exponent, double exponent_low, double log, double log_low, double* low) noexcept nogil:
    """(exponent + exponent_low) (log + log_low) as an unevaluated sum of the result and `low`, within what `exp` tells apart."""
    cdef double z = exponent * log
    low[0] = fma(exponent, log_low, fma(exponent_low, log, product_residual(exponent, log, z))) if fabs(z) < 800.0 else 0.0
    return z


cdef inline void repsu_shared(
    double x, double alpha, double threshold, double shift, double scale, double power,
    double* e, double* c, double* slope, double* t, double* log,
) noexcept nogil:
    cdef double u_low, log_low, z, z_low, t_low, p, p_low, d, low, error, exponential
    cdef double u = relative_distance(at_most(x, 1e300), shift, scale, &u_low)
    log[0] = logarithm(u, u_low, &log_low)
    z = at_least(at_most(power_of(power, 0.0, log[0], log_low, &z_low), 690.0), -690.0)
    t[0] = exp_twice(z, &t_low)
    t_low = fma(t[0], z_low, t_low)
    # As it is where there is nothing to raise.
    t_low = u_low if power == 1.0 else (t_low if u > 0.0 else 0.0)
    t[0] = u if power == 1.0 else (t[0] if u > 0.0 else 0.0)
    z = sum_of(power, -1.0, &low)
    z = exp(power_of(z, low, log[0], log_low, &z_low))
    slope[0] = power / scale * (fma(z, z_low, z) if z_low != 0.0 else z)
    c[0] = gate(t[0], t_low, &exponential, &p, &p_low, &d, &low, &error)
    c[0] = fma(c[0], error, c[0])
    e[0] = fma(exponential, p + p_low, exponential) if t[0] < 800.0 else 0.0


cdef inline double repsu_times(double e, double y) noexcept nogil:
    """y exp(-t). A huge number must not be scaled: with a large scale, its gate may still be half open."""
    return unscale(e * y) if fabs(y) < 1e18 else e * unscale(y)


cdef inline double repsu_part(double x, double threshold, double y) noexcept nogil:
    """y, a function of x, but 0 left of the threshold; a NaN passes."""
    return y if x >= threshold else (0.0 if x == x else x)


cdef inline double repsu(
    double x, double alpha, double threshold, double shift, double scale, double power,
    double e, double c, double slope, double t, double log,
) noexcept nogil:
    cdef double mix = (alpha + alpha) - 1.0
    cdef double w = at_most(x, 1e300) - threshold
    cdef double h = mix * (w * c)
    cdef bint right = x >= shift
    cdef double start = x if right else 2.0 * (1.0 - alpha) * x
    cdef double rest = -mix * threshold if right else 0.0
    cdef double y = start + rest
    cdef double lost = sum_error(start, rest, y)
    h = repsu_times(e, h)
    return repsu_part(x, threshold, y + ((-h if right else h) + (lost if lost == lost else 0.0)))


cdef inline double repsu_derivative(
    double x, double alpha, double threshold, double shift, double scale, double power,
    double e, double c, double slope, double t, double log,
) noexcept nogil:
    cdef double mix = (alpha + alpha) - 1.0
    cdef double w = at_most(x, 1e300) - threshold
    cdef double n = w * slope * c if w > 0.0 else 0.0
    cdef bint right = x >= shift
    n = repsu_times(e, mix * c * (n - 1.0 if right else n + 1.0)) if e > 0.0 else 0.0
    return repsu_part(x, threshold, (1.0 if right else 2.0 * (1.0 - alpha)) + n)


cdef inline double repsu_second_derivative(
    double x, double alpha, double threshold, double shift, double scale, double power,
    double e, double c, double slope, double t, double log,
) noexcept nogil:
    # k sigma'(t) (2 z' + (x - l) (z'' - z'^2 tanh(z / 2))) for z = t or -t; z'' = (b - 1) z' / (x - m).
    cdef double mix = (alpha + alpha) - 1.0
    cdef double near = at_most(x, 1e300)
    cdef double w = near - threshold
    cdef double y = near - shift
    cdef double fall = w * slope * ((1.0 - unscale(e)) * c) if w > 0.0 else 0.0
    cdef double n = slope * (2.0 - (fall if x >= shift else -fall))
    # At the shift the sides' opposite halves cancel.
    cdef double bend = (power - 1.0) * at_least(at_most(w / y, 1e308), -1e308) * slope if y != 0.0 else 0.0
    n = mix * c * c * (n + bend)
    return repsu_part(x, threshold, repsu_times(e, n) if e > 0.0 else 0.0)


cdef inline double repsu_gradient_alpha(
    double x, double alpha, double threshold, double shift, double scale, double power,
    double e, double c, double slope, double t, double log,
) noexcept nogil:
    cdef double h = (at_most(x, 1e300) - threshold) * (c * unscale(e))
    return repsu_part(x, threshold, -2.0 * (threshold + h) if x >= shift else 2.0 * (h - x))


cdef inline double repsu_gradient_threshold(
    double x, double alpha, double threshold, double shift, double scale, double power,
    double e, double c, double slope, double t, double log,
) noexcept nogil:
    return repsu_part(x, threshold, (1.0 - (alpha + alpha)) * (c if x >= shift else c * unscale(e)))


cdef inline double repsu_bell(double x, double alpha, double threshold, double e, double c) noexcept nogil:
    """The derivative of f by z = t or -t."""
    cdef double y = ((alpha + alpha) - 1.0) * (at_most(x, 1e300) - threshold) * (c * c * unscale(e))
    return repsu_part(x, threshold, y)


cdef inline double repsu_gradient_shift(
    double x, double alpha, double threshold, double shift, double scale, double power,
    double e, double c, double slope, double t, double log,
) noexcept nogil:
    cdef double y = repsu_bell(x, alpha, threshold, e, c)
    return y * -slope if y != 0.0 else y


cdef inline double repsu_gradient_scale(
    double x, double alpha, double threshold, double shift, double scale, double power,
    double e, double c, double slope, double t, double log,
) noexcept nogil:
    cdef double z = power * at_most(t, 1e300) / scale
    return repsu_bell(x, alpha, threshold, e, c) * (-z if x >= shift else z)


cdef inline double repsu_gradient_power(
    double x, double alpha, double threshold, double shift, double scale, double power,
    double e, double c, double slope, double t, double log,
) noexcept nogil:
    cdef double z = at_most(t, 1e300) * (log if t > 0.0 else 0.0)
    return repsu_bell(x, alpha, threshold, e, c) * (z if x >= shift else -z)
