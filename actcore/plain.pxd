"""Plain arrays: of exactly NumPy's own type, contiguous, aligned, in native byte order. A loop can take them as they are."""
cimport numpy as cnp


cdef inline bint is_plain(object x, object like, int flags) noexcept:
    """Tell whether `x` is an array with these flags and with the shape and dtype of another array."""
    if not cnp.PyArray_CheckExact(x) or not cnp.PyArray_CHKFLAGS(x, flags) or not cnp.PyArray_ISNOTSWAPPED(x):
        return False
    return cnp.PyArray_TYPE(x) == cnp.PyArray_TYPE(like) and cnp.PyArray_SAMESHAPE(x, like)


cdef inline bint is_floating(object x) noexcept:
    """Tell whether `x` is a plain array, not of 0 dimensions, of a type that the blocks compute in."""
    if not cnp.PyArray_CheckExact(x) or cnp.PyArray_NDIM(x) == 0:
        return False
    return is_plain(x, x, cnp.NPY_ARRAY_CARRAY_RO) and cnp.PyArray_TYPE(x) in (cnp.NPY_FLOAT, cnp.NPY_DOUBLE)


cdef inline bint overlap(const char* a, const char* b, Py_ssize_t size) noexcept nogil:
    """Tell whether two different stretches of memory of this size share some of it."""
    return a != b and a - b < size and b - a < size
