"""The table that every instruction set's module exports: registry rows x kinds x dtypes, in the order of ``_build/blocks.py``."""

#: args: inputs, parameters, outputs; each contiguous (a parameter is one value in the scalar variant).
ctypedef void (*Block)(char** args, Py_ssize_t n) noexcept nogil

cdef struct Entry:
    Block scalar
    Block array  # NULL for a function without parameters
