"""Losses of a small network, and the softmax of its output, over tiles [output][lane] (see ``dense.pxd``).

A loss is the mean over samples and outputs, except the categorical one: the mean over samples. The two cross-entropies
take logits, the pre-activations of the output layer: their gradient stays exact where a sigmoid or softmax would have
rounded to 0 or 1.
"""
from libc.math cimport log

from actcore._kernels.activations cimport sigmoid, softplus
from actcore._kernels.elementary cimport exp_negative, fabs, real

cdef enum Loss:
    MEAN_SQUARED_ERROR
    HUBER
    BINARY_CROSSENTROPY
    CATEGORICAL_CROSSENTROPY


cdef inline bint on_logits(Loss loss) noexcept nogil:
    """Tell whether a loss takes the pre-activations of the output layer."""
    return loss == BINARY_CROSSENTROPY or loss == CATEGORICAL_CROSSENTROPY


cdef inline void softmax_over_units(const real* z, real* y, Py_ssize_t n, Py_ssize_t lanes) noexcept nogil:
    """yᵢ = exp(zᵢ − max) / Σ exp(zⱼ − max) in every lane; equal infinities get equal shares. y must not be z."""
    cdef Py_ssize_t i, lane
    cdef real* largest = y + (n - 1) * lanes  # the last row holds the maxima and then its own exponentials
    cdef real total, gap
    for lane in range(lanes):
        largest[lane] = z[lane]
    for i in range(1, n):
        for lane in range(lanes):
            largest[lane] = z[i * lanes + lane] if z[i * lanes + lane] > largest[lane] else largest[lane]
    for i in range(n):
        for lane in range(lanes):
            gap = z[i * lanes + lane] - largest[lane]
            y[i * lanes + lane] = exp_negative(<real> 0 if z[i * lanes + lane] == largest[lane] else gap)
    for lane in range(lanes):
        total = <real> 0
        for i in range(n):
            total = total + y[i * lanes + lane]
        total = <real> 1 / total
        for i in range(n):
            y[i * lanes + lane] = y[i * lanes + lane] * total


cdef inline void softmax_over_units_backward(const real* y, real* g, Py_ssize_t n, Py_ssize_t lanes) noexcept nogil:
    """gᵢ ← yᵢ (gᵢ − Σ gⱼ yⱼ) in every lane, y being the softmax."""
    cdef Py_ssize_t i, lane
    cdef real mean
    for lane in range(lanes):
        mean = <real> 0
        for i in range(n):
            mean = mean + g[i * lanes + lane] * y[i * lanes + lane]
        for i in range(n):
            g[i * lanes + lane] = y[i * lanes + lane] * (g[i * lanes + lane] - mean)


cdef inline void loss_gradient(
    Loss loss, real width, const real* outputs, const real* targets, real scale, real* g, Py_ssize_t n, Py_ssize_t lanes
) noexcept nogil:
    """g = scale · ∂(sum of the loss)/∂outputs; `outputs` are logits where the loss is on logits. `width` is Huber's."""
    cdef Py_ssize_t i
    cdef real r
    if loss == MEAN_SQUARED_ERROR:
        for i in range(n * lanes):
            g[i] = (outputs[i] - targets[i]) * (scale + scale)
    elif loss == HUBER:
        for i in range(n * lanes):
            r = outputs[i] - targets[i]
            r = width if r > width else r
            g[i] = (-width if r < -width else r) * scale
    elif loss == BINARY_CROSSENTROPY:
        for i in range(n * lanes):
            g[i] = (sigmoid(outputs[i]) - targets[i]) * scale
    else:
        softmax_over_units(outputs, g, n, lanes)
        for i in range(n * lanes):
            g[i] = (g[i] - targets[i]) * scale


cdef inline double loss_sum(
    Loss loss, real width, const real* outputs, const real* targets, real* scratch,
    Py_ssize_t n, Py_ssize_t samples, Py_ssize_t lanes,
) noexcept nogil:
    """Sum of the loss over the samples that are there; `scratch` has the size of `outputs`."""
    cdef Py_ssize_t i, s
    cdef real r
    cdef double largest, total, result = 0.0
    if loss == CATEGORICAL_CROSSENTROPY:
        for s in range(samples):
            largest = outputs[s]
            for i in range(1, n):
                largest = max(largest, <double> outputs[i * lanes + s])
            total = 0.0
            for i in range(n):
                total += exp_negative(<double> outputs[i * lanes + s] - largest)
            total = log(total)
            for i in range(n):
                result += targets[i * lanes + s] * (total + largest - outputs[i * lanes + s])
        return result
    if loss == MEAN_SQUARED_ERROR:
        for i in range(n * lanes):
            r = outputs[i] - targets[i]
            scratch[i] = r * r
    elif loss == HUBER:
        for i in range(n * lanes):
            r = fabs(outputs[i] - targets[i])
            scratch[i] = (r - width * <real> 0.5) * width if r > width else r * r * <real> 0.5
    else:
        for i in range(n * lanes):  # softplus(z) − t z, written so that neither sign of z cancels
            r = outputs[i]
            scratch[i] = softplus(-r) + (<real> 1 - targets[i]) * r if r > <real> 0 else softplus(r) - targets[i] * r
    for i in range(n):
        for s in range(samples):
            result += scratch[i * lanes + s]
    return result
