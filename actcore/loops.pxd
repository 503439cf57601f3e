"""OpenMP-parallel loops over typed memoryviews, for ``cimport``.

A loop is looked up once by name, which may raise, and then applied without the GIL as often as wanted::

    from actcore cimport loops
    cdef const loops.Loop* loop = loops.find("gelu", "value", "float32")
    with nogil:
        loops.apply(loop, x, y)            # x, y: 1-D memoryviews of float or double, any stride; y may be x
"""
from actcore._kernels.table cimport Block, Kernel

ctypedef fused real:
    float
    double

cdef struct Loop:
    Kernel scalar  # parameters: one value each
    Kernel array  # parameters: one value per element; nothing without parameters
    int n_inputs
    int n_parameters
    int n_outputs
    int itemsize  # bytes of a number in the blocks and of a parameter in memory
    int storage  # bytes of an input or output in memory: 2 for the 16-bit formats
    Block widen  # 16-bit to float32; NULL for float32 and float64
    Block narrow
    double cost  # nanoseconds per element on one thread, roughly

#: A block that is no activation's: a conversion between formats, or the arithmetic of formulas.
cdef Block plain(str name) except NULL
#: Make the loops of one kind of a function known, for every dtype; the 16-bit ones are made from float32's.
cdef add(str name, str kind, Kernel[2] single, Kernel[2] double_, int n_inputs, int n_parameters, int n_outputs, double cost)
#: The loop of an element-wise activation. `kind`: value, derivative, second_derivative, backward, value_and_derivative.
#: `dtype`: float32, float64; float16 and bfloat16 for ``run`` only, with parameters in float32.
cdef const Loop* find(str name, str kind, str dtype) except NULL

#: Element i of argument k lies at args[k] + i * steps[k]; a step of 0 broadcasts. Arguments: inputs, parameters, outputs.
cdef void run(const Loop* loop, char** args, Py_ssize_t n, const Py_ssize_t* steps) noexcept nogil
#: The same for elements start to start + n, on the calling thread.
cdef void run_part(const Loop* loop, char** args, Py_ssize_t start, Py_ssize_t n, const Py_ssize_t* steps) noexcept nogil
#: Copy n items of 2, 4 or 8 bytes between strides; a source step of 0 repeats one item.
cdef void copy(
    const char* source, Py_ssize_t source_step, char* target, Py_ssize_t target_step, Py_ssize_t n, int itemsize
) noexcept nogil

#: Memoryviews of equal length (the shortest counts). `parameters`: the loop's parameters in registry order, NULL without.
cdef void apply(const Loop* loop, const real[:] x, real[:] y, const real* parameters=*) noexcept nogil
cdef void apply_pair(const Loop* loop, const real[:] x, real[:] y, real[:] dy, const real* parameters=*) noexcept nogil
cdef void apply_backward(const Loop* loop, const real[:] x, const real[:] g, real[:] gx, const real* parameters=*) noexcept nogil
