"""From a frozen `NetworkState` to the compiled network, its training data and its score."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import actcore as ac
from actcore.initialisers import initial_weights

from ..model.activations import activation_of
from ..model.dataset import make_dataset
from ..model.features import features_of
from ..model.network import RECOMMENDED, Checkpoint, NetworkState

DEAD = 1e-3
"""A unit whose slope stays below this for every point does not learn."""
Sample = tuple[NDArray[np.float32], NDArray[Any]]


def build(state: NetworkState) -> ac.MLP:
    """The network of `state` with the weights that its layers' initialisers and its seed give."""
    net = ac.MLP(
        list(state.sizes),
        activation=[activation_of(layer) for layer in state.hidden],
        output_activation=state.output_activation,
        init=RECOMMENDED,
        seed=state.seed,
        dtype="float32",
    )
    for number, (weights, init) in enumerate(zip(net.weights, state.inits, strict=True)):
        if init != RECOMMENDED:
            weights[:] = initial_weights(init, state.seed, number, *weights.shape)
    return net


def first_weights(state: NetworkState) -> Checkpoint:
    """The weights of `state` before the first step."""
    return Checkpoint(0, tuple(build(state).parameters.tolist()))


def carry_over(old: NetworkState, parameters: NDArray[np.float32], new: NetworkState) -> NDArray[np.float32]:
    """The weights for `new` that keep all of `old`'s that still have a place: features by name, units and
    layers by number, the output as the output. The rest is fresh from the seed.
    """
    source, target = build(old), build(new)
    source.parameters[:] = parameters
    before, after = [*range(len(old.hidden)), -1], [*range(len(new.hidden)), -1]
    for layer in [layer for layer in after if layer in before]:
        here, there = target.weights[layer], source.weights[layer]
        rows = min(len(here), len(there))
        if after.index(layer) == 0 and before.index(layer) == 0:
            for column, feature in enumerate(new.features):
                if feature in old.features:
                    here[:rows, column] = there[:rows, old.features.index(feature)]
        else:
            columns = min(here.shape[1], there.shape[1])
            here[:rows, :columns] = there[:rows, :columns]
        target.biases[layer][:rows] = source.biases[layer][:rows]
    return target.parameters.copy()


def revived(state: NetworkState, kept: Checkpoint, layer: int) -> tuple[float, ...]:
    """The weights of `kept` with those of one layer such that it learns again: units that are dead on the training
    points get fresh ones; where none is, all get smaller ones, which bring their sums back from the flat parts.
    """
    net = build(replace(state, seed=(state.seed + kept.step + 1) % 2**32))
    fresh = net.weights[layer].copy()
    net.parameters[:] = kept.parameters
    sums = net.pre_activations(samples(state)[0][0])[layer]
    dead = np.abs(net.activations[layer].derivative(sums)).max(axis=1) < DEAD
    net.weights[layer][dead], net.biases[layer][dead] = fresh[dead], 0.0
    if not dead.any():
        spread = np.maximum(sums.std(axis=1), 1.0)
        net.weights[layer][:] /= spread[:, None]
        net.biases[layer][:] /= spread
    return tuple(net.parameters.tolist())


def samples(state: NetworkState) -> tuple[Sample, Sample]:
    """The training and the test points as the network takes them: features, and the targets of the loss."""
    data = make_dataset(state.data)
    squashed = state.task == "classification" and state.loss == "mse"

    def sample(points: NDArray[np.float32], labels: NDArray[np.float32]) -> Sample:
        inputs = features_of(points, state.features)
        if state.task == "multiclass":
            return inputs, labels.astype(np.intp)
        return inputs, 2 * labels - 1 if squashed else labels

    return sample(data.train_x, data.train_y), sample(data.test_x, data.test_y)


def score(state: NetworkState, net: ac.MLP, sample: Sample) -> float:
    """Share of the points classified rightly; for a regression the share of the variance explained (R²)."""
    inputs, targets = sample
    outputs = net.forward(inputs).astype(np.float64)
    if state.task == "multiclass":
        return float((outputs.argmax(axis=1) == targets).mean())
    if state.task == "classification":
        middle = 0.0 if targets.min() < 0 else 0.5
        return float(((outputs[:, 0] > 0) == (targets > middle)).mean())
    spread = float(((targets - targets.mean()) ** 2).sum())
    missed = float(((outputs[:, 0] - targets) ** 2).sum())
    return 1.0 - missed / spread if spread > 0 else float(missed == 0)
