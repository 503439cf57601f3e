"""The small network of ``actcore.MLP`` in plain NumPy: the referee of its tests and the opponent of its benchmark."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Function = Callable[[Array], Array]

_MASK = 2**64 - 1


def _scrambled(z: int) -> int:
    """Output function of SplitMix64 (Steele, Lea, Flood 2014)."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _MASK
    return z ^ (z >> 31)


def order_of_epoch(n: int, seed: int, epoch: int) -> list[int]:
    """Order of the samples in an epoch: Fisher and Yates's shuffle, driven by a counter."""
    counter = _scrambled((seed + _scrambled(epoch + 1)) & _MASK)
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        counter = (counter + 0x9E3779B97F4A7C15) & _MASK
        j = (_scrambled(counter) >> 32) * (i + 1) >> 32
        order[i], order[j] = order[j], order[i]
    return order


def batches(n: int, batch_size: int, seed: int) -> Iterator[list[int]]:
    """Indices of batch after batch, for ever."""
    epoch = 0
    while True:
        order = order_of_epoch(n, seed, epoch)
        for start in range(0, n, batch_size):
            yield order[start : start + batch_size]
        epoch += 1


def softmax(z: Array) -> Array:
    """Softmax of every row."""
    e: Array = np.exp(z - z.max(axis=1, keepdims=True))
    e /= e.sum(axis=1, keepdims=True)
    return e


def _softplus(z: Array) -> Array:
    return np.logaddexp(z, 0.0)


#: loss -> (mean loss, gradient with respect to what it takes); the cross-entropies take logits.
LOSSES: dict[str, tuple[Callable[[Array, Array], float], Callable[[Array, Array], Array]]] = {
    "mse": (lambda a, y: float(np.mean((a - y) ** 2)), lambda a, y: 2 * (a - y) / y.size),
    "huber": (
        lambda a, y: float(np.mean(np.where(abs(a - y) <= 1, (a - y) ** 2 / 2, abs(a - y) - 0.5))),
        lambda a, y: np.clip(a - y, -1, 1) / y.size,
    ),
    "binary_crossentropy": (
        lambda z, y: float(np.mean(_softplus(z) - y * z)),
        lambda z, y: (1 / (1 + np.exp(-z)) - y) / y.size,
    ),
    "categorical_crossentropy": (
        lambda z, y: float(np.mean(np.sum(y * (np.logaddexp.reduce(z, axis=1, keepdims=True) - z), axis=1))),
        lambda z, y: (softmax(z) - y) / len(y),
    ),
}


@dataclass
class NumpyNetwork:
    """Weights, biases, and (f, f′) of each layer."""

    weights: list[Array]
    biases: list[Array]
    functions: Sequence[tuple[Function, Function]]

    def forward(self, x: Array) -> tuple[list[Array], list[Array]]:
        """Return the pre-activations of every layer, and the inputs followed by the outputs of every layer."""
        pre_activations, outputs = [], [x]
        for w, b, (f, _) in zip(self.weights, self.biases, self.functions, strict=True):
            pre_activations.append(outputs[-1] @ w.T + b)
            outputs.append(f(pre_activations[-1]))
        return pre_activations, outputs

    def loss(self, x: Array, y: Array, loss: str) -> float:
        """Return the mean loss."""
        pre_activations, outputs = self.forward(x)
        return LOSSES[loss][0](pre_activations[-1] if "crossentropy" in loss else outputs[-1], y)

    def gradient(self, x: Array, y: Array, loss: str) -> list[Array]:
        """Return the gradients of all weights, then of all biases."""
        pre_activations, outputs = self.forward(x)
        if "crossentropy" in loss:
            delta = LOSSES[loss][1](pre_activations[-1], y)
        else:
            delta = LOSSES[loss][1](outputs[-1], y) * self.functions[-1][1](pre_activations[-1])
        weights, biases = [], []
        for k in reversed(range(len(self.weights))):
            weights.append(delta.T @ outputs[k])
            biases.append(delta.sum(axis=0))
            if k:
                delta = delta @ self.weights[k] * self.functions[k - 1][1](pre_activations[k - 1])
        return weights[::-1] + biases[::-1]


@dataclass
class NumpyTrainer:
    """Trains a ``NumpyNetwork`` as ``actcore.Trainer`` trains its own."""

    net: NumpyNetwork
    x: Array
    y: Array
    loss: str = "mse"
    optimizer: str = "sgd"
    learning_rate: float = 0.03
    batch_size: int = 10
    l1: float = 0.0
    l2: float = 0.0
    clip_norm: float = 0.0
    schedule: Callable[[int], float] = field(default=lambda step: 1.0)
    seed: int = 0

    def run(self, steps: int) -> None:
        """Train from the first step on."""
        parameters = self.net.weights + self.net.biases
        first = [np.zeros_like(p) for p in parameters]
        second = [np.zeros_like(p) for p in parameters]
        for step, batch in zip(range(steps), batches(len(self.x), self.batch_size, self.seed), strict=False):
            gradient = self.net.gradient(self.x[batch], self.y[batch], self.loss)
            for k, w in enumerate(self.net.weights):
                gradient[k] += self.l2 * w + self.l1 * np.sign(w)
            size = math.sqrt(sum(float(np.sum(g * g)) for g in gradient))
            if 0 < self.clip_norm < size:
                gradient = [g * (self.clip_norm / size) for g in gradient]
            rate = self.learning_rate * self.schedule(step)
            for k, (p, g, m, v) in enumerate(zip(parameters, gradient, first, second, strict=True)):
                decay = 0.01 if self.optimizer == "adamw" and k < len(self.net.weights) else 0.0
                p -= rate * decay * p + self._step(g, m, v, rate, step + 1)

    def _step(self, g: Array, m: Array, v: Array, rate: float, t: int) -> Array:
        """Return what to subtract; m and v are the moments, changed in place."""
        if self.optimizer == "sgd":
            return rate * g
        if self.optimizer in ("momentum", "nesterov"):
            m *= 0.9
            m += g
            return rate * (m if self.optimizer == "momentum" else g + 0.9 * m)
        if self.optimizer == "rmsprop":
            v *= 0.9
            v += (1 - 0.9) * g * g
            return rate * g / (np.sqrt(v) + 1e-8)
        m *= 0.9
        m += (1 - 0.9) * g
        v *= 0.999
        v += (1 - 0.999) * g * g
        return rate / (1 - 0.9**t) * m / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def tame(net: Any) -> None:
    """Move every unit of an ``actcore.MLP`` well inside the domain of its activation, and far from overflow."""
    for w, b, f in zip(net.weights, net.biases, net.activations, strict=True):
        low, high = f.spec.domain_at(f.parameters) if hasattr(f.spec, "domain") else (-math.inf, math.inf)
        b[...] = 0.1 if low == -math.inf else low + 1 if high == math.inf else (low + high) / 2
        w *= 0.3 if low == -math.inf else 0.05
