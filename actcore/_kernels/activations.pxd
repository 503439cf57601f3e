"""Value, derivative and second derivative of every activation, as branch-free inline functions.

One function per order, for float and double. They share their pieces on purpose: where a loop asks for value and
derivative together, the compiler computes a common piece once.
"""

from actcore._kernels.elementary cimport (
    real, fma, fabs, copysign, unscale, clamp_exponent, clamp_gauss, expm1_reduced, exp_negative, expm1_negative,
    log1p_unit, mills, gauss_reduced,
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

cdef inline real logistic_pieces(real x, real* a, real* e, real* power, real* mantissa) noexcept nogil:
    """1 / (1 + e) with e = exp(-|x|) = 2^n (1 + p); power is 2^(n + shift), mantissa 1 + p, a is |x| clamped."""
    cdef real p, s
    a[0] = -clamp_exponent(-fabs(x))
    p = expm1_reduced(-a[0], <real>0, power)
    mantissa[0] = <real>1 + p
    e[0] = unscale(power[0] * mantissa[0])
    return <real>1 / (<real>1 + e[0])


cdef inline real sigmoid(real x) noexcept nogil:
    cdef real a, e, power, m
    cdef real c = logistic_pieces(x, &a, &e, &power, &m)
    return c if x > <real>0 else unscale(power * (m * c))


cdef inline real sigmoid_derivative(real x) noexcept nogil:
    cdef real a, e, power, m
    cdef real c = logistic_pieces(x, &a, &e, &power, &m)
    return unscale(power * (m * c * c))


cdef inline real sigmoid_second_derivative(real x) noexcept nogil:
    cdef real a, e, power, m, t
    cdef real c = logistic_pieces(x, &a, &e, &power, &m)
    t = expm1_negative(-fabs(x)) * c
    return unscale(power * (m * c * c * copysign(t, -x)))


cdef inline real silu(real x) noexcept nogil:
    cdef real a, e, power, m
    cdef real c = logistic_pieces(x, &a, &e, &power, &m)
    return x * c if x > <real>0 else unscale(power * (-a * m * c))


cdef inline real silu_derivative(real x) noexcept nogil:
    cdef real a, e, power, m, tail
    cdef real c = logistic_pieces(x, &a, &e, &power, &m)
    tail = unscale(power * (m * c * c * (e + (<real>1 - a))))
    return <real>1 - tail if x > <real>0 else tail


cdef inline real silu_second_derivative(real x) noexcept nogil:
    cdef real a, e, power, m, t
    cdef real c = logistic_pieces(x, &a, &e, &power, &m)
    t = expm1_negative(-fabs(x)) * c
    return unscale(power * (m * c * c * fma(a, t, <real>2)))


cdef inline real softplus(real x) noexcept nogil:
    cdef real e = exp_negative(-fabs(x))
    return log1p_unit(e) + (x if x > <real>0 else <real>0)


cdef inline real softplus_derivative(real x) noexcept nogil:
    return sigmoid(x)


cdef inline real softplus_second_derivative(real x) noexcept nogil:
    return sigmoid_derivative(x)


# --- hyperbolic tangent -----------------------------------------------------------------------------------------

cdef inline real tanh(real x) noexcept nogil:
    cdef real q = expm1_negative(<real>-2 * fabs(x))
    return copysign(-q / (<real>2 + q), x)


cdef inline real tanh_derivative(real x) noexcept nogil:
    cdef real a, e, power, m
    cdef real c = logistic_pieces(x + x, &a, &e, &power, &m)
    return unscale(power * (<real>4 * m * c * c))


cdef inline real tanh_second_derivative(real x) noexcept nogil:
    cdef real a, e, power, m, t
    cdef real c = logistic_pieces(x + x, &a, &e, &power, &m)
    t = expm1_negative(<real>-2 * fabs(x)) * c
    return unscale(power * (<real>8 * m * c * c * copysign(t, -x)))


# --- exponential linear -----------------------------------------------------------------------------------------

cdef inline real elu(real x, real alpha) noexcept nogil:
    return x if x > <real>0 else alpha * expm1_negative(x)


cdef inline real elu_derivative(real x, real alpha) noexcept nogil:
    return <real>1 if x > <real>0 else alpha * exp_negative(x)


cdef inline real elu_second_derivative(real x, real alpha) noexcept nogil:
    return <real>0 if x > <real>0 else alpha * exp_negative(x)


cdef inline real selu(real x) noexcept nogil:
    return <real>1.0507009873554805 * x if x > <real>0 else <real>1.7580993408473766 * expm1_negative(x)


cdef inline real selu_derivative(real x) noexcept nogil:
    return <real>1.0507009873554805 if x > <real>0 else <real>1.7580993408473766 * exp_negative(x)


cdef inline real selu_second_derivative(real x) noexcept nogil:
    return <real>0 if x > <real>0 else <real>1.7580993408473766 * exp_negative(x)


# --- softsign ---------------------------------------------------------------------------------------------------

cdef inline real softsign(real x) noexcept nogil:
    cdef real a = fabs(x)
    # x / (1 + |x|) would be inf / inf at infinity.
    return x / (<real>1 + a) if a < <real>1e30 else copysign(<real>1, x)


cdef inline real softsign_derivative(real x) noexcept nogil:
    cdef real c = <real>1 / (<real>1 + fabs(x))
    return c * c


cdef inline real softsign_second_derivative(real x) noexcept nogil:
    cdef real c = <real>1 / (<real>1 + fabs(x))
    return c * c * c * (<real>-2 if x > <real>0 else (<real>2 if x < <real>0 else x))


# --- Gaussian error linear unit ---------------------------------------------------------------------------------

cdef inline real gelu(real x) noexcept nogil:
    cdef real power, p, tail
    cdef real a = clamp_gauss(fabs(x))
    p = gauss_reduced(a, &power)
    tail = unscale(power * (a * mills(a) * (<real>1 + p)))
    return x - tail if x > <real>0 else -tail


cdef inline real gelu_derivative(real x) noexcept nogil:
    cdef real power, p, tail
    cdef real a = clamp_gauss(fabs(x))
    p = gauss_reduced(a, &power)
    tail = unscale(power * (fma(a, <real>-0.3989422804014327, mills(a)) * (<real>1 + p)))
    return <real>1 - tail if x > <real>0 else tail


cdef inline real gelu_second_derivative(real x) noexcept nogil:
    cdef real power, p
    cdef real a = clamp_gauss(fabs(x))
    p = gauss_reduced(a, &power)
    return unscale(power * (<real>0.3989422804014327 * fma(-a, a, <real>2) * (<real>1 + p)))
