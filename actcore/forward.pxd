"""Samples through a small network, tile by tile, in parallel."""
from cython.parallel cimport parallel, threadid
from libc.string cimport memcpy

from actcore._kernels.dense cimport padded
from actcore._kernels.training cimport TILE, Network, NetworkBlocks
from actcore.runtime cimport fp_enter, fp_leave, fp_state
from actcore.shares cimport Shares, begin, learn_from_wait, next_part, share_out, wait_for_others

cdef enum Part:
    OUTPUT             # of the last layer, [sample][output]
    ALL_OUTPUTS        # of every unit behind the inputs, [unit][sample]
    PRE_ACTIVATIONS    # likewise
    SLOPES             # likewise
    INPUT_DERIVATIVE   # [sample][output][input]

cdef enum:
    RUNS = 8  # of neighbouring tiles, per thread: each thread takes the next when it is done with one


cdef inline void keep_output(
    const Network* net, const char* workspace, char* out, Py_ssize_t samples, int itemsize
) noexcept nogil:
    """Copy the last layer of a tile to rows of samples."""
    cdef Py_ssize_t s, o, lanes = padded(samples)
    cdef const char* y = workspace + net.layers[net.n_layers - 1].first * lanes * itemsize
    if net.n_out == 1:
        memcpy(out, y, samples * itemsize)
    elif itemsize == sizeof(float):
        for s in range(samples):
            for o in range(net.n_out):
                (<float*> out)[s * net.n_out + o] = (<const float*> y)[o * lanes + s]
    else:
        for s in range(samples):
            for o in range(net.n_out):
                (<double*> out)[s * net.n_out + o] = (<const double*> y)[o * lanes + s]


cdef inline void keep_units(
    const Network* net, const char* units, char* out, Py_ssize_t start, Py_ssize_t samples, Py_ssize_t n, int itemsize
) noexcept nogil:
    """Copy all units of a tile but the inputs to rows of n samples."""
    cdef Py_ssize_t unit, lanes = padded(samples)
    for unit in range(net.n_units - net.n_in):
        memcpy(out + (unit * n + start) * itemsize, units + (net.n_in + unit) * lanes * itemsize, samples * itemsize)


cdef inline void forward_tile(
    const Network* net, const NetworkBlocks* blocks, const void* parameters, const char* x, Py_ssize_t n, Py_ssize_t tile,
    Part part, char* out, char* workspace, int itemsize
) noexcept nogil:
    """Send one tile of n samples through the network."""
    cdef Py_ssize_t start = tile * TILE
    cdef Py_ssize_t samples = min(n - start, <Py_ssize_t> TILE)
    cdef Py_ssize_t units = net.n_units * TILE * itemsize  # outputs, pre-activations and slopes lie behind one another
    cdef const char* inputs = x + start * net.n_in * itemsize
    if part == INPUT_DERIVATIVE:
        blocks.input_derivative(net, parameters, inputs, samples, out + start * net.n_out * net.n_in * itemsize, workspace)
        return
    blocks.forward(net, parameters, inputs, samples, part == SLOPES, workspace)
    if part == OUTPUT:
        keep_output(net, workspace, out + start * net.n_out * itemsize, samples, itemsize)
    else:
        keep_units(net, workspace + (part - ALL_OUTPUTS) * units, out, start, samples, n, itemsize)


cdef inline void forward_share(
    const Network* net, const NetworkBlocks* blocks, const void* parameters, const char* x, Py_ssize_t n, Part part,
    char* out, char* workspace, int itemsize, Py_ssize_t length, Shares* shares, int thread
) noexcept nogil:
    """Send what one thread finds to do through the network, `length` tiles at a time."""
    cdef Py_ssize_t tile, tiles = (n + TILE - 1) // TILE
    cdef int helped = 0
    cdef Py_ssize_t run
    cdef fp_state state = fp_enter()
    begin(shares, thread)
    run = next_part(shares, thread, &helped)
    while run >= 0:
        for tile in range(run * length, min(tiles, (run + 1) * length)):
            forward_tile(net, blocks, parameters, x, n, tile, part, out, workspace, itemsize)
        run = next_part(shares, thread, &helped)
    fp_leave(state)
    wait_for_others(shares, thread)


cdef inline void forward_tiles(
    const Network* net, const NetworkBlocks* blocks, const void* parameters, const char* x, Py_ssize_t n, Part part,
    char* out, char* workspaces, Py_ssize_t workspace_bytes, int itemsize, int threads,
) noexcept nogil:
    """Send n samples through the network, tile by tile, each thread in its own workspace."""
    cdef Py_ssize_t tiles = (n + TILE - 1) // TILE
    cdef Py_ssize_t length = 1 + tiles // (threads * RUNS)
    cdef Shares shares
    share_out(&shares, (tiles + length - 1) // length, threads)
    with parallel(num_threads=threads):
        forward_share(
            net, blocks, parameters, x, n, part, out, workspaces + threadid() * workspace_bytes, itemsize, length,
            &shares, threadid()
        )
    learn_from_wait(shares.waited)
