"""Activations made of exponentials; what is declared double is for float64, and for float32 after widening.

Each falls back on exp(-|z|) = 2^n (1 + p), whose scale is multiplied in last: so the tails stay right down to the
smallest number, and nothing overflows on the way.
"""

from actcore._kernels.activations cimport logistic_ceiling, logistic_of_sum, square_product
from actcore._kernels.elementary cimport (
    FUSES, abs_or_nan, exp_split, exp_tail_exact, expm1_reduced, fabs, fma, fused, largest, largest_finite, log1p_slope,
    minus_ln2_low, product_residual, real, remainder, smallest, tail_clamp, unscale,
)
from actcore._kernels.logarithm cimport inverse_power, log_of_quotient
from actcore._kernels.piecewise cimport sum_error

cdef extern from "<math.h>" nogil:
    double NAN
    double INFINITY


cdef inline real end_of_tail(real z) noexcept nogil:
    """Beyond it exp(-z), even times a cubic, has vanished."""
    if real is float:
        return <float>125.0
    else:
        return <double>800.0


# --- exponential and logistic, with a slope ------------------------------------------------------------------------

cdef inline real ratio(real x, real alpha, real* inverse, real* low) noexcept nogil:
    """x / alpha for x <= 0 as an unevaluated sum of the result and `low`, cut where its exponential has vanished.

    The inverse of alpha takes the place of a division: it is computed once where alpha is one number.
    """
    cdef real z, t
    cdef real end = (<real>-130 if real is float else <real>-810) * alpha
    z = end if x < end else x
    inverse[0] = smallest(<real>1 / alpha, largest_finite(x))
    t = z * inverse[0]
    low[0] = remainder(z, t, alpha) * inverse[0]
    return t


cdef inline real celu(real x, real alpha) noexcept nogil:
    cdef real power, p_low, s, y, low, inverse, line
    cdef real t = ratio(x, alpha, &inverse, &low)
    cdef real p = exp_tail_exact(tail_clamp(t), low, &power, &p_low)
    # Above it the curve is x, to a quarter of a unit; the ratio may be subnormal there.
    if real is float:
        line = <float>-1.4901161193847656e-08 * alpha  # 2^-26
    else:
        line = <double>-2.7755575615628914e-17 * alpha  # 2^-55
    s = unscale(power)
    y = fused(s, p, s - <real>1)
    low = fused(s, p_low, fused(s, p, (s - <real>1) - y))
    y = fused(alpha, y, alpha * low)
    return x if x > line else y


cdef inline real celu_exp(real x, real alpha, real factor) noexcept nogil:
    """factor exp(x / alpha) for x <= 0."""
    cdef real power, p_low, inverse, low
    cdef real t = ratio(x, alpha, &inverse, &low)
    cdef real p = exp_tail_exact(tail_clamp(t), low, &power, &p_low)
    return unscale(factor * fma(power, p + p_low, power))


cdef inline real celu_derivative(real x, real alpha) noexcept nogil:
    cdef real y = celu_exp(x, alpha, <real>1)
    return <real>1 if x > <real>0 else y


cdef inline real celu_second_derivative(real x, real alpha) noexcept nogil:
    cdef real y = celu_exp(x, alpha, <real>1 / alpha)
    return <real>0 if x > <real>0 else y


cdef inline double lost_in_product(double x, double beta, double z) noexcept nogil:
    """x beta - z for z the rounded product; 0 where that no longer matters."""
    return product_residual(x, beta, z) if fabs(z) < end_of_tail(z) else 0.0


cdef inline real gate(
    real z, real z_low, real* power, real* p, real* p_low, real* d, real* low, real* e
) noexcept nogil:
    """The pieces of `logistic_tail` for z + z_low, z >= 0."""
    cdef real s, c
    p[0] = exp_tail_exact(tail_clamp(-z), -z_low if z < end_of_tail(z) else <real>0, power, p_low)
    s = unscale(power[0])
    d[0] = fused(s, p[0], <real>1 + s)
    low[0] = fused(s, p_low[0], fused(s, p[0], (<real>1 - d[0]) + s))
    c = <real>1 / d[0]
    e[0] = fused(-c, low[0], remainder(<real>1, c, d[0]))
    return c


cdef inline real sharpened(real x, real beta, real* low) noexcept nogil:
    """beta |x| as an unevaluated sum of the result and `low`, cut where exp(-beta |x|) has vanished. A NaN keeps its sign."""
    cdef real z
    cdef real a = abs_or_nan(x)
    cdef real end = smallest((<real>130 if real is float else <real>810) / beta, largest_finite(x))
    a = end if a > end else a
    z = a * beta
    low[0] = product_residual(a, beta, z)
    return z


cdef inline real softplus_beta(real x, real beta) noexcept nogil:
    cdef real power, p, p_low, d, d_low, e, scaled, low, w, y, rest, inverse, size, big, small
    cdef real z = sharpened(x, beta, &low)
    gate(z, low, &power, &p, &p_low, &d, &d_low, &small)
    # The logarithm of 1 + e as in `softplus`, scaled like the power so that a small one keeps its digits; divided by beta.
    scaled = fused(power, p, power)
    e = unscale(scaled)
    inverse = <real>1 / beta
    # Large enough, the quotient must not be scaled.
    size = unscale(<real>1) if beta < <real>1e-10 else <real>1
    if real is float:
        low = fused(power, p_low, fused(power, p, power - scaled))
        w = fused(scaled, log1p_slope(e), fused(e, <real>-0.6 * low, low))
        y = fused(scaled, <real>0.90625, w)
        rest = size * (fused(scaled, <real>0.90625, -y) + w)
    else:
        w = scaled * log1p_slope(e)
        y = scaled * <real>0.90625
        rest = <real>0 if FUSES else product_residual(scaled, <real>0.90625, y)
        y = fma(scaled, <real>0.90625, w) if FUSES else y + (rest + w)
        rest = 0
    y = size * y
    big = y * inverse
    low = (rest + remainder(y, big, beta)) * inverse
    y = big
    size = unscale(<real>1) / size
    small = size * (y + low)
    y = size * y
    big = largest(x, y)
    w = x + y
    w = w + (((big - w) + smallest(x, y)) + size * low)
    w = w if x > <real>0 else small
    return w if x <= logistic_ceiling(x) * inverse else x


cdef inline real softplus_beta_derivative(real x, real beta) noexcept nogil:
    # sigma(beta x), cut where it has become 0 or 1
    cdef real least = smallest(end_of_tail(x) / beta, largest_finite(x))
    cdef real most = smallest(logistic_ceiling(x) / beta, largest_finite(x))
    cdef real near = -least if x < -least else x
    near = most if near > most else near
    return logistic_of_sum(near * beta, product_residual(near, beta, near * beta))


cdef inline real softplus_beta_second_derivative(real x, real beta) noexcept nogil:
    cdef real z, z_low, power, p, p_low, d, low, e, c, g, g_low
    z = sharpened(x, beta, &z_low)
    c = gate(z, z_low, &power, &p, &p_low, &d, &low, &e)
    g = square_product(c, e, p, &g_low)
    g = unscale(power * (beta * (g + fma(g, p_low, g_low))))
    return g if x == x else x


# --- soft exponential -------------------------------------------------------------------------------------------------

cdef inline double soft_exponential_power(double x, double alpha, double* p, double* p_low, double* scale) noexcept nogil:
    """exp(alpha x) = power (1 + p + p_low) scale."""
    cdef double power, n, small, r
    cdef double u = alpha * x
    cdef double near = 880.0 if u > 880.0 else (u if u > -800.0 else -800.0)
    cdef double exact = exp_split(near, 1, -256.0 if u > 0.0 else 256.0, &power, &n)
    small = fma(n, minus_ln2_low(n), product_residual(alpha, x, u) if near == u else 0.0)
    r = exact + small
    p[0] = expm1_reduced(r, True, p_low)
    p_low[0] = p_low[0] + sum_error(exact, small, r)
    scale[0] = 1.157920892373162e+77 if u > 0.0 else 8.636168555094445e-78  # 2^256, 2^-256
    scale[0] = INFINITY if u > 880.0 else scale[0]
    return power


cdef inline double soft_exponential_argument(double x, double alpha, double* low, double* v) noexcept nogil:
    """w + low = 1 - alpha (x + alpha), of which the logarithm is taken, and v = 1 - w."""
    cdef double square = alpha * alpha
    cdef double product = alpha * x
    cdef double v_low, w
    v[0] = product + square
    v_low = sum_error(product, square, v[0]) + (product_residual(alpha, alpha, square) + product_residual(alpha, x, product))
    w = 1.0 - v[0]
    low[0] = sum_error(1.0, -v[0], w) - v_low
    v[0] = v[0] + v_low
    v_low = low[0] if low[0] == low[0] else 0.0  # infinities lose nothing
    v[0] = v[0] if v[0] == v[0] else product
    low[0] = (w - (w + v_low)) + v_low
    low[0] = low[0] if low[0] == low[0] else 0.0
    return w + v_low


cdef inline double soft_exponential(double x, double alpha) noexcept nogil:
    cdef double power, p, p_low, scale, one, square, rest, rest_low, w, low, v, k, y, right
    # Right: (exp(alpha x) - 1 + alpha^2) / alpha, over the scale; the constant is summed apart.
    power = soft_exponential_power(x, alpha, &p, &p_low, &scale)
    one = 1.0 / scale
    square = alpha * alpha
    rest = square - 1.0
    rest_low = sum_error(square, -1.0, rest) + product_residual(alpha, alpha, square)
    y = fma(one, rest, power)
    rest_low = fma(one, rest_low, sum_error(power, one * rest, y))
    rest = power * p
    right = y + rest
    right = (right + (sum_error(y, rest, right) + fma(power, p_low, rest_low))) / alpha * scale
    # Left: -log(1 - alpha (x + alpha)) / alpha.
    w = soft_exponential_argument(x, alpha, &low, &v)
    y = w * (1.2676506002282294e30 if w < 1e-290 else 1.0)
    y = inverse_power(y, &k) * y
    k = k - 100.0 if w < 1e-290 else k
    y = log_of_quotient(-v / (2.0 - v) if k == 0.0 else (y - 1.0) / (y + 1.0), k, 0.0 if k == 0.0 else low / w)
    y = y if w < INFINITY else w
    y = -INFINITY if w == 0.0 else y
    y = NAN if w < 0.0 else y
    y = y / -alpha if alpha < 0.0 else right
    y = y if alpha != 0.0 else x
    return y if x == x else x


cdef inline double soft_exponential_derivative(double x, double alpha) noexcept nogil:
    cdef double p, p_low, scale, low, v, w, y
    cdef double power = soft_exponential_power(x, alpha, &p, &p_low, &scale)
    w = soft_exponential_argument(x, alpha, &low, &v) + low
    y = NAN if w < 0.0 else 1.0 / w
    y = y if alpha < 0.0 else power * (1.0 + (p + p_low)) * scale
    return y if x == x else x


cdef inline double soft_exponential_second_derivative(double x, double alpha) noexcept nogil:
    cdef double p, p_low, scale, low, v, w, y
    cdef double power = soft_exponential_power(x, alpha, &p, &p_low, &scale)
    w = soft_exponential_argument(x, alpha, &low, &v) + low
    y = NAN if w < 0.0 else alpha / w / w
    y = y if alpha < 0.0 else alpha * (power * (1.0 + (p + p_low))) * scale
    return y if x == x else x


cdef inline double soft_exponential_gradient_alpha(double x, double alpha) noexcept nogil:
    # Right: 1 + x^2 (u exp(u) - exp(u) + 1) / u^2 with u = alpha x; left: 1 / w + s^2 (log(w) + v / w) / v^2 with
    # s = x + alpha, v = alpha s, w = 1 - v. Both quotients are series where u or v is small.
    cdef double p, p_low, scale, low, v, w, k, y, e, right, left
    cdef double u = alpha * x
    cdef double s = x + alpha
    cdef double power = soft_exponential_power(x, alpha, &p, &p_low, &scale)
    e = power * (1.0 + (p + p_low)) * scale
    right = 1.4911969277048643e-10
    right = fma(u, right, 1.9270852604185937e-09)
    right = fma(u, right, 2.296443268665491e-08)
    right = fma(u, right, 2.505210838544172e-07)
    right = fma(u, right, 2.48015873015873e-06)
    right = fma(u, right, 2.2045855379188714e-05)
    right = fma(u, right, 0.00017361111111111112)
    right = fma(u, right, 0.0011904761904761906)
    right = fma(u, right, 0.006944444444444444)
    right = fma(u, right, 0.03333333333333333)
    right = fma(u, right, 0.125)
    right = fma(u, right, 0.3333333333333333)
    right = fma(u, right, 0.5)
    right = fma(x * x, right if fabs(u) < 0.5 else (fma(u - 1.0, e, 1.0)) / u / u, 1.0)
    w = soft_exponential_argument(x, alpha, &low, &v) + low
    left = 0.9285714285714286
    left = fma(v, left, 0.9230769230769231)
    left = fma(v, left, 0.9166666666666666)
    left = fma(v, left, 0.9090909090909091)
    left = fma(v, left, 0.9)
    left = fma(v, left, 0.8888888888888888)
    left = fma(v, left, 0.875)
    left = fma(v, left, 0.8571428571428571)
    left = fma(v, left, 0.8333333333333334)
    left = fma(v, left, 0.8)
    left = fma(v, left, 0.75)
    left = fma(v, left, 0.6666666666666666)
    left = fma(v, left, 0.5)
    y = inverse_power(w, &k) * w
    y = log_of_quotient((y - 1.0) / (y + 1.0), k, 0.0)
    left = left if fabs(v) < 0.0625 else (y + v / w) / v / v
    left = NAN if w < 0.0 else fma(s * s, left, 1.0 / w)
    y = left if alpha < 0.0 else right
    return y if x == x else x
