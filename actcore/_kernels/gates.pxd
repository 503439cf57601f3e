"""Gates: x times a number between 0 and 1, sigma(z) for z an odd function of x, or tanh(softplus(x)).

What is declared double is for float64, and for float32 after widening.
"""

from actcore._kernels.activations cimport (
    gated_product, gated_slope, logistic_ceiling, logistic_tail, sigmoid_derivative_scaled, sigmoid_second_derivative,
    silu_second_derivative, times_power,
)
from actcore._kernels.elementary cimport (
    abs_or_nan, at_least, at_most, copysign, exp_negative, expm1_negative, expm1_reduced, fabs, fma, fused, minus_abs,
    product_of_sums, product_residual, product_rest, real, remainder, smallest, sum_residual, tail_clamp, tail_reduce, unscale,
)
from actcore._kernels.exponential cimport end_of_tail, gate, lost_in_product


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
    cdef double low = square * sigmoid_second_derivative(z) * lost_in_product(<double> x, <double> beta, z)
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
