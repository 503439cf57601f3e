"""FastCall: forward a call to a ufunc without packing its arguments into a tuple and a dict.

On ten elements a call of ``np.tanh`` takes about 250 ns; a Python-level ``__call__`` that takes and passes keywords adds 200 ns.
CPython's vectorcall protocol adds about 20. Whatever is not the plain case goes to ``__call__`` of the subclass: a parameter
given by keyword, a wrong number of arrays, a large scattered array, a TypeError of the ufunc (to be explained, or to be dispatched
to a foreign kind of array).
"""
from cpython.exc cimport PyErr_Clear, PyErr_ExceptionMatches
from cpython.object cimport PyObject

cimport numpy as cnp

from actcore._strided cimport is_scattered

cnp.import_array()

cdef extern from "Python.h":
    ctypedef PyObject* (*vectorcallfunc)(PyObject*, PyObject* const*, size_t, PyObject*) except NULL
    ctypedef struct PyTypeObject:
        Py_ssize_t tp_vectorcall_offset
        unsigned long tp_flags
    unsigned long Py_TPFLAGS_HAVE_VECTORCALL
    Py_ssize_t PyVectorcall_NARGS(size_t)
    void PyType_Modified(PyTypeObject*)
    void Py_INCREF(PyObject*)
    PyObject* PyObject_Vectorcall(PyObject*, PyObject* const*, size_t, PyObject*)

cdef enum:
    MAX_ARGUMENTS = 24


cdef class FastCall:
    """A callable over a ufunc with bound trailing arguments; the subclass's ``__call__`` handles everything but the plain case.

    Parameters
    ----------
    ufunc : numpy.ufunc
        What is called.
    names : sequence of str
        The keywords of the bound arguments.
    values : sequence
        Their values, passed after the arrays.
    """

    cdef vectorcallfunc vectorcall
    cdef readonly object ufunc
    cdef tuple names
    cdef tuple values
    cdef Py_ssize_t n_arrays

    def __cinit__(self, *args, **kwargs):
        self.vectorcall = forward

    def __init__(self, ufunc, names, values):
        self.ufunc = ufunc
        self.names = tuple(names)
        self.values = tuple(values)
        self.n_arrays = ufunc.nin - len(self.values)


def forwarding(cls):
    """Class decorator: give a subclass of FastCall the vectorcall protocol.

    A class that defines ``__call__`` does not inherit the protocol, because usually that would bypass it; here that is the point.
    """
    cdef PyTypeObject* type_object = <PyTypeObject*> <PyObject*> cls
    type_object.tp_vectorcall_offset = vectorcall_offset
    type_object.tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL
    PyType_Modified(type_object)
    return cls


cdef bint speaks_dlpack(object x):
    """Tell whether `x` is an array-API object, which NumPy would silently turn into an array of its own."""
    return not cnp.PyArray_CheckExact(x) and hasattr(x, "__dlpack__") and not hasattr(x, "__array_ufunc__")


cdef PyObject* forward(PyObject* callable, PyObject* const* args, size_t flagged_count, PyObject* kwnames) except NULL:
    """Call the ufunc with the bound values between the arrays and the keyword arguments."""
    cdef FastCall self = <FastCall> <object> callable
    cdef Py_ssize_t n = PyVectorcall_NARGS(flagged_count)
    cdef Py_ssize_t n_keywords = 0 if kwnames is NULL else len(<tuple> <object> kwnames)
    cdef Py_ssize_t n_bound = len(self.values)
    cdef PyObject* stack[MAX_ARGUMENTS]
    cdef PyObject* result = NULL
    cdef Py_ssize_t k
    cdef bint plain = n == self.n_arrays and n + n_bound + n_keywords <= MAX_ARGUMENTS
    if plain and n_bound and n_keywords:
        for name in <tuple> <object> kwnames:
            plain = plain and name not in self.names
    if plain and n:
        plain = not is_scattered(<object> args[0])
        for k in range(n):
            plain = plain and not speaks_dlpack(<object> args[k])
    if plain:
        if n_bound == 0:
            result = PyObject_Vectorcall(<PyObject*> self.ufunc, args, n, kwnames)
        else:
            for k in range(n):
                stack[k] = args[k]
            for k in range(n_bound):
                stack[n + k] = <PyObject*> self.values[k]
            for k in range(n_keywords):
                stack[n + n_bound + k] = args[n + k]
            result = PyObject_Vectorcall(<PyObject*> self.ufunc, stack, n + n_bound, kwnames)
        if result is not NULL:
            return result
        # NotImplementedError: a lazy array, of a call with two results.
        if not PyErr_ExceptionMatches(TypeError) and not PyErr_ExceptionMatches(NotImplementedError):
            return NULL
        PyErr_Clear()
    positional = tuple([<object> args[k] for k in range(n)])
    keywords = {(<tuple> <object> kwnames)[k]: <object> args[n + k] for k in range(n_keywords)}
    slow = (<object> callable).__call__(*positional, **keywords)
    Py_INCREF(<PyObject*> slow)
    return <PyObject*> slow


cdef Py_ssize_t _find_offset():
    """Return where in an instance the vectorcall pointer lies."""
    cdef FastCall instance = FastCall.__new__(FastCall)
    return <char*> &instance.vectorcall - <char*> <PyObject*> instance


cdef Py_ssize_t vectorcall_offset = _find_offset()
