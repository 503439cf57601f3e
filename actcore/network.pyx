# cython: nonecheck=True
"""MLP: a small dense network whose weights are NumPy views; see ``_kernels/training.pxd`` for the arithmetic."""
cimport numpy as cnp

import math

import numpy as np

import actcore
from actcore cimport loops
from actcore._kernels.dense cimport padded
from actcore._kernels.training cimport MAX_LAYERS, MAX_VALUES, Layer, Network, NetworkBlocks, workspace_size
from actcore._network_arguments import batch, checked_sizes, number, one_for_each, whole
from actcore.axiswise import Axiswise
from actcore.forward cimport ALL_OUTPUTS, INPUT_DERIVATIVE, OUTPUT, PRE_ACTIVATIONS, SLOPES, Part, forward_tiles
from actcore.initialisers import initial_weights
from actcore.runtime cimport network_table, threads_for

cnp.import_array()

cdef object aligned(Py_ssize_t n, object dtype):
    """Return n zeros that begin at a cache line."""
    cdef Py_ssize_t size = n * dtype.itemsize
    raw = np.zeros(size + 64, np.uint8)
    cdef Py_ssize_t offset = -(<Py_ssize_t> cnp.PyArray_DATA(raw)) & 63
    return raw[offset:offset + size].view(dtype)


cdef lay_out(Network* net, tuple widths):
    """Number the units and the parameters of a network."""
    cdef Layer* layer
    cdef int k
    net.n_layers = len(widths) - 1
    net.n_in = widths[0]
    net.n_out = widths[net.n_layers]
    net.n_units = net.n_in
    net.widest = max(widths)
    net.n_weights = net.n_sums = 0
    for k in range(net.n_layers):
        layer = &net.layers[k]
        layer.n_in = widths[k]
        layer.n_out = widths[k + 1]
        layer.first = net.n_units
        layer.weights = net.n_weights
        layer.sums = net.n_sums
        net.n_units += layer.n_out
        net.n_weights += layer.n_in * layer.n_out
        net.n_sums += layer.n_out * padded(layer.n_in + 1)
    net.n_parameters = net.n_weights
    for k in range(net.n_layers):
        net.layers[k].biases = net.n_parameters
        net.n_parameters += net.layers[k].n_out


class _Views(tuple):
    """One view per layer; what is assigned to an item is written into the network's memory."""

    def __setitem__(self, layer, values):
        self[layer][...] = values


cdef tuple views(const Network* net, object parameters):
    """Cut the parameters into weights and biases, one view per layer."""
    cdef const Layer* layer
    cdef int k
    weights, biases = [], []
    for k in range(net.n_layers):
        layer = &net.layers[k]
        flat = parameters[layer.weights:layer.weights + layer.n_in * layer.n_out]
        weights.append(flat.reshape(layer.n_out, layer.n_in))
        biases.append(parameters[layer.biases:layer.biases + layer.n_out])
    return _Views(weights), _Views(biases)


cdef class MLP:
    """MLP(sizes, activation='tanh', output_activation='linear', init='glorot_uniform', seed=0, dtype='float32', \
init_scale=None)\n--\n
    A small dense network, compiled, with its weights as writable NumPy views.

    A layer computes a = f(W a' + b) from the outputs a' of the layer before it.

    Parameters
    ----------
    sizes : sequence of int
        Widths of the layers, inputs first, outputs last.
    activation : str, Activation, or sequence of them, default "tanh"
        Of the hidden layers: one for all, or one for each. Of a dialect's activation the parameters count; its slopes at
        kinks are those of the registry.
    output_activation : str, Activation or "softmax", default "linear"
        Of the output layer.
    init : str, default "glorot_uniform"
        Initialiser of the weights: a name of ``actcore.initialisers.INITIALISERS``, or "recommended" for each
        activation's own. Biases start at zero.
    seed : int, default 0
        Decides the initial weights.
    dtype : {"float32", "float64"}, default "float32"
        Of parameters, arithmetic and results.
    init_scale : float, optional
        What it means depends on the initialiser: its value, bound, standard deviation, or a factor.

    Attributes
    ----------
    weights : tuple of ndarray
        One writable view (n_out, n_in) per layer. What is written into it, by ``net.weights[k][i, j] = 0`` as by
        ``net.weights[k] = w``, is seen by the next forward pass and the next training step.
    biases : tuple of ndarray
        One writable view (n_out,) per layer.
    parameters : ndarray
        All weights, then all biases, as one flat writable view: copy it for a snapshot, assign into it to restore.
    dtype : numpy.dtype
        Of the parameters.

    Raises
    ------
    TypeError
        If `sizes` or `seed` are no integers, or an activation is none.
    ValueError
        If an argument is out of its choices.

    Examples
    --------
    >>> import actcore as ac
    >>> net = ac.MLP([2, 3, 1], activation="relu", init="constant", init_scale=0.5, dtype="float64")
    >>> net.forward([[1.0, 1.0], [-1.0, 0.0]])
    array([[1.5],
           [0. ]])
    >>> net.weights[1][0, 0] = 2.5
    >>> net.forward([[1.0, 1.0]])
    array([[3.5]])
    """

    def __init__(
        self, sizes, activation="tanh", output_activation="linear", init="glorot_uniform", seed=0, dtype="float32",
        init_scale=None
    ):
        cdef const NetworkBlocks* table = <const NetworkBlocks*> network_table()
        if self.parameters is not None:
            raise RuntimeError("this network exists already, and a trainer may hold its memory; make another one")
        widths = checked_sizes(sizes, MAX_LAYERS)
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.dtype("float32"), np.dtype("float64")):
            raise ValueError(f"dtype must be float32 or float64, not {self.dtype}")
        self.blocks = table + (1 if self.dtype == np.dtype("float64") else 0)
        lay_out(&self.net, widths)
        self.parameters = aligned(self.net.n_parameters, self.dtype)
        self.weights, self.biases = views(&self.net, self.parameters)
        hidden = one_for_each(activation, len(widths) - 2)
        self.layer_activations = [None] * self.net.n_layers
        for layer, chosen in enumerate([*hidden, output_activation]):
            self.set_activation(layer, chosen)
        self.initialise(init, seed, init_scale)

    cdef void* parameter_data(self) noexcept:
        return cnp.PyArray_DATA(self.parameters)

    cdef double cost(self) noexcept:
        """Return the nanoseconds a sample's forward pass takes on one thread, roughly."""
        return self.dtype.itemsize / 4.0 * (self.net.n_weights * 0.05 + self.net.n_units * 0.4)

    @property
    def sizes(self):
        """Widths of the layers, inputs first."""
        return (self.net.n_in, *(self.net.layers[k].n_out for k in range(self.net.n_layers)))

    @property
    def activations(self):
        """The activation of each layer, the output layer last."""
        return list(self.layer_activations)

    def set_activation(self, layer, activation):
        """Give a layer another activation; every weight is kept.

        Parameters
        ----------
        layer : int
            From 0 for the first hidden layer; negative numbers count from the output layer.
        activation : str, Activation or "softmax"
            Softmax is for the output layer.

        Raises
        ------
        IndexError
            If there is no such layer.
        TypeError, ValueError
            If `activation` is none, or cannot stand in this layer.

        Notes
        -----
        Takes effect at the next forward pass and the next training step; where ``Trainer.run`` is under way in another
        thread, within a few milliseconds.

        Examples
        --------
        >>> import actcore as ac
        >>> net = ac.MLP([1, 1, 1], activation="relu", init="constant", init_scale=1.0, dtype="float64")
        >>> net.set_activation(0, ac.leaky_relu.bind(negative_slope=0.5))
        >>> net.forward([[-1.0]])
        array([[-0.5]])
        """
        cdef Layer new
        cdef int n_layers = self.net.n_layers
        cdef int index = whole("layer", layer, -math.inf)
        cdef Py_ssize_t k
        cdef str name
        if not -n_layers <= index < n_layers:
            raise IndexError(f"layer {layer} does not exist; this network has layers 0 to {n_layers - 1}")
        if index < 0:
            index += n_layers
        function = actcore.get(activation)
        new = self.net.layers[index]
        new.softmax = isinstance(function, Axiswise)
        new.n_values = 0
        if new.softmax:
            if function.name != "softmax" or index != n_layers - 1:
                raise ValueError(f"{function.name} cannot stand in layer {index}: softmax alone, in the output layer")
        else:
            name = str(self.dtype)
            new.value = loops.find(function.name, "value", name).scalar
            new.value_and_derivative = loops.find(function.name, "value_and_derivative", name).scalar
            new.n_values = len(function.parameters)
            if new.n_values > MAX_VALUES:
                raise ValueError(f"{function.name} has {new.n_values} parameters; a layer holds at most {MAX_VALUES}")
            for k, (parameter, value) in enumerate(function.parameters.items()):
                if np.ndim(value) != 0:
                    raise ValueError(f"{function.name}: a layer takes one number for {parameter}, not an array")
                if self.dtype.itemsize == sizeof(float):
                    (<float*> new.values)[k] = value
                else:
                    new.values[k] = value
        self.net.layers[index] = new
        self.layer_activations[index] = function

    def initialise(self, init=None, seed=None, init_scale=None):
        """Draw all weights anew and set the biases to zero.

        Parameters
        ----------
        init : str, optional
            As for ``MLP``; by default the initialiser used last.
        seed : int, optional
            By default the seed used last.
        init_scale : float, optional
            As for ``MLP``; by default the scale used last, or the new initialiser's own.

        Raises
        ------
        ValueError
            If the initialiser is unknown, the seed negative, or the scale not finite.

        Examples
        --------
        >>> import actcore as ac
        >>> net = ac.MLP([2, 2, 1])
        >>> net.initialise("zeros")
        >>> net.weights[0]
        array([[0., 0.],
               [0., 0.]], dtype=float32)
        """
        cdef int k
        scale = self.init_scale if init is None and init_scale is None else init_scale
        chosen = self.init if init is None else init
        start = whole("seed", self.seed if seed is None else seed)
        if scale is not None:
            scale = number("init_scale", scale, -math.inf)
        for k in range(self.net.n_layers):
            rule = chosen
            if rule == "recommended":
                rule = getattr(self.layer_activations[k].spec, "recommended_init", "glorot_uniform")
            self.weights[k][...] = initial_weights(rule, start, k, *self.weights[k].shape, scale)
            self.biases[k][...] = 0
        self.init, self.seed, self.init_scale = chosen, start, scale

    def forward(self, X, out=None):
        """Compute the outputs for a batch or grid of inputs, in parallel.

        Parameters
        ----------
        X : array_like, shape (N, n_in)
            One sample per row.
        out : ndarray, shape (N, n_out), optional
            Where to write.

        Returns
        -------
        ndarray, shape (N, n_out)
            `out`, or a new array of the network's dtype.

        Raises
        ------
        TypeError
            If an argument is not numeric or not an array.
        ValueError
            If a shape does not fit.

        Examples
        --------
        >>> import actcore as ac
        >>> ac.MLP([2, 4, 1], init="zeros").forward([[0.5, 0.5]])
        array([[0.]], dtype=float32)
        """
        x = batch(X, self.net.n_in, "X", self.dtype)
        shape = (len(x), self.net.n_out)
        if out is None:
            out = np.empty(shape, self.dtype)
        elif not isinstance(out, np.ndarray):
            raise TypeError(f"out must be an ndarray of shape {shape}, not {type(out).__name__}")
        elif out.shape != shape:
            raise ValueError(f"out must have shape {shape}, and has {out.shape}")
        elif not out.flags.writeable:
            raise ValueError("out is read-only")
        elif not np.can_cast(self.dtype, out.dtype, "same_kind"):
            raise TypeError(f"the result has dtype {self.dtype}, which does not fit into out of dtype {out.dtype}")
        if out.dtype == self.dtype and out.flags.c_contiguous and out.flags.aligned and not np.may_share_memory(out, x):
            run_forward(self, x, OUTPUT, out)
        else:
            result = np.empty(shape, self.dtype)
            run_forward(self, x, OUTPUT, result)
            out[...] = result
        return out

    def hidden(self, X):
        """Compute the output of every unit, in one pass.

        Parameters
        ----------
        X : array_like, shape (N, n_in)
            One sample per row.

        Returns
        -------
        list of ndarray, shape (units, N)
            One per layer, the output layer last.

        Raises
        ------
        TypeError, ValueError
            If `X` is not numeric or its shape does not fit.

        Examples
        --------
        >>> import actcore as ac
        >>> [a.shape for a in ac.MLP([2, 4, 1]).hidden([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])]
        [(4, 3), (1, 3)]
        """
        return unit_arrays(self, X, ALL_OUTPUTS)

    def pre_activations(self, X):
        """Compute the pre-activation z = W a' + b of every unit, in one pass.

        Parameters
        ----------
        X : array_like, shape (N, n_in)
            One sample per row.

        Returns
        -------
        list of ndarray, shape (units, N)
            One per layer, the output layer last.

        Raises
        ------
        TypeError, ValueError
            If `X` is not numeric or its shape does not fit.

        Examples
        --------
        >>> import actcore as ac
        >>> ac.MLP([1, 2, 1], init="constant", init_scale=2.0).pre_activations([[1.0], [3.0]])[0]
        array([[2., 6.],
               [2., 6.]], dtype=float32)
        """
        return unit_arrays(self, X, PRE_ACTIVATIONS)

    def slopes(self, X):
        """Compute the derivative f′(z) of every unit's activation at its pre-activation, in one pass.

        Parameters
        ----------
        X : array_like, shape (N, n_in)
            One sample per row.

        Returns
        -------
        list of ndarray, shape (units, N)
            One per layer, the output layer last. For softmax the diagonal of its derivative, y (1 − y).

        Raises
        ------
        TypeError, ValueError
            If `X` is not numeric or its shape does not fit.

        Examples
        --------
        >>> import actcore as ac
        >>> ac.MLP([1, 2, 1], activation="relu", init="constant", init_scale=1.0).slopes([[-1.0], [3.0]])[0]
        array([[0., 1.],
               [0., 1.]], dtype=float32)
        """
        return unit_arrays(self, X, SLOPES)

    def input_derivative(self, X):
        """Compute the derivative of every output with respect to every input, sample by sample.

        Parameters
        ----------
        X : array_like, shape (N, n_in)
            One sample per row.

        Returns
        -------
        ndarray, shape (N, n_out, n_in)
            ∂output/∂input; at a kink of an activation the value its ``derivative`` takes there.

        Raises
        ------
        TypeError, ValueError
            If `X` is not numeric or its shape does not fit.

        Examples
        --------
        >>> import actcore as ac
        >>> ac.MLP([2, 1], init="constant", init_scale=3.0).input_derivative([[5.0, 7.0]])
        array([[[3., 3.]]], dtype=float32)
        """
        x = batch(X, self.net.n_in, "X", self.dtype)
        result = np.empty((len(x), self.net.n_out, self.net.n_in), self.dtype)
        run_forward(self, x, INPUT_DERIVATIVE, result)
        return result

    def copy(self):
        """Return a network of its own with the same sizes, activations and parameters.

        Returns
        -------
        MLP
            Equal, and independent of this one.

        Examples
        --------
        >>> import actcore as ac
        >>> net = ac.MLP([2, 2, 1])
        >>> other = net.copy()
        >>> other.weights[0][...] = 0
        >>> bool(net.weights[0].any())
        True
        """
        return _rebuild(*self.__reduce__()[1])

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return self.copy()

    def __reduce__(self):
        by_name = [f.name if isinstance(f, Axiswise) else f for f in self.layer_activations]
        return _rebuild, (
            self.sizes, by_name, self.init, self.seed, str(self.dtype), self.init_scale, self.parameters.copy()
        )

    def __repr__(self):
        names = ", ".join(getattr(f, "text", f.name) for f in self.layer_activations)  # a formula's name is a digest
        return f"<actcore MLP {'-'.join(map(str, self.sizes))} ({names}), {self.dtype}>"


def _rebuild(sizes, activations, init, seed, dtype, init_scale, parameters):
    """Undo ``MLP.__reduce__``."""
    net = MLP(sizes, activations[:-1], activations[-1], init, seed, dtype, init_scale)
    net.parameters[...] = parameters
    return net


cdef run_forward(MLP mlp, object x, Part part, object out):
    """Send contiguous inputs through a network, into contiguous results."""
    cdef Network net = mlp.net
    cdef Py_ssize_t n = len(x)
    cdef int threads = threads_for(n * mlp.cost())
    cdef int itemsize = mlp.dtype.itemsize
    cdef Py_ssize_t size = padded(workspace_size(&net))
    workspace = aligned(threads * size, mlp.dtype)
    cdef void* parameters = mlp.parameter_data()
    cdef char* source = <char*> cnp.PyArray_DATA(x)
    cdef char* target = <char*> cnp.PyArray_DATA(out)
    cdef char* workspaces = <char*> cnp.PyArray_DATA(workspace)
    with nogil:
        forward_tiles(
            &net, mlp.blocks, parameters, source, n, part, target, workspaces, size * itemsize, itemsize, threads
        )


cdef list unit_arrays(MLP mlp, object X, Part part):
    """Return one (units, N) array per layer behind the inputs."""
    x = batch(X, mlp.net.n_in, "X", mlp.dtype)
    units = np.empty((mlp.net.n_units - mlp.net.n_in, len(x)), mlp.dtype)
    run_forward(mlp, x, part, units)
    return np.split(units, np.cumsum(mlp.sizes[1:-1]))
