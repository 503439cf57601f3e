"""Dense layers of a small network, with the samples in the SIMD lanes.

A tile holds `lanes` samples, a multiple of LANES. Everything a layer computes on it is a matrix [unit][lane], so that a
weight is one number broadcast over a vector of samples, whatever the widths of the layers. A batch that does not fill
its tile leaves lanes over; they are computed along and never enter a sum.

Every sum runs in one fixed order (over the inputs, the outputs or the samples, from the first to the last), so that the
result depends neither on the vector width nor on the thread count.

Four sums are kept in registers at once: they share each load and hide the latency of the FMAs. Where fewer rows than
four are left, the last one is computed several times: cheaper than a second kernel, and the same bits.
"""
from actcore._kernels.elementary cimport fma, real

cdef enum:
    LANES = 16  # one AVX-512 vector of float32; rows of a tile are padded to it
    ROWS = 4


cdef inline Py_ssize_t padded(Py_ssize_t n) noexcept nogil:
    """Return the smallest multiple of LANES that holds n."""
    return (n + LANES - 1) // LANES * LANES


cdef inline void dense(
    const real* matrix, Py_ssize_t row, Py_ssize_t column, const real* start,
    const real* a, real* z, Py_ssize_t n_in, Py_ssize_t n_out, Py_ssize_t lanes,
) noexcept nogil:
    """z[o] = start[o] + Σᵢ matrix[o·row + i·column] · a[i] for every lane; `start` may be NULL for zero.

    With a layer's weights, row = n_in and column = 1 this is the forward pass; with the strides exchanged it is the
    backward pass.
    """
    cdef real[LANES] sum0, sum1, sum2, sum3
    cdef real w0, w1, w2, w3, x
    cdef Py_ssize_t block, o0, o1, o2, o3, i, vector, lane, last = n_out - 1
    cdef const real* inputs
    cdef real* outputs
    for block in range((n_out + ROWS - 1) // ROWS):
        o0 = block * ROWS
        o1 = min(o0 + 1, last)
        o2 = min(o0 + 2, last)
        o3 = min(o0 + 3, last)
        for vector in range(lanes // LANES):
            inputs = a + vector * LANES
            outputs = z + vector * LANES
            w0 = start[o0] if start != NULL else <real> 0
            w1 = start[o1] if start != NULL else <real> 0
            w2 = start[o2] if start != NULL else <real> 0
            w3 = start[o3] if start != NULL else <real> 0
            for lane in range(LANES):
                sum0[lane] = w0
                sum1[lane] = w1
                sum2[lane] = w2
                sum3[lane] = w3
            for i in range(n_in):
                w0 = matrix[o0 * row + i * column]
                w1 = matrix[o1 * row + i * column]
                w2 = matrix[o2 * row + i * column]
                w3 = matrix[o3 * row + i * column]
                for lane in range(LANES):
                    x = inputs[i * lanes + lane]
                    sum0[lane] = fma(w0, x, sum0[lane])
                    sum1[lane] = fma(w1, x, sum1[lane])
                    sum2[lane] = fma(w2, x, sum2[lane])
                    sum3[lane] = fma(w3, x, sum3[lane])
            for lane in range(LANES):
                outputs[o0 * lanes + lane] = sum0[lane]
                outputs[o1 * lanes + lane] = sum1[lane]
                outputs[o2 * lanes + lane] = sum2[lane]
                outputs[o3 * lanes + lane] = sum3[lane]


cdef inline void transpose(
    const real* a, real* rows, Py_ssize_t units, Py_ssize_t samples, Py_ssize_t lanes
) noexcept nogil:
    """Turn [unit][lane] into [sample][unit], the layout in which a layer's inputs meet its deltas.

    After the units comes the input that is always 1 and whose weight is the bias; rows are padded to LANES. Units are
    moved four at a time, so up to three rows behind `a` are read; what they hold lands in the padding.
    """
    cdef Py_ssize_t block, sample, width = padded(units + 1)
    cdef const real* source
    cdef real* target
    for block in range((units + ROWS - 1) // ROWS):
        source = a + block * ROWS * lanes
        target = rows + block * ROWS
        for sample in range(samples):
            target[sample * width] = source[sample]
            target[sample * width + 1] = source[lanes + sample]
            target[sample * width + 2] = source[2 * lanes + sample]
            target[sample * width + 3] = source[3 * lanes + sample]
    for sample in range(samples):
        rows[sample * width + units] = <real> 1


cdef inline void dense_gradient(
    const real* delta, const real* rows, real* gradient,
    Py_ssize_t n_in, Py_ssize_t n_out, Py_ssize_t samples, Py_ssize_t lanes,
) noexcept nogil:
    """Add Σₛ delta[o][s] · rows[s][i] to gradient[o][i], over the samples that are there; column n_in is the biases'.

    The vector runs over the inputs here: summing over lanes would cost a tree of shuffles for every weight.
    """
    cdef real[LANES] sum0, sum1, sum2, sum3
    cdef real d0, d1, d2, d3, x
    cdef Py_ssize_t block, o0, o1, o2, o3, vector, i, s, last = n_out - 1, width = padded(n_in + 1)
    cdef const real* inputs
    cdef real* sums
    for block in range((n_out + ROWS - 1) // ROWS):
        o0 = block * ROWS
        o1 = min(o0 + 1, last)
        o2 = min(o0 + 2, last)
        o3 = min(o0 + 3, last)
        for vector in range(width // LANES):
            inputs = rows + vector * LANES
            sums = gradient + vector * LANES
            for i in range(LANES):
                sum0[i] = sums[o0 * width + i]
                sum1[i] = sums[o1 * width + i]
                sum2[i] = sums[o2 * width + i]
                sum3[i] = sums[o3 * width + i]
            for s in range(samples):
                d0 = delta[o0 * lanes + s]
                d1 = delta[o1 * lanes + s]
                d2 = delta[o2 * lanes + s]
                d3 = delta[o3 * lanes + s]
                for i in range(LANES):
                    x = inputs[s * width + i]
                    sum0[i] = fma(d0, x, sum0[i])
                    sum1[i] = fma(d1, x, sum1[i])
                    sum2[i] = fma(d2, x, sum2[i])
                    sum3[i] = fma(d3, x, sum3[i])
            for i in range(LANES):
                sums[o0 * width + i] = sum0[i]
                sums[o1 * width + i] = sum1[i]
                sums[o2 * width + i] = sum2[i]
                sums[o3 * width + i] = sum3[i]


cdef inline void unpad_weights(const real* gradient, real* weights, Py_ssize_t n_in, Py_ssize_t n_out) noexcept nogil:
    """Copy the padded sums of `dense_gradient` to the layout of the parameters.

    Whole vectors are copied: what spills over the end of a row is overwritten by the next row, and behind the last one
    by whatever is copied afterwards, so layers go in their order and room for LANES numbers follows.
    """
    cdef Py_ssize_t o, vector, i, width = padded(n_in + 1)
    for o in range(n_out):
        for vector in range(padded(n_in) // LANES):
            for i in range(LANES):
                weights[o * n_in + vector * LANES + i] = gradient[o * width + vector * LANES + i]


cdef inline void unpad_biases(const real* gradient, real* biases, Py_ssize_t n_in, Py_ssize_t n_out) noexcept nogil:
    """Copy the biases' column of the padded sums."""
    cdef Py_ssize_t o, width = padded(n_in + 1)
    for o in range(n_out):
        biases[o] = gradient[o * width + n_in]
