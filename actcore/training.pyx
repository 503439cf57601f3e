# cython: nonecheck=True
"""Trainer: compiled mini-batch training of an ``MLP``; see ``_kernels/training.pxd`` for the arithmetic."""
from collections import namedtuple

cimport numpy as cnp
from cpython.exc cimport PyErr_CheckSignals

import math

import numpy as np

from actcore._kernels.dense cimport padded
from actcore._kernels.optimisers cimport (
    ADAM, ADAMW, CONSTANT, COSINE, MOMENTUM, NESTEROV, RMSPROP, SGD, STEPWISE, scheduled_rate,
)
from actcore._kernels.training cimport TILE, Network, workspace_size
from actcore._network_arguments import choice, number, whole
from actcore.network cimport MLP, aligned
from actcore.objective cimport Objective, mean_loss
from actcore.objective import LOSSES
from actcore.runtime cimport fp_enter, fp_leave, fp_state, threads_for

cnp.import_array()

OPTIMISERS = {
    "sgd": SGD, "momentum": MOMENTUM, "nesterov": NESTEROV, "rmsprop": RMSPROP, "adam": ADAM, "adamw": ADAMW,
}
SCHEDULES = {"constant": CONSTANT, "step": STEPWISE, "cosine": COSINE}

#: Where and why a training stopped: the step that could not be done, the layer (from 0), and a sentence.
Divergence = namedtuple("Divergence", "step layer message")


cdef double CHUNK = 5e6  # nanoseconds of work between two looks at signals and at changed activations, roughly


cdef class Trainer(Objective):
    """Trainer(net, X, y, loss='mse', optimizer='sgd', learning_rate=0.03, batch_size=10, l2=0.0, seed=0, *, l1=0.0, momentum=0.9, \
decay=0.9, beta1=0.9, beta2=0.999, epsilon=1e-08, weight_decay=0.01, clip_norm=0.0, schedule='constant', schedule_steps=1000, \
schedule_factor=0.5, huber_width=1.0)\n--\n
    Trains a network on a data set, any number of steps at a time, without the GIL.

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

    cdef readonly object divergence
    cdef object order, moments, workspace  # owners of the memory below, and of the order of the samples
    cdef void* moment_data
    cdef void* work
    cdef bint running

    def __init__(
        self, MLP net not None, X, y, loss="mse", optimizer="sgd", learning_rate=0.03, batch_size=10, l2=0.0, seed=0,
        *, l1=0.0, momentum=0.9, decay=0.9, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01, clip_norm=0.0,
        schedule="constant", schedule_steps=1000, schedule_factor=0.5, huber_width=1.0,
    ):
        Objective.__init__(self, net, X, y, loss, huber_width)
        self.state.rules.optimiser = choice("optimizer", optimizer, OPTIMISERS)
        self.state.rules.schedule = choice("schedule", schedule, SCHEDULES)
        self.learning_rate = learning_rate
        self.l1 = l1
        self.l2 = l2
        self.clip_norm = clip_norm
        self.batch_size = batch_size
        self.state.rules.momentum = number("momentum", momentum, 0, 1)
        self.state.rules.decay = number("decay", decay, 0, 1)
        self.state.rules.beta1 = number("beta1", beta1, 0, 0.999999)
        self.state.rules.beta2 = number("beta2", beta2, 0, 0.99999999)
        self.state.rules.epsilon = number("epsilon", epsilon, above=True)
        self.state.rules.weight_decay = number("weight_decay", weight_decay)
        self.state.rules.schedule_steps = <long long> number("schedule_steps", schedule_steps, 1, 2.0**62)
        self.state.rules.schedule_factor = number("schedule_factor", schedule_factor, 0, 1)
        self.state.seed = whole("seed", seed, -math.inf) & 0xFFFFFFFFFFFFFFFF
        self.order = np.empty(self.state.n_samples, np.intp)
        self.state.order = <Py_ssize_t*> cnp.PyArray_DATA(self.order)
        self.moments = aligned(2 * net.net.n_parameters, net.dtype)
        self.workspace = aligned(workspace_size(&net.net), net.dtype)
        self.moment_data = cnp.PyArray_DATA(self.moments)
        self.work = cnp.PyArray_DATA(self.workspace)
        self.reset()

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
        return -(-self.state.n_samples // self.batch_size)

    @property
    def learning_rate(self):
        """Size of the steps before the schedule; may be set at any time."""
        return self.state.rules.learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        self.state.rules.learning_rate = number("learning_rate", value)

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
        self.state.batch_size = whole("batch_size", value, 1)

    @property
    def l1(self):
        """Penalty on the weights' absolute values; may be set at any time."""
        return self.state.rules.l1

    @l1.setter
    def l1(self, value):
        self.state.rules.l1 = number("l1", value)

    @property
    def l2(self):
        """Penalty on half the weights' squares; may be set at any time."""
        return self.state.rules.l2

    @l2.setter
    def l2(self, value):
        self.state.rules.l2 = number("l2", value)

    @property
    def clip_norm(self):
        """Largest norm of the gradient, 0 for any; may be set at any time."""
        return self.state.rules.clip_norm

    @clip_norm.setter
    def clip_norm(self, value):
        self.state.rules.clip_norm = number("clip_norm", value)

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
        TypeError
            If `steps` is no integer.
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
        cdef Py_ssize_t wanted = whole("steps", steps)
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
        TypeError
            If `epochs` is no integer.
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
        cdef Py_ssize_t wanted = whole("epochs", epochs)
        target = -math.inf if target_loss is None else number("target_loss", target_loss)
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

    def __repr__(self):
        names = {number: name for name, number in LOSSES.items()}, {number: name for name, number in OPTIMISERS.items()}
        stopped = "" if self.divergence is None else f", diverged in layer {self.divergence.layer}"
        return (
            f"<actcore Trainer of {self.net!r}: {names[0][self.state.loss]}, {names[1][self.state.rules.optimiser]}, "
            f"step {self.step}{stopped}>"
        )
