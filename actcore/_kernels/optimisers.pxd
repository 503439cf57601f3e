"""Optimisers: each turns a gradient into the step to subtract from the parameters, in place, and keeps its moments.

Formulas as in PyTorch's documentation of the same names. Scalars that depend on the step number are computed in double,
so that they are the same for both dtypes.
"""
from libc.math cimport M_PI, cos, pow, sqrt
from libc.stdint cimport int64_t

from actcore._kernels.elementary cimport real

cdef extern from *:
    """
    static inline float actcore_sqrt_f32(float x) { return __builtin_sqrtf(x); }
    static inline double actcore_sqrt_f64(double x) { return __builtin_sqrt(x); }
    """
    float sqrt_f32 "actcore_sqrt_f32"(float) noexcept nogil
    double sqrt_f64 "actcore_sqrt_f64"(double) noexcept nogil

cdef enum Optimiser:
    SGD
    MOMENTUM
    NESTEROV
    RMSPROP
    ADAM
    ADAMW

cdef enum Schedule:
    CONSTANT
    STEPWISE
    COSINE

cdef struct Rules:
    Optimiser optimiser
    double learning_rate
    double momentum      # momentum, nesterov
    double decay         # rmsprop: of the mean square
    double beta1         # adam, adamw
    double beta2
    double epsilon
    double weight_decay  # adamw: of the weights, outside the gradient
    double l1
    double l2
    double clip_norm     # 0: no clipping
    Schedule schedule
    int64_t schedule_steps
    double schedule_factor
    double beta1_power   # beta1 ** (updates since the moments were zero)
    double beta2_power


cdef inline real root(real x) noexcept nogil:
    """Square root, as one instruction."""
    if real is float:
        return sqrt_f32(x)
    else:
        return sqrt_f64(x)


cdef inline double scheduled_rate(const Rules* rules, int64_t step) noexcept nogil:
    """Return the learning rate of a step."""
    cdef int64_t steps = rules.schedule_steps
    if rules.schedule == STEPWISE:
        return rules.learning_rate * pow(rules.schedule_factor, <double> (step // steps))
    if rules.schedule == COSINE:
        return rules.learning_rate * 0.5 * (1.0 + cos(M_PI * (<double> min(step, steps) / <double> steps)))
    return rules.learning_rate


cdef inline void penalise(const Rules* rules, const real* weights, real* g, Py_ssize_t n) noexcept nogil:
    """Add the gradient of l2/2 Σ w² + l1 Σ |w|; at w = 0 the latter's is 0."""
    cdef real l1 = <real> rules.l1, l2 = <real> rules.l2
    cdef real sign
    cdef Py_ssize_t i
    if l1 == <real> 0 and l2 == <real> 0:
        return
    for i in range(n):
        sign = <real> 1 if weights[i] > <real> 0 else (<real> -1 if weights[i] < <real> 0 else <real> 0)
        g[i] = g[i] + (l2 * weights[i] + l1 * sign)


cdef inline double norm(const real* g, Py_ssize_t n) noexcept nogil:
    """Euclidean norm, summed in double from first to last."""
    cdef double total = 0.0
    cdef Py_ssize_t i
    for i in range(n):
        total += <double> g[i] * <double> g[i]
    return sqrt(total)


cdef inline void clip(const Rules* rules, real* g, Py_ssize_t n) noexcept nogil:
    """Scale the gradient down to the norm that is allowed."""
    cdef double size
    cdef real factor
    cdef Py_ssize_t i
    if rules.clip_norm == 0.0:
        return
    size = norm(g, n)
    if size > rules.clip_norm:
        factor = <real> (rules.clip_norm / size)
        for i in range(n):
            g[i] = g[i] * factor


cdef inline void optimise(
    Rules* rules, int64_t step, const real* parameters, real* g, real* first, real* second, Py_ssize_t n,
    Py_ssize_t n_weights
) noexcept nogil:
    """Turn the gradient g into the step to subtract. `first` and `second` are the moments."""
    cdef double rate64 = scheduled_rate(rules, step)
    cdef real rate = <real> rate64
    cdef real keep, keep2, gain, gain2, epsilon = <real> rules.epsilon, unbias
    cdef Py_ssize_t i
    if rules.optimiser == SGD:
        for i in range(n):
            g[i] = rate * g[i]
    elif rules.optimiser == MOMENTUM:
        keep = <real> rules.momentum
        for i in range(n):
            first[i] = keep * first[i] + g[i]
            g[i] = rate * first[i]
    elif rules.optimiser == NESTEROV:
        keep = <real> rules.momentum
        for i in range(n):
            first[i] = keep * first[i] + g[i]
            g[i] = rate * (g[i] + keep * first[i])
    elif rules.optimiser == RMSPROP:
        keep = <real> rules.decay
        gain = <real> (1.0 - rules.decay)
        for i in range(n):
            second[i] = keep * second[i] + gain * (g[i] * g[i])
            g[i] = rate * g[i] / (root(second[i]) + epsilon)
    else:
        rules.beta1_power *= rules.beta1
        rules.beta2_power *= rules.beta2
        rate = <real> (rate64 / (1.0 - rules.beta1_power))
        unbias = <real> (1.0 / (1.0 - rules.beta2_power))
        keep = <real> rules.beta1
        gain = <real> (1.0 - rules.beta1)
        keep2 = <real> rules.beta2
        gain2 = <real> (1.0 - rules.beta2)
        for i in range(n):
            first[i] = keep * first[i] + gain * g[i]
            second[i] = keep2 * second[i] + gain2 * (g[i] * g[i])
            g[i] = rate * first[i] / (root(second[i] * unbias) + epsilon)
        if rules.optimiser == ADAMW:
            keep = <real> (rate64 * rules.weight_decay)
            for i in range(n_weights):
                g[i] = g[i] + keep * parameters[i]


cdef inline bint subtract(const real* parameters, real* step, Py_ssize_t n) noexcept nogil:
    """Turn a step into the parameters it leads to, and tell whether all of them are finite."""
    cdef int bad = 0
    cdef Py_ssize_t i
    for i in range(n):
        step[i] = parameters[i] - step[i]
        bad |= <int> (step[i] - step[i] != <real> 0)
    return bad == 0


cdef inline bint all_finite(const real* x, Py_ssize_t n) noexcept nogil:
    """Tell whether no element is infinite or NaN."""
    cdef int bad = 0
    cdef Py_ssize_t i
    for i in range(n):
        bad |= <int> (x[i] - x[i] != <real> 0)
    return bad == 0
