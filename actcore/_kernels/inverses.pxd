"""Inverses; what is declared double is for float64, and for float32 after widening.

Outside its domain an inverse is NaN; at the ends of an open domain it is the limit.
"""

from actcore._kernels.elementary cimport (
    FUSES, abs_or_nan, at_least, at_most, copysign, exp_tail_exact, expm1_reduced, fabs, fma, fused, largest, product_residual,
    real, remainder, smallest, unscale,
)
from actcore._kernels.logarithm cimport (
    doubled_quotient, inverse_power, inverse_power_f32, inverse_power_ratio, log1mexp_quotient, log1mexp_second_derivative,
    log1mexp_slope, log_of_double_quotient, log_of_quotient, log_ratio, without_power, without_power_f32,
)

cdef extern from "<math.h>" nogil:
    double NAN
    double INFINITY


# --- arcus tangent ----------------------------------------------------------------------------------------------------

cdef inline real arctan(real x) noexcept nogil:
    cdef real a = fabs(x)
    cdef real small = at_most(a, <real>1)
    cdef real large = at_least(a, <real>1)
    cdef real t, z, w, p, odd, y, low
    if real is float:
        large = at_most(large, <float>1e38)
        t = small / large
        z = t * t
        p = <float>-1.7389732e-03
        p = fma(z, p, <float>1.066674e-02)
        p = fma(z, p, <float>-3.0709004e-02)
        p = fma(z, p, <float>5.7478942e-02)
        p = fma(z, p, <float>-8.374951e-02)
        p = fma(z, p, <float>1.094222e-01)
        p = fma(z, p, <float>-1.426229e-01)
        p = fma(z, p, <float>1.999836e-01)
        p = fused(z, p, <float>-3.3333293e-01)
        # pi / 2 - arctan(t) on the far side of 1, arctan(t) as 13/16 t and a rest that is small where its errors would count.
        # What is left over of the division belongs to t; it counts less by 1 / (1 + z), about 0.5 where it counts at all.
        y = fused(<float>-0.8125, t, <float>1.5707964)
        low = fused(<float>-0.8125, t, <float>1.5707964 - y) + <float>-4.371139e-08
        y = y + fma(-t, fused(z, p, fma(<float>0.5, remainder(small, t, large), <float>0.1875)), low)
        t = fma(t, z * p, t)
    else:
        t = small / large
        z = t * t
        w = z * z
        p = fma(w, <double>-1.4864461899031842e-04, <double>-2.8386521341295513e-03)
        p = fma(w, p, <double>-1.3772550387802115e-02)
        p = fma(w, p, <double>-2.9791993307727478e-02)
        p = fma(w, p, <double>-4.215664253719956e-02)
        p = fma(w, p, <double>-5.253116195382004e-02)
        p = fma(w, p, <double>-6.66638849844846e-02)
        p = fma(w, p, <double>-9.090906834943654e-02)
        p = fma(w, p, <double>-1.4285714282241302e-01)
        p = fma(w, p, <double>-3.333333333333303e-01)
        odd = fma(w, <double>1.2873899878836764e-05, <double>8.150386201352324e-04)
        odd = fma(w, odd, <double>7.106273383365426e-03)
        odd = fma(w, odd, <double>2.184823854901767e-02)
        odd = fma(w, odd, <double>3.6570864455641304e-02)
        odd = fma(w, odd, <double>4.720969567029982e-02)
        odd = fma(w, odd, <double>5.880436419812765e-02)
        odd = fma(w, odd, <double>7.69227790771667e-02)
        odd = fma(w, odd, <double>1.1111110997369343e-01)
        odd = fma(w, odd, <double>1.9999999999945578e-01)
        p = fma(z, odd, p)
        t = fused(t * z, p, t)
        y = (<double>1.5707963267948966 - t) + <double>6.123233995736766e-17
    return copysign(y if a > <real>1 else t, x)


cdef inline real arctan_derivative(real x) noexcept nogil:
    # Scaled, so that x² is finite as long as its inverse has not vanished.
    cdef real scale, z
    if real is float:
        scale = <float>0.000244140625  # 2^-12
    else:
        scale = <double>9.313225746154785e-10  # 2^-30
    z = x * scale
    return scale * scale / fused(z, z, scale * scale)


cdef inline real arctan_second_derivative(real x) noexcept nogil:
    cdef real limit, z, w, c, y
    if real is float:
        limit = <float>1152921504606846976.0  # 2^60
    else:
        limit = <double>2.582249878086909e+120  # 2^400
    z = at_least(at_most(x, limit), -limit)
    w = fused(z, z, <real>1)
    c = <real>1 / w
    y = <real>-2 * z * c * c
    if real is float:
        return fma(y, <real>2 * remainder(<real>1, c, w), y)
    else:
        return y


# --- inverses of activations ------------------------------------------------------------------------------------------

cdef inline real logit(real x) noexcept nogil:
    cdef real p, k, scaled, unit, less, n, d, c, s, y
    cdef real q = <real>1 - x
    # Of x and 1 - x the smaller: then 1 - x is exact.
    cdef real z = smallest(x, q)
    q = largest(x, q)
    # Scaled, because the exponent of a subnormal number could not be read.
    if real is float:
        unit = <float>5.421010862427522e-20
        p = z * <float>18446744073709551616.0
        scaled = inverse_power_f32(p, q, 64, &k)
    else:
        unit = <double>7.888609052210118e-31
        p = z * <double>1.2676506002282294e30
        scaled = inverse_power_ratio(p, q, &k)
        k = k - <double>100
    # (a - 1) / (a + 1) for a = 2^-k z / (1 - z), both times 1 - z; next to 1/2, where k = 0, these are 2 z - 1 and 1.
    less = scaled - unit
    n = remainder(<real>-1, -p, scaled + unit)
    d = fused(p, less, <real>1)
    if real is float:
        c = <float>2 / d
        s = n * c
        y = fma(<float>-0.5 * s, fused(p, less, <float>1 - d), remainder(n, <float>0.5 * s, d))
        y = log_of_double_quotient(s, y * c, k)
    else:
        y = log_of_quotient(n / d, k, 0)
    y = copysign(<real>INFINITY if z == <real>0 else y, x - <real>0.5)
    return <real>NAN if z < <real>0 else y


cdef inline real logit_product(real x) noexcept nogil:
    """x (1 - x), a zero being positive."""
    if real is float:
        return fused(-x, x, x) + <float>0
    else:
        return x * (<double>1 - x) + <double>0


cdef inline real logit_derivative(real x) noexcept nogil:
    cdef real d = logit_product(x)
    cdef real y = <real>NAN if d < <real>0 else <real>1 / d
    return y if x == x else x


cdef inline real logit_second_derivative(real x) noexcept nogil:
    cdef real scale, y
    cdef real d = logit_product(x)
    # Scaled: the square of a subnormal number would vanish where its inverse is still finite.
    if real is float:
        scale = <float>4096.0
    else:
        scale = <double>1.2676506002282294e30
    d = d * scale
    y = ((x + x) - <real>1) * (scale * scale) / (d * d)
    y = <real>NAN if d < <real>0 else y
    return y if x == x else x


cdef inline real atanh(real x) noexcept nogil:
    cdef real k, w, n, d, y
    cdef real a = fabs(x)
    cdef real p = <real>1 + a
    cdef real q = <real>1 - a
    if real is float:
        y = <float>0.5 * log_ratio(p, (<float>1 - p) + a, q, (<float>1 - q) - a, 0, False)
    else:
        w = inverse_power_ratio(p, q, &k)
        # (w (1 + a) - (1 - a)) / (w (1 + a) + (1 - a)): where 1 - a is rounded, w is 1 or 1/2.
        n = (a - <double>0.5) + <double>0.5 * a if k == <double>1 else w * p - q
        d = <double>1.5 - <double>0.5 * a if k == <double>1 else w * p + q
        y = <double>0.5 * log_of_quotient(a if k == <double>0 else n / d, k, 0)
    y = <real>INFINITY if a == <real>1 else (<real>NAN if a > <real>1 else y)
    return copysign(y, x)


cdef inline real atanh_product(real x) noexcept nogil:
    """(1 - x) (1 + x), a zero being positive; a NaN keeps its sign."""
    if real is float:
        return <float>0 - fused(x, x, <float>-1)
    else:
        return (<double>1 - x) * (<double>1 + x) + <double>0


cdef inline real atanh_derivative(real x) noexcept nogil:
    cdef real d = atanh_product(x)
    return <real>NAN if d < <real>0 else <real>1 / d


cdef inline real atanh_second_derivative(real x) noexcept nogil:
    cdef real d = atanh_product(x)
    return <real>NAN if d < <real>0 else (x + x) / (d * d)


cdef inline float softplus_inverse_float(float x) noexcept nogil:
    cdef float power, p, p_low, q, q_low, s, s_low, k, t, t_low
    # From there on it is x, to half a unit.
    cdef float near = at_most(at_least(x, <float>0), <float>18)
    # exp(x) - 1, scaled as in `exp_tail`: the exponent of a subnormal number could not be read.
    p = exp_tail_exact(near, <float>0, &power, &p_low)
    t = power - <float>18446744073709551616.0
    q = fused(power, p, t)
    q_low = fma(power, p_low, fused(power, p, t - q))
    s = doubled_quotient(q, q_low, <float>1, <float>0, 64, True, &s_low, &k)
    # Next to the root the argument is counted from there: t + t_low = x - ln(2), and s = 2 - 2 exp(-t - t_low).
    near = near - <float>0.693145751953125
    t = near - <float>1.4286068e-06
    t_low = ((near - t) - <float>1.4286068e-06) + <float>-5.497923e-14
    p = expm1_reduced(-t, False, &p_low)
    q = p + p
    s = s if k != <float>0 else -q
    s_low = s_low if k != <float>0 else <float>2 * (fma(t_low, p, t_low) - p_low)
    t = log_of_double_quotient(s, s_low, k)
    t = -<float>INFINITY if x == <float>0 else t
    t = x if x > <float>18 else t
    return <float>NAN if x < <float>0 else t


cdef inline double softplus_inverse_double(double x) noexcept nogil:
    cdef double power, p, p_low, s, q, q_low, k, w, t, near, raised, y
    near = 50.0 if x > 50.0 else (0.0 if x < 0.0 else x)
    p = exp_tail_exact(near, 0.0, &power, &p_low)
    s = unscale(power)
    q = fused(s, p, s - 1.0)
    q_low = fused(s, p, (s - 1.0) - q) + s * p_low
    raised = q * (1.2676506002282294e30 if near < 1e-290 else 1.0)
    w = inverse_power(raised, &k) * raised
    k = k - 100.0 if near < 1e-290 else k
    y = (w - 1.0) / (w + 1.0)
    # Next to the root ln(2) the argument is counted from there.
    t = (near - 0.6931471805599453) - 2.3190468138462996e-17
    p = exp_tail_exact(-t, 0.0, &power, &p_low)
    s = unscale(power)
    y = -(fused(s, p, s - 1.0) + s * p_low) if k == 0.0 else y
    # What the rounding of exp(x) - 1 lost shows where k ln(2) takes away half of the logarithm.
    y = log_of_quotient(y, k, 0.0 if k == 0.0 else q_low / q)
    y = -INFINITY if x == 0.0 else y
    y = x if x > 45.0 else y
    return NAN if x < 0.0 else y


cdef inline real softplus_inverse(real x) noexcept nogil:
    if real is float:
        return softplus_inverse_float(x)
    else:
        return softplus_inverse_double(x)


cdef inline real softplus_inverse_derivative(real x) noexcept nogil:
    cdef real power, c
    if real is float:
        log1mexp_slope(x, &c, &power)
    else:
        log1mexp_quotient(x, &c)
    c = <real>NAN if x < <real>0 else c
    return c if x == x else x


cdef inline real softplus_inverse_second_derivative(real x) noexcept nogil:
    return log1mexp_second_derivative(x)


# With w = -log(1 - x^2) both y / x and (1 - x^2) f'(x) are smooth functions of w that vary little: no root and no exponential is
# needed, and nothing cancels. Both are quotients; in float64 what these are beside a line, where their errors count little.


cdef inline double erfinv_depth_exact(double x, double* product, double* low) noexcept nogil:
    """w + low = -log(1 - x^2) for 0 <= x < 1, and 1 - x^2.

    By a polynomial: a division takes longer than the terms that it would save.
    """
    cdef double k, f, z, p, odd, w
    product[0] = remainder(1.0, x, x)
    f = without_power(product[0], &k) - 1.0
    z = f * f
    p = fma(z, -6.410671186858263e-02, -5.944883486105238e-02)
    p = fma(z, p, -6.625388939944898e-02)
    p = fma(z, p, -7.697467178483457e-02)
    p = fma(z, p, -9.090590562181948e-02)
    p = fma(z, p, -0.1111112197851124)
    p = fma(z, p, -0.14285714084405146)
    p = fma(z, p, -0.2000000000179713)
    p = fma(z, p, -0.3333333333332782)
    p = fma(z, p, -1.0)
    odd = fma(z, 2.9030921149305194e-02, 6.791405956268037e-02)
    odd = fma(z, odd, 6.033581563645295e-02)
    odd = fma(z, odd, 7.161720037962367e-02)
    odd = fma(z, odd, 8.332420336337017e-02)
    odd = fma(z, odd, 0.10000024696826643)
    odd = fma(z, odd, 0.12499999650323781)
    odd = fma(z, odd, 0.16666666668854788)
    odd = fma(z, odd, 0.2499999999999609)
    odd = fma(z, odd, 0.5)
    p = fma(f, fma(f, odd, p), k * -1.9082149292705877e-10)
    w = fused(k, -0.6931471803691238, p)
    low[0] = (k * -0.6931471803691238 - w) + p
    return w


cdef inline double erfinv_rest(double w, double* below) noexcept nogil:
    """y / x for 0 <= x < 1, less 1.0625 + w / 8, times the denominator `below`."""
    cdef double p, odd, z = w * w
    p = fma(z, -5.218114696343259e-16, 4.2830648972281244e-13)
    p = fma(z, p, 4.209307066546763e-10)
    p = fma(z, p, 1.3198202404628636e-07)
    p = fma(z, p, 1.7769137371738163e-05)
    p = fma(z, p, 9.7777654124682e-04)
    p = fma(z, p, 1.4436958773201333e-02)
    p = fma(z, p, -0.17627307454724198)
    odd = fma(z, -2.2514816083092188e-18, 1.7264087169151145e-15)
    odd = fma(z, odd, 1.0833526191965148e-11)
    odd = fma(z, odd, 6.6603510992771525e-09)
    odd = fma(z, odd, 1.4598274797387017e-06)
    odd = fma(z, odd, 1.402242591966131e-04)
    odd = fma(z, odd, 5.769963738647422e-03)
    odd = fma(z, odd, 8.068566077032388e-02)
    p = fma(w, odd, p)
    below[0] = fma(z, 2.0857899665199994e-17, 5.739605466263234e-13)
    below[0] = fma(z, below[0], 4.5187811327912376e-10)
    below[0] = fma(z, below[0], 1.5422517664298938e-07)
    below[0] = fma(z, below[0], 2.5307972012228173e-05)
    below[0] = fma(z, below[0], 2.023921076745332e-03)
    below[0] = fma(z, below[0], 7.42930203326175e-02)
    below[0] = fma(z, below[0], 1.0)
    odd = fma(z, 8.354443990663816e-15, 1.5456218535672867e-11)
    odd = fma(z, odd, 7.94868148407336e-09)
    odd = fma(z, odd, 1.7733081312915896e-06)
    odd = fma(z, odd, 1.8864973724877463e-04)
    odd = fma(z, odd, 8.908357892173379e-03)
    odd = fma(z, odd, 0.1493592020900142)
    below[0] = fma(w, odd, below[0])
    return p


cdef inline double erfinv_gap_rest(double w, double* below) noexcept nogil:
    """1 / ((1 - x^2) f'(x)), less 1.1875 + w / 8, times the denominator `below`."""
    cdef double p, odd, z = w * w
    p = fma(z, -4.122703079442282e-16, 3.782603082892908e-13)
    p = fma(z, p, 3.567419080409676e-10)
    p = fma(z, p, 1.1847786508254184e-07)
    p = fma(z, p, 1.7090876140085386e-05)
    p = fma(z, p, 1.0385739822820089e-03)
    p = fma(z, p, 2.025559197941699e-02)
    p = fma(z, p, -5.912083290448742e-02)
    odd = fma(z, -1.6032067279130526e-18, -2.808580698471221e-15)
    odd = fma(z, odd, 9.37644539696978e-12)
    odd = fma(z, odd, 6.236644274054994e-09)
    odd = fma(z, odd, 1.412717075272776e-06)
    odd = fma(z, odd, 1.4683675905503008e-04)
    odd = fma(z, odd, 6.721563942301446e-03)
    odd = fma(z, odd, 0.1073006518894972)
    p = fma(w, odd, p)
    below[0] = fma(z, 1.479998447801095e-17, 4.908275723727133e-13)
    below[0] = fma(z, below[0], 3.955634517489805e-10)
    below[0] = fma(z, below[0], 1.388976356029414e-07)
    below[0] = fma(z, below[0], 2.3394566411020212e-05)
    below[0] = fma(z, below[0], 1.9391382927147476e-03)
    below[0] = fma(z, below[0], 7.33301420310574e-02)
    below[0] = fma(z, below[0], 1.0)
    odd = fma(z, 6.341592953683317e-15, 1.4403553895810375e-11)
    odd = fma(z, odd, 7.475859931318723e-09)
    odd = fma(z, odd, 1.698602142754389e-06)
    odd = fma(z, odd, 1.876850627616739e-04)
    odd = fma(z, odd, 9.36942599702895e-03)
    odd = fma(z, odd, 0.16663482683290567)
    below[0] = fma(w, odd, below[0])
    return p


cdef inline double product_with(double x, double y, double low) noexcept nogil:
    """x y + low for a small `low`, with hardly more than one rounding on every instruction set."""
    cdef double p = x * y
    return fused(x, y, low) if FUSES else p + (product_residual(x, y, p) + low)


cdef inline double erfinv_inside(double x, double w, double w_low) noexcept nogil:
    """The inverse of the error function for 0 <= x < 1, w + w_low = -log(1 - x^2), of which w alone will do with FMA."""
    cdef double below, low
    cdef double p = erfinv_rest(w, &below)
    cdef double line = fused(w, 0.125, 1.0625)
    low = fused(w, 0.125, 1.0625 - line)
    low = x * ((low if FUSES else low + 0.125 * w_low) + p / below)
    return product_with(x, line, low)


cdef inline double erfinv_gap(double w, double z, double* above) noexcept nogil:
    """1 / f'(x) times the result `above`, for z = 1 - x^2."""
    cdef double p = erfinv_gap_rest(w, above)
    cdef double line = fused(w, 0.125, 1.1875)
    cdef double d
    p = fma(fused(w, 0.125, 1.1875 - line), above[0], p)
    d = fma(line, above[0], p)
    return product_with(z, d, z * (p - remainder(d, line, above[0])))


cdef inline float erfinv_float(float x) noexcept nogil:
    """The inverse of the error function for 0 <= x < 1, beside a line as in float64."""
    cdef float k, f, w, p, q, line, low
    f = without_power_f32(fused(-x, x, <float>1), &k) - <float>1
    p = fma(f, <float>-8.7318294e-02, <float>0.14440995)
    p = fma(f, p, <float>-0.14979553)
    p = fma(f, p, <float>0.16552491)
    p = fma(f, p, <float>-0.19953604)
    p = fma(f, p, <float>0.25002483)
    p = fma(f, p, <float>-0.33334225)
    p = fma(f, p, <float>0.49999982)
    p = fused(f * f, p, -f)
    w = fused(k, <float>-0.6931472, p)
    line = fused(w, <float>0.19759493, <float>0.94767997)
    # What the roundings of the line and of w left over.
    low = fused(w, <float>0.19759493, <float>0.94767997 - line)
    low = fma(fused(k, <float>-0.6931472, -w) + p, <float>0.19759493, low)
    p = fma(w, <float>-4.6094667e-07, <float>-1.1377041e-05)
    p = fma(w, p, <float>1.083992e-04)
    p = fma(w, p, <float>-2.6014174e-04)
    p = fma(w, p, <float>1.2605068e-02)
    p = fma(w, p, <float>2.8842231e-02)
    p = fma(w, p, <float>-6.145307e-02)
    q = fma(w, <float>2.73901e-06, <float>2.2011422e-04)
    q = fma(w, q, <float>2.135421e-03)
    q = fma(w, q, <float>3.3643458e-02)
    q = fma(w, q, <float>9.0744406e-02)
    q = fma(w, q, <float>1.0e+00)
    # Scaled: a subnormal number is rounded once.
    x = x * <float>18446744073709551616.0
    return unscale(fused(x, line, x * (low + p / q)))


# For the derivatives in float32 fewer terms are enough, in float64 arithmetic.


cdef inline double erfinv_depth(double x, double* product) noexcept nogil:
    """w = -log(1 - x^2) within 5e-9, and 1 - x^2; the square of a float32 number is exact."""
    cdef double k, f, p, z = 1.0 - x * x
    f = without_power(z, &k) - 1.0
    p = fma(f, -0.08690523, 0.145764716)
    p = fma(f, p, -0.150681758)
    p = fma(f, p, 0.165330287)
    p = fma(f, p, -0.199387911)
    p = fma(f, p, 0.2500328125)
    p = fma(f, p, -0.333350112)
    p = fma(f, p, 0.4999997293)
    p = fma(f, p, -0.99999988038)
    product[0] = z
    return fma(f, p, -0.6931471805599453 * k)


cdef inline double erfinv_ratio(double w, double* below) noexcept nogil:
    """y / x times the denominator `below`."""
    cdef double p
    p = fma(w, 2.4674709451190257e-05, 6.404186256792994e-04)
    p = fma(w, p, 7.72516073186212e-03)
    p = fma(w, p, 5.931862681719066e-02)
    p = fma(w, p, 3.0556819451627054e-01)
    p = fma(w, p, 8.862269318756758e-01)
    below[0] = fma(w, 1.318534110033359e-06, 1.8076153030409763e-04)
    below[0] = fma(w, below[0], 1.8494066146366329e-03)
    below[0] = fma(w, below[0], 3.2172078625659586e-02)
    below[0] = fma(w, below[0], 8.299761906851785e-02)
    below[0] = fma(w, below[0], 1.0)
    return p


cdef inline double erfinv_slope(double w, double* below) noexcept nogil:
    """(1 - x^2) f'(x) times the denominator `below`."""
    cdef double p
    p = fma(w, 1.0004824608704597e-06, 1.5023007025030677e-04)
    p = fma(w, p, 2.0416780522571915e-03)
    p = fma(w, p, 2.9042692008899383e-02)
    p = fma(w, p, 1.068561783050956e-01)
    p = fma(w, p, 8.862269182769431e-01)
    below[0] = fma(w, 1.927090471039798e-05, 6.211193129321125e-04)
    below[0] = fma(w, below[0], 7.961714607362029e-03)
    below[0] = fma(w, below[0], 6.314040483207552e-02)
    below[0] = fma(w, below[0], 3.3517586774125496e-01)
    below[0] = fma(w, below[0], 1.0)
    return p


cdef inline real erfinv(real x) noexcept nogil:
    cdef double w, z, low
    cdef real y
    cdef real a = fabs(x)
    if real is float:
        y = erfinv_float(at_most(a, <float>0.99999994))
    else:
        w = erfinv_depth_exact(at_most(a, <double>0.9999999999999999), &z, &low)
        y = erfinv_inside(a, w, low)
    y = <real>INFINITY if a == <real>1 else (<real>NAN if a > <real>1 else y)
    return copysign(y, x)


cdef inline real erfinv_derivative(real x) noexcept nogil:
    cdef double w, z, p, q, low
    cdef real y
    cdef real a = fabs(x)
    if real is float:
        p = erfinv_slope(erfinv_depth(a, &z), &q)
        y = <float> (p / (q * z))
    else:
        w = erfinv_depth_exact(at_most(a, <double>0.9999999999999999), &z, &low)
        p = erfinv_gap(w, z, &q)
        y = <double>INFINITY if a == 1.0 else q / p
    y = <real>NAN if a > <real>1 else y
    return y if x == x else x


cdef inline real erfinv_second_derivative(real x) noexcept nogil:
    cdef double w, z, p, q, r, s, low
    cdef real y
    cdef real a = fabs(x)
    if real is float:
        w = erfinv_depth(a, &z)
        p = erfinv_ratio(w, &q)
        r = erfinv_slope(w, &s)
        s = s * z
        # 2 y f'(x)^2
        y = <float> ((2.0 * a * p) * (r * r) / (q * (s * s)))
    else:
        w = erfinv_depth_exact(at_most(a, <double>0.9999999999999999), &z, &low)
        p = erfinv_inside(a, w, low)
        s = erfinv_gap(w, z, &r)
        r = r / s
        y = <double>INFINITY if a == 1.0 else (p + p) * r * r
    return copysign(<real>NAN if a > <real>1 else y, x)


cdef inline real elu_inverse(real x, real alpha) noexcept nogil:
    cdef real k, w, n, d, y
    cdef real z = at_most(x, <real>0)
    cdef real p = alpha + z
    if real is float:
        y = log_ratio(p, (alpha - p) + z, alpha, <float>0, 0, False)
    else:
        w = inverse_power_ratio(p, alpha, &k) * p
        n = z if k == <double>0 else w - alpha
        d = (alpha + alpha) + z if k == <double>0 else w + alpha
        y = log_of_quotient(n / d, k, 0)
    y = -<real>INFINITY if p == <real>0 else (<real>NAN if p < <real>0 else y)
    return x if x > <real>0 else copysign(y, x)


cdef inline real elu_inverse_derivative(real x, real alpha) noexcept nogil:
    cdef real d = alpha + at_most(x, <real>0)
    cdef real y = <real>NAN if d < <real>0 else <real>1 / d
    return <real>1 if x > <real>0 else y


cdef inline real elu_inverse_second_derivative(real x, real alpha) noexcept nogil:
    cdef real c = elu_inverse_derivative(x, alpha)
    cdef real y = c * c
    y = -y if y >= <real>0 else y  # a NaN keeps its sign
    return <real>0 if x > <real>0 else y


cdef inline real softsign_inverse_reciprocal(real a, real* d, real* low, real* e) noexcept nogil:
    """c = 1 / (d + low) = 1 / (1 - a), e being the relative error of c."""
    cdef real c
    d[0] = <real>1 - a
    low[0] = (<real>1 - d[0]) - a
    c = <real>1 / d[0]
    e[0] = fma(-c, low[0], remainder(<real>1, c, d[0]))
    return c


cdef inline real softsign_inverse(real x) noexcept nogil:
    cdef real d, low, e, c, q, y
    cdef real a = fabs(x)
    if real is float:
        c = softsign_inverse_reciprocal(a, &d, &low, &e)
        q = a * c
        y = fma(fma(-q, low, remainder(a, q, d)), c, q)
        y = c if d == <real>0 else y
    else:
        y = a / (<real>1 - a)
    y = <real>NAN if a > <real>1 else y
    return copysign(y, x)


cdef inline real softsign_inverse_derivative(real x) noexcept nogil:
    cdef real d, low, e, c, y
    if real is float:
        c = softsign_inverse_reciprocal(abs_or_nan(x), &d, &low, &e)
        c = fma(c, e, c) if d > <real>0 else c
        y = c * c
    else:
        d = <real>1 - abs_or_nan(x)
        y = <real>1 / (d * d)
    return <real>NAN if d < <real>0 else y


cdef inline real softsign_inverse_second_derivative(real x) noexcept nogil:
    cdef real d, low, e, c, y
    if real is float:
        c = softsign_inverse_reciprocal(abs_or_nan(x), &d, &low, &e)
        c = fma(c, e, c) if d > <real>0 else c
        y = (c + c) * c * c
    else:
        d = <real>1 - abs_or_nan(x)
        y = <real>2 / (d * d * d)
    y = -y if x < <real>0 else (y if x > <real>0 else x)
    return <real>NAN if d < <real>0 else y
