"""Activations of square roots.

1/√w starts from the bits of w and is improved by a polynomial and one step of Newton's method, which also takes in what w itself
lost to rounding: less work than a root and a division. Differences of nearly equal numbers are written as quotients:
√(x² + b) − x = b / (√(x² + b) + x).
"""

from actcore._kernels.elementary cimport (
    abs_or_nan, at_least, at_most, copysign, fabs, fma, fused, largest, largest_finite, product_residual, real, remainder,
    smallest, sum_residual,
)

cdef extern from *:
    """
    #include <stdint.h>
    #ifndef ACTCORE_INVERSE_ROOT
    #define ACTCORE_INVERSE_ROOT
    /* 1 / sqrt(w) to 3.5 %, for w positive and normal: half the exponent with its sign changed. */
    static inline float actcore_inverse_root_f32(float w) {
        uint32_t i; float y;
        __builtin_memcpy(&i, &w, 4); i = UINT32_C(0x5F375A86) - (i >> 1); __builtin_memcpy(&y, &i, 4);
        return y;
    }
    static inline double actcore_inverse_root_f64(double w) {
        uint64_t i; double y;
        __builtin_memcpy(&i, &w, 8); i = UINT64_C(0x5FE6EB50C7B537A9) - (i >> 1); __builtin_memcpy(&y, &i, 8);
        return y;
    }
    #endif
    """
    float _inverse_root_f32 "actcore_inverse_root_f32"(float w) noexcept nogil
    double _inverse_root_f64 "actcore_inverse_root_f64"(double w) noexcept nogil

cdef extern from "<math.h>" nogil:
    double c_sqrt "sqrt"(double) noexcept
    float c_sqrtf "sqrtf"(float) noexcept


cdef inline real root(real x) noexcept nogil:
    if real is float:
        return c_sqrtf(x)
    else:
        return c_sqrt(x)


cdef inline real inverse_root(real w) noexcept nogil:
    """1 / √w for w positive and normal, to 2^-19 in float32 and 2^-29 in float64: one step of Newton's method is missing."""
    cdef real y, e, p
    if real is float:
        y = _inverse_root_f32(w)
        e = fma(w * y, y, <real>-1)
        p = <float>-0.31316718
        p = fma(e, p, <float>0.37599248)
        p = fma(e, p, <float>-0.49999955)
    else:
        y = _inverse_root_f64(w)
        e = fma(w * y, y, <real>-1)
        p = <double>-0.24673801005635049
        p = fma(e, p, <double>0.274802807665536)
        p = fma(e, p, <double>-0.31250011489279384)
        p = fma(e, p, <double>0.37499835084954886)
        p = fma(e, p, <double>-0.49999999983045473)
    return fma(y * e, p, y)


cdef inline real root_split(real w, real w_low, real* low, real* y, real* g) noexcept nogil:
    """√(w + w_low) as an unevaluated sum of the result and `low`; its inverse is y (1 - g / 2), g being tiny."""
    cdef real p, rest
    y[0] = inverse_root(w)
    p = w * y[0]
    rest = fma(w_low, y[0], product_residual(w, y[0], p))
    g[0] = fma(rest, y[0], fused(p, y[0], <real>-1))
    low[0] = fma(<real>-0.5 * g[0], p, rest)
    return p


cdef inline real far(real x) noexcept nogil:
    """Beyond it, √(x² + 1) is x, and 1 / x³ has vanished; its square is finite."""
    if real is float:
        return <float>1125899906842624.0  # 2^50
    else:
        return <double>1.1741850528620454e+108  # 2^359


cdef inline real sum_of_squares(real square, real square_low, real c, real* low) noexcept nogil:
    """square + square_low + c, none of them negative, as an unevaluated sum of the result and `low`."""
    cdef real big = largest(square, c)
    cdef real w = square + c
    low[0] = ((big - w) + smallest(square, c)) + square_low
    return w


cdef inline real cube(real y, real g) noexcept nogil:
    """y³ (1 - g / 2)³ for tiny g."""
    cdef real square = y * y
    cdef real power = square * y
    if real is float:
        return fma(<real>-1.5 * g, power, product_residual(y, y, square) * y) + power
    else:
        return fma(<real>-1.5 * g, power, power)


cdef inline real cut(real x) noexcept nogil:
    """|x|, but not above where √(x² + 1) is |x| and its cube's inverse has vanished. A NaN keeps its sign."""
    return at_most(abs_or_nan(x), far(x))


# --- bent identity ----------------------------------------------------------------------------------------------------

cdef inline real bent_identity_root(real a, real* low, real* y, real* g) noexcept nogil:
    """√(a² + 1) for `cut` a, as `root_split` gives it."""
    cdef real square = a * a
    cdef real w_low
    cdef real w = sum_of_squares(square, product_residual(a, a, square), <real>1, &w_low)
    return root_split(w, w_low, low, y, g)


cdef inline real bent_identity(real x) noexcept nogil:
    # x (1 + ratio / 2) with ratio = x / (√(x² + 1) + 1)
    cdef real r_low, y, g, s, s_low, c, q, q_low, m, m_low
    cdef real a = cut(x)
    cdef real z = copysign(a, x)
    cdef real r = bent_identity_root(a, &r_low, &y, &g)
    s = r + <real>1
    s_low = (r - (s - <real>1)) + r_low
    c = <real>1 / s
    q = z * c
    q_low = fma(-q, s_low, remainder(z, q, s)) * c
    m = fma(<real>0.5, q, <real>1)
    m_low = <real>0.5 * q_low + fma(<real>0.5, q, <real>1 - m)
    m = fused(z, m, z * m_low)
    return m if a < far(x) else x * (<real>1.5 if x > <real>0 else <real>0.5)


cdef inline real bent_identity_derivative(real x) noexcept nogil:
    cdef real r_low, y, g
    cdef real a = cut(x)
    bent_identity_root(a, &r_low, &y, &g)
    return fma(<real>0.5 * copysign(a, x), fma(<real>-0.5 * g, y, y), <real>1)


cdef inline real bent_identity_second_derivative(real x) noexcept nogil:
    cdef real r_low, y, g
    bent_identity_root(cut(x), &r_low, &y, &g)
    return <real>0.5 * cube(y, g)


# --- inverse square root unit -----------------------------------------------------------------------------------------

cdef inline real isru_inverse_root(real x, real alpha, real* z, real* t, real* w, real* g) noexcept nogil:
    """y and g such that y (1 - g / 2) = 1 / √(1 + alpha z²) for z = |x|, cut where alpha z² is far, t = alpha z
    and w = 1 + alpha z², rounded."""
    cdef real w_low, low, y, square
    cdef real limit = far(x) / root(alpha)
    cdef real size = abs_or_nan(x)
    z[0] = limit if size > limit else size
    t[0] = alpha * z[0]
    square = t[0] * z[0]
    low = fma(product_residual(alpha, z[0], t[0]), z[0], product_residual(t[0], z[0], square))
    w[0] = sum_of_squares(square, low, <real>1, &w_low)
    root_split(w[0], w_low, &low, &y, g)
    return y


cdef inline real isru(real x, real alpha) noexcept nogil:
    cdef real z, t, w, g, near
    cdef real y = isru_inverse_root(x, alpha, &z, &t, &w, &g)
    near = fma(<real>-0.5 * g, y, y)
    return copysign(fused(z, near, z * fma(<real>-0.5 * g, y, y - near)), x)


cdef inline real isru_derivative(real x, real alpha) noexcept nogil:
    cdef real z, t, w, g
    cdef real y = isru_inverse_root(x, alpha, &z, &t, &w, &g)
    return cube(y, g)


cdef inline real isru_second_derivative(real x, real alpha) noexcept nogil:
    cdef real z, t, w, g, square, rest
    cdef real y = isru_inverse_root(x, alpha, &z, &t, &w, &g)
    square = y * y
    rest = <real>-2.5 * g
    if real is float:
        rest = fma(product_residual(y, y, square), w + w, rest)
    y = <real>3 * t * square * (square * y)
    return copysign(fma(y, rest, y), -x if x == x else x)


cdef inline real isrlu(real x, real alpha) noexcept nogil:
    cdef real y = isru(x, alpha)
    return x if x >= <real>0 else y


cdef inline real isrlu_derivative(real x, real alpha) noexcept nogil:
    cdef real y = isru_derivative(x, alpha)
    return <real>1 if x >= <real>0 else y


cdef inline real isrlu_second_derivative(real x, real alpha) noexcept nogil:
    cdef real y = isru_second_derivative(x, alpha)
    return <real>0 if x >= <real>0 else y


# --- squareplus -------------------------------------------------------------------------------------------------------

cdef inline real root_scale(real size) noexcept nogil:
    """A power of 2 that keeps the square of a large number finite."""
    if real is float:
        return <float>1.3552527156068805e-20 if size > <float>1e9 else <float>1.0  # 2^-66
    else:
        return <double>2.6497349136889905e-169 if size > <double>1e100 else <double>1.0  # 2^-560


cdef inline real root_unscale(real size) noexcept nogil:
    """The inverse of `root_scale`."""
    if real is float:
        return <float>7.378697629483821e19 if size > <float>1e9 else <float>1.0
    else:
        return <double>3.7739624248215414e168 if size > <double>1e100 else <double>1.0


cdef inline real squareplus_pieces(
    real x, real b, real* a, real* w, real* w_low, real* r, real* c, real* r_low
) noexcept nogil:
    """r = √w = √(a² + b) and, roughly, c = 1 / d for d = r (r + a), which is returned; a = |x|, scaled like b where it is large.

    w_low is what w has lost; r_low is twice what r has lost of √w, or 0 in float64.
    """
    cdef real square, y, g, d
    cdef real size = at_most(abs_or_nan(x), largest_finite(x))
    cdef real scale = root_scale(size)
    cdef real b_scaled = b * scale * scale
    a[0] = size * scale
    square = a[0] * a[0]
    w[0] = fused(a[0], a[0], b_scaled)
    w_low[0] = ((largest(square, b_scaled) - w[0]) + smallest(square, b_scaled)) + product_residual(a[0], a[0], square)
    if real is float:
        r[0] = root(w[0])
    else:
        r[0] = root_split(w[0], <real>0, r_low, &y, &g)
        r[0] = r[0] + r_low[0]
        r_low[0] = 0
    d = fused(a[0], r[0], w[0])
    c[0] = <real>1 / d
    if real is float:
        r_low[0] = remainder(w[0], r[0], r[0]) * ((r[0] + a[0]) * c[0])
    return d


cdef inline real squareplus(real x, real b) noexcept nogil:
    # (x + r) / 2, and left of zero b / (2 (r + |x|)); what root and sum lose to rounding is put back.
    cdef real a, w, w_low, r, c, r_low, total, total_low, half, q, size
    squareplus_pieces(x, b, &a, &w, &w_low, &r, &c, &r_low)
    size = fabs(x)
    total = r + a
    r_low = <real>0.5 * fma(w_low, total * c, r_low)
    total_low = ((r - total) + a) + r_low
    half = <real>0.5 * b * root_scale(size)
    c = r * c
    q = half * c
    q = fma(fma(-q, total_low, remainder(half, q, total)), c, q)
    total = (total + total_low) * (<real>0.5 * root_unscale(size))
    total = q if x < <real>0 else total
    return total if size <= largest_finite(x) else at_least(x, <real>0)


cdef inline real squareplus_leg(real x, real b) noexcept nogil:
    """(1 - |x| / r) / 2 = b / (2 r (r + |x|))"""
    cdef real a, w, w_low, r, c, r_low, half, q, d_low
    cdef real d = squareplus_pieces(x, b, &a, &w, &w_low, &r, &c, &r_low)
    half = <real>0.5 * b * root_scale(fabs(x))
    q = half * c
    if real is float:
        d_low = fma(<real>0.5 * a, r_low, fused(a, r, w - d))
        q = fma(fma(-q, d_low, remainder(half, q, d)), c, q)
    return q * root_scale(fabs(x))


cdef inline real squareplus_derivative(real x, real b) noexcept nogil:
    cdef real leg = squareplus_leg(x, b)
    return <real>1 - leg if x >= <real>0 else leg


cdef inline real squareplus_second_derivative(real x, real b) noexcept nogil:
    cdef real w, low, y, g, square
    cdef real size = at_most(abs_or_nan(x), largest_finite(x))
    cdef real scale = root_scale(size)
    cdef real a = size * scale
    w = fma(a, a, b * scale * scale)
    root_split(w, <real>0, &low, &y, &g)
    square = y * scale
    y = <real>0.5 * b * scale * y * (square * square)
    return fma(<real>-1.5 * g, y, y)


# --- dish -------------------------------------------------------------------------------------------------------------

cdef inline real dish_pieces(
    real x, real* a, real* w, real* w_low, real* r, real* r_low, real* d, real* d_low
) noexcept nogil:
    """`squareplus_pieces` for b = 1, but r + r_low = √w and d + d_low = r (r + a) with all that is left over."""
    cdef real c, share
    d[0] = squareplus_pieces(x, <real>1, a, w, w_low, r, &c, r_low)
    share = <real>0.5 * ((r[0] + a[0]) * c)
    r_low[0] = fma(w_low[0], share, <real>0.5 * r_low[0])
    d_low[0] = fma(a[0], r_low[0], fused(a[0], r[0], w[0] - d[0]) + w_low[0])
    return c


cdef inline real dish(real x) noexcept nogil:
    # Left of zero -|x| / (2 r (r + |x|)), and x less that on the right.
    cdef real a, w, w_low, r, r_low, d, d_low, half, q, q_low, y
    cdef real c = dish_pieces(x, &a, &w, &w_low, &r, &r_low, &d, &d_low)
    half = <real>-0.5 * a * root_scale(fabs(x))
    q = half * c
    q_low = fma(-q, d_low, remainder(half, q, d)) * c
    y = x + q
    y = y + (((x - y) + q) + q_low)
    y = y if x < <real>1e9 else x
    q = <real>-0.0 if x < -largest_finite(x) else q + q_low
    return copysign(y if x >= <real>0 else q, x)


cdef inline real dish_derivative(real x) noexcept nogil:
    # Left of zero (1 - r |x|) / r^2 times 1 / (2 r (r + |x|)), and 1 less that on the right: only the first difference cancels.
    cdef real a, w, w_low, r, r_low, d, d_low, half, q, scale, n, n_low, t, share
    cdef real c = dish_pieces(x, &a, &w, &w_low, &r, &r_low, &d, &d_low)
    scale = root_scale(fabs(x))
    half = <real>0.5 * scale
    q = half * c
    q = fma(fma(-q, d_low, remainder(half, q, d)), c, q)
    share = r * a
    n = scale * scale - share
    n_low = sum_residual(scale * scale, -share, n) - fma(a, r_low, product_residual(r, a, share))
    share = <real>1 / w
    t = n * share
    n = (fma(-t, w_low, remainder(n, t, w)) + n_low) * share
    q = fused(q, t, q * n) * scale
    q = <real>-0.0 if x < -largest_finite(x) else q  # from below
    return <real>1 - q if x >= <real>0 else q


cdef inline real dish_second_derivative(real x) noexcept nogil:
    # (2 - x^2) / (2 r^5)
    cdef real z, t, w, g, square
    cdef real y = isru_inverse_root(x, <real>1, &z, &t, &w, &g)
    square = y * y
    w = fused(-z, z, <real>2) * cube(y, g)
    square = <real>0.5 * square
    return fused(w, square, w * fma(-g, square, <real>0.5 * product_residual(y, y, square + square)))
