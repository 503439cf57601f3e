"""The normal distribution: its error function, cumulative distribution and bell, and the Gaussian error linear unit.

What vanishes like exp(-x^2) comes out of `exp_sum` as 2^n (m + low), with what the rounding of x^2 left over put back,
and the factor before it goes in ahead of the power: a subnormal result is rounded once.
"""

from actcore._kernels.elementary cimport (
    abs_or_nan, at_least, at_most, copysign, exp_sum, fabs, fma, fused, product_residual, real, remainder, sum_residual,
    tail_shift, times_sum, unscale,
)


# --- bell -------------------------------------------------------------------------------------------------------------

cdef inline real half_bell_argument(real x) noexcept nogil:
    """|x|, but not above where exp(-x^2 / 2), even times a cubic in x, has vanished; a NaN keeps its sign."""
    cdef real a = abs_or_nan(x)
    if real is float:
        return at_most(a, <float>15.0)
    else:
        return at_most(a, <double>39.5)


cdef inline real bell_limit(real x) noexcept nogil:
    """From here on exp(-x^2), even times a cubic in x, has vanished."""
    if real is float:
        return <float>11.0
    else:
        return <double>28.0


cdef inline real bell_argument(real x) noexcept nogil:
    """x, but not beyond `bell_limit`; a NaN keeps its sign."""
    return at_most(at_least(x, -bell_limit(x)), bell_limit(x))


cdef inline real bell(real x, real factor) noexcept nogil:
    """factor exp(-x^2) for x from `bell_argument`."""
    cdef real power, low
    cdef real h = x * x
    cdef real m = exp_sum(h, -1, -product_residual(x, x, h), tail_shift(x), False, &power, &low)
    return unscale(power * times_sum(factor, m, low))


cdef inline real half_bell(real a, real* power, real* low) noexcept nogil:
    """m + low and a power such that exp(-a^2 / 2) = unscale(power (m + low)), for a from `half_bell_argument`.

    Not for the bell alone: that its derivatives share what the values need costs them next to nothing.
    """
    cdef real half = <real>0.5 * a
    cdef real h = half * a
    return exp_sum(h, -1, -product_residual(half, a, h), tail_shift(a), True, power, low)


cdef inline real half_bell_times(real a, real factor) noexcept nogil:
    """factor exp(-a^2 / 2) for a from `half_bell_argument`."""
    cdef real power, low
    cdef real m = half_bell(a, &power, &low)
    return unscale(power * times_sum(factor, m, low))


cdef inline real gaussian(real x) noexcept nogil:
    return bell(bell_argument(x), <real>1)


cdef inline real gaussian_derivative(real x) noexcept nogil:
    cdef real z = bell_argument(x)
    return bell(z, <real>-2 * z)


cdef inline real gaussian_second_derivative(real x) noexcept nogil:
    cdef real z = bell_argument(x)
    cdef real h = z * z
    # 4 z^2 - 2, which has a root.
    return bell(z, fma(<real>4, product_residual(z, z, h), fma(<real>4, h, <real>-2)))


# --- error function ---------------------------------------------------------------------------------------------------

cdef inline real erf_slope(real x) noexcept nogil:
    """erf(x) / x - 1 for |x| <= `erf_reach`."""
    cdef real p, z = x * x
    if real is float:
        p = fma(z, <float>7.842288e-05, <float>-8.006793e-04)
        p = fma(z, p, <float>5.1879627e-03)
        p = fma(z, p, <float>-2.6853643e-02)
        p = fma(z, p, <float>1.12835824e-01)
        p = fused(z, p, <float>-3.7612626e-01)
        p = fused(z, p, <float>1.2837917e-01)
    else:
        p = fma(z, <double>-3.338442417759397e-12, <double>8.01830578163684e-11)
        p = fma(z, p, <double>-1.19267037424243e-09)
        p = fma(z, p, <double>1.4744629697687484e-08)
        p = fma(z, p, <double>-1.6358484037919068e-07)
        p = fma(z, p, <double>1.6461518044235382e-06)
        p = fma(z, p, <double>-1.4925617666961291e-05)
        p = fma(z, p, <double>1.2055331833680532e-04)
        p = fma(z, p, <double>-8.548327001431813e-04)
        p = fma(z, p, <double>5.2239776253753525e-03)
        p = fma(z, p, <double>-2.686617064519228e-02)
        p = fma(z, p, <double>1.1283791670956282e-01)
        p = fma(z, p, <double>-3.7612638903183826e-01)
        p = fma(z, p, <double>1.283791670955126e-01)
    return p


cdef inline real erf_reach(real x) noexcept nogil:
    if real is float:
        return <float>1.0
    else:
        return <double>1.25


cdef inline real erf_far(real a) noexcept nogil:
    """erf(a) for a >= `erf_reach`: 1 less a power of a polynomial.

    What is missing from 1 needs no relative accuracy, thus no exponential; its square root, or eighth one, is easily fitted.
    """
    cdef real p
    if real is float:
        a = at_most(a, <float>3.95) - <float>1.5
        p = fma(a, <float>6.7599303e-06, <float>-6.4557506e-05)
        p = fma(a, p, <float>1.8289044e-04)
        p = fma(a, p, <float>1.9646557e-04)
        p = fma(a, p, <float>-2.0173434e-03)
        p = fma(a, p, <float>1.629092e-03)
        p = fma(a, p, <float>1.260119e-02)
        p = fma(a, p, <float>-3.0722981e-02)
        p = fma(a, p, <float>-2.3910329e-02)
        p = fma(a, p, <float>2.0116116e-01)
        p = fma(a, p, <float>-3.2299486e-01)
        p = fma(a, p, <float>1.8410555e-01)
    else:
        a = at_most(a, <double>5.95)
        p = fma(a, <double>8.304377975173381e-13, <double>-3.814257048170289e-11)
        p = fma(a, p, <double>7.805351650428928e-10)
        p = fma(a, p, <double>-9.097503167024898e-09)
        p = fma(a, p, <double>6.304372450134116e-08)
        p = fma(a, p, <double>-2.319523738355275e-07)
        p = fma(a, p, <double>1.2684661910842963e-07)
        p = fma(a, p, <double>2.784406514553753e-06)
        p = fma(a, p, <double>-1.8714090537895937e-05)
        p = fma(a, p, <double>1.2496804012088165e-04)
        p = fma(a, p, <double>-5.74309460917839e-04)
        p = fma(a, p, <double>2.60630424720178e-04)
        p = fma(a, p, <double>6.524773222496093e-03)
        p = fma(a, p, <double>-2.0493288037519803e-03)
        p = fma(a, p, <double>-6.964686021230357e-02)
        p = fma(a, p, <double>-1.4104321204173728e-01)
        p = fma(a, p, <double>9.999995063743726e-01)
        p = p * p
        p = p * p
    return fused(-p, p, <real>1)


cdef inline real erf(real x) noexcept nogil:
    cdef real a = fabs(x)
    return fused(x, erf_slope(x), x) if a < erf_reach(x) else copysign(erf_far(a), x)


cdef inline real erf_derivative(real x) noexcept nogil:
    return bell(bell_argument(x), <real>1.1283791670955126)


cdef inline real erf_second_derivative(real x) noexcept nogil:
    cdef real z = bell_argument(x)
    return bell(z, <real>-2.256758334191025 * z)


# --- cumulative distribution ------------------------------------------------------------------------------------------

cdef inline real tail_quotient(real a, real* low) noexcept nogil:
    """exp(-a^2 / 2) / Phi(-a) for 0 <= a as the sum of the result and `low`: near sqrt(2 pi) a, and 2 at zero."""
    cdef real p, q, slope, line, d
    if real is float:
        p = fma(a, <float>-2.8479397e-03, <float>-3.1237211e-02)
        p = fma(a, p, <float>-1.5454823e-01)
        p = fused(a, p, <float>-3.8600928e-01)
        p = fused(a, p, <float>-3.6267218e-01)
        p = fused(a, p, <float>4.6613178e-01)
        q = fma(a, <float>1.898582e-03, <float>2.4e-02)
        q = fma(a, q, <float>1.4307585e-01)
        q = fused(a, q, <float>4.9100858e-01)
        q = fused(a, q, <float>9.729773e-01)
        q = fused(a, q, <float>9.3226355e-01)
        slope = <float>2.5066283
    else:
        p = fma(a, <double>-7.957561045218702e-07, <double>-2.2597288797809994e-05)
        p = fma(a, p, <double>-3.150885499710873e-04)
        p = fma(a, p, <double>-2.7855683074267056e-03)
        p = fma(a, p, <double>-1.7036117168164e-02)
        p = fma(a, p, <double>-7.416539794735579e-02)
        p = fma(a, p, <double>-2.2764518133241207e-01)
        p = fma(a, p, <double>-4.6488681786931063e-01)
        p = fma(a, p, <double>-5.24856848503608e-01)
        p = fma(a, p, <double>-6.094357460923911e-02)
        p = fma(a, p, <double>4.6875e-01)
        q = fma(a, <double>5.305040696812471e-07, <double>1.5951376865705083e-05)
        q = fma(a, q, <double>2.3671514817648074e-04)
        q = fma(a, q, <double>2.250843757301411e-03)
        q = fma(a, q, <double>1.5065451683965399e-02)
        q = fma(a, q, <double>7.383697711356718e-02)
        q = fma(a, q, <double>2.678952719165402e-01)
        q = fma(a, q, <double>7.111381161798966e-01)
        q = fma(a, q, <double>1.327159593047998e+00)
        q = fma(a, q, <double>1.5859737627039006e+00)
        q = fma(a, q, <double>9.375e-01)
        slope = <double>2.5066282746310007
    p = p / q
    # Next to a line the rest is small, and so are its errors.
    line = fused(a, slope, <real>1.5)
    d = line + p
    low[0] = ((line - d) + p) + fused(a, slope, <real>1.5 - line)
    return d


cdef inline real tail(real power, real m, real low, real d, real d_low) noexcept nogil:
    """unscale(power (m + low)) / (d + d_low), a bell over its `tail_quotient`."""
    cdef real q, c = <real>1 / d
    if real is float:
        q = m * c
        q = fused(fma(-q, d_low, remainder(m, q, d) + low), c, q)
    else:
        q = c + fma(c, low, fma(-c, d_low, remainder(<real>1, c, d)) * c)
    return unscale(power * q)


cdef inline real normal_cdf(real x) noexcept nogil:
    cdef real power, m, low, d, d_low, q
    cdef real a = half_bell_argument(x)
    m = half_bell(a, &power, &low)
    d = tail_quotient(a, &d_low)
    q = tail(power, m, low, d, d_low)
    return <real>1 - q if x > <real>0 else q


cdef inline real normal_cdf_derivative(real x) noexcept nogil:
    return half_bell_times(half_bell_argument(x), <real>0.3989422804014327)


cdef inline real normal_cdf_second_derivative(real x) noexcept nogil:
    cdef real a = half_bell_argument(x)
    return half_bell_times(a, <real>-0.3989422804014327 * copysign(a, x))


# --- complementary error function ---------------------------------------------------------------------------------------

cdef inline real erfc_quotient(real a, real* low) noexcept nogil:
    """2 exp(-a^2) / erfc(a) for 0 <= a as the sum of the result and `low`: near 2 sqrt(pi) a, and 2 at zero."""
    cdef real p, q, z, z_low, d
    if real is float:
        p = fma(a, <float>1.2123482e-02, <float>2.9953796e-02)
        p = fma(a, p, <float>-6.943674e-02)
        p = fused(a, p, <float>-4.3881446e-01)
        p = fused(a, p, <float>-7.45544e-01)
        q = fma(a, <float>2.783938e-02, <float>1.9649296e-01)
        q = fma(a, q, <float>6.315171e-01)
        q = fused(a, q, <float>1.0751085e+00)
        q = fused(a, q, <float>8.7441945e-01)
        p = p / q
        # This line is never far away, so the errors of the quotient count little.
        z = fused(a, <float>3.109375, <float>2)
        d = fused(a, p, z)
        low[0] = fused(a, p, z - d) + fused(a, <float>3.109375, <float>2 - z)
    else:
        # `tail_quotient` of a sqrt(2), whose derivative is d (d / sqrt(2 pi) - z)
        z = <double>1.4142135623730951 * a
        z_low = fma(a, <double>-9.667293313452913e-17, product_residual(<double>1.4142135623730951, a, z))
        d = tail_quotient(z, low)
        low[0] = fma(z_low, d * fma(<double>0.3989422804014327, d, -z), low[0])
    return d


cdef inline real erfc_bell(real x, real* a, real* power, real* low) noexcept nogil:
    """m + low and a power such that 2 exp(-x^2) = unscale(power (m + low)), and a = |x| up to `bell_limit`.

    The derivatives take the same bell, so that value and derivative share it.
    """
    cdef real h
    a[0] = at_most(abs_or_nan(x), bell_limit(x))
    h = a[0] * a[0]
    return exp_sum(h, -1, -product_residual(a[0], a[0], h), tail_shift(x) + <real>1, False, power, low)


cdef inline real erfc(real x) noexcept nogil:
    cdef real a, power, low, d_low
    cdef real m = erfc_bell(x, &a, &power, &low)
    cdef real d = erfc_quotient(a, &d_low)
    cdef real q = tail(power, m, low, d, d_low)
    return q if x > <real>0 else <real>2 - q


cdef inline real erfc_derivative(real x) noexcept nogil:
    cdef real a, power, low
    cdef real m = erfc_bell(x, &a, &power, &low)
    return unscale(power * times_sum(<real>-0.5641895835477563, m, low))


cdef inline real erfc_second_derivative(real x) noexcept nogil:
    cdef real a, power, low
    cdef real m = erfc_bell(x, &a, &power, &low)
    return unscale(power * times_sum(<real>1.1283791670955126 * copysign(a, x), m, low))


# --- Gaussian error linear unit ---------------------------------------------------------------------------------------

cdef inline real gelu(real x) noexcept nogil:
    cdef real power, m, low, d, d_low, c, q, q_low, tail, tail_low, s, half
    cdef real a = half_bell_argument(x)
    m = half_bell(a, &power, &low)
    d = tail_quotient(a, &d_low)
    c = <real>1 / d
    # a Phi(-a) = 2^n (q + q_low) (m + low) = 2^n (tail + tail_low)
    q = a * c
    q_low = fma(-q, d_low, remainder(a, q, d)) * c
    if real is float:
        low = fused(q_low, m, q * low)
        tail = fused(q, m, low)
        tail_low = product_residual(q, m, tail) + low
    else:
        tail = q + fma(q, low, q_low)
        tail_low = 0
    # x Phi(x) = x / 2 + (x / 2 - a Phi(-a)) right of zero.
    s = unscale(power)
    half = <real>0.5 * x
    half = half + fma(-s, tail_low, fma(-s, tail, half))
    return copysign(half if x > <real>0 else unscale(power * tail), x)


cdef inline real gelu_derivative(real x) noexcept nogil:
    cdef real power, m, low, d, d_low, c, y, y_low, u, w, w_low, q, q_low, tail
    cdef real a = half_bell_argument(x)
    m = half_bell(a, &power, &low)
    d = tail_quotient(a, &d_low)
    c = <real>1 / d
    # Phi(-a) - a phi(a) = exp(-a^2 / 2) (1 - a d / sqrt(2 pi)) / d
    y = <real>0.3989422804014327 * a
    y_low = product_residual(<real>0.3989422804014327, a, y)
    if real is float:
        y_low = fma(<real>-1.133517e-08, a, y_low)
    else:
        y_low = fma(<real>-2.4923272022777435e-17, a, y_low)
    u = y * d
    w = <real>1 - u
    q = w * c
    if real is float:
        w_low = ((<real>1 - w) - u) - fma(y_low, d, fma(y, d_low, product_residual(y, d, u)))
        q_low = (remainder(w, q, d) + fma(-q, d_low, w_low)) * c
        tail = fused(q, m, fma(q_low, m, q * low))
    else:
        q = fma(((<real>1 - w) - u) - fma(y_low, d, fma(y, d_low, product_residual(y, d, u))), c, q)
        tail = fma(q, low, q)
    tail = unscale(power * tail)
    return <real>1 - tail if x > <real>0 else tail


cdef inline real gelu_second_derivative(real x) noexcept nogil:
    cdef real power, m, low, w, w_low, y, y_low
    cdef real a = half_bell_argument(x)
    cdef real half = <real>0.5 * a
    cdef real h = half * a
    m = half_bell(a, &power, &low)
    # (2 - a^2) / sqrt(2 pi)
    w = fma(<real>-2, h, <real>2)
    y = <real>0.3989422804014327 * w
    if real is float:
        # What the roundings of square, difference, constant and product left over.
        w_low = fma(<real>-2, product_residual(half, a, h), sum_residual(<real>2, <real>-2 * h, w))
        y_low = product_residual(<real>0.3989422804014327, w, y)
        y_low = fma(<real>0.3989422804014327, w_low, fma(<real>-1.133517e-08, w, y_low))
        y = fused(y, m, fma(y_low, m, y * low))
    else:
        y = fma(y, low, y)
    return unscale(power * y)
