"""Measure the compiled small network: training and forward passes against NumPy and PyTorch, and what it learns.

    python3 scripts/bench_network.py
    python3 scripts/bench_network.py --parts training forward --rounds 3

Opponents take turns with the engine in one process, and the best of the rounds counts: processor time for what runs on
one thread, so that other processes do not disturb it, and wall time for what runs on several. PyTorch is measured where
it is installed; it gets its own best: the whole step compiled, one thread.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the products are too small for more: NumPy is faster so

import numpy as np  # noqa: E402

import actcore as ac  # noqa: E402
from gui.model.dataset import DatasetSettings, make_dataset  # noqa: E402

Array = np.ndarray[Any, Any]

#: f and, from its output, f′: what a NumPy user writes.
NUMPY_FUNCTIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "tanh": (np.tanh, lambda a: 1 - a * a),
    "relu": (lambda z: np.maximum(z, 0), lambda a: a > 0),
}
SHAPES = ([2, 8, 8, 1], [2, 8, 8, 8, 8, 8, 8, 1])
SAMPLES, BATCH, RATE = 250, 10, 0.03

#: data set -> (hidden layers, activation, optimizer, learning rate, epochs, test accuracy to reach)
LESSONS: dict[str, tuple[list[int], str, str, float, int, float]] = {
    "circle": ([8], "tanh", "adam", 0.03, 150, 0.97),
    "xor": ([8], "tanh", "adam", 0.03, 150, 0.97),
    "gaussians": ([4], "tanh", "adam", 0.03, 50, 0.97),
    "spirals": ([16, 16], "tanh", "adam", 0.02, 600, 0.95),
    "pinwheel": ([16], "tanh", "adam", 0.03, 200, 0.95),
}


def seconds(rounds: int, clock: Callable[[], float], *contestants: Callable[[], Any]) -> list[float]:
    """Return the best time of each, taken in turns after a warm-up."""
    best = [float("inf")] * len(contestants)
    for k in range(rounds + 1):
        for place, contestant in enumerate(contestants):
            start = clock()
            contestant()
            if k:
                best[place] = min(best[place], clock() - start)
    return best


def circle() -> tuple[Array, Array]:
    """Return the benchmark's data: points of a square, labelled by a disc."""
    x = np.random.default_rng(0).uniform(-1, 1, (SAMPLES, 2)).astype("f")
    return x, np.where((x * x).sum(axis=1) < 0.4, 1, -1).astype("f")[:, None]


class NumpyOpponent:
    """The same training in lean NumPy: float32, no checks, f′ from the stored outputs."""

    def __init__(self, net: ac.MLP, x: Array, y: Array) -> None:
        self.weights = [w.copy() for w in net.weights]
        self.biases = [b.copy() for b in net.biases]
        self.functions = [NUMPY_FUNCTIONS[f.name] for f in net.activations]
        self.x, self.y = x, y
        self.rng = np.random.default_rng(0)

    def forward(self, x: Array) -> list[Array]:
        """Return the inputs and the outputs of every layer."""
        outputs = [x]
        for w, b, (f, _) in zip(self.weights, self.biases, self.functions, strict=True):
            outputs.append(f(outputs[-1] @ w.T + b))
        return outputs

    EPOCHS = 10  # of one timing

    def epochs(self) -> None:
        """Train for several epochs."""
        for _ in range(self.EPOCHS):
            self.epoch()

    def epoch(self) -> None:
        """Train on every sample once, in an order drawn anew."""
        order = self.rng.permutation(len(self.x))
        x, y = self.x[order], self.y[order]
        for start in range(0, len(x), BATCH):
            outputs = self.forward(x[start : start + BATCH])
            delta = (outputs[-1] - y[start : start + BATCH]) * np.float32(2 / BATCH) * self.functions[-1][1](outputs[-1])
            for k in reversed(range(len(self.weights))):
                w, b = self.weights[k], self.biases[k]
                if k:
                    before = delta @ w * self.functions[k - 1][1](outputs[k])
                w -= RATE * (delta.T @ outputs[k])
                b -= RATE * delta.sum(axis=0)
                delta = before

    def loss(self) -> float:
        """Return the mean squared error."""
        return float(np.mean((self.forward(self.x)[-1] - self.y) ** 2))


def training(rounds: int) -> None:
    """Print epochs against NumPy, and against PyTorch where it is installed."""
    x, y = circle()
    torch_epoch = torch_opponent if importlib.util.find_spec("torch") else None
    print(f"\nTraining, {SAMPLES} samples, batch {BATCH}, float32, one thread: processor time in microseconds per epoch")
    print(
        f"{'network':18} {'activation':10} {'actcore':>9} {'NumPy':>9} {'ratio':>7}" + ("   PyTorch   ratio" if torch_epoch else "")
    )
    for sizes in SHAPES:
        for name in NUMPY_FUNCTIONS:
            net = ac.MLP(sizes, activation=name, output_activation="tanh")
            opponent = NumpyOpponent(net, x, y)
            trainer = ac.Trainer(net, x, y, learning_rate=RATE, batch_size=BATCH)
            many, few = 200, NumpyOpponent.EPOCHS
            contestants: list[Callable[[], Any]] = [
                partial(trainer.run, many * trainer.steps_per_epoch),
                opponent.epochs,
            ]
            if torch_epoch:
                contestants.append(torch_epoch(net, x, y, few))
            own, numpy, *torch = seconds(rounds, time.thread_time, *contestants)
            own, numpy = own / many * 1e6, numpy / few * 1e6
            line = f"{'-'.join(map(str, sizes)):18} {name:10} {own:9.2f} {numpy:9.1f} {numpy / own:6.1f}x"
            if torch:
                line += f" {torch[0] / few * 1e6:9.0f} {torch[0] / few * 1e6 / own:6.0f}x"
            print(line + f"   losses {trainer.loss():.3f}, {opponent.loss():.3f}", flush=True)
    if torch_epoch is None:
        print("PyTorch is not installed here: python -m pip install torch, for its column")


def torch_opponent(net: ac.MLP, x: Array, y: Array, epochs: int) -> Callable[[], Any]:
    """Return PyTorch's training of the same network: forward, loss, backward and update in one compiled function."""
    import torch

    torch.set_num_threads(1)
    parameters = [torch.tensor(p.copy(), requires_grad=True) for pair in zip(net.weights, net.biases, strict=True) for p in pair]
    functions = [getattr(torch, f.name) for f in net.activations]
    samples, targets = torch.from_numpy(x), torch.from_numpy(y)

    def step(values: list[Any], batch: Any, wanted: Any) -> list[Any]:
        a = batch
        for k, f in enumerate(functions):
            a = f(torch.nn.functional.linear(a, values[2 * k], values[2 * k + 1]))
        loss = ((a - wanted) ** 2).mean()
        return [p - RATE * g for p, g in zip(values, torch.autograd.grad(loss, values), strict=True)]

    compiled = torch.compile(step)

    def run() -> None:
        nonlocal parameters
        for _ in range(epochs):
            order = torch.randperm(len(samples))
            for start in range(0, len(samples), BATCH):
                batch = order[start : start + BATCH]
                parameters = [p.detach().requires_grad_() for p in compiled(parameters, samples[batch], targets[batch])]

    return run


def forward(rounds: int) -> None:
    """Print the 512 x 512 forward pass."""
    x, y = circle()
    net = ac.MLP([2, 8, 8, 1], activation="tanh", output_activation="tanh")
    opponent = NumpyOpponent(net, x, y)
    axis = np.linspace(-1, 1, 512, dtype="f")
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    out = np.empty((len(grid), 1), "f")
    own, numpy, units = seconds(
        5 * rounds,  # short turns on all cores: another program is in the way of some
        time.perf_counter,
        lambda: net.forward(grid, out=out),
        lambda: opponent.forward(grid),
        lambda: net.hidden(grid),
    )
    print(f"\nForward, 512 x 512 inputs through 2-8-8-1 tanh, {ac.get_num_threads()} threads: milliseconds")
    print(f"actcore {own * 1e3:.2f}   NumPy {numpy * 1e3:.1f}   ratio {numpy / own:.1f}x   every unit kept {units * 1e3:.2f}")


def many(rounds: int) -> None:
    """Print the time of a sweep."""
    x, y = circle()
    activations = ac.names()[:12]
    start, busy = time.perf_counter(), time.process_time()
    sweep = ac.train_many(x, y, [2, 8, 8, 1], activations=activations, seeds=range(32), epochs=500, output_activation="tanh")
    elapsed, busy = time.perf_counter() - start, time.process_time() - busy
    print(
        f"\ntrain_many, {len(activations)} activations x 32 seeds x 500 epochs of 2-8-8-1, {ac.get_num_threads()} threads: ",
        end="",
    )
    print(f"{elapsed:.2f} s ({busy:.2f} s of processor time), {sweep.losses.size / elapsed:,.0f} epochs a second")


def learning(rounds: int) -> None:
    """Print the share of 20 seeds that reach the accuracy, and that a linear network does not."""
    print("\nLearning, 20 seeds each: share of the seeds whose test accuracy reaches the goal")
    for kind, (hidden, activation, optimizer, rate, epochs, goal) in LESSONS.items():
        data = make_dataset(DatasetSettings(kind))
        classes = int(data.train_y.max()) + 1
        outputs, loss = (1, "binary_crossentropy") if classes == 2 else (classes, "categorical_crossentropy")
        labels = data.train_y if classes == 2 else data.train_y.astype(int)
        for name in (activation, "linear"):
            sweep = ac.train_many(
                data.train_x, labels, [2, *hidden, outputs], activations=[name], learning_rates=[rate], seeds=range(20),
                epochs=epochs, optimizer=optimizer, loss=loss,
            )  # fmt: skip
            net = ac.MLP([2, *hidden, outputs], activation=name)
            accuracies = []
            for parameters in sweep.parameters[0, 0]:
                net.parameters[...] = parameters
                z = net.forward(data.test_x)
                chosen = z[:, 0] > 0 if classes == 2 else z.argmax(axis=1)
                accuracies.append(float((chosen == data.test_y).mean()))
            reached = sum(accuracy >= goal for accuracy in accuracies)
            print(
                f"{kind:10} 2-{'-'.join(map(str, [*hidden, outputs])):8} {name:7} {epochs:4} epochs, goal {goal:.2f}: "
                f"{reached:2} of 20, median {np.median(accuracies):.3f}",
                flush=True,
            )


PARTS: dict[str, Callable[[int], None]] = {"training": training, "forward": forward, "many": many, "learning": learning}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(arguments)
    ac.show_config()
    for part in options.parts:
        PARTS[part](options.rounds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
