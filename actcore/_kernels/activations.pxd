"""Value, derivative and second derivative of the most used activations, as branch-free inline functions.

One function per order, for float and double. The orders of an activation share their pieces on purpose: where a
loop asks for value and derivative together, the compiler computes a common piece once.

Two habits keep the errors below the bounds of ``actcore.registry``. A quotient n / d is c = 1 / d times n, corrected
by what is left over: n - (n c) d, less the rounding of d itself; so neither division nor sum costs accuracy. And
exp(x) enters as 2^n and p = exp(x) / 2^n - 1, because a sum such as 1 + exp(x) = (1 + 2^n) + 2^n p then rounds once.

What ends in `_low` is what a rounding left over. float64, whose bounds are twice as wide, goes without most of them:
there, ``real is float`` decides when compiled.
"""

from actcore._kernels.elementary cimport (
    FUSES, abs_or_nan, at_most, copysign, exp, exp_curve, exp_negative, exp_reduce, exp_split, exp_tail, exp_tail_exact,
    expm1_negative, expm1_reduced, fma, fused, largest, log1p_slope, minus_abs, minus_ln2_low, product_of_sums,
    product_residual, product_rest, real, remainder, sech_square, smallest, sum_residual, tail_clamp, tail_reduce,
    tail_scale, tail_shift, tanh_gap, unscale,
)


# --- piecewise linear -------------------------------------------------------------------------------------------

cdef inline real linear(real x) noexcept nogil:
    return x


cdef inline real linear_derivative(real x) noexcept nogil:
    return <real>1 if x == x else x


cdef inline real linear_second_derivative(real x) noexcept nogil:
    return <real>0 if x == x else x


cdef inline real binary_step(real x) noexcept nogil:
    return <real>1 if x > <real>0 else (<real>0 if x == x else x)


cdef inline real binary_step_derivative(real x) noexcept nogil:
    return <real>0 if x == x else x


cdef inline real binary_step_second_derivative(real x) noexcept nogil:
    return <real>0 if x == x else x


cdef inline real relu(real x) noexcept nogil:
    return <real>0 if x < <real>0 else x


cdef inline real relu_derivative(real x) noexcept nogil:
    return <real>1 if x > <real>0 else (<real>0 if x == x else x)


cdef inline real relu_second_derivative(real x) noexcept nogil:
    return <real>0 if x == x else x


cdef inline real leaky_relu(real x, real negative_slope) noexcept nogil:
    return x if x > <real>0 else negative_slope * x


cdef inline real leaky_relu_derivative(real x, real negative_slope) noexcept nogil:
    return <real>1 if x > <real>0 else (negative_slope if x == x else x)


cdef inline real leaky_relu_second_derivative(real x, real negative_slope) noexcept nogil:
    return <real>0 if x == x else x


# --- logistic ---------------------------------------------------------------------------------------------------

cdef inline real logistic_ceiling(real x) noexcept nogil:
    """Where sigmoid(x) has become 1."""
    if real is float:
        return <float>20.0
    else:
        return <double>40.0


cdef inline real logistic_tail(
    real x, bint exact, real* power, real* p, real* p_low, real* d, real* low, real* e
) noexcept nogil:
    """The pieces of exp(-|x|) = 2^n (1 + p + p_low) and c = 1 / (1 + exp(-|x|)).

    1 + 2^n (1 + p) = d + low, and e is the relative error of c as its reciprocal (in float64, of d without low). Only
    the most sensitive functions use p_low; for them `exact`, known when compiled, makes it worth it.
    """
    cdef real s, c
    cdef real z = tail_clamp(minus_abs(x))
    if exact:
        p[0] = exp_tail_exact(z, <real>0, power, p_low)
    else:
        p[0] = expm1_reduced(tail_reduce(z, power), False, p_low)
    s = unscale(power[0])
    d[0] = fma(s, p[0], <real>1 + s)
    low[0] = fma(s, p[0], (<real>1 - d[0]) + s)
    c = <real>1 / d[0]
    e[0] = remainder(<real>1, c, d[0])
    if real is float:
        e[0] = fma(-c, low[0], e[0])
    return c


cdef inline double logistic(double x) noexcept nogil:
    """sigmoid(x), from the pieces that its derivative needs as well."""
    cdef double power, p, p_low, d, low, e, share
    cdef double c = logistic_tail(x, False, &power, &p, &p_low, &d, &low, &e)
    # What c is multiplied with, power (1 + share): 1 right of zero, exp(x) left of it.
    power = tail_scale(x) if x > <double>0 else power
    p = <double>0 if x > <double>0 else p
    share = p if FUSES else fma(e, p, e) + p
    return unscale(power * fma(c, share, c))


cdef inline float logistic_unit() noexcept nogil:
    """The scale of `logistic_denominator`: nothing over- or underflows on either side."""
    return <float>4.336808689942018e-19  # 2^-61


cdef inline float logistic_denominator(
    float z, float z_low, bint exact, float* power, float* p, float* p_low, float* low, float* full_low
) noexcept nogil:
    """(1 + exp(-z - z_low)) `logistic_unit` as the sum of the result and `low`, or `full_low` with what p lacks: scaled, it runs
    from 1 to far beyond the largest number, for z of either sign. In float32 this takes fewer steps than `logistic`.

    The exponential is power (1 + p + p_low); `exact`, known when compiled, says that all that is left over is worth adding.
    A z_low of 0 costs no instruction if not.
    """
    cdef float n, small, r, curve, left, d
    cdef float one = logistic_unit()
    cdef float most = exp_split(z, -1, <float>-61, power, &n)
    if exact:
        small = fma(n, minus_ln2_low(n), -z_low)
        r = most + small
        p[0] = expm1_reduced(r, True, p_low)
        p_low[0] = p_low[0] + ((most - r) + small)
    else:
        r = fma(n, minus_ln2_low(n), most) - z_low
        p[0] = expm1_reduced(r, False, p_low)
    d = fused(power[0], p[0], one + power[0])
    left = (power[0] - d) + one
    low[0] = fused(power[0], p[0], left)
    if exact:
        full_low[0] = fma(power[0], p_low[0], low[0])
    else:
        # The two terms of p one by one: fewer steps than its rounding error by itself.
        curve = r * r * exp_curve(r, False)
        full_low[0] = fused(power[0], curve, fused(power[0], r, left))
    return d


cdef inline float gated_product(float x, float z, float z_low, bint exact) noexcept nogil:
    """x sigma(z + z_low), for z where `logistic_denominator` does not overflow."""
    cdef float power, p, p_low, low, full_low
    cdef float d = logistic_denominator(z, z_low, exact, &power, &p, &p_low, &low, &full_low)
    cdef float c = <float>1 / d
    cdef float q = x * c
    return logistic_unit() * fma(fma(-q, full_low, remainder(x, q, d)), c, q)


cdef inline float gated_slope(float z, float z_low, float u, float u_low, bint exact) noexcept nogil:
    """The derivative of x sigma(z + z_low): sigma (1 + u (1 - sigma)), u + u_low being x times the derivative of z.

    With E = exp(-z) it is (1 + E (1 + u)) / (1 + E)^2: next to its root only the numerator cancels. If not `exact`, it goes
    without what the roundings of p and 1 + u left over.
    """
    cdef float power, p, p_low, low, full_low, g, g_low, k, k_low, n, e, q
    cdef float one = logistic_unit()
    cdef float d = logistic_denominator(z, z_low, exact, &power, &p, &p_low, &low, &full_low)
    cdef float c = <float>1 / d
    g = <float>1 + u
    k = fused(p, g, g)
    k_low = fused(p, g, g - k)
    if exact:
        low = full_low
        g_low = ((<float>1 - g) + u) + u_low
        k_low = fma(p_low, g, k_low) + fma(p, g_low, g_low)
    n = fused(power, k, one)
    k_low = fma(power, k_low, fused(power, k, one - n))
    e = fma(-c, low, remainder(<float>1, c, d))
    q = n * c
    k_low = fma(q, e + e, fma(k_low, c, product_residual(n, c, q)))
    return one * fma(q, c, k_low * c)


cdef inline double gate_denominator(double z, double z_low, double* power, double* p, double* low) noexcept nogil:
    """(1 + exp(-z - z_low)) / `tail_scale` as the sum of the result and `low`: what `logistic_denominator` is for float32."""
    cdef double r_low, d
    cdef double one = unscale(<double>1)
    p[0] = expm1_reduced(exp_reduce(z, -1, -tail_shift(z), power) - z_low, False, &r_low)
    d = fma(power[0], p[0], one + power[0])
    low[0] = fma(power[0], p[0], (power[0] - d) + one)
    return d


cdef inline real logistic_of_sum(real z, real z_low) noexcept nogil:
    """sigma(z + z_low), for z where the denominator does not overflow."""
    cdef real power, p, p_low, low, full_low, d, c, e
    if real is float:
        d = logistic_denominator(z, z_low, False, &power, &p, &p_low, &low, &full_low)
        c = <float>1 / d
        e = fma(-c, low, remainder(<float>1, c, d))
        return logistic_unit() * fma(c, e, c)
    else:
        return unscale(<double>1 / gate_denominator(z, z_low, &power, &p, &low))


cdef inline real logistic_near(real x) noexcept nogil:
    """x, but not beyond where sigmoid(x) has become 0 or 1. A NaN passes."""
    return at_most(tail_clamp(x), logistic_ceiling(x))


cdef inline real sigmoid(real x) noexcept nogil:
    if real is float:
        return logistic_of_sum(logistic_near(x), <real>0)
    else:
        return logistic(x)  # which shares its pieces with the derivative


cdef inline real square_product(real c, real e, real p, real* low) noexcept nogil:
    """c^2 (1 + e)^2 (1 + p), e being tiny, as an unevaluated sum of the result and `low`."""
    cdef real g = c * c
    cdef real g_low, w
    if real is float:
        g_low = product_residual(c, c, g)
        w = fma(e + e, p, e + e) + p
        low[0] = fma(g, w, fma(g_low, p, g_low))
    else:
        low[0] = g * (e + e + p)
    return g


cdef inline real times_power(real h, real h_low, real p, real p_low, real power) noexcept nogil:
    """(h + h_low) (1 + p + p_low) power, rounded once before the scaling by a power of 2."""
    cdef real m = <real>1 + p
    cdef real m_low = (p - (m - <real>1)) + p_low
    return unscale(power * product_of_sums(h, h_low, m, m_low))


cdef inline real half_tanh(
    bint exact, real power, real p, real p_low, real d, real low, real c, real* t_low
) noexcept nogil:
    """tanh(|x| / 2) = (1 - exp(-|x|)) / (1 + exp(-|x|)) from the pieces of `logistic_tail`, the sum of the result and
    `t_low`, which is worth adding only if `exact`, known when compiled. What the two sums lose is put back in any case.
    """
    cdef real t, lost
    cdef real s = unscale(power)
    cdef real n = fma(-s, p, <real>1 - s)
    cdef real n_low = fma(-s, p, (<real>1 - s) - n)
    cdef real q = n * c
    if exact:
        n_low = fma(-s, p_low, n_low)
    lost = fma(-q, low, remainder(n, q, d)) + n_low
    t = fma(lost, c, q)
    t_low[0] = fma(lost, c, q - t)
    return t


cdef inline double sigmoid_derivative_scaled(double x, double factor) noexcept nogil:
    """factor * sigma'(x); the factor goes in before the rounding of a subnormal result."""
    cdef double power, p, p_low, d, low, e, g, g_low
    cdef double c = logistic_tail(x, False, &power, &p, &p_low, &d, &low, &e)
    g = square_product(c, e, p, &g_low)
    return unscale(power * (factor * (g + g_low)))


cdef inline real sigmoid_second_derivative_scaled(real x, real factor) noexcept nogil:
    """factor * sigma''(x) = -factor * sigma'(x) tanh(x / 2)."""
    cdef real power, p, p_low, d, low, e, g, g_low, t, t_low, y
    cdef real c = logistic_tail(x, True, &power, &p, &p_low, &d, &low, &e)
    g = factor * square_product(c, e, p, &g_low)
    g_low = factor * g_low
    g_low = fma(g, p_low, g_low) if real is float else g_low
    if real is float:
        t = half_tanh(True, power, p, p_low, d, low, c, &t_low)
        y = g * t
        y = y + product_rest(g, g_low, t, t_low, y)
    else:
        t = unscale(power)
        y = (g + g_low) * (fma(-t, p, <real>1 - t) * c)
    y = -y if x > <real>0 else y
    return unscale(power * y)


cdef inline real sigmoid_derivative(real x) noexcept nogil:
    if real is float:
        return sech_square(abs_or_nan(x), <float>-0.0, 1)
    else:
        return sigmoid_derivative_scaled(x, 1.0)


cdef inline real sigmoid_second_derivative(real x) noexcept nogil:
    return sigmoid_second_derivative_scaled(x, <real>1)


cdef inline real silu(real x) noexcept nogil:
    cdef real power, p, d, low, c, q
    cdef real z = logistic_near(x)
    if real is float:
        q = gated_product(z, z, <real>0, False)
    else:
        d = gate_denominator(z, <double>0, &power, &p, &low)
        c = <double>1 / d
        q = z * c
        q = unscale(fma(fma(-q, low, remainder(z, q, d)), c, q))
    return copysign(x if x > logistic_ceiling(x) else q, x)


cdef inline real silu_derivative(real x) noexcept nogil:
    cdef real power, p, d, low, c, g, n, e, q
    cdef real z = logistic_near(x)
    if real is float:
        return gated_slope(z, <real>0, z, <real>0, False)
    else:
        d = gate_denominator(z, <double>0, &power, &p, &low)
        c = <double>1 / d
        g = <double>1 + z
        n = fma(power, fma(p, g, g), unscale(<double>1))
        e = fma(-c, low, remainder(<double>1, c, d))
        q = n * c
        return unscale(fma(q, e + e, q) * c)


cdef inline real silu_second_derivative(real x) noexcept nogil:
    cdef real power, p, p_low, d, low, e, rest, s, n, n_low, square, g, g_low, w, w_low, h, h_low, y
    cdef real z = tail_clamp(minus_abs(x))
    cdef real c = logistic_tail(x, True, &power, &p, &p_low, &d, &low, &e)
    # sigma' (2 - |x| tanh(|x| / 2)), over the common denominator: its roots then meet no rounded quotient.
    s = unscale(power)
    n = fma(-s, p, <real>1 - s)
    if real is float:
        rest = s * p_low
        e = fma(-c, rest, e)
        n_low = fma(-s, p, (<real>1 - s) - n) - rest
        y = z * n
        w = (d + d) + y
        w_low = sum_residual(d + d, y, w) + fma(z, n_low, fma(<real>2, low + rest, product_residual(z, n, y)))
        square = c * c
        g = square * c
        g_low = fma(<real>3 * e, g, fma(product_residual(c, c, square), c, product_residual(square, c, g)))
        h = g * w
        h_low = product_rest(g, g_low, w, w_low, h)
        return times_power(h, h_low, p, p_low, power)
    else:
        h = c * c * (c * fma(z, n, d + d))
        return unscale(power * fma(h, p, h))


cdef inline real softplus(real x) noexcept nogil:
    cdef real power, p, p_low, s, e, e_low, w, y, rest, big, small
    p = exp_tail_exact(tail_clamp(minus_abs(x)), <real>0, &power, &p_low)
    e = unscale(fused(power, p, power))
    small = x if x > <real>0 else <real>0
    if real is float:
        # log(1 + e), with what the rounding of e = exp(-|x|) left over, divided by about 1 + e.
        s = unscale(power)
        e_low = fused(s, p_low, fused(s, p, s - e))
        w = fused(e, log1p_slope(e), fused(e, <real>-0.6 * e_low, e_low))
        y = fused(e, <real>0.90625, w)
        rest = fused(e, <real>0.90625, -y) + w
        # Added to x, largest first, so that the sum's rounding error is known.
        big = largest(small, y)
        small = smallest(small, y)
        y = big + small
        y = y + (((big - y) + small) + rest)
    else:
        w = e * log1p_slope(e)
        y = e * <real>0.90625
        rest = <real>0 if FUSES else product_residual(e, <real>0.90625, y)
        y = small + (fma(e, <real>0.90625, w) if FUSES else y + (rest + w))
    # Where e is far below 1, log(1 + e) is e, and this is the only rounding of a subnormal one.
    y = e if x < -logistic_ceiling(x) else y
    return y if x <= logistic_ceiling(x) else x  # a NaN too stays as it is


cdef inline real softplus_derivative(real x) noexcept nogil:
    return logistic_of_sum(logistic_near(x), <real>0)


cdef inline real softplus_second_derivative(real x) noexcept nogil:
    return sigmoid_derivative(x)


cdef inline real log_sigmoid(real x) noexcept nogil:
    cdef real y = -softplus(-x)
    return y if x == x else x


cdef inline real log_sigmoid_derivative(real x) noexcept nogil:
    cdef real y = logistic_of_sum(logistic_near(-x), <real>0)
    return y if x == x else x


cdef inline real log_sigmoid_second_derivative(real x) noexcept nogil:
    # A minus sign would become part of a fused operation, which takes it from a zero.
    cdef real y = copysign(sigmoid_derivative(x), <real>-1)
    return y if x == x else x


# --- hyperbolic tangent -----------------------------------------------------------------------------------------

cdef inline float tanh_bend(float z) noexcept nogil:
    """(tanh(a) - a) / a^3 for z = a^2 <= 1."""
    cdef float q = fma(z, <float>-0.000358452, <float>0.0023013647)
    q = fma(z, q, <float>-0.007946107)
    q = fma(z, q, <float>0.021486657)
    q = fma(z, q, <float>-0.0538798)
    q = fma(z, q, <float>0.13332345)
    return fma(z, q, <float>-0.33333296)


cdef inline real tanh(real x) noexcept nogil:
    cdef real power, p, p_low, d, low, c, e, q, a, n, z
    if real is float:
        # From one on, the gap is below a quarter and so are its errors.
        a = abs_or_nan(x)
        q = fma(<float>-0.5, tanh_gap(a + a, <float>-0.0, 4, &n), <float>1)
        z = a * a
        q = fused(a, z * tanh_bend(z), a) if a < <float>1 else q
    else:
        c = logistic_tail(x + x, False, &power, &p, &p_low, &d, &low, &e)
        q = half_tanh(False, power, p, p_low, d, low, c, &low)
    return copysign(q, x)


cdef inline real tanh_split(real x, real* low) noexcept nogil:
    """tanh(x) as the sum of the result and `low`, for what is sensitive to it."""
    cdef real power, p, p_low, d, d_low, e
    cdef real c = logistic_tail(x + x, True, &power, &p, &p_low, &d, &d_low, &e)
    cdef real t = half_tanh(True, power, p, p_low, d, d_low, c, low)
    low[0] = -low[0] if x < <real>0 else low[0]
    return copysign(t, x)


cdef inline real tanh_derivative(real x) noexcept nogil:
    if real is float:
        return sech_square(abs_or_nan(x) + abs_or_nan(x), <float>-0.0, 4)
    else:
        return sigmoid_derivative_scaled(x + x, 4.0)


cdef inline real tanh_second_derivative(real x) noexcept nogil:
    return sigmoid_second_derivative_scaled(x + x, <real>8)


# --- exponential ------------------------------------------------------------------------------------------------

cdef inline real exponential(real x) noexcept nogil:
    return exp(x)


cdef inline real exponential_derivative(real x) noexcept nogil:
    return exp(x)


cdef inline real exponential_second_derivative(real x) noexcept nogil:
    return exp(x)


# --- exponential linear -----------------------------------------------------------------------------------------

cdef inline real elu(real x, real alpha) noexcept nogil:
    cdef real low
    cdef real q = expm1_negative(x, &low)
    q = copysign(fused(alpha, q, alpha * low), x)
    return x if x > <real>0 else q


cdef inline real elu_exp(real x, real alpha) noexcept nogil:
    """alpha exp(x) for x <= 0, a subnormal result rounded once."""
    cdef real power
    cdef real p = exp_tail(tail_clamp(x), &power)
    return unscale(alpha * fma(power, p, power))


cdef inline real elu_derivative(real x, real alpha) noexcept nogil:
    return <real>1 if x > <real>0 else elu_exp(x, alpha)


cdef inline real elu_second_derivative(real x, real alpha) noexcept nogil:
    return <real>0 if x > <real>0 else elu_exp(x, alpha)


cdef inline real selu(real x) noexcept nogil:
    # Constants as sums of two numbers, the first rounded down: an infinite x then meets no difference of infinities.
    cdef real low, high_scale, low_scale, high_slope, low_slope
    cdef real q = expm1_negative(x, &low)
    if real is float:
        high_scale = <float>1.0507009e+00
        low_scale = <float>8.441664e-08
        high_slope = <float>1.7580993e+00
        low_slope = <float>2.3296717e-08
    else:
        high_scale = <double>1.0507009873554805e+00
        low_scale = <double>3.987484766715415e-17
        high_slope = <double>1.7580993408473768e+00
        low_slope = <double>1.415351938008446e-17
    q = copysign(fused(high_slope, q, fused(high_slope, low, low_slope * q)), x)
    return fused(high_scale, x, low_scale * x) if x > <real>0 else q


cdef inline real selu_derivative(real x) noexcept nogil:
    return <real>1.0507009873554805 if x > <real>0 else <real>1.7580993408473769 * exp_negative(x)


cdef inline real selu_second_derivative(real x) noexcept nogil:
    return <real>0 if x > <real>0 else <real>1.7580993408473769 * exp_negative(x)


# --- softsign ---------------------------------------------------------------------------------------------------

cdef inline real softsign_clamp(real a) noexcept nogil:
    """a >= 0, but not above where every order has reached its limit; infinity would meet 0 there. A NaN passes."""
    if real is float:
        return at_most(a, <float>1e30)
    else:
        return at_most(a, <double>1e200)


cdef inline real softsign_scale(real x) noexcept nogil:
    if real is float:
        return <float>1099511627776.0  # 2^40
    else:
        return <double>2.037035976334486e+90  # 2^300


cdef inline real softsign_reciprocal(real a, real* d, real* low, real* e) noexcept nogil:
    """c = 1 / (d + low) = 1 / (1 + a), e being the relative error of c."""
    cdef real c
    d[0] = <real>1 + a
    low[0] = (largest(a, <real>1) - d[0]) + smallest(a, <real>1)
    c = <real>1 / d[0]
    e[0] = fma(-c, low[0], remainder(<real>1, c, d[0]))
    return c


cdef inline real softsign(real x) noexcept nogil:
    cdef real d, low, e, q
    cdef real a = softsign_clamp(abs_or_nan(x))
    cdef real c = softsign_reciprocal(a, &d, &low, &e)
    q = a * c
    return copysign(fma(fma(-q, low, remainder(a, q, d)), c, q), x)


cdef inline real softsign_derivative(real x) noexcept nogil:
    cdef real d, low, e
    cdef real c = softsign_reciprocal(softsign_clamp(abs_or_nan(x)), &d, &low, &e)
    cdef real g = c * c
    return g + fma(e + e, g, product_residual(c, c, g))


cdef inline real softsign_second_derivative(real x) noexcept nogil:
    cdef real d, low, e, slope, g, h
    # Scaled: a subnormal result is rounded once.
    cdef real c = softsign_scale(x) * softsign_reciprocal(softsign_clamp(abs_or_nan(x)), &d, &low, &e)
    g = c * c
    h = g * c
    h = h + fma(<real>3 * e, h, fma(product_residual(c, c, g), c, product_residual(g, c, h)))
    slope = <real>-2 if x > <real>0 else (<real>2 if x < <real>0 else x)
    return (slope / (softsign_scale(x) * softsign_scale(x) * softsign_scale(x))) * h
