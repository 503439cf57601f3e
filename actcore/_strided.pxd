"""Large scattered arrays in parallel."""

cdef bint is_scattered(object x) noexcept
