"""A small dense network as C data, for modules that drive it without the GIL."""
from actcore._kernels.training cimport Network, NetworkBlocks

#: n zeros that begin at a cache line
cdef object aligned(Py_ssize_t n, object dtype)


cdef class MLP:
    cdef Network net                  # whoever leaves the GIL takes a copy: `set_activation` replaces layers in place
    cdef const NetworkBlocks* blocks  # kernels of this network's dtype
    cdef list layer_activations
    cdef readonly object dtype
    cdef readonly object parameters
    cdef readonly object weights
    cdef readonly object biases
    cdef readonly object init
    cdef readonly object init_scale
    cdef readonly object seed
    cdef void* parameter_data(self) noexcept
    cdef double cost(self) noexcept
