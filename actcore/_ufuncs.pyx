"""A real ``numpy.ufunc`` for every activation and kind, built from the table of loops at import.

Each is an attribute of this module under its own name (``gelu``, ``gelu_derivative`` ...), so that it pickles by name.
"""
cimport numpy as cnp
from libc.stdlib cimport malloc

import contextlib

import numpy as np

from actcore cimport loops
from actcore._build.blocks import DTYPES, function_name, kinds_of
from actcore.interrupts cimport interrupted, slice_length
from actcore.registry import ROWS

cnp.import_array()
cnp.import_ufunc()

include "programs.pxi"

cdef enum:
    MAX_ARGUMENTS = 12

_alive = []  # NumPy keeps pointers to names and docs


cdef void elementwise(char** args, cnp.npy_intp* dimensions, cnp.npy_intp* steps, void* data) noexcept nogil:
    """Inner loop of every element-wise ufunc; a long one can be interrupted between its slices."""
    cdef const loops.Loop* loop = <const loops.Loop*> data
    cdef Py_ssize_t left = dimensions[0], length = slice_length(loop.cost, 1)
    cdef char* rest[MAX_ARGUMENTS]
    cdef int k, n_args = loop.n_inputs + loop.n_parameters + loop.n_outputs
    for k in range(n_args):
        rest[k] = args[k]
    while left > length:
        loops.run(loop, rest, length, <const Py_ssize_t*> steps)
        for k in range(n_args):
            rest[k] += length * steps[k]
        left -= length
        if interrupted():  # NumPy finds the exception after the inner loop
            return
    loops.run(loop, rest, left, <const Py_ssize_t*> steps)


cdef _register(str name, list addresses, int n_inputs, int n_parameters, int nout):
    """Create the ufunc `name` with one loop per dtype and make it an attribute of this module.

    The parameters of a 16-bit loop are float32: rounding 0.01 to 8 or 11 bits would cost more accuracy than the result has.
    """
    cdef int nin = n_inputs + n_parameters
    cdef int n_loops = len(addresses)
    cdef int n_args = nin + nout
    cdef cnp.PyUFuncGenericFunction* functions = <cnp.PyUFuncGenericFunction*> malloc(n_loops * sizeof(void*))
    cdef void** data = <void**> malloc(n_loops * sizeof(void*))
    cdef char* types = <char*> malloc(n_loops * n_args)
    cdef int i, k
    if functions is NULL or data is NULL or types is NULL:
        raise MemoryError("no memory for the table of ufuncs")
    for i, (dtype, address) in enumerate(addresses):
        # The cast: NumPy's header has const pointers where its .pxd has not.
        functions[i] = <cnp.PyUFuncGenericFunction> elementwise
        data[i] = <void*> <size_t> address
        for k in range(n_args):
            is_parameter = n_inputs <= k < nin
            types[i * n_args + k] = np.dtype("float32" if is_parameter and dtype == "float16" else dtype).num
    encoded = name.encode()
    _alive.append(encoded)
    cdef char* name_pointer = encoded
    ufunc = cnp.PyUFunc_FromFuncAndData(
        functions, data, types, n_loops, nin, nout, cnp.PyUFunc_None, name_pointer, NULL, 0
    )
    if hasattr(ufunc, "__dict__"):  # NumPy 2.2; before it, pickle searches every module for the name
        ufunc.__module__ = __name__
    globals()[name] = ufunc


def define(row):
    """Make the ufuncs of a row whose loops are known: one for each kind."""
    for kind in kinds_of(row):
        addresses = [(dtype, <size_t> loops.find(row.name, kind.name, dtype)) for dtype in ("float16", *DTYPES)]
        name = function_name(row.name, kind.name)
        _register(name, addresses, len(kind.inputs), len(row.parameters), len(kind.outputs))
        if _bfloat16 is not None:
            _register_bfloat16(row, kind)


def _register_bfloat16(row, kind):
    """Give an element-wise ufunc a loop for bfloat16, the dtype of the ml_dtypes package; parameters are float32."""
    cdef int number = np.dtype(_bfloat16).num
    cdef int types[24]
    cdef int k
    ufunc = globals()[function_name(row.name, kind.name)]
    first, last = len(kind.inputs), len(kind.inputs) + len(row.parameters)
    for k in range(ufunc.nargs):
        types[k] = cnp.NPY_FLOAT if first <= k < last else number
    if cnp.PyUFunc_RegisterLoopForType(
        ufunc, number, <cnp.PyUFuncGenericFunction> elementwise, types, <void*> loops.find(row.name, kind.name, "bfloat16")
    ) < 0:
        raise RuntimeError(f"NumPy refused a bfloat16 loop for {row.name}")


_bfloat16 = None
with contextlib.suppress(ImportError):
    from ml_dtypes import bfloat16 as _bfloat16
for _row in ROWS:
    define(_row)
