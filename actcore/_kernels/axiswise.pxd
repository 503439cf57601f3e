"""Kernels of functions along an axis, for one long row or for TILE short ones side by side.

A kernel runs in stages. Each *fold* walks the entries along the axis and sums them up in four figures per row (``TOP``, ``HIGH``,
``LOW``, ``COUNT``); the driver (``axis_loops.pyx``) merges the figures of the chunks of a long row, in the order of the chunks, and
hands them to the next stage. The last stage maps every entry to its result. `width` is a constant in every caller: 1 for a row,
whose entries are contiguous, or TILE for a tile, where entry i of row j lies at ``i * step + j``; always inlined, the same text
becomes a loop over the entries in the first case and a loop over the rows in the second.

Sums run in LANES accumulators, entry i in lane i mod LANES, combined pairwise: vectorisable without leave to reassociate, and the
same bits in both layouts and for any number of threads. Accumulators are twice as precise as the numbers: double for float, a sum
with its rounding errors for double. So the length of a row costs no accuracy.
"""
from actcore._kernels.elementary cimport (
    exp_negative, exp_reduce, expm1_reduced, fma, product_residual, real, tail_shift, unscale,
)
from actcore._kernels.piecewise cimport sum_error

cdef extern from "<math.h>" nogil:
    float INFINITY
    float NAN

cdef extern from *:
    """
    #include <stdint.h>
    #ifndef ACTCORE_BINARY_LOG
    #define ACTCORE_BINARY_LOG
    /* x = 2^e m with m in [1, 2), for a normal x >= 1. */
    static inline double actcore_mantissa(double x, double *e) {
        uint64_t i; double t;
        __builtin_memcpy(&i, &x, 8);
        uint64_t biased = (i >> 52) | 0x4330000000000000;  /* 2^52 + the biased exponent */
        __builtin_memcpy(&t, &biased, 8);
        *e = t - 4503599627371519.0;                       /* 2^52 + 1023 */
        i = (i & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000;
        __builtin_memcpy(&t, &i, 8);
        return t;
    }
    #endif
    """
    double mantissa "actcore_mantissa"(double x, double* exponent) noexcept nogil

cdef enum:
    LANES = 16
    TILE = 32
    MAX_ARRAYS = 3

cdef enum Figure:
    TOP  # largest entry
    HIGH  # a sum ...
    LOW  # ... and what rounding took from it
    COUNT
    FIGURES

cdef struct Pass:
    int stage
    Py_ssize_t n  # entries along the axis
    Py_ssize_t steps[MAX_ARRAYS]  # from one to the next, in elements
    const double* state  # figure f of row j at f * width + j: what the folds before found
    double* partial  # what this fold finds

#: args: inputs, then the output.
ctypedef void (*AxisBlock)(char** args, const Pass* now) noexcept nogil

cdef struct AxisEntry:
    AxisBlock row
    AxisBlock tile


# --- sums ---------------------------------------------------------------------------------------------------------------

cdef inline void accumulate(double* high, double* low, real value) noexcept nogil:
    """Add `value` to the sum high + low."""
    cdef double total, part
    if real is float:
        high[0] = high[0] + value
    else:
        total = high[0] + value
        part = total - high[0]
        low[0] = low[0] + ((high[0] - (total - part)) + (value - part))
        high[0] = total


cdef inline void accumulate_product(double* high, double* low, real a, real b) noexcept nogil:
    """Add a · b to the sum high + low."""
    cdef double product
    if real is float:
        high[0] = high[0] + <double> a * b
    else:
        product = a * b
        low[0] = low[0] + product_residual(a, b, product)
        accumulate(high, low, product)


cdef inline int lanes_used(Py_ssize_t n) noexcept nogil:
    """How many lanes n entries reach, rounded up to a power of 2: the others would add zeros."""
    cdef int lanes = LANES
    while lanes // 2 >= n and lanes > 1:
        lanes = lanes // 2
    return lanes


cdef inline void clear_sums(double* high, double* low, double* count, const Pass* now, int width) noexcept nogil:
    cdef int q
    for q in range(LANES if width == 1 else lanes_used(now.n) * width):
        high[q] = low[q] = count[q] = 0


cdef inline void combine(real* like, double* high, double* low, double* count, int half) noexcept nogil:
    """Add the upper half of the lanes to the lower; `like` tells the dtype."""
    cdef int q
    for q in range(half):
        count[q] = count[q] + count[q + half]
    if real is float:
        for q in range(half):
            high[q] = high[q] + high[q + half]
    else:
        for q in range(half):
            low[q] = low[q] + low[q + half]
            accumulate(&high[q], &low[q], high[q + half])


cdef inline void report_sums(real* like, double* high, double* low, double* count, const Pass* now, int width) noexcept nogil:
    """Combine the lanes pairwise and report them."""
    cdef int j, half = lanes_used(now.n) // 2
    cdef double* partial = now.partial
    if width == 1:
        combine(like, high, low, count, 8)
        combine(like, high, low, count, 4)
        combine(like, high, low, count, 2)
        combine(like, high, low, count, 1)
    else:
        while half > 0:
            combine(like, high, low, count, half * width)
            half = half // 2
    for j in range(width):
        partial[TOP * width + j] = now.state[TOP * width + j]
        partial[HIGH * width + j] = high[j]
        partial[LOW * width + j] = low[j]
        partial[COUNT * width + j] = count[j]


cdef inline Py_ssize_t step_of(const Pass* now, int array, int width) noexcept nogil:
    return 1 if width == 1 else now.steps[array]


# --- folds --------------------------------------------------------------------------------------------------------------

cdef inline void top_of(const real* x, real* lanes, Py_ssize_t entries, Py_ssize_t step, int width) noexcept nogil:
    cdef Py_ssize_t k
    cdef int j
    for k in range(entries):
        for j in range(width):
            lanes[k * width + j] = x[k * step + j] if x[k * step + j] > lanes[k * width + j] else lanes[k * width + j]


cdef inline void upper_half(real* lanes, int half) noexcept nogil:
    """Keep the larger of each two lanes."""
    cdef int q
    for q in range(half):
        lanes[q] = lanes[q] if lanes[q] > lanes[q + half] else lanes[q + half]


cdef inline real top_of_row(const real* x, Py_ssize_t n) noexcept nogil:
    """The largest entry of a contiguous row, a vector or four at a time; the last entries in a vector of their own."""
    cdef real[4 * LANES] wide
    cdef real[LANES] lanes
    cdef real[LANES] rest
    cdef Py_ssize_t start = 0, entries = n % LANES
    cdef int q
    for q in range(LANES):
        lanes[q] = -INFINITY
    if n >= 4 * LANES:
        for q in range(4 * LANES):
            wide[q] = -INFINITY
        while start + 4 * LANES <= n:
            top_of(x + start, wide, 4 * LANES, 1, 1)
            start += 4 * LANES
        upper_half(wide, 2 * LANES)
        upper_half(wide, LANES)
        top_of(wide, lanes, LANES, 1, 1)
    while start + LANES <= n:
        top_of(x + start, lanes, LANES, 1, 1)
        start += LANES
    if entries > 0:
        for q in range(LANES):
            rest[q] = x[start + q] if q < entries else <real> -INFINITY
        top_of(rest, lanes, LANES, 1, 1)
    upper_half(lanes, LANES // 2)
    upper_half(lanes, LANES // 4)
    upper_half(lanes, LANES // 8)
    upper_half(lanes, LANES // 16)
    return lanes[0]


cdef inline void fold_top(const real* x, const Pass* now, int width) noexcept nogil:
    """TOP: the largest entry; a NaN is passed over (it reaches the result through the sums)."""
    cdef real lanes[LANES * TILE]
    cdef Py_ssize_t block, start, step = step_of(now, 0, width)
    cdef Py_ssize_t whole = now.n - now.n % LANES
    cdef int j, q, used = lanes_used(now.n)
    cdef int half = used // 2
    if width == 1:
        lanes[0] = top_of_row(x, now.n)
    else:
        for q in range(used * width):
            lanes[q] = -INFINITY
        for block in range(now.n // LANES):
            start = block * LANES
            top_of(x + start * step, lanes, LANES, step, width)
        top_of(x + whole * step, lanes, now.n - whole, step, width)
        while half > 0:
            upper_half(lanes, half * width)
            half = half // 2
    for j in range(width):
        now.partial[TOP * width + j] = lanes[j]
        now.partial[HIGH * width + j] = now.partial[LOW * width + j] = now.partial[COUNT * width + j] = 0


cdef inline real exp_below(real x, real top) noexcept nogil:
    """exp(x − top), with the rounding error of the difference made good: far below the top it would cost many ULP.

    Equal infinities differ by 0, so that equal logits get equal shares.
    """
    cdef real difference = x - top
    cdef real restored = difference + top
    cdef real residual = (x - restored) - (top - (restored - difference))
    cdef real power = exp_negative(<real> 0 if x == top else difference)
    return fma(power, residual if residual == residual else <real> 0, power)


cdef inline void weights_of(
    const real* x, const real* top, double* high, double* low, double* count, Py_ssize_t entries, Py_ssize_t step, int width
) noexcept nogil:
    cdef Py_ssize_t k
    cdef int j, q
    cdef real weight
    cdef bint tie
    for k in range(entries):
        for j in range(width):
            q = <int> k * width + j
            tie = x[k * step + j] == top[j]
            weight = exp_below(x[k * step + j], top[j])
            accumulate(&high[q], &low[q], <real> 0 if tie else weight)
            count[q] = count[q] + (<double> 1 if tie else <double> 0)


cdef inline void last_weights(
    const real* x, const real* top, double* high, double* low, double* count, Py_ssize_t entries
) noexcept nogil:
    """The last entries of a contiguous row, in one vector; the lanes left over count only where -inf is the top."""
    cdef real[LANES] rest
    cdef int q
    for q in range(LANES):
        rest[q] = x[q] if q < entries else <real> -INFINITY
    weights_of(rest, top, high, low, count, LANES, 1, 1)
    if top[0] == -INFINITY:
        for q in range(<int> entries, LANES):
            count[q] = count[q] - 1


cdef inline void fold_weights(const real* x, const Pass* now, int width) noexcept nogil:
    """HIGH + LOW: the sum of exp(xᵢ − TOP) over the entries below the top; COUNT: the entries at the top.

    Apart, because a sum with the 1 of the top in it has lost what log1p needs.
    """
    cdef double high[LANES * TILE]
    cdef double low[LANES * TILE]
    cdef double count[LANES * TILE]
    cdef real top[TILE]
    cdef Py_ssize_t block, start, step = step_of(now, 0, width)
    cdef Py_ssize_t whole = now.n - now.n % LANES
    cdef int j
    clear_sums(high, low, count, now, width)
    for j in range(width):
        top[j] = <real> now.state[TOP * width + j]
    for block in range(now.n // LANES):
        start = block * LANES
        weights_of(x + start * step, top, high, low, count, LANES, step, width)
    if width > 1:
        weights_of(x + whole * step, top, high, low, count, now.n - whole, step, width)
    elif whole < now.n:
        last_weights(x + whole, top, high, low, count, now.n - whole)
    report_sums(<real*> NULL, high, low, count, now, width)


cdef inline bint is_tame(real top) noexcept nogil:
    """Tell whether exp(x) may be taken of the entries themselves: so near to 0, n ln 2 splits exactly, also without FMA."""
    return <real> -200 < top and top < <real> 200


cdef inline real exp_over_power(real x, real floor, real shift) noexcept nogil:
    """exp(x) / 2^n, n being in the shift; 0 below the floor. No difference to the top, and so no error of one, comes in."""
    cdef real power, low
    cdef real p = expm1_reduced(exp_reduce(floor if x < floor else x, 1, shift, &power), False, &low)
    return unscale(fma(power, p, power))


cdef inline void shares_of(
    const real* x, real* y, const real* top, const real* floor, const real* shift, double* high, double* low, double* count,
    bint all_tame, Py_ssize_t entries, Py_ssize_t step, Py_ssize_t y_step, int width,
) noexcept nogil:
    cdef Py_ssize_t k
    cdef int j, q
    cdef real share
    for k in range(entries):
        for j in range(width):
            q = <int> k * width + j
            share = exp_over_power(x[k * step + j], floor[j], shift[j])
            if not all_tame:
                share = share if is_tame(top[j]) else exp_below(x[k * step + j], top[j])
            y[k * y_step + j] = share
            accumulate(&high[q], &low[q], share)


cdef inline void last_shares(
    const real* x, real* y, const real* top, const real* floor, const real* shift, double* high, bint all_tame, Py_ssize_t entries,
    double* low
) noexcept nogil:
    """The last entries of a contiguous row, in one vector."""
    cdef real[LANES] rest
    cdef int q
    for q in range(LANES):
        rest[q] = x[q] if q < entries else floor[0]
    for q in range(LANES):
        rest[q] = exp_over_power(rest[q], floor[0], shift[0]) if all_tame else exp_below(rest[q], top[0])
    for q in range(LANES):
        accumulate(&high[q], &low[q], rest[q] if q < entries else <real> 0)
    for q in range(LANES):
        if q < entries:
            y[q] = rest[q]


cdef inline void all_shares(
    const real* x, real* y, const real* top, const real* floor, const real* shift, bint all_tame, const Pass* now, int width
) noexcept nogil:
    cdef double high[LANES * TILE]
    cdef double low[LANES * TILE]
    cdef double count[LANES * TILE]
    cdef Py_ssize_t block, start, step = step_of(now, 0, width), y_step = step_of(now, 1, width)
    cdef Py_ssize_t whole = now.n - now.n % LANES
    clear_sums(high, low, count, now, width)
    for block in range(now.n // LANES):
        start = block * LANES
        shares_of(
            x + start * step, y + start * y_step, top, floor, shift, high, low, count, all_tame, LANES, step, y_step, width
        )
    if width == 1:
        if whole < now.n:
            last_shares(x + whole, y + whole, top, floor, shift, high, all_tame, now.n - whole, low)
    else:
        shares_of(
            x + whole * step, y + whole * y_step, top, floor, shift, high, low, count, all_tame, now.n - whole, step, y_step, width
        )
    report_sums(<real*> NULL, high, low, count, now, width)


cdef inline void fold_shares(const real* x, real* y, const Pass* now, int width) noexcept nogil:
    """y: exp(xᵢ) over a power of 2 near exp(TOP), or exp(xᵢ − TOP) where the top is far out; HIGH + LOW: their sum."""
    cdef real top[TILE]
    cdef real floor[TILE]
    cdef real shift[TILE]
    cdef real magic = <real> 12582912 if real is float else <real> 6755399441055744  # adding it rounds to an integer
    cdef real tame
    cdef bint all_tame = True
    cdef int j
    for j in range(width):
        top[j] = <real> now.state[TOP * width + j]
        all_tame = all_tame and is_tame(top[j])
        tame = top[j] if is_tame(top[j]) else <real> 0
        floor[j] = tame - (<real> 125 if real is float else <real> 800)
        shift[j] = tail_shift(tame) - (fma(tame, <real> 1.4426950408889634, magic) - magic)
    if all_tame:
        all_shares(x, y, top, floor, shift, True, now, width)
    else:
        all_shares(x, y, top, floor, shift, False, now, width)


cdef inline void products_of(
    const real* a, const real* b, double* high, double* low, Py_ssize_t entries, Py_ssize_t a_step, Py_ssize_t b_step, int width
) noexcept nogil:
    cdef Py_ssize_t k
    cdef int j
    for k in range(entries):
        for j in range(width):
            accumulate_product(&high[k * width + j], &low[k * width + j], a[k * a_step + j], b[k * b_step + j])


cdef inline void fold_products(const real* a, const real* b, const Pass* now, int width) noexcept nogil:
    """HIGH + LOW: the sum of aᵢ bᵢ."""
    cdef double high[LANES * TILE]
    cdef double low[LANES * TILE]
    cdef double count[LANES * TILE]
    cdef Py_ssize_t block, start, a_step = step_of(now, 0, width), b_step = step_of(now, 1, width)
    cdef Py_ssize_t whole = now.n - now.n % LANES
    clear_sums(high, low, count, now, width)
    for block in range(now.n // LANES):
        start = block * LANES
        products_of(a + start * a_step, b + start * b_step, high, low, LANES, a_step, b_step, width)
    products_of(a + whole * a_step, b + whole * b_step, high, low, now.n - whole, a_step, b_step, width)
    report_sums(<real*> NULL, high, low, count, now, width)


cdef inline void chosen_of(
    const real* chooser, const real* values, const real* top, const real* threshold, double* high, double* low, double* count,
    Py_ssize_t entries, Py_ssize_t step, Py_ssize_t value_step, int width,
) noexcept nogil:
    cdef Py_ssize_t k
    cdef int j, q
    cdef real value
    cdef bint out
    for k in range(entries):
        for j in range(width):
            q = <int> k * width + j
            out = below(chooser[k * step + j], top[j]) <= threshold[j]
            value = below(values[k * value_step + j], top[j])
            accumulate(&high[q], &low[q], <real> 0 if out else value)
            count[q] = count[q] + (<double> 0 if out else <double> 1)


cdef inline void fold_chosen(
    const real* chooser, const real* values, const real* top, const real* threshold, int value_array, const Pass* now, int width
) noexcept nogil:
    """HIGH + LOW and COUNT: sum and number of the values whose chooser lies above the threshold, both taken relative to `top`.

    A NaN is chosen, so that it reaches the result; a threshold of NaN chooses every entry.
    """
    cdef double high[LANES * TILE]
    cdef double low[LANES * TILE]
    cdef double count[LANES * TILE]
    cdef Py_ssize_t block, start, step = step_of(now, 0, width), value_step = step_of(now, value_array, width)
    cdef Py_ssize_t whole = now.n - now.n % LANES
    clear_sums(high, low, count, now, width)
    for block in range(now.n // LANES):
        start = block * LANES
        chosen_of(
            chooser + start * step, values + start * value_step, top, threshold, high, low, count, LANES, step, value_step, width
        )
    chosen_of(
        chooser + whole * step, values + whole * value_step, top, threshold, high, low, count, now.n - whole, step, value_step,
        width,
    )
    report_sums(<real*> NULL, high, low, count, now, width)


# --- the softmax family -------------------------------------------------------------------------------------------------

cdef inline void softmax(const real* x, real* y, const Pass* now, int width) noexcept nogil:
    """yᵢ = exp(xᵢ) / Σ exp(xⱼ), free of overflow; y may be x."""
    cdef double sums, share
    cdef real share_high[TILE]
    cdef real share_low[TILE]
    cdef Py_ssize_t i, step = step_of(now, 1, width)
    cdef int j
    if now.stage == 0:
        fold_top(x, now, width)
    elif now.stage == 1:
        fold_shares(x, y, now, width)
    else:
        for j in range(width):
            sums = now.state[COUNT * width + j] + (now.state[HIGH * width + j] + now.state[LOW * width + j])
            share = 1.0 / sums
            share_high[j] = <real> share
            # What the rounded share lacks of the true one.
            share_low[j] = <real> (share - share_high[j]) if real is float else <real> (fma(-share, sums, <double> 1) * share)
        for i in range(now.n):
            for j in range(width):
                y[i * step + j] = fma(y[i * step + j], share_high[j], y[i * step + j] * share_low[j])


cdef inline void softmax_backward(const real* y, const real* g, real* gx, const Pass* now, int width) noexcept nogil:
    """gxᵢ = yᵢ (gᵢ − Σ gⱼ yⱼ), y being the softmax; gx may be g or y."""
    cdef double high[TILE]
    cdef double low[TILE]
    cdef Py_ssize_t i, y_step = step_of(now, 0, width), g_step = step_of(now, 1, width), step = step_of(now, 2, width)
    cdef int j
    if now.stage == 0:
        fold_products(y, g, now, width)
        return
    for j in range(width):
        high[j] = now.state[HIGH * width + j]
        low[j] = now.state[LOW * width + j]
    for i in range(now.n):
        for j in range(width):
            gx[i * step + j] = <real> (y[i * y_step + j] * ((g[i * g_step + j] - high[j]) - low[j]))


cdef inline double log1p_small(double f) noexcept nogil:
    """log(1 + f) for f in [√½ − 1, √2 − 1], with the polynomial of fdlibm's log."""
    cdef double s = f / (2.0 + f)
    cdef double z = s * s
    cdef double half = 0.5 * f * f
    cdef double p = fma(z, <double> 1.479819860511658591e-01, <double> 1.531383769920937332e-01)
    p = fma(z, p, <double> 1.818357216161805012e-01)
    p = fma(z, p, <double> 2.222219843214978396e-01)
    p = fma(z, p, <double> 2.857142874366239149e-01)
    p = fma(z, p, <double> 3.999999999940941908e-01)
    p = fma(z, p, <double> 6.666666666666735130e-01)
    return f - (half - s * (half + z * p))


cdef inline double log_of_sum(const Pass* now, int j, int width, double* low) noexcept nogil:
    """log(COUNT + HIGH + LOW) as an unevaluated sum of the result and `low`; from log1p where it is that of 1 and little more.

    −inf for no entries.
    """
    cdef double count = now.state[COUNT * width + j]
    cdef double sums = now.state[HIGH * width + j] + now.state[LOW * width + j]
    cdef double total = count + sums
    cdef double rest = (sums - (total - count)) / total
    cdef double e, m, part, y
    low[0] = 0
    if count == 1 and sums < 0.4:
        return log1p_small(sums)
    if not total >= 1:
        return total - total if total != total else -INFINITY
    m = mantissa(total, &e)
    if m > 1.4142135623730951:
        m = 0.5 * m
        e = e + 1
    part = log1p_small(m - 1) + (e * 1.90821492927058770002e-10 + rest)
    y = e * 0.693147180369123816490 + part  # the product is exact, and 0 or larger than the part
    low[0] = (e * 0.693147180369123816490 - y) + part if e > 0 else 0.0
    return y


cdef inline void log_softmax(const real* x, real* y, const Pass* now, int width) noexcept nogil:
    """yᵢ = (xᵢ − max) − log Σ exp(xⱼ − max); y may be x."""
    cdef double top[TILE]
    cdef double log_sum[TILE]
    cdef double log_low[TILE]
    cdef double difference, restored, residual
    cdef Py_ssize_t i, x_step = step_of(now, 0, width), step = step_of(now, 1, width)
    cdef int j
    if now.stage == 0:
        fold_top(x, now, width)
        return
    if now.stage == 1:
        fold_weights(x, now, width)
        return
    for j in range(width):
        top[j] = now.state[TOP * width + j]
        log_sum[j] = log_of_sum(now, j, width, &log_low[j])
    for i in range(now.n):
        for j in range(width):
            difference = 0.0 if x[i * x_step + j] == top[j] else x[i * x_step + j] - top[j]
            if real is double:
                restored = difference + top[j]
                residual = (x[i * x_step + j] - restored) - (top[j] - (restored - difference))
                residual = residual if residual == residual else 0.0
                y[i * step + j] = difference - (log_sum[j] + (log_low[j] - residual))
            else:
                y[i * step + j] = <real> (difference - log_sum[j])


cdef inline void log_softmax_backward(const real* y, const real* g, real* gx, const Pass* now, int width) noexcept nogil:
    """gxᵢ = gᵢ − exp(yᵢ) Σ gⱼ, y being the log_softmax; gx may be g or y."""
    cdef double total[TILE]
    cdef real top[TILE]
    cdef real threshold[TILE]
    cdef Py_ssize_t i, y_step = step_of(now, 0, width), g_step = step_of(now, 1, width), step = step_of(now, 2, width)
    cdef int j
    if now.stage == 0:
        for j in range(width):
            top[j], threshold[j] = <real> 0, NAN
        fold_chosen(g, g, top, threshold, 1, now, width)
        return
    for j in range(width):
        total[j] = now.state[HIGH * width + j] + now.state[LOW * width + j]
    for i in range(now.n):
        for j in range(width):
            gx[i * step + j] = <real> (g[i * g_step + j] - exp_negative(y[i * y_step + j]) * total[j])


cdef inline void logsumexp(const real* x, real* y, const Pass* now, int width) noexcept nogil:
    """y = max + log Σ exp(xⱼ − max), one number per row."""
    cdef double top, log_sum, low, sums
    cdef int j
    if now.stage == 0:
        fold_top(x, now, width)
    elif now.stage == 1:
        fold_weights(x, now, width)
    else:
        for j in range(width):
            top = now.state[TOP * width + j]
            log_sum = log_of_sum(now, j, width, &low)
            sums = top + log_sum
            low = low + sum_error(top, log_sum, sums)
            y[j] = <real> (sums + (low if low == low else 0.0))  # infinities lose nothing


# --- sparsemax ----------------------------------------------------------------------------------------------------------

cdef inline real below(real x, real top) noexcept nogil:
    """x − top; 0 for equal infinities."""
    return <real> 0 if x == top else x - top


cdef inline void sparsemax(const real* x, real* y, const Pass* now, int width) noexcept nogil:
    """yᵢ = max(xᵢ − τ, 0), with τ such that they sum to 1; y may be x.

    Michelot's iteration: from all entries within 1 of the top, the support shrinks until it stays (stage 1 repeats).
    """
    cdef real top[TILE]
    cdef real threshold[TILE]
    cdef double sums
    cdef Py_ssize_t i, x_step = step_of(now, 0, width), step = step_of(now, 1, width)
    cdef int j
    if now.stage == 0:
        fold_top(x, now, width)
        return
    for j in range(width):
        top[j] = <real> now.state[TOP * width + j]
        sums = now.state[HIGH * width + j] + now.state[LOW * width + j]
        threshold[j] = <real> ((sums - 1) / now.state[COUNT * width + j]) if now.state[COUNT * width + j] > 0 else <real> -1
    if now.stage == 1:
        fold_chosen(x, x, top, threshold, 0, now, width)
        return
    for i in range(now.n):
        for j in range(width):
            y[i * step + j] = (
                <real> 0 if below(x[i * x_step + j], top[j]) <= threshold[j] else below(x[i * x_step + j], top[j]) - threshold[j]
            )


cdef inline void sparsemax_backward(const real* y, const real* g, real* gx, const Pass* now, int width) noexcept nogil:
    """gxᵢ = gᵢ − mean of g over the support, inside the support; 0 outside. y is the sparsemax; gx may be g or y."""
    cdef real top[TILE]
    cdef real threshold[TILE]
    cdef double mean[TILE]
    cdef Py_ssize_t i, y_step = step_of(now, 0, width), g_step = step_of(now, 1, width), step = step_of(now, 2, width)
    cdef int j
    if now.stage == 0:
        for j in range(width):
            top[j] = threshold[j] = <real> 0
        fold_chosen(y, g, top, threshold, 1, now, width)
        return
    for j in range(width):
        mean[j] = (now.state[HIGH * width + j] + now.state[LOW * width + j]) / now.state[COUNT * width + j]
    for i in range(now.n):
        for j in range(width):
            gx[i * step + j] = <real> 0 if y[i * y_step + j] <= 0 else <real> (g[i * g_step + j] - mean[j])
