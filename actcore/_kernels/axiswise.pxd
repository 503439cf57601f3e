"""Kernels of functions along an axis, for up to TILE rows at a time.

A kernel runs in stages. Each *fold* walks the entries along the axis and sums them up in four figures per row (``TOP``, ``HIGH``,
``LOW``, ``COUNT``); the driver (``axis_loops.pyx``) merges the figures of the chunks of a long row, in the order of the chunks, and
hands them to the next stage. The last stage maps every entry to its result. `width` is a constant in every caller: 1 for rows
whose entries are contiguous, entry i of row j at ``j * step + i``, or TILE for rows side by side, at ``i * step + j``; always
inlined, the same text becomes a loop over the entries in the first case and a loop over the rows in the second. What is needed once
for a row is computed for all of them in one loop. Several rows at a time also because folding the lanes of one is a chain of
operations that wait for each other: those of the next row go on meanwhile. The last entries of a row are a vector of their own,
filled up.

Sums run in LANES accumulators, entry i in lane i mod LANES, combined pairwise: vectorisable without leave to reassociate, and the
same bits in both layouts and for any number of threads. Accumulators are twice as precise as the numbers: double for float, a sum
with its rounding errors for double. So the length of a row costs no accuracy.
"""
from actcore._kernels.elementary cimport (
    exp_negative, exp_reduce, expm1_reduced, fabs, fma, largest, product_residual, real, tail_scale, tail_shift,
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
    /* x = 2^e m with m in [1, 2), for a normal x > 0. */
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
    /* Ask for a vector of numbers a kilobyte ahead: the processor's own prefetching comes too late for two arrays at once. */
    #if defined(__GNUC__)
    #define ACTCORE_ASK_AHEAD(x, half) \
        (__builtin_prefetch((const char *)(x) + 1024), __builtin_prefetch((const char *)(x) + 1024 + (half)))
    #else
    #define ACTCORE_ASK_AHEAD(x, half) ((void) 0)
    #endif
    #endif
    """
    void ask_ahead "ACTCORE_ASK_AHEAD"(const void* vector, int half_size) noexcept nogil
    double mantissa "actcore_mantissa"(double x, double* exponent) noexcept nogil

cdef enum:
    LANES = 16
    TILE = 32
    VECTOR = 8  # figures of so many rows are computed at a time
    MAX_ARRAYS = 3

cdef enum Figure:
    TOP  # largest entry
    HIGH  # a sum ...
    LOW  # ... and what rounding took from it
    COUNT
    FIGURES

cdef struct Pass:
    int stage
    int rows  # at most TILE; in a tile, TILE
    Py_ssize_t n  # entries along the axis
    Py_ssize_t start  # number of the first one, where they are a chunk of a row
    Py_ssize_t steps[MAX_ARRAYS]  # in elements: from row to row, in a tile from entry to entry
    const double* state  # figure f of row j at f * TILE + j: what the folds before found
    double* partial  # what this fold finds
    const bint* settled  # per row: a fold that is repeated has nothing to find any more

#: args: inputs, then the output.
ctypedef void (*AxisBlock)(char** args, const Pass* now) noexcept nogil

cdef struct AxisEntry:
    AxisBlock row
    AxisBlock tile


cdef inline Py_ssize_t row_groups(const Pass* now, int width) noexcept nogil:
    """How often a fold is run: for each row, or once for a tile."""
    return now.rows if width == 1 else 1


cdef inline Py_ssize_t outer_count(const Pass* now, int width) noexcept nogil:
    """How often a map's outer loop runs: over rows, or over the entries of a tile."""
    return now.rows if width == 1 else now.n


cdef inline Py_ssize_t inner_count(const Pass* now, int width) noexcept nogil:
    return now.n if width == 1 else TILE


cdef inline int all_rows(const Pass* now, int width) noexcept nogil:
    """How many rows' figures are computed: a few too many rather than one by one."""
    return (now.rows + VECTOR - 1) // VECTOR * VECTOR if width == 1 else TILE


cdef inline Py_ssize_t step_of(const Pass* now, int array, int width) noexcept nogil:
    """From one entry to the next."""
    return 1 if width == 1 else now.steps[array]


cdef inline void fill_up(const real* x, real* vector, int present, real filler) noexcept nogil:
    """Load the last entries of a row."""
    cdef int q
    for q in range(LANES):
        vector[q] = x[q] if q < present else filler


cdef inline void store_present(const real* vector, real* y, int present) noexcept nogil:
    cdef int q
    for q in range(LANES):
        if q < present:
            y[q] = vector[q]


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
        high[0] = fma(<double> a, <double> b, high[0])  # the product is exact
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


cdef inline void clear_sums(double* high, double* low, const Pass* now, int width) noexcept nogil:
    cdef int q
    for q in range(LANES if width == 1 else lanes_used(now.n) * width):
        high[q] = low[q] = 0


cdef inline void combine(real* like, double* high, double* low, int half) noexcept nogil:
    """Add the upper half of the lanes to the lower; `like` tells the dtype."""
    cdef int q
    if real is float:
        for q in range(half):
            high[q] = high[q] + high[q + half]
    else:
        for q in range(half):
            low[q] = low[q] + low[q + half]
            accumulate(&high[q], &low[q], high[q + half])


cdef inline void report_sums(
    real* like, double* high, double* low, const Pass* now, Py_ssize_t row, int width
) noexcept nogil:
    """Combine the lanes pairwise and report them; TOP stays, and COUNT is 0."""
    cdef int j, half = lanes_used(now.n) // 2
    cdef double* partial = now.partial + row
    if width == 1:
        combine(like, high, low, 8)
        combine(like, high, low, 4)
        combine(like, high, low, 2)
        combine(like, high, low, 1)
    else:
        while half > 0:
            combine(like, high, low, half * width)
            half = half // 2
    for j in range(width):
        partial[TOP * TILE + j] = now.state[TOP * TILE + row + j]
        partial[HIGH * TILE + j] = high[j]
        partial[LOW * TILE + j] = low[j]
        partial[COUNT * TILE + j] = 0


cdef inline void add_upper_half(real* count, int half) noexcept nogil:
    cdef int q
    for q in range(half):
        count[q] = count[q] + count[q + half]


cdef inline void clear_counts(real* count, const Pass* now, int width) noexcept nogil:
    cdef int q
    for q in range(LANES if width == 1 else lanes_used(now.n) * width):
        count[q] = 0


cdef inline void report_counts(real* count, const Pass* now, Py_ssize_t row, int width) noexcept nogil:
    cdef int j, half = lanes_used(now.n) // 2
    if width == 1:
        add_upper_half(count, 8)
        add_upper_half(count, 4)
        add_upper_half(count, 2)
        add_upper_half(count, 1)
    else:
        while half > 0:
            add_upper_half(count, half * width)
            half = half // 2
    for j in range(width):
        now.partial[COUNT * TILE + row + j] = count[j]


# --- folds --------------------------------------------------------------------------------------------------------------

cdef inline real turned(real x, int sign) noexcept nogil:
    """x or −x: `sign`, 1 or −1, is a constant in every caller."""
    return -x if sign < 0 else x


cdef inline void top_of(const real* x, real* lanes, Py_ssize_t entries, Py_ssize_t step, int sign, int width) noexcept nogil:
    cdef Py_ssize_t k
    cdef int j
    for k in range(entries):
        for j in range(width):
            lanes[k * width + j] = largest(turned(x[k * step + j], sign), lanes[k * width + j])


cdef inline void upper_half(real* lanes, int half) noexcept nogil:
    """Keep the larger of each two lanes."""
    cdef int q
    for q in range(half):
        lanes[q] = largest(lanes[q], lanes[q + half])


cdef inline real top_of_row(const real* x, Py_ssize_t n, int sign) noexcept nogil:
    """The largest entry of a contiguous row, a vector or four at a time; the last entries in a vector of their own."""
    cdef real[4 * LANES] wide
    cdef real[LANES] lanes
    cdef real[LANES] rest
    cdef Py_ssize_t start = 0
    cdef int q
    for q in range(LANES):
        lanes[q] = -INFINITY
    if n >= 8 * LANES:
        for q in range(4 * LANES):
            wide[q] = -INFINITY
        while start + 4 * LANES <= n:
            top_of(x + start, wide, 4 * LANES, 1, sign, 1)
            start += 4 * LANES
        upper_half(wide, 2 * LANES)
        upper_half(wide, LANES)
        top_of(wide, lanes, LANES, 1, 1, 1)
    while start + LANES <= n:
        top_of(x + start, lanes, LANES, 1, sign, 1)
        start += LANES
    if start < n:
        fill_up(x + start, rest, n - start, turned(<real> -INFINITY, sign))
        top_of(rest, lanes, LANES, 1, sign, 1)
    upper_half(lanes, LANES // 2)
    upper_half(lanes, LANES // 4)
    upper_half(lanes, LANES // 8)
    upper_half(lanes, LANES // 16)
    return lanes[0]


cdef inline void top_of_tile(const real* x, const Pass* now, int sign) noexcept nogil:
    cdef real lanes[LANES * TILE]
    cdef Py_ssize_t block, step = now.steps[0], whole = now.n - now.n % LANES
    cdef int j, q, used = lanes_used(now.n)
    cdef int half = used // 2
    for q in range(used * TILE):
        lanes[q] = -INFINITY
    for block in range(now.n // LANES):
        top_of(x + block * LANES * step, lanes, LANES, step, sign, TILE)
    top_of(x + whole * step, lanes, now.n - whole, step, sign, TILE)
    while half > 0:
        upper_half(lanes, half * TILE)
        half = half // 2
    for j in range(TILE):
        now.partial[TOP * TILE + j] = lanes[j]


cdef inline void fold_top(const real* x, const Pass* now, int sign, int width) noexcept nogil:
    """TOP: the largest entry of x, or of −x; a NaN is passed over (it reaches the result through the sums)."""
    cdef Py_ssize_t row
    cdef int j
    for j in range(FIGURES * TILE):
        now.partial[j] = 0
    if width == 1:
        for row in range(now.rows):
            now.partial[TOP * TILE + row] = top_of_row(x + row * now.steps[0], now.n, sign)
    else:
        top_of_tile(x, now, sign)


cdef inline real exp_below(real x, real top) noexcept nogil:
    """exp(x − top), with the rounding error of the difference made good: far below the top it would cost many ULP.

    Equal infinities differ by 0, so that equal logits get equal shares.
    """
    cdef real difference = x - top
    cdef real restored = difference + top
    cdef real residual = (x - restored) - (top - (restored - difference))
    cdef real power = exp_negative(<real> 0 if x == top else difference)
    return fma(power, residual if residual == residual else <real> 0, power)


cdef inline bint is_tame(real top) noexcept nogil:
    """Tell whether exp(x) may be taken of the entries themselves: so near to 0, n ln 2 splits exactly, also without FMA."""
    return fabs(top) < <real> 200


cdef inline real octaves_of(real top) noexcept nogil:
    """n such that exp(top) is near 2^n."""
    cdef real magic = <real> 12582912 if real is float else <real> 6755399441055744  # adding it rounds to an integer
    return fma(top, <real> 1.4426950408889634, magic) - magic


cdef inline real exp_over_power(real x, real floor, real shift) noexcept nogil:
    """tail_scale exp(x) / 2^n, n being in the shift; next to nothing below the floor.

    No difference to the top, and so no error of one, comes in.
    """
    cdef real power, low
    cdef real p = expm1_reduced(exp_reduce(floor if x < floor else x, 1, shift, &power), False, &low)
    return fma(power, p, power)


cdef inline bint measures_of(const Pass* now, real* top, real* floor, real* shift, int width) noexcept nogil:
    """Top, floor and shift of every row for ``exp_over_power``; whether all the tops are tame."""
    cdef real tame
    cdef int j, wild = 0
    for j in range(all_rows(now, width)):
        top[j] = <real> now.state[TOP * TILE + j]
        tame = top[j] if is_tame(top[j]) else <real> 0
        wild = wild | (not is_tame(top[j]))
        floor[j] = tame - (<real> 125 if real is float else <real> 800)
        shift[j] = tail_shift(tame) - octaves_of(tame)
    return wild == 0


cdef inline real share_of(real x, real top, real floor, real shift, bint all_tame) noexcept nogil:
    """exp(x) over the row's power of 2, or exp(x − top) where the top is far out; times tail_scale."""
    cdef real share = exp_over_power(x, floor, shift)
    if not all_tame:
        share = share if is_tame(top) else tail_scale(x) * exp_below(x, top)
    return share


cdef inline void weights_of(
    const real* x, const real* top, const real* floor, const real* shift, double* high, double* low, real* count, bint all_tame,
    Py_ssize_t entries, int present, Py_ssize_t step, int width
) noexcept nogil:
    cdef Py_ssize_t k
    cdef int j, q
    cdef real weight
    for k in range(entries):
        for j in range(width):
            q = <int> k * width + j
            weight = share_of(x[k * step + j], top[j], floor[j], shift[j], all_tame)
            accumulate(&high[q], &low[q], <real> 0 if (x[k * step + j] == top[j]) | (<int> k >= present) else weight)
            count[q] = count[q] + (<real> 1 if (x[k * step + j] == top[j]) & (<int> k < present) else <real> 0)


cdef inline void weights_of_row(
    const real* x, const real* top, const real* floor, const real* shift, bint all_tame, const Pass* now, Py_ssize_t row, int width
) noexcept nogil:
    cdef double high[LANES * TILE]
    cdef double low[LANES * TILE]
    cdef real count[LANES * TILE]
    cdef real rest[LANES]
    cdef Py_ssize_t block, step = step_of(now, 0, width), whole = now.n // LANES * LANES
    cdef int left = <int> (now.n - whole)
    clear_sums(high, low, now, width)
    clear_counts(count, now, width)
    for block in range(now.n // LANES):
        weights_of(
            x + block * LANES * step, top + row, floor + row, shift + row, high, low, count, all_tame, LANES, LANES, step, width
        )
    if width > 1:
        weights_of(
            x + whole * step, top, floor, shift, high, low, count, all_tame, left, LANES, step, width
        )
    elif left > 0:
        fill_up(x + whole, rest, left, top[row])
        weights_of(rest, top + row, floor + row, shift + row, high, low, count, all_tame, LANES, left, 1, 1)
    report_sums(<real*> NULL, high, low, now, row, width)
    report_counts(count, now, row, width)


cdef inline void fold_weights(const real* x, const Pass* now, int width) noexcept nogil:
    """HIGH + LOW: the sum of exp(xᵢ) over the entries below the top, as ``share_of`` has it; COUNT: the entries at the top.

    Apart, because a sum with the 1 of the top in it has lost what log1p needs.
    """
    cdef real top[TILE]
    cdef real floor[TILE]
    cdef real shift[TILE]
    cdef Py_ssize_t row
    if measures_of(now, top, floor, shift, width):
        for row in range(row_groups(now, width)):
            weights_of_row(x + row * now.steps[0], top, floor, shift, True, now, row, width)
    else:
        for row in range(row_groups(now, width)):
            weights_of_row(x + row * now.steps[0], top, floor, shift, False, now, row, width)


cdef inline void shares_of(
    const real* x, real* y, const real* top, const real* floor, const real* shift, double* high, double* low, bint all_tame,
    Py_ssize_t entries, int present, Py_ssize_t step, Py_ssize_t y_step, int sign, int width,
) noexcept nogil:
    cdef Py_ssize_t k
    cdef int j, q
    cdef real share
    for k in range(entries):
        for j in range(width):
            q = <int> k * width + j
            share = share_of(turned(x[k * step + j], sign), top[j], floor[j], shift[j], all_tame)
            y[k * y_step + j] = share
            accumulate(&high[q], &low[q], share if <int> k < present else <real> 0)


cdef inline void shares_of_row(
    const real* x, real* y, const real* top, const real* floor, const real* shift, bint all_tame, const Pass* now, Py_ssize_t row,
    int array, int sign, int width
) noexcept nogil:
    cdef double high[LANES * TILE]
    cdef double low[LANES * TILE]
    cdef real rest[LANES]
    cdef Py_ssize_t block, start, step = step_of(now, 0, width), y_step = step_of(now, array, width)
    cdef Py_ssize_t whole = now.n // LANES * LANES
    cdef int left = <int> (now.n - whole)
    clear_sums(high, low, now, width)
    for block in range(now.n // LANES):
        start = block * LANES
        shares_of(
            x + start * step, y + start * y_step, top + row, floor + row, shift + row, high, low, all_tame, LANES, LANES, step,
            y_step, sign, width
        )
    if width > 1:
        shares_of(
            x + whole * step, y + whole * y_step, top, floor, shift, high, low, all_tame, left, LANES, step, y_step,
            sign, width
        )
    elif left > 0:
        fill_up(x + whole, rest, left, <real> 0)
        shares_of(
            rest, rest, top + row, floor + row, shift + row, high, low, all_tame, LANES, left, 1, 1, sign, 1
        )
        store_present(rest, y + whole, left)
    report_sums(<real*> NULL, high, low, now, row, width)


cdef inline void fold_shares(const real* x, real* y, int array, const Pass* now, int sign, int width) noexcept nogil:
    """y: exp(xᵢ), or exp(−xᵢ), as ``share_of`` has it; HIGH + LOW: their sum."""
    cdef real top[TILE]
    cdef real floor[TILE]
    cdef real shift[TILE]
    cdef Py_ssize_t row
    if measures_of(now, top, floor, shift, width):
        for row in range(row_groups(now, width)):
            shares_of_row(
                x + row * now.steps[0], y + row * now.steps[array], top, floor, shift, True, now, row, array, sign, width
            )
    else:
        for row in range(row_groups(now, width)):
            shares_of_row(
                x + row * now.steps[0], y + row * now.steps[array], top, floor, shift, False, now, row, array, sign, width
            )


cdef inline void products_of(
    const real* a, const real* b, double* high, double* low, Py_ssize_t entries, Py_ssize_t a_step, Py_ssize_t b_step, int width
) noexcept nogil:
    cdef Py_ssize_t k
    cdef int j
    for k in range(entries):
        for j in range(width):
            accumulate_product(&high[k * width + j], &low[k * width + j], a[k * a_step + j], b[k * b_step + j])


cdef inline void products_of_row(const real* a, const real* b, const Pass* now, Py_ssize_t row, int width) noexcept nogil:
    cdef double high[LANES * TILE]
    cdef double low[LANES * TILE]
    cdef real a_rest[LANES]
    cdef real b_rest[LANES]
    cdef Py_ssize_t block, start, a_step = step_of(now, 0, width), b_step = step_of(now, 1, width)
    cdef Py_ssize_t whole = now.n // LANES * LANES
    cdef int left = <int> (now.n - whole)
    clear_sums(high, low, now, width)
    for block in range(now.n // LANES):
        start = block * LANES
        if width == 1:
            ask_ahead(a + start, LANES // 2 * sizeof(real))
            ask_ahead(b + start, LANES // 2 * sizeof(real))
        products_of(a + start * a_step, b + start * b_step, high, low, LANES, a_step, b_step, width)
    if width > 1:
        products_of(a + whole * a_step, b + whole * b_step, high, low, left, a_step, b_step, width)
    elif left > 0:
        fill_up(a + whole, a_rest, left, <real> 0)
        fill_up(b + whole, b_rest, left, <real> 0)
        products_of(a_rest, b_rest, high, low, LANES, 1, 1, 1)
    report_sums(<real*> NULL, high, low, now, row, width)


cdef inline void fold_products(const real* a, const real* b, const Pass* now, int width) noexcept nogil:
    """HIGH + LOW: the sum of aᵢ bᵢ."""
    cdef Py_ssize_t row
    for row in range(row_groups(now, width)):
        products_of_row(a + row * now.steps[0], b + row * now.steps[1], now, row, width)


cdef inline void entries_of(
    const real* x, double* high, double* low, Py_ssize_t entries, Py_ssize_t step, int width
) noexcept nogil:
    cdef Py_ssize_t k
    cdef int j
    for k in range(entries):
        for j in range(width):
            accumulate(&high[k * width + j], &low[k * width + j], x[k * step + j])


cdef inline void entries_of_row(const real* x, int array, const Pass* now, Py_ssize_t row, int width) noexcept nogil:
    cdef double high[LANES * TILE]
    cdef double low[LANES * TILE]
    cdef real rest[LANES]
    cdef Py_ssize_t block, step = step_of(now, array, width), whole = now.n // LANES * LANES
    cdef int left = <int> (now.n - whole)
    clear_sums(high, low, now, width)
    for block in range(now.n // LANES):
        entries_of(x + block * LANES * step, high, low, LANES, step, width)
    if width > 1:
        entries_of(x + whole * step, high, low, left, step, width)
    elif left > 0:
        fill_up(x + whole, rest, left, <real> 0)
        entries_of(rest, high, low, LANES, 1, 1)
    report_sums(<real*> NULL, high, low, now, row, width)


cdef inline void fold_sum(const real* x, int array, const Pass* now, int width) noexcept nogil:
    """HIGH + LOW: the sum of the entries."""
    cdef Py_ssize_t row
    for row in range(row_groups(now, width)):
        entries_of_row(x + row * now.steps[array], array, now, row, width)


cdef inline void chosen_of(
    const real* chooser, const real* values, const real* top, const real* threshold, double* high, double* low, real* count,
    Py_ssize_t entries, int present, Py_ssize_t step, Py_ssize_t value_step, int width,
) noexcept nogil:
    cdef Py_ssize_t k
    cdef int j, q
    cdef real value
    cdef bint out
    for k in range(entries):
        for j in range(width):
            q = <int> k * width + j
            out = (below(chooser[k * step + j], top[j]) <= threshold[j]) | (<int> k >= present)
            value = below(values[k * value_step + j], top[j])
            accumulate(&high[q], &low[q], <real> 0 if out else value)
            count[q] = count[q] + (<real> 0 if out else <real> 1)


cdef inline void chosen_of_row(
    const real* chooser, const real* values, const real* top, const real* threshold, int value_array, const Pass* now,
    Py_ssize_t row, int width
) noexcept nogil:
    cdef double high[LANES * TILE]
    cdef double low[LANES * TILE]
    cdef real count[LANES * TILE]
    cdef real chooser_rest[LANES]
    cdef real value_rest[LANES]
    cdef Py_ssize_t block, start, step = step_of(now, 0, width), value_step = step_of(now, value_array, width)
    cdef Py_ssize_t whole = now.n // LANES * LANES
    cdef int left = <int> (now.n - whole)
    clear_sums(high, low, now, width)
    clear_counts(count, now, width)
    for block in range(now.n // LANES):
        start = block * LANES
        chosen_of(
            chooser + start * step, values + start * value_step, top + row, threshold + row, high, low, count, LANES, LANES, step,
            value_step, width
        )
    if width > 1:
        chosen_of(
            chooser + whole * step, values + whole * value_step, top, threshold, high, low, count, left, LANES,
            step, value_step, width
        )
    elif left > 0:
        fill_up(chooser + whole, chooser_rest, left, <real> 0)
        fill_up(values + whole, value_rest, left, <real> 0)
        chosen_of(
            chooser_rest, value_rest, top + row, threshold + row, high, low, count, LANES, left, 1, 1, 1
        )
    report_sums(<real*> NULL, high, low, now, row, width)
    report_counts(count, now, row, width)


cdef inline void fold_chosen(
    const real* chooser, const real* values, const real* top, const real* threshold, int value_array, const Pass* now, int width
) noexcept nogil:
    """HIGH + LOW and COUNT: sum and number of the values whose chooser lies above the threshold, both taken relative to `top`.

    A NaN is chosen, so that it reaches the result; a threshold of NaN chooses every entry.
    """
    cdef Py_ssize_t row
    cdef int figure
    for row in range(row_groups(now, width)):
        if width == 1 and now.settled[row]:
            for figure in range(<int> FIGURES):
                now.partial[figure * TILE + row] = now.state[figure * TILE + row]
        else:
            chosen_of_row(
                chooser + row * now.steps[0], values + row * now.steps[value_array], top, threshold, value_array, now, row, width
            )


# --- the softmax family -------------------------------------------------------------------------------------------------

cdef inline void portions_of(const Pass* now, real* high, real* low, int width) noexcept nogil:
    """1 over the sum of every row, as an unevaluated sum."""
    cdef double sums, portion
    cdef int j
    for j in range(all_rows(now, width)):
        sums = now.state[HIGH * TILE + j] + now.state[LOW * TILE + j]
        portion = 1.0 / sums
        high[j] = <real> portion
        low[j] = <real> (portion - high[j]) if real is float else <real> (fma(-portion, sums, <double> 1) * portion)


cdef inline void normalised(const real* x, real* y, const Pass* now, int sign, int width) noexcept nogil:
    """yᵢ = exp(± xᵢ) / Σ exp(± xⱼ), free of overflow; y may be x."""
    cdef real high[TILE]
    cdef real low[TILE]
    cdef Py_ssize_t a, b, step = now.steps[1]
    cdef int j
    if now.stage == 0:
        fold_top(x, now, sign, width)
        return
    if now.stage == 1:
        fold_shares(x, y, 1, now, sign, width)
        return
    portions_of(now, high, low, width)
    for a in range(outer_count(now, width)):
        for b in range(inner_count(now, width)):
            j = <int> (a if width == 1 else b)
            y[a * step + b] = fma(y[a * step + b], high[j], y[a * step + b] * low[j])


cdef inline void softmax(const real* x, real* y, const Pass* now, int width) noexcept nogil:
    normalised(x, y, now, 1, width)


cdef inline void softmin(const real* x, real* y, const Pass* now, int width) noexcept nogil:
    normalised(x, y, now, -1, width)


cdef inline void pulled_back(const real* y, const real* g, real* gx, const Pass* now, int sign, int width) noexcept nogil:
    """gxᵢ = ± yᵢ (gᵢ − Σ gⱼ yⱼ), y being the softmax or softmin; gx may be g or y."""
    cdef real high[TILE]
    cdef real low[TILE]
    cdef real difference, lost
    cdef double total
    cdef Py_ssize_t a, b, y_step = now.steps[0], g_step = now.steps[1], step = now.steps[2]
    cdef int j
    if now.stage == 0:
        fold_products(y, g, now, width)
        return
    for j in range(all_rows(now, width)):
        total = now.state[HIGH * TILE + j] + now.state[LOW * TILE + j]
        high[j] = <real> total
        lost = <real> (now.state[LOW * TILE + j] + (now.state[HIGH * TILE + j] - high[j]))
        low[j] = lost if lost == lost else <real> 0  # infinities lose nothing
    for a in range(outer_count(now, width)):
        for b in range(inner_count(now, width)):
            j = <int> (a if width == 1 else b)
            difference = (g[a * g_step + b] - high[j]) - low[j]
            gx[a * step + b] = y[a * y_step + b] * turned(difference, sign)


cdef inline void softmax_backward(const real* y, const real* g, real* gx, const Pass* now, int width) noexcept nogil:
    pulled_back(y, g, gx, now, 1, width)


cdef inline void softmin_backward(const real* y, const real* g, real* gx, const Pass* now, int width) noexcept nogil:
    pulled_back(y, g, gx, now, -1, width)


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


cdef inline double weight_below(const real* like, const Pass* now, int j) noexcept nogil:
    """What ``fold_weights`` summed up, over exp(TOP)."""
    cdef double top = now.state[TOP * TILE + j]
    cdef double sums = now.state[HIGH * TILE + j] + now.state[LOW * TILE + j]
    cdef double unit = <double> 5.421010862427522e-20 if real is float else <double> 8.636168555094445e-78  # 1 / tail_scale
    cdef double n = octaves_of(<real> top)
    cdef double low
    cdef double r = fma(n, <double> -1.90821492927058770002e-10, fma(n, <double> -0.693147180369123816490, top))
    cdef double p = expm1_reduced(r, False, &low)
    cdef double power = 1.0 + p
    cdef double inverse = 1.0 / power
    cdef double weight = sums * inverse
    weight = fma(-weight, ((p - (power - 1.0)) + low) * inverse, weight)
    weight = (weight if is_tame(top) else sums) * unit
    # The floor of exp_over_power counts for nothing.
    if real is float:
        weight = <double> 0 if weight < 1e-46 else weight
    return weight


cdef inline double log_of_sum(double count, double sums, double divisor, double* low) noexcept nogil:
    """log((count + sums) / divisor) as an unevaluated sum of the result and `low`; −inf for no entries.

    From log1p where it is that of 1 and little more.
    """
    cdef double total = count + sums
    cdef double mean = total / divisor
    cdef double rest = ((sums - (total - count)) + fma(-mean, divisor, total)) / total
    cdef bint near = (count == 1) & (sums < 0.4) & (divisor == 1)
    cdef double e, f, part, y
    cdef double m = mantissa(mean, &e)
    cdef bint upper = m > 1.4142135623730951
    f = sums if near else (0.5 * m if upper else m) - 1
    e = <double> 0 if near else (e + 1 if upper else e)
    rest = <double> 0 if near else rest
    part = log1p_small(f) + fma(e, <double> 1.90821492927058770002e-10, rest)
    y = fma(e, <double> 0.693147180369123816490, part)
    low[0] = fma(e, <double> 0.693147180369123816490, -y) + part  # the product is exact
    low[0] = low[0] if total > 0 else <double> 0
    return y if total > 0 else (-INFINITY if total == 0 else total)


cdef inline void log_softmax(const real* x, real* y, const Pass* now, int width) noexcept nogil:
    """yᵢ = (xᵢ − max) − log Σ exp(xⱼ − max); y may be x."""
    cdef real top[TILE]
    cdef real sure[TILE]  # the result at the top
    cdef real high[TILE]
    cdef real low[TILE]
    cdef real entry, at_top, difference
    cdef double log_sum, log_low, sums, lost
    cdef Py_ssize_t a, b, x_step = now.steps[0], step = now.steps[1]
    cdef int j
    if now.stage == 0:
        fold_top(x, now, 1, width)
        return
    if now.stage == 1:
        fold_weights(x, now, width)
        return
    for j in range(all_rows(now, width)):
        top[j] = <real> now.state[TOP * TILE + j]
        log_sum = log_of_sum(now.state[COUNT * TILE + j], weight_below(x, now, j), 1.0, &log_low)
        sure[j] = <real> (0.0 - log_sum)
        sums = top[j] + log_sum
        high[j] = <real> sums
        lost = (sums - high[j]) + (sum_error(<double> top[j], log_sum, sums) + log_low)
        low[j] = <real> (lost if lost == lost else 0.0)  # infinities lose nothing
    for a in range(outer_count(now, width)):
        for b in range(inner_count(now, width)):
            j = <int> (a if width == 1 else b)
            entry = x[a * x_step + b]
            at_top = sure[j]
            difference = (entry - high[j]) - low[j]
            y[a * step + b] = at_top if entry == top[j] else difference


cdef inline void log_softmax_backward(const real* y, const real* g, real* gx, const Pass* now, int width) noexcept nogil:
    """gxᵢ = gᵢ − exp(yᵢ) Σ gⱼ, y being the log_softmax; gx may be g or y."""
    cdef real total[TILE]
    cdef Py_ssize_t a, b, y_step = now.steps[0], g_step = now.steps[1], step = now.steps[2]
    cdef int j
    if now.stage == 0:
        fold_sum(g, 1, now, width)
        return
    for j in range(all_rows(now, width)):
        total[j] = <real> (now.state[HIGH * TILE + j] + now.state[LOW * TILE + j])
    for a in range(outer_count(now, width)):
        for b in range(inner_count(now, width)):
            j = <int> (a if width == 1 else b)
            gx[a * step + b] = fma(-exp_negative(y[a * y_step + b]), total[j], g[a * g_step + b])


cdef inline void log_of_mass(const real* x, real* y, const Pass* now, double divisor, int width) noexcept nogil:
    """y = max + log(Σ exp(xⱼ − max) / divisor), one number per row."""
    cdef real result[TILE]
    cdef double top, log_sum, low, sums
    cdef int j
    if now.stage == 0:
        fold_top(x, now, 1, width)
        return
    if now.stage == 1:
        fold_weights(x, now, width)
        return
    for j in range(all_rows(now, width)):
        top = now.state[TOP * TILE + j]
        log_sum = log_of_sum(now.state[COUNT * TILE + j], weight_below(x, now, j), divisor, &low)
        sums = top + log_sum
        low = low + sum_error(top, log_sum, sums)
        result[j] = <real> (sums + (low if low == low else 0.0))  # infinities lose nothing
    for j in range(now.rows):
        y[j * (now.steps[1] if width == 1 else 1)] = result[j]


cdef inline void logsumexp(const real* x, real* y, const Pass* now, int width) noexcept nogil:
    log_of_mass(x, y, now, 1.0, width)


cdef inline void logmeanexp(const real* x, real* y, const Pass* now, int width) noexcept nogil:
    log_of_mass(x, y, now, <double> now.n, width)


cdef inline void mass_pulled_back(const real* x, const real* g, real* gx, const Pass* now, int width) noexcept nogil:
    """gxᵢ = g exp(xᵢ) / Σ exp(xⱼ), with one g per row; gx may be x."""
    cdef real high[TILE]
    cdef real low[TILE]
    cdef Py_ssize_t a, b, step = now.steps[2]
    cdef int j
    if now.stage == 0:
        fold_top(x, now, 1, width)
        return
    if now.stage == 1:
        fold_shares(x, gx, 2, now, 1, width)
        return
    portions_of(now, high, low, width)
    for a in range(outer_count(now, width)):
        for b in range(inner_count(now, width)):
            j = <int> (a if width == 1 else b)
            gx[a * step + b] = fma(gx[a * step + b], high[j], gx[a * step + b] * low[j]) * g[a * now.steps[1] if width == 1 else b]


cdef inline void logsumexp_backward(const real* x, const real* g, real* gx, const Pass* now, int width) noexcept nogil:
    mass_pulled_back(x, g, gx, now, width)


cdef inline void logmeanexp_backward(const real* x, const real* g, real* gx, const Pass* now, int width) noexcept nogil:
    mass_pulled_back(x, g, gx, now, width)


# --- hardmax ------------------------------------------------------------------------------------------------------------

cdef inline void first_of(
    const real* x, const real* top, real* first, real* nans, real at, Py_ssize_t entries, int present, Py_ssize_t step,
    int width
) noexcept nogil:
    """first: the smallest number, counted from `at`, of an entry at the top, with a minus; nans: how many there are."""
    cdef Py_ssize_t k
    cdef int j, q
    cdef real number
    for k in range(entries):
        for j in range(width):
            q = <int> k * width + j
            number = -(at + <real> k) if (x[k * step + j] == top[j]) & (<int> k < present) else <real> -INFINITY
            first[q] = largest(first[q], number)
            nans[q] = nans[q] + (<real> 1 if x[k * step + j] != x[k * step + j] else <real> 0)


cdef inline void first_of_row(const real* x, const real* top, const Pass* now, Py_ssize_t row, int width) noexcept nogil:
    cdef real first[LANES * TILE]
    cdef real nans[LANES * TILE]
    cdef real rest[LANES]
    cdef Py_ssize_t block, step = step_of(now, 0, width), whole = now.n // LANES * LANES
    cdef int left = <int> (now.n - whole)
    cdef int j, q, used = LANES if width == 1 else lanes_used(now.n)
    cdef int half = used // 2
    for q in range(used * width):
        first[q] = -INFINITY
        nans[q] = 0
    for block in range(now.n // LANES):
        first_of(x + block * LANES * step, top + row, first, nans, <real> (block * LANES), LANES, LANES, step, width)
    if width > 1:
        first_of(x + whole * step, top, first, nans, <real> whole, left, LANES, step, width)
    elif left > 0:
        fill_up(x + whole, rest, left, <real> 0)
        first_of(rest, top + row, first, nans, <real> whole, LANES, left, 1, 1)
    while half > 0:
        upper_half(first, half * width)
        half = half // 2
    for j in range(width):
        now.partial[TOP * TILE + row + j] = <double> first[j] - <double> now.start
        now.partial[HIGH * TILE + row + j] = now.partial[LOW * TILE + row + j] = 0
    report_counts(nans, now, row, width)


cdef inline void hardmax(const real* x, real* y, const Pass* now, int width) noexcept nogil:
    """yᵢ = 1 for the first of the largest entries, else 0; NaN in a row with a NaN. y may be x."""
    cdef real top[TILE]
    cdef real other[TILE]
    cdef Py_ssize_t a, b, first, step = now.steps[1]
    cdef int j
    if now.stage == 0:
        fold_top(x, now, 1, width)
        return
    if now.stage == 1:
        for j in range(all_rows(now, width)):
            top[j] = <real> now.state[TOP * TILE + j]
        for a in range(row_groups(now, width)):
            first_of_row(x + a * now.steps[0], top, now, a, width)
        return
    for j in range(all_rows(now, width)):
        other[j] = <real> NAN if now.state[COUNT * TILE + j] > 0 else <real> 0
    for a in range(outer_count(now, width)):
        for b in range(inner_count(now, width)):
            y[a * step + b] = other[a if width == 1 else b]
    for j in range(now.rows):
        first = <Py_ssize_t> -now.state[TOP * TILE + j] - now.start
        if now.state[COUNT * TILE + j] == 0 and 0 <= first < now.n:
            y[j * step + first if width == 1 else first * step + j] = 1


cdef inline void hardmax_backward(const real* y, const real* g, real* gx, const Pass* now, int width) noexcept nogil:
    """gxᵢ = 0, NaN where y is; gx may be y or g."""
    cdef Py_ssize_t a, b, y_step = now.steps[0], step = now.steps[2]
    for a in range(outer_count(now, width)):
        for b in range(inner_count(now, width)):
            gx[a * step + b] = y[a * y_step + b] * <real> 0


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
    cdef real entry
    cdef double sums, count
    cdef Py_ssize_t a, b, x_step = now.steps[0], step = now.steps[1]
    cdef int j
    if now.stage == 0:
        fold_top(x, now, 1, width)
        return
    for j in range(all_rows(now, width)):
        top[j] = <real> now.state[TOP * TILE + j]
        sums = now.state[HIGH * TILE + j] + now.state[LOW * TILE + j]
        count = now.state[COUNT * TILE + j]
        threshold[j] = <real> ((sums - 1) / (count if count > 0 else 1.0)) if count > 0 else <real> -1
    if now.stage == 1:
        fold_chosen(x, x, top, threshold, 0, now, width)
        return
    for a in range(outer_count(now, width)):
        for b in range(inner_count(now, width)):
            j = <int> (a if width == 1 else b)
            entry = below(x[a * x_step + b], top[j])
            y[a * step + b] = <real> 0 if entry <= threshold[j] else entry - threshold[j]


cdef inline void sparsemax_backward(const real* y, const real* g, real* gx, const Pass* now, int width) noexcept nogil:
    """gxᵢ = gᵢ − mean of g over the support, inside the support; 0 outside. y is the sparsemax; gx may be g or y."""
    cdef real top[TILE]
    cdef real threshold[TILE]
    cdef real high[TILE]
    cdef real low[TILE]
    cdef real entry, inside
    cdef double mean
    cdef Py_ssize_t a, b, y_step = now.steps[0], g_step = now.steps[1], step = now.steps[2]
    cdef int j
    if now.stage == 0:
        for j in range(TILE):
            top[j] = threshold[j] = <real> 0
        fold_chosen(y, g, top, threshold, 1, now, width)
        return
    for j in range(all_rows(now, width)):
        mean = (now.state[HIGH * TILE + j] + now.state[LOW * TILE + j]) / now.state[COUNT * TILE + j]
        high[j] = <real> mean
        low[j] = <real> (mean - high[j]) if mean - mean == 0 else <real> 0
    for a in range(outer_count(now, width)):
        for b in range(inner_count(now, width)):
            j = <int> (a if width == 1 else b)
            entry = y[a * y_step + b]
            inside = (g[a * g_step + b] - high[j]) - low[j]
            gx[a * step + b] = <real> 0 if entry <= 0 else inside
