# cython: boundscheck=False
"""OpenMP-parallel loops over typed memoryviews and strided memory, on the block kernels of the chosen instruction set.

The Cython face of the package (see ``loops.pxd``); the ufuncs run through the same ``run``. Contiguous memory goes straight to the
blocks; anything else passes through a buffer that stays in the first-level cache, to the same blocks and so to the same bits.
"""
from cython.parallel cimport parallel, threadid
from libc.stdint cimport int16_t, int32_t, int64_t
from libc.stdlib cimport malloc

from actcore._build.blocks import DTYPES, STORAGE, kinds_of, plain_blocks
from actcore._kernels.table cimport Entry, compute
from actcore.registry import ROWS
from actcore.runtime cimport block_table, fp_enter, fp_leave, fp_state, threads_for
from actcore.shares cimport Shares, begin, learn_from_wait, next_part, share_out, wait_for_others

cdef extern from *:
    """
    /* Output bytes of a call from which on they are stored past the caches. */
    #if defined(__SSE2__) || defined(_M_X64)
    #include <emmintrin.h>
    #define ACTCORE_LARGE ((Py_ssize_t) 1 << 24)
    #else
    #define ACTCORE_LARGE PY_SSIZE_T_MAX
    #endif
    /* Both at the edge of a vector; what is left behind the last whole line is stored as usual. */
    static inline void actcore_store_past_caches(const char *source, char *target, Py_ssize_t bytes) {
        Py_ssize_t i = 0;
    #if defined(__SSE2__) || defined(_M_X64)
        for (; i + 64 <= bytes; i += 64) {
            __m128i a = _mm_load_si128((const __m128i *)(source + i)), b = _mm_load_si128((const __m128i *)(source + i + 16));
            __m128i c = _mm_load_si128((const __m128i *)(source + i + 32)), d = _mm_load_si128((const __m128i *)(source + i + 48));
            _mm_stream_si128((__m128i *)(target + i), a); _mm_stream_si128((__m128i *)(target + i + 16), b);
            _mm_stream_si128((__m128i *)(target + i + 32), c); _mm_stream_si128((__m128i *)(target + i + 48), d);
        }
    #endif
        memcpy(target + i, source + i, bytes - i);
    }
    static inline void actcore_ask_for(const char *memory, Py_ssize_t bytes) {
    #if defined(__GNUC__)
        Py_ssize_t i;
        for (i = 0; i < bytes; i += 64) __builtin_prefetch(memory + i);
    #endif
    }
    static inline void actcore_stores_done(void) {
    #if defined(__SSE2__) || defined(_M_X64)
        _mm_sfence();
    #endif
    }
    """
    Py_ssize_t LARGE "ACTCORE_LARGE"
    void store_past_caches "actcore_store_past_caches"(const char* source, char* target, Py_ssize_t bytes) noexcept nogil
    void ask_for "actcore_ask_for"(const char* memory, Py_ssize_t bytes) noexcept nogil
    void stores_done "actcore_stores_done"() noexcept nogil

cdef enum:
    MAX_ARGUMENTS = 12
    CACHE_LINE = 64  # bytes, and the longest vector
    BUFFER = 512  # elements per argument: 12 arguments of doubles take 48 KiB at the most, usually 8 KiB
    GRAIN = 1024  # chunks of a parallel call are multiples of this, so that threads do not share cache lines
    CHUNKS = 8  # per thread in a parallel call, unless they would become too short
    VECTOR = 16  # bytes of a store past the caches
    STREAMED = 512  # bytes that are computed at a time for it: the stores of one portion drain while the next is computed
    PORTION = 256  # bytes of an output after which lines are asked for again, where two outputs lie unevenly
    AHEAD = 1024  # bytes by which inputs are asked for beforehand: the processor's own prefetching stops at every page
    MAX_OUTPUTS = 2

cdef double CHEAP = 0.035  # nanoseconds per byte: up to here, storing is what takes the time
cdef double CHUNK_TIME = 2000.0  # nanoseconds a chunk takes at least, roughly

_loops = {}  # (name, kind, dtype) -> address of a Loop that lives as long as the process
_plain = {}  # name -> address of a block that is no activation's


cdef size_t _new(Kernel[2] kernels, int n_inputs, int n_parameters, int n_outputs, str dtype, double cost) except 0:
    """Return a loop over kernels for one value and one per element of each parameter."""
    cdef Loop* loop = <Loop*> malloc(sizeof(Loop))
    if loop is NULL:
        raise MemoryError("no memory for the table of loops")
    loop.scalar, loop.array = kernels[0], kernels[1]
    loop.n_inputs = n_inputs
    loop.n_parameters = n_parameters
    loop.n_outputs = n_outputs
    loop.itemsize = loop.storage = 4 if dtype == "float32" else 8
    loop.widen = loop.narrow = NULL
    loop.cost = cost
    return <size_t> loop


cdef size_t _stored(size_t single, str dtype) except 0:
    """Return the loop of a 16-bit format, made from the one for float32."""
    cdef Loop* loop = <Loop*> malloc(sizeof(Loop))
    if loop is NULL:
        raise MemoryError("no memory for the table of loops")
    loop[0] = (<const Loop*> single)[0]
    loop.storage = 2
    loop.widen, loop.narrow = plain(f"widen_{dtype}"), plain(f"narrow_{dtype}")
    loop.cost += 0.2
    return <size_t> loop


cdef Block plain(str name) except NULL:
    """Return a block that is no activation's: a conversion, or arithmetic."""
    return <Block> <size_t> _plain[name]


cdef add(str name, str kind, Kernel[2] single, Kernel[2] double_, int n_inputs, int n_parameters, int n_outputs, double cost):
    """Make the loops of one kind known, for every dtype."""
    _loops[name, kind, "float32"] = _new(single, n_inputs, n_parameters, n_outputs, "float32", cost)
    _loops[name, kind, "float64"] = _new(double_, n_inputs, n_parameters, n_outputs, "float64", 2.5 * cost)
    for stored in STORAGE:
        _loops[name, kind, stored] = _stored(_loops[name, kind, "float32"], stored)


cdef _collect():
    """Give every entry of the block table its name; the order is that of ``_build/blocks.py``."""
    cdef const Entry* entry = <const Entry*> block_table()
    cdef Kernel kernels[2][2]
    cdef int k
    for name in plain_blocks():
        _plain[name] = <size_t> entry.scalar
        entry += 1
    for row in ROWS:
        for kind in kinds_of(row):
            for k in range(len(DTYPES)):
                kernels[k][0] = Kernel(entry.scalar, NULL, NULL)
                kernels[k][1] = Kernel(entry.array, NULL, NULL)
                entry += 1
            add(row.name, kind.name, kernels[0], kernels[1], len(kind.inputs), len(row.parameters), len(kind.outputs), row.cost)


_collect()


cdef const Loop* find(str name, str kind, str dtype) except NULL:
    """Return the loop of an element-wise activation."""
    try:
        return <const Loop*> <size_t> _loops[name, kind, dtype]
    except KeyError:
        raise LookupError(f"no loop {name!r} of kind {kind!r} for {dtype!r}") from None


cdef void copy(
    const char* source, Py_ssize_t source_step, char* target, Py_ssize_t target_step, Py_ssize_t n, int itemsize
) noexcept nogil:
    """Copy n items between strides; a source step of 0 repeats one item."""
    cdef Py_ssize_t i
    if itemsize == 2:
        for i in range(n):
            (<int16_t*> (target + i * target_step))[0] = (<const int16_t*> (source + i * source_step))[0]
    elif itemsize == 4:
        for i in range(n):
            (<int32_t*> (target + i * target_step))[0] = (<const int32_t*> (source + i * source_step))[0]
    else:
        for i in range(n):
            (<int64_t*> (target + i * target_step))[0] = (<const int64_t*> (source + i * source_step))[0]


cdef inline void fetch(const Loop* loop, const char* source, Py_ssize_t step, char* target, Py_ssize_t n) noexcept nogil:
    """Bring n inputs from memory into the buffer, widening 16-bit ones."""
    cdef int16_t packed[BUFFER]
    cdef char* args[2]
    if loop.widen is NULL:
        copy(source, step, target, loop.itemsize, n, loop.itemsize)
        return
    args[0], args[1] = <char*> source, target
    if step != loop.storage:
        copy(source, step, <char*> packed, loop.storage, n, loop.storage)
        args[0] = <char*> packed
    loop.widen(args, n)


cdef inline void deliver(const Loop* loop, const char* source, char* target, Py_ssize_t step, Py_ssize_t n) noexcept nogil:
    """Bring n outputs from the buffer to memory, narrowing to 16 bits where they are stored so."""
    cdef int16_t packed[BUFFER]
    cdef char* args[2]
    if loop.narrow is NULL:
        copy(source, loop.itemsize, target, step, n, loop.itemsize)
        return
    args[0], args[1] = <char*> source, target if step == loop.storage else <char*> packed
    loop.narrow(args, n)
    if step != loop.storage:
        copy(<char*> packed, loop.storage, target, step, n, loop.storage)


cdef void run_buffered(const Loop* loop, char** args, Py_ssize_t n, const Py_ssize_t* steps) noexcept nogil:
    """Run through the buffer; arguments that a block can read where they lie are used in place."""
    cdef double buffer[MAX_ARGUMENTS][BUFFER]
    cdef char* block_args[MAX_ARGUMENTS]
    cdef bint buffered[MAX_ARGUMENTS]
    cdef int first_output = loop.n_inputs + loop.n_parameters
    cdef int n_args = first_output + loop.n_outputs
    cdef bint per_element = False
    cdef Py_ssize_t start = 0, count
    cdef int k
    cdef const Kernel* kernel
    for k in range(loop.n_inputs, first_output):
        per_element = per_element or steps[k] != 0
    kernel = &loop.array if per_element else &loop.scalar
    for k in range(n_args):
        if loop.n_inputs <= k < first_output:
            buffered[k] = per_element and steps[k] != loop.itemsize
        else:
            buffered[k] = loop.widen is not NULL or steps[k] != loop.itemsize
    while start < n:
        count = n - start if n - start < BUFFER else BUFFER
        for k in range(n_args):
            block_args[k] = <char*> &buffer[k][0] if buffered[k] else args[k] + start * steps[k]
            if buffered[k] and k < loop.n_inputs:
                fetch(loop, args[k] + start * steps[k], steps[k], block_args[k], count)
            elif buffered[k] and k < first_output:
                copy(args[k] + start * steps[k], steps[k], block_args[k], loop.itemsize, count, loop.itemsize)
        compute(kernel, block_args, count)
        for k in range(first_output, n_args):
            if buffered[k]:
                deliver(loop, block_args[k], args[k] + start * steps[k], steps[k], count)
        start += count


cdef inline Py_ssize_t to_edge(const char* address, Py_ssize_t edge) noexcept nogil:
    """Return the bytes from an address to the next multiple of `edge`, a power of 2."""
    return -<Py_ssize_t> address & (edge - 1)


cdef inline void advance(const Loop* loop, char** args, Py_ssize_t n) noexcept nogil:
    """Move inputs and outputs, all contiguous, on by n elements."""
    cdef int k
    for k in range(loop.n_inputs + loop.n_parameters + loop.n_outputs):
        if not loop.n_inputs <= k < loop.n_inputs + loop.n_parameters:
            args[k] += n * loop.itemsize


cdef void run_streamed(const Loop* loop, char** args, Py_ssize_t n) noexcept nogil:
    """Run on contiguous memory, a small portion at a time, and store the results past the caches.

    An ordinary store reads the line that it is about to overwrite: a third of the traffic of an array that no cache holds.
    """
    cdef char memory[MAX_OUTPUTS * STREAMED + CACHE_LINE]
    cdef char* buffer = memory + to_edge(memory, CACHE_LINE)
    cdef char* block_args[MAX_ARGUMENTS]
    cdef int k, output = loop.n_inputs + loop.n_parameters
    cdef Py_ssize_t count
    while n > 0:
        count = min(n, <Py_ssize_t> STREAMED // loop.itemsize)
        for k in range(output):
            block_args[k] = args[k]
            if k < loop.n_inputs:
                ask_for(args[k] + AHEAD, STREAMED)
        for k in range(loop.n_outputs):
            block_args[output + k] = buffer + k * STREAMED
        compute(&loop.scalar, block_args, count)
        for k in range(loop.n_outputs):
            store_past_caches(buffer + k * STREAMED, args[output + k], count * loop.itemsize)
        advance(loop, args, count)
        n -= count
    stores_done()


cdef void run_uneven(const Loop* loop, char** args, Py_ssize_t n) noexcept nogil:
    """Run on contiguous memory with two outputs that lie differently in their cache lines.

    Only one of them can be stored in whole lines, and where stores alternate between two such streams, waiting for
    lines takes twice the time: so the lines are asked for a portion ahead.
    """
    cdef int k, output = loop.n_inputs + loop.n_parameters
    cdef Py_ssize_t count
    while n > 0:
        count = min(n, <Py_ssize_t> PORTION // loop.itemsize)
        for k in range(output, output + loop.n_outputs):
            ask_for(args[k] + PORTION, PORTION)
        compute(&loop.scalar, args, count)
        advance(loop, args, count)
        n -= count


cdef inline bint streamable(const Loop* loop, char** args) noexcept nogil:
    """Tell whether all outputs lie at the edge of a vector and none is an input, which the caches then hold already."""
    cdef int i, k, output = loop.n_inputs + loop.n_parameters
    for k in range(output, output + loop.n_outputs):
        if to_edge(args[k], VECTOR) != 0:
            return False
        for i in range(loop.n_inputs):
            if args[i] == args[k]:
                return False
    return True


cdef inline bint uneven(const Loop* loop, char** args) noexcept nogil:
    """Tell whether there are two outputs that lie differently in their cache lines, and little to do but storing them."""
    cdef int output = loop.n_inputs + loop.n_parameters
    cdef bint cheap = loop.cost <= CHEAP * loop.itemsize
    return cheap and loop.n_outputs > 1 and to_edge(args[output], CACHE_LINE) != to_edge(args[output + 1], CACHE_LINE)


cdef inline void run_direct(const Loop* loop, char** args, Py_ssize_t n, bint large) noexcept nogil:
    """Run on contiguous memory; a long call first brings the output to a cache line's edge, where stores are half as dear."""
    cdef Py_ssize_t head = to_edge(args[loop.n_inputs + loop.n_parameters], CACHE_LINE)
    if n >= GRAIN and head % loop.itemsize == 0:
        head = head // loop.itemsize
        compute(&loop.scalar, args, head)
        advance(loop, args, head)
        n -= head
    if large and streamable(loop, args):
        run_streamed(loop, args, n)
    elif n >= GRAIN and uneven(loop, args):
        run_uneven(loop, args, n)
    else:
        compute(&loop.scalar, args, n)


cdef void run_elements(
    const Loop* loop, char** args, Py_ssize_t start, Py_ssize_t n, const Py_ssize_t* steps, bint large
) noexcept nogil:
    """Run elements start to start + n on the calling thread, in a clean floating-point state."""
    cdef char* part[MAX_ARGUMENTS]
    cdef int n_args = loop.n_inputs + loop.n_parameters + loop.n_outputs
    cdef bint direct = loop.widen is NULL
    cdef int k
    cdef fp_state state
    for k in range(n_args):
        part[k] = args[k] + start * steps[k]
        if loop.n_inputs <= k < loop.n_inputs + loop.n_parameters:
            direct = direct and steps[k] == 0
        else:
            direct = direct and steps[k] == loop.itemsize
    state = fp_enter()
    if direct:
        run_direct(loop, part, n, large)
    else:
        run_buffered(loop, part, n, steps)
    fp_leave(state)


cdef void run_part(const Loop* loop, char** args, Py_ssize_t start, Py_ssize_t n, const Py_ssize_t* steps) noexcept nogil:
    """Run elements start to start + n on the calling thread."""
    run_elements(loop, args, start, n, steps, False)


cdef void run_share(
    const Loop* loop, char** args, Py_ssize_t n, const Py_ssize_t* steps, bint large, Py_ssize_t chunk, Shares* shares, int thread
) noexcept nogil:
    """Run what one thread finds to do, a chunk at a time."""
    cdef int helped = 0
    cdef Py_ssize_t part
    begin(shares, thread)
    part = next_part(shares, thread, &helped)
    while part >= 0:
        run_elements(loop, args, part * chunk, min(chunk, n - part * chunk), steps, large)
        part = next_part(shares, thread, &helped)
    wait_for_others(shares, thread)


cdef inline bint meet(const char* a, Py_ssize_t a_step, const char* b, Py_ssize_t b_step, Py_ssize_t n, int size) noexcept nogil:
    """Tell whether the stretches of two different arguments overlap."""
    cdef Py_ssize_t a_reach = (n - 1) * a_step, b_reach = (n - 1) * b_step
    if a == b and a_step == b_step:
        return False
    return a + min(a_reach, 0) < b + max(b_reach, 0) + size and b + min(b_reach, 0) < a + max(a_reach, 0) + size


cdef inline bint has_order(const Loop* loop, char** args, Py_ssize_t n, const Py_ssize_t* steps) noexcept nogil:
    """Tell whether an output overlaps itself, or an input elsewhere: NumPy allows it to follow one that is read in order."""
    cdef int i, k, output = loop.n_inputs + loop.n_parameters
    for k in range(output, output + loop.n_outputs):
        if -loop.storage < steps[k] < loop.storage:
            return True
        for i in range(output):
            if meet(args[i], steps[i], args[k], steps[k], n, loop.itemsize):
                return True
    return False


cdef void run(const Loop* loop, char** args, Py_ssize_t n, const Py_ssize_t* steps) noexcept nogil:
    """Run a loop over n elements, in parallel where that pays."""
    cdef int threads = threads_for(n * loop.cost)
    cdef bint large = n * loop.itemsize >= LARGE
    cdef Py_ssize_t chunk
    cdef int chunks
    cdef Shares shares
    if threads <= 1 or has_order(loop, args, n, steps):
        run_elements(loop, args, 0, n, steps, large)
        return
    chunks = threads * <int> max(1.0, min(<double> CHUNKS, n * loop.cost / (threads * CHUNK_TIME)))
    chunk = (n // chunks + GRAIN) // GRAIN * GRAIN
    share_out(&shares, (n + chunk - 1) // chunk, threads)
    with parallel(num_threads=threads):
        run_share(loop, args, n, steps, large, chunk, &shares, threadid())
    learn_from_wait(shares.waited)


cdef inline void _run_views(
    const Loop* loop, char** args, Py_ssize_t* steps, Py_ssize_t n, int n_inputs, int n_outputs, const char* parameters
) noexcept nogil:
    """Put the parameters between inputs and outputs and run."""
    cdef char* all_args[MAX_ARGUMENTS]
    cdef Py_ssize_t all_steps[MAX_ARGUMENTS]
    cdef int k
    for k in range(n_inputs):
        all_args[k] = args[k]
        all_steps[k] = steps[k]
    for k in range(loop.n_parameters):
        all_args[n_inputs + k] = <char*> parameters + k * loop.itemsize
        all_steps[n_inputs + k] = 0
    for k in range(n_outputs):
        all_args[n_inputs + loop.n_parameters + k] = args[n_inputs + k]
        all_steps[n_inputs + loop.n_parameters + k] = steps[n_inputs + k]
    run(loop, all_args, n, all_steps)


cdef void apply(const Loop* loop, const real[:] x, real[:] y, const real* parameters=NULL) noexcept nogil:
    """y = f(x), f′(x) or f″(x)."""
    cdef char* args[2]
    cdef Py_ssize_t steps[2]
    args[0], args[1] = <char*> &x[0], <char*> &y[0]
    steps[0], steps[1] = x.strides[0], y.strides[0]
    _run_views(loop, args, steps, min(x.shape[0], y.shape[0]), 1, 1, <const char*> parameters)


cdef void apply_pair(const Loop* loop, const real[:] x, real[:] y, real[:] dy, const real* parameters=NULL) noexcept nogil:
    """y = f(x) and dy = f′(x) in one pass."""
    cdef char* args[3]
    cdef Py_ssize_t steps[3]
    args[0], args[1], args[2] = <char*> &x[0], <char*> &y[0], <char*> &dy[0]
    steps[0], steps[1], steps[2] = x.strides[0], y.strides[0], dy.strides[0]
    _run_views(loop, args, steps, min(x.shape[0], y.shape[0], dy.shape[0]), 1, 2, <const char*> parameters)


cdef void apply_backward(
    const Loop* loop, const real[:] x, const real[:] g, real[:] gx, const real* parameters=NULL
) noexcept nogil:
    """gx = g · f′(x)."""
    cdef char* args[3]
    cdef Py_ssize_t steps[3]
    args[0], args[1], args[2] = <char*> &x[0], <char*> &g[0], <char*> &gx[0]
    steps[0], steps[1], steps[2] = x.strides[0], g.strides[0], gx.strides[0]
    _run_views(loop, args, steps, min(x.shape[0], g.shape[0], gx.shape[0]), 2, 1, <const char*> parameters)
