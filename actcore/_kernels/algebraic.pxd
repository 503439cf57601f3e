"""Activations of square roots, written in float64.

float32 goes through them too (`Row.double_inside`): a few conversions cost less than the care that two or three single roundings
would need to stay within one ULP. The exception is the value of squareplus, where division and root in double cost more than that
care. Differences of nearly equal numbers are written as quotients: √(x² + b) − x = b / (√(x² + b) + x).
"""

cdef extern from "<math.h>" nogil:
    double c_sqrt "sqrt"(double) noexcept
    float c_sqrtf "sqrtf"(float) noexcept

from actcore._kernels.elementary cimport fma, product_residual, real, remainder
from actcore._kernels.piecewise cimport sum_error


cdef inline double size_of(double x) noexcept nogil:
    """|x|."""
    return -x if x < 0.0 else x


cdef inline double hypotenuse(double x, double b) noexcept nogil:
    """√(x² + b) without overflow, for b of ordinary size."""
    cdef double size = size_of(x)
    cdef double near = size if size < 1e100 else 1e100
    return c_sqrt(fma(near, near, b)) if size < 1e100 else size


cdef inline double leg(double x, double b) noexcept nogil:
    """(1 − |x| / √(x² + b)) / 2 = b / (2 (w + |x| √w)) with w = x² + b, without the cancellation."""
    cdef double size = size_of(x)
    cdef double w = fma(x, x, b)
    return 0.5 * b / fma(size, c_sqrt(w), w) if size < 1e100 else 0.25 * b / size / size


cdef inline double bent_identity(double x) noexcept nogil:
    cdef double s = hypotenuse(x, 1.0)
    cdef double ratio = x / (s + 1.0) if size_of(x) < 1e100 else (1.0 if x > 0.0 else -1.0)
    return fma(0.5 * ratio, x, x) if size_of(x) < 1e100 else x * (1.0 + 0.5 * ratio)


cdef inline double bent_identity_derivative(double x) noexcept nogil:
    cdef double half = leg(x, 1.0)
    cdef double y = 1.5 - half if x > 0.0 else 0.5 + half
    return y if x == x else x


cdef inline double bent_identity_second_derivative(double x) noexcept nogil:
    cdef double r = 1.0 / hypotenuse(x, 1.0)
    return 0.5 * r * r * r


cdef inline double isru(double x, double alpha) noexcept nogil:
    cdef double w = fma(alpha * x, x, 1.0)
    cdef double end = 1.0 / c_sqrt(alpha)
    return (-end if x < 0.0 else end) if w >= 1e300 else x / c_sqrt(w)


cdef inline double isru_derivative(double x, double alpha) noexcept nogil:
    cdef double w = fma(alpha * x, x, 1.0)
    return 1.0 / w / c_sqrt(w)


cdef inline double isru_second_derivative(double x, double alpha) noexcept nogil:
    cdef double w = fma(alpha * x, x, 1.0)
    cdef double y = -3.0 * alpha * (x / w) * isru_derivative(x, alpha)
    return 0.0 if w >= 1e300 else y


cdef inline double isrlu(double x, double alpha) noexcept nogil:
    return x if x >= 0.0 else isru(x, alpha)


cdef inline double isrlu_derivative(double x, double alpha) noexcept nogil:
    return 1.0 if x >= 0.0 else isru_derivative(x, alpha)


cdef inline double isrlu_second_derivative(double x, double alpha) noexcept nogil:
    return 0.0 if x >= 0.0 else isru_second_derivative(x, alpha)


cdef inline real root(real x) noexcept nogil:
    if real is float:
        return c_sqrtf(x)
    else:
        return c_sqrt(x)


cdef inline real root_scale(real size, real* inverse) noexcept nogil:
    """A power of 2 that keeps the square of a large number finite, and its inverse."""
    if real is float:
        inverse[0] = <float>7.378697629483821e19 if size > <float>1e9 else <float>1.0  # 2^66
        return <float>1.3552527156068805e-20 if size > <float>1e9 else <float>1.0
    else:
        inverse[0] = <double>5.363123171977039e154 if size > <double>1e100 else <double>1.0  # 2^514
        return <double>1.8645851828000517e-155 if size > <double>1e100 else <double>1.0


cdef inline real squareplus(real x, real b) noexcept nogil:
    # (x + s) / 2, and left of zero b / (2 (s + |x|)); what root and sum lose to rounding is put back.
    cdef real inverse, square, c, w, s, s_low, total, total_low, h, q, r
    cdef real a = -x if x < <real>0 else x
    cdef real scale = root_scale(a, &inverse)
    a = a * scale
    c = b * scale * scale
    square = a * a
    w = square + c
    s = root(w)
    s_low = (sum_error(square, c, w) + product_residual(a, a, square)) + remainder(w, s, s)
    s_low = s_low * (<real>0.5 / s)
    total = s + a
    total_low = sum_error(s, a, total) + s_low
    h = <real>0.5 * b * scale
    r = <real>1 / total
    q = h * r
    q = fma(remainder(h, q, total) - q * total_low, r, q)
    w = <real>0.5 * (total + total_low) * inverse
    q = q if a - a == <real>0 else (<real>0 if x == x else x)
    return (w if a - a == <real>0 else x) if x >= <real>0 else q


cdef inline real squareplus_derivative(real x, real b) noexcept nogil:
    cdef double half = leg(x, b)
    return <real> (1.0 - half) if x >= <real>0 else <real> half


cdef inline real squareplus_second_derivative(real x, real b) noexcept nogil:
    cdef double r = 1.0 / hypotenuse(x, b)
    return <real> (0.5 * b * r * r * r)


cdef inline double dish(double x) noexcept nogil:
    cdef double size = size_of(x)
    cdef double w = fma(x, x, 1.0)
    cdef double s = c_sqrt(w)
    cdef double right = 0.5 * x * (1.0 + size / s) if size < 1e100 else x
    # Left of zero -|x| / (2 (w + |x| s)), with what the square and the sum lose to rounding put back.
    cdef double square = x * x
    cdef double product, total, total_low, left
    w = square + 1.0
    product = size * s
    total = w + product
    total_low = sum_error(w, product, total) + product_residual(size, s, product)
    total_low = total_low + (sum_error(square, 1.0, w) + product_residual(x, x, square))
    left = -0.5 * size / total
    left = left - left * (total_low / total) if size < 1e100 else -0.25 / size
    return right if x >= 0.0 else (left if x == x else x)


cdef inline double dish_derivative(double x) noexcept nogil:
    # f′(−a) = (1 − s·a) / (2 w (w + a·s)), w = s² = 1 + a²: the difference that 1 + x (x² + 2) / s³ hides.
    cdef double a = size_of(x)
    cdef double w = fma(x, x, 1.0)
    cdef double s = c_sqrt(w)
    cdef double left = 0.5 * fma(-s, a, 1.0) / (w * fma(a, s, w)) if a < 1e75 else -0.25 / a / a
    return 1.0 - left if x >= 0.0 else left


cdef inline double dish_second_derivative(double x) noexcept nogil:
    cdef double w = fma(x, x, 1.0)
    cdef double far = -0.5 / size_of(x)
    cdef double near = 0.5 * fma(-x, x, 2.0) / w / w / c_sqrt(w)
    return near if size_of(x) < 1e100 else (far / x / x if x == x else x)
