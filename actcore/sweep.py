"""Many networks at once: the same data, a grid of activations, learning rates and seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actcore._network_arguments import number, whole
from actcore.activation import Activation
from actcore.network import MLP
from actcore.runtime import get_num_threads, num_threads
from actcore.training import Divergence, Trainer

#: Networks per task: enough to make the cost of handing a task over small, few enough for steady progress.
_NETWORKS_PER_TASK = 4


@dataclass(frozen=True)
class Sweep:
    """What ``train_many`` found. The axes of every array begin with activation, learning rate, seed.

    Attributes
    ----------
    activations : tuple of Activation
        First axis.
    learning_rates : tuple of float
        Second axis.
    seeds : tuple of int
        Third axis.
    losses : ndarray of float64, shape (activations, learning rates, seeds, epochs)
        Training loss after each epoch; NaN where a network diverged or was not trained.
    parameters : ndarray, shape (activations, learning rates, seeds, number of parameters)
        Final parameters, as ``MLP.parameters`` has them; NaN where a network was not trained.
    finished : ndarray of bool, shape (activations, learning rates, seeds)
        Which networks were trained: all, unless the sweep was cancelled.
    divergences : dict
        From the index of a network that diverged to its ``Divergence``.
    """

    activations: tuple[Activation, ...]
    learning_rates: tuple[float, ...]
    seeds: tuple[int, ...]
    losses: NDArray[np.float64]
    parameters: NDArray[Any]
    finished: NDArray[np.bool_]
    divergences: dict[tuple[int, int, int], Divergence]


Index = tuple[int, int, int]
Outcome = tuple[Index, NDArray[np.float64], NDArray[Any], Divergence | None]


def _train(
    tasks: list[tuple[Index, Activation, float, int]],
    X: Any,
    y: Any,
    epochs: int,
    network: dict[str, Any],
    training: dict[str, Any],
) -> list[Outcome]:
    """Train a few networks, one after the other, on one thread."""
    outcomes: list[Outcome] = []
    with num_threads(1):
        for index, activation, learning_rate, seed in tasks:
            net = MLP(activation=activation, seed=seed, **network)
            trainer = Trainer(net, X, y, learning_rate=learning_rate, seed=seed, **training)
            losses = trainer.fit(epochs)
            outcomes.append((index, losses, net.parameters.copy(), trainer.divergence))
    return outcomes


def train_many(
    X: ArrayLike,
    y: ArrayLike,
    sizes: Sequence[int],
    *,
    activations: Sequence[str | Activation],
    learning_rates: Sequence[float] = (0.03,),
    seeds: Sequence[int] = (0,),
    epochs: int = 100,
    output_activation: Any = "linear",
    init: str = "glorot_uniform",
    dtype: str = "float32",
    progress: Callable[[int, int], Any] | None = None,
    executor: Executor | None = None,
    **training: Any,
) -> Sweep:
    """Train one network for every combination of activation, learning rate and seed, in parallel.

    Each result has the same bits as training that network alone.

    Parameters
    ----------
    X : array_like, shape (N, n_in)
        Samples.
    y : array_like, shape (N,) or (N, n_out)
        Targets, as for ``Trainer``.
    sizes : sequence of int
        Widths of the layers, as for ``MLP``.
    activations : sequence of str or Activation
        Of the hidden layers.
    learning_rates : sequence of float, default (0.03,)
        As for ``Trainer``.
    seeds : sequence of int, default (0,)
        Each decides the initial weights and the order of the samples.
    epochs : int, default 100
        How long each network is trained.
    output_activation, init, dtype
        As for ``MLP``.
    progress : callable, optional
        Called as ``progress(done, total)``, in networks, from the calling thread; returning False cancels what has not
        begun.
    executor : concurrent.futures.Executor, optional
        Where to train, e.g. a dask cluster's ``Client.get_executor()``. By default threads of this process, as many as
        ``get_num_threads()``.
    **training
        Further arguments of ``Trainer``: loss, optimizer, batch_size, l2 and the others.

    Returns
    -------
    Sweep
        Histories and final parameters as arrays.

    Raises
    ------
    TypeError, ValueError
        If an argument does not suit ``MLP`` or ``Trainer``, or an axis of the grid is empty.

    Examples
    --------
    >>> import actcore as ac
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]
    >>> sweep = ac.train_many(X, y, [2, 4, 1], activations=["tanh", "relu"], seeds=range(3), epochs=50, batch_size=4)
    >>> sweep.losses.shape
    (2, 1, 3, 50)
    """
    from actcore import get

    for name, axis in (("activations", activations), ("learning_rates", learning_rates), ("seeds", seeds)):
        if isinstance(axis, str) or not isinstance(axis, Iterable):
            raise TypeError(f"{name} must be a sequence, such as [{axis!r}], not {axis!r}")
    functions = tuple(get(activation) for activation in activations)
    rates, starts = tuple(number("learning_rates", rate) for rate in learning_rates), tuple(whole("seeds", seed) for seed in seeds)
    for name, values in (("activations", functions), ("learning_rates", rates), ("seeds", starts)):
        if not values:
            raise ValueError(f"{name} is empty; there is nothing to train")
    epochs = whole("epochs", epochs)
    network = {"sizes": tuple(sizes), "output_activation": output_activation, "init": init, "dtype": dtype}
    # Wrong arguments are an error of this call and not of a worker.
    for function in functions:
        probe = MLP(activation=function, seed=starts[0], **network)
    Trainer(probe, X, y, learning_rate=rates[0], **training)

    shape = (len(functions), len(rates), len(starts))
    losses = np.full((*shape, epochs), np.nan)
    parameters = np.full((*shape, probe.parameters.size), np.nan, probe.dtype)
    finished = np.zeros(shape, bool)
    divergences: dict[Index, Divergence] = {}
    grid = [
        ((a, r, s), functions[a], rates[r], starts[s]) for a, r, s in product(range(shape[0]), range(shape[1]), range(shape[2]))
    ]
    samples, targets = np.asarray(X, probe.dtype), np.asarray(y)
    pool = executor if executor is not None else ThreadPoolExecutor(get_num_threads())
    futures: list[Future[list[Outcome]]] = [
        pool.submit(_train, grid[k : k + _NETWORKS_PER_TASK], samples, targets, epochs, network, training)
        for k in range(0, len(grid), _NETWORKS_PER_TASK)
    ]
    waiting = set(futures)
    try:
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                if future.cancelled():  # by the executor's owner
                    continue
                for index, history, final, divergence in future.result():
                    losses[index][: len(history)] = history
                    parameters[index] = final
                    finished[index] = True
                    if divergence is not None:
                        divergences[index] = divergence
                if progress is not None and progress(int(finished.sum()), len(grid)) is False:
                    # Not every executor tells those who wait for a future that it is cancelled: so nobody does.
                    waiting = {other for other in waiting if not other.cancel()}
    finally:
        for future in futures:
            future.cancel()
        if executor is None:
            pool.shutdown()
    return Sweep(functions, rates, starts, losses, parameters, finished, divergences)
