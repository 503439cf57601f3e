"""Ctrl-C in long calls: between slices of about a tenth of a second a call looks whether somebody wants it to stop."""

cdef extern from "Python.h":
    int PyErr_CheckSignals() noexcept  # an exception that it sets stays set, for the caller to find


cdef inline Py_ssize_t slice_length(double nanoseconds, int threads) noexcept nogil:
    """How many items make a slice, of which each takes a thread so long."""
    return 1 + <Py_ssize_t> (1e8 * threads / (nanoseconds + 0.01))


cdef inline bint interrupted() noexcept nogil:
    """Tell whether to stop, with the exception set; not in a parallel region."""
    with gil:
        return PyErr_CheckSignals() != 0


cdef inline int raise_interrupt() except -1:
    """Raise the exception that ``interrupted`` has set."""
    return -1
