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
    abs_or_nan, at_most, copysign, exp, exp_negative, exp_reduce, exp_tail_exact, expm1_negative, expm1_reduced, fabs, fma,
    fused, gauss_clamp, gauss_tail, largest, log1p_slope, minus_abs, mobius, product_residual, real, remainder,
    smallest, sum_residual, tail_clamp, tail_reduce, tail_scale, unscale,
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


cdef inline real logistic_share(real x, real e, real* power, real* p) noexcept nogil:
    """What c of `logistic_tail` is multiplied with, power (1 + result): 1 right of zero, exp(x) left of it."""
    power[0] = tail_scale(x) if x > <real>0 else power[0]
    p[0] = <real>0 if x > <real>0 else p[0]
    return fma(e, p[0], e) + p[0]


cdef inline real logistic(real x, bint exact) noexcept nogil:
    """sigmoid(x), from the pieces that its derivative and softplus need as well."""
    cdef real power, p, p_low, d, low, e
    cdef real c = logistic_tail(x, exact, &power, &p, &p_low, &d, &low, &e)
    cdef real share = logistic_share(x, e, &power, &p)
    return unscale(power * fma(c, share if real is float else p, c))


cdef inline float logistic_denominator(float z, float* low, float* rest) noexcept nogil:
    """unscale(1 + exp(-z)) as the sum of the result, `low` and `rest`: scaled, it runs from 1 to far beyond the largest
    number, for z of either sign. In float32 this takes fewer steps than `logistic`.
    """
    cdef float power, p_low
    cdef float one = unscale(<float>1)
    cdef float p = expm1_reduced(exp_reduce(z, -1, <float>-64, &power), False, &p_low)
    cdef float d = fma(power, p, one + power)
    low[0] = fma(power, p, (power - d) + one)
    rest[0] = power * p_low
    return d


cdef inline real sigmoid(real x) noexcept nogil:
    cdef real d, low, rest, c, e
    if real is float:
        d = logistic_denominator(at_most(tail_clamp(x), logistic_ceiling(x)), &low, &rest)
        c = <real>1 / d
        e = fma(-c, low, remainder(<real>1, c, d))
        return unscale(fma(c, e, c))
    else:
        return logistic(x, False)


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


cdef inline real half_tanh(
    bint exact, real power, real p, real p_low, real d, real low, real c, real* t_low
) noexcept nogil:
    """tanh(|x| / 2) = (1 - exp(-|x|)) / (1 + exp(-|x|)) from the pieces of `logistic_tail`, the sum of the result and
    `t_low`, which is worth adding only if `exact`, known when compiled.
    """
    cdef real t
    cdef real s = unscale(power)
    cdef real n = fma(-s, p, <real>1 - s)
    cdef real q = n * c
    cdef real lost = remainder(n, q, d)
    if exact:
        lost = fma(-q, low, lost) + fma(-s, p_low, fma(-s, p, (<real>1 - s) - n))
    t = fma(lost, c, q)
    t_low[0] = fma(lost, c, q - t)
    return t


cdef inline real sigmoid_derivative_scaled(real x, real factor) noexcept nogil:
    """factor * sigma'(x); the factor goes in before the rounding of a subnormal result."""
    cdef real power, p, p_low, d, low, e, g, g_low
    cdef real c = logistic_tail(x, False, &power, &p, &p_low, &d, &low, &e)
    g = square_product(c, e, p, &g_low)
    return unscale(power * (factor * (g + g_low)))


cdef inline real sigmoid_second_derivative_scaled(real x, real factor) noexcept nogil:
    """factor * sigma''(x) = -factor * sigma'(x) tanh(x / 2)."""
    cdef real power, p, p_low, d, low, e, g, g_low, t, t_low, y
    cdef real c = logistic_tail(x, True, &power, &p, &p_low, &d, &low, &e)
    g = factor * square_product(c, e, p, &g_low)
    g_low = factor * g_low
    g_low = fma(g, p_low, g_low) if real is float else g_low
    t = half_tanh(real is float, power, p, p_low, d, low, c, &t_low)
    if real is float:
        y = g * t
        y = y + fma(g, t_low, fma(g_low, t, product_residual(g, t, y)))
    else:
        y = (g + g_low) * t
    y = -y if x > <real>0 else y
    return unscale(power * y)


cdef inline real sigmoid_derivative(real x) noexcept nogil:
    return sigmoid_derivative_scaled(x, <real>1)


cdef inline real sigmoid_second_derivative(real x) noexcept nogil:
    return sigmoid_second_derivative_scaled(x, <real>1)


cdef inline real silu(real x) noexcept nogil:
    cdef real power, p, p_low, d, low, rest, c, e, z, q
    if real is float:
        z = at_most(tail_clamp(x), logistic_ceiling(x))
        d = logistic_denominator(z, &low, &rest)
        c = <real>1 / d
        q = z * c
        q = unscale(fma(fma(-q, low + rest, remainder(z, q, d)), c, q))
    else:
        c = logistic_tail(x, True, &power, &p, &p_low, &d, &low, &e)
        z = tail_clamp(x)
        q = z * c
        q = q + fma(q, logistic_share(x, e, &power, &p), product_residual(z, c, q))
        q = unscale(power * q)
    return copysign(x if x > logistic_ceiling(x) else q, x)


cdef inline real silu_derivative(real x) noexcept nogil:
    cdef real power, p, p_low, d, low, e, rest, g, g_low, w, w_low, h, h_low, m, m_low, tail
    cdef real z = tail_clamp(minus_abs(x))
    cdef real c = logistic_tail(x, True, &power, &p, &p_low, &d, &low, &e)
    # sigma + x sigma' = sigma' (1 + exp(x) + x) left of zero, and 1 minus its mirror image on the right.
    g = c * c
    w = d + z
    if real is float:
        rest = unscale(power) * p_low
        e = fma(-c, rest, e)
        g_low = fma(e + e, g, product_residual(c, c, g))
        w_low = sum_residual(d, z, w) + (low + rest)
        h = g * w
        h_low = fma(g, w_low, fma(g_low, w, product_residual(g, w, h)))
        m = <real>1 + p
        m_low = (p - (m - <real>1)) + p_low
        tail = fused(h, m, fma(h, m_low, h_low * m))
    else:
        g = fma(g, e + e, g)
        h = g * (w + low)
        tail = fma(h, p, h)
    tail = unscale(power * tail)
    return <real>1 - tail if x > <real>0 else tail


cdef inline real silu_second_derivative(real x) noexcept nogil:
    cdef real power, p, p_low, d, low, e, rest, s, n, n_low, square, g, g_low, w, w_low, h, h_low, m, m_low, y
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
        h_low = fma(g, w_low, fma(g_low, w, product_residual(g, w, h)))
        m = <real>1 + p
        m_low = (p - (m - <real>1)) + p_low
        y = fused(h, m, fma(h, m_low, h_low * m))
    else:
        h = c * c * (c * fma(z, n, d + d))
        y = fma(h, p, h)
    return unscale(power * y)


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
        y = small + fma(e, <real>0.90625, e * log1p_slope(e))
    # Where e is far below 1, log(1 + e) is e, and this is the only rounding of a subnormal one.
    y = e if x < -logistic_ceiling(x) else y
    return y if x <= logistic_ceiling(x) else x  # a NaN too stays as it is


cdef inline real softplus_derivative(real x) noexcept nogil:
    return logistic(x, True)


cdef inline real softplus_second_derivative(real x) noexcept nogil:
    return sigmoid_derivative(x)


cdef inline real log_sigmoid(real x) noexcept nogil:
    cdef real y = -softplus(-x)
    return y if x == x else x


cdef inline real log_sigmoid_derivative(real x) noexcept nogil:
    cdef real y = sigmoid(-x)
    return y if x == x else x


cdef inline real log_sigmoid_second_derivative(real x) noexcept nogil:
    cdef real y = -sigmoid_derivative(x)
    return y if x == x else x


# --- hyperbolic tangent -----------------------------------------------------------------------------------------

cdef inline float tanh_below_one(float a) noexcept nogil:
    """tanh(a) = a + a^3 q(a^2) for 0 <= a <= 1."""
    cdef float z = a * a
    cdef float q = fma(z, <float>-0.000358452, <float>0.0023013647)
    q = fma(z, q, <float>-0.007946107)
    q = fma(z, q, <float>0.021486657)
    q = fma(z, q, <float>-0.0538798)
    q = fma(z, q, <float>0.13332345)
    q = fma(z, q, <float>-0.33333296)
    return fma(a, z * q, a)


cdef inline real tanh(real x) noexcept nogil:
    cdef real power, p, p_low, d, low, e, q
    cdef real c = logistic_tail(x + x, False, &power, &p, &p_low, &d, &low, &e)
    cdef real s = unscale(power)
    cdef real a = fabs(x)
    if real is float:
        # 1 - 2 exp(-2|x|) / (1 + exp(-2|x|)): from 1 on, the quotient is below a quarter and so are its errors.
        q = fma(<real>-2 * fma(s, p, s), c, <real>1)
        q = tanh_below_one(a) if a < <real>1 else q
    else:
        q = half_tanh(False, power, p, p_low, d, low, c, &low)
    return copysign(q, x)


cdef inline double tanh_split(double x, double* low) noexcept nogil:
    """tanh(x) as the sum of the result and `low`, for what is sensitive to it."""
    cdef double power, p, p_low, d, d_low, e
    cdef double c = logistic_tail(x + x, True, &power, &p, &p_low, &d, &d_low, &e)
    cdef double t = half_tanh(True, power, p, p_low, d, d_low, c, low)
    low[0] = -low[0] if x < 0.0 else low[0]
    return copysign(t, x)


cdef inline real tanh_derivative(real x) noexcept nogil:
    return sigmoid_derivative_scaled(x + x, <real>4)


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


cdef inline real elu_derivative(real x, real alpha) noexcept nogil:
    return <real>1 if x > <real>0 else alpha * exp_negative(x)


cdef inline real elu_second_derivative(real x, real alpha) noexcept nogil:
    return <real>0 if x > <real>0 else alpha * exp_negative(x)


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


# --- Gaussian error linear unit ---------------------------------------------------------------------------------

cdef inline real gelu_ratio_curve(real u) noexcept nogil:
    """The quadratic and higher part of `gelu_ratio`, divided by u^2."""
    cdef real p
    if real is float:
        p = <float>-4.615482e-02
        p = fma(u, p, <float>-6.9829635e-02)
        p = fma(u, p, <float>1.200146e-01)
        p = fma(u, p, <float>1.4627458e-01)
        p = fma(u, p, <float>-3.422863e-01)
        p = fma(u, p, <float>-8.1575245e-02)
        p = fma(u, p, <float>1.0440483e+00)
        p = fma(u, p, <float>-1.8684905e+00)
        p = fma(u, p, <float>2.016774e+00)
    else:
        p = <double>-5.688214172523067e-03
        p = fma(u, p, <double>2.199360073253026e-03)
        p = fma(u, p, <double>1.1853764368984956e-02)
        p = fma(u, p, <double>5.773692010989051e-04)
        p = fma(u, p, <double>-1.4690890395139215e-02)
        p = fma(u, p, <double>-9.716915443693425e-03)
        p = fma(u, p, <double>1.1882453988231562e-02)
        p = fma(u, p, <double>2.1382993732074033e-02)
        p = fma(u, p, <double>-2.190549392178322e-03)
        p = fma(u, p, <double>-3.264146925079181e-02)
        p = fma(u, p, <double>-1.493097711470756e-02)
        p = fma(u, p, <double>4.4226162816700894e-02)
        p = fma(u, p, <double>4.175208813082983e-02)
        p = fma(u, p, <double>-6.412297472203835e-02)
        p = fma(u, p, <double>-8.512905537199487e-02)
        p = fma(u, p, <double>1.2338222672538704e-01)
        p = fma(u, p, <double>1.4838793820834614e-01)
        p = fma(u, p, <double>-3.426056692669289e-01)
        p = fma(u, p, <double>-8.169742500813992e-02)
        p = fma(u, p, <double>1.0440624773885627e+00)
        p = fma(u, p, <double>-1.8684880248974332e+00)
        p = fma(u, p, <double>2.0167737290486216e+00)
    return p


cdef inline real gelu_ratio(real v, real v_low, real* low) noexcept nogil:
    """Phi(-a) exp(a^2 / 2) (a + 4) for v + v_low = a / (a + 4), as an unevaluated sum of the result and `low`."""
    cdef real constant, slope, bend, r, rise, rise_low, tangent
    cdef real u = v - <real>0.406982421875
    cdef real u_low = (v - (u + <real>0.406982421875)) + v_low
    cdef real curve = gelu_ratio_curve(u)
    if real is float:
        constant = <float>8.8304853e-01
        bend = <float>2.016774e+00
        slope = <float>-1.545801e+00
    else:
        constant = <double>8.830485341491162e-01
        bend = <double>2.0167737290486216e+00
        slope = <double>-1.5458010462589051e+00
    rise = fused(u, curve, slope)
    rise_low = fused(u, curve, slope - rise)
    r = fused(u, rise, constant)
    # The derivative by u, but for terms of fourth order.
    tangent = fma(-u, bend, fma(<real>3, rise, <real>-2 * slope))
    low[0] = fused(u, rise_low, fma(tangent, u_low, fused(u, rise, constant - r)))
    return r


cdef inline real gelu_slope_ratio(real u, real* low) noexcept nogil:
    """(Phi(-a) exp(a^2 / 2) - a / sqrt(2 pi)) / (root - a) for a / (a + 4) = u + 0.40625, the sum of the
    result and `low`.
    """
    cdef real p, constant, z
    if real is float:
        p = <float>-8.075225e-03
        p = fma(u, p, <float>3.4028455e-03)
        p = fma(u, p, <float>2.3572013e-02)
        p = fma(u, p, <float>-2.5788367e-02)
        p = fma(u, p, <float>-4.712161e-02)
        p = fma(u, p, <float>1.7688589e-01)
        p = fma(u, p, <float>-2.8649887e-01)
        p = fma(u, p, <float>3.135159e-01)
        p = fma(u, p, <float>-2.585256e-01)
        constant = <float>4.8391527e-01
    else:
        p = <double>-1.5306314647121853e-04
        p = fma(u, p, <double>1.227231190359483e-04)
        p = fma(u, p, <double>5.219345933814843e-04)
        p = fma(u, p, <double>-2.2969664118460613e-04)
        p = fma(u, p, <double>-9.216664578330835e-04)
        p = fma(u, p, <double>-6.66795045164042e-05)
        p = fma(u, p, <double>1.261622254601925e-03)
        p = fma(u, p, <double>8.787525075366017e-04)
        p = fma(u, p, <double>-1.4454259334573704e-03)
        p = fma(u, p, <double>-2.285812947964016e-03)
        p = fma(u, p, <double>1.4338032817888015e-03)
        p = fma(u, p, <double>4.797206486774425e-03)
        p = fma(u, p, <double>-1.5301852695883769e-03)
        p = fma(u, p, <double>-1.0234870014401331e-02)
        p = fma(u, p, <double>4.083468368531571e-03)
        p = fma(u, p, <double>2.397879895502969e-02)
        p = fma(u, p, <double>-2.5919714558142733e-02)
        p = fma(u, p, <double>-4.7157841461011964e-02)
        p = fma(u, p, <double>1.7689743947079759e-01)
        p = fma(u, p, <double>-2.8649743973936764e-01)
        p = fma(u, p, <double>3.1351547763059945e-01)
        p = fma(u, p, <double>-2.585256284533336e-01)
        constant = <double>4.839152738676895e-01
    z = fused(u, p, constant)
    low[0] = fused(u, p, constant - z)
    return z


cdef inline real gelu(real x) noexcept nogil:
    cdef real power, p, p_low, v, v_low, r, r_low, h, h_low, m, tail, tail_low, s, half
    cdef real a = gauss_clamp(abs_or_nan(x))
    p = gauss_tail(a, &power, &p_low)
    v = mobius(a, &v_low)
    r = gelu_ratio(v, v_low, &r_low)
    # a Phi(-a) = 2^n (h + h_low) (1 + p + p_low) = 2^n (tail + tail_low)
    h = v * r
    h_low = fma(v_low, r, product_residual(v, r, h))
    h_low = fma(v, r_low, h_low)
    if real is float:
        m = <real>1 + p
        h_low = fma(h, (p - (m - <real>1)) + p_low, h_low * m)
        tail = fused(h, m, h_low)
        tail_low = product_residual(h, m, tail) + h_low
    else:
        tail = h + fma(h, p, h_low)
        tail_low = 0
    # x Phi(x) = x / 2 + (x / 2 - a Phi(-a)) right of zero.
    s = unscale(power)
    half = <real>0.5 * x
    half = half + fma(-s, tail_low, fma(-s, tail, half))
    return copysign(half if x > <real>0 else unscale(power * tail), x)


cdef inline real gelu_derivative(real x) noexcept nogil:
    cdef real power, p, p_low, v, v_low, u, z, z_low, root, root_low, delta, delta_low, h, h_low, tail
    cdef real a = gauss_clamp(abs_or_nan(x))
    p = gauss_tail(a, &power, &p_low)
    v = mobius(a, &v_low)
    u = (v - <real>0.40625) + v_low
    z = gelu_slope_ratio(u, &z_low)
    # The root of the derivative of x Phi(x) left of zero is factored out: no cancellation next to it.
    if real is float:
        root = <float>7.5179154e-01
        root_low = <float>-1.211445e-08
    else:
        root = <double>7.517915246935645e-01
        root_low = <double>-1.4956759177009883e-17
    delta = root - a
    h = delta * z
    if real is float:
        delta_low = root_low + sum_residual(root, -a, delta)
        h_low = fused(delta, z_low, fused(delta_low, z, product_residual(delta, z, h)))
        tail = h + fused(h, p, fused(h_low, p, h_low))
    else:
        tail = fma(h, p, h)
    tail = unscale(power * tail)
    return <real>1 - tail if x > <real>0 else tail


cdef inline real gelu_second_derivative(real x) noexcept nogil:
    cdef real power, p, p_low, h, w, w_low, y, y_low
    cdef real a = gauss_clamp(abs_or_nan(x))
    p = gauss_tail(a, &power, &p_low)
    # (2 - a^2) / sqrt(2 pi)
    h = a * a
    w = <real>2 - h
    y = <real>0.3989422804014327 * w
    if real is float:
        # What the roundings of square, difference, constant and product left over.
        w_low = sum_residual(<real>2, -h, w) - product_residual(a, a, h)
        y_low = product_residual(<real>0.3989422804014327, w, y)
        y_low = fma(<real>0.3989422804014327, w_low, fma(<real>-1.133517e-08, w, y_low))
        y = y + fused(y, p, fused(y_low, p, y_low))
    else:
        y = fma(y, p, y)
    y = unscale(power * y)
    return y if x == x else x  # a NaN keeps its sign
