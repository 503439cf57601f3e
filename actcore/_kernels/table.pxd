"""The table that every instruction set's module exports: registry rows x kinds x dtypes, in the order of ``_build/blocks.py``."""

#: args: inputs, parameters, outputs; each contiguous (a parameter is one value in the scalar variant).
ctypedef void (*Block)(char** args, Py_ssize_t n) noexcept nogil

cdef struct Entry:
    Block scalar
    Block array  # NULL for a function without parameters

#: What a formula is compiled into is run instead of a block (``programs.pxi``).
ctypedef void (*Runner)(const void* program, char** args, Py_ssize_t n) noexcept nogil

cdef struct Kernel:
    Block block  # NULL: there is a program
    Runner runner
    const void* program

cdef inline void compute(const Kernel* kernel, char** args, Py_ssize_t n) noexcept nogil:
    if kernel.block is not NULL:
        kernel.block(args, n)
    else:
        kernel.runner(kernel.program, args, n)
