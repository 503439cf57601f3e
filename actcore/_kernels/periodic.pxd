"""Activations of sine and cosine, right for every finite argument; float32 is computed in double, with shorter polynomials.

An argument is counted in half turns, x = k pi + r, or in quarter turns where both sine and cosine are needed. Up to 2^30
parts of pi give r (Cody and Waite: two for float32; three for float64, as a sum of two doubles); beyond, the bits of 1/pi
that matter are multiplied with x exactly (Payne and Hanek). The latter is long and seldom needed: `far` says whether an
element of the block at hand needs it. `far`, `single` (float32) and what else is called a setting are known when compiled.
"""

from actcore._kernels.elementary cimport fabs, fma, product_residual, real, remainder
from actcore._kernels.piecewise cimport sum_error

cdef extern from *:
    """
    #include <stdint.h>
    #ifndef ACTCORE_PERIODIC
    #define ACTCORE_PERIODIC
    /* The binary digits of 2/pi, after two words of zeros. */
    static const uint64_t actcore_two_over_pi[21] = {
        0, 0,
        UINT64_C(0xA2F9836E4E441529), UINT64_C(0xFC2757D1F534DDC0), UINT64_C(0xDB6295993C439041), UINT64_C(0xFE5163ABDEBBC561),
        UINT64_C(0xB7246E3A424DD2E0), UINT64_C(0x06492EEA09D1921C), UINT64_C(0xFE1DEB1CB129A73E), UINT64_C(0xE88235F52EBB4484),
        UINT64_C(0xE99C7026B45F7E41), UINT64_C(0x3991D639835339F4), UINT64_C(0x9C845F8BBDF9283B), UINT64_C(0x1FF897FFDE05980F),
        UINT64_C(0xEF2F118B5A0A6D1F), UINT64_C(0x6D367ECF27CB09B7), UINT64_C(0x4F463F669E5FEA2D), UINT64_C(0x7527BAC7EBE5F17B),
        UINT64_C(0x3D0739F78A5292EA), UINT64_C(0x6BFB5FB11F8D5D08), UINT64_C(0x56033046FC7B6BAB),
    };
    /* The fraction of a turn that x is, in units of 2^-128, for |x| >= 2^-73 (nothing of a smaller one is seen): the product
       of the 53 bits of x with the 192 bits of 2/pi that begin at the first one which does not give a whole turn. */
    static unsigned __int128 actcore_turns(double x) {
        uint64_t bits, m, window[3];
        __builtin_memcpy(&bits, &x, 8);
        int exponent = (int)((bits >> 52) & 2047) - 1075;
        m = (bits & UINT64_C(0xFFFFFFFFFFFFF)) | UINT64_C(0x10000000000000);
        if (exponent < -126) {
            m = exponent < -178 ? 0 : m >> (-126 - exponent);
            exponent = -126;
        }
        int start = exponent + 126, word = start >> 6, shift = start & 63;
        for (int i = 0; i < 3; i++) {
            uint64_t next = actcore_two_over_pi[word + i + 1];
            window[i] = shift ? (actcore_two_over_pi[word + i] << shift) | (next >> (64 - shift)) : actcore_two_over_pi[word + i];
        }
        unsigned __int128 low = (unsigned __int128)m * window[2], middle = (unsigned __int128)m * window[1];
        unsigned __int128 turns = ((unsigned __int128)(m * window[0]) << 64) + middle + (uint64_t)(low >> 64);
        return (bits >> 63) ? -turns : turns;
    }
    /* x + x_low counted in turns divided by 2^bits: the fraction f + f_low, in [-1/2, 1/2], of one, and as the result the whole
       ones. `quarters` of one are added first. The compiler's own conversion of 128 bits is a call of code without AVX, which
       some processors take half a microsecond to change to; so they are converted in three parts. */
    static double actcore_counted(double x, double x_low, int bits, int quarters, double *f, double *f_low) {
        unsigned __int128 turns = actcore_turns(x) + actcore_turns(x_low) + ((unsigned __int128)quarters << (126 - bits));
        __int128 rest = (__int128)(turns << bits) >> 1;
        double high = 0x1p-53 * (double)(int64_t)(rest >> 74);
        double middle = 0x1p-106 * (double)((int64_t)(rest >> 21) & INT64_C(0x1FFFFFFFFFFFFF));
        *f = high + middle;
        *f_low = (middle - (*f - high)) + 0x1p-127 * (double)((int64_t)rest & INT64_C(0x1FFFFF));
        return (double)((int)(turns >> (128 - bits)) + (rest < 0));
    }
    /* y, or -y for an odd number; the number stands in the lowest bits of `count`. */
    static inline double actcore_alternating(double y, double count) {
        uint64_t b, k;
        __builtin_memcpy(&b, &y, 8); __builtin_memcpy(&k, &count, 8);
        b ^= k << 63;
        __builtin_memcpy(&y, &b, 8);
        return y;
    }
    /* `even` after an even number of quarter turns, `odd` after an odd one, negative after two more. */
    static inline double actcore_turned(double even, double odd, double count) {
        uint64_t e, o, k; double y;
        __builtin_memcpy(&e, &even, 8); __builtin_memcpy(&o, &odd, 8); __builtin_memcpy(&k, &count, 8);
        e ^= (e ^ o) & (0 - (k & 1));
        e ^= (k << 62) & UINT64_C(0x8000000000000000);
        __builtin_memcpy(&y, &e, 8);
        return y;
    }
    #endif
    """
    double counted "actcore_counted"(double x, double x_low, int bits, int quarters, double* f, double* f_low) noexcept nogil
    double alternating "actcore_alternating"(double y, double count) noexcept nogil
    double turned "actcore_turned"(double even, double odd, double count) noexcept nogil


cdef inline bint is_single(real x) noexcept nogil:
    """Whether float32 is asked for."""
    if real is float:
        return True
    else:
        return False


# --- reduction ----------------------------------------------------------------------------------------------------------

cdef inline bint beyond_reach(real x) noexcept nogil:
    """Whether a few parts of pi are too few."""
    return fabs(x) > <real>1073741824  # 2^30


cdef inline double reduced_near(
    double x, double x_low, bint exact, int bits, int quarters, bint single, double* low, double* count
) noexcept nogil:
    """`reduced` of what is within reach."""
    cdef double unit = 1.0 if bits == 1 else 0.5
    cdef double share = 0.25 * quarters
    cdef double k, m, r, q, y
    # 1.5 * 2^52: the whole number is left in the lowest bits.
    if quarters:
        count[0] = fma(x, 0.3183098861837907 / unit, share) + 6755399441055744.0
    else:
        count[0] = fma(x, 0.3183098861837907 / unit, 6755399441055744.0)
    k = count[0] - 6755399441055744.0
    m = (k - share) * unit
    r = remainder(x, m, 3.141592653589793)  # exact, but where a small x is taken from the first part of a turn
    if single:
        low[0] = 0.0
        return fma(-m, 1.2246467991473532e-16, r)
    q = m * 1.2246467991473532e-16
    y = r - q
    low[0] = sum_error(r, -q, y) - fma(m, -2.9947698097183397e-33, product_residual(m, 1.2246467991473532e-16, q))
    if quarters:
        low[0] = low[0] + (x - (r + m * 3.141592653589793) if fabs(m) < 1.0 else 0.0)
    if exact:
        return y
    r = y + x_low
    low[0] = low[0] + sum_error(y, x_low, r)
    return r


cdef inline double reduced(
    double x, double x_low, bint exact, int bits, int quarters, bint single, bint far, double* low, double* count
) noexcept nogil:
    """r + low and k, in the lowest bits of `count`, such that x + x_low = (k - quarters / 4 + r) turns / 2^bits, |r| <= 1/2.

    r is in radians. Settings: `exact` (x_low is 0), `bits`, `quarters`.
    """
    cdef double f, f_low, turn
    cdef double r = reduced_near(x, x_low, exact, bits, quarters, single, low, count)
    if far:
        if beyond_reach(x):
            turn = 3.141592653589793 if bits == 1 else 1.5707963267948966
            count[0] = 6755399441055744.0 + counted(x, x_low, bits, quarters, &f, &f_low)
            r = f * turn
            low[0] = product_residual(f, turn, r) + fma(f, 3.8981718325193755e-17 * turn, f_low * turn)
            r = r if x - x == 0.0 else x - x
    return r


cdef inline double wave(
    double x, double x_low, bint exact, int quarters, bint single, bint far, double* low
) noexcept nogil:
    """sin(x + x_low + quarters pi / 4) as an unevaluated sum of the result and `low`; one polynomial on |r| <= pi/2."""
    cdef double r_low, count, z, w, p, odd, y, t
    cdef double r = reduced(x, x_low, exact, 1, quarters, single, far, &r_low, &count)
    z = r * r
    if single:
        p = fma(z, -2.4069673463003014e-08, 2.7535972958975752e-06)
        p = fma(z, p, -0.00019841079429405337)
        p = fma(z, p, 0.008333332735652774)
        p = fma(z, p, -0.1666666666364134)
        low[0] = 0.0
        return alternating(fma(z * r, p, r), count)
    w = z * z
    p = fma(w, 3.89199461179691e-16, -7.593206678288161e-13)
    p = fma(w, p, -2.5052099809897365e-08)
    p = fma(w, p, -0.00019841269841115164)
    p = fma(w, p, -0.16666666666666666)
    odd = fma(w, -3.358927815977702e-17, 8.318281209610335e-16)
    odd = fma(w, odd, 1.6058169243075185e-10)
    odd = fma(w, odd, 2.7557319174537994e-06)
    odd = fma(w, odd, 0.008333333333333113)
    p = fma(z, odd, p)
    # The cosine by which r_low counts, to a few digits.
    y = fma(z, fma(z, 0.0405, -0.5), 1.0)
    t = fma(z * r, p, r_low * y)
    y = r + t
    low[0] = alternating((r - y) + t, count)
    return alternating(y, count)


cdef inline double sine_and_cosine(
    double x, double x_low, bint exact, bint single, bint far, double* s_low, double* c, double* c_low
) noexcept nogil:
    """sin(x + x_low) and cos(x + x_low), each as an unevaluated sum of two doubles: polynomials on |r| <= pi/4."""
    cdef double r_low, count, z, p, q, half, even, even_low, odd, odd_low
    cdef double r = reduced(x, x_low, exact, 2, 0, single, far, &r_low, &count)
    z = r * r
    half = 0.5 * z
    odd = 1.0 - half
    if single:
        p = fma(z, fma(z, fma(z, 2.724383902008007e-06, -0.0001984003848629778), 0.008333331782105814), -0.16666666663604188)
        q = fma(z, fma(z, fma(z, -2.729638024405202e-07, 2.4800564835722404e-05), -0.001388888760588715), 0.041666666664150726)
        c[0] = turned(fma(z * z, q, odd), -fma(z * r, p, r), count)
        s_low[0] = c_low[0] = 0.0
        return turned(fma(z * r, p, r), fma(z * z, q, odd), count)
    p = 1.5916711099561824e-10
    p = fma(z, p, -2.5051115975059308e-08)
    p = fma(z, p, 2.7557316056607491e-06)
    p = fma(z, p, -1.9841269836779350e-04)
    p = fma(z, p, 8.3333333333311371e-03)
    p = fma(z, p, -1.6666666666666666e-01)
    q = -1.1380198805333910e-11
    q = fma(z, q, 2.0876109429307051e-09)
    q = fma(z, q, -2.7557317072381627e-07)
    q = fma(z, q, 2.4801587298304280e-05)
    q = fma(z, q, -1.3888888888886975e-03)
    q = fma(z, q, 4.1666666666666664e-02)
    even_low = fma(z * r, p, fma(-half, r_low, r_low))
    even = r + even_low
    even_low = (r - even) + even_low
    odd_low = ((1.0 - odd) - half) + fma(z * z, q, -fma(r, r_low, 0.5 * product_residual(r, r, z)))
    half = odd
    odd = half + odd_low
    odd_low = (half - odd) + odd_low
    s_low[0] = turned(even_low, odd_low, count)
    c[0] = turned(odd, -even, count)
    c_low[0] = turned(odd_low, -even_low, count)
    return turned(even, odd, count)


# --- sine -------------------------------------------------------------------------------------------------------------

cdef inline bint sinusoid_is_far(real x) noexcept nogil:
    return beyond_reach(x)


cdef inline real sinusoid(real x, bint far) noexcept nogil:
    cdef double low
    cdef real y = <real> wave(x, 0.0, True, 0, is_single(x), far, &low)
    return y if fabs(x) > <real>0 else x  # -0 and NaN stay as they are


cdef inline real sinusoid_derivative(real x, bint far) noexcept nogil:
    cdef double low
    cdef real y = <real> wave(x, 0.0, True, 2, is_single(x), far, &low)
    return y if x == x else x


cdef inline real sinusoid_second_derivative(real x, bint far) noexcept nogil:
    cdef real y = -sinusoid(x, far)
    return y if x == x else x


# --- growing cosine unit ------------------------------------------------------------------------------------------------

cdef inline bint gcu_is_far(real x) noexcept nogil:
    return beyond_reach(x)


cdef inline real gcu(real x, bint far) noexcept nogil:
    cdef double low
    return <real> (x * wave(x, 0.0, True, 2, is_single(x), far, &low))


cdef inline double product_low(double x, double y, double y_low, double p, bint single) noexcept nogil:
    """x (y + y_low) - p for p the rounded product of x and y; without the rounding of the product where x is huge or single."""
    if single:
        return 0.0
    return fma(x, y_low, product_residual(x, y, p) if fabs(x) < 1e290 else 0.0)


cdef inline real gcu_derivative(real x, bint far) noexcept nogil:
    cdef double s_low, c, c_low, y
    cdef double s = sine_and_cosine(x, 0.0, True, is_single(x), far, &s_low, &c, &c_low)
    cdef double p = x * s
    y = (c - p) + (c_low - product_low(x, s, s_low, p, is_single(x)))
    return <real> y if x == x else x


cdef inline real gcu_second_derivative(real x, bint far) noexcept nogil:
    cdef double s_low, c, c_low, p, y
    cdef double s = sine_and_cosine(x, 0.0, True, is_single(x), far, &s_low, &c, &c_low)
    p = x * c
    y = -((s + s + p) + (s_low + s_low + product_low(x, c, c_low, p, is_single(x))))
    return <real> y if x == x else x


# --- sinc ---------------------------------------------------------------------------------------------------------------

cdef inline bint sinc_is_far(real x) noexcept nogil:
    return beyond_reach(x)


cdef inline double quotient(double n, double n_low, double x, bint single, double* low) noexcept nogil:
    """(n + n_low) / x for |x| >= 1 as an unevaluated sum of the result and `low`."""
    cdef double q = n / x
    low[0] = 0.0 if single else ((remainder(n, q, x) if fabs(x) < 1e290 else 0.0) + n_low) / x
    return q


cdef inline double sinc_slope(double x, bint single, bint far, double* low, double* s, double* s_low) noexcept nogil:
    """(cos(x) - sin(x) / x) / x for |x| >= 1 as an unevaluated sum of the result and `low`, and sin(x)."""
    cdef double c, c_low, d, q, q_low
    s[0] = sine_and_cosine(x, 0.0, True, single, far, s_low, &c, &c_low)
    q = quotient(s[0], s_low[0], x, single, &q_low)
    d = c - q
    return quotient(d, sum_error(c, -q, d) + (c_low - q_low), x, single, low)


cdef inline real sinc(real x, bint far) noexcept nogil:
    cdef double low
    cdef double y = wave(x, 0.0, True, 0, is_single(x), far, &low) / x
    y = y if x != <real>0 else 1.0
    y = y if x - x == <real>0 else 0.0
    return <real> y if x == x else x


cdef inline real sinc_derivative(real x, bint far) noexcept nogil:
    cdef double s, s_low, p, y, y_low
    cdef double a = x
    cdef double z = a * a
    y = sinc_slope(a, is_single(x), far, &y_low, &s, &s_low)
    p = 2.5265674818944578e-14
    p = fma(z, p, -1.0633065948167026e-11)
    p = fma(z, p, 1.9269759551208504e-09)
    p = fma(z, p, -2.5052100015114077e-07)
    p = fma(z, p, 2.2045855344781982e-05)
    p = fma(z, p, -1.1904761904689141e-03)
    p = fma(z, p, 3.3333333333332653e-02)
    p = fma(z, p, -0.3333333333333333)
    y = y + y_low if fabs(a) > 1.0 else a * p
    y = y if x - x == <real>0 else 0.0
    return <real> y if x == x else x


cdef inline real sinc_second_derivative(real x, bint far) noexcept nogil:
    cdef double s, s_low, p, y, slope, slope_low
    cdef double a = x
    cdef double z = a * a
    slope = sinc_slope(a, is_single(x), far, &slope_low, &s, &s_low)
    y = -((s + (slope + slope)) + (s_low + (slope_low + slope_low))) / a
    p = 6.472823599322306e-13
    p = fma(z, p, -1.3909591130976359e-10)
    p = fma(z, p, 2.1197823471011082e-08)
    p = fma(z, p, -2.2546896701682993e-06)
    p = fma(z, p, 1.5432098762014905e-04)
    p = fma(z, p, -5.9523809523737625e-03)
    p = fma(z, p, 9.9999999999999326e-02)
    p = fma(z, p, -0.3333333333333333)
    y = y if fabs(a) > 1.0 else p
    y = y if x - x == <real>0 else 0.0
    return <real> y if x == x else x


# --- snake --------------------------------------------------------------------------------------------------------------

cdef inline bint snake_is_far(real x, real a) noexcept nogil:
    return beyond_reach(a * x)


cdef inline double phase(real x, real a, double* low) noexcept nogil:
    """a x as an unevaluated sum of the result and `low`, which is 0 in float32."""
    cdef double z = <double> a * x
    cdef double lost = 0.0 if is_single(x) else product_residual(<double> a, <double> x, z)
    low[0] = lost if lost == lost else 0.0
    return z


cdef inline double phase_wave(real x, real a, int quarters, bint far) noexcept nogil:
    """sin(a x + quarters pi / 4)."""
    cdef double low, z_low, z = phase(x, a, &z_low)
    return wave(z, z_low, is_single(x), quarters, is_single(x), far, &low)


cdef inline real snake(real x, real a, bint far) noexcept nogil:
    cdef double s, s_low, c, c_low, square, q, y, z, z_low
    z = phase(x, a, &z_low)
    if real is float:
        s = wave(z, 0.0, True, 0, True, far, &s_low)
        y = x + s * s / a
    else:
        s = sine_and_cosine(z, z_low, False, False, far, &s_low, &c, &c_low)
        square = s * s
        s_low = fma(s + s, s_low, product_residual(s, s, square))
        q = square / a
        y = x + q
        y = y + (sum_error(x, q, y) + (remainder(square, q, a) + s_low) / a)
    # Where a x overflows the sine no longer shows.
    y = y if y == y else x
    return x if x == <real>0 else <real> y


cdef inline real snake_derivative(real x, real a, bint far) noexcept nogil:
    # 1 + sin(2 a x) = 2 sin(a x + pi/4)^2, without the cancellation.
    cdef double s = phase_wave(x, a, 1, far)
    return <real> (2.0 * s * s) if x == x else x


cdef inline real snake_second_derivative(real x, real a, bint far) noexcept nogil:
    return <real> (2.0 * a * phase_wave(x, a + a, 2, far)) if x == x else x


cdef inline real snake_gradient_a(real x, real a, bint far) noexcept nogil:
    # (a x sin(2 a x) - sin(a x)^2) / a^2
    cdef double s = phase_wave(x, a, 0, far) / a
    return <real> (s * (2.0 * x * phase_wave(x, a, 2, far) - s)) if x == x else x
