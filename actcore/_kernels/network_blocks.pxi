

# --- small networks: actcore/_kernels/training.pxd for both dtypes ---

from actcore._kernels cimport training as network_training
from actcore._kernels.training cimport Network, NetworkBlocks, Training


cdef void network_forward_float32(
    const Network* net, const void* parameters, const void* x, Py_ssize_t samples, bint slopes, void* workspace
) noexcept nogil:
    cdef Py_ssize_t lanes = network_training.padded(samples)
    network_training.load(<const float*> x, NULL, samples, net.n_in, lanes, <float*> workspace)
    network_training.forward(net, <const float*> parameters, lanes, slopes, <float*> workspace)


cdef double network_loss_float32(
    const Network* net, const Training* training, const void* parameters, const void* x, const void* y, Py_ssize_t samples,
    void* workspace,
) noexcept nogil:
    return network_training.tile_loss(
        net, training, <const float*> parameters, <const float*> x, <const float*> y, samples, <float*> workspace
    )


cdef void network_gradient_float32(
    const Network* net, const Training* training, const void* parameters, const void* x, const void* y, Py_ssize_t samples,
    void* gradient, double* squares, void* workspace,
) noexcept nogil:
    network_training.batch_gradient(
        net, training, <const float*> parameters, <const float*> x, <const float*> y, NULL, samples, <float*> gradient, squares,
        <float*> workspace
    )


cdef void network_input_derivative_float32(
    const Network* net, const void* parameters, const void* x, Py_ssize_t samples, void* result, void* workspace
) noexcept nogil:
    network_forward_float32(net, parameters, x, samples, True, workspace)
    network_training.input_derivative(
        net, <const float*> parameters, samples, network_training.padded(samples), <float*> result, <float*> workspace
    )


cdef Py_ssize_t network_train_float32(
    const Network* net, Training* training, void* parameters, const void* x, const void* y, Py_ssize_t steps, void* moments,
    void* workspace,
) noexcept nogil:
    return network_training.train(
        net, training, <float*> parameters, <const float*> x, <const float*> y, steps, <float*> moments, <float*> workspace
    )


cdef void network_forward_float64(
    const Network* net, const void* parameters, const void* x, Py_ssize_t samples, bint slopes, void* workspace
) noexcept nogil:
    cdef Py_ssize_t lanes = network_training.padded(samples)
    network_training.load(<const double*> x, NULL, samples, net.n_in, lanes, <double*> workspace)
    network_training.forward(net, <const double*> parameters, lanes, slopes, <double*> workspace)


cdef double network_loss_float64(
    const Network* net, const Training* training, const void* parameters, const void* x, const void* y, Py_ssize_t samples,
    void* workspace,
) noexcept nogil:
    return network_training.tile_loss(
        net, training, <const double*> parameters, <const double*> x, <const double*> y, samples, <double*> workspace
    )


cdef void network_gradient_float64(
    const Network* net, const Training* training, const void* parameters, const void* x, const void* y, Py_ssize_t samples,
    void* gradient, double* squares, void* workspace,
) noexcept nogil:
    network_training.batch_gradient(
        net, training, <const double*> parameters, <const double*> x, <const double*> y, NULL, samples, <double*> gradient, squares,
        <double*> workspace
    )


cdef void network_input_derivative_float64(
    const Network* net, const void* parameters, const void* x, Py_ssize_t samples, void* result, void* workspace
) noexcept nogil:
    network_forward_float64(net, parameters, x, samples, True, workspace)
    network_training.input_derivative(
        net, <const double*> parameters, samples, network_training.padded(samples), <double*> result, <double*> workspace
    )


cdef Py_ssize_t network_train_float64(
    const Network* net, Training* training, void* parameters, const void* x, const void* y, Py_ssize_t steps, void* moments,
    void* workspace,
) noexcept nogil:
    return network_training.train(
        net, training, <double*> parameters, <const double*> x, <const double*> y, steps, <double*> moments, <double*> workspace
    )


cdef NetworkBlocks[2] network_blocks
network_blocks[0] = NetworkBlocks(
    network_forward_float32, network_loss_float32, network_gradient_float32, network_input_derivative_float32, network_train_float32
)
network_blocks[1] = NetworkBlocks(
    network_forward_float64, network_loss_float64, network_gradient_float64, network_input_derivative_float64, network_train_float64
)
network = PyCapsule_New(<void*> network_blocks, "actcore.network", NULL)
