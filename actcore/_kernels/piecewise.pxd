"""Activations made of straight pieces, and the other ones that a few exact or once-rounded operations give in their own precision.

At a kink each takes the derivative that its row declares; a NaN is returned as it came.
"""
from actcore._kernels.elementary cimport real


cdef inline real absolute(real x) noexcept nogil:
    return -x if x < <real> 0 else (x if x == x else x + x) + <real> 0


cdef inline real absolute_derivative(real x) noexcept nogil:
    return <real> 1 if x > <real> 0 else (<real> -1 if x < <real> 0 else (<real> 0 if x == x else x))


cdef inline real absolute_second_derivative(real x) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real relu6(real x) noexcept nogil:
    cdef real y = x if x > <real> 0 else (<real> 0 if x == x else x)
    return <real> 6 if y > <real> 6 else y


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
    return x if x > threshold else (value if x == x else x)


cdef inline real threshold_derivative(real x, real threshold, real value) noexcept nogil:
    return <real> 1 if x > threshold else (<real> 0 if x == x else x)


cdef inline real threshold_second_derivative(real x, real threshold, real value) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real thresholded_relu(real x, real theta) noexcept nogil:
    return x if x > theta else (<real> 0 if x == x else x)


cdef inline real thresholded_relu_derivative(real x, real theta) noexcept nogil:
    return <real> 1 if x > theta else (<real> 0 if x == x else x)


cdef inline real thresholded_relu_second_derivative(real x, real theta) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real hard_shrink(real x, real lambd) noexcept nogil:
    cdef real size = -x if x < <real> 0 else x
    return <real> 0 if size <= lambd else x


cdef inline real hard_shrink_derivative(real x, real lambd) noexcept nogil:
    cdef real size = -x if x < <real> 0 else x
    return <real> 1 if size > lambd else (<real> 0 if x == x else x)


cdef inline real hard_shrink_second_derivative(real x, real lambd) noexcept nogil:
    return <real> 0 if x == x else x


cdef inline real soft_shrink(real x, real lambd) noexcept nogil:
    cdef real y = x - lambd if x > lambd else (<real> 0 if x == x else x)
    return x + lambd if x < -lambd else y


cdef inline real soft_shrink_derivative(real x, real lambd) noexcept nogil:
    return hard_shrink_derivative(x, lambd)


cdef inline real soft_shrink_second_derivative(real x, real lambd) noexcept nogil:
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
    cdef real y = <real> 0.5 * (x + <real> 1) if x > <real> -1 else (<real> 0 if x == x else x)
    return <real> 1 if y > <real> 1 else y


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
