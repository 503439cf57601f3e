"""Logarithms of quotients, from the difference of their bits, and log(1 - exp(-x)).

What is declared double is for float64, and for float32 after widening.
"""

from actcore._kernels.activations cimport logistic_ceiling
from actcore._kernels.elementary cimport exp_tail_exact, fabs, fma, fused, largest, real, remainder, smallest, tail_clamp, unscale

cdef extern from *:
    """
    #include <stdint.h>
    #ifndef ACTCORE_LOGARITHM
    #define ACTCORE_LOGARITHM
    /* 2^-k and k for the difference b of two numbers' bits: k is what stands in the exponent's place. */
    static inline double actcore_power_from_bits(uint64_t b, double *k) {
        uint64_t s = UINT64_C(0x3FF0000000000000) - (b & UINT64_C(0xFFF0000000000000)); double y;
        b = ((b + UINT64_C(0x4000000000000000)) >> 52) | UINT64_C(0x4330000000000000);
        __builtin_memcpy(&y, &b, 8);
        *k = y - 4503599627371520.0;
        __builtin_memcpy(&y, &s, 8);
        return y;
    }
    /* 2^-k for the k that brings q 2^-k into [sqrt(1/2), sqrt(2)), and k itself; q is positive and normal. */
    static inline double actcore_inverse_power(double q, double *k) {
        uint64_t b;
        __builtin_memcpy(&b, &q, 8);
        return actcore_power_from_bits(b - UINT64_C(0x3FE6A09E667F3BCD), k);
    }
    /* q 2^-k itself. The constant carries into the exponent of b as above, and past its sign, into 1024 more. */
    static inline double actcore_without_power(double q, double *k) {
        uint64_t b, m;
        __builtin_memcpy(&b, &q, 8);
        b += UINT64_C(0x00195F619980C433);
        m = (b & UINT64_C(0x000FFFFFFFFFFFFF)) + UINT64_C(0x3FE6A09E667F3BCD);
        b = (b >> 52) | UINT64_C(0x4330000000000000);
        __builtin_memcpy(&q, &b, 8);
        *k = q - 4503599627371520.0;
        __builtin_memcpy(&q, &m, 8);
        return q;
    }
    /* 2^-k for the k that brings p / q 2^-k into (2/3, 3/2), and k itself; both are positive and normal. The difference
       of their bits is close to the binary logarithm of the quotient. */
    static inline double actcore_inverse_power_ratio(double p, double q, double *k) {
        uint64_t a, b;
        __builtin_memcpy(&a, &p, 8); __builtin_memcpy(&b, &q, 8);
        return actcore_power_from_bits(a - b + UINT64_C(0x8000000000000), k);
    }
    /* The same in float32, and k - shift. */
    static inline float actcore_inverse_power_f32(float p, float q, int32_t shift, float *k) {
        uint32_t a, b; float y;
        __builtin_memcpy(&a, &p, 4); __builtin_memcpy(&b, &q, 4);
        a = a - b + (UINT32_C(0x400000) - ((uint32_t)shift << 23));
        *k = (float)((int32_t)a >> 23);
        b = (UINT32_C(0x3F800000) - ((uint32_t)shift << 23)) - (a & UINT32_C(0xFF800000));
        __builtin_memcpy(&y, &b, 4);
        return y;
    }
    /* As `actcore_without_power` in float32. */
    static inline float actcore_without_power_f32(float q, float *k) {
        uint32_t a, b;
        __builtin_memcpy(&a, &q, 4);
        b = a - UINT32_C(0x3F3504F3);
        *k = (float)((int32_t)b >> 23);
        a -= b & UINT32_C(0xFF800000);
        __builtin_memcpy(&q, &a, 4);
        return q;
    }
    #endif
    """
    float without_power_f32 "actcore_without_power_f32"(float q, float* k) noexcept nogil
    float inverse_power_f32 "actcore_inverse_power_f32"(float p, float q, int shift, float* k) noexcept nogil
    double inverse_power "actcore_inverse_power"(double q, double* k) noexcept nogil
    double without_power "actcore_without_power"(double q, double* k) noexcept nogil
    double inverse_power_ratio "actcore_inverse_power_ratio"(double p, double q, double* k) noexcept nogil

cdef extern from "<math.h>" nogil:
    double NAN
    double INFINITY


cdef inline double arctanh_series(double z) noexcept nogil:
    """2 (arctanh(s) - s) / s^3 for z = s^2, |s| <= 1/3."""
    cdef double p
    p = 0.14935179939416887
    p = fma(z, p, 0.07897359892745673)
    p = fma(z, p, 0.10743993989699046)
    p = fma(z, p, 0.11748417949021821)
    p = fma(z, p, 0.13333967519482148)
    p = fma(z, p, 0.15384609458265963)
    p = fma(z, p, 0.18181817678582204)
    p = fma(z, p, 0.2222222224343387)
    p = fma(z, p, 0.2857142857109431)
    p = fma(z, p, 0.4000000000000212)
    return fma(z, p, 0.6666666666666666)


cdef inline double log_of_quotient(double s, double k, double low) noexcept nogil:
    """k ln(2) + log((1 + s) / (1 - s)) + low for |s| <= 1/3."""
    cdef double z = s * s
    return fused(k, 0.6931471803691238, (s + s) + (fma(s * z, arctanh_series(z), k * 1.9082149292705877e-10) + low))


cdef inline float log_of_double_quotient(float s, float s_low, float k) noexcept nogil:
    """k ln(2) + log((2 + s + s_low) / (2 - s - s_low)) for |s| <= 0.4."""
    cdef float z = s * s
    cdef float series = <float>2.3758218e-03
    cdef float y, r, low
    series = fma(z, series, <float>1.2486069e-02)
    series = fma(z, series, <float>8.333372e-02)
    y = k * <float>0.693145751953125
    r = y + s
    low = (y - r) + s
    return r + (low + fma(k, <float>1.4286068e-06, fma(s * z, series, s_low)))


cdef inline float doubled_quotient(
    float p, float p_low, float q, float q_low, int shift, bint exact, float* s_low, float* k
) noexcept nogil:
    """2 (a - 1) / (a + 1) as the sum of the result and `s_low`, and k, for a 2^k = 2^-shift (p + p_low) / (q + q_low), a near 1."""
    cdef float n, n_low, d, d_low, c, s
    cdef float scaled = inverse_power_f32(p, q, shift, k)
    cdef float r = scaled * p
    cdef float r_low = scaled * p_low
    n_low = r_low - q_low
    n = (r - q) + n_low
    n_low = ((r - q) - n) + n_low
    n = n + n
    d = r + q
    d_low = ((largest(r, q) - d) + smallest(r, q)) + (r_low + q_low)
    c = <float>1 / d
    s = n * c
    s_low[0] = fma(-s, d_low, remainder(n, s, d)) * c
    if exact:
        s_low[0] = fma(n_low, c + c, s_low[0])
    return s


cdef inline float log_ratio(float p, float p_low, float q, float q_low, int shift, bint exact) noexcept nogil:
    """log(2^-shift (p + p_low) / (q + q_low)) for p and q positive and normal, as twice the arctanh of a small quotient.

    `exact`, known when compiled, says that p_low may be as large as p - q.
    """
    cdef float s_low, k
    cdef float s = doubled_quotient(p, p_low, q, q_low, shift, exact, &s_low, &k)
    return log_of_double_quotient(s, s_low, k)


# --- log(1 - exp(-x)) -------------------------------------------------------------------------------------------------

cdef inline real missing_from_one(real x, real* power, real* p, real* p_low, real* low) noexcept nogil:
    """q + low = 1 - exp(-x) for x >= 0, where exp(-x) = unscale(power (1 + p + p_low))."""
    cdef real s, one, q
    p[0] = exp_tail_exact(tail_clamp(-x), <real>0, power, p_low)
    s = unscale(power[0])
    one = <real>1 - s
    q = fused(-s, p[0], one)
    low[0] = fused(-s, p_low[0], fused(-s, p[0], one - q) + ((<real>1 - one) - s))
    return q


cdef inline real log1mexp(real x) noexcept nogil:
    cdef real power, p, p_low, low, e, e_low, small, k, w, y
    cdef real q = missing_from_one(x, &power, &p, &p_low, &low)
    e = fused(power, p, power)
    e_low = fused(power, p_low, fused(power, p, power - e))
    small = unscale(e)
    if real is float:
        # Scaled, because the exponent of a subnormal number could not be read.
        y = log_ratio(q * <float>18446744073709551616.0, low * <float>18446744073709551616.0, <float>1, <float>0, 64, True)
    else:
        w = q * (<double>1.2676506002282294e30 if q < <double>1e-290 else <double>1)
        w = inverse_power(w, &k) * w
        k = k - <double>100 if q < <double>1e-290 else k
        # Where 1 - exp(-x) is near 1, its logarithm is that of what is missing.
        low = -unscale(e_low) if k == <double>0 else low
        y = -small / (<double>2 - small) if k == <double>0 else (w - <double>1) / (w + <double>1)
        y = log_of_quotient(y, k, low / q)
    # Farther out two terms of the series are enough, and a subnormal result is rounded once.
    y = -unscale(e + fma(<real>0.5 * small, e, e_low)) if x > <real>0.5 * logistic_ceiling(x) else y
    y = -<real>INFINITY if x == <real>0 else y
    y = <real>NAN if x < <real>0 else y
    return y if x == x else x


cdef inline float log1mexp_slope(float x, float* inverse, float* power) noexcept nogil:
    """exp(-x) / (1 - exp(-x)) over unscale(power), and the inverse of the denominator."""
    cdef float p, p_low, low, c, e, h
    cdef float q = missing_from_one(x, power, &p, &p_low, &low)
    c = <float>1 / q
    e = fma(-c, low, remainder(<float>1, c, q))
    h = fma(c, fma(e, p, e + p_low) + p, c)
    # Next to zero both are 1 / x, which may be infinite.
    inverse[0] = c if x < <float>1e-30 else fma(c, e, c)
    return c if x < <float>1e-30 else h


cdef inline double log1mexp_quotient(double x, double* inverse) noexcept nogil:
    """exp(-x) / (1 - exp(-x)) for x >= 0, and the inverse of the denominator."""
    cdef double power, p_low, s, e
    cdef double p = exp_tail_exact(tail_clamp(-x), <double>0, &power, &p_low)
    s = unscale(power)
    e = unscale(fused(power, p, power))
    inverse[0] = <double>1 / fabs(fused(s, p, s - <double>1) + s * p_low)
    return e * inverse[0]


cdef inline real log1mexp_derivative(real x) noexcept nogil:
    cdef real power, c, y
    if real is float:
        y = log1mexp_slope(x, &c, &power)
        y = unscale(power * y) if x > <real>1 else unscale(power) * y
    else:
        y = log1mexp_quotient(x, &c)
    y = <real>NAN if x < <real>0 else y
    return y if x == x else x


cdef inline real log1mexp_second_derivative(real x) noexcept nogil:
    cdef real power, c, y
    if real is float:
        y = -log1mexp_slope(x, &c, &power) * c
        y = unscale(power * y) if x > <real>1 else unscale(power) * y
    else:
        y = -log1mexp_quotient(x, &c) * c
    y = <real>NAN if x < <real>0 else y
    return y if x == x else x
