# cython: boundscheck=False
"""Run the kernels along an axis over whole arrays, in parallel, and make a generalised ufunc of each.

The ufuncs have two core dimensions, ``(n,m)->(n,m)``: n is the axis, m another one, of rows side by side. Whichever of the two is
contiguous, memory is read in order: along n one row at a time, along m a tile of rows at a time. Short rows with a stride are
gathered into a tile first. A row that is longer than all threads' share is cut into chunks.
"""
cimport numpy as cnp
from cpython.exc cimport PyErr_NoMemory
from cython.parallel cimport parallel, prange, threadid
from libc.math cimport INFINITY
from libc.stdlib cimport free, malloc

import numpy as np

from actcore._build import axis_blocks
from actcore._kernels.axiswise cimport COUNT, FIGURES, HIGH, LOW, MAX_ARRAYS, TILE, TOP, AxisBlock, AxisEntry, Pass
from actcore.loops cimport copy
from actcore.plain cimport is_floating, is_plain, overlap
from actcore.runtime cimport axis_table, fp_enter, fp_leave, fp_state, threads_for
from actcore.shares cimport Shares, begin, learn_from_wait, next_part, share_out, wait_for_others

cnp.import_array()
cnp.import_ufunc()

cdef enum:
    CHUNK = 16384  # entries of a row that are summed up at a time; a multiple of the kernels' LANES
    SHORT = 1024  # rows up to this length may be gathered into tiles
    LONG = 24  # contiguous rows from this length on are run one by one
    FEW = 8  # so many rows make a tile worth while
    RUNS = 8  # of neighbouring rows or tiles, per thread

cdef struct AxisLoop:
    AxisBlock row
    AxisBlock tile
    int n_arrays
    int itemsize
    int folds
    bint repeats  # the last fold is repeated until COUNT stays
    bint reduces  # one number per row comes out
    double cost

cdef struct Problem:
    const AxisLoop* loop
    char* args[MAX_ARRAYS]
    Py_ssize_t n
    Py_ssize_t m
    Py_ssize_t outer_steps[MAX_ARRAYS]
    Py_ssize_t n_steps[MAX_ARRAYS]
    Py_ssize_t m_steps[MAX_ARRAYS]
    bint side_by_side  # the rows lie next to each other: a tile can be used in place


cdef void merge(double* state, const double* partial, int width) noexcept nogil:
    """Add what a chunk found."""
    cdef double high, total, part
    cdef int j
    for j in range(width):
        if partial[TOP * width + j] > state[TOP * width + j]:
            state[TOP * width + j] = partial[TOP * width + j]
        high = partial[HIGH * width + j]
        total = state[HIGH * width + j] + high
        part = total - state[HIGH * width + j]
        state[LOW * width + j] += (state[HIGH * width + j] - (total - part)) + (high - part) + partial[LOW * width + j]
        state[HIGH * width + j] = total
        state[COUNT * width + j] += partial[COUNT * width + j]


cdef void clear(double* figures, int width) noexcept nogil:
    cdef int k
    for k in range(FIGURES * width):
        figures[k] = 0


cdef void run_chunk(
    const AxisLoop* loop, AxisBlock block, char** args, Py_ssize_t start, Py_ssize_t n, const Py_ssize_t* steps, int stage,
    const double* state, double* partial,
) noexcept nogil:
    """Run one stage over entries start to start + n."""
    cdef char* part[MAX_ARRAYS]
    cdef Pass now
    cdef int k
    now.stage, now.n, now.state, now.partial = stage, n, state, partial
    for k in range(loop.n_arrays):
        part[k] = args[k] + start * steps[k] * loop.itemsize
        now.steps[k] = steps[k]
    block(part, &now)


cdef void run_stages(
    const AxisLoop* loop, AxisBlock block, int width, char** args, Py_ssize_t n, const Py_ssize_t* steps, int threads,
    double* partials
) noexcept nogil:
    """Run all stages over one row or one tile; steps are in elements. `partials`: room for every chunk, if threads > 1."""
    cdef double figures[2][FIGURES * TILE]
    cdef double partial[FIGURES * TILE]
    cdef double* state = figures[0]
    cdef double* fresh = figures[1]
    cdef Py_ssize_t chunks = (n + CHUNK - 1) // CHUNK
    cdef Py_ssize_t c
    cdef int stage, j
    cdef bint settled
    cdef fp_state saved
    clear(state, width)
    for j in range(width):
        state[TOP * width + j] = -INFINITY
    for stage in range(loop.folds):
        settled = False
        while not settled:
            if chunks == 1:
                run_chunk(loop, block, args, 0, n, steps, stage, state, fresh)
            else:
                clear(fresh, width)
                for j in range(width):
                    fresh[TOP * width + j] = state[TOP * width + j]
                if threads > 1:
                    for c in prange(chunks, num_threads=threads, schedule="static"):
                        saved = fp_enter()
                        run_chunk(
                            loop, block, args, c * CHUNK, min(<Py_ssize_t> CHUNK, n - c * CHUNK), steps, stage, state,
                            partials + c * FIGURES,
                        )
                        fp_leave(saved)
                for c in range(chunks):
                    if threads > 1:
                        merge(fresh, partials + c * FIGURES, width)
                    else:
                        run_chunk(
                            loop, block, args, c * CHUNK, min(<Py_ssize_t> CHUNK, n - c * CHUNK), steps, stage, state, partial
                        )
                        merge(fresh, partial, width)
            settled = True
            if loop.repeats and stage == loop.folds - 1:
                for j in range(width):
                    settled = settled and fresh[COUNT * width + j] == state[COUNT * width + j]
            state, fresh = fresh, state
    if loop.reduces:
        run_chunk(loop, block, args, 0, 1, steps, loop.folds, state, NULL)
    elif threads > 1:
        for c in prange(chunks, num_threads=threads, schedule="static"):
            saved = fp_enter()
            run_chunk(loop, block, args, c * CHUNK, min(<Py_ssize_t> CHUNK, n - c * CHUNK), steps, loop.folds, state, NULL)
            fp_leave(saved)
    else:
        run_chunk(loop, block, args, 0, n, steps, loop.folds, state, NULL)


cdef bint is_output(const AxisLoop* loop, int array) noexcept nogil:
    return array == loop.n_arrays - 1


cdef Py_ssize_t entries_of(const Problem* problem, int array) noexcept nogil:
    """Return how many entries a row of this array has."""
    return 1 if problem.loop.reduces and is_output(problem.loop, array) else problem.n


cdef void run_row(
    const Problem* problem, Py_ssize_t outer, Py_ssize_t column, char* buffer, int threads, double* partials
) noexcept nogil:
    """Run one row; arrays with a stride go through the buffer."""
    cdef const AxisLoop* loop = problem.loop
    cdef char* source[MAX_ARRAYS]
    cdef char* args[MAX_ARRAYS]
    cdef Py_ssize_t steps[MAX_ARRAYS]
    cdef Py_ssize_t n
    cdef int k
    for k in range(loop.n_arrays):
        n = entries_of(problem, k)
        steps[k] = 1
        args[k] = source[k] = problem.args[k] + outer * problem.outer_steps[k] + column * problem.m_steps[k]
        if problem.n_steps[k] != loop.itemsize and n > 1:
            args[k] = buffer + k * n * loop.itemsize
            if not is_output(loop, k):
                copy(source[k], problem.n_steps[k], args[k], loop.itemsize, n, loop.itemsize)
    run_stages(loop, loop.row, 1, args, problem.n, steps, threads, partials)
    k = loop.n_arrays - 1
    if args[k] != source[k]:
        copy(args[k], loop.itemsize, source[k], problem.n_steps[k], entries_of(problem, k), loop.itemsize)


cdef void run_tile(const Problem* problem, Py_ssize_t outer, Py_ssize_t column, char* buffer) noexcept nogil:
    """Run TILE rows, or those that are left, side by side."""
    cdef const AxisLoop* loop = problem.loop
    cdef char* source[MAX_ARRAYS]
    cdef char* args[MAX_ARRAYS]
    cdef Py_ssize_t steps[MAX_ARRAYS]
    cdef Py_ssize_t j, width = min(<Py_ssize_t> TILE, problem.m - column)
    cdef bint direct = problem.side_by_side and width == TILE
    cdef int k
    if problem.n > SHORT and not direct:
        for j in range(width):
            run_row(problem, outer, column + j, buffer, 1, NULL)
        return
    for k in range(loop.n_arrays):
        source[k] = problem.args[k] + outer * problem.outer_steps[k] + column * problem.m_steps[k]
        args[k] = source[k] if direct else buffer + k * (problem.n if problem.n > 0 else 1) * TILE * loop.itemsize
        steps[k] = problem.n_steps[k] // loop.itemsize if direct else TILE
        if not direct and not is_output(loop, k):
            # Rows that the tile has too many are copies of the last.
            for j in range(TILE):
                copy(
                    source[k] + (j if j < width else width - 1) * problem.m_steps[k], problem.n_steps[k],
                    args[k] + j * loop.itemsize, TILE * loop.itemsize, problem.n, loop.itemsize,
                )
    run_stages(loop, loop.tile, TILE, args, problem.n, steps, 1, NULL)
    k = loop.n_arrays - 1
    if not direct:
        for j in range(width):
            copy(
                args[k] + j * loop.itemsize, TILE * loop.itemsize, source[k] + j * problem.m_steps[k], problem.n_steps[k],
                entries_of(problem, k), loop.itemsize,
            )


cdef void run_pieces(const Problem* problem, bint rows, Py_ssize_t first, Py_ssize_t last, char* buffer) noexcept nogil:
    """Run rows or tiles first to last - 1, in a clean floating-point state."""
    cdef Py_ssize_t piece, per_outer = problem.m if rows else (problem.m + TILE - 1) // TILE
    cdef fp_state saved = fp_enter()
    for piece in range(first, last):
        if rows:
            run_row(problem, piece // per_outer, piece % per_outer, buffer, 1, NULL)
        else:
            run_tile(problem, piece // per_outer, piece % per_outer * TILE, buffer)
    fp_leave(saved)


cdef void run_share(
    const Problem* problem, bint rows, Py_ssize_t pieces, Py_ssize_t length, char* buffer, Shares* shares, int thread
) noexcept nogil:
    """Run what one thread finds to do, `length` rows or tiles at a time."""
    cdef int helped = 0
    cdef Py_ssize_t part
    begin(shares, thread)
    part = next_part(shares, thread, &helped)
    while part >= 0:
        run_pieces(problem, rows, part * length, min((part + 1) * length, pieces), buffer)
        part = next_part(shares, thread, &helped)
    wait_for_others(shares, thread)


cdef int run(const Problem* problem, Py_ssize_t outer) noexcept nogil:
    """Run everything, in parallel where that pays; -1 when there is no memory for the buffers."""
    cdef const AxisLoop* loop = problem.loop
    cdef Py_ssize_t per_outer, pieces, piece, length, size
    cdef bint rows = problem.n >= LONG or problem.m < FEW
    cdef int threads = threads_for(<double> outer * problem.n * problem.m * loop.cost)
    cdef int k
    cdef char* buffers
    cdef double* partials = NULL
    cdef Shares shares
    for k in range(loop.n_arrays):
        rows = rows and (problem.n_steps[k] == loop.itemsize or entries_of(problem, k) == 1)
    rows = rows or (problem.m == 1 and problem.n > SHORT)
    per_outer = problem.m if rows else (problem.m + TILE - 1) // TILE
    pieces = outer * per_outer
    if pieces == 0:
        return 0
    if threads > pieces and rows and problem.n > 2 * CHUNK:
        # Few long rows: the threads share each.
        buffers = <char*> malloc(loop.n_arrays * problem.n * loop.itemsize)
        partials = <double*> malloc((problem.n // CHUNK + 1) * FIGURES * sizeof(double))
        if buffers is not NULL and partials is not NULL:
            for piece in range(pieces):
                run_row(problem, piece // per_outer, piece % per_outer, buffers, threads, partials)
        free(partials)
        free(buffers)
        return 0 if buffers is not NULL and partials is not NULL else -1
    threads = <int> min(<Py_ssize_t> threads, pieces)
    size = loop.n_arrays * (problem.n + 1) * loop.itemsize * (TILE if not rows and problem.n <= SHORT else 1) + 64
    buffers = <char*> malloc(threads * size)
    if buffers is NULL:
        return -1
    if threads == 1:
        run_pieces(problem, rows, 0, pieces, buffers)
    else:
        length = 1 + pieces // (threads * RUNS)
        share_out(&shares, (pieces + length - 1) // length, threads)
        with parallel(num_threads=threads):
            run_share(problem, rows, pieces, length, buffers + threadid() * size, &shares, threadid())
        learn_from_wait(shares.waited)
    free(buffers)
    return 0


cdef void inner_loop(char** args, cnp.npy_intp* dimensions, cnp.npy_intp* steps, void* data) noexcept nogil:
    """Inner loop of every ufunc here: dimensions and steps of the loop around it, then those of n and m, array by array."""
    cdef Problem problem
    cdef int k, at
    problem.loop = <const AxisLoop*> data
    problem.n, problem.m = dimensions[1], dimensions[2]
    problem.side_by_side = True
    at = problem.loop.n_arrays
    for k in range(problem.loop.n_arrays):
        problem.args[k] = args[k]
        problem.outer_steps[k] = steps[k]
        problem.n_steps[k] = 0
        if not (problem.loop.reduces and is_output(problem.loop, k)):
            problem.n_steps[k] = steps[at]
            at += 1
        problem.m_steps[k] = steps[at]
        at += 1
        problem.side_by_side = problem.side_by_side and problem.m_steps[k] == problem.loop.itemsize
    if run(&problem, dimensions[0]) != 0:
        with gil:
            PyErr_NoMemory()


_loops = {}  # (name, dtype) -> address of an AxisLoop that lives as long as the process


cdef class Plain:
    """A kernel along the last axis of plain arrays: contiguous, of one shape and dtype. Ten times quicker to call than the ufunc.

    Parameters
    ----------
    name : str
        The kernel, e.g. ``softmax_backward``.
    """

    cdef const AxisLoop* single
    cdef const AxisLoop* double_

    def __init__(self, str name):
        self.single = <const AxisLoop*> <size_t> _loops[name, "float32"]
        self.double_ = <const AxisLoop*> <size_t> _loops[name, "float64"]

    def __call__(self, tuple arrays, out):
        """Return the result, or None where the call is not of the plain kind."""
        cdef Problem problem
        cdef cnp.ndarray first, array
        cdef const AxisLoop* loop
        cdef int k, number, last = self.single.n_arrays - 1
        if not is_floating(arrays[0]) or cnp.PyArray_SIZE(arrays[0]) == 0:
            return None
        first = arrays[0]
        number = cnp.PyArray_TYPE(first)
        loop = self.single if number == cnp.NPY_FLOAT else self.double_
        if loop.reduces:
            return None
        for k in range(1, last):
            if not is_plain(arrays[k], first, cnp.NPY_ARRAY_CARRAY_RO):
                return None
        if out is None:
            array = cnp.PyArray_EMPTY(cnp.PyArray_NDIM(first), cnp.PyArray_DIMS(first), number, 0)
        elif is_plain(out, first, cnp.NPY_ARRAY_CARRAY):
            array = out
        else:
            return None
        problem.args[last] = <char*> cnp.PyArray_DATA(array)
        for k in range(last):
            problem.args[k] = <char*> cnp.PyArray_DATA(<cnp.ndarray> arrays[k])
            if overlap(problem.args[k], problem.args[last], cnp.PyArray_NBYTES(array)):
                return None
        problem.loop = loop
        problem.n = cnp.PyArray_DIM(first, cnp.PyArray_NDIM(first) - 1)
        problem.m = cnp.PyArray_SIZE(first) // problem.n
        problem.side_by_side = problem.n == 1
        for k in range(loop.n_arrays):
            problem.outer_steps[k] = 0
            problem.n_steps[k] = loop.itemsize
            problem.m_steps[k] = problem.n * loop.itemsize
        with nogil:
            k = run(&problem, 1)
        if k != 0:
            raise MemoryError("no memory for the buffers of a call along an axis")
        return array


_alive = []  # NumPy keeps pointers to names and signatures


cdef _register(str name, kernel, dict loops_by_dtype):
    """Create the ufunc `name` with one loop per dtype and make it an attribute of this module."""
    cdef int n_arrays = len(kernel.inputs) + 1
    cdef int n_loops = len(loops_by_dtype)
    cdef cnp.PyUFuncGenericFunction* functions = <cnp.PyUFuncGenericFunction*> malloc(n_loops * sizeof(void*))
    cdef void** data = <void**> malloc(n_loops * sizeof(void*))
    cdef char* types = <char*> malloc(n_loops * n_arrays)
    cdef int i, k
    if functions is NULL or data is NULL or types is NULL:
        raise MemoryError("no memory for the table of ufuncs")
    for i, (dtype, address) in enumerate(loops_by_dtype.items()):
        # The cast: NumPy's header has const pointers where its .pxd has not.
        functions[i] = <cnp.PyUFuncGenericFunction> inner_loop
        data[i] = <void*> <size_t> address
        for k in range(n_arrays):
            types[i * n_arrays + k] = np.dtype(dtype).num
    signature = ",".join(["(n,m)"] * len(kernel.inputs)) + ("->(m)" if kernel.reduces else "->(n,m)")
    encoded = (name.encode(), signature.encode())
    _alive.append(encoded)
    cdef char* name_pointer = encoded[0]
    cdef char* signature_pointer = encoded[1]
    ufunc = cnp.PyUFunc_FromFuncAndDataAndSignature(
        functions, data, types, n_loops, n_arrays - 1, 1, cnp.PyUFunc_None, name_pointer, NULL, 0, signature_pointer
    )
    if hasattr(ufunc, "__dict__"):  # NumPy 2.2; before it, pickle searches every module for the name
        ufunc.__module__ = __name__
    globals()[name] = ufunc


cdef size_t _new(AxisEntry entry, row, kernel, str dtype) except 0:
    cdef AxisLoop* loop = <AxisLoop*> malloc(sizeof(AxisLoop))
    if loop is NULL:
        raise MemoryError("no memory for the table of loops")
    loop.row, loop.tile = entry.row, entry.tile
    loop.n_arrays = len(kernel.inputs) + 1
    loop.itemsize = np.dtype(dtype).itemsize
    loop.folds, loop.repeats, loop.reduces = kernel.folds, kernel.repeats, kernel.reduces
    loop.cost = row.cost if dtype == "float32" else 2.5 * row.cost
    return <size_t> loop


cdef _register_all():
    cdef const AxisEntry* entry = <const AxisEntry*> axis_table()
    cdef dict found = {}
    for row, order, kernel, dtype in axis_blocks.entries():
        name = axis_blocks.kernel_name(row, order)
        _loops[name, dtype] = _new(entry[0], row, kernel, dtype)
        found.setdefault(name, (kernel, {}))[1][dtype] = _loops[name, dtype]
        entry += 1
    for name, (kernel, loops_by_dtype) in found.items():
        _register(name, kernel, loops_by_dtype)


_register_all()
