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


cdef inline void four_sums(
    const real* w0, const real* w1, const real* w2, const real* w3, Py_ssize_t step,
    const real* vectors, Py_ssize_t stride, Py_ssize_t n, Py_ssize_t spread,
    const real* start0, const real* start1, const real* start2, const real* start3,
    real* z0, real* z1, real* z2, real* z3,
) noexcept nogil:
    """z = start + Σₖ w[k·step] · vectors[k·stride] for four rows of a vector.

    One loop for the products and one for each row's stores: so gcc keeps the sums in vector registers on every
    instruction set. `spread` is a constant of the caller: 0 where a start is one number, 1 where it is a vector.
    """
    cdef real[LANES] sum0, sum1, sum2, sum3
    cdef real factor0, factor1, factor2, factor3, x
    cdef Py_ssize_t k, lane
    for lane in range(LANES):
        sum0[lane] = start0[lane * spread]
    for lane in range(LANES):
        sum1[lane] = start1[lane * spread]
    for lane in range(LANES):
        sum2[lane] = start2[lane * spread]
    for lane in range(LANES):
        sum3[lane] = start3[lane * spread]
    for k in range(n):
        factor0 = w0[k * step]
        factor1 = w1[k * step]
        factor2 = w2[k * step]
        factor3 = w3[k * step]
        for lane in range(LANES):
            x = vectors[k * stride + lane]
            sum0[lane] = fma(factor0, x, sum0[lane])
            sum1[lane] = fma(factor1, x, sum1[lane])
            sum2[lane] = fma(factor2, x, sum2[lane])
            sum3[lane] = fma(factor3, x, sum3[lane])
    for lane in range(LANES):
        z0[lane] = sum0[lane]
    for lane in range(LANES):
        z1[lane] = sum1[lane]
    for lane in range(LANES):
        z2[lane] = sum2[lane]
    for lane in range(LANES):
        z3[lane] = sum3[lane]


cdef inline void dense(
    const real* matrix, Py_ssize_t row, Py_ssize_t column, const real* start,
    const real* a, real* z, Py_ssize_t n_in, Py_ssize_t n_out, Py_ssize_t lanes,
) noexcept nogil:
    """z[o] = start[o] + Σᵢ matrix[o·row + i·column] · a[i] for every lane; `start` may be NULL for zeros.

    With a layer's weights, row = n_in and column = 1 this is the forward pass; with the strides exchanged it is the
    backward pass.
    """
    cdef Py_ssize_t block, o0, o1, o2, o3, vector, v, last = n_out - 1
    cdef real zero = <real> 0
    for block in range((n_out + ROWS - 1) // ROWS):
        o0 = block * ROWS
        o1 = min(o0 + 1, last)
        o2 = min(o0 + 2, last)
        o3 = min(o0 + 3, last)
        for vector in range(lanes // LANES):
            v = vector * LANES
            four_sums(
                matrix + o0 * row, matrix + o1 * row, matrix + o2 * row, matrix + o3 * row, column,
                a + v, lanes, n_in, 0,
                start + o0 if start != NULL else &zero, start + o1 if start != NULL else &zero,
                start + o2 if start != NULL else &zero, start + o3 if start != NULL else &zero,
                z + o0 * lanes + v, z + o1 * lanes + v, z + o2 * lanes + v, z + o3 * lanes + v,
            )


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
    const real* delta, const real* rows, real* gradient, bint add,
    Py_ssize_t n_in, Py_ssize_t n_out, Py_ssize_t samples, Py_ssize_t lanes,
) noexcept nogil:
    """gradient[o][i] = Σₛ delta[o][s] · rows[s][i] over the samples that are there; column n_in is the biases'.

    With `add` the sum goes on from what `gradient` holds. The vector runs over the inputs here: summing over lanes would
    cost a tree of shuffles for every weight.
    """
    cdef Py_ssize_t block, o0, o1, o2, o3, vector, v, last = n_out - 1, width = padded(n_in + 1)
    cdef real[LANES] zeros
    cdef real* sums
    for v in range(LANES):
        zeros[v] = <real> 0
    for block in range((n_out + ROWS - 1) // ROWS):
        o0 = block * ROWS
        o1 = min(o0 + 1, last)
        o2 = min(o0 + 2, last)
        o3 = min(o0 + 3, last)
        for vector in range(width // LANES):
            v = vector * LANES
            sums = gradient + v
            four_sums(
                delta + o0 * lanes, delta + o1 * lanes, delta + o2 * lanes, delta + o3 * lanes, 1,
                rows + v, width, samples, 1,
                sums + o0 * width if add else zeros, sums + o1 * width if add else zeros,
                sums + o2 * width if add else zeros, sums + o3 * width if add else zeros,
                sums + o0 * width, sums + o1 * width, sums + o2 * width, sums + o3 * width,
            )


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
