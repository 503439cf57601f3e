"""A small network on tiles of samples: forward pass, loss, gradient, and whole training steps.

Units are numbered through the network, the inputs first, so that one matrix [unit][lane] holds every output of a tile.
The parameters are one vector: the weights of all layers, (n_out, n_in) each, then the biases of all layers.
"""
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy, memset

from actcore._kernels.dense cimport LANES, dense, dense_gradient, padded, transpose, unpad_biases, unpad_weights
from actcore._kernels.elementary cimport real
from actcore._kernels.losses cimport (
    Loss, loss_gradient, loss_sum, on_logits, softmax_over_units, softmax_over_units_backward,
)
from actcore._kernels.optimisers cimport Rules, all_finite, clip, optimise, penalise, subtract
from actcore._kernels.table cimport Kernel, compute

cdef enum:
    TILE = 64         # samples at once: all of a tile stays in the first- or second-level cache
    MAX_LAYERS = 32
    MAX_VALUES = 8    # parameters of one activation

cdef struct Layer:
    Py_ssize_t n_in
    Py_ssize_t n_out
    Py_ssize_t weights            # offsets into the parameters
    Py_ssize_t biases
    Py_ssize_t sums               # offset into the padded gradient
    Py_ssize_t first              # number of its first unit
    bint softmax                  # over the units; otherwise element by element:
    Kernel value
    Kernel value_and_derivative
    int n_values                  # the activation's parameters, in the network's dtype
    double[MAX_VALUES] values

cdef struct Network:
    int n_layers
    Py_ssize_t n_in
    Py_ssize_t n_out
    Py_ssize_t n_units            # the inputs included
    Py_ssize_t widest
    Py_ssize_t n_weights
    Py_ssize_t n_parameters
    Py_ssize_t n_sums             # size of the padded gradient
    Layer[MAX_LAYERS] layers

cdef struct Training:
    Loss loss
    double width                  # of Huber's quadratic part
    Rules rules
    Py_ssize_t n_samples
    Py_ssize_t batch_size
    Py_ssize_t position           # samples of this epoch that are done
    Py_ssize_t* order             # of the samples in this epoch
    uint64_t seed
    int64_t step
    int64_t epoch
    int failed_layer              # -1, or where the last step met a number that is not finite

#: What one instruction set's module exports for one dtype. Data and parameters are of that dtype.
cdef struct NetworkBlocks:
    void (*forward)(
        const Network* net, const void* parameters, const void* x, Py_ssize_t samples, bint slopes, void* workspace
    ) noexcept nogil
    double (*loss)(
        const Network* net, const Training* training, const void* parameters, const void* x, const void* y,
        Py_ssize_t samples,
        void* workspace
    ) noexcept nogil
    void (*gradient)(
        const Network* net, const Training* training, const void* parameters, const void* x, const void* y,
        Py_ssize_t samples, void* gradient, double* squares, void* workspace
    ) noexcept nogil
    void (*input_derivative)(
        const Network* net, const void* parameters, const void* x, Py_ssize_t samples, void* result, void* workspace
    ) noexcept nogil
    Py_ssize_t (*train)(
        const Network* net, Training* training, void* parameters, const void* x, const void* y, Py_ssize_t steps,
        void* moments,
        void* workspace
    ) noexcept nogil


cdef inline Py_ssize_t workspace_size(const Network* net) noexcept nogil:
    """Numbers in the workspace of one thread; the order of its parts is that of the functions below."""
    return (
        3 * net.n_units * TILE + 3 * net.widest * TILE + TILE * padded(net.widest + 1)
        + net.n_sums + padded(net.n_parameters) + LANES
    )


cdef inline real* outputs_of(const Network* net, real* workspace) noexcept nogil:
    """Outputs of all units [unit][lane], inputs first."""
    return workspace


cdef inline real* pre_activations_of(const Network* net, real* workspace) noexcept nogil:
    """Pre-activations [unit][lane]; those of the inputs are not used."""
    return workspace + net.n_units * TILE


cdef inline real* slopes_of(const Network* net, real* workspace) noexcept nogil:
    """f′ at the pre-activations [unit][lane]."""
    return workspace + 2 * net.n_units * TILE


cdef inline real* targets_of(const Network* net, real* workspace) noexcept nogil:
    """Targets [output][lane], then two matrices of deltas [unit of a layer][lane]."""
    return workspace + 3 * net.n_units * TILE


cdef inline real* rows_of(const Network* net, real* workspace) noexcept nogil:
    """One layer's inputs [sample][unit]."""
    return workspace + 3 * net.n_units * TILE + 3 * net.widest * TILE


cdef inline real* sums_of(const Network* net, real* workspace) noexcept nogil:
    """The padded gradient, and after it the gradient."""
    return workspace + 3 * net.n_units * TILE + 3 * net.widest * TILE + TILE * padded(net.widest + 1)


cdef inline void spread(
    const real* data, Py_ssize_t samples, Py_ssize_t columns, Py_ssize_t lanes, real* tile
) noexcept nogil:
    """Fill [column][lane] from rows that follow one another; a vector loop where `columns` is a constant."""
    cdef Py_ssize_t s, c
    for c in range(columns):
        for s in range(samples):
            tile[c * lanes + s] = data[s * columns + c]


cdef inline void load(
    const real* data, const Py_ssize_t* order, Py_ssize_t samples, Py_ssize_t columns, Py_ssize_t lanes, real* tile
) noexcept nogil:
    """Fill [column][lane] from rows of data, in the given order (NULL: as they come); lanes left over are zero."""
    cdef Py_ssize_t s, c
    cdef const real* row
    if order == NULL and columns == 1:
        spread(data, samples, 1, lanes, tile)
    elif order == NULL and columns == 2:
        spread(data, samples, 2, lanes, tile)
    elif order == NULL:
        spread(data, samples, columns, lanes, tile)
    else:
        for s in range(samples):
            row = data + order[s] * columns
            for c in range(columns):
                tile[c * lanes + s] = row[c]
    for c in range(columns):
        for s in range(samples, lanes):
            tile[c * lanes + s] = <real> 0


cdef inline void activate(const Layer* layer, const real* z, real* y, real* slope, Py_ssize_t lanes) noexcept nogil:
    """y = f(z), and slope = f′(z) unless it is NULL; softmax's slope is the diagonal of its derivative, y (1 − y)."""
    cdef char* args[MAX_VALUES + 3]
    cdef Py_ssize_t i
    cdef int k
    if layer.softmax:
        softmax_over_units(z, y, layer.n_out, lanes)
        if slope != NULL:
            for i in range(layer.n_out * lanes):
                slope[i] = y[i] * (<real> 1 - y[i])
        return
    args[0] = <char*> z
    for k in range(layer.n_values):
        args[1 + k] = <char*> (<const real*> layer.values + k)
    args[1 + layer.n_values] = <char*> y
    args[2 + layer.n_values] = <char*> slope
    if slope == NULL:
        compute(&layer.value, args, layer.n_out * lanes)
    else:
        compute(&layer.value_and_derivative, args, layer.n_out * lanes)


cdef inline void forward(
    const Network* net, const real* parameters, Py_ssize_t lanes, bint slopes, real* workspace
) noexcept nogil:
    """Compute every layer of the tile whose inputs are loaded."""
    cdef real* outputs = outputs_of(net, workspace)
    cdef real* z
    cdef real* slope
    cdef const Layer* layer
    cdef int k
    for k in range(net.n_layers):
        layer = &net.layers[k]
        z = pre_activations_of(net, workspace) + layer.first * lanes
        slope = slopes_of(net, workspace) + layer.first * lanes if slopes else NULL
        dense(parameters + layer.weights, layer.n_in, 1, parameters + layer.biases,
              outputs + (layer.first - layer.n_in) * lanes, z, layer.n_in, layer.n_out, lanes)
        activate(layer, z, outputs + layer.first * lanes, slope, lanes)


cdef inline const real* compared_with_targets(
    const Network* net, const Training* training, Py_ssize_t lanes, real* workspace
) noexcept nogil:
    """Return what the loss takes: the logits or the outputs of the last layer."""
    cdef Py_ssize_t first = net.layers[net.n_layers - 1].first * lanes
    if on_logits(training.loss):
        return pre_activations_of(net, workspace) + first
    return outputs_of(net, workspace) + first


cdef inline double tile_loss(
    const Network* net, const Training* training, const real* parameters, const real* x, const real* y,
    Py_ssize_t samples,
    real* workspace,
) noexcept nogil:
    """Sum of the loss over at most TILE samples."""
    cdef Py_ssize_t lanes = padded(samples)
    cdef real* targets = targets_of(net, workspace)
    load(x, NULL, samples, net.n_in, lanes, workspace)
    load(y, NULL, samples, net.n_out, lanes, targets)
    forward(net, parameters, lanes, False, workspace)
    return loss_sum(
        training.loss, <real> training.width, compared_with_targets(net, training, lanes, workspace), targets,
        targets + net.widest * TILE, net.n_out, samples, lanes
    )


cdef inline double sum_of_squares(
    const real* delta, Py_ssize_t units, Py_ssize_t samples, Py_ssize_t lanes
) noexcept nogil:
    """Σ delta² over the samples that are there."""
    cdef double total = 0.0
    cdef Py_ssize_t unit, s
    for unit in range(units):
        for s in range(samples):
            total += <double> delta[unit * lanes + s] * <double> delta[unit * lanes + s]
    return total


cdef inline void backward(
    const Network* net, const Training* training, const real* parameters, Py_ssize_t samples, Py_ssize_t lanes,
    real scale,
    bint add, double* squares, real* workspace,
) noexcept nogil:
    """Compute the padded gradient of scale · (sum of the loss over the tile), after `forward` with slopes.

    With `add` it goes on from that of earlier tiles. Unless it is NULL, squares[k] grows by the squared gradients with
    respect to the pre-activations of layer k.
    """
    cdef real* targets = targets_of(net, workspace)
    cdef real* delta = targets + net.widest * TILE
    cdef real* previous = delta + net.widest * TILE
    cdef real* slopes = slopes_of(net, workspace)
    cdef real* rows = rows_of(net, workspace)
    cdef const Layer* layer = &net.layers[net.n_layers - 1]
    cdef Py_ssize_t i
    cdef int k
    loss_gradient(
        training.loss, <real> training.width, compared_with_targets(net, training, lanes, workspace), targets, scale,
        delta, net.n_out, lanes
    )
    if not on_logits(training.loss):
        if layer.softmax:
            softmax_over_units_backward(outputs_of(net, workspace) + layer.first * lanes, delta, net.n_out, lanes)
        else:
            for i in range(net.n_out * lanes):
                delta[i] = delta[i] * slopes[layer.first * lanes + i]
    for k in range(net.n_layers - 1, -1, -1):
        layer = &net.layers[k]
        if squares != NULL:
            squares[k] += sum_of_squares(delta, layer.n_out, samples, lanes)
        transpose(outputs_of(net, workspace) + (layer.first - layer.n_in) * lanes, rows, layer.n_in, samples, lanes)
        dense_gradient(delta, rows, sums_of(net, workspace) + layer.sums, add, layer.n_in, layer.n_out, samples, lanes)
        if k > 0:
            dense(
                parameters + layer.weights, 1, layer.n_in, <const real*> NULL, delta, previous, layer.n_out, layer.n_in,
                lanes
            )
            for i in range(layer.n_in * lanes):
                previous[i] = previous[i] * slopes[(layer.first - layer.n_in) * lanes + i]
            delta, previous = previous, delta


cdef inline void batch_gradient(
    const Network* net, const Training* training, const real* parameters, const real* x, const real* y,
    const Py_ssize_t* order,
    Py_ssize_t samples, real* gradient, double* squares, real* workspace,
) noexcept nogil:
    """Gradient of the mean loss over a batch of any size, laid out as the parameters; `squares` as in `backward`."""
    cdef Py_ssize_t start, count, lanes, terms = samples
    cdef real* sums = sums_of(net, workspace)
    cdef const Py_ssize_t* tile_order
    cdef const Layer* layer
    cdef int k
    if training.loss != Loss.CATEGORICAL_CROSSENTROPY:
        terms = samples * net.n_out
    start = 0
    while start < samples:
        count = min(samples - start, <Py_ssize_t> TILE)
        lanes = padded(count)
        tile_order = order + start if order != NULL else NULL
        load(x if order != NULL else x + start * net.n_in, tile_order, count, net.n_in, lanes, workspace)
        load(y if order != NULL else y + start * net.n_out, tile_order, count, net.n_out, lanes,
             targets_of(net, workspace))
        forward(net, parameters, lanes, True, workspace)
        backward(net, training, parameters, count, lanes, <real> (1.0 / <double> terms), start > 0, squares, workspace)
        start += count
    for k in range(net.n_layers):
        layer = &net.layers[k]
        unpad_weights(sums + layer.sums, gradient + layer.weights, layer.n_in, layer.n_out)
    for k in range(net.n_layers):
        layer = &net.layers[k]
        unpad_biases(sums + layer.sums, gradient + layer.biases, layer.n_in, layer.n_out)


cdef inline void input_derivative(
    const Network* net, const real* parameters, Py_ssize_t samples, Py_ssize_t lanes, real* result, real* workspace
) noexcept nogil:
    """result[sample][output][input] = ∂output/∂input over a tile, after `forward` with slopes."""
    cdef real* delta = targets_of(net, workspace)
    cdef real* previous = delta + net.widest * TILE
    cdef real* slopes = slopes_of(net, workspace)
    cdef const real* y
    cdef const Layer* layer
    cdef Py_ssize_t o, i, s
    cdef int k
    for o in range(net.n_out):
        layer = &net.layers[net.n_layers - 1]
        y = outputs_of(net, workspace) + layer.first * lanes
        for i in range(net.n_out):
            for s in range(lanes):
                delta[i * lanes + s] = slopes[(layer.first + i) * lanes + s] if i == o else (
                    -y[i * lanes + s] * y[o * lanes + s] if layer.softmax else <real> 0
                )
        for k in range(net.n_layers - 1, -1, -1):
            layer = &net.layers[k]
            dense(
                parameters + layer.weights, 1, layer.n_in, <const real*> NULL, delta, previous, layer.n_out, layer.n_in,
                lanes
            )
            if k > 0:
                for i in range(layer.n_in * lanes):
                    previous[i] = previous[i] * slopes[(layer.first - layer.n_in) * lanes + i]
            delta, previous = previous, delta
        for s in range(samples):
            for i in range(net.n_in):
                result[(s * net.n_out + o) * net.n_in + i] = delta[i * lanes + s]


cdef inline uint64_t scrambled(uint64_t z) noexcept nogil:
    """Mix the bits of a counter: the output function of SplitMix64 (Steele, Lea, Flood 2014)."""
    z = (z ^ (z >> 30)) * <uint64_t> 0xBF58476D1CE4E5B9
    z = (z ^ (z >> 27)) * <uint64_t> 0x94D049BB133111EB
    return z ^ (z >> 31)


cdef inline void shuffle(Training* training) noexcept nogil:
    """Put the samples into the order of this epoch, which seed and epoch alone decide."""
    cdef Py_ssize_t* order = training.order
    cdef Py_ssize_t i, j
    cdef uint64_t counter = scrambled(training.seed + scrambled(<uint64_t> training.epoch + 1))
    for i in range(training.n_samples):
        order[i] = i
    for i in range(training.n_samples - 1, 0, -1):
        counter += <uint64_t> 0x9E3779B97F4A7C15
        j = <Py_ssize_t> (((scrambled(counter) >> 32) * <uint64_t> (i + 1)) >> 32)
        order[i], order[j] = order[j], order[i]


cdef inline int failed_layer(
    const Network* net, const real* parameters, Py_ssize_t lanes, real* workspace
) noexcept nogil:
    """Return the first layer whose outputs overflowed in the last tile, else the last whose parameters would."""
    cdef const Layer* layer
    cdef int k
    for k in range(net.n_layers):
        layer = &net.layers[k]
        if not all_finite(outputs_of(net, workspace) + layer.first * lanes, layer.n_out * lanes):
            return k
    for k in range(net.n_layers - 1, -1, -1):
        layer = &net.layers[k]
        if not all_finite(parameters + layer.weights, layer.n_in * layer.n_out):
            return k
        if not all_finite(parameters + layer.biases, layer.n_out):
            return k
    return -1


cdef inline Py_ssize_t train(
    const Network* net, Training* training, real* parameters, const real* x, const real* y, Py_ssize_t steps,
    real* moments,
    real* workspace,
) noexcept nogil:
    """Do up to `steps` steps and return how many were done; fewer only where a number was not finite.

    The parameters and the position in the data are then those after the last good step, and the moments start anew.
    """
    cdef Py_ssize_t done, count
    cdef Py_ssize_t n = net.n_parameters
    cdef real* gradient = sums_of(net, workspace) + net.n_sums
    training.failed_layer = -1
    for done in range(steps):
        if training.position == 0:
            shuffle(training)
        count = min(training.batch_size, training.n_samples - training.position)
        batch_gradient(
            net, training, parameters, x, y, training.order + training.position, count, gradient, <double*> NULL,
            workspace
        )
        penalise(&training.rules, parameters, gradient, net.n_weights)
        clip(&training.rules, gradient, n)
        optimise(&training.rules, training.step, parameters, gradient, moments, moments + n, n, net.n_weights)
        if not subtract(parameters, gradient, n):
            training.failed_layer = failed_layer(net, gradient, padded((count - 1) % TILE + 1), workspace)
            memset(moments, 0, 2 * n * sizeof(real))
            training.rules.beta1_power = training.rules.beta2_power = 1.0
            return done
        memcpy(parameters, gradient, n * sizeof(real))
        training.step += 1
        training.position += count
        if training.position >= training.n_samples:
            training.position = 0
            training.epoch += 1
    return steps
