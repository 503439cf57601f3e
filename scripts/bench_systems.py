"""The systems that ``bench.py`` compares: each turns a task into a call without arguments.

Every system runs in a process of its own, so that thread pools and OpenMP runtimes do not meet. Outputs are allocated
beforehand where the system has a way to be given one; where it has none, the call says so.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import math
import statistics
import timeit
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from typing import Any

import numpy as np
from bench_expressions import FUNCTIONS, Text, expressions_of, text_functions

from actcore.registry import AXIS_ROWS, ROWS, AxisRow, Row, Spelling

#: Functions along an axis take part where the result has the shape of the input.
SAME_SHAPE = ("normalised", "negated", "one-hot")
ALL_ROWS: dict[str, Row | AxisRow] = {
    **{row.name: row for row in ROWS},
    **{row.name: row for row in AXIS_ROWS if row.family in SAME_SHAPE},
}
KINDS = ("forward", "derivative", "backward", "fused")
COPY = "linear"  # the engine's own parallel copy is the yardstick of bandwidth
SAMPLES = 41  # where the engine is compared with itself: so many samples,
SAMPLE_SECONDS = 2e-4  # each of as many calls as take this long
ROW_LENGTH = 100  # functions along an axis get rows of this length


@dataclass(frozen=True)
class Task:
    """One cell: a function, what of it, for how many elements of which dtype."""

    name: str
    kind: str
    dtype: str
    size: int

    @property
    def row(self) -> Row | AxisRow:
        """The registry row."""
        return ALL_ROWS[self.name]

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's shape."""
        return (self.size,) if isinstance(self.row, Row) else (self.size // ROW_LENGTH, ROW_LENGTH)

    @property
    def bytes_per_element(self) -> int:
        """What has to be read and written for one element."""
        return (3 if self.kind in ("backward", "fused") else 2) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Call:
    """What to time; `allocates` when the system has no way to be given its output."""

    run: Callable[[], Any]
    allocates: bool = False


class Data:
    """The arrays of one task, the same numbers for every system."""

    def __init__(self, task: Task) -> None:
        self.x, self.g, self.y, self.dy = (a.reshape(task.shape) for a in arrays(task.dtype, task.size, *domain(task.row)))


def domain(row: Row | AxisRow) -> tuple[float, float]:
    """Return the ends of the interval of inputs for which a function is defined."""
    return row.domain_at(row.defaults) if isinstance(row, Row) else (-math.inf, math.inf)


@lru_cache(maxsize=1)
def arrays(dtype: str, size: int, low: float, high: float) -> tuple[np.ndarray, ...]:
    """Return x, g and two outputs; they are kept, so that where they happen to lie in memory is the same for all functions.

    The inputs are inside the domain: outside it systems differ in how long they take to say NaN.
    """
    rng = np.random.default_rng(20240607)
    # A prime number of them, repeated: drawing ten million takes longer than measuring.
    x, g = 2 * rng.standard_normal(100_003, dtype=dtype), rng.standard_normal(100_003, dtype=dtype)
    if high < math.inf:
        x = (low + (high - low) * rng.random(x.size)).astype(dtype)
    elif low > -math.inf:
        x = low + np.abs(x)
    # The outputs are written once: the first touch of a page is the operating system's time.
    return np.resize(x, size), np.resize(g, size), np.full(size, 0, dtype), np.full(size, 0, dtype)


def parse(row: Row | AxisRow, spelled: str) -> tuple[str, dict[str, Any]]:
    """Split a spelling such as ``jax.nn.gelu(approximate=False)`` into its dotted name and keywords.

    A keyword's ``...`` stands for the parameter of the row, which has one, and takes its default.
    """
    name, _, keywords = spelled.partition("(")
    if not keywords:
        return name, {}
    call = ast.parse(f"f({keywords}", mode="eval").body
    values = {k.arg: ast.literal_eval(k.value) for k in call.keywords if k.arg}
    return name, {key: next(iter(row.defaults.values())) if value is ... else value for key, value in values.items()}


def resolve(dotted: str) -> Callable[..., Any] | None:
    """Import what a dotted name names; None when the installed release lacks it."""
    parts = dotted.split(".")
    found = importlib.import_module(parts[0])
    for part in parts[1:]:
        found = getattr(found, part, None)
    return found


def parameters_of(row: Row | AxisRow, spelling: Spelling | None = None) -> dict[str, float]:
    """Return the registry's defaults with those of a system in their place."""
    return {**getattr(row, "defaults", {}), **(spelling.defaults if spelling else {})}


class Actcore:
    """The engine of this project."""

    def __init__(self, threads: int) -> None:
        import actcore

        self.module = actcore
        actcore.set_num_threads(threads)
        self.version = actcore.__version__

    def prepare(self, task: Task) -> Call | None:
        """Return the call, None where there is no such function."""
        function, data = self.module.get(task.name), Data(task)
        if isinstance(task.row, AxisRow):
            known = function(data.x) if task.row.backward_from == "output" else data.x
            return {
                "forward": Call(lambda: function(data.x, out=data.y)),
                "backward": Call(lambda: function.backward(known, data.g, out=data.dy)),
            }.get(task.kind)
        return {
            "forward": Call(lambda: function(data.x, out=data.y)),
            "derivative": Call(lambda: function.derivative(data.x, out=data.dy)),
            "backward": Call(lambda: function.backward(data.x, data.g, out=data.dy)),
            "fused": Call(lambda: function.value_and_derivative(data.x, out=(data.y, data.dy))),
        }[task.kind]

    def against_itself(self, task: Task) -> float | None:
        """Return the time of a call over that of those which do the same, or of a copy; all take turns on the same arrays."""
        if task.kind == "fused":
            others = [replace(task, kind="forward"), replace(task, kind="derivative")]
        elif task.kind == "forward" and "piecewise-linear" in task.row.tags and task.name != COPY:
            others = [replace(task, name=COPY)]
        else:
            return None
        runs = [call.run for one in (task, *others) if (call := self.prepare(one))]
        timers = [timeit.Timer(run) for run in runs]
        warm = max(timer.timeit(3) for timer in timers) / 3
        calls = max(1, int(SAMPLE_SECONDS / warm))
        samples = [[timer.timeit(calls) for timer in timers] for _ in range(SAMPLES)]
        own, *theirs = map(statistics.median, zip(*samples, strict=True))
        return own / sum(theirs)


def small_calls(calls: int = 2000, rounds: int = 51) -> dict[str, float]:
    """Return the nanoseconds of calls on ten elements with ``out=``, ours and NumPy's in turns."""
    import actcore

    x = np.linspace(-3, 3, 10, dtype=np.float32)
    y = np.empty_like(x)
    timers = {
        "gelu": timeit.Timer("f(x, out=y)", globals={"f": actcore.gelu, "x": x, "y": y}),
        "np.tanh": timeit.Timer("f(x, out=y)", globals={"f": np.tanh, "x": x, "y": y}),
    }
    seconds: dict[str, list[float]] = {name: [] for name in timers}
    for _ in range(rounds):
        for name, timer in timers.items():
            seconds[name].append(timer.timeit(calls) / calls)
    return {name: statistics.median(found) * 1e9 for name, found in seconds.items()}


class Numpy:
    """NumPy's own expression: one thread, a temporary array for every step."""

    def __init__(self, threads: int) -> None:
        self.version = np.__version__

    def prepare(self, task: Task) -> Call | None:
        """Return the call, None where NumPy cannot say it."""
        dtype = np.dtype(task.dtype).type
        functions = {"real": dtype, **{name: getattr(np, name) for name in FUNCTIONS}}
        pair = expressions_of(task.row, functions)
        if pair is None:
            return None
        (value, derivative), data = pair, Data(task)
        parameters = [dtype(number) for number in parameters_of(task.row).values()]
        # A function that is one ufunc can be given its output.
        ufuncs = {"Tanh": lambda: np.tanh(data.x, out=data.y), "Relu": lambda: np.maximum(data.x, 0, out=data.y)}
        if task.kind == "forward":
            for spelling in task.row.spellings.values():
                if spelling.name in ufuncs:
                    return Call(ufuncs[spelling.name])
        return {
            "forward": Call(lambda: value(data.x, *parameters), allocates=True),
            "derivative": Call(lambda: derivative(data.x, *parameters), allocates=True),
            "backward": Call(lambda: np.multiply(data.g, derivative(data.x, *parameters), out=data.dy)),
            "fused": Call(lambda: (value(data.x, *parameters), derivative(data.x, *parameters)), allocates=True),
        }[task.kind]


class Numexpr:
    """The same expressions in numexpr: blocks that stay in cache, in parallel."""

    def __init__(self, threads: int) -> None:
        import numexpr

        self.evaluate = numexpr.evaluate
        numexpr.set_num_threads(threads)
        self.version = numexpr.__version__

    def prepare(self, task: Task) -> Call | None:
        """Return the call, None where numexpr cannot say it."""
        constants: dict[str, float] = {}
        pair = expressions_of(task.row, text_functions(FUNCTIONS, constants))
        if pair is None:
            return None
        data, dtype, evaluate = Data(task), np.dtype(task.dtype).type, self.evaluate
        parameters = {Text(f"p_{name}"): dtype(number) for name, number in parameters_of(task.row).items()}
        f, df = (expression(Text("x"), *parameters) for expression in pair)
        # Constants are variables: numexpr's literals are double and would widen float32.
        local = {"x": data.x, "g": data.g, **parameters, **{c: dtype(number) for c, number in constants.items()}}

        def both() -> None:
            evaluate(f, local_dict=local, out=data.y)
            evaluate(df, local_dict=local, out=data.dy)

        return {
            "forward": Call(lambda: evaluate(f, local_dict=local, out=data.y)),
            "derivative": Call(lambda: evaluate(df, local_dict=local, out=data.dy)),
            "backward": Call(lambda: evaluate(f"g * {df}", local_dict=local, out=data.dy)),
            "fused": Call(both),
        }[task.kind]


class Numba:
    """The same expressions compiled by Numba, in parallel loops that compute value and derivative together."""

    def __init__(self, threads: int) -> None:
        import numba

        self.module = numba
        numba.set_num_threads(threads)
        self.version = numba.__version__

    def prepare(self, task: Task) -> Call | None:
        """Return the call, None where Numba cannot say it."""
        loop = self._compiled(task.name, task.kind, task.dtype)
        if loop is None:
            return None
        data, dtype = Data(task), np.dtype(task.dtype).type
        parameters = [dtype(number) for number in parameters_of(task.row).values()]
        return Call(lambda: loop(data.x, data.g, data.y, data.dy, *parameters))

    @cache  # noqa: B019 (one instance, which lives as long as its process)
    def _compiled(self, name: str, kind: str, dtype: str) -> Callable[..., None] | None:
        """Return the loop over x, g, y and dy; compiled once for all sizes."""
        numba = self.module
        prange = numba.prange
        where = numba.njit(lambda condition, a, b: a if condition else b)
        functions = {function: getattr(math, function) for function in FUNCTIONS if hasattr(math, function)}
        functions |= {"real": np.dtype(dtype).type, "where": where, "maximum": max, "erf": math.erf}
        pair = expressions_of(ALL_ROWS[name], functions)
        if pair is None:
            return None
        f, df = map(numba.njit, pair)

        def forward(x, g, y, dy, *p):
            for i in prange(x.size):
                y[i] = f(x[i], *p)

        def derivative(x, g, y, dy, *p):
            for i in prange(x.size):
                dy[i] = df(x[i], *p)

        def backward(x, g, y, dy, *p):
            for i in prange(x.size):
                dy[i] = g[i] * df(x[i], *p)

        def fused(x, g, y, dy, *p):
            for i in prange(x.size):
                y[i] = f(x[i], *p)
                dy[i] = df(x[i], *p)

        loops = {"forward": forward, "derivative": derivative, "backward": backward, "fused": fused}
        return numba.njit(parallel=True)(loops[kind])


class Torch:
    """PyTorch: its operators with preallocated output where they exist, else its functions and autograd.

    Where PyTorch's backward operator takes the saved output, it is given that; a derivative is a backward pass with
    g = 1, value and derivative together are a forward and a backward pass.
    """

    #: Backward operators whose name or arguments do not follow from the function's.
    BACKWARD = {
        "relu": ("threshold_backward", {"threshold": 0}),
        "selu": ("elu_backward", {"alpha": 1.6732632423543772, "scale": 1.0507009873554805, "input_scale": 1}),
        "softmax": ("_softmax_backward_data", {"dim": -1}),
        "log_softmax": ("_log_softmax_backward_data", {"dim": -1}),
    }
    #: Functions whose parameter is a tensor, and what it is called.
    TENSORS = {"prelu": "weight"}
    SAVED_OUTPUT = ("output", "result")
    SAVED_INPUT = ("self", "self_or_result")

    def __init__(self, threads: int) -> None:
        import torch

        self.torch = torch
        torch.set_num_threads(threads)
        self.version = torch.__version__

    def prepare(self, task: Task) -> Call | None:
        """Return the call, None where PyTorch lacks the function."""
        spelling = task.row.spellings.get("torch")
        if spelling is None:
            return None
        dotted, keywords = parse(task.row, spelling.name)
        tail = dotted.rpartition(".")[2]
        parameters = {**parameters_of(task.row, spelling), **keywords}
        if isinstance(task.row, AxisRow):
            parameters["dim"] = -1
        if tail in self.TENSORS:
            [value] = parameters.values()
            parameters = {self.TENSORS[tail]: self.torch.full((1,), value, dtype=getattr(self.torch, task.dtype))}
        data = Data(task)
        x, y, dy = (self.torch.from_numpy(array) for array in (data.x, data.y, data.dy))
        g = self.torch.from_numpy(data.g if task.kind == "backward" else np.ones_like(data.g))
        forward = self._operator(tail, {**parameters, "self": x, "input": x}, y)
        if forward is None:
            function = resolve(dotted)
            if function is None or isinstance(function, type):
                return None
            forward = Call(lambda: function(x, **parameters), allocates=True)
        if task.kind == "forward":
            return forward
        backward = self._backward(tail, parameters, forward.run, x, g, dy)
        if task.kind in ("backward", "derivative") or backward is None:
            return backward

        def both() -> None:
            forward.run()
            backward.run()

        return Call(both, forward.allocates or backward.allocates)

    def _backward(self, tail: str, parameters: dict, forward: Any, x: Any, g: Any, dy: Any) -> Call | None:
        name, more = self.BACKWARD.get(tail, (f"{tail}_backward", {}))
        saved = {**dict.fromkeys(self.SAVED_INPUT, x), **dict.fromkeys(self.SAVED_OUTPUT, forward().clone())}
        defaults = {"scale": 1, "input_scale": 1, "beta": 1, "threshold": 20}
        defaults |= {"is_result": False, "self_is_result": False}
        known = {**defaults, **parameters, **more, **saved, "grad_output": g, "input_dtype": x.dtype}
        operator = self._operator(name, known, dy)
        if operator is not None:
            return operator
        places = (self.torch.nn.functional, self.torch, self.torch.special)
        function = next(getattr(place, tail) for place in places if hasattr(place, tail))
        leaf = x.clone().requires_grad_()
        try:
            value = function(leaf, **parameters)
        except TypeError:  # a fixed function, or parameters of other names
            value = function(leaf)
        return Call(lambda: self.torch.autograd.grad(value, leaf, g, retain_graph=True), allocates=True)

    def _operator(self, name: str, values: dict, out: Any) -> Call | None:
        """Return the overload that writes into `out`, its arguments filled by the names in its schema."""
        packet = getattr(self.torch.ops.aten, name, None)
        for overload in ("out", "grad_input", "int_out"):
            if packet is None or overload not in packet.overloads():
                continue
            operator = getattr(packet, overload)
            given = {}
            for argument in operator._schema.arguments:
                if argument.is_out:
                    given[argument.name] = out
                elif argument.name in values:
                    given[argument.name] = values[argument.name]
                elif not argument.has_default_value():
                    break
            else:
                return Call(partial(operator, **given))
        return None


class Jax:
    """JAX: compiled functions; XLA has no way to be given an output array."""

    def __init__(self, threads: int) -> None:
        import jax

        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_enable_x64", True)
        self.jax = jax
        self.version = jax.__version__

    def prepare(self, task: Task) -> Call | None:
        """Return the call, None where JAX lacks the function."""
        spelling = task.row.spellings.get("jax")
        function = spelling and resolve(parse(task.row, spelling.name)[0])
        if not function or function is resolve("jax.nn.identity"):  # which returns its argument and moves nothing
            return None
        jax = self.jax
        parameters = {**parameters_of(task.row, spelling), **parse(task.row, spelling.name)[1]}
        data = Data(task)
        x, g, ones = (jax.numpy.asarray(array) for array in (data.x, data.g, np.ones_like(data.g)))

        def forward(x: Any) -> Any:
            return function(x, **parameters)

        def both(x: Any, g: Any) -> Any:
            value, pull = jax.vjp(forward, x)
            return value, pull(g)[0]

        def backward(x: Any, g: Any) -> Any:
            return jax.vjp(forward, x)[1](g)[0]

        taken = inspect.signature(function).parameters
        parameters = {name: value for name, value in parameters.items() if name in taken}
        calls = {"forward": (forward, (x,)), "backward": (backward, (x, g))}
        calls |= {"derivative": (lambda x: backward(x, ones), (x,)), "fused": (lambda x: both(x, ones), (x,))}
        run, arguments = calls[task.kind]
        compiled = jax.jit(run).lower(*arguments).compile()
        return Call(lambda: jax.block_until_ready(compiled(*arguments)), allocates=True)


class Onnxruntime:
    """ONNX Runtime: a model of one node, bound to its input and output. It has no derivatives."""

    OPSET = 24

    def __init__(self, threads: int) -> None:
        import onnx
        import onnxruntime

        self.onnx, self.runtime, self.threads = onnx, onnxruntime, threads
        self.version = onnxruntime.__version__

    def prepare(self, task: Task) -> Call | None:
        """Return the call, None where ONNX Runtime lacks the function for this dtype."""
        spelling = task.row.spellings.get("onnx")
        if spelling is None or task.kind != "forward":
            return None
        onnx, runtime = self.onnx, self.runtime
        operator, keywords = parse(task.row, spelling.name)
        schema = onnx.defs.get_schema(operator, self.OPSET, "")
        values = {**parameters_of(task.row, spelling), **keywords}
        attributes = {name: value for name, value in values.items() if name in schema.attributes}
        # What is no attribute is a further input, such as PRelu's slope.
        inputs = [name for name in values if name not in attributes][: schema.min_input - 1]
        data = Data(task)
        kind = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(task.dtype))
        node = onnx.helper.make_node(operator, ["x", *inputs], ["y"], **attributes)
        constants = [onnx.helper.make_tensor(name, kind, (1,), [values[name]]) for name in inputs]
        ends = [onnx.helper.make_tensor_value_info(name, kind, task.shape) for name in ("x", "y")]
        graph = onnx.helper.make_graph([node], "one", ends[:1], ends[1:], constants)
        opset = [onnx.helper.make_opsetid("", self.OPSET)]
        model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=10)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.log_severity_level = 4
        try:
            session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's exceptions have no common base of their own
            if "NOT_IMPLEMENTED" in str(error) or "of input parameter (x)" in str(error):  # not for this dtype
                return None
            raise
        binding = session.io_binding()
        for bind, name, array in ((binding.bind_input, "x", data.x), (binding.bind_output, "y", data.y)):
            bind(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        return Call(lambda: (session.run_with_iobinding(binding), data)[0])


SYSTEMS = {
    "actcore": Actcore,
    "torch": Torch,
    "onnxruntime": Onnxruntime,
    "jax": Jax,
    "numpy": Numpy,
    "numexpr": Numexpr,
    "numba": Numba,
}
