"""Large scattered arrays in parallel.

NumPy calls a ufunc's inner loop once per row of an array that is not one run of memory, such as ``x[:, :500]``: each call is too
short to be shared among threads. Here the rows are shared instead, through the same blocks and so with the same bits. The results
of gated units, whose inputs are halves of an array, are multiplied on the way, while the first-level cache has them. Small plain
arrays of such functions go to the loops at once (``Direct``).
"""
from cython.parallel cimport parallel, threadid
from libc.string cimport memcpy

cimport numpy as cnp

from actcore cimport loops
from actcore.interrupts cimport interrupted, raise_interrupt, slice_length
from actcore.plain cimport is_floating, is_plain
from actcore.runtime cimport fp_enter, fp_leave, fp_state, threads_for
from actcore.shares cimport Shares, begin, learn_from_wait, next_part, share_out, wait_for_others

import numpy as np

cnp.import_array()

cdef enum:
    MAX_ARRAYS = 8
    MAX_FACTORS = 3
    PORTION = 2048  # elements of a row whose results are multiplied while the first-level cache has them
    MAX_PARAMETERS = 8
    MAX_DIMENSIONS = 64
    RUNS = 8  # of neighbouring rows, per thread
    SMALL = 256  # elements of a buffer

cdef enum Family:
    GATED
    DOUBLED
    GROUPED

#: Below this many elements NumPy's own way is taken without a further look.
cdef Py_ssize_t SMALLEST = 16384


ctypedef fused real:
    float
    double


cdef struct Walk:
    const loops.Loop* loop
    int ndim  # of the rows: the innermost axis is not counted
    int n_arrays
    int n_inputs
    Py_ssize_t inner
    Py_ssize_t shape[MAX_DIMENSIONS]
    Py_ssize_t steps[MAX_ARRAYS][MAX_DIMENSIONS]
    Py_ssize_t inner_steps[MAX_ARRAYS]
    char* data[MAX_ARRAYS]  # inputs, outputs, factors
    double parameters[MAX_PARAMETERS]
    int n_factors
    int multiplied[MAX_FACTORS]  # the array that each factor multiplies


cdef bint is_scattered(object x) noexcept:
    """Tell whether `x` is a large plain array that is not one run of memory."""
    if not cnp.PyArray_CheckExact(x):
        return False
    return not (cnp.PyArray_CHKFLAGS(x, cnp.NPY_ARRAY_C_CONTIGUOUS) or cnp.PyArray_CHKFLAGS(x, cnp.NPY_ARRAY_F_CONTIGUOUS)) \
        and cnp.PyArray_SIZE(x) >= SMALLEST


cdef inline void multiply(real* y, Py_ssize_t y_step, const real* factor, Py_ssize_t step, Py_ssize_t n) noexcept nogil:
    """y = y · factor; steps in elements."""
    cdef Py_ssize_t i
    if y_step == 1 and step == 1:
        for i in range(n):
            y[i] = y[i] * factor[i]
    else:
        for i in range(n):
            y[i * y_step] = y[i * y_step] * factor[i * step]


cdef inline void multiply_portion(
    const Walk* walk, char** data, int y, int factor, Py_ssize_t start, Py_ssize_t n
) noexcept nogil:
    """Multiply part of a row of one array by that of another."""
    cdef Py_ssize_t y_step = walk.inner_steps[y], step = walk.inner_steps[factor], size = walk.loop.itemsize
    if size == sizeof(float):
        multiply(<float*> (data[y] + start * y_step), y_step // size, <float*> (data[factor] + start * step), step // size, n)
    else:
        multiply(<double*> (data[y] + start * y_step), y_step // size, <double*> (data[factor] + start * step), step // size, n)


cdef void run_rows(const Walk* walk, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
    """Run rows first to last - 1, in the order of the axes."""
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef char* args[MAX_ARRAYS + MAX_PARAMETERS]
    cdef Py_ssize_t steps[MAX_ARRAYS + MAX_PARAMETERS]
    cdef char* data[MAX_ARRAYS]
    cdef Py_ssize_t _row, start, count, rest = first
    cdef int axis, k, position, n_parameters = walk.loop.n_parameters
    for k in range(walk.n_arrays):
        data[k] = walk.data[k]
    for axis in range(walk.ndim - 1, -1, -1):
        index[axis] = rest % walk.shape[axis]
        rest = rest // walk.shape[axis]
        for k in range(walk.n_arrays):
            data[k] += index[axis] * walk.steps[k][axis]
    for k in range(n_parameters):
        args[walk.n_inputs + k] = <char*> &walk.parameters[k]
        steps[walk.n_inputs + k] = 0
    for _row in range(first, last):
        for k in range(walk.n_inputs + walk.loop.n_outputs):
            position = k if k < walk.n_inputs else k + n_parameters
            args[position] = data[k]
            steps[position] = walk.inner_steps[k]
        start = 0
        while start < walk.inner:
            count = walk.inner if walk.n_factors == 0 else min(walk.inner - start, <Py_ssize_t> PORTION)
            loops.run_part(walk.loop, args, start, count, steps)
            for k in range(walk.n_factors):
                multiply_portion(walk, data, walk.multiplied[k], walk.n_arrays - walk.n_factors + k, start, count)
            start += count
        axis = walk.ndim - 1
        while axis >= 0:
            index[axis] += 1
            for k in range(walk.n_arrays):
                data[k] += walk.steps[k][axis]
            if index[axis] < walk.shape[axis]:
                break
            for k in range(walk.n_arrays):
                data[k] -= walk.shape[axis] * walk.steps[k][axis]
            index[axis] = 0
            axis -= 1


cdef void run_share(
    const Walk* walk, Py_ssize_t first, Py_ssize_t last, Py_ssize_t length, Shares* shares, int thread
) noexcept nogil:
    """Run what one thread finds to do of rows first to last - 1, `length` at a time."""
    cdef int helped = 0
    cdef Py_ssize_t part
    begin(shares, thread)
    part = next_part(shares, thread, &helped)
    while part >= 0:
        run_rows(walk, first + part * length, min(first + (part + 1) * length, last))
        part = next_part(shares, thread, &helped)
    wait_for_others(shares, thread)


cdef bint run_walk(const Walk* walk, Py_ssize_t rows) noexcept nogil:
    """Run all rows in parallel where that pays; whether it was interrupted."""
    cdef int threads = threads_for(rows * walk.inner * walk.loop.cost)
    cdef Py_ssize_t slice = slice_length(walk.inner * walk.loop.cost, threads)
    cdef Py_ssize_t first = 0, last, length
    cdef Shares shares
    while first < rows:
        last = min(first + slice, rows)
        length = 1 + (last - first) // (threads * RUNS)
        share_out(&shares, (last - first + length - 1) // length, threads)
        with parallel(num_threads=threads):
            run_share(walk, first, last, length, &shares, threadid())
        learn_from_wait(shares.waited)
        first = last
        if first < rows and interrupted():
            return True
    return False


cdef list _axes(cnp.ndarray output):
    """Return the axes, outermost first: by falling stride of the output, but no short axis innermost beside a long one."""
    axes = sorted(range(output.ndim), key=lambda axis: -abs(output.strides[axis]))
    longest = max(axes, key=lambda axis: output.shape[axis])
    if output.shape[axes[-1]] < 32 < output.shape[longest]:
        axes.remove(longest)
        axes.append(longest)
    return axes


def apply(str name, str kind, tuple inputs, tuple parameters, tuple outputs, tuple factors=()):
    """Run a loop over arrays of one shape and dtype, and multiply its results.

    Parameters
    ----------
    name, kind : str
        Which loop.
    inputs, outputs : tuple of ndarray
        Aligned, in native byte order, of equal shape and dtype; an output is an input itself or shares no memory with any.
    parameters : tuple of float
        The parameters' values.
    factors : tuple of (int, ndarray)
        Which output is multiplied by what, in this order; not of 16-bit numbers.
    """
    cdef Walk walk
    cdef cnp.ndarray array = outputs[0]
    cdef Py_ssize_t rows = 1
    cdef bint stopped
    cdef int k, axis, position
    cdef float single
    arrays = inputs + outputs + tuple([factor for _, factor in factors])
    walk.n_factors = len(factors)
    for k in range(len(factors)):
        walk.multiplied[k] = len(inputs) + factors[k][0]
    axes = _axes(array)
    walk.loop = loops.find(name, kind, array.dtype.name)
    walk.ndim = array.ndim - 1
    walk.n_arrays = len(arrays)
    walk.n_inputs = len(inputs)
    walk.inner = array.shape[axes[-1]]
    for position, axis in enumerate(axes[:-1]):
        walk.shape[position] = array.shape[axis]
        rows *= array.shape[axis]
    for k in range(walk.n_arrays):
        array = arrays[k]
        walk.data[k] = <char*> cnp.PyArray_DATA(array)
        walk.inner_steps[k] = array.strides[axes[-1]]
        for position, axis in enumerate(axes[:-1]):
            walk.steps[k][position] = array.strides[axis]
    for k in range(len(parameters)):
        if walk.loop.itemsize == 4:
            single = parameters[k]
            memcpy(&walk.parameters[k], &single, sizeof(float))
        else:
            walk.parameters[k] = parameters[k]
    with nogil:
        stopped = run_walk(&walk, rows)
    if stopped:
        raise_interrupt()


def try_gated(str name, str kind, object x, tuple outputs, tuple factors):
    """Run a loop without parameters and multiply its results, if the arrays are large and of one kind.

    Parameters
    ----------
    name, kind : str
        Which loop.
    x : ndarray
        Its input; shares no memory with an output.
    outputs : tuple of ndarray
        Where to write.
    factors : tuple of (int, ndarray)
        As for ``apply``.

    Returns
    -------
    bool
        Whether it was done.
    """
    arrays = [x, *outputs, *[factor for _, factor in factors]]
    if x.size < SMALLEST or x.dtype not in (np.dtype("float32"), np.dtype("float64")):
        return False
    for array in arrays:
        if array.shape != x.shape or array.dtype != x.dtype or not array.flags.aligned:
            return False
        if any([stride % array.itemsize for stride in array.strides]):
            return False
    apply(name, kind, (x,), (), outputs, factors)
    return True


cdef void gated_row(const loops.Loop* loop, real* x, real* g, real* y, Py_ssize_t n) noexcept nogil:
    """A gated unit of n entries, or, where g is given, its gradient."""
    cdef Py_ssize_t half = n // 2
    cdef Py_ssize_t steps[3]
    cdef char* args[3]
    steps[0] = steps[1] = steps[2] = sizeof(real)
    args[0], args[1], args[2] = <char*> (x + half), <char*> y, <char*> (y + half)
    loops.run_part(loop, args, 0, half, steps)
    if g is NULL:
        multiply(y, 1, x, 1, half)
    else:
        multiply(y, 1, g, 1, half)
        multiply(y + half, 1, g, 1, half)
        multiply(y + half, 1, x, 1, half)


cdef void doubled_row(const loops.Loop* loop, real* x, real* g, real* y, Py_ssize_t n) noexcept nogil:
    """The activation of n entries and of their negatives, or, where g is given, the gradient."""
    cdef real buffer[2][SMALL]
    cdef Py_ssize_t steps[3]
    cdef char* args[3]
    cdef Py_ssize_t i, start = 0, count
    steps[0] = steps[1] = steps[2] = sizeof(real)
    args[0], args[1], args[2] = <char*> x, <char*> (y if g is NULL else g), <char*> y
    loops.run_part(loop, args, 0, n, steps)
    while start < n:
        count = min(n - start, <Py_ssize_t> SMALL)
        for i in range(count):
            buffer[0][i] = -x[start + i]
        args[0], args[2] = <char*> buffer[0], <char*> buffer[1]
        args[1] = <char*> ((y if g is NULL else g) + n + start)
        loops.run_part(loop, args, 0, count, steps)
        if g is not NULL:
            for i in range(count):
                y[start + i] = y[start + i] - buffer[1][i]
        start += count


cdef void grouped_row(real* x, real* g, real* y, Py_ssize_t n) noexcept nogil:
    """The larger of each two neighbours of n entries, a NaN where there is one; or, where g is given, the gradient."""
    cdef Py_ssize_t k
    cdef bint first
    for k in range(n // 2):
        first = x[2 * k] >= x[2 * k + 1] or x[2 * k] != x[2 * k]
        if g is NULL:
            y[k] = x[2 * k] if first else x[2 * k + 1]
        else:
            y[2 * k] = g[k] if first else <real> 0
            y[2 * k + 1] = <real> 0 if first else g[k]


cdef inline void run_row(
    Family family, const loops.Loop* loop, real* x, real* g, real* y, Py_ssize_t n
) noexcept nogil:
    if family == GATED:
        gated_row(loop, x, g, y, n)
    elif family == DOUBLED:
        doubled_row(loop, x, g, y, n)
    else:
        grouped_row(x, g, y, n)


cdef bint is_resized(object array, cnp.ndarray x, Py_ssize_t length, int flags):
    """Tell whether `array` is a plain one with these flags, of x's dtype and shape but with this length of the last axis."""
    cdef int k, last = cnp.PyArray_NDIM(x) - 1
    if not cnp.PyArray_CheckExact(array) or not is_plain(array, array, flags) or cnp.PyArray_TYPE(array) != cnp.PyArray_TYPE(x):
        return False
    if cnp.PyArray_NDIM(array) != last + 1:
        return False
    for k in range(last):
        if cnp.PyArray_DIM(array, k) != cnp.PyArray_DIM(x, k):
            return False
    return cnp.PyArray_DIM(array, last) == length


cdef bint apart(cnp.ndarray a, cnp.ndarray b):
    """Tell whether two contiguous arrays share no memory."""
    cdef char* start_a = <char*> cnp.PyArray_DATA(a)
    cdef char* start_b = <char*> cnp.PyArray_DATA(b)
    return start_a + cnp.PyArray_NBYTES(a) <= start_b or start_b + cnp.PyArray_NBYTES(b) <= start_a


cdef class Direct:
    """A gated unit, CReLU or maxout along the last axis of small plain arrays, past all that Python would do.

    Parameters
    ----------
    family : str
        "gated", "doubled" or "grouped", as in the registry; a group has two pieces.
    of : str
        The activation that it is made of; empty for maxout.
    kind : str
        "value" or "backward".
    """

    cdef Family family
    cdef bint backward
    cdef const loops.Loop* single
    cdef const loops.Loop* double_

    def __init__(self, str family, str of, str kind):
        self.family = {"gated": GATED, "doubled": DOUBLED, "grouped": GROUPED}[family]
        self.backward = kind == "backward"
        if of:
            kind = "value_and_derivative" if self.backward and self.family == GATED else kind
            self.single, self.double_ = loops.find(of, kind, "float32"), loops.find(of, kind, "float64")

    def __call__(self, tuple arrays, out):
        """Return the result, or None where the call is not of this kind."""
        cdef cnp.ndarray x, result, g = None
        cdef cnp.npy_intp shape[MAX_DIMENSIONS]
        cdef Py_ssize_t n, length, result_length, _row, rows
        cdef int k, number, ndim
        cdef char* at_x
        cdef char* at_g = NULL
        cdef char* at_y
        cdef Py_ssize_t step_x, step_g = 0, step_y
        cdef fp_state saved
        if not is_floating(arrays[0]) or cnp.PyArray_SIZE(arrays[0]) == 0 or cnp.PyArray_SIZE(arrays[0]) >= SMALLEST:
            return None
        x = arrays[0]
        number, ndim = cnp.PyArray_TYPE(x), cnp.PyArray_NDIM(x)
        n = cnp.PyArray_DIM(x, ndim - 1)
        if self.family != DOUBLED and n % 2:
            return None
        length = 2 * n if self.family == DOUBLED else n // 2
        if self.backward:
            if not is_resized(arrays[1], x, length, cnp.NPY_ARRAY_CARRAY_RO):
                return None
            g = arrays[1]
            at_g, step_g = <char*> cnp.PyArray_DATA(g), length * cnp.PyArray_ITEMSIZE(x)
        result_length = n if self.backward else length
        if out is None:
            for k in range(ndim):
                shape[k] = cnp.PyArray_DIM(x, k)
            shape[ndim - 1] = result_length
            result = cnp.PyArray_EMPTY(ndim, shape, number, 0)
        elif is_resized(out, x, result_length, cnp.NPY_ARRAY_CARRAY) and apart(out, x) and (g is None or apart(out, g)):
            result = out
        else:
            return None
        at_x, step_x = <char*> cnp.PyArray_DATA(x), n * cnp.PyArray_ITEMSIZE(x)
        at_y, step_y = <char*> cnp.PyArray_DATA(result), result_length * cnp.PyArray_ITEMSIZE(x)
        rows = cnp.PyArray_SIZE(x) // n
        with nogil:
            saved = fp_enter()
            for _row in range(rows):
                if number == cnp.NPY_FLOAT:
                    run_row(self.family, self.single, <float*> at_x, <float*> at_g, <float*> at_y, n)
                else:
                    run_row(self.family, self.double_, <double*> at_x, <double*> at_g, <double*> at_y, n)
                at_x += step_x
                at_g += step_g
                at_y += step_y
            fp_leave(saved)
        return result


cdef bint overlaps_itself(cnp.ndarray array):
    """Tell whether elements of an array may share memory."""
    cdef int k
    cdef Py_ssize_t stride, size, reach = cnp.PyArray_ITEMSIZE(array)
    for stride, size in sorted([(abs(array.strides[k]), array.shape[k]) for k in range(array.ndim)]):
        if size > 1:
            if stride < reach:
                return True
            reach += stride * (size - 1)
    return False


def try_apply(str name, str kind, tuple inputs, tuple parameters, dict options):
    """Run a loop over scattered arrays if the call is of that kind.

    Parameters
    ----------
    name, kind : str
        Which loop.
    inputs : tuple
        What the caller was given.
    parameters : tuple
        The parameters' values.
    options : dict
        The caller's other keywords.

    Returns
    -------
    ndarray, tuple of ndarray or NotImplemented
        The result; NotImplemented when the ufunc should do it.
    """
    x = inputs[0]
    if not is_scattered(x) or x.dtype.kind != "f" or not x.flags.aligned or not x.dtype.isnative or set(options) - {"out"}:
        return NotImplemented
    if not all(type(parameter) in (int, float) for parameter in parameters):
        return NotImplemented
    n_outputs = 2 if kind == "value_and_derivative" else 1
    given = options.get("out")
    if given is None:
        outputs = tuple([np.empty_like(x) for _ in range(n_outputs)])
    else:
        outputs = given if isinstance(given, tuple) else (given,)
    if len(outputs) != n_outputs:
        return NotImplemented
    for array in inputs + outputs:
        fits = type(array) is np.ndarray and array.shape == x.shape and array.dtype == x.dtype and array.flags.aligned
        if not fits:
            return NotImplemented
    if given is not None:
        for k, output in enumerate(outputs):
            others = [*inputs, *outputs[:k]]
            if not output.flags.writeable or any(np.may_share_memory(output, other) and output is not other for other in others):
                return NotImplemented
            if overlaps_itself(output) or any(output is other for other in outputs[:k]):
                return NotImplemented
    apply(name, kind, inputs, parameters, outputs)
    return outputs[0] if n_outputs == 1 else outputs
