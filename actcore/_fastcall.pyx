"""FastCall: a call by the shortest way that does it.

The shortest: plain arrays go to the loop at once, past the ufunc, whose look at types, casts and overlaps takes 200 ns and more.
The next: the ufunc, without packing the arguments into a tuple and a dict, which would take as long again. Whatever else there is
goes to ``__call__`` of the subclass: a parameter given by keyword, a wrong number of arrays, a large scattered array, a TypeError
or ValueError of the ufunc (to be explained, or to be dispatched to a foreign kind of array).
"""
from cpython.exc cimport PyErr_Clear, PyErr_ExceptionMatches
from cpython.object cimport PyObject

cimport numpy as cnp

from actcore cimport loops
from actcore._strided cimport is_scattered
from actcore.plain cimport is_floating, is_plain, overlap

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
    MAX_PARAMETERS = 8
    MAX_ARRAYS = 4
    LONGEST = 1 << 20  # elements of a direct call: a longer one gains nothing, and the ufunc's can be interrupted
    KEEPS_GIL = 1000  # up to so many elements it is not worth giving the interpreter away


cdef struct Values:
    float[MAX_PARAMETERS] single
    double[MAX_PARAMETERS] double_


cdef bint bind(Values* values, int position, object value):
    """Put a parameter's value in its place, if it is a number that both dtypes can hold."""
    if type(value) not in (int, float) or not abs(value) < 3e38:
        return False
    values.double_[position] = value
    values.single[position] = <float> values.double_[position]
    return True


cdef class FastCall:
    """A callable over a ufunc with bound trailing arguments; the subclass's ``__call__`` handles everything but the plain case.

    Parameters
    ----------
    ufunc : numpy.ufunc
        What is called.
    parameters : sequence of actcore.registry.Parameter
        The bound arguments.
    values : sequence
        Their values, passed after the arrays.
    row, kind : str
        Which loop is the ufunc's.
    """

    cdef vectorcallfunc vectorcall
    cdef readonly object ufunc
    cdef tuple parameters
    cdef tuple names
    cdef tuple values
    cdef Py_ssize_t n_arrays
    cdef const loops.Loop* single
    cdef const loops.Loop* double_
    cdef Values bound
    cdef bint by_number  # every bound value is a number that both dtypes can hold

    def __cinit__(self, *args, **kwargs):
        self.vectorcall = forward

    def __init__(self, ufunc, parameters, values, str row, str kind):
        cdef int k
        self.ufunc = ufunc
        self.parameters = tuple(parameters)
        self.names = tuple([parameter.name for parameter in self.parameters])
        self.values = tuple(values)
        self.n_arrays = ufunc.nin - len(self.values)
        self.single = loops.find(row, kind, "float32")
        self.double_ = loops.find(row, kind, "float64")
        self.by_number = True
        for k in range(len(self.values)):
            self.by_number = self.by_number and bind(&self.bound, k, self.values[k])


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


cdef object direct(FastCall self, PyObject* const* arrays, PyObject* kwnames):
    """Run the loop on plain arrays of one shape and dtype, and return what the call returns; None where that cannot be done."""
    cdef char* args[MAX_ARRAYS + MAX_PARAMETERS]
    cdef Py_ssize_t steps[MAX_ARRAYS + MAX_PARAMETERS]
    cdef object x = <object> arrays[0], out = None, result
    cdef const loops.Loop* loop
    cdef Values values = self.bound
    cdef Py_ssize_t n
    cdef int i, k, output
    if not self.by_number or not is_floating(x) or cnp.PyArray_SIZE(x) > LONGEST:
        return None
    for k in range(0 if kwnames is NULL else len(<tuple> <object> kwnames)):
        name, value = (<tuple> <object> kwnames)[k], <object> arrays[self.n_arrays + k]
        if name == "out":
            out = value
        elif name not in self.names:
            return None
        else:
            i = self.names.index(name)
            if not bind(&values, i, value) or not self.parameters[i].accepts(value):
                return None
    result = out
    n = cnp.PyArray_SIZE(x)
    loop = self.single if cnp.PyArray_TYPE(x) == cnp.NPY_FLOAT else self.double_
    output = loop.n_inputs + loop.n_parameters
    for k in range(1, loop.n_inputs):
        if not is_plain(<object> arrays[k], x, cnp.NPY_ARRAY_CARRAY_RO):
            return None
    if out is None:
        made = [cnp.PyArray_EMPTY(cnp.PyArray_NDIM(x), cnp.PyArray_DIMS(x), cnp.PyArray_TYPE(x), 0) for _ in range(loop.n_outputs)]
        result = made[0] if loop.n_outputs == 1 else tuple(made)
    if loop.n_outputs > 1 and (type(result) is not tuple or len(<tuple> result) != loop.n_outputs):
        return None
    for k in range(output + loop.n_outputs):
        steps[k] = loop.itemsize
        if k < loop.n_inputs:
            args[k] = <char*> cnp.PyArray_DATA(<object> arrays[k])
        elif k < output:
            steps[k] = 0
            i = k - loop.n_inputs
            args[k] = <char*> &values.single[i] if loop is self.single else <char*> &values.double_[i]
        else:
            target = result if loop.n_outputs == 1 else (<tuple> result)[k - output]
            if out is not None and not is_plain(target, x, cnp.NPY_ARRAY_CARRAY):
                return None
            args[k] = <char*> cnp.PyArray_DATA(target)
            for i in range(k):
                if i < loop.n_inputs and overlap(args[i], args[k], n * loop.itemsize):
                    return None
                if i >= output and (args[i] == args[k] or overlap(args[i], args[k], n * loop.itemsize)):
                    return None
    if n <= KEEPS_GIL:
        loops.run(loop, args, n, steps)
    else:
        with nogil:
            loops.run(loop, args, n, steps)
    return result


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
    if plain:
        done = direct(self, args, kwnames)
        if done is not None:
            Py_INCREF(<PyObject*> done)
            return <PyObject*> done
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
        # ValueError: shapes that do not fit. NotImplementedError: a lazy array, of a call with two results.
        if not (
            PyErr_ExceptionMatches(TypeError) or PyErr_ExceptionMatches(ValueError) or PyErr_ExceptionMatches(NotImplementedError)
        ):
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
