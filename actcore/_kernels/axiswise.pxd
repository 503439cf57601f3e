"""The functions along an axis: how each maps its entries, once the folds have been run (`passes.pxd` says how they go together)."""
from actcore._kernels.elementary cimport exp_negative, expm1_reduced, fma, largest, real
from actcore._kernels.folds cimport (
    below, fold_chosen, fold_products, fold_shares, fold_sum, fold_top, fold_weights, is_tame, octaves_of, turned, upper_half,
)
from actcore._kernels.passes cimport (
    COUNT, HIGH, LANES, LOW, Pass, TILE, TOP, all_rows, fill_up, inner_count, lanes_used, mantissa, outer_count, report_counts,
    row_groups, step_of,
)
from actcore._kernels.piecewise cimport sum_error

cdef extern from "<math.h>" nogil:
    float INFINITY
    float NAN


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
