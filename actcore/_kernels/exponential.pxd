"""Activations made of exponentials; what is declared double is for float64, and for float32 after widening.

Each falls back on exp(-|z|) = 2^n (1 + p), whose scale is multiplied in last: so the tails stay right down to the
smallest number, and nothing overflows on the way.
"""

from actcore._kernels.activations cimport (
    gated_product, gated_slope, half_tanh, logistic_ceiling, logistic_tail, sigmoid_derivative_scaled, sigmoid_second_derivative,
    silu_second_derivative, softplus, square_product, tanh, tanh_bend, tanh_derivative, tanh_second_derivative,
    tanh_split, times_power,
)
from actcore._kernels.elementary cimport (
    abs_or_nan, at_least, at_most, copysign, exp, exp_negative, exp_reduce, exp_split, exp_tail_exact, expm1_negative,
    expm1_reduced, fabs, fma, fused, largest, largest_finite, log1p_slope, minus_abs, minus_ln2_low, product_of_sums,
    product_residual, product_rest, real, remainder, sech_square_split, smallest, sum_residual, tail_clamp,
    tail_reduce, tail_scale, tanh_gap, tanh_gap_split, unscale,
)
from actcore._kernels.piecewise cimport sum_error


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


cdef inline double slope_low(double x, double beta, double z) noexcept nogil:
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
        y = fma(scaled, <real>0.90625, scaled * log1p_slope(e))
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
    cdef real z, z_low, power, p, p_low, d, low, e, c, tail
    z = sharpened(x, beta, &z_low)
    c = gate(z, z_low, &power, &p, &p_low, &d, &low, &e)
    tail = unscale(power * fma(c, fma(e, p, e + p_low) + p, c))
    tail = tail if x == x else x
    return <real>1 - tail if x > <real>0 else tail


cdef inline real softplus_beta_second_derivative(real x, real beta) noexcept nogil:
    cdef real z, z_low, power, p, p_low, d, low, e, c, g, g_low
    z = sharpened(x, beta, &z_low)
    c = gate(z, z_low, &power, &p, &p_low, &d, &low, &e)
    g = square_product(c, e, p, &g_low)
    g = unscale(power * (beta * (g + fma(g, p_low, g_low))))
    return g if x == x else x


# --- x sigma(z), z an odd function of x -------------------------------------------------------------------------------

cdef inline real gated(real x, real z, real z_low) noexcept nogil:
    """x sigma(z) for the z of |x|: |x| sigma(-z) left of zero with its sign, x less that on the right."""
    cdef real power, p, p_low, d, low, e, h, m, m_low, tail
    cdef real a = abs_or_nan(x)
    cdef real c = gate(z, z_low, &power, &p, &p_low, &d, &low, &e)
    h = a * c
    m = <real>1 + p
    m_low = fma(e, m, (p - (m - <real>1)) + p_low)
    h = fused(h, m, fma(h, m_low, product_residual(a, c, h) * m))
    # A huge number must not be scaled: with a small slope, its gate may still be half open.
    tail = unscale(power * h) if a < <real>1e18 else power * unscale(h)
    tail = <real>0 if z > end_of_tail(z) else tail
    return copysign(x - tail if x > <real>0 else tail, x)


cdef inline real gate_slope(real x, real z, real z_low, real u, real u_low) noexcept nogil:
    """sigma'(z) (1 + exp(-z) - u) left of zero, 1 less that on the right; u + u_low is |x| times dz/d|x|."""
    cdef real power, p, p_low, d, low, e, g, g_low, w, w_low, h, tail
    cdef real c = gate(z, z_low, &power, &p, &p_low, &d, &low, &e)
    g = c * c
    g_low = fma(e + e, g, product_residual(c, c, g))
    w = d - u
    w_low = sum_residual(d, -u, w) + (low - u_low)
    h = g * w
    tail = times_power(h, product_rest(g, g_low, w, w_low, h), p, p_low, power)
    tail = <real>-0.0 if z > end_of_tail(z) else (tail if x == x else x)
    return <real>1 - tail if x > <real>0 else tail


cdef inline real gated_derivative(real x, real z, real z_low, real slope) noexcept nogil:
    """The derivative of x sigma(z) for the z of |x|; slope is dz/d|x|."""
    cdef real a = abs_or_nan(x)
    cdef real u = a * slope
    return gate_slope(x, z, z_low, u, product_residual(a, slope, u))


cdef inline real gated_second_derivative(
    real x, real z, real z_low, real slope, real slope_low, real curvature
) noexcept nogil:
    """sigma'(z) (slope (2 - |x| slope tanh(z / 2)) + |x| curvature), slope + slope_low being dz/d|x|."""
    cdef real power, p, p_low, d, low, e, square, g, g_low, s, n, n_low, u, t, t_low, w, w_low, y
    cdef real a = abs_or_nan(x)
    cdef real c = gate(z, z_low, &power, &p, &p_low, &d, &low, &e)
    s = unscale(power)
    n = fused(-s, p, <real>1 - s)
    n_low = fused(-s, p_low, fused(-s, p, (<real>1 - s) - n))
    # Over the common denominator 1 + exp(-z): the roots then meet no rounded quotient.
    u = a * slope
    t = u * n
    t_low = fma(u, n_low, fma(fma(a, slope_low, product_residual(a, slope, u)), n, product_residual(u, n, t)))
    y = (d + d) - t
    w_low = sum_residual(d + d, -t, y) + ((low + low) - t_low)
    w = fused(slope, y, a * curvature * d)
    square = c * c
    g = square * c
    if real is float:
        w_low = fma(slope, w_low, product_residual(slope, y, w))
        g_low = fma(<real>3 * e, g, fma(product_residual(c, c, square), c, product_residual(square, c, g)))
        y = g * w
        y = times_power(y, product_rest(g, g_low, w, w_low, y), p, p_low, power)
    else:
        y = g * fma(slope, w_low, w)
        y = times_power(y, <real>3 * e * y, p, p_low, power)
    return <real>0 if z > end_of_tail(z) else (y if x == x else x)


cdef inline real swish(real x, real beta) noexcept nogil:
    cdef real a = abs_or_nan(x)
    cdef real z = a * beta
    return gated(x, z, product_residual(a, beta, z))


cdef inline real swish_derivative(real x, real beta) noexcept nogil:
    cdef real a = abs_or_nan(x)
    cdef real z = a * beta
    cdef real z_low = product_residual(a, beta, z)
    return gate_slope(x, z, z_low, z, z_low)


cdef inline real swish_second_derivative(real x, real beta) noexcept nogil:
    cdef real a = abs_or_nan(x)
    cdef real z = a * beta
    return gated_second_derivative(x, z, product_residual(a, beta, z), beta, <real>0, <real>0)


cdef inline real swish_gradient_beta(real x, real beta) noexcept nogil:
    # In float64 for float32 too: the square of x is out of proportion to the result.
    cdef double z = <double> x * beta
    cdef double square = <double> x * x
    cdef double low = square * sigmoid_second_derivative(z) * slope_low(<double> x, <double> beta, z)
    return <real> (0.0 if fabs(z) > end_of_tail(z) else sigmoid_derivative_scaled(z, square) + low)


cdef inline real quick_gelu_slope(real x, real* low) noexcept nogil:
    """1.702 as the sum of the result and `low`."""
    if real is float:
        low[0] = <float>-2.193451e-08
        return <float>1.702
    else:
        low[0] = <double>4.263256414560601e-17
        return <double>1.702


cdef inline real quick_gelu_argument(real a, real* low) noexcept nogil:
    """1.702 a as an unevaluated sum of the result and `low`."""
    cdef real slope_low
    cdef real slope = quick_gelu_slope(a, &slope_low)
    cdef real z = slope * a
    low[0] = fma(slope_low, a, product_residual(slope, a, z))
    return z


cdef inline real quick_gelu(real x) noexcept nogil:
    cdef real low
    cdef real z = quick_gelu_argument(abs_or_nan(x), &low)
    return gated(x, z, low)


cdef inline real quick_gelu_derivative(real x) noexcept nogil:
    cdef real low
    cdef real z = quick_gelu_argument(abs_or_nan(x), &low)
    return gate_slope(x, z, low, z, low)


cdef inline real quick_gelu_second_derivative(real x) noexcept nogil:
    cdef real low, slope_low
    cdef real z = quick_gelu_argument(abs_or_nan(x), &low)
    cdef real slope = quick_gelu_slope(x, &slope_low)
    return gated_second_derivative(x, z, low, slope, slope_low, <real>0)


cdef inline double gelu_tanh_argument(
    double a, double* low, double* slope, double* slope_low, double* curvature
) noexcept nogil:
    """2 sqrt(2 / pi) (a + 0.044715 a^3) as an unevaluated sum of the result and `low`, and its two derivatives."""
    cdef double b = 100.0 if a > 100.0 else a
    cdef double q = b * b
    cdef double v = 0.07135481627260025 * q
    cdef double v_low = product_residual(0.07135481627260025, q, v) + (-6.175149918155315e-19) * q
    cdef double w = 1.5957691216057308 + v
    cdef double q_low = product_residual(b, b, q)
    cdef double part = w - 1.5957691216057308
    cdef double w_low = (1.5957691216057308 - (w - part)) + (v - part)
    cdef double z = b * w
    v_low = fma(0.07135481627260025, q_low, v_low)
    w_low = w_low + (v_low + (-9.96930880911092e-17))
    low[0] = fma(b, w_low, product_residual(b, w, z))
    slope[0] = fma(3.0, v, 1.5957691216057308)
    slope_low[0] = fma(3.0, v, 1.5957691216057308 - slope[0]) + fma(3.0, v_low, -9.96930880911092e-17)
    curvature[0] = 0.42812889763560147 * b
    return z


cdef inline float gelu_tanh_near(float x) noexcept nogil:
    """x, but not beyond where the gate has become 0 or 1. A NaN passes."""
    return at_most(at_least(x, <float>-11.4), <float>5.75)


cdef inline float gelu_tanh_float_argument(float x, float* low, float* v, float* v_low) noexcept nogil:
    """2 sqrt(2 / pi) (x + 0.044715 x^3) as the sum of the result and `low`, x times a sum of which v + v_low is the second term.

    The first term's leading part is short: its difference from the sum is exact.
    """
    cdef float q = x * x
    cdef float w, w_low, z
    v[0] = <float>0.07135481387376785 * q
    v_low[0] = product_residual(<float>0.07135481387376785, q, v[0])
    v_low[0] = fma(<float>0.07135481387376785, product_residual(x, x, q), fma(<float>2.3988324e-09, q, v_low[0]))
    w = <float>1.595768928527832 + v[0]
    w_low = ((<float>1.595768928527832 - w) + v[0]) + (v_low[0] + <float>1.930779e-07)
    z = x * w
    low[0] = fma(x, w_low, product_residual(x, w, z))
    return z


cdef inline real gelu_tanh(real x) noexcept nogil:
    cdef real z, low, slope, slope_low, curvature, y
    if real is float:
        z = gelu_tanh_float_argument(gelu_tanh_near(x), &low, &slope, &slope_low)
        y = gated_product(at_least(x, <real>-11.4), z, low, True)
        return copysign(x if x > <real>5.75 else y, x)
    else:
        z = gelu_tanh_argument(fabs(x), &low, &slope, &slope_low, &curvature)
        return gated(x, z, low)


cdef inline real gelu_tanh_derivative(real x) noexcept nogil:
    cdef real z, low, v, v_low, near, slope, slope_low, curvature, u
    if real is float:
        near = gelu_tanh_near(x)
        z = gelu_tanh_float_argument(near, &low, &v, &v_low)
        slope = fused(<real>3, v, <real>1.595768928527832)
        slope_low = fused(<real>3, v, <real>1.595768928527832 - slope) + fma(<real>3, v_low, <real>1.930779e-07)
        u = near * slope
        return gated_slope(z, low, u, fma(near, slope_low, product_residual(near, slope, u)), True)
    else:
        z = gelu_tanh_argument(abs_or_nan(x), &low, &slope, &slope_low, &curvature)
        return gated_derivative(x, z, low, slope)


cdef inline real gelu_tanh_second_derivative(real x) noexcept nogil:
    # In float64 for float32 too: three differences meet here.
    cdef double low, slope, slope_low, curvature
    cdef double z = gelu_tanh_argument(abs_or_nan(<double> x), &low, &slope, &slope_low, &curvature)
    return <real> gated_second_derivative(<double> x, z, low, slope, slope_low, curvature)


cdef inline real elish_pieces(
    real x, real* scaled, real* scaled_low, real* s, real* p, real* p_low, real* d, real* d_low
) noexcept nogil:
    """exp(-|x|), scaled like `exp_tail`, and 1 + exp(-|x|) = d + d_low as sums; c = 1 / d."""
    cdef real power, e
    cdef real c = logistic_tail(x, True, &power, p, p_low, d, d_low, &e)
    s[0] = unscale(power)
    d_low[0] = fma(s[0], p_low[0], d_low[0])
    scaled[0] = fused(power, p[0], power)
    scaled_low[0] = fma(power, p_low[0], fused(power, p[0], power - scaled[0]))
    return c


cdef inline real elish(real x) noexcept nogil:
    # x / d on the right; (exp(x) - 1) sigma(x) = -exp(x) (1 - exp(x)) / d on the left.
    cdef real scaled, scaled_low, s, p, p_low, d, d_low, one, n, n_low, r, r_low, left
    cdef real c = elish_pieces(x, &scaled, &scaled_low, &s, &p, &p_low, &d, &d_low)
    one = <real>1 - s
    n = fma(-s, p, one)
    n_low = fma(-s, p_low, fma(-s, p, one - n)) + ((<real>1 - one) - s)
    n = smallest(x, logistic_ceiling(x)) if x > <real>0 else n
    n_low = <real>0 if x > <real>0 else n_low
    r = n * c
    r_low = (fma(-r, d_low, remainder(n, r, d)) + n_low) * c
    left = unscale(product_of_sums(scaled, scaled_low, r, r_low))
    r = x if x > logistic_ceiling(x) else r + r_low
    return copysign(r if x > <real>0 else left, x)


cdef inline real elish_derivative(real x) noexcept nogil:
    # With q = exp(-|x|): (1 + q (1 + x)) / d^2 on the right, q (q (q + 2) - 1) / d^2 on the left.
    cdef real scaled, scaled_low, s, p, p_low, d, d_low, q, q_low, m, g, g_low, one, k, k_low, y, left
    cdef real c = elish_pieces(x, &scaled, &scaled_low, &s, &p, &p_low, &d, &d_low)
    q = unscale(scaled)
    q_low = unscale(scaled_low)
    one = <real>1 if x > <real>0 else <real>2
    m = smallest(x, end_of_tail(x)) if x > <real>0 else q
    g = one + m
    g_low = (m - (g - one)) + (<real>0 if x > <real>0 else q_low)
    one = <real>1 if x > <real>0 else <real>-1
    m = q * g
    k = one + m
    k_low = (m - (k - one)) + product_rest(q, q_low, g, g_low, m)
    m = k * c
    k_low = (fma(-m, d_low, remainder(k, m, d)) + k_low) * c
    y = m * c
    k_low = (fma(-y, d_low, remainder(m, y, d)) + k_low) * c
    left = unscale(product_of_sums(scaled, scaled_low, y, k_low))
    return y + k_low if x > <real>0 else left


cdef inline real elish_second_derivative(real x) noexcept nogil:
    # Left of zero q (q^3 + 3 q^2 + 5 q - 1) / (1 + q)^3 with q = exp(x).
    cdef real power, p, p_low, d, low, e, q, q_low, scaled, scaled_low, t, y
    cdef real c = logistic_tail(x, True, &power, &p, &p_low, &d, &low, &e)
    scaled = fused(power, p, power)
    scaled_low = fma(power, p_low, fused(power, p, power - scaled))
    q = unscale(scaled)
    q_low = unscale(scaled_low)
    t = fma(q, q + <real>3, <real>5)
    y = fused(q, t, <real>-1)
    q_low = fma(q_low, fma(q, fma(<real>3, q, <real>6), <real>5), q * fma(q, q + <real>3, <real>5 - t))
    y = y + fma(<real>3 * e, y, q_low)
    return silu_second_derivative(x) if x > <real>0 else unscale(c * c * c * fused(scaled, y, scaled_low * y))


cdef inline real hard_elish_near(real x) noexcept nogil:
    """x, but not beyond the ends of the gate. A NaN passes."""
    return at_most(at_least(x, <real>-1), <real>1)


cdef inline real hard_elish(real x) noexcept nogil:
    # (1 + x) / 2 times x or exp(x) - 1: at the ends they give 0 and 1 by themselves.
    cdef real q_low
    cdef real z = hard_elish_near(x)
    cdef real q = expm1_negative(z, &q_low)
    cdef real s = <real>1 + z
    cdef real s_low = (<real>1 - s) + z
    q = z if x > <real>0 else q
    q_low = <real>0 if x > <real>0 else q_low
    q = <real>0.5 * product_of_sums(q, q_low, s, s_low)
    return copysign(x if x > <real>1 else q, x)


cdef inline real hard_elish_derivative(real x) noexcept nogil:
    # (exp(x) (x + 2) - 1) / 2 = ((exp(x) - 1) (x + 2) + (x + 1)) / 2
    cdef real q_low
    cdef real z = hard_elish_near(x)
    cdef real q = expm1_negative(z, &q_low)
    cdef real s = <real>1 + z
    cdef real t = <real>2 + z
    cdef real left = fused(q, t, s) + fma(q_low, t, fma(q, (<real>2 - t) + z, (<real>1 - s) + z))
    left = <real>0.5 * left if z > <real>-1 else (<real>0 if x == x else x)
    return (x + <real>0.5 if x < <real>1 else <real>1) if x > <real>0 else left


cdef inline real hard_elish_second_derivative(real x) noexcept nogil:
    cdef real left = <real>0.5 * exp_negative(at_least(x, <real>-1)) * (x + <real>3)
    left = left if x > <real>-1 else (<real>0 if x == x else x)
    return (<real>1 if x < <real>1 else <real>0) if x > <real>0 else left


# --- mish -------------------------------------------------------------------------------------------------------------

cdef inline real mish_near(real x) noexcept nogil:
    """x, but not beyond where exp(x) has vanished or the derivative has become 1. A NaN passes."""
    if real is float:
        return at_most(tail_clamp(x), <float>11.0)
    else:
        return at_most(tail_clamp(x), <double>21.5)


cdef inline real mish_line(real x) noexcept nogil:
    """Beyond it mish(x) is x, to half a unit."""
    if real is float:
        return <float>8.66
    else:
        return <double>18.7


cdef inline real mish_pieces(
    real z, real* scaled, real* scaled_low, real* w, real* n, real* n_low, real* d_low
) noexcept nogil:
    """w = exp(z) and w (w + 2) as sums, scaled like `exp_tail`, and the denominator d + d_low = w (w + 2) + 2."""
    cdef real power, p_low, m, d
    cdef real p = expm1_reduced(tail_reduce(z, &power), False, &p_low)
    scaled[0] = fused(power, p, power)
    scaled_low[0] = fma(power, p_low, fused(power, p, power - scaled[0]))
    w[0] = unscale(scaled[0])
    m = scaled[0] + scaled[0]
    n[0] = fused(scaled[0], w[0], m)
    n_low[0] = fma(fma(<real>2, w[0], <real>2), scaled_low[0], fused(scaled[0], w[0], m - n[0]))
    m = unscale(n[0])
    d = m + <real>2
    d_low[0] = (m - (d - <real>2)) + unscale(n_low[0])
    return d


cdef inline real mish(real x) noexcept nogil:
    # x tanh(log(1 + w)) = x w (w + 2) / d
    cdef real scaled, scaled_low, w, n, n_low, d_low, c, t, t_low
    cdef real z = mish_near(x)
    cdef real d = mish_pieces(z, &scaled, &scaled_low, &w, &n, &n_low, &d_low)
    c = <real>1 / d
    t = n * c
    t_low = (fma(-t, d_low, remainder(n, t, d)) + n_low) * c
    return copysign(x if x > mish_line(x) else unscale(fused(z, t, z * t_low)), x)


cdef inline real mish_derivative(real x) noexcept nogil:
    # w ((1 + w) (1 + u) + 1) / d with u = 4 x / d: next to the root only the sums cancel.
    cdef real scaled, scaled_low, w, n, n_low, d_low, c, u, g, g_low, a, a_low, k, k_low
    cdef real z = mish_near(x)
    cdef real d = mish_pieces(z, &scaled, &scaled_low, &w, &n, &n_low, &d_low)
    c = <real>1 / d
    z = <real>4 * z
    u = z * c
    g = <real>1 + u
    g_low = fma(fma(-u, d_low, remainder(z, u, d)), c, (<real>1 - g) + u)
    a = <real>1 + w
    a_low = (w - (a - <real>1)) + unscale(scaled_low)
    k = fused(a, g, <real>1)
    k_low = fma(a_low, g, fma(a, g_low, fused(a, g, <real>1 - k)))
    a = k * c
    a_low = (fma(-a, d_low, remainder(k, a, d)) + k_low) * c
    return unscale(product_of_sums(scaled, scaled_low, a, a_low))


cdef inline real mish_second_derivative(real x) noexcept nogil:
    # With exp(x) = b / a, one of which is 1, and d = 2 a^2 + 2 a b + b^2: 4 a^2 b / d^2 (2 (a + b) + x (a - 2 b + 4 a^2 b / d)).
    cdef real power, p_low, q, q_low, a, b, m, d, c, e, g, g_low, j, j_low, k
    cdef real z = tail_clamp(minus_abs(x))
    cdef real p = expm1_reduced(tail_reduce(z, &power), True, &p_low)
    g = fused(power, p, power)
    g_low = fma(power, p_low, fused(power, p, power - g))
    q = unscale(g)
    q_low = unscale(g_low)
    z = copysign(z, x)
    a = q if x > <real>0 else <real>1
    b = <real>1 if x > <real>0 else q
    m = fused(q, <real>2 if x > <real>0 else <real>1, <real>2)
    k = <real>1 if x > <real>0 else <real>2
    d = fused(q, m, k)
    e = fma(<real>2 * m - <real>2, q_low, fused(q, m, k - d))
    c = <real>1 / d
    e = fma(-c, e, remainder(<real>1, c, d))
    # a^2 b, scaled
    m = g * a
    g_low = fma(g_low, q + q if x > <real>0 else <real>1, product_residual(g, a, m))
    j = a - <real>2 * b
    j_low = sum_residual(a, <real>-2 * b, j)
    g = <real>4 * a * a * b
    k = fused(g, c, j)
    j_low = j_low + fused(g, c, j - k)
    q = <real>2 * q
    b = <real>2 + q
    j = fused(z, k, b)
    j_low = fma(<real>2 * e, j, fma(z, j_low, q - (b - <real>2)))
    j_low = fma(fma(z, <real>1 if x > <real>0 else <real>-2, <real>2), q_low, j_low)
    j = <real>4 * fused(m, j, fma(g_low, j, m * j_low))
    d = c * c
    return unscale(fused(d, j, product_residual(c, c, d) * j))


# --- hyperbolic -------------------------------------------------------------------------------------------------------

cdef inline real tanh_shrink_pieces(real a, real* z, real* z_low, real* h, real* h_low) noexcept nogil:
    """1 - tanh(a) for a > 1.03125; up to there, h + h_low = 1 - tanh(a) / a, a polynomial of a^2 = z + z_low."""
    cdef real p, slope, t, low, power, d, c
    z[0] = a * a
    z_low[0] = product_residual(a, a, z[0])
    if real is float:
        # Around a point where the polynomial is a float32 number: little is added to it, and so little is lost.
        t = z[0] - <float>0.419921875
        slope = fma(t, <float>4.1231378e-05, <float>-1.6960046e-04)
        slope = fma(t, slope, <float>4.9091142e-04)
        slope = fma(t, slope, <float>-1.4000548e-03)
        slope = fma(t, slope, <float>4.0386943e-03)
        slope = fma(t, slope, <float>-1.1663145e-02)
        slope = fma(t, slope, <float>3.3682674e-02)
        slope = fma(t, slope, <float>-9.7415656e-02)
        p = fused(t, slope, <float>2.8547636e-01)
        low = fused(t, slope, <float>2.8547636e-01 - p)
        h[0] = z[0] * p
        h_low[0] = product_rest(z[0], z_low[0], p, low, h[0])
    else:
        p = fma(z[0], <double>-2.0668673996589306e-08, <double>2.2936582415078495e-07)
        p = fma(z[0], p, <double>-1.2636365709048541e-06)
        p = fma(z[0], p, <double>4.753971176951332e-06)
        p = fma(z[0], p, <double>-1.429327077945191e-05)
        p = fma(z[0], p, <double>3.80980659802089e-05)
        p = fma(z[0], p, <double>-9.626879100697679e-05)
        p = fma(z[0], p, <double>2.3886406885498954e-04)
        p = fma(z[0], p, <double>-5.899473035742098e-04)
        p = fma(z[0], p, <double>1.455816913308813e-03)
        p = fma(z[0], p, <double>-3.592125381084413e-03)
        p = fma(z[0], p, <double>8.863235262813313e-03)
        p = fma(z[0], p, <double>-2.1869488519758565e-02)
        p = fma(z[0], p, <double>5.3968253967718094e-02)
        p = fma(z[0], p, <double>-1.333333333333262e-01)
        p = fma(z[0], p, <double>3.333333333333333e-01)
        h[0] = z[0] * p
        h_low[0] = fma(z_low[0], p, product_residual(z[0], p, h[0]))
    p = expm1_reduced(exp_reduce(at_most(a + a, <real>80), 1, <real>0, &power), False, &low)
    d = fused(power, p, <real>1 + power)
    c = <real>2 / d
    if real is float:
        low = fused(power, p, (<real>1 + power) - d)
        c = fma(<real>0.5 * c, fma(-c, low, remainder(<real>2, c, d)), c)
    return c


cdef inline real tanh_shrink(real x) noexcept nogil:
    cdef real z, z_low, h, h_low
    cdef real a = abs_or_nan(x)
    cdef real gap = tanh_shrink_pieces(a, &z, &z_low, &h, &h_low)
    # Scaled, so that h_low counts down to the smallest number.
    cdef real scaled = a * tail_scale(x)
    cdef real y = unscale(fused(scaled, h, scaled * h_low))
    # From here on what is missing is a small part of the sum, and so are its errors.
    return copysign((a - <real>1) + gap if a > <real>1.03125 else y, x)


cdef inline real tanh_shrink_derivative(real x) noexcept nogil:
    cdef real z, z_low, h, h_low, gap, w, q, y
    cdef real a = abs_or_nan(x)
    if real is float:
        gap = tanh_shrink_pieces(a, &z, &z_low, &h, &h_low)
        w = <real>1 - h
        q = z * w
        y = fma(q, w, fma(q, <real>2 * (((<real>1 - w) - h) - h_low), z_low * w))
        return fma(gap, gap - <real>2, <real>1) if a > <real>1.03125 else y
    else:
        y = tanh(x)
        return y * y


cdef inline real tanh_shrink_second_derivative(real x) noexcept nogil:
    cdef real y = -tanh_second_derivative(x)
    return y if x == x else x


cdef inline real logcosh(real x) noexcept nogil:
    # x^2 p(x^2) near zero, and |x| - log(2) + log(1 + exp(-2|x|)) far from it, log(2) in two parts.
    cdef real p, p_low, slope, h, far
    cdef real a = abs_or_nan(x)
    cdef real z = x * x
    cdef real z_low = product_residual(x, x, z)
    if real is float:
        slope = fma(z, <float>-2.5803787e-05, <float>1.7690765e-04)
        slope = fma(z, slope, <float>-6.804931e-04)
        slope = fma(z, slope, <float>2.1621406e-03)
        slope = fma(z, slope, <float>-6.74016e-03)
        slope = fma(z, slope, <float>2.2221545e-02)
        slope = fma(z, slope, <float>-8.3333306e-02)
        p = fused(z, slope, <float>0.5)
        p_low = fused(z, slope, <float>0.5 - p)
        far = (a - <float>0.693145751953125) + (softplus(-<real>2 * a) - <float>1.4286068e-06)
        h = product_of_sums(z, z_low, p, p_low)
    else:
        p = fma(z, <double>7.1982604896762744e-09, <double>-7.30941066030056e-08)
        p = fma(z, p, <double>3.770017865118739e-07)
        p = fma(z, p, <double>-1.3751503526429652e-06)
        p = fma(z, p, <double>4.190222424014436e-06)
        p = fma(z, p, <double>-1.182576469860909e-05)
        p = fma(z, p, <double>3.2720897049504474e-05)
        p = fma(z, p, <double>-9.097068418228928e-05)
        p = fma(z, p, <double>2.5657619310613146e-04)
        p = fma(z, p, <double>-7.386022650558544e-04)
        p = fma(z, p, <double>2.186948781636381e-03)
        p = fma(z, p, <double>-6.746031741590931e-03)
        p = fma(z, p, <double>2.2222222222082876e-02)
        p = fma(z, p, <double>-8.333333333333179e-02)
        p = fma(z, p, <double>0.5)
        far = (a - <double>0.6931471803691238) + (softplus(-<real>2 * a) - <double>1.9082149292705877e-10)
        h = fused(z, p, z_low * p)
    return h if a < <real>1 else far


cdef inline real logcosh_derivative(real x) noexcept nogil:
    cdef real power, p, p_low, d, low, e, c
    if real is float:
        return tanh(x)
    else:
        # tanh(x), from the pieces of the value
        c = logistic_tail(-<real>2 * abs_or_nan(x), True, &power, &p, &p_low, &d, &low, &e)
        return copysign(half_tanh(False, power, p, p_low, d, low, c, &low), x)


cdef inline real logcosh_second_derivative(real x) noexcept nogil:
    return tanh_derivative(x)


cdef inline float tanh_ratio(float z, float z_low, float* low) noexcept nogil:
    """tanh(w) / w for w^2 = z + z_low <= 1 as an unevaluated sum of the result and `low`."""
    cdef float bend = tanh_bend(z)
    cdef float m = fused(z, bend, <float>1)
    # Its derivative is about 0.8 times its difference quotient from 0.
    low[0] = fma(<float>0.8 * z_low, bend, fused(z, bend, <float>1 - m))
    return m


cdef inline real lisht(real x) noexcept nogil:
    cdef real a, n, z, z_low, low, near, far
    if real is float:
        a = abs_or_nan(x)
        z = a * a
        z_low = product_residual(a, a, z)
        near = tanh_ratio(z, z_low, &low)
        near = fused(z, near, fma(z, low, z_low * near))
        far = fused(<real>-0.5 * at_most(a, <real>58), tanh_gap(a + a, <real>-0.0, 4, &n), a)
        return near if a < <real>1 else far
    else:
        return x * tanh(x)


cdef inline real lisht_derivative(real x) noexcept nogil:
    cdef real near
    if real is float:
        near = at_most(at_least(x, <real>-58), <real>58)
    else:
        near = copysign(smallest(fabs(x), end_of_tail(x)), x)
    return fused(near, tanh_derivative(x), tanh(x))


cdef inline real lisht_second_derivative(real x) noexcept nogil:
    # 2 sech(x)^2 (1 - x tanh(x))
    cdef real near, t, t_low, y, c, rest
    if real is float:
        # Scaled: a subnormal result is rounded once.
        near = at_most(abs_or_nan(x), <real>58)
        c = tanh_gap_split(near + near, <real>-0.0, <real>268435456, &rest)
        y = sech_square_split(c, <real>268435456, rest)
        t = <real>7.450580596923828e-09 * near
        t = fma(t * c, rest, fused(t, c, <real>1 - near))
        return (y * t) * <real>2.9802322387695312e-08
    else:
        near = copysign(smallest(fabs(x), end_of_tail(x)), x)
        t = tanh_split(x, &t_low)
        y = near * t
        return sigmoid_derivative_scaled(x + x, 8.0 * ((1.0 - y) - fma(near, t_low, product_residual(near, t, y))))


cdef inline double lecun_tanh_argument(double x, double* low) noexcept nogil:
    """2 x / 3 as an unevaluated sum of the result and `low`."""
    cdef double z = x * 0.6666666666666666
    low[0] = slope_low(x, 0.6666666666666666, z) + x * 3.700743415417188e-17 if fabs(z) < end_of_tail(z) else 0.0
    return z


cdef inline float lecun_tanh_float_argument(float x, float* low) noexcept nogil:
    """4 |x| / 3 as an unevaluated sum of the result and `low`, cut where every order has reached its limit."""
    cdef float a = at_most(abs_or_nan(x), <float>86)
    cdef float z = a * <float>1.3333334
    low[0] = fma(a, <float>-3.973643e-08, product_residual(a, <float>1.3333334, z))
    return z


cdef inline real lecun_tanh(real x) noexcept nogil:
    cdef real low, t_low, z, t, near, far
    if real is float:
        # 1.7159 and two thirds of it are sums of two numbers.
        z = x * x
        t = <float>-1.3934983e-06
        t = fma(z, t, <float>2.0202802e-05)
        t = fma(z, t, <float>-1.5736019e-04)
        t = fma(z, t, <float>9.5863163e-04)
        t = fma(z, t, <float>-5.410698e-03)
        t = fma(z, t, <float>3.0125935e-02)
        t = fma(z, t, <float>-1.694714e-01)
        near = fused(z, t, <real>1.1439333)
        t_low = fma(z, t, <real>1.1439333 - near) + <real>3.712972e-08
        near = fused(fabs(x), near, fabs(x) * t_low)
        z = lecun_tanh_float_argument(x, &low)
        far = <real>-0.85795 * tanh_gap_split(z, low, 4, &t)
        far = <real>1.7159 + (far + fma(far, t, <real>5.569458e-08))
        return copysign(near if z < <real>2 else far, x)
    else:
        z = lecun_tanh_argument(x, &low)
        t = tanh_split(z, &t_low)
        return copysign(1.7159 * (t + fma(tanh_derivative(z), low, t_low)), x)


cdef inline real lecun_tanh_derivative(real x) noexcept nogil:
    cdef real low, z
    if real is float:
        z = lecun_tanh_float_argument(x, &low)
        z = tanh_gap_split(z, low, <real>4.5757333, &low)
        return sech_square_split(z, <real>4.5757333, low)
    else:
        z = lecun_tanh_argument(x, &low)
        return fma(1.1439333333333332 * tanh_second_derivative(z), low, sigmoid_derivative_scaled(z + z, 4.5757333333333328))


cdef inline real lecun_tanh_second_derivative(real x) noexcept nogil:
    cdef real low, z, t, y, slope
    if real is float:
        # Scaled by 2^23, so that a subnormal result is rounded once.
        z = lecun_tanh_float_argument(x, &low)
        y = tanh_gap_split(z, low, <real>51178711, &low)
        y = sech_square_split(y, <real>51178711, low)
        return <real>-1.1920928955078125e-07 * (copysign(tanh(<real>0.5 * z), x) * y)
    else:
        z = lecun_tanh_argument(x, &low)
        # The third derivative of tanh is -2 tanh' (tanh' - 2 tanh^2), near -2 times the second one in the tails.
        y = tanh_second_derivative(z)
        slope = tanh_derivative(z)
        t = tanh(z)
        return -0.7626222222222222 * copysign(fma(-2.0 * slope * (slope - 2.0 * t * t), low, y), x)


cdef inline double x_exp(double x, double shift) noexcept nogil:
    """(x + shift) exp(x) for x < 0, with one rounding where it is subnormal."""
    cdef double power, p_low
    cdef double z = tail_clamp(x)
    cdef double p = exp_tail_exact(z, 0.0, &power, &p_low)
    cdef double y = z + shift
    return unscale(power * fused(y, p, y))


cdef inline double exp_twice(double x, double* low) noexcept nogil:
    """exp(x) for |x| < 700 as an unevaluated sum of the result and `low`, to 2^-61: exp(x / 2)^2, the half argument reduced."""
    cdef double power, n, z, p, t, y, s
    cdef double exact = exp_split(x, 1, 0.0, &power, &n)
    cdef double small = n * minus_ln2_low(n)
    cdef double r = exact + small
    cdef double r_low = 0.5 * sum_error(exact, small, r)
    r = 0.5 * r
    z = r * r
    p = 1.6059043836821613e-10
    p = fma(r, p, 2.08767569878681e-09)
    p = fma(r, p, 2.505210838544172e-08)
    p = fma(r, p, 2.755731922398589e-07)
    p = fma(r, p, 2.7557319223985893e-06)
    p = fma(r, p, 2.48015873015873e-05)
    p = fma(r, p, 0.0001984126984126984)
    p = fma(r, p, 0.001388888888888889)
    p = fma(r, p, 0.008333333333333333)
    p = fma(r, p, 0.041666666666666664)
    p = fma(r, p, 0.16666666666666666)
    # exp(r) - 1 = r + z / 2 + r z p, the three summed without loss.
    t = r * z * p
    y = r + 0.5 * z
    s = y + t
    low[0] = (sum_error(y, t, s) + sum_error(r, 0.5 * z, y)) + fma(0.5, product_residual(r, r, z), fma(s, r_low, r_low))
    y = 1.0 + s
    low[0] = ((1.0 - y) + s) + low[0]
    s = y * y
    low[0] = power * fma(y + y, low[0], product_residual(y, y, s))
    return power * s


cdef inline double tanh_pieces(
    double w, double w_low, double* t_low, double* power, double* g, double* g_low
) noexcept nogil:
    """tanh(w + w_low) for w > 0 as an unevaluated sum of the result and `t_low`, and sech^2 = unscale(power 4 (g + g_low))."""
    cdef double p, p_low, d, low, e, s, n, n_low, t
    cdef double c = gate(w + w, w_low + w_low, power, &p, &p_low, &d, &low, &e)
    # c^2 (1 + e)^2 (1 + p + p_low)
    g[0] = c * c
    g_low[0] = product_residual(c, c, g[0])
    g_low[0] = fma(g[0], fma(e + e, p, e + e) + (p + p_low), fma(g_low[0], p, g_low[0]))
    # (1 - exp(-2w)) / (1 + exp(-2w))
    s = unscale(power[0])
    n = fused(-s, p, 1.0 - s)
    n_low = fused(-s, p_low, fused(-s, p, (1.0 - s) - n))
    t = n * c
    t_low[0] = fma(t, e, fma(n_low, c, product_residual(n, c, t)))
    return t


cdef inline float exp_pieces(float x, float* scaled, float* scaled_low, float* w_low) noexcept nogil:
    """w + w_low = exp(x), and the same scaled like `exp_tail`."""
    cdef float power, p_low
    cdef float p = expm1_reduced(tail_reduce(x, &power), True, &p_low)
    scaled[0] = fused(power, p, power)
    scaled_low[0] = fma(power, p_low, fused(power, p, power - scaled[0]))
    w_low[0] = unscale(scaled_low[0])
    return unscale(scaled[0])


cdef inline real tanh_exp(real x) noexcept nogil:
    cdef real power, p, p_low, s, w, t, t_low, g, g_low, near
    if real is float:
        near = at_most(tail_clamp(x), <real>2.75)
        w = exp_pieces(near, &s, &g, &p_low)
        t = w * w
        p = tanh_ratio(t, fma(w + w, p_low, product_residual(w, w, t)), &t_low)
        t = s * p
        t_low = fma(g, p, fma(s, t_low, product_residual(s, p, t)))
        t = unscale(fused(near, t, near * t_low))
        g = fused(<real>-0.5 * near, tanh_gap(w + w, p_low + p_low, 4, &g_low), x)
        return copysign(t if x < <real>0 else g, x)
    else:
        near = 20.0 if x > 20.0 else x
        p = exp_tail_exact(tail_clamp(near), 0.0, &power, &p_low)
        s = unscale(power)
        w = fused(s, p, s)
        t = tanh_pieces(w, fma(s, p_low, fused(s, p, s - w)), &t_low, &power, &g, &g_low)
        t = x * (t + t_low)
        t = x_exp(x, 0.0) if x < -40.0 else t
        return t if x == x else x


cdef inline real tanh_exp_derivative(real x) noexcept nogil:
    # tanh(w) + x w sech(w)^2
    cdef real w, w_low, power, t, t_low, g, g_low, u, u_low, v, v_low, y, near
    if real is float:
        # From some 2.5 on it is 1, and the value x.
        near = at_most(tail_clamp(x), <real>2.75)
        w = exp_pieces(near, &u, &u_low, &w_low)
        # Left of zero w (m + x (1 - (w m)^2)) with m = tanh(w) / w.
        v = w * w
        g = tanh_ratio(v, fma(w + w, w_low, product_residual(w, w, v)), &g_low)
        t_low = fma(w, g_low, w_low * g)
        t = fused(w, g, t_low)
        t_low = t_low + fused(w, g, -t)
        v = fused(-t, t, <real>1)
        v_low = fma(<real>-2 * t, t_low, fused(-t, t, <real>1 - v))
        t = fused(near, v, g)
        t_low = fma(near, v_low, g_low)
        y = unscale(product_of_sums(u, u_low, t, t_low))
        # And 1 less what is missing on the right.
        t = tanh_gap(w + w, w_low + w_low, 4, &t_low)
        v = near * w
        t = fused(t, fma(v, fma(<real>-0.25, t, <real>1), <real>-0.5), <real>1)
        return t if x > <real>0 else y
    else:
        # w counts w times in the second term, so it is a sum of two numbers
        near = 20.0 if x > 20.0 else (x if x > -40.0 else -40.0)
        w = exp_twice(near, &w_low)
        t = tanh_pieces(w, w_low, &t_low, &power, &g, &g_low)
        power = 4.0 * unscale(power)
        g = power * g
        g_low = power * g_low
        u = near * w
        u_low = fma(near, w_low, product_residual(near, w, u))
        v = u * g
        v_low = fma(u_low, g, fma(u, g_low, product_residual(u, g, v)))
        y = t + v
        y = y + (sum_error(t, v, y) + (t_low + v_low))
        y = x_exp(x, 1.0) if x < -40.0 else y
        return y if x == x else x


cdef inline real tanh_exp_second_derivative(real x) noexcept nogil:
    # w sech(w)^2 (2 + x - 2 x w tanh(w)), in float64 for float32 too: an exponential of an exponential, whose error counts w times.
    cdef double w, w_low, power, t, t_low, g, g_low, u, u_low, y, v
    cdef double near = 20.0 if x > 20.0 else (x if x > -40.0 else -40.0)
    w = exp_twice(near, &w_low)
    t = tanh_pieces(w, w_low, &t_low, &power, &g, &g_low)
    u = near * w
    u_low = fma(near, w_low, product_residual(near, w, u))
    v = u * t
    u_low = product_rest(u, u_low, t, t_low, v)
    y = 2.0 + near
    t_low = sum_error(2.0, near, y)
    u = y - 2.0 * v
    u = u + (sum_error(y, -2.0 * v, u) + (t_low - 2.0 * u_low))
    y = unscale(power * (4.0 * (g + g_low) * (w * u)))
    y = x_exp(<double> x, 2.0) if x < -40.0 else y
    return <real> (y if x == x else x)


# --- Soboleva's modified hyperbolic tangent ---------------------------------------------------------------------------

cdef inline double decay(double x, double a, double b, double* rest, double* rest_low) noexcept nogil:
    """exp(-(a + b) x) for x, a, b >= 0, and what it lacks of 1 as the sum of `rest` and `rest_low`."""
    cdef double power, p, p_low, s, one
    cdef double rate = a + b
    cdef double z = rate * x
    cdef double low = fma(sum_error(a, b, rate), x, product_residual(rate, x, z))
    p = exp_tail_exact(tail_clamp(-z), -low if z < 800.0 else 0.0, &power, &p_low)
    s = unscale(power)
    one = 1.0 - s
    rest[0] = fused(-s, p, one)
    rest_low[0] = fused(-s, p_low, fused(-s, p, one - rest[0]) + ((1.0 - one) - s))
    return unscale(fma(power, p + p_low, power))


cdef inline double growth(double x, double a, double c, double* low) noexcept nogil:
    """exp((a - c) x) as an unevaluated sum of the result and `low`."""
    cdef double rate = a - c
    cdef double z = rate * x
    cdef double y = exp(z)
    cdef double z_low = fma(sum_error(a, -c, rate), x, product_residual(rate, x, z))
    low[0] = z_low * y if fabs(z) < 708.0 else 0.0
    return y


cdef inline double soboleva_side(double x, double* a, double* b, double* c, double* d) noexcept nogil:
    """|x|, within the finite numbers, and the parameters as they are right of zero: on the left the function is its own mirror
    image with the parameters exchanged, and all exponentials are counted from that of the denominator.
    """
    cdef double right = a[0]
    a[0] = b[0] if x < 0.0 else right
    b[0] = right if x < 0.0 else b[0]
    right = c[0]
    c[0] = d[0] if x < 0.0 else right
    d[0] = right if x < 0.0 else d[0]
    return at_most(abs_or_nan(x), 1e300)


cdef inline void soboleva_tanh_shared(
    double x, double a, double b, double c, double d,
    double* p, double* n, double* n_low, double* e, double* m, double* grown, double* grown_low,
) noexcept nogil:
    """p = exp(-(a + b) |x|) = 1 - (n + n_low), e = exp(-(c + d) |x|) = 1 - m, and exp((a - c) |x|) as a sum."""
    cdef double m_low
    cdef double z = soboleva_side(x, &a, &b, &c, &d)
    p[0] = decay(z, a, b, n, n_low)
    e[0] = decay(z, c, d, m, &m_low)
    grown[0] = growth(z, a, c, grown_low)


cdef inline double soboleva_inverse(double e, double* error) noexcept nogil:
    """1 / (1 + e), and its relative error."""
    cdef double q = 1.0 + e
    cdef double r = 1.0 / q
    error[0] = fma(-r, (1.0 - q) + e, remainder(1.0, r, q))
    return r


cdef inline double soboleva_product(double y, double y_low, double grown, double grown_low) noexcept nogil:
    """The product of two sums, which may be infinite."""
    cdef double rough = grown * y
    cdef double fine = product_of_sums(grown, grown_low, y, y_low)
    return fine if rough - rough == 0.0 else rough


cdef inline double soboleva_tanh(
    double x, double a, double b, double c, double d,
    double p, double n, double n_low, double e, double m, double grown, double grown_low,
) noexcept nogil:
    cdef double error
    cdef double r = soboleva_inverse(e, &error)
    cdef double y = n * r
    return copysign(soboleva_product(y, fma(y, error, fma(n_low, r, product_residual(n, r, y))), grown, grown_low), x)


cdef inline double soboleva_tanh_derivative(
    double x, double a, double b, double c, double d,
    double p, double n, double n_low, double e, double m, double grown, double grown_low,
) noexcept nogil:
    cdef double error, r, h, y, k
    soboleva_side(x, &a, &b, &c, &d)
    r = soboleva_inverse(e, &error)
    h = r * r
    y = (a - c) + fma(p, b + c, e * fma(p, b - d, a + d))
    k = y * h
    h = fma(k, error + error, fma(y, product_residual(r, r, h), product_residual(y, h, k)))
    y = soboleva_product(k, h, grown, grown_low)
    return y if x == x else x


cdef inline double soboleva_tanh_second_derivative(
    double x, double a, double b, double c, double d,
    double p, double n, double n_low, double e, double m, double grown, double grown_low,
) noexcept nogil:
    cdef double error, t, g, near, y
    cdef double z = soboleva_side(x, &a, &b, &c, &d)
    cdef double r = soboleva_inverse(e, &error)
    # Next to zero from the derivatives of numerator n and denominator, with what makes up the value at zero, if any, apart.
    t = fma(d, m, c - d) * r
    near = fma(2.0 * t, b + t, b * b) - fma(c, c, d * d * e) * r
    near = fma(n, near, (a + b) * (((a - c) - (b - d)) - (c + d) * m * r))
    # Far out, from those of the first derivative, in which all that does not vanish there cancels beforehand.
    g = (a - c) + fma(p, b + c, e * fma(p, b - d, a + d))
    t = (a + b) * (b + c) * p + e * fma((a + b) + (c + d), (b - d) * p, (c + d) * (a + d))
    y = fma(fma(a + c + 2.0 * d, e, a - c), g, -fma(e, t, t)) * r * r
    y = near if z * (c + d) < 1.0 else y
    t = y * r
    y = soboleva_product(t, fma(t, error, product_residual(y, r, t)), grown, grown_low)
    y = -y if x < 0.0 else y
    return y if x == x else x
