"""What a network's training and evaluation share, for modules that drive it without the GIL."""
from actcore._kernels.training cimport Network, NetworkBlocks, Training
from actcore.network cimport MLP

#: The mean loss over n samples; `workspaces`: one per thread, `sums`: one number per tile.
cdef double mean_loss(
    const Network* net, const Training* training, const NetworkBlocks* blocks, const void* parameters,
    const char* x, const char* y, Py_ssize_t n, int itemsize, char* workspaces, double* sums, int threads,
) noexcept nogil


cdef class Objective:
    cdef readonly MLP net
    cdef Training state
    cdef object x, y  # owners of the data below
    cdef const NetworkBlocks* blocks
    cdef void* parameters
    cdef char* x_data
    cdef char* y_data
    cdef tuple _checked(self, object X, object y)
    cdef tuple _gradient(self, object X, object y)
    cdef tuple _data(self, object X, object y)
    cdef double _mean_loss(self, object samples, object targets) except? -1.0
