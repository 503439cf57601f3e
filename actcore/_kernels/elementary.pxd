"""Elementary functions, written so that a C compiler turns a loop over them into vector code.

Every function is branch-free IEEE arithmetic: + - * / fma, comparisons that select a value, and integer shifts on
the bits of a number. No libm call, no table, no scalar function pointer: the same text gives the same bits in a
vector body, in the scalar tail of a loop, and on every instruction set that has a fused multiply-add.

``real`` is float or double; each function is written once for both, and differs between them only in coefficients
(``scripts/_design`` shows how they were fitted). A literal is always ``<real>0.5``: a bare 0.5 is a C double and would pull
float32 arithmetic up to double.

Where a loop waits for one long polynomial in float64, its even and its odd powers are summed apart: one operation more at most,
and half as many of them wait for the one before.
"""

cdef extern from *:
    """
    #include <stdint.h>
    #ifndef ACTCORE_ELEMENTARY
    #define ACTCORE_ELEMENTARY
    /* Without FMA, float32 goes through double, where the product is exact; in double the product is rounded first. */
    #if defined(__FMA__) || defined(__aarch64__)
    #define ACTCORE_FUSES 1
    #define ACTCORE_FUSEDF(a, b, c) __builtin_fmaf((a), (b), (c))
    #define ACTCORE_FMAF(a, b, c) __builtin_fmaf((a), (b), (c))
    #define ACTCORE_FUSED(a, b, c) __builtin_fma((a), (b), (c))
    #else
    #define ACTCORE_FUSES 0
    #define ACTCORE_FUSEDF(a, b, c) ((float)((double)(a) * (double)(b) + (double)(c)))
    #define ACTCORE_FMAF(a, b, c) ((a) * (b) + (c))
    #define ACTCORE_FUSED(a, b, c) ((a) * (b) + (c))
    #endif
    /* Where two operands are NaNs, of different sign perhaps, it is the CPU's affair which of them the result is, and the
       compiler's in which order they stand. The code for x86-64 with FMA is known to keep the argument's sign. */
    #if defined(__FMA__)
    #define ACTCORE_KEEPS_NAN 1
    #else
    #define ACTCORE_KEEPS_NAN 0
    #endif
    static inline float actcore_shifted_bits_f32(float x) {
        uint32_t i; float y;
        __builtin_memcpy(&i, &x, 4); i <<= 23; __builtin_memcpy(&y, &i, 4);
        return y;
    }
    static inline double actcore_shifted_bits_f64(double x) {
        uint64_t i; double y;
        __builtin_memcpy(&i, &x, 8); i <<= 52; __builtin_memcpy(&y, &i, 8);
        return y;
    }
    /* a * b - p, exactly. */
    static inline float actcore_product_residual_f32(float a, float b, float p) {
    #if defined(__FMA__) || defined(__aarch64__)
        return __builtin_fmaf(a, b, -p);
    #else
        return (float)((double)a * (double)b - (double)p);
    #endif
    }
    static inline double actcore_product_residual_f64(double a, double b, double p) {
    #if defined(__FMA__) || defined(__aarch64__)
        return __builtin_fma(a, b, -p);
    #else  /* Veltkamp's splitting and Dekker's product */
        double ca = 134217729.0 * a, cb = 134217729.0 * b;
        double ah = ca - (ca - a), bh = cb - (cb - b);
        double al = a - ah, bl = b - bh;
        return ((ah * bh - p) + ah * bl + al * bh) + al * bl;
    #endif
    }
    /* c - a * b, for a * b so close to c that c - fl(a * b) is exact. */
    static inline float actcore_remainder_f32(float c, float a, float b) {
    #if defined(__FMA__) || defined(__aarch64__)
        return __builtin_fmaf(-a, b, c);
    #else
        return (float)((double)c - (double)a * (double)b);
    #endif
    }
    static inline double actcore_remainder_f64(double c, double a, double b) {
    #if defined(__FMA__) || defined(__aarch64__)
        return __builtin_fma(-a, b, c);
    #else
        double p = a * b;
        return (c - p) - actcore_product_residual_f64(a, b, p);
    #endif
    }
    /* A select between a number and a constant becomes one instruction, the maximum, only where the compiler sees one
       variable in its comparison and in its result; a constant it writes out twice. So constants are added to this
       zero, which is a variable because something might write it; the addition moves out of the loop. */
    static float actcore_zero_f32;
    static double actcore_zero_f64;
    __attribute__((constructor)) static void actcore_write_zeros(void) { actcore_zero_f32 = 0; actcore_zero_f64 = 0; }
    #endif
    """
    const bint KEEPS_NAN "ACTCORE_KEEPS_NAN"
    const bint FUSES "ACTCORE_FUSES"  # whether `fused` rounds once in double too
    float _zero_f32 "actcore_zero_f32"
    double _zero_f64 "actcore_zero_f64"
    float _fused_f32 "ACTCORE_FUSEDF"(float a, float b, float c) noexcept nogil
    float _fma_f32 "ACTCORE_FMAF"(float a, float b, float c) noexcept nogil
    double _fused_f64 "ACTCORE_FUSED"(double a, double b, double c) noexcept nogil
    float _exponent_f32 "actcore_shifted_bits_f32"(float x) noexcept nogil
    double _exponent_f64 "actcore_shifted_bits_f64"(double x) noexcept nogil
    float _residual_f32 "actcore_product_residual_f32"(float a, float b, float p) noexcept nogil
    double _residual_f64 "actcore_product_residual_f64"(double a, double b, double p) noexcept nogil
    float _remainder_f32 "actcore_remainder_f32"(float c, float a, float b) noexcept nogil
    double _remainder_f64 "actcore_remainder_f64"(double c, double a, double b) noexcept nogil
    float _fabs_f32 "__builtin_fabsf"(float x) noexcept nogil
    double _fabs_f64 "__builtin_fabs"(double x) noexcept nogil
    float _copysign_f32 "__builtin_copysignf"(float x, float sign) noexcept nogil
    double _copysign_f64 "__builtin_copysign"(double x, double sign) noexcept nogil


ctypedef fused real:
    float
    double


cdef inline real fused(real a, real b, real c) noexcept nogil:
    """a * b + c, rounded once: without FMA too in float32, twice there in double."""
    if real is float:
        return _fused_f32(a, b, c)
    else:
        return _fused_f64(a, b, c)


cdef inline real fma(real a, real b, real c) noexcept nogil:
    """a * b + c where the rounding of the product does not matter: cheap without FMA too."""
    if real is float:
        return _fma_f32(a, b, c)
    else:
        return _fused_f64(a, b, c)


cdef inline real remainder(real c, real a, real b) noexcept nogil:
    """c - a * b for a * b close to c: what division and root leave over, to full precision on every instruction set."""
    if real is float:
        return _remainder_f32(c, a, b)
    else:
        return _remainder_f64(c, a, b)


cdef inline real product_residual(real a, real b, real p) noexcept nogil:
    """a * b - p exactly, for p the rounded product."""
    if real is float:
        return _residual_f32(a, b, p)
    else:
        return _residual_f64(a, b, p)


cdef inline real product_rest(real x, real x_low, real y, real y_low, real p) noexcept nogil:
    """(x + x_low) (y + y_low) - p, for p the rounded product of x and y."""
    return fma(x, y_low, fma(x_low, y, product_residual(x, y, p)))


cdef inline real product_of_sums(real x, real x_low, real y, real y_low) noexcept nogil:
    """(x + x_low) (y + y_low), rounded once."""
    return fused(x, y, fma(x, y_low, x_low * y))


cdef inline real fabs(real x) noexcept nogil:
    if real is float:
        return _fabs_f32(x)
    else:
        return _fabs_f64(x)


cdef inline real copysign(real x, real sign) noexcept nogil:
    if real is float:
        return _copysign_f32(x, sign)
    else:
        return _copysign_f64(x, sign)


cdef inline real unless_nan(real x, real y) noexcept nogil:
    """y, a function of x, but a NaN x itself; nothing is computed where the function is known to keep it."""
    return y if KEEPS_NAN or x == x else x


cdef inline real minus_abs(real x) noexcept nogil:
    """-|x|; a NaN keeps its sign. The smaller one of two is one instruction."""
    return -x if -x < x else x


cdef inline real abs_or_nan(real x) noexcept nogil:
    """|x|; a NaN keeps its sign."""
    return -x if -x > x else x


cdef inline real largest_finite(real x) noexcept nogil:
    if real is float:
        return <float>3.4028234663852886e38
    else:
        return <double>1.7976931348623157e308


cdef inline real largest(real x, real y) noexcept nogil:
    return x if x > y else y


cdef inline real smallest(real x, real y) noexcept nogil:
    return x if x < y else y


cdef inline real at_least(real x, real low) noexcept nogil:
    """x, but not below the constant `low`. A NaN passes."""
    cdef real limit
    if real is float:
        limit = low + _zero_f32
    else:
        limit = low + _zero_f64
    return limit if x < limit else x


cdef inline real at_most(real x, real high) noexcept nogil:
    """x, but not above the constant `high`. A NaN passes."""
    cdef real limit
    if real is float:
        limit = high + _zero_f32
    else:
        limit = high + _zero_f64
    return limit if x > limit else x


cdef inline real sum_residual(real x, real y, real s) noexcept nogil:
    """x + y - s exactly, for s the rounded sum of x >= 0 >= y or of two numbers >= 0 with x >= y."""
    cdef real big = x if s > <real>0 else y
    cdef real small = y if s > <real>0 else x
    return (big - s) + small


# --- exponential ------------------------------------------------------------------------------------------------

cdef inline real minus_ln2_low(real n) noexcept nogil:
    """What -ln(2) is beyond the part that `exp_split` subtracts."""
    if real is float:
        return <float>-1.428606765330187e-06
    else:
        return <double>-1.90821492927058770002e-10


cdef inline real exp_split(real x, int sign, real shift, real* power, real* n) noexcept nogil:
    """r, n and 2^(n + shift) such that exp(sign * x) = 2^n exp(r + n * minus_ln2_low), with r exact.

    `sign` is 1 or -1 (no instruction is spent on it, and a NaN keeps its sign); n + shift must stay within the
    exponents of a normal number. The power comes straight out of the rounding: a large constant added to x / ln 2
    leaves the biased exponent in the lowest bits of the sum.
    """
    cdef real t, magic
    if real is float:
        magic = <float>12583039.0 + shift  # 1.5 * 2^23 + 127
        t = fma(x, sign * <float>1.4426950408889634, magic)
        n[0] = t - magic
        power[0] = _exponent_f32(t)
        return fma(n[0], <float>-0.693145751953125, sign * x)
    else:
        magic = <double>6755399441056767.0 + shift  # 1.5 * 2^52 + 1023
        t = fma(x, sign * <double>1.4426950408889634, magic)
        n[0] = t - magic
        power[0] = _exponent_f64(t)
        return fma(n[0], <double>-0.693147180369123816490, sign * x)


cdef inline real exp_reduce(real x, int sign, real shift, real* power) noexcept nogil:
    """r and 2^(n + shift) such that exp(sign * x) = 2^n exp(r), with |r| <= ln(2) / 2."""
    cdef real n
    cdef real r = exp_split(x, sign, shift, power, &n)
    return fma(n, minus_ln2_low(n), r)


cdef inline real exp_curve(real r, bint exact) noexcept nogil:
    """(exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2.

    `exact`, known when compiled, asks for a float32 polynomial well below half a unit in the last place of exp(r).
    """
    cdef real p, z, odd
    if real is float:
        if exact:
            p = fma(r, <float>1.9742554e-04, <float>1.3933707e-03)
            p = fma(r, p, <float>8.3335675e-03)
            p = fma(r, p, <float>4.1666478e-02)
            p = fma(r, p, <float>1.6666666e-01)
        else:
            p = fma(r, <float>1.3908924e-03, <float>8.366691e-03)
            p = fma(r, p, <float>4.166674e-02)
            p = fma(r, p, <float>1.6666542e-01)
        p = fma(r, p, <float>0.5)
    else:
        z = r * r
        p = fma(z, <double>2.762261602241358e-7, <double>2.4801515377950937e-5)
        p = fma(z, p, <double>1.3888888921275034e-3)
        p = fma(z, p, <double>4.16666666666181e-2)
        p = fma(z, p, <double>0.5)
        odd = fma(z, <double>2.5020314583387797e-8, <double>2.755750509529806e-6)
        odd = fma(z, odd, <double>1.9841269621363223e-4)
        odd = fma(z, odd, <double>8.333333333427772e-3)
        odd = fma(z, odd, <double>0.16666666666666544)
        p = fma(r, odd, p)
    return p


cdef inline real expm1_reduced(real r, bint exact, real* low) noexcept nogil:
    """exp(r) - 1 for |r| <= ln(2) / 2 as an unevaluated sum of the result and `low`; `exact` as in `exp_curve`."""
    cdef real p = exp_curve(r, exact)
    cdef real z = r * r
    cdef real y = fused(z, p, r)
    low[0] = fused(z, p, r - y)
    return y


cdef inline real exp_sum(real x, int sign, real x_low, real shift, bint exact, real* power, real* low) noexcept nogil:
    """m + low and a power such that exp(sign * x + x_low) = 2^-shift power (m + low); `sign` and `exact` as above.

    In float32 m is 1 plus most of the reduced argument, a sum whose rounding is known, and low, no more than a tenth of
    it, all the rest: in a product with m and low, rounded once, only the error of low counts. In float64 m is 1.
    """
    cdef real n, small, r, m
    cdef real most = exp_split(x, sign, shift, power, &n)
    small = fma(n, minus_ln2_low(n), x_low)
    r = most + small
    if real is float:
        m = <real>1 + most
        low[0] = fused(r * r, exp_curve(r, exact), (most - (m - <real>1)) + small)
        return m
    else:
        low[0] = fma(r * r, exp_curve(r, exact), r)
        return <real>1


cdef inline real times_sum(real y, real m, real low) noexcept nogil:
    """y (m + low) for the results of `exp_sum`."""
    if real is float:
        return fused(y, m, y * low)
    else:
        return fused(y, low, y)


cdef inline real tail_shift(real x) noexcept nogil:
    """The exponent that keeps 2^n a normal number where exp(x) is subnormal or has vanished."""
    if real is float:
        return <float>64.0
    else:
        return <double>256.0


cdef inline real tail_scale(real x) noexcept nogil:
    """The scale of what `exp_tail` returns: 2^tail_shift."""
    if real is float:
        return <float>18446744073709551616.0
    else:
        return <double>1.157920892373162e+77


cdef inline real tail_reduce(real x, real* power) noexcept nogil:
    """r and a power such that exp(x) = unscale(power * exp(r)), for x from `tail_clamp`.

    The power is 2^n times 2^tail_shift: a result is scaled last, with the one rounding that a subnormal number needs.
    """
    return exp_reduce(x, 1, tail_shift(x), power)


cdef inline real exp_tail(real x, real* power) noexcept nogil:
    """p and a power such that exp(x) = unscale(power * (1 + p)), for x from `tail_clamp`."""
    cdef real low
    return expm1_reduced(tail_reduce(x, power), False, &low)


cdef inline real exp_tail_exact(real x, real x_low, real* power, real* low) noexcept nogil:
    """p + low and a power such that exp(x + x_low) = unscale(power * (1 + p + low)), for x from `tail_clamp`."""
    cdef real n, small, r, p_low, p
    cdef real exact = exp_split(x, 1, tail_shift(x), power, &n)
    small = fma(n, minus_ln2_low(n), x_low)
    r = exact + small
    p = expm1_reduced(r, True, &p_low)
    low[0] = p_low + ((exact - r) + small)
    return p


cdef inline real unscale(real y) noexcept nogil:
    """y without the scale of ``exp_tail``."""
    if real is float:
        return y * <float>5.421010862427522e-20  # 2^-64
    else:
        return y * <double>8.636168555094445e-78  # 2^-256


cdef inline real tail_clamp(real x) noexcept nogil:
    """x, but not below the argument where exp(x), even times a cubic in x, has vanished. A NaN passes."""
    if real is float:
        return at_least(x, <float>-125.0)
    else:
        return at_least(x, <double>-800.0)


cdef inline real exp(real x) noexcept nogil:
    """exp(x) for every x: through the subnormals to 0, and to inf."""
    cdef real power, low, p, y, shift, scale
    # The shift keeps the power a normal number on either side.
    if real is float:
        y = at_most(at_least(x, <float>-125.0), <float>89.0)
        shift = <float>-64.0 if x > <float>0.0 else <float>64.0
        scale = <float>18446744073709551616.0 if x > <float>0.0 else <float>5.421010862427522e-20
    else:
        y = at_most(at_least(x, <double>-800.0), <double>710.0)
        shift = <double>-256.0 if x > <double>0.0 else <double>256.0
        scale = <double>1.157920892373162e+77 if x > <double>0.0 else <double>8.636168555094445e-78
    p = expm1_reduced(exp_reduce(y, 1, shift, &power), True, &low)
    return fma(power, p, power) * scale


cdef inline real exp_negative(real x) noexcept nogil:
    """exp(x) for x <= 0."""
    cdef real power
    cdef real p = exp_tail(tail_clamp(x), &power)
    return unscale(fma(power, p, power))


cdef inline real expm1_negative(real x, real* low) noexcept nogil:
    """exp(x) - 1 for x <= 0 as an unevaluated sum of the result and `low`."""
    cdef real power, s, y, p_low
    cdef real p = expm1_reduced(tail_reduce(tail_clamp(x), &power), False, &p_low)
    s = unscale(power)
    y = fma(s, p, s - <real>1)
    low[0] = fma(s, p_low, fma(s, p, (s - <real>1) - y))
    return y


# --- hyperbolic tangent -----------------------------------------------------------------------------------------

cdef inline float tanh_unit() noexcept nogil:
    """The scale of `tanh_denominator`: that stays finite until a result, even times a cubic in z, has vanished."""
    return <float>9.094947017729282e-13  # 2^-40


cdef inline float tanh_denominator(float z, float z_low, float* n, float* low) noexcept nogil:
    """1 + exp(z + z_low) for z >= 0, times `tanh_unit`, as the sum of the result and `low`; a NaN passes. -0 for z_low
    costs no instruction.

    z = n ln(2) + r with a single rounded constant for ln(2): all digits of r are right but those of n times the
    constant's error, 1.9e-9, which matters only where the gap alone is wanted.
    """
    cdef float t, power, r, p, d
    cdef float magic = <float>12582999.0  # 1.5 * 2^23 + 127 - 40, as in `exp_split`
    cdef float most = at_most(z, <float>116.0)
    t = fma(most, <float>1.4426950408889634, magic)
    n[0] = t - magic
    power = _exponent_f32(t)
    r = fused(n[0], <float>-0.6931472, most) + z_low
    p = fma(r, <float>1.3863995e-03, <float>8.366629e-03)
    p = fma(r, p, <float>4.166743e-02)
    p = fma(r, p, <float>1.6666524e-01)
    p = fma(r, p, <float>0.5)
    p = fma(r * r, p, r)  # exp(r) - 1
    d = power + fma(power, p, tanh_unit())
    low[0] = fused(power, p, (power - d) + tanh_unit())
    return d


cdef inline float tanh_gap(float z, float z_low, float factor, float* n) noexcept nogil:
    """factor / (1 + exp(z + z_low)) for z >= 0, which is factor / 2 times 1 - tanh((z + z_low) / 2); n is for `sech_square`."""
    cdef float low
    return (factor * tanh_unit()) / tanh_denominator(z, z_low, n, &low)


cdef inline float sech_square(float z, float z_low, float factor) noexcept nogil:
    """factor / 4 times 1 - tanh((z + z_low) / 2)^2, for z >= 0: the gap times its distance from 2."""
    cdef float n
    cdef float c = tanh_gap(z, z_low, factor, &n)
    return fused(c, fma(n, <float>-1.9046542e-09, (<float>-1 / factor) * c), c)


cdef inline float tanh_gap_split(float z, float z_low, float factor, float* rest) noexcept nogil:
    """The gap c as above, and its relative error `rest`."""
    cdef float n, low
    cdef float unit = factor * tanh_unit()
    cdef float d = tanh_denominator(z, z_low, &n, &low)
    cdef float c = unit / d
    rest[0] = fma(fma(-c, low, remainder(unit, c, d)), <float>1 / unit, <float>-1.9046542e-09 * n)
    return c


cdef inline float sech_square_split(float c, float factor, float rest) noexcept nogil:
    """What `sech_square` is, from the results of `tanh_gap_split`; an error of c counts tanh((z + z_low) / 2) times."""
    return fused(c, fma(<float>-1 / factor, c, rest * fma(<float>-2 / factor, c, <float>1)), c)


# --- logarithm --------------------------------------------------------------------------------------------------

cdef inline real log1p_slope(real x) noexcept nogil:
    """log(1 + x) / x - 29/32 for x in [0, 1]: log(1 + x) = 29/32 x + x log1p_slope(x), whose second term is small."""
    cdef real p, w, odd, u = x - <real>0.5
    if real is float:
        p = <float>2.0751692e-03
        p = fma(u, p, <float>-3.21585e-03)
        p = fma(u, p, <float>3.947874e-03)
        p = fma(u, p, <float>-6.7675738e-03)
        p = fma(u, p, <float>1.1864662e-02)
        p = fma(u, p, <float>-2.0566449e-02)
        p = fma(u, p, <float>3.6609236e-02)
        p = fma(u, p, <float>-6.768803e-02)
        p = fma(u, p, <float>1.3260986e-01)
        p = fma(u, p, <float>-2.885271e-01)
        p = fused(u, p, <float>-9.5319785e-02)  # the last rounding shows
    else:
        w = u * u
        p = fma(w, <double>2.468319293524185e-05, <double>2.7952066431202342e-05)
        p = fma(w, p, <double>8.951901474588398e-05)
        p = fma(w, p, <double>2.2113224966605803e-04)
        p = fma(w, p, <double>5.73056281580176e-04)
        p = fma(w, p, <double>1.5153836556924126e-03)
        p = fma(w, p, <double>4.136179082565301e-03)
        p = fma(w, p, <double>1.1833792110183896e-02)
        p = fma(w, p, <double>3.6611854523182094e-02)
        p = fma(w, p, <double>1.3260975375420211e-01)
        p = fma(w, p, <double>-9.531978378367123e-02)
        odd = fma(w, <double>-3.8365560881357136e-05, <double>-4.482433988380335e-05)
        odd = fma(w, odd, <double>-1.4210227184841736e-04)
        odd = fma(w, odd, <double>-3.548198045847107e-04)
        odd = fma(w, odd, <double>-9.28857553463436e-04)
        odd = fma(w, odd, <double>-2.4918411805271903e-03)
        odd = fma(w, odd, <double>-6.945394975970664e-03)
        odd = fma(w, odd, <double>-2.0548811919081988e-02)
        odd = fma(w, odd, <double>-6.768864331096505e-02)
        odd = fma(w, odd, <double>-2.885270990993239e-01)
        p = fma(u, odd, p)
    return p
