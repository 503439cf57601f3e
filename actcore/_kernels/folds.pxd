"""Folds: what a pass over the entries of up to TILE rows finds out about each row, in the figures of `passes.pxd`."""
from actcore._kernels.elementary cimport exp_negative, exp_reduce, expm1_reduced, fabs, fma, largest, real, tail_scale, tail_shift
from actcore._kernels.passes cimport (
    FIGURES, LANES, Pass, TILE, TOP, accumulate, accumulate_product, all_rows, ask_ahead, clear_counts, clear_sums, fill_up,
    lanes_used, report_counts, report_sums, row_groups, step_of, store_present,
)

cdef extern from "<math.h>" nogil:
    float INFINITY


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


cdef inline real below(real x, real top) noexcept nogil:
    """x − top; 0 for equal infinities."""
    return <real> 0 if x == top else x - top


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
