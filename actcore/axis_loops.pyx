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
from actcore._build.blocks import function_name
from actcore._kernels.passes cimport COUNT, FIGURES, HIGH, LOW, MAX_ARRAYS, TILE, TOP, AxisBlock, AxisEntry, Pass
from actcore.interrupts cimport interrupted, raise_interrupt, slice_length
from actcore.loops cimport copy
from actcore.plain cimport is_floating, is_plain, overlap
from actcore.runtime cimport axis_table, fp_enter, fp_leave, fp_state, threads_for
from actcore.shares cimport Shares, begin, learn_from_wait, next_part, share_out, wait_for_others

cnp.import_array()
cnp.import_ufunc()

cdef enum:
    CHUNK = 16384  # entries of a row that are summed up at a time; a multiple of the kernels' LANES
    SHORT = 1024  # rows up to this length may be gathered into tiles
    LONG = 16  # contiguous rows of so many entries, in all inputs together, are run as rows: gathering them takes longer
    FEW = 8  # so many rows make a tile worth while
    RUNS = 8  # of neighbouring rows or tiles, per thread
    NEAR = 32768  # bytes that the first-level cache holds: rows are run several at a time, up to so many

cdef enum Outcome:
    DONE
    NO_MEMORY
    INTERRUPTED  # with an exception set

cdef struct AxisLoop:
    AxisBlock row
    AxisBlock tile
    int n_arrays
    int itemsize
    int folds
    bint repeats  # the last fold is repeated until COUNT stays
    bint reduces  # one number per row comes out
    int lone  # bit k: array k has one number per row
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
    bint rows  # run as rows, not as tiles
    bint gathers  # some row of entries is not contiguous
    Py_ssize_t height  # rows of a piece, which are run at a time


cdef void merge(double* state, const double* partial, int rows) noexcept nogil:
    """Add what a chunk found."""
    cdef double high, total, part
    cdef int j
    for j in range(rows):
        if partial[TOP * TILE + j] > state[TOP * TILE + j]:
            state[TOP * TILE + j] = partial[TOP * TILE + j]
        high = partial[HIGH * TILE + j]
        total = state[HIGH * TILE + j] + high
        part = total - state[HIGH * TILE + j]
        state[LOW * TILE + j] += (state[HIGH * TILE + j] - (total - part)) + (high - part) + partial[LOW * TILE + j]
        state[HIGH * TILE + j] = total
        state[COUNT * TILE + j] += partial[COUNT * TILE + j]


cdef void clear(double* figures) noexcept nogil:
    """Nothing found: no sums, and no top."""
    cdef int k
    for k in range(FIGURES * TILE):
        figures[k] = 0
    for k in range(TILE):
        figures[TOP * TILE + k] = -INFINITY


cdef struct Run:
    const AxisLoop* loop
    AxisBlock block
    bint tile
    int rows
    char* args[MAX_ARRAYS]
    Py_ssize_t n
    Py_ssize_t steps[MAX_ARRAYS]  # as a Pass has them
    int threads
    double* partials  # room for the figures of every chunk, if threads > 1
    bint watched  # look for an interrupt from time to time


cdef bint is_lone(const AxisLoop* loop, int array) noexcept nogil:
    return loop.lone >> array & 1


cdef void run_chunk(
    const Run* run, Py_ssize_t chunk, int stage, const double* state, double* partial, const bint* settled
) noexcept nogil:
    """Run one stage over a chunk, or over all entries where `chunk` is -1."""
    cdef char* part[MAX_ARRAYS]
    cdef Pass now
    cdef int k
    now.stage, now.rows, now.state, now.partial, now.settled = stage, run.rows, state, partial, settled
    now.start = 0 if chunk < 0 else chunk * CHUNK
    now.n = run.n if chunk < 0 else min(<Py_ssize_t> CHUNK, run.n - now.start)
    for k in range(run.loop.n_arrays):
        part[k] = run.args[k]
        if not is_lone(run.loop, k):
            part[k] += now.start * (run.steps[k] if run.tile else 1) * run.loop.itemsize
        now.steps[k] = run.steps[k]
    run.block(part, &now)


cdef bint fold_chunks(const Run* run, int stage, const double* state, double* fresh, const bint* settled) noexcept nogil:
    """Run a fold over all chunks and merge what they find; whether it was interrupted."""
    cdef double partial[FIGURES * TILE]
    cdef Py_ssize_t chunks = (run.n + CHUNK - 1) // CHUNK
    cdef Py_ssize_t slice = slice_length(CHUNK * run.rows * run.loop.cost, run.threads)
    cdef Py_ssize_t c, first = 0, last
    cdef fp_state saved
    clear(fresh)
    while first < chunks:
        last = min(first + slice, chunks)
        if run.threads > 1:
            for c in prange(first, last, num_threads=run.threads, schedule="static"):
                saved = fp_enter()
                run_chunk(run, c, stage, state, run.partials + c * FIGURES * TILE, settled)
                fp_leave(saved)
        for c in range(first, last):
            if run.threads > 1:
                merge(fresh, run.partials + c * FIGURES * TILE, run.rows)
            else:
                run_chunk(run, c, stage, state, partial, settled)
                merge(fresh, partial, run.rows)
        first = last
        if run.watched and first < chunks and interrupted():
            return True
    return False


cdef bint map_chunks(const Run* run, const double* state, const bint* settled) noexcept nogil:
    """Run the last stage over all chunks; whether it was interrupted."""
    cdef Py_ssize_t chunks = (run.n + CHUNK - 1) // CHUNK
    cdef Py_ssize_t slice = slice_length(CHUNK * run.rows * run.loop.cost, run.threads)
    cdef Py_ssize_t c, first = 0, last
    cdef fp_state saved
    while first < chunks:
        last = min(first + slice, chunks)
        if run.threads > 1:
            for c in prange(first, last, num_threads=run.threads, schedule="static"):
                saved = fp_enter()
                run_chunk(run, c, run.loop.folds, state, NULL, settled)
                fp_leave(saved)
        else:
            for c in range(first, last):
                run_chunk(run, c, run.loop.folds, state, NULL, settled)
        first = last
        if run.watched and first < chunks and interrupted():
            return True
    return False


cdef bint run_stages(const Run* run) noexcept nogil:
    """Run all stages over some rows or one tile; whether it was interrupted."""
    cdef double figures[2][FIGURES * TILE]
    cdef double* state = figures[0]
    cdef double* fresh = figures[1]
    cdef bint settled[TILE]
    cdef bint all_settled
    cdef int stage, j
    for j in range(TILE):
        settled[j] = False
    clear(state)
    clear(fresh)
    for stage in range(run.loop.folds):
        all_settled = False
        while not all_settled:
            if run.n <= CHUNK:
                run_chunk(run, -1, stage, state, fresh, settled)
            elif fold_chunks(run, stage, state, fresh, settled):
                return True
            all_settled = True
            if run.loop.repeats and stage == run.loop.folds - 1:
                for j in range(run.rows):
                    settled[j] = fresh[COUNT * TILE + j] == state[COUNT * TILE + j]
                    all_settled = all_settled and settled[j]
            state, fresh = fresh, state
    if run.loop.reduces or run.n <= CHUNK:
        run_chunk(run, -1, run.loop.folds, state, NULL, settled)
        return False
    return map_chunks(run, state, settled)


cdef bint is_output(const AxisLoop* loop, int array) noexcept nogil:
    return array == loop.n_arrays - 1


cdef Py_ssize_t entries_of(const Problem* problem, int array) noexcept nogil:
    """Return how many entries a row of this array has."""
    return 1 if is_lone(problem.loop, array) else problem.n


cdef bint run_rows(
    const Problem* problem, Py_ssize_t outer, Py_ssize_t column, Py_ssize_t height, char* buffer, int threads, double* partials,
    bint watched
) noexcept nogil:
    """Run some rows; arrays with a stride go through the buffer, row after row. Whether it was interrupted."""
    cdef const AxisLoop* loop = problem.loop
    cdef char* source[MAX_ARRAYS]
    cdef Py_ssize_t n, j
    cdef int k
    cdef bint stopped
    cdef Run run
    run.loop, run.block, run.tile, run.rows, run.n = loop, loop.row, False, <int> height, problem.n
    run.threads, run.partials, run.watched = threads, partials, watched
    for k in range(loop.n_arrays):
        n = entries_of(problem, k)
        run.args[k] = source[k] = problem.args[k] + outer * problem.outer_steps[k] + column * problem.m_steps[k]
        run.steps[k] = problem.m_steps[k] // loop.itemsize
        if problem.n_steps[k] != loop.itemsize and n > 1:
            run.args[k] = buffer + k * height * problem.n * loop.itemsize
            run.steps[k] = n
            if not is_output(loop, k):
                for j in range(height):
                    copy(
                        source[k] + j * problem.m_steps[k], problem.n_steps[k], run.args[k] + j * n * loop.itemsize, loop.itemsize,
                        n, loop.itemsize,
                    )
    stopped = run_stages(&run)
    k = loop.n_arrays - 1
    n = entries_of(problem, k)
    if run.args[k] != source[k] and not stopped:
        for j in range(height):
            copy(
                run.args[k] + j * n * loop.itemsize, loop.itemsize, source[k] + j * problem.m_steps[k], problem.n_steps[k], n,
                loop.itemsize,
            )
    return stopped


cdef void run_tile(const Problem* problem, Py_ssize_t outer, Py_ssize_t column, char* buffer) noexcept nogil:
    """Run TILE rows, or those that are left, side by side."""
    cdef const AxisLoop* loop = problem.loop
    cdef char* source[MAX_ARRAYS]
    cdef Py_ssize_t j, width = min(<Py_ssize_t> TILE, problem.m - column)
    cdef bint direct = problem.side_by_side and width == TILE
    cdef int k
    cdef Run run
    if problem.n > SHORT and not direct:
        for j in range(width):
            run_rows(problem, outer, column + j, 1, buffer, 1, NULL, False)
        return
    run.loop, run.block, run.tile, run.rows, run.n = loop, loop.tile, True, TILE, problem.n
    run.threads, run.partials, run.watched = 1, NULL, False
    for k in range(loop.n_arrays):
        source[k] = problem.args[k] + outer * problem.outer_steps[k] + column * problem.m_steps[k]
        run.args[k] = source[k] if direct else buffer + k * (problem.n if problem.n > 0 else 1) * TILE * loop.itemsize
        run.steps[k] = problem.n_steps[k] // loop.itemsize if direct else TILE
        if not direct and not is_output(loop, k):
            # Rows that the tile has too many are copies of the last.
            for j in range(TILE):
                copy(
                    source[k] + (j if j < width else width - 1) * problem.m_steps[k], problem.n_steps[k],
                    run.args[k] + j * loop.itemsize, TILE * loop.itemsize, entries_of(problem, k), loop.itemsize,
                )
    run_stages(&run)
    k = loop.n_arrays - 1
    if not direct:
        for j in range(width):
            copy(
                run.args[k] + j * loop.itemsize, TILE * loop.itemsize, source[k] + j * problem.m_steps[k], problem.n_steps[k],
                entries_of(problem, k), loop.itemsize,
            )


cdef void run_pieces(const Problem* problem, Py_ssize_t first, Py_ssize_t last, char* buffer) noexcept nogil:
    """Run pieces first to last - 1, in a clean floating-point state."""
    cdef Py_ssize_t piece, column, per_outer = (problem.m + problem.height - 1) // problem.height
    cdef fp_state saved = fp_enter()
    for piece in range(first, last):
        column = piece % per_outer * problem.height
        if problem.rows:
            run_rows(
                problem, piece // per_outer, column, min(problem.height, problem.m - column), buffer, 1, NULL, False
            )
        else:
            run_tile(problem, piece // per_outer, column, buffer)
    fp_leave(saved)


cdef void run_share(
    const Problem* problem, Py_ssize_t first, Py_ssize_t last, Py_ssize_t length, char* buffer, Shares* shares, int thread
) noexcept nogil:
    """Run what one thread finds to do of pieces first to last - 1, `length` at a time."""
    cdef int helped = 0
    cdef Py_ssize_t part
    begin(shares, thread)
    part = next_part(shares, thread, &helped)
    while part >= 0:
        run_pieces(problem, first + part * length, min(first + (part + 1) * length, last), buffer)
        part = next_part(shares, thread, &helped)
    wait_for_others(shares, thread)


cdef Outcome run_long_rows(const Problem* problem, Py_ssize_t rows, int threads) noexcept nogil:
    """Run rows one by one, each of them on all threads."""
    cdef const AxisLoop* loop = problem.loop
    cdef Py_ssize_t row
    cdef char* buffer = NULL
    cdef double* partials = NULL
    cdef Outcome outcome = DONE
    cdef fp_state saved
    if problem.gathers:
        buffer = <char*> malloc(loop.n_arrays * problem.n * loop.itemsize)
    if threads > 1:
        partials = <double*> malloc((problem.n // CHUNK + 1) * FIGURES * TILE * sizeof(double))
    if (problem.gathers and buffer is NULL) or (threads > 1 and partials is NULL):
        outcome = NO_MEMORY
    for row in range(rows):
        if outcome != DONE:
            break
        saved = fp_enter()
        if run_rows(problem, row // problem.m, row % problem.m, 1, buffer, threads, partials, True):
            outcome = INTERRUPTED
        fp_leave(saved)
        if outcome == DONE and row + 1 < rows and interrupted():
            outcome = INTERRUPTED
    free(partials)
    free(buffer)
    return outcome


cdef Outcome run(Problem* problem, Py_ssize_t outer) noexcept nogil:
    """Run everything, in parallel where that pays."""
    cdef const AxisLoop* loop = problem.loop
    cdef Py_ssize_t pieces, piece = 0, last, slice, length, size
    cdef double work = problem.n * loop.cost
    cdef int threads = threads_for(outer * problem.m * work)
    cdef int k
    cdef char* buffers = NULL
    cdef Shares shares
    problem.gathers = False
    for k in range(loop.n_arrays):
        problem.gathers = problem.gathers or (problem.n_steps[k] != loop.itemsize and entries_of(problem, k) != 1)
    problem.rows = (problem.n * (loop.n_arrays - 1) >= LONG or problem.m < FEW) and not problem.gathers
    problem.rows = problem.rows or (problem.m == 1 and problem.n > SHORT)
    if outer * problem.m == 0:
        return DONE
    if problem.rows and (slice_length(work, 1) == 1 or (threads > outer * problem.m and problem.n > 2 * CHUNK)):
        return run_long_rows(problem, outer * problem.m, threads)
    problem.height = TILE
    if problem.rows:
        size = NEAR // (loop.n_arrays * loop.itemsize * (problem.n + 1))
        problem.height = max(<Py_ssize_t> 1, min(<Py_ssize_t> TILE, size))
    pieces = outer * ((problem.m + problem.height - 1) // problem.height)
    threads = <int> min(<Py_ssize_t> threads, pieces)
    size = 0
    if problem.gathers or not problem.rows:
        # TILE rows for a tile, and for rows that are gathered, of which there is one.
        size = loop.n_arrays * (problem.n + 1) * loop.itemsize * (TILE if problem.n <= SHORT else 1) + 64
        buffers = <char*> malloc(threads * size)
        if buffers is NULL:
            return NO_MEMORY
    slice = slice_length(problem.height * work, threads)
    while piece < pieces:
        last = min(piece + slice, pieces)
        if threads == 1:
            run_pieces(problem, piece, last, buffers)
        else:
            length = max(<Py_ssize_t> 1, (last - piece) // (threads * RUNS))
            share_out(&shares, (last - piece + length - 1) // length, threads)
            with parallel(num_threads=threads):
                run_share(problem, piece, last, length, buffers + threadid() * size, &shares, threadid())
            learn_from_wait(shares.waited)
        piece = last
        if piece < pieces and interrupted():
            break
    free(buffers)
    return DONE if piece >= pieces else INTERRUPTED


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
        if not is_lone(problem.loop, k):
            problem.n_steps[k] = steps[at]
            at += 1
        problem.m_steps[k] = steps[at]
        at += 1
        problem.side_by_side = problem.side_by_side and problem.m_steps[k] == problem.loop.itemsize
    if run(&problem, dimensions[0]) == NO_MEMORY:
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
        cdef int k, number, ndim, last = self.single.n_arrays - 1
        cdef Outcome outcome
        if not is_floating(arrays[0]) or cnp.PyArray_SIZE(arrays[0]) == 0:
            return None
        first = arrays[0]
        number = cnp.PyArray_TYPE(first)
        ndim = cnp.PyArray_NDIM(first)
        loop = self.single if number == cnp.NPY_FLOAT else self.double_
        for k in range(1, last):
            if not (is_per_row(arrays[k], first, cnp.NPY_ARRAY_CARRAY_RO) if is_lone(loop, k)
                    else is_plain(arrays[k], first, cnp.NPY_ARRAY_CARRAY_RO)):
                return None
        if out is None:
            array = cnp.PyArray_EMPTY(ndim - loop.reduces, cnp.PyArray_DIMS(first), number, 0)
        elif not loop.reduces and is_plain(out, first, cnp.NPY_ARRAY_CARRAY):
            array = out
        elif loop.reduces and is_per_row(out, first, cnp.NPY_ARRAY_CARRAY):
            array = out
        else:
            return None
        problem.args[last] = <char*> cnp.PyArray_DATA(array)
        for k in range(last):
            problem.args[k] = <char*> cnp.PyArray_DATA(<cnp.ndarray> arrays[k])
            if overlap(problem.args[k], problem.args[last], cnp.PyArray_NBYTES(first)) or \
                    (loop.lone and problem.args[k] == problem.args[last] and is_lone(loop, k) | loop.reduces):
                return None
        problem.loop = loop
        problem.n = cnp.PyArray_DIM(first, ndim - 1)
        problem.m = cnp.PyArray_SIZE(first) // problem.n
        problem.side_by_side = problem.n == 1
        for k in range(loop.n_arrays):
            problem.outer_steps[k] = 0
            problem.n_steps[k] = loop.itemsize
            problem.m_steps[k] = (1 if is_lone(loop, k) else problem.n) * loop.itemsize
        with nogil:
            outcome = run(&problem, 1)
        if outcome == INTERRUPTED:
            raise_interrupt()
        if outcome == NO_MEMORY:
            raise MemoryError("no memory for the buffers of a call along an axis")
        return array if out is not None or cnp.PyArray_NDIM(array) > 0 else array[()]


cdef bint is_per_row(object array, cnp.ndarray x, int flags):
    """Tell whether `array` is a plain one with these flags and one number for each of x's rows, of x's dtype."""
    cdef int k
    if not cnp.PyArray_CheckExact(array) or not is_plain(array, array, flags):
        return False
    if cnp.PyArray_TYPE(array) != cnp.PyArray_TYPE(x) or cnp.PyArray_NDIM(array) != cnp.PyArray_NDIM(x) - 1:
        return False
    for k in range(cnp.PyArray_NDIM(array)):
        if cnp.PyArray_DIM(array, k) != cnp.PyArray_DIM(x, k):
            return False
    return True


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
    signature = ",".join(["(m)" if name in kernel.lone else "(n,m)" for name in kernel.inputs])
    signature += "->(m)" if kernel.reduces else "->(n,m)"
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
    loop.lone = sum([1 << k for k, name in enumerate(kernel.inputs) if name in kernel.lone])
    loop.lone |= kernel.reduces << (loop.n_arrays - 1)
    loop.cost = row.cost if dtype == "float32" else 2.5 * row.cost
    return <size_t> loop


cdef _register_all():
    cdef const AxisEntry* entry = <const AxisEntry*> axis_table()
    cdef dict found = {}
    for row, kind, kernel, dtype in axis_blocks.entries():
        name = function_name(row.name, kind)
        _loops[name, dtype] = _new(entry[0], row, kernel, dtype)
        found.setdefault(name, (kernel, {}))[1][dtype] = _loops[name, dtype]
        entry += 1
    for name, (kernel, loops_by_dtype) in found.items():
        _register(name, kernel, loops_by_dtype)


_register_all()
