"""Activations made of straight and parabolic pieces, in their own precision; sums and products keep what they lose to rounding.

At a kink each takes the derivative that its row declares; a NaN is returned as it came.
"""
from actcore._kernels.elementary cimport FUSES, abs_or_nan, at_least, at_most, fabs, fma, fused, product_residual, real


cdef inline real sum_error(real a, real b, real s) noexcept nogil:
    """a + b - s exactly, for s the rounded sum."""
    cdef real part = s - a
    return (a - (s - part)) + (b - part)


cdef inline real line(real x, real x_low, real slope, real offset, real* low) noexcept nogil:
    """slope (x + x_low) + offset as an unevaluated sum of the result and `low`."""
    cdef real product = slope * x
    cdef real y = product + offset
    cdef real lost = sum_error(product, offset, y) + fma(slope, x_low, product_residual(slope, x, product))
    low[0] = lost if lost == lost else <real> 0  # infinities lose nothing
    return y


cdef inline real sixth(real x, real x_low) noexcept nogil:
    """(x + x_low) / 6."""
    if real is float:
        return fused(x, <float> 0.16666667, fma(x, <float> -4.967054e-09, x_low * <float> 0.16666667))
    else:
        return fused(x, <double> 0.16666666666666666, fma(x, <double> 9.25185853854297e-18, x_low * <double> 0.16666666666666666))


cdef inline real absolute(real x) noexcept nogil:
    return abs_or_nan(x) + <real> 0  # the sum of -0 and 0 is 0


cdef inline real absolute_derivative(real x) noexcept nogil:
    return <real> 1 if x > <real> 0 else (<real> -1 if x < <real> 0 else (<real> 0 if x == x else x))


cdef inline real absolute_second_derivative(real x) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real relu6(real x) noexcept nogil:
    return at_most(at_least(x, <real> 0) + <real> 0, <real> 6)  # 0 for -0 too


cdef inline real relu6_derivative(real x) noexcept nogil:
    cdef real inside = <real> 1 if x > <real> 0 else <real> 0
    inside = inside if x < <real> 6 else <real> 0
    return inside if x == x else x


cdef inline real relu6_second_derivative(real x) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real relu_squared(real x) noexcept nogil:
    return x * x if x > <real> 0 else (<real> 0 if x == x else x)


cdef inline real relu_squared_derivative(real x) noexcept nogil:
    return x + x if x > <real> 0 else (<real> 0 if x == x else x)


cdef inline real relu_squared_second_derivative(real x) noexcept nogil:
    return <real> 2 if x > <real> 0 else (<real> 0 if x == x else x)


cdef inline real hard_tanh(real x, real min_value, real max_value) noexcept nogil:
    cdef real y = min_value if x < min_value else x
    return max_value if y > max_value else y


cdef inline real hard_tanh_derivative(real x, real min_value, real max_value) noexcept nogil:
    cdef real inside = <real> 1 if x > min_value else <real> 0
    inside = inside if x < max_value else <real> 0
    return inside if x == x else x


cdef inline real hard_tanh_second_derivative(real x, real min_value, real max_value) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real prelu(real x, real alpha) noexcept nogil:
    return x if x > <real> 0 else alpha * x


cdef inline real prelu_derivative(real x, real alpha) noexcept nogil:
    return <real> 1 if x > <real> 0 else (alpha if x == x else x)


cdef inline real prelu_second_derivative(real x, real alpha) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real prelu_gradient_alpha(real x, real alpha) noexcept nogil:
    return <real> 0 if x > <real> 0 else x


cdef inline real threshold(real x, real threshold, real value) noexcept nogil:
    return value if x <= threshold else x


cdef inline real threshold_derivative(real x, real threshold, real value) noexcept nogil:
    return <real> 1 if x > threshold else (<real> 0 if x == x else x)


cdef inline real threshold_second_derivative(real x, real threshold, real value) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real thresholded_relu(real x, real theta) noexcept nogil:
    return <real> 0 if x <= theta else x


cdef inline real thresholded_relu_derivative(real x, real theta) noexcept nogil:
    return <real> 1 if x > theta else (<real> 0 if x == x else x)


cdef inline real thresholded_relu_second_derivative(real x, real theta) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real hard_shrink(real x, real lambd) noexcept nogil:
    return <real> 0 if fabs(x) <= lambd else x


cdef inline real hard_shrink_derivative(real x, real lambd) noexcept nogil:
    return <real> 1 if fabs(x) > lambd else (<real> 0 if x == x else x)


cdef inline real hard_shrink_second_derivative(real x, real lambd) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real soft_shrink(real x, real lambd) noexcept nogil:
    return shrink(x, lambd, lambd)


cdef inline real soft_shrink_derivative(real x, real lambd) noexcept nogil:
    return hard_shrink_derivative(x, lambd)


cdef inline real soft_shrink_second_derivative(real x, real lambd) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real shrink(real x, real lambd, real bias) noexcept nogil:
    cdef real y = x - bias if x > lambd else (<real> 0 if x == x else x)
    return x + bias if x < -lambd else y


cdef inline real shrink_derivative(real x, real lambd, real bias) noexcept nogil:
    return hard_shrink_derivative(x, lambd)


cdef inline real shrink_second_derivative(real x, real lambd, real bias) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real triangular(real x) noexcept nogil:
    cdef real size = -x if x < <real> 0 else x
    return <real> 0 if size > <real> 1 else <real> 1 - size


cdef inline real triangular_derivative(real x) noexcept nogil:
    cdef real slope = <real> -1 if x > <real> 0 else <real> 1
    cdef real size = -x if x < <real> 0 else x
    slope = slope if size < <real> 1 else <real> 0
    slope = <real> 0 if size == <real> 0 else slope
    return slope if x == x else x


cdef inline real triangular_second_derivative(real x) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real sparse_sigmoid(real x) noexcept nogil:
    return at_most(at_least(<real> 0.5 * (x + <real> 1), <real> 0), <real> 1)


cdef inline real sparse_sigmoid_derivative(real x) noexcept nogil:
    cdef real slope = <real> 0.5 if x > <real> -1 else <real> 0
    slope = slope if x < <real> 1 else <real> 0
    return slope if x == x else x


cdef inline real sparse_sigmoid_second_derivative(real x) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real square(real x) noexcept nogil:
    return x * x


cdef inline real square_derivative(real x) noexcept nogil:
    return x + x


cdef inline real square_second_derivative(real x) noexcept nogil:
    return <real> 2 if x == x else x


cdef inline real cube(real x) noexcept nogil:
    cdef real square = x * x
    cdef real rest = x * product_residual(x, x, square)
    cdef real y = fused(x, square, rest)
    return y if rest - rest == <real> 0 else x * square


cdef inline real cube_derivative(real x) noexcept nogil:
    return <real> 3 * x * x


cdef inline real cube_second_derivative(real x) noexcept nogil:
    return <real> 6 * x


cdef inline real sqnl(real x) noexcept nogil:
    cdef real size = -x if x < <real> 0 else x
    cdef real near = fused(<real> -0.25 * x, size, x)
    return near if size < <real> 2 else (<real> 1 if x > <real> 0 else (<real> -1 if x < <real> 0 else x))


cdef inline real sqnl_derivative(real x) noexcept nogil:
    cdef real size = -x if x < <real> 0 else x
    return <real> 0 if size > <real> 2 else <real> 1 - <real> 0.5 * size


cdef inline real sqnl_second_derivative(real x) noexcept nogil:
    cdef real y = <real> -0.5 if x > <real> 0 else (<real> 0.5 if x < <real> 0 else <real> 0)
    cdef real size = -x if x < <real> 0 else x
    y = y if size < <real> 2 else <real> 0
    return y if x == x else x


cdef inline real hard_sigmoid(real x) noexcept nogil:
    # x / 6 + 1/2 where that is at least 1/4, and (x + 3) / 6 where the sum in brackets is exact: one rounding, and a share of one
    # that 1/6 has lost.
    cdef real near_zero = x + <real> 3 if x < <real> -1.5 else x
    cdef real y = fused(near_zero, <real> 0.16666666666666666, <real> 0 if x < <real> -1.5 else <real> 0.5)
    return at_most(at_least(y, <real> 0), <real> 1)


cdef inline real hard_sigmoid_derivative(real x) noexcept nogil:
    cdef real slope = <real> 0.16666666666666666 if x > <real> -3 else <real> 0
    slope = slope if x < <real> 3 else <real> 0
    return slope if x == x else x


cdef inline real hard_sigmoid_second_derivative(real x) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real clipped_linear(real x, real slope, real offset) noexcept nogil:
    cdef real low, y
    if real is float or FUSES:
        y = fused(slope, x, offset)
    else:
        y = line(x, <real> 0, slope, offset, &low) + low
    return at_most(at_least(y, <real> 0), <real> 1)


cdef inline real clipped_linear_derivative(real x, real slope, real offset) noexcept nogil:
    # Scaled, so that the product with the smallest number does not vanish.
    cdef real low, scale, y, inside
    if real is float:
        scale = <float>16777216.0  # 2^24
    else:
        scale = <double>9007199254740992.0  # 2^53
    y = line(scale * x, <real> 0, slope, scale * offset, &low)
    inside = slope if y + low > <real> 0 else <real> 0
    inside = inside if (y - scale) + low < <real> 0 else <real> 0
    return inside if x == x else x


cdef inline real clipped_linear_second_derivative(real x, real slope, real offset) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real hard_swish(real x) noexcept nogil:
    cdef real s = x + <real> 3
    cdef real product = x * s
    cdef real y = sixth(product, fma(x, sum_error(x, <real> 3, s), product_residual(x, s, product)))
    y = y if x > <real> -3 else (<real> 0 if x == x else x)
    return x if x >= <real> 3 else y


cdef inline real hard_swish_derivative(real x) noexcept nogil:
    cdef real twice = x + x
    cdef real s = twice + <real> 3
    cdef real y = sixth(s, sum_error(twice, <real> 3, s))
    y = y if x > <real> -3 else (<real> 0 if x == x else x)
    return <real> 1 if x >= <real> 3 else y


cdef inline real hard_swish_second_derivative(real x) noexcept nogil:
    cdef real y = <real> 0.3333333333333333 if x > <real> -3 else <real> 0
    y = y if x < <real> 3 else <real> 0
    return y if x == x else x


cdef inline real hard_mish(real x) noexcept nogil:
    cdef real s = x + <real> 2
    cdef real product = x * s
    cdef real y = <real> 0.5 * (product + fma(x, sum_error(x, <real> 2, s), product_residual(x, s, product)))
    y = y if x > <real> -2 else (<real> 0 if x == x else x)
    return x if x >= <real> 0 else y


cdef inline real hard_mish_derivative(real x) noexcept nogil:
    cdef real y = x + <real> 1 if x > <real> -2 else (<real> 0 if x == x else x)
    return <real> 1 if x >= <real> 0 else y


cdef inline real hard_mish_second_derivative(real x) noexcept nogil:
    cdef real y = <real> 1 if x > <real> -2 else <real> 0
    y = y if x < <real> 0 else <real> 0
    return y if x == x else x


cdef inline real sparse_plus(real x) noexcept nogil:
    cdef real s = x + <real> 1
    cdef real square = s * s
    cdef real y = <real> 0.25 * (square + fma(s + s, sum_error(x, <real> 1, s), product_residual(s, s, square)))
    y = y if x > <real> -1 else (<real> 0 if x == x else x)
    return x if x >= <real> 1 else y


cdef inline real sparse_plus_derivative(real x) noexcept nogil:
    return sparse_sigmoid(x)


cdef inline real sparse_plus_second_derivative(real x) noexcept nogil:
    return sparse_sigmoid_derivative(x)


cdef inline real plu(real x, real alpha, real c) noexcept nogil:
    cdef real low
    cdef real size = -x if x < <real> 0 else x
    cdef real above = size - c
    cdef real outside = line(above, sum_error(size, -c, above), alpha, c, &low)
    outside = outside + low
    return x if size <= c else (-outside if x < <real> 0 else outside)


cdef inline real plu_derivative(real x, real alpha, real c) noexcept nogil:
    cdef real size = -x if x < <real> 0 else x
    return alpha if size > c else (<real> 1 if x == x else x)


cdef inline real plu_second_derivative(real x, real alpha, real c) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real srelu_piece(real x, real threshold, real slope) noexcept nogil:
    """threshold + slope (x - threshold)."""
    cdef real low
    cdef real past = x - threshold
    cdef real y = line(past, sum_error(x, -threshold, past), slope, threshold, &low)
    return y + low


cdef inline real srelu(
    real x, real threshold_left, real slope_left, real threshold_right, real slope_right
) noexcept nogil:
    cdef real y = srelu_piece(x, threshold_right, slope_right) if x >= threshold_right else x
    return srelu_piece(x, threshold_left, slope_left) if x <= threshold_left else y


cdef inline real srelu_derivative(
    real x, real threshold_left, real slope_left, real threshold_right, real slope_right
) noexcept nogil:
    cdef real slope = slope_right if x >= threshold_right else <real> 1
    slope = slope_left if x <= threshold_left else slope
    return slope if x == x else x


cdef inline real srelu_second_derivative(
    real x, real threshold_left, real slope_left, real threshold_right, real slope_right
) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real srelu_gradient_threshold_left(
    real x, real threshold_left, real slope_left, real threshold_right, real slope_right
) noexcept nogil:
    cdef real y = <real> 1 - slope_left if x <= threshold_left else <real> 0
    return y if x == x else x


cdef inline real srelu_gradient_slope_left(
    real x, real threshold_left, real slope_left, real threshold_right, real slope_right
) noexcept nogil:
    cdef real y = x - threshold_left if x <= threshold_left else <real> 0
    return y if x == x else x


cdef inline real srelu_gradient_threshold_right(
    real x, real threshold_left, real slope_left, real threshold_right, real slope_right
) noexcept nogil:
    cdef real y = <real> 1 - slope_right if x >= threshold_right else <real> 0
    return y if x == x else x


cdef inline real srelu_gradient_slope_right(
    real x, real threshold_left, real slope_left, real threshold_right, real slope_right
) noexcept nogil:
    cdef real y = x - threshold_right if x >= threshold_right else <real> 0
    return y if x == x else x
