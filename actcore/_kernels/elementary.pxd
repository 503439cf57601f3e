"""Elementary functions, written so that a C compiler turns a loop over them into vector code.

Every function is branch-free IEEE arithmetic: + - * / fma, comparisons that select a value, and integer shifts on
the bits of a number. No libm call, no table, no scalar function pointer: the same text gives the same bits in a
vector body, in the scalar tail of a loop, and on every instruction set that has a fused multiply-add.

``real`` is float or double; each function is written once for both, and differs between them only in coefficients
(``scripts/_design`` shows how they were fitted). A literal is always ``<real>0.5``: a bare 0.5 is a C double and
would pull float32 arithmetic up to double.
"""

cdef extern from *:
    """
    #include <stdint.h>
    #ifndef ACTCORE_ELEMENTARY
    #define ACTCORE_ELEMENTARY
    /* On instruction sets without FMA the product is rounded before the addition. */
    #if defined(__FMA__) || defined(__aarch64__)
    #define ACTCORE_FMAF(a, b, c) __builtin_fmaf((a), (b), (c))
    #define ACTCORE_FMA(a, b, c) __builtin_fma((a), (b), (c))
    #else
    #define ACTCORE_FMAF(a, b, c) ((a) * (b) + (c))
    #define ACTCORE_FMA(a, b, c) ((a) * (b) + (c))
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
    #endif
    """
    float _fma_f32 "ACTCORE_FMAF"(float a, float b, float c) noexcept nogil
    double _fma_f64 "ACTCORE_FMA"(double a, double b, double c) noexcept nogil
    float _exponent_f32 "actcore_shifted_bits_f32"(float x) noexcept nogil
    double _exponent_f64 "actcore_shifted_bits_f64"(double x) noexcept nogil
    float _residual_f32 "actcore_product_residual_f32"(float a, float b, float p) noexcept nogil
    double _residual_f64 "actcore_product_residual_f64"(double a, double b, double p) noexcept nogil
    float _fabs_f32 "__builtin_fabsf"(float x) noexcept nogil
    double _fabs_f64 "__builtin_fabs"(double x) noexcept nogil
    float _copysign_f32 "__builtin_copysignf"(float x, float sign) noexcept nogil
    double _copysign_f64 "__builtin_copysign"(double x, double sign) noexcept nogil


ctypedef fused real:
    float
    double


cdef inline real fma(real a, real b, real c) noexcept nogil:
    """a * b + c, rounded once where the instruction set can."""
    if real is float:
        return _fma_f32(a, b, c)
    else:
        return _fma_f64(a, b, c)


cdef inline real product_residual(real a, real b, real p) noexcept nogil:
    """a * b - p exactly, for p the rounded product."""
    if real is float:
        return _residual_f32(a, b, p)
    else:
        return _residual_f64(a, b, p)


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


cdef inline real expm1_reduced(real x, real low, real* power) noexcept nogil:
    """p and 2^(n + shift) such that exp(x + low) = 2^n (1 + p), p in [-0.30, 0.42].

    ``shift`` is 64 (float32) or 256 (float64) so that the power stays a normal number down to where exp(x) has long
    left the subnormals; ``unscale`` takes the shift away again, with the one rounding that a subnormal result needs.
    x must lie in [-130, 44] (float32) or [-800, 530] (float64).
    """
    cdef real t, n, r, p
    if real is float:
        # 1.5 * 2^23 + 127 + 64: the sum's low bits are the biased exponent of 2^(n + 64).
        t = fma(x, <float>1.4426950408889634, <float>12583103.0)
        n = t - <float>12583103.0
        r = fma(n, <float>-0.693145751953125, x)
        r = fma(n, <float>-1.428606765330187e-06, r) + low
        p = fma(r, <float>1.3910797424614429e-3, <float>8.36311280727386474609375e-3)
        p = fma(r, p, <float>4.1666708886623382568359375e-2)
        p = fma(r, p, <float>0.16666577756404876708984375)
        p = fma(r, p, <float>0.5)
        p = fma(r * r, p, r)
        power[0] = _exponent_f32(t)
    else:
        # 1.5 * 2^52 + 1023 + 256
        t = fma(x, <double>1.4426950408889634, <double>6755399441057023.0)
        n = t - <double>6755399441057023.0
        r = fma(n, <double>-0.693147180369123816490, x)
        r = fma(n, <double>-1.90821492927058770002e-10, r) + low
        p = fma(r, <double>2.08965230186978513880090520314720423051451454494359495583921671e-9,
                <double>2.51054467015723187339608943411534136558316276932600885629654e-8)
        p = fma(r, p, <double>2.7557326827327836692526730026662e-7)
        p = fma(r, p, <double>2.7557254749586549624426352195216693981457823146134614944458e-6)
        p = fma(r, p, <double>2.480158727190165634775634306841141096811043098568916320800781e-5)
        p = fma(r, p, <double>1.98412698754577877802152130470858537591993808746337890625e-4)
        p = fma(r, p, <double>1.38888888889050483681220082843310592579655349254608154296875e-3)
        p = fma(r, p, <double>8.33333333332588778452620914549697772599756717681884765625e-3)
        p = fma(r, p, <double>4.166666666666664353702032030923874117434024810791015625e-2)
        p = fma(r, p, <double>0.1666666666666667129259593593815225176513195037841796875)
        p = fma(r, p, <double>0.5)
        p = fma(r * r, p, r)
        power[0] = _exponent_f64(t)
    return p


cdef inline real unscale(real y) noexcept nogil:
    """y / 2^shift: takes away the shift of ``expm1_reduced``'s power."""
    if real is float:
        return y * <float>5.421010862427522e-20
    else:
        return y * <double>8.636168555094445e-78


cdef inline real clamp_exponent(real x) noexcept nogil:
    """x, but not below the argument where exp(x) times any cubic in x is zero. A NaN passes."""
    if real is float:
        return <float>-120.0 if x < <float>-120.0 else x
    else:
        return <double>-790.0 if x < <double>-790.0 else x


cdef inline real exp(real x) noexcept nogil:
    """exp(x) for every x: overflows to inf, goes down through the subnormals to 0."""
    cdef real power, p, y, big
    if real is float:
        big = <float>44.0
    else:
        big = <double>500.0
    # exp(x) = exp(x - big) exp(big) above big, where the power alone would overflow.
    y = clamp_exponent(x)
    if real is float:
        y = <float>89.0 if y > <float>89.0 else y
        p = expm1_reduced(y * <float>0.5, <float>0, &power)
    else:
        y = <double>710.0 if y > <double>710.0 else y
        p = expm1_reduced(y * <double>0.5, <double>0, &power)
    p = unscale(fma(power, p, power))
    return p * p


cdef inline real exp_negative(real x) noexcept nogil:
    """exp(x) for x <= 0."""
    cdef real power
    cdef real p = expm1_reduced(clamp_exponent(x), <real>0, &power)
    return unscale(fma(power, p, power))


cdef inline real expm1_negative(real x) noexcept nogil:
    """exp(x) - 1 for x <= 0, without cancellation near 0."""
    cdef real power, s
    cdef real p = expm1_reduced(clamp_exponent(x), <real>0, &power)
    s = unscale(power)
    return fma(s, p, s - <real>1)


cdef inline real log1p_unit(real x) noexcept nogil:
    """log(1 + x) for x in [0, 1]."""
    cdef real p, s, z
    if real is float:
        p = fma(x, <float>2.0772782154381275177001953125e-3, <float>-1.365665532648563385009765625e-2)
        p = fma(x, p, <float>4.20435853302478790283203125e-2)
        p = fma(x, p, <float>-8.3159483969211578369140625e-2)
        p = fma(x, p, <float>0.1247425079345703125)
        p = fma(x, p, <float>-0.161330521106719970703125)
        p = fma(x, p, <float>0.1989912688732147216796875)
        p = fma(x, p, <float>-0.2498880326747894287109375)
        p = fma(x, p, <float>0.333327114582061767578125)
        p = fma(x, p, <float>-0.49999988079071044921875)
        return fma(x * x, p, x)
    else:
        s = x / (<double>2.0 + x)
        z = s * s
        p = fma(z, <double>0.14935179939416887151537595036399152469635009765625,
                <double>7.89735989274567284912365039417636580765247344970703125e-2)
        p = fma(z, p, <double>0.1074399398969904939615835751919184992492198944091796875)
        p = fma(z, p, <double>0.11748417949021820537953196411763201467692852020263671875)
        p = fma(z, p, <double>0.1333396751948214831833700121177919209003448486328125)
        p = fma(z, p, <double>0.1538460945826596315555434557609260082244873046875)
        p = fma(z, p, <double>0.1818181767858220443390138343513468094170093536376953125)
        p = fma(z, p, <double>0.222222222434338700924882914478075690567493438720703125)
        p = fma(z, p, <double>0.285714285710943094453995172443683259189128875732421875)
        p = fma(z, p, <double>0.400000000000021171953079601735225878655910491943359375)
        p = fma(z, p, <double>0.66666666666666662965923251249478198587894439697265625)
        return fma(s * z, p, s + s)


cdef inline real mills(real a) noexcept nogil:
    """Phi(-a) exp(a^2 / 2) for a >= 0: a polynomial in 4 / (a + 4), good while exp(-a^2 / 2) is not zero."""
    cdef real q, u, p
    q = <real>4.0 / (a + <real>4.0)
    u = q - <real>0.5
    if real is float:
        p = <float>0.016071474
        p = fma(u, p, <float>0.012095777)
        p = fma(u, p, <float>-0.050140213)
        p = fma(u, p, <float>-0.056335565)
        p = fma(u, p, <float>0.06020322)
        p = fma(u, p, <float>0.24162474)
        p = fma(u, p, <float>0.3730466)
        p = fma(u, p, <float>0.3871367)
        p = fma(u, p, <float>0.30394828)
        p = fma(u, p, <float>0.18882129)
    else:
        p = <double>0.001523039823024007
        p = fma(u, p, <double>-0.002644612961143959)
        p = fma(u, p, <double>-0.0010057296224574978)
        p = fma(u, p, <double>0.005143163269639192)
        p = fma(u, p, <double>-0.0017407407275783393)
        p = fma(u, p, <double>-0.005597326092327403)
        p = fma(u, p, <double>0.005077890414099644)
        p = fma(u, p, <double>0.00445324541339121)
        p = fma(u, p, <double>-0.008368570672710464)
        p = fma(u, p, <double>-0.0025792371121421613)
        p = fma(u, p, <double>0.012124514965536978)
        p = fma(u, p, <double>0.0007338663163106336)
        p = fma(u, p, <double>-0.017994079259137773)
        p = fma(u, p, <double>-0.0004885141708219989)
        p = fma(u, p, <double>0.029580151701690753)
        p = fma(u, p, <double>0.008534035994217327)
        p = fma(u, p, <double>-0.052186190642838436)
        p = fma(u, p, <double>-0.05567507787829752)
        p = fma(u, p, <double>0.06032151173381433)
        p = fma(u, p, <double>0.24158629956374625)
        p = fma(u, p, <double>0.3730437159193145)
        p = fma(u, p, <double>0.38713740074221453)
        p = fma(u, p, <double>0.30394832098594604)
        p = fma(u, p, <double>0.18882128260393788)
    return q * p


cdef inline real gauss_reduced(real a, real* power) noexcept nogil:
    """p and 2^(n + shift) such that exp(-a^2 / 2) = 2^n (1 + p), a clamped to where this is not zero."""
    cdef real h = a * a
    return expm1_reduced(<real>-0.5 * h, <real>-0.5 * product_residual(a, a, h), power)


cdef inline real clamp_gauss(real a) noexcept nogil:
    if real is float:
        return <float>15.0 if a > <float>15.0 else a
    else:
        return <double>39.5 if a > <double>39.5 else a
