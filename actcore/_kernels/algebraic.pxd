"""Activations of polynomials, quotients and square roots, written in float64.

float32 goes through them too (`Row.precision`): a few conversions cost less than the care that two or three single roundings would
need to stay within one ULP. Differences of nearly equal numbers are written as quotients: √(x² + b) − x = b / (√(x² + b) + x).
"""

cdef extern from "<math.h>" nogil:
    double c_sqrt "sqrt"(double) noexcept

from actcore._kernels.elementary cimport fma, product_residual


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


cdef inline double hard_sigmoid(double x) noexcept nogil:
    cdef double y = (x + 3.0) / 6.0 if x > -3.0 else (0.0 if x == x else x)
    return 1.0 if x >= 3.0 else y


cdef inline double hard_sigmoid_derivative(double x) noexcept nogil:
    cdef double slope = 1.0 / 6.0 if x > -3.0 else 0.0
    slope = slope if x < 3.0 else 0.0
    return slope if x == x else x


cdef inline double hard_sigmoid_second_derivative(double x) noexcept nogil:
    return 0.0 if x == x else x


cdef inline double line(double x, double slope, double offset) noexcept nogil:
    """slope · x + offset, exact where the two cancel, also without FMA."""
    cdef double product = slope * x
    cdef double residual = product_residual(slope, x, product)
    return (product + offset) + (residual if residual == residual else 0.0)


cdef inline double clipped_linear(double x, double slope, double offset) noexcept nogil:
    cdef double y = line(x, slope, offset)
    y = 0.0 if y < 0.0 else y
    return 1.0 if y > 1.0 else y


cdef inline double clipped_linear_derivative(double x, double slope, double offset) noexcept nogil:
    cdef double y = line(x, slope, offset)
    cdef double inside = slope if y > 0.0 else 0.0
    inside = inside if y < 1.0 else 0.0
    return inside if x == x else x


cdef inline double clipped_linear_second_derivative(double x, double slope, double offset) noexcept nogil:
    return 0.0 if x == x else x


cdef inline double hard_swish(double x) noexcept nogil:
    cdef double y = x * (x + 3.0) / 6.0 if x > -3.0 else (0.0 if x == x else x)
    return x if x >= 3.0 else y


cdef inline double hard_swish_derivative(double x) noexcept nogil:
    cdef double y = (x + x + 3.0) / 6.0 if x > -3.0 else (0.0 if x == x else x)
    return 1.0 if x >= 3.0 else y


cdef inline double hard_swish_second_derivative(double x) noexcept nogil:
    cdef double y = 1.0 / 3.0 if x > -3.0 else 0.0
    y = y if x < 3.0 else 0.0
    return y if x == x else x


cdef inline double hard_mish(double x) noexcept nogil:
    cdef double y = 0.5 * x * (x + 2.0) if x > -2.0 else (0.0 if x == x else x)
    return x if x >= 0.0 else y


cdef inline double hard_mish_derivative(double x) noexcept nogil:
    cdef double y = x + 1.0 if x > -2.0 else (0.0 if x == x else x)
    return 1.0 if x >= 0.0 else y


cdef inline double hard_mish_second_derivative(double x) noexcept nogil:
    cdef double y = 1.0 if x > -2.0 else 0.0
    y = y if x < 0.0 else 0.0
    return y if x == x else x


cdef inline double sparse_plus(double x) noexcept nogil:
    cdef double y = 0.25 * (x + 1.0) * (x + 1.0) if x > -1.0 else (0.0 if x == x else x)
    return x if x >= 1.0 else y


cdef inline double sparse_plus_derivative(double x) noexcept nogil:
    cdef double y = 0.5 * (x + 1.0) if x > -1.0 else (0.0 if x == x else x)
    return 1.0 if x >= 1.0 else y


cdef inline double sparse_plus_second_derivative(double x) noexcept nogil:
    cdef double y = 0.5 if x > -1.0 else 0.0
    y = y if x < 1.0 else 0.0
    return y if x == x else x


cdef inline double plu(double x, double alpha, double c) noexcept nogil:
    cdef double size = size_of(x)
    cdef double outside = fma(alpha, size - c, c)
    return x if size <= c else (-outside if x < 0.0 else outside)


cdef inline double plu_derivative(double x, double alpha, double c) noexcept nogil:
    return alpha if size_of(x) > c else (1.0 if x == x else x)


cdef inline double plu_second_derivative(double x, double alpha, double c) noexcept nogil:
    return 0.0 if x == x else x


cdef inline double srelu(
    double x, double threshold_left, double slope_left, double threshold_right, double slope_right
) noexcept nogil:
    cdef double y = fma(slope_right, x - threshold_right, threshold_right) if x >= threshold_right else x
    return fma(slope_left, x - threshold_left, threshold_left) if x <= threshold_left else y


cdef inline double srelu_derivative(
    double x, double threshold_left, double slope_left, double threshold_right, double slope_right
) noexcept nogil:
    cdef double slope = slope_right if x >= threshold_right else 1.0
    slope = slope_left if x <= threshold_left else slope
    return slope if x == x else x


cdef inline double srelu_second_derivative(
    double x, double threshold_left, double slope_left, double threshold_right, double slope_right
) noexcept nogil:
    return 0.0 if x == x else x


cdef inline double srelu_gradient_threshold_left(
    double x, double threshold_left, double slope_left, double threshold_right, double slope_right
) noexcept nogil:
    cdef double y = 1.0 - slope_left if x <= threshold_left else 0.0
    return y if x == x else x


cdef inline double srelu_gradient_slope_left(
    double x, double threshold_left, double slope_left, double threshold_right, double slope_right
) noexcept nogil:
    cdef double y = x - threshold_left if x <= threshold_left else 0.0
    return y if x == x else x


cdef inline double srelu_gradient_threshold_right(
    double x, double threshold_left, double slope_left, double threshold_right, double slope_right
) noexcept nogil:
    cdef double y = 1.0 - slope_right if x >= threshold_right else 0.0
    return y if x == x else x


cdef inline double srelu_gradient_slope_right(
    double x, double threshold_left, double slope_left, double threshold_right, double slope_right
) noexcept nogil:
    cdef double y = x - threshold_right if x >= threshold_right else 0.0
    return y if x == x else x


cdef inline double cube(double x) noexcept nogil:
    return x * x * x


cdef inline double cube_derivative(double x) noexcept nogil:
    return 3.0 * x * x


cdef inline double cube_second_derivative(double x) noexcept nogil:
    return 6.0 * x


cdef inline double sqnl(double x) noexcept nogil:
    cdef double size = size_of(x)
    cdef double near = fma(-0.25 * x, size, x)
    return near if size < 2.0 else (1.0 if x > 0.0 else (-1.0 if x < 0.0 else x))


cdef inline double sqnl_derivative(double x) noexcept nogil:
    cdef double size = size_of(x)
    return 0.0 if size > 2.0 else 1.0 - 0.5 * size


cdef inline double sqnl_second_derivative(double x) noexcept nogil:
    cdef double y = -0.5 if x > 0.0 else (0.5 if x < 0.0 else 0.0)
    y = y if size_of(x) < 2.0 else 0.0
    return y if x == x else x


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


cdef inline double squareplus(double x, double b) noexcept nogil:
    # Left of zero b / (2 (s + |x|)); what the root and the sum lose to rounding is put back in one step.
    cdef double size = size_of(x)
    cdef double s = hypotenuse(x, b)
    cdef double square = size * size
    cdef double w = square + b
    cdef double back = w - square
    cdef double lost = (square - (w - back)) + (b - back) + product_residual(size, size, square)
    cdef double root_lost = (lost - product_residual(s, s, w)) / (s + s)
    cdef double total = s + size
    cdef double big = s if s > size else size
    cdef double small = size if s > size else s
    cdef double total_lost = (small - (total - big)) + root_lost
    cdef double y = 0.5 * b / total
    y = y - y * total_lost / total if size < 1e100 else 0.25 * b / (0.5 * s + 0.5 * size)
    return 0.5 * x + 0.5 * s if x >= 0.0 else (y if x == x else x)


cdef inline double squareplus_derivative(double x, double b) noexcept nogil:
    cdef double half = leg(x, b)
    return 1.0 - half if x >= 0.0 else half


cdef inline double squareplus_second_derivative(double x, double b) noexcept nogil:
    cdef double r = 1.0 / hypotenuse(x, b)
    return 0.5 * b * r * r * r


cdef inline double dish(double x) noexcept nogil:
    cdef double size = size_of(x)
    cdef double w = fma(x, x, 1.0)
    cdef double s = c_sqrt(w)
    cdef double right = 0.5 * x * (1.0 + size / s) if size < 1e100 else x
    cdef double left = -0.5 * size / fma(size, s, w) if size < 1e100 else -0.25 / size
    left = 0.5 * x * (1.0 - size / s) if size < 0.25 else left  # no cancellation here, and fewer roundings
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
