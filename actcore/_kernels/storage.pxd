"""The 16-bit formats numbers are stored in: conversions to and from float32, in which the mathematics runs.

Widening is exact; narrowing rounds to nearest, ties to even, into the subnormals, and keeps NaN a NaN.
"""
from libc.stdint cimport uint16_t, uint32_t

cdef extern from *:
    """
    #ifndef ACTCORE_STORAGE
    #define ACTCORE_STORAGE
    static inline float actcore_as_float(uint32_t i) { float x; __builtin_memcpy(&x, &i, 4); return x; }
    static inline uint32_t actcore_as_bits(float x) { uint32_t i; __builtin_memcpy(&i, &x, 4); return i; }
    #endif
    """
    float as_float "actcore_as_float"(uint32_t) noexcept nogil
    uint32_t as_bits "actcore_as_bits"(float) noexcept nogil


cdef inline float widen_float16(uint16_t half) noexcept nogil:
    """Return the value of a float16."""
    cdef uint32_t magnitude = half & 0x7FFF
    # Read as a float32 the bits mean 2^-112 of their value, subnormals included; the product is exact.
    cdef uint32_t finite = as_bits(as_float(magnitude << 13) * as_float(0x77800000))
    cdef uint32_t special = (magnitude << 13) | 0x7F800000
    return as_float(((<uint32_t> half & 0x8000) << 16) | (special if magnitude >= 0x7C00 else finite))


cdef inline uint16_t narrow_float16(float x) noexcept nogil:
    """Return the nearest float16."""
    cdef uint32_t bits = as_bits(x)
    cdef uint32_t magnitude = bits & 0x7FFFFFFF
    cdef uint32_t normal = (magnitude + 0xFFF + ((magnitude >> 13) & 1) - 0x38000000) >> 13
    # Below 2^-14: in the sum with 1/2 the last place is that of a float16 subnormal, so the addition rounds as wanted.
    cdef uint32_t subnormal = as_bits(as_float(magnitude) + as_float(0x3F000000)) - 0x3F000000
    cdef uint32_t finite = subnormal if magnitude < 0x38800000 else normal
    cdef uint32_t special = 0x7E00 if magnitude > 0x7F800000 else 0x7C00
    return <uint16_t> (((bits >> 16) & 0x8000) | (special if magnitude >= 0x477FF000 else finite))


cdef inline float widen_bfloat16(uint16_t bfloat) noexcept nogil:
    """Return the value of a bfloat16: the upper half of a float32."""
    return as_float(<uint32_t> bfloat << 16)


cdef inline uint16_t narrow_bfloat16(float x) noexcept nogil:
    """Return the nearest bfloat16."""
    cdef uint32_t bits = as_bits(x)
    cdef uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    cdef uint32_t quiet = (bits >> 16) | 0x40
    return <uint16_t> (quiet if (bits & 0x7FFFFFFF) > 0x7F800000 else rounded)


cdef inline double widen_float32(float x) noexcept nogil:
    """Return the same number in float64."""
    return x


cdef inline float narrow_float32(double x) noexcept nogil:
    """Return the nearest float32."""
    return <float> x
