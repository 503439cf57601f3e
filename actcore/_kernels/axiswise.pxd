"""Kernels along an axis: each takes one contiguous row of n numbers.

Maxima and sums run in LANES independent accumulators that are combined in a fixed order: the compiler may vectorise them without
being allowed to reassociate, and the result depends neither on the instruction set nor on the thread count.
"""
from actcore._kernels.elementary cimport exp, fma, real

cdef enum:
    LANES = 64


cdef inline real combine_sum(real* lanes) noexcept nogil:
    """Add the lanes pairwise: width 32, 16, ... 1."""
    cdef Py_ssize_t k, width = LANES // 2
    while width > 0:
        for k in range(width):
            lanes[k] = lanes[k] + lanes[k + width]
        width = width // 2
    return lanes[0]


cdef inline real row_max(const real* x, Py_ssize_t n) noexcept nogil:
    """Largest of x; a NaN is passed over (it reaches the result through the exponentials)."""
    cdef real lanes[LANES]
    cdef real largest = x[0]
    cdef Py_ssize_t i, k
    cdef Py_ssize_t whole = n - n % LANES
    for k in range(LANES):
        lanes[k] = largest
    for i in range(n // LANES):
        for k in range(LANES):
            lanes[k] = x[i * LANES + k] if x[i * LANES + k] > lanes[k] else lanes[k]
    for i in range(whole, n):
        lanes[0] = x[i] if x[i] > lanes[0] else lanes[0]
    for k in range(LANES):
        largest = lanes[k] if lanes[k] > largest else largest
    return largest


cdef inline real exp_below(real x, real largest) noexcept nogil:
    """exp(x − largest), with the rounding error of the difference made good: far below the maximum it would cost many ULP.

    Equal infinities differ by 0, so that equal logits get equal shares.
    """
    cdef real difference = x - largest
    cdef real restored = difference + largest
    cdef real residual = (x - restored) - (largest - (restored - difference))
    cdef real power = exp(<real> 0 if x == largest else difference)
    return fma(power, residual if residual == residual else <real> 0, power)


cdef inline void softmax(const real* x, real* y, Py_ssize_t n) noexcept nogil:
    """yᵢ = exp(xᵢ − max) / Σ exp(xⱼ − max); y may be x."""
    cdef real lanes[LANES]
    cdef Py_ssize_t i, k
    cdef Py_ssize_t whole = n - n % LANES
    cdef real largest, share
    if n == 0:
        return
    largest = row_max(x, n)
    for i in range(n):
        y[i] = exp_below(x[i], largest)
    for k in range(LANES):
        lanes[k] = <real> 0
    for i in range(n // LANES):
        for k in range(LANES):
            lanes[k] = lanes[k] + y[i * LANES + k]
    for i in range(whole, n):
        lanes[i - whole] = lanes[i - whole] + y[i]
    share = <real> 1 / combine_sum(lanes)
    for i in range(n):
        y[i] = y[i] * share


cdef inline void softmax_backward(const real* y, const real* g, real* gx, Py_ssize_t n) noexcept nogil:
    """gxᵢ = yᵢ (gᵢ − Σ gⱼ yⱼ), y being the softmax; gx may be g or y."""
    cdef real lanes[LANES]
    cdef Py_ssize_t i, k
    cdef Py_ssize_t whole = n - n % LANES
    cdef real mean
    for k in range(LANES):
        lanes[k] = <real> 0
    for i in range(n // LANES):
        for k in range(LANES):
            lanes[k] = lanes[k] + g[i * LANES + k] * y[i * LANES + k]
    for i in range(whole, n):
        lanes[i - whole] = lanes[i - whole] + g[i] * y[i]
    mean = combine_sum(lanes)
    for i in range(n):
        gx[i] = y[i] * (g[i] - mean)
