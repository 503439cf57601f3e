# cython: nonecheck=True
"""Objective: the mean loss over a data set, and its gradient, as functions of a network's parameters."""
from cython.parallel cimport parallel, prange, threadid

cimport numpy as cnp

import numpy as np

from actcore._kernels.dense cimport LANES, padded
from actcore._kernels.losses cimport (
    BINARY_CROSSENTROPY, CATEGORICAL_CROSSENTROPY, HUBER, MEAN_SQUARED_ERROR, on_logits,
)
from actcore._kernels.training cimport TILE, Layer, Network, NetworkBlocks, Training, workspace_size
from actcore._network_arguments import batch, checked_targets, choice, finite, number
from actcore.network cimport MLP, aligned
from actcore.runtime cimport fp_enter, fp_leave, fp_state, threads_for

cnp.import_array()

#: Names of the losses; the two cross-entropies are computed from logits.
LOSSES = {
    "mse": MEAN_SQUARED_ERROR,
    "huber": HUBER,
    "binary_crossentropy": BINARY_CROSSENTROPY,
    "categorical_crossentropy": CATEGORICAL_CROSSENTROPY,
}
#: What the output layer may be under a loss on logits: nothing else would be what is trained.
_LINKS = {BINARY_CROSSENTROPY: ("linear", "sigmoid"), CATEGORICAL_CROSSENTROPY: ("linear", "softmax")}


cdef double mean_loss(
    const Network* net, const Training* training, const NetworkBlocks* blocks, const void* parameters,
    const char* x, const char* y, Py_ssize_t n, int itemsize, char* workspaces, double* sums, int threads,
) noexcept nogil:
    """Sum the loss tile by tile, each thread in its own workspace; the tiles are added in their order."""
    cdef Py_ssize_t tile, start, tiles = (n + TILE - 1) // TILE
    cdef Py_ssize_t size = padded(workspace_size(net)) * itemsize
    cdef double total = 0.0
    cdef fp_state fp
    with parallel(num_threads=threads):
        for tile in prange(tiles, schedule="static"):
            start = tile * TILE
            fp = fp_enter()
            sums[tile] = blocks.loss(
                net, training, parameters, x + start * net.n_in * itemsize, y + start * net.n_out * itemsize,
                min(n - start, <Py_ssize_t> TILE), workspaces + threadid() * size
            )
            fp_leave(fp)
    for tile in range(tiles):
        total += sums[tile]
    return total / <double> (n if training.loss == CATEGORICAL_CROSSENTROPY else n * net.n_out)


cdef class Objective:
    """The mean loss of a network over a data set; ``Trainer`` makes it small.

    Parameters
    ----------
    net : MLP
        The network.
    X : array_like, shape (N, n_in)
        Samples; a copy is kept.
    y : array_like, shape (N,) or (N, n_out)
        Targets, as for ``Trainer``.
    loss : {"mse", "huber", "binary_crossentropy", "categorical_crossentropy"}, default "mse"
        As for ``Trainer``.
    huber_width : float, default 1
        Where the Huber loss turns from quadratic to linear.

    Attributes
    ----------
    net : MLP
        The network.

    Raises
    ------
    TypeError, ValueError
        As for ``Trainer``.
    """

    def __init__(self, MLP net not None, X, y, loss="mse", huber_width=1.0):
        if self.net is not None:
            raise RuntimeError(f"this {type(self).__name__} exists already, and may be at work; make another one")
        self.net = net
        self.state.loss = choice("loss", loss, LOSSES)
        self.state.width = number("huber_width", huber_width, above=True)
        self.x, self.y = [array.copy() for array in self._checked(X, y)]
        self.state.n_samples = len(self.x)
        self.blocks = net.blocks
        self.parameters = net.parameter_data()
        self.x_data = <char*> cnp.PyArray_DATA(self.x)
        self.y_data = <char*> cnp.PyArray_DATA(self.y)
        self._check_link()

    def _check_link(self):
        names = _LINKS.get(self.state.loss)
        name = self.net.layer_activations[-1].name
        if names is not None and name not in names:
            raise ValueError(
                f"this loss is computed from logits, so the output activation must be {names[0]} or {names[1]}, "
                f"not {name}; choose one of them, or loss='mse'"
            )

    cdef tuple _checked(self, object X, object y):
        """Return samples and targets that fit."""
        samples = finite(batch(X, self.net.net.n_in, "X", self.net.dtype), "X")
        labels = self.state.loss == CATEGORICAL_CROSSENTROPY
        wanted = checked_targets(y, len(samples), self.net.net.n_out, self.net.dtype, labels, on_logits(self.state.loss))
        if len(samples) == 0:
            raise ValueError("X holds no samples")
        return samples, wanted

    def loss(self, X=None, y=None):
        """Return the mean loss, without penalties.

        Parameters
        ----------
        X : array_like, shape (N, n_in), optional
            Samples; by default the training set.
        y : array_like, shape (N,) or (N, n_out), optional
            Their targets; given with `X`.

        Returns
        -------
        float
            The loss; inf or NaN for parameters that overflow.

        Raises
        ------
        TypeError, ValueError
            As for ``Trainer``, if the data do not fit.

        Examples
        --------
        >>> import actcore as ac
        >>> trainer = ac.Trainer(ac.MLP([1, 1], init="zeros"), [[0.0], [1.0]], [0.0, 1.0])
        >>> trainer.loss(), trainer.loss([[5.0]], [2.0])
        (0.5, 4.0)
        """
        samples, targets = self._data(X, y)
        return self._mean_loss(samples, targets)

    def gradient(self, X=None, y=None):
        """Return the gradient of the mean loss with respect to the parameters, without penalties.

        Parameters
        ----------
        X : array_like, shape (N, n_in), optional
            Samples; by default the training set.
        y : array_like, shape (N,) or (N, n_out), optional
            Their targets; given with `X`.

        Returns
        -------
        ndarray, shape (number of parameters,)
            In the layout of ``net.parameters``.

        Raises
        ------
        TypeError, ValueError
            As for ``Trainer``, if the data do not fit.

        Examples
        --------
        >>> import actcore as ac
        >>> ac.Trainer(ac.MLP([1, 1], init="zeros"), [[0.0], [1.0]], [0.0, 1.0]).gradient()
        array([-1., -1.], dtype=float32)
        """
        return self._gradient(X, y)[0]

    def gradient_norms(self, X=None, y=None):
        """Return how large the gradient of the mean loss is in each layer: it vanishes or explodes along the depth.

        Parameters
        ----------
        X : array_like, shape (N, n_in), optional
            Samples; by default the training set.
        y : array_like, shape (N,) or (N, n_out), optional
            Their targets; given with `X`.

        Returns
        -------
        weights : ndarray of float64, shape (layers,)
            Euclidean norm of the gradient with respect to the weights.
        pre_activations : ndarray of float64, shape (layers,)
            Euclidean norm, over samples and units, of the gradient with respect to the pre-activations.

        Raises
        ------
        TypeError, ValueError
            As for ``Trainer``, if the data do not fit.

        Examples
        --------
        >>> import actcore as ac
        >>> weights, z = ac.Trainer(ac.MLP([1, 1], init="zeros"), [[0.0], [1.0]], [0.0, 1.0]).gradient_norms()
        >>> weights, z
        (array([1.]), array([1.]))
        """
        cdef const Layer* layer
        cdef int k
        gradient, squares = self._gradient(X, y)
        weights = np.empty(self.net.net.n_layers)
        for k in range(self.net.net.n_layers):
            layer = &self.net.net.layers[k]
            weights[k] = np.linalg.norm(gradient[layer.weights:layer.weights + layer.n_in * layer.n_out])
        return weights, np.sqrt(squares)

    cdef tuple _gradient(self, object X, object y):
        """Return the gradient, and its squares with respect to the pre-activations by layer."""
        cdef Network net = self.net.net
        samples, targets = self._data(X, y)
        result = aligned(net.n_parameters + LANES, self.net.dtype)  # the kernel copies whole vectors
        squares = np.zeros(net.n_layers)
        workspace = aligned(workspace_size(&net), self.net.dtype)
        cdef Py_ssize_t n = len(samples)
        cdef void* x = cnp.PyArray_DATA(samples)
        cdef void* t = cnp.PyArray_DATA(targets)
        cdef void* g = cnp.PyArray_DATA(result)
        cdef double* sums = <double*> cnp.PyArray_DATA(squares)
        cdef void* space = cnp.PyArray_DATA(workspace)
        cdef fp_state fp
        with nogil:
            fp = fp_enter()
            self.blocks.gradient(&net, &self.state, self.parameters, x, t, n, g, sums, space)
            fp_leave(fp)
        return result[:net.n_parameters].copy(), squares

    cdef tuple _data(self, object X, object y):
        """Return checked samples and targets: those given, or the training set."""
        if X is None and y is None:
            return self.x, self.y
        if X is None or y is None:
            raise TypeError("give X and y together, or neither")
        return self._checked(X, y)

    cdef double _mean_loss(self, object samples, object targets) except? -1.0:
        """Evaluate the loss in parallel where that pays."""
        cdef Network net = self.net.net
        cdef Training state = self.state
        cdef Py_ssize_t n = len(samples)
        cdef int itemsize = self.net.dtype.itemsize
        cdef int threads = threads_for(n * self.net.cost())
        workspaces = aligned(threads * padded(workspace_size(&net)), self.net.dtype)
        sums = np.empty((n + TILE - 1) // TILE)
        cdef char* x = <char*> cnp.PyArray_DATA(samples)
        cdef char* y = <char*> cnp.PyArray_DATA(targets)
        cdef char* spaces = <char*> cnp.PyArray_DATA(workspaces)
        cdef double* parts = <double*> cnp.PyArray_DATA(sums)
        with nogil:
            return mean_loss(&net, &state, self.blocks, self.parameters, x, y, n, itemsize, spaces, parts, threads)
