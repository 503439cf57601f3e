"""Trainer: compiled mini-batch training of an ``MLP``; see ``_kernels/training.pxd`` for the arithmetic."""
from collections import namedtuple
from cython.parallel cimport parallel, prange, threadid

cimport numpy as cnp
from cpython.exc cimport PyErr_CheckSignals

import math
import operator

import numpy as np

from actcore._kernels.dense cimport LANES, padded
from actcore._kernels.losses cimport (
    BINARY_CROSSENTROPY, CATEGORICAL_CROSSENTROPY, HUBER, MEAN_SQUARED_ERROR, Loss, on_logits,
)
from actcore._kernels.optimisers cimport (
    ADAM, ADAMW, CONSTANT, COSINE, MOMENTUM, NESTEROV, RMSPROP, SGD, STEPWISE, scheduled_rate,
)
from actcore._kernels.training cimport TILE, Layer, Network, NetworkBlocks, Training, workspace_size
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
OPTIMISERS = {
    "sgd": SGD, "momentum": MOMENTUM, "nesterov": NESTEROV, "rmsprop": RMSPROP, "adam": ADAM, "adamw": ADAMW,
}
SCHEDULES = {"constant": CONSTANT, "step": STEPWISE, "cosine": COSINE}

#: What the output layer may be under a loss on logits: nothing else would be what is trained.
_LINKS = {BINARY_CROSSENTROPY: ("linear", "sigmoid"), CATEGORICAL_CROSSENTROPY: ("linear", "softmax")}

#: Where and why a training stopped: the step that could not be done, the layer (from 0), and a sentence.
Divergence = namedtuple("Divergence", "step layer message")


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


cdef double CHUNK = 5e6  # nanoseconds of work between two looks at signals and at changed activations, roughly


def _choice(kind, name, choices):
    if name not in choices:
        raise ValueError(f"{kind} must be one of {', '.join(choices)}, not {name!r}")
    return choices[name]


def _number(name, value, low=0.0, high=math.inf, above=False):
    """Return `value` as a float within bounds, or say what is accepted."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, not {value!r}") from None
    if not (math.isfinite(number) and (number > low if above else number >= low) and number <= high):
        accepted = f"{'above' if above else 'at least'} {low:g}" + (f" and at most {high:g}" if high < math.inf else "")
        raise ValueError(f"{name} must be a finite number, {accepted}, not {value!r}")
    return number


def _finite(array, name):
    """Return a contiguous array, or say where it holds a number that is not finite."""
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        row, column = bad[0]
        raise ValueError(
            f"{name} holds {array[row, column]} at row {row}, column {column} ({len(bad)} such values in all); "
            "remove or fill those rows"
        )
    return array


cdef object checked_targets(MLP net, Loss loss, object y, Py_ssize_t n):
    """Return targets as a contiguous (n, n_out) array; class numbers become rows with a single 1."""
    cdef Py_ssize_t n_out = net.net.n_out
    given = np.asarray(y)
    if loss == CATEGORICAL_CROSSENTROPY and given.ndim == 1:
        if given.dtype.kind not in "iub":
            raise TypeError(f"labels must be integers, not {given.dtype}; or give a row of probabilities per sample")
        wrong = given[(given < 0) | (given >= n_out)]
        if len(wrong):
            raise ValueError(f"y holds the label {wrong[0]}; with {n_out} outputs labels run from 0 to {n_out - 1}")
        given = np.eye(n_out)[given]
    elif given.ndim == 1 and n_out == 1:
        given = given[:, None]
    targets = _finite(net.batch(given, n_out, "y"), "y")
    if len(targets) != n:
        raise ValueError(f"X has {n} samples and y has {len(targets)}")
    if on_logits(loss) and len(targets) and (targets.min() < 0 or targets.max() > 1):
        low, high = targets.min(), targets.max()
        raise ValueError(f"a cross-entropy takes labels or probabilities from 0 to 1; y reaches from {low} to {high}")
    if loss == CATEGORICAL_CROSSENTROPY and not np.allclose(targets.sum(axis=1), 1, atol=1e-3):
        raise ValueError("for categorical_crossentropy each row of y must sum to 1; or give integer labels (N,)")
    return targets


cdef class Trainer:
    """Trains a network on a data set, any number of steps at a time, without the GIL.

    The samples are shuffled anew every epoch; seed and step number alone decide the result. What is written into the
    network between two steps (a weight, an activation) is what the next step starts from.

    Parameters
    ----------
    net : MLP
        The network; its own parameters are trained.
    X : array_like, shape (N, n_in)
        Samples; a copy is kept.
    y : array_like, shape (N,) or (N, n_out)
        Targets. For "categorical_crossentropy" integer labels from 0, or one row of probabilities per sample.
    loss : {"mse", "huber", "binary_crossentropy", "categorical_crossentropy"}, default "mse"
        Mean over samples and outputs; the categorical one is the mean over samples. Both cross-entropies are computed
        from the logits: the output layer is linear, or sigmoid or softmax, which then shape only what ``forward``
        returns.
    optimizer : {"sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"}, default "sgd"
        Formulas as in PyTorch.
    learning_rate : float, default 0.03
        Size of the steps.
    batch_size : int, default 10
        Samples per step; the last batch of an epoch may be smaller.
    l1, l2 : float, default 0
        Penalties l1 Σ|w| + l2/2 Σw² on the weights, not on the biases.
    seed : int, default 0
        Decides the order of the samples.
    momentum : float, default 0.9
        Of "momentum" and "nesterov".
    decay : float, default 0.9
        Of the mean square in "rmsprop".
    beta1, beta2 : float, default 0.9 and 0.999
        Decay of the two moments of "adam" and "adamw".
    epsilon : float, default 1e-8
        Added to the root of the mean square.
    weight_decay : float, default 0.01
        Of "adamw"; for weights only.
    clip_norm : float, default 0
        Largest Euclidean norm of the gradient, penalties included; 0 switches clipping off.
    schedule : {"constant", "step", "cosine"}, default "constant"
        "step" multiplies the learning rate by `schedule_factor` every `schedule_steps` steps; "cosine" takes it to zero
        in `schedule_steps` steps.
    schedule_steps : int, default 1000
        See `schedule`.
    schedule_factor : float, default 0.5
        See `schedule`.
    huber_width : float, default 1
        Where the Huber loss turns from quadratic to linear.

    Attributes
    ----------
    net : MLP
        The network.
    divergence : Divergence or None
        Why the last call of ``run`` stopped early: (step, layer, message).

    Raises
    ------
    TypeError
        If an argument is not of the kind described.
    ValueError
        If shapes do not match, a number is not finite, or a label or setting is out of range.

    References
    ----------
    Kingma, Ba: Adam (2014); Loshchilov, Hutter: Decoupled weight decay regularization (2017); Sutskever et al.: On the
    importance of initialization and momentum in deep learning (2013); Huber: Robust estimation of a location parameter
    (1964).

    Examples
    --------
    >>> import actcore as ac
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]
    >>> net = ac.MLP([2, 4, 1], activation="tanh", output_activation="tanh", seed=3)
    >>> trainer = ac.Trainer(net, X, y, learning_rate=0.5, batch_size=4)
    >>> trainer.run(2000)
    2000
    >>> trainer.loss() < 0.05
    True
    """

    cdef readonly MLP net
    cdef readonly object divergence
    cdef Training state
    cdef object x, y, order, moments, workspace  # owners of the memory below
    cdef const NetworkBlocks* blocks
    cdef void* parameters
    cdef char* x_data
    cdef char* y_data
    cdef void* moment_data
    cdef void* work
    cdef bint running

    def __init__(
        self, MLP net not None, X, y, loss="mse", optimizer="sgd", learning_rate=0.03, batch_size=10, l2=0.0, seed=0,
        *, l1=0.0, momentum=0.9, decay=0.9, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01, clip_norm=0.0,
        schedule="constant", schedule_steps=1000, schedule_factor=0.5, huber_width=1.0,
    ):
        self.net = net
        self.state.loss = _choice("loss", loss, LOSSES)
        self.state.rules.optimiser = _choice("optimizer", optimizer, OPTIMISERS)
        self.state.rules.schedule = _choice("schedule", schedule, SCHEDULES)
        self.learning_rate = learning_rate
        self.l1 = l1
        self.l2 = l2
        self.clip_norm = clip_norm
        self.batch_size = batch_size
        self.state.rules.momentum = _number("momentum", momentum, 0, 1)
        self.state.rules.decay = _number("decay", decay, 0, 1)
        self.state.rules.beta1 = _number("beta1", beta1, 0, 0.999999)
        self.state.rules.beta2 = _number("beta2", beta2, 0, 0.99999999)
        self.state.rules.epsilon = _number("epsilon", epsilon, above=True)
        self.state.rules.weight_decay = _number("weight_decay", weight_decay)
        self.state.rules.schedule_steps = <long long> _number("schedule_steps", schedule_steps, 1)
        self.state.rules.schedule_factor = _number("schedule_factor", schedule_factor, 0, 1)
        self.state.width = _number("huber_width", huber_width, above=True)
        self.state.seed = operator.index(seed) & 0xFFFFFFFFFFFFFFFF
        self.x = _finite(net.batch(X, net.net.n_in, "X"), "X").copy()
        self.y = checked_targets(net, self.state.loss, y, len(self.x)).copy()
        if len(self.x) == 0:
            raise ValueError("X holds no samples")
        self.state.n_samples = len(self.x)
        self.order = np.empty(len(self.x), np.intp)
        self.state.order = <Py_ssize_t*> cnp.PyArray_DATA(self.order)
        self.moments = aligned(2 * net.net.n_parameters, net.dtype)
        self.workspace = aligned(workspace_size(&net.net), net.dtype)
        self.blocks = net.blocks
        self.parameters = net.parameter_data()
        self.x_data = <char*> cnp.PyArray_DATA(self.x)
        self.y_data = <char*> cnp.PyArray_DATA(self.y)
        self.moment_data = cnp.PyArray_DATA(self.moments)
        self.work = cnp.PyArray_DATA(self.workspace)
        self.reset()
        self._check_link()

    def reset(self):
        """Go back to step 0 with empty moments; the network keeps its parameters.

        Examples
        --------
        >>> import actcore as ac
        >>> trainer = ac.Trainer(ac.MLP([1, 1]), [[0.0], [1.0]], [0.0, 1.0])
        >>> trainer.run(3)
        3
        >>> trainer.reset()
        >>> trainer.step
        0
        """
        self.state.step = self.state.epoch = self.state.position = 0
        self.state.rules.beta1_power = self.state.rules.beta2_power = 1.0
        self.moments[...] = 0
        self.divergence = None

    def _check_link(self):
        names = _LINKS.get(self.state.loss)
        name = self.net.layer_activations[-1].name
        if names is not None and name not in names:
            raise ValueError(
                f"this loss is computed from logits, so the output activation must be {names[0]} or {names[1]}, "
                f"not {name}; choose one of them, or loss='mse'"
            )

    @property
    def step(self):
        """Steps done."""
        return self.state.step

    @property
    def epoch(self):
        """Epochs completed."""
        return self.state.epoch

    @property
    def steps_per_epoch(self):
        """Batches that the data set makes at the present batch size."""
        return (self.state.n_samples + self.state.batch_size - 1) // self.state.batch_size

    @property
    def learning_rate(self):
        """Size of the steps before the schedule; may be set at any time."""
        return self.state.rules.learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        self.state.rules.learning_rate = _number("learning_rate", value)

    @property
    def current_learning_rate(self):
        """What the schedule makes of the learning rate at the next step."""
        return scheduled_rate(&self.state.rules, self.state.step)

    @property
    def batch_size(self):
        """Samples per step; may be set at any time."""
        return self.state.batch_size

    @batch_size.setter
    def batch_size(self, value):
        size = operator.index(value)
        if size < 1:
            raise ValueError(f"batch_size must be at least 1, and is {size}")
        self.state.batch_size = size

    @property
    def l1(self):
        """Penalty on the weights' absolute values; may be set at any time."""
        return self.state.rules.l1

    @l1.setter
    def l1(self, value):
        self.state.rules.l1 = _number("l1", value)

    @property
    def l2(self):
        """Penalty on half the weights' squares; may be set at any time."""
        return self.state.rules.l2

    @l2.setter
    def l2(self, value):
        self.state.rules.l2 = _number("l2", value)

    @property
    def clip_norm(self):
        """Largest norm of the gradient, 0 for any; may be set at any time."""
        return self.state.rules.clip_norm

    @clip_norm.setter
    def clip_norm(self, value):
        self.state.rules.clip_norm = _number("clip_norm", value)

    def run(self, steps):
        """Train.

        Parameters
        ----------
        steps : int
            How many steps to do.

        Returns
        -------
        int
            Steps done: fewer than asked only when the training diverged. ``divergence`` then says where, and the
            parameters are those of the last step that was finite; the next call tries that step again.

        Raises
        ------
        ValueError
            If `steps` is negative, or the loss is on logits and the output activation has become another one.
        RuntimeError
            If another thread is inside this trainer.

        Examples
        --------
        >>> import actcore as ac
        >>> trainer = ac.Trainer(ac.MLP([1, 1]), [[0.0], [1.0]], [0.0, 1.0], learning_rate=1e300)
        >>> trainer.run(100) < 100
        True
        >>> trainer.divergence.layer
        0
        """
        cdef Py_ssize_t wanted = operator.index(steps)
        if wanted < 0:
            raise ValueError(f"steps must not be negative, and is {steps}")
        self._enter()
        try:
            return self._run(wanted)
        finally:
            self.running = False

    def fit(self, epochs, target_loss=None):
        """Train whole epochs and return the loss after each.

        Parameters
        ----------
        epochs : int
            How many at most; an epoch that is under way is finished first and counts.
        target_loss : float, optional
            Stop after the first epoch whose loss is at most this.

        Returns
        -------
        ndarray of float64, shape (epochs done,)
            The loss over the training set after each epoch. When the training diverged (see ``divergence``), the last
            one is that of the parameters that were kept.

        Raises
        ------
        ValueError
            If `epochs` is negative, or the loss is on logits and the output activation has become another one.
        RuntimeError
            If another thread is inside this trainer.

        Examples
        --------
        >>> import actcore as ac
        >>> ac.Trainer(ac.MLP([1, 1]), [[0.0], [1.0]], [0.0, 1.0]).fit(5).shape
        (5,)
        """
        cdef Py_ssize_t wanted = operator.index(epochs)
        if wanted < 0:
            raise ValueError(f"epochs must not be negative, and is {epochs}")
        target = -math.inf if target_loss is None else _number("target_loss", target_loss)
        history = np.empty(wanted)
        self._enter()
        try:
            return history[:self._fit(history, target)].copy()
        finally:
            self.running = False

    def _enter(self):
        self._check_link()
        if self.running:
            raise RuntimeError("this trainer is running in another thread; wait for it, or use a trainer of its own")
        self.running = True
        self.divergence = None

    cdef Py_ssize_t _train(self, const Network* net, Py_ssize_t steps) noexcept nogil:
        """Do steps, in a clean floating-point state."""
        cdef fp_state fp = fp_enter()
        cdef Py_ssize_t done = self.blocks.train(
            net, &self.state, self.parameters, self.x_data, self.y_data, steps, self.moment_data, self.work
        )
        fp_leave(fp)
        return done

    cdef Py_ssize_t _run(self, Py_ssize_t steps) except -1:
        """Train in chunks, so that an interrupt and a changed activation are noticed within milliseconds."""
        cdef Network net
        cdef Py_ssize_t chunk = max(1, <Py_ssize_t> (CHUNK / self._step_cost()))
        cdef Py_ssize_t done = 0
        self.state.failed_layer = -1
        while done < steps and self.state.failed_layer < 0:
            net = self.net.net
            with nogil:
                done += self._train(&net, min(chunk, steps - done))
            PyErr_CheckSignals()
        self._look_for_divergence()
        return done

    cdef Py_ssize_t _fit(self, object history, double target) except -1:
        """Fill `history` with the loss after each epoch, and return how many were done; in chunks, as `_run`."""
        cdef Network net
        cdef double* losses = <double*> cnp.PyArray_DATA(history)
        cdef Py_ssize_t n = self.state.n_samples, epochs = len(history)
        cdef int itemsize = self.net.dtype.itemsize
        cdef int threads = threads_for(n * self.net.cost())
        workspaces = aligned(threads * padded(workspace_size(&self.net.net)), self.net.dtype)
        sums = np.empty((n + TILE - 1) // TILE)
        cdef char* spaces = <char*> cnp.PyArray_DATA(workspaces)
        cdef double* parts = <double*> cnp.PyArray_DATA(sums)
        cdef double epoch_cost = self._step_cost() * <Py_ssize_t> self.steps_per_epoch
        cdef Py_ssize_t chunk = max(1, <Py_ssize_t> (CHUNK / epoch_cost))
        cdef Py_ssize_t k = 0, end, left
        self.state.failed_layer = -1
        while k < epochs and self.state.failed_layer < 0 and (k == 0 or losses[k - 1] > target):
            net = self.net.net
            end = min(k + chunk, epochs)
            with nogil:
                while k < end and self.state.failed_layer < 0 and (k == 0 or losses[k - 1] > target):
                    left = (n - self.state.position + self.state.batch_size - 1) // self.state.batch_size
                    self._train(&net, left)
                    losses[k] = mean_loss(
                        &net, &self.state, self.blocks, self.parameters, self.x_data, self.y_data, n, itemsize,
                        spaces, parts,
                        threads
                    )
                    k += 1
            PyErr_CheckSignals()
        self._look_for_divergence()
        return k

    cdef double _step_cost(self):
        """Return the nanoseconds a step takes, roughly."""
        return 3 * padded(min(self.state.batch_size, self.state.n_samples)) * self.net.cost()

    cdef _look_for_divergence(self):
        if self.state.failed_layer >= 0:
            self.divergence = Divergence(self.state.step, self.state.failed_layer, self._diverged())

    def _diverged(self):
        return (
            f"The training diverged at step {self.state.step}: layer {self.state.failed_layer} would get weights "
            "that are not finite. The weights before that step are kept; lower the learning rate "
            f"({self.state.rules.learning_rate:g}) or set clip_norm."
        )

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
        samples = self.net.batch(X, self.net.net.n_in, "X")
        targets = checked_targets(self.net, self.state.loss, y, len(samples))
        if len(samples) == 0:
            raise ValueError("X holds no samples")
        return samples, targets

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

    def __repr__(self):
        names = {number: name for name, number in LOSSES.items()}, {number: name for name, number in OPTIMISERS.items()}
        stopped = "" if self.divergence is None else f", diverged in layer {self.divergence.layer}"
        return (
            f"<actcore Trainer of {self.net!r}: {names[0][self.state.loss]}, {names[1][self.state.rules.optimiser]}, "
            f"step {self.step}{stopped}>"
        )
