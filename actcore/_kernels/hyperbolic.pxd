"""Activations made of tanh.

What is declared double is for float64, and for float32 after widening.
"""

from actcore._kernels.activations cimport (
    half_tanh, logistic_tail, sigmoid_derivative_scaled, softplus, tanh, tanh_bend, tanh_derivative, tanh_second_derivative,
    tanh_split,
)
from actcore._kernels.elementary cimport (
    abs_or_nan, at_least, at_most, copysign, exp, exp_reduce, exp_split, exp_tail_exact, expm1_reduced, fabs, fma, fused,
    minus_ln2_low, product_of_sums, product_residual, product_rest, real, remainder, sech_square_split, smallest, tail_clamp,
    tail_reduce, tail_scale, tanh_gap, tanh_gap_split, unscale,
)
from actcore._kernels.exponential cimport end_of_tail, gate, lost_in_product
from actcore._kernels.piecewise cimport sum_error


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
    low[0] = lost_in_product(x, 0.6666666666666666, z) + x * 3.700743415417188e-17 if fabs(z) < end_of_tail(z) else 0.0
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
