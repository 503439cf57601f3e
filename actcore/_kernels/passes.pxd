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
from actcore._kernels.elementary cimport fma, product_residual, real

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
