"""The table of activation functions: one row each, and nothing else in the project repeats it.

Loops, ufuncs, docstrings, stubs, documentation, the app's menus and sliders, the test grid and the benchmarks are all derived from
these rows. The module needs only the standard library, so that ``setup.py`` can read it before anything is compiled.

A row's mathematics is stated twice on purpose: once for people (``formula``) and once for the referee (``reference``, functions of
an mpmath context `m`), and the kernels are proven against the second.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType
from typing import Any

ORDERS = ("value", "derivative", "second_derivative")
DIALECTS = ("torch", "keras", "jax", "onnx")

#: A fact that may depend on the parameters: a number, or a function of the parameters by keyword.
Fact = float | Callable[..., float]


def resolve(fact: Fact, parameters: Mapping[str, float]) -> float:
    """Return a fact at the given parameter values."""
    return float(fact(**parameters)) if callable(fact) else float(fact)


@dataclass(frozen=True)
class Parameter:
    """A parameter of an activation, with what a slider and an argument check need."""

    name: str
    default: float
    minimum: float
    maximum: float
    step: float
    meaning: str
    exclusive_minimum: bool = False
    learnable: bool = False

    def accepts(self, value: float) -> bool:
        """Tell whether `value` is finite and lies within the bounds."""
        above = value > self.minimum if self.exclusive_minimum else value >= self.minimum
        return above and value <= self.maximum and abs(value) <= sys.float_info.max

    @property
    def bounds(self) -> str:
        """The accepted interval as text, e.g. ``[0, 1]``."""
        left = "(" if self.exclusive_minimum or self.minimum == -inf else "["
        right = ")" if self.maximum == inf else "]"
        return f"{left}{self.minimum:g}, {self.maximum:g}{right}"


@dataclass(frozen=True)
class Kink:
    """A point where a derivative jumps, and the value taken there."""

    at: Fact
    derivative: Fact
    second_derivative: Fact = 0.0


@dataclass(frozen=True)
class Reference:
    """Value and derivatives as functions ``(m, x, **parameters)`` of an mpmath context, free of cancellation."""

    value: Callable[..., Any]
    derivative: Callable[..., Any]
    second_derivative: Callable[..., Any]


@dataclass(frozen=True)
class Bounds:
    """Largest error in ULP, one figure per order: value, derivative, second derivative."""

    float32: tuple[float, float, float] = (1.0, 2.0, 4.0)
    float64: tuple[float, float, float] = (2.0, 4.0, 8.0)


@dataclass(frozen=True)
class Spelling:
    """How another system spells the function, and the defaults it uses where they differ from this table's."""

    name: str
    defaults: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    #: Points where the system takes another derivative than this table.
    kinks: tuple[Kink, ...] = ()
    #: The row that computes what the system means by this row's name, where it is not this one.
    row: str = ""


@dataclass(frozen=True)
class Row:
    """One activation: all facts about it that are not code."""

    name: str
    title: str
    formula: str
    derivative_formula: str
    reference: Reference
    range: tuple[Fact, Fact]
    tags: frozenset[str]
    advice: str
    source: str
    parameters: tuple[Parameter, ...] = ()
    kinks: tuple[Kink, ...] = ()
    domain: tuple[Fact, Fact] = (-inf, inf)
    #: The orders that have no limit at ±inf, and are NaN there.
    no_limit: frozenset[str] = frozenset()
    spellings: Mapping[str, Spelling] = field(default_factory=lambda: MappingProxyType({}))
    bounds: Bounds = Bounds()
    #: The file in ``_kernels`` that has the functions ``name``, ``name_derivative`` and ``name_second_derivative``.
    kernels: str = "activations"
    #: Whether those are written in float64, so that float32 is widened before them and rounded after, a piece at a time.
    double_inside: bool = False
    #: What ``name_shared`` works out for all kinds, which take it after the parameters: intricate code then exists once.
    shared: tuple[str, ...] = ()
    #: Whether there is a ``name_is_far`` of an element, and the others take, last, whether one of the elements at hand is.
    far: bool = False
    #: Rough nanoseconds per float32 element on one thread: decides below which size a call stays serial.
    cost: float = 0.3
    #: The initialiser that keeps the variance of signals about constant through layers of this activation.
    recommended_init: str = "glorot_uniform"

    @property
    def defaults(self) -> dict[str, float]:
        """The parameters' default values by name."""
        return {p.name: p.default for p in self.parameters}

    def range_at(self, parameters: Mapping[str, float]) -> tuple[float, float]:
        """Return the ends of the range at the given parameter values."""
        return resolve(self.range[0], parameters), resolve(self.range[1], parameters)

    def domain_at(self, parameters: Mapping[str, float]) -> tuple[float, float]:
        """Return the ends of the domain at the given parameter values."""
        return resolve(self.domain[0], parameters), resolve(self.domain[1], parameters)

    def kinks_at(self, parameters: Mapping[str, float]) -> list[tuple[float, float, float]]:
        """Return (x, f′, f″) of every kink at the given parameter values."""
        return [
            (resolve(kink.at, parameters), resolve(kink.derivative, parameters), resolve(kink.second_derivative, parameters))
            for kink in self.kinks
        ]


@dataclass(frozen=True)
class AxisKernel:
    """How a compiled function along an axis runs: so many folds over the entries, then a map (``_kernels/axiswise.pxd``)."""

    inputs: tuple[str, ...]
    folds: int
    #: The last fold is repeated until its count stays.
    repeats: bool = False
    #: One number per row comes out.
    reduces: bool = False
    #: Inputs with one number per row.
    lone: tuple[str, ...] = ()


@dataclass(frozen=True)
class AxisRow:
    """One function along an axis.

    `family` says what comes out of n entries: "normalised", "negated" and "one-hot" n, "reduced" one, "gated" n / 2, "grouped" one
    per group, "doubled" 2n.
    """

    name: str
    title: str
    family: str
    formula: str
    backward_formula: str
    #: ``reference(m, xs)``: the results of a row, from an mpmath context.
    reference: Callable[..., list[Any]]
    tags: frozenset[str]
    advice: str
    source: str
    kernels: Mapping[str, AxisKernel] = field(default_factory=lambda: MappingProxyType({}))
    #: What a backward pass starts from: the "output" or the "input".
    backward_from: str = "output"
    #: The function it is made of: the gate of a gated unit, the softmax of softmin.
    of: str = ""
    #: What `where=` puts in the place of entries that do not take part.
    masked: float = 0.0
    spellings: Mapping[str, Spelling] = field(default_factory=lambda: MappingProxyType({}))
    #: Largest error of a result in ULP, float32 and float64, whatever the length of the row.
    bound: float = 0.0
    #: The bound is in ULP of the result, or of this number where that is larger.
    bound_from: float = 0.0
    cost: float = 0.5


def _sigmoid(m: Any, x: Any) -> Any:
    return 1 / (1 + m.exp(-x))


def _sigmoid_derivative(m: Any, x: Any) -> Any:
    e = m.exp(-abs(x))
    return e / (1 + e) ** 2


def _sech2(m: Any, x: Any) -> Any:
    return 4 * _sigmoid_derivative(m, 2 * x)


def _normal_cdf(m: Any, x: Any) -> Any:
    return m.erfc(-x / m.sqrt(2)) / 2


def _normal_pdf(m: Any, x: Any) -> Any:
    return m.exp(-x * x / 2) / m.sqrt(2 * m.pi)


def _selu_constants(m: Any) -> tuple[Any, Any]:
    """Return (scale, alpha): the fixed point of unit mean-zero activations, from Klambauer et al. (2017), eq. 14."""
    e, root = m.exp, m.sqrt
    alpha = -root(2 / m.pi) / (m.erfc(1 / root(2)) * e(m.mpf(1) / 2) - 1)
    scale = (
        (1 - m.erfc(1 / root(2)) * root(m.e))
        * root(2 * m.pi)
        / root(
            2 * m.erfc(root(2)) * m.e**2
            + m.pi * m.erfc(1 / root(2)) ** 2 * m.e
            - 2 * (2 + m.pi) * m.erfc(1 / root(2)) * root(m.e)
            + m.pi
            + 2
        )
    )
    return scale, alpha


def _selu(m: Any, x: Any) -> Any:
    scale, alpha = _selu_constants(m)
    return scale * x if x > 0 else scale * alpha * m.expm1(x)


def _selu_derivative(m: Any, x: Any) -> Any:
    scale, alpha = _selu_constants(m)
    return scale if x > 0 else scale * alpha * m.exp(x)


def _selu_second_derivative(m: Any, x: Any) -> Any:
    scale, alpha = _selu_constants(m)
    return m.mpf(0) if x > 0 else scale * alpha * m.exp(x)


def _dish(m: Any, x: Any) -> Any:
    s, a = m.sqrt(1 + x * x), abs(x)
    half = 1 / (2 * s * (s + a))  # (1 − |x| / s) / 2
    return x * (1 - half) if x > 0 else x * half


def _dish_derivative(m: Any, x: Any) -> Any:
    s, a = m.sqrt(1 + x * x), abs(x)
    left = (1 - s * a) / (2 * s**3 * (s + a))
    return 1 - left if x > 0 else left


def _gated_derivative(m: Any, x: Any, z: Any, slope: Any) -> Any:
    """Return the derivative of x σ(z) where dz/dx is `slope`."""
    return _sigmoid(m, z) + x * slope * _sigmoid_derivative(m, z)


def _gated_second_derivative(m: Any, x: Any, z: Any, slope: Any, curvature: Any) -> Any:
    """Return the second derivative of x σ(z) where z has the given derivatives."""
    return _sigmoid_derivative(m, z) * (2 * slope + x * curvature - x * slope**2 * m.tanh(z / 2))


def _gelu_tanh_argument(m: Any, x: Any) -> tuple[Any, Any, Any]:
    """Return z = 2 √(2/π) (x + 0.044715 x³) and its two derivatives."""
    scale, cubic = 2 * m.sqrt(2 / m.pi), m.mpf("0.044715")
    return scale * (x + cubic * x**3), scale * (1 + 3 * cubic * x * x), scale * 6 * cubic * x


def _mish(m: Any, x: Any) -> Any:
    return x * m.tanh(m.log1p(m.exp(x)))


def _mish_derivative(m: Any, x: Any) -> Any:
    softplus = m.log1p(m.exp(x))
    return m.tanh(softplus) + x * _sech2(m, softplus) * _sigmoid(m, x)


def _mish_second_derivative(m: Any, x: Any) -> Any:
    softplus, gate = m.log1p(m.exp(x)), _sigmoid(m, x)
    curve = _sigmoid_derivative(m, x) - 2 * m.tanh(softplus) * gate**2
    return _sech2(m, softplus) * (2 * gate + x * curve)


def _sech2_exp(m: Any, x: Any) -> Any:
    """Return 1 − tanh²(exp(x)); beyond 20 it is too small for any context's exponent to be worth writing down."""
    return _sech2(m, m.exp(x)) if x < 20 else m.mpf(0)


def _tanh_exp(m: Any, x: Any) -> Any:
    return x * m.tanh(m.exp(x)) if x < 20 else x


def _tanh_exp_derivative(m: Any, x: Any) -> Any:
    return m.tanh(m.exp(min(x, 20))) + x * m.exp(min(x, 20)) * _sech2_exp(m, x)


def _tanh_exp_second_derivative(m: Any, x: Any) -> Any:
    w = m.exp(min(x, 20))
    return w * _sech2_exp(m, x) * (2 + x - 2 * x * w * m.tanh(w))


def _erfinv(m: Any, x: Any) -> Any:
    """Solve ln erfc(y) = ln(1 − |x|) by Newton's method: concave, so it does not overshoot."""
    if abs(x) < m.mpf(1) / 2:
        return m.erfinv(x)
    rest = 1 - abs(x)
    y = m.sqrt(-m.log(rest * (1 + abs(x))))
    for _ in range(200):
        missing = m.erfc(y)
        step = missing * m.log(missing / rest) * m.sqrt(m.pi) * m.exp(y * y) / 2
        y += step
        if abs(step) <= abs(y) * m.eps * 64:
            break
    return m.sign(x) * y


def _soboleva_tanh(m: Any, x: Any, a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any, Any]:
    """Return the value and the two derivatives of a quotient n / q, both over the larger exponential of q."""
    k = max(c * x, -d * x)
    n = [a**i * m.exp(a * x - k) - (-b) ** i * m.exp(-b * x - k) for i in range(3)]
    q = [c**i * m.exp(c * x - k) + (-d) ** i * m.exp(-d * x - k) for i in range(3)]
    first = (n[1] * q[0] - n[0] * q[1]) / q[0] ** 2
    return n[0] / q[0], first, (n[2] * q[0] - n[0] * q[2]) / q[0] ** 2 - 2 * first * q[1] / q[0]


def _repsu(m: Any, x: Any, alpha: Any, threshold: Any, shift: Any, scale: Any, power: Any) -> tuple[Any, Any, Any]:
    """Return the value and the two derivatives; where the second has no limit at the shift, that of the mean of its two sides."""
    if x < threshold:
        return x * 0, x * 0, x * 0
    mix, w, y = 2 * alpha - 1, x - threshold, x - shift
    side, u = (y > 0) - (y < 0), abs(y) / scale
    e = m.exp(-(u**power))
    gate, short = (1 / (1 + e), e / (1 + e)) if y >= 0 else (e / (1 + e), 1 / (1 + e))
    if u or power >= 1:
        slope = power / scale * u ** (power - 1)
        bend = side * (power - 1) * slope / abs(y) if y else 0 * x
    else:
        slope, bend = m.inf, 0 * x
    lift = w * slope if w else w
    value = x - mix * (threshold + w * short) if y >= 0 else 2 * (1 - alpha) * x + mix * w * gate
    first = 1 + mix * short * (lift * gate - 1) if y >= 0 else 2 * (1 - alpha) + mix * gate * (1 + lift * short)
    return value, first, mix * gate * short * (slope * (2 - side * lift * (1 - e) / (1 + e)) + w * bend)


def _sinc(m: Any, x: Any) -> Any:
    return m.sin(x) / x if x else m.mpf(1)


def _sinc_derivative(m: Any, x: Any) -> Any:
    if abs(x) < m.mpf("1e-20"):
        return -x / 3
    return (m.cos(x) - m.sin(x) / x) / x


def _sinc_second_derivative(m: Any, x: Any) -> Any:
    if abs(x) < m.mpf("1e-20"):
        return -m.mpf(1) / 3
    return -(m.sin(x) + 2 * _sinc_derivative(m, x)) / x


def _same(**systems: str) -> dict[str, Spelling]:
    """Spellings of systems that share this table's defaults."""
    return {system: Spelling(spelled) for system, spelled in systems.items()}


#: scale * alpha of SELU: its slope just left of zero.
_SELU_SLOPE = 1.7580993408473768599

ROWS: tuple[Row, ...] = (
    Row(
        name="linear",
        title="Linear",
        formula="f(x) = x",
        derivative_formula="f′(x) = 1",
        reference=Reference(value=lambda m, x: x, derivative=lambda m, x: m.mpf(1), second_derivative=lambda m, x: m.mpf(0)),
        range=(-inf, inf),
        tags=frozenset({"monotone", "zero-centred", "unbounded", "smooth", "piecewise-linear"}),
        spellings=_same(torch="torch.nn.Identity", keras="keras.activations.linear", jax="jax.nn.identity", onnx="Identity"),
        advice="For the output of a regression; between layers it adds nothing, because linear layers compose to one linear layer.",
        source="Goodfellow, Bengio, Courville: Deep Learning (2016), section 6.2.2.1",
        cost=0.1,
    ),
    Row(
        name="binary_step",
        title="Binary step",
        formula="f(x) = 1 if x > 0 else 0",
        derivative_formula="f′(x) = 0",
        reference=Reference(
            value=lambda m, x: m.mpf(1 if x > 0 else 0),
            derivative=lambda m, x: m.mpf(0),
            second_derivative=lambda m, x: m.mpf(0),
        ),
        range=(0.0, 1.0),
        kinks=(Kink(0.0, derivative=0.0),),
        tags=frozenset({"monotone", "bounded", "discontinuous"}),
        advice="The historic perceptron: decides, but cannot be trained by gradients, because its derivative is zero everywhere.",
        source="Rosenblatt: The perceptron (1958)",
        cost=0.1,
    ),
    Row(
        name="sigmoid",
        title="Sigmoid",
        formula="f(x) = 1 / (1 + exp(−x))",
        derivative_formula="f′(x) = f(x) · (1 − f(x))",
        reference=Reference(
            value=_sigmoid,
            derivative=_sigmoid_derivative,
            second_derivative=lambda m, x: -m.tanh(x / 2) * _sigmoid_derivative(m, x),
        ),
        range=(0.0, 1.0),
        tags=frozenset({"monotone", "bounded", "smooth", "saturating"}),
        spellings=_same(torch="torch.sigmoid", keras="keras.activations.sigmoid", jax="jax.nn.sigmoid", onnx="Sigmoid"),
        advice="For an output that is a probability; in deep hidden layers its derivative of at most 1/4 makes gradients vanish.",
        source="Cox: The regression analysis of binary sequences (1958)",
    ),
    Row(
        name="tanh",
        title="Tanh",
        formula="f(x) = tanh(x)",
        derivative_formula="f′(x) = 1 − f(x)²",
        reference=Reference(
            value=lambda m, x: m.tanh(x),
            derivative=_sech2,
            second_derivative=lambda m, x: -2 * m.tanh(x) * _sech2(m, x),
        ),
        range=(-1.0, 1.0),
        tags=frozenset({"monotone", "bounded", "smooth", "saturating", "zero-centred"}),
        spellings=_same(torch="torch.tanh", keras="keras.activations.tanh", jax="jax.nn.tanh", onnx="Tanh"),
        advice="For small and recurrent networks: zero-centred and smooth; saturates beyond about ±3.",
        source="LeCun, Bottou, Orr, Müller: Efficient BackProp (1998)",
    ),
    Row(
        name="relu",
        title="ReLU",
        formula="f(x) = max(0, x)",
        derivative_formula="f′(x) = 1 if x > 0 else 0",
        reference=Reference(
            value=lambda m, x: x if x > 0 else m.mpf(0),
            derivative=lambda m, x: m.mpf(1 if x > 0 else 0),
            second_derivative=lambda m, x: m.mpf(0),
        ),
        range=(0.0, inf),
        kinks=(Kink(0.0, derivative=0.0),),
        tags=frozenset({"monotone", "piecewise-linear", "unbounded", "sparse"}),
        spellings=_same(torch="torch.relu", keras="keras.activations.relu", jax="jax.nn.relu", onnx="Relu"),
        advice="The default of deep networks: cheap and not saturating for x > 0; a unit whose inputs are all negative is dead.",
        source="Nair, Hinton: Rectified linear units improve restricted Boltzmann machines (2010)",
        cost=0.1,
        recommended_init="he_uniform",
    ),
    Row(
        name="leaky_relu",
        title="Leaky ReLU",
        formula="f(x) = x if x > 0 else negative_slope · x",
        derivative_formula="f′(x) = 1 if x > 0 else negative_slope",
        parameters=(Parameter("negative_slope", 0.01, -inf, inf, 0.01, "slope for negative inputs"),),
        reference=Reference(
            value=lambda m, x, negative_slope: x if x > 0 else negative_slope * x,
            derivative=lambda m, x, negative_slope: m.mpf(1) if x > 0 else m.mpf(negative_slope),
            second_derivative=lambda m, x, negative_slope: m.mpf(0),
        ),
        range=(lambda negative_slope: -inf if negative_slope > 0 else 0.0, inf),
        kinks=(Kink(0.0, derivative=lambda negative_slope: negative_slope),),
        tags=frozenset({"monotone", "piecewise-linear", "unbounded"}),
        spellings={
            "torch": Spelling("torch.nn.functional.leaky_relu"),
            "keras": Spelling("keras.activations.leaky_relu", MappingProxyType({"negative_slope": 0.2})),
            "jax": Spelling("jax.nn.leaky_relu", kinks=(Kink(0.0, derivative=1.0),)),
            "onnx": Spelling("LeakyRelu"),
        },
        advice="Where ReLU units die: a small slope for negative inputs keeps a gradient alive.",
        source="Maas, Hannun, Ng: Rectifier nonlinearities improve neural network acoustic models (2013)",
        cost=0.1,
        recommended_init="he_uniform",
    ),
    Row(
        name="elu",
        title="ELU",
        formula="f(x) = x if x > 0 else alpha · (exp(x) − 1)",
        derivative_formula="f′(x) = 1 if x > 0 else alpha · exp(x)",
        parameters=(Parameter("alpha", 1.0, 0.0, inf, 0.05, "depth of the negative plateau"),),
        reference=Reference(
            value=lambda m, x, alpha: x if x > 0 else alpha * m.expm1(x),
            derivative=lambda m, x, alpha: m.mpf(1) if x > 0 else alpha * m.exp(x),
            second_derivative=lambda m, x, alpha: m.mpf(0) if x > 0 else alpha * m.exp(x),
        ),
        range=(lambda alpha: -alpha, inf),
        kinks=(Kink(0.0, derivative=lambda alpha: alpha, second_derivative=lambda alpha: alpha),),
        tags=frozenset({"monotone", "unbounded", "saturating"}),
        spellings=_same(torch="torch.nn.functional.elu", keras="keras.activations.elu", jax="jax.nn.elu", onnx="Elu"),
        advice="A smooth ReLU with negative values: outputs average nearer to zero, at the price of an exponential.",
        source="Clevert, Unterthiner, Hochreiter: Fast and accurate deep network learning by exponential linear units (2015)",
        recommended_init="he_uniform",
    ),
    Row(
        name="selu",
        title="SELU",
        formula="f(x) = 1.0507 · (x if x > 0 else 1.6733 · (exp(x) − 1))",
        derivative_formula="f′(x) = 1.0507 · (1 if x > 0 else 1.6733 · exp(x))",
        reference=Reference(value=_selu, derivative=_selu_derivative, second_derivative=_selu_second_derivative),
        range=(-_SELU_SLOPE, inf),
        kinks=(Kink(0.0, derivative=_SELU_SLOPE, second_derivative=_SELU_SLOPE),),
        tags=frozenset({"monotone", "unbounded", "saturating", "self-normalising"}),
        spellings=_same(torch="torch.nn.functional.selu", keras="keras.activations.selu", jax="jax.nn.selu", onnx="Selu"),
        advice="For deep plain networks without normalisation layers: with LeCun initialisation, mean 0 and variance 1 are kept.",
        source="Klambauer, Unterthiner, Mayr, Hochreiter: Self-normalizing neural networks (2017)",
        recommended_init="lecun_normal",
    ),
    Row(
        name="softplus",
        title="Softplus",
        formula="f(x) = ln(1 + exp(x))",
        derivative_formula="f′(x) = 1 / (1 + exp(−x))",
        reference=Reference(
            value=lambda m, x: m.log1p(m.exp(-abs(x))) + (x if x > 0 else 0),
            derivative=_sigmoid,
            second_derivative=_sigmoid_derivative,
        ),
        range=(0.0, inf),
        tags=frozenset({"monotone", "smooth", "unbounded"}),
        spellings=_same(
            torch="torch.nn.functional.softplus",
            keras="keras.activations.softplus",
            jax="jax.nn.softplus",
            onnx="Softplus",
        ),
        advice="For outputs that must be positive, such as a variance: a smooth ReLU that never reaches zero.",
        source="Dugas, Bengio, Bélisle, Nadeau, Garcia: Incorporating second-order functional knowledge (2001)",
        cost=0.5,
        recommended_init="he_uniform",
    ),
    Row(
        name="softsign",
        title="Softsign",
        formula="f(x) = x / (1 + |x|)",
        derivative_formula="f′(x) = 1 / (1 + |x|)²",
        reference=Reference(
            value=lambda m, x: x / (1 + abs(x)),
            derivative=lambda m, x: 1 / (1 + abs(x)) ** 2,
            second_derivative=lambda m, x: -2 * m.sign(x) / (1 + abs(x)) ** 3,
        ),
        range=(-1.0, 1.0),
        kinks=(Kink(0.0, derivative=1.0, second_derivative=0.0),),
        tags=frozenset({"monotone", "bounded", "saturating", "zero-centred"}),
        spellings=_same(
            torch="torch.nn.functional.softsign",
            keras="keras.activations.softsign",
            jax="jax.nn.soft_sign",
            onnx="Softsign",
        ),
        advice="Like tanh but approaching ±1 slowly, so that far inputs keep some gradient; no exponential.",
        source="Turian, Bergstra, Bengio: Quadratic features and deep architectures for chunking (2009)",
        cost=0.15,
    ),
    Row(
        name="silu",
        title="SiLU (swish)",
        formula="f(x) = x / (1 + exp(−x))",
        derivative_formula="f′(x) = σ(x) · (1 + x · (1 − σ(x)))",
        reference=Reference(
            value=lambda m, x: x * _sigmoid(m, x),
            derivative=lambda m, x: _sigmoid(m, x) + x * _sigmoid_derivative(m, x),
            second_derivative=lambda m, x: _sigmoid_derivative(m, x) * (2 - x * m.tanh(x / 2)),
        ),
        range=(-0.27846454276107380, inf),
        tags=frozenset({"smooth", "unbounded", "non-monotone"}),
        spellings=_same(torch="torch.nn.functional.silu", keras="keras.activations.silu", jax="jax.nn.silu", onnx="Swish"),
        advice="A smooth alternative to ReLU in deep networks; used by EfficientNet and by many language models.",
        source="Elfwing, Uchibe, Doya: Sigmoid-weighted linear units (2017); Ramachandran, Zoph, Le (2017)",
        recommended_init="he_uniform",
    ),
    Row(
        name="gelu",
        title="GELU",
        formula="f(x) = x · Φ(x) = x · erfc(−x / √2) / 2",
        derivative_formula="f′(x) = Φ(x) + x · φ(x)",
        reference=Reference(
            value=lambda m, x: x * _normal_cdf(m, x),
            derivative=lambda m, x: _normal_cdf(m, x) + x * _normal_pdf(m, x),
            second_derivative=lambda m, x: (2 - x * x) * _normal_pdf(m, x),
        ),
        range=(-0.16997120747990366, inf),
        tags=frozenset({"smooth", "unbounded", "non-monotone"}),
        spellings={
            **_same(torch="torch.nn.functional.gelu", keras="keras.activations.gelu", onnx="Gelu"),
            "jax": Spelling("jax.nn.gelu(approximate=False)", row="gelu_tanh"),  # which is its default
        },
        advice="The activation of most transformers: smooth, slightly negative for small negative inputs.",
        source="Hendrycks, Gimpel: Gaussian error linear units (2016)",
        kernels="normal",
        cost=0.8,
        recommended_init="he_uniform",
    ),
    Row(
        name="relu6",
        title="ReLU6",
        formula="f(x) = min(max(0, x), 6)",
        derivative_formula="f′(x) = 1 if 0 < x < 6 else 0",
        reference=Reference(
            value=lambda m, x: min(max(x, m.mpf(0)), m.mpf(6)),
            derivative=lambda m, x: m.mpf(1 if 0 < x < 6 else 0),
            second_derivative=lambda m, x: m.mpf(0),
        ),
        range=(0.0, 6.0),
        kinks=(Kink(0.0, derivative=0.0), Kink(6.0, derivative=0.0)),
        tags=frozenset({"monotone", "piecewise-linear", "bounded", "sparse"}),
        spellings=_same(torch="torch.nn.functional.relu6", keras="keras.activations.relu6", jax="jax.nn.relu6"),
        advice="ReLU for arithmetic of few bits: quantised mobile networks like its known range.",
        source="Krizhevsky: Convolutional deep belief networks on CIFAR-10 (2010)",
        kernels="piecewise",
        cost=0.1,
        recommended_init="he_uniform",
    ),
    Row(
        name="relu_squared",
        title="Squared ReLU",
        formula="f(x) = max(0, x)²",
        derivative_formula="f′(x) = 2 · max(0, x)",
        reference=Reference(
            value=lambda m, x: x * x if x > 0 else m.mpf(0),
            derivative=lambda m, x: 2 * x if x > 0 else m.mpf(0),
            second_derivative=lambda m, x: m.mpf(2 if x > 0 else 0),
        ),
        range=(0.0, inf),
        kinks=(Kink(0.0, derivative=0.0),),
        tags=frozenset({"monotone", "unbounded", "sparse"}),
        advice="In transformers' feed-forward layers: as sparse as ReLU, with a slope that grows from zero.",
        source="So et al.: Primer: searching for efficient transformers (2021)",
        kernels="piecewise",
        cost=0.1,
        recommended_init="he_uniform",
    ),
    Row(
        name="prelu",
        title="PReLU",
        formula="f(x) = x if x > 0 else alpha · x",
        derivative_formula="f′(x) = 1 if x > 0 else alpha",
        parameters=(Parameter("alpha", 0.25, -inf, inf, 0.05, "slope for negative inputs", learnable=True),),
        reference=Reference(
            value=lambda m, x, alpha: x if x > 0 else alpha * x,
            derivative=lambda m, x, alpha: m.mpf(1) if x > 0 else m.mpf(alpha),
            second_derivative=lambda m, x, alpha: m.mpf(0),
        ),
        range=(lambda alpha: -inf if alpha > 0 else 0.0, inf),
        kinks=(Kink(0.0, derivative=lambda alpha: alpha),),
        tags=frozenset({"monotone", "piecewise-linear", "unbounded", "learnable"}),
        spellings={
            "torch": Spelling("torch.nn.functional.prelu"),
            "keras": Spelling("keras.layers.PReLU", MappingProxyType({"alpha": 0.0})),
            "onnx": Spelling("PRelu"),
        },
        advice="A leaky ReLU whose slope, one number or one per channel, is learned with the weights.",
        source="He, Zhang, Ren, Sun: Delving deep into rectifiers (2015)",
        kernels="piecewise",
        cost=0.1,
        recommended_init="he_uniform",
    ),
    Row(
        name="threshold",
        title="Threshold",
        formula="f(x) = x if x > threshold else value",
        derivative_formula="f′(x) = 1 if x > threshold else 0",
        parameters=(
            Parameter("threshold", 0.0, -inf, inf, 0.1, "inputs above it pass"),
            Parameter("value", 0.0, -inf, inf, 0.1, "what the others become"),
        ),
        reference=Reference(
            value=lambda m, x, threshold, value: x if x > threshold else m.mpf(value),
            derivative=lambda m, x, threshold, value: m.mpf(1 if x > threshold else 0),
            second_derivative=lambda m, x, threshold, value: m.mpf(0),
        ),
        range=(lambda threshold, value: min(threshold, value), inf),
        kinks=(Kink(lambda threshold, value: threshold, derivative=0.0),),
        tags=frozenset({"piecewise-linear", "unbounded", "sparse"}),
        spellings=_same(torch="torch.nn.functional.threshold"),
        advice="ReLU with a chosen edge and floor; with both at 0 it is ReLU.",
        source="Collobert, Kavukcuoglu, Farabet: Torch7 (2011)",
        kernels="piecewise",
        cost=0.1,
        recommended_init="he_uniform",
    ),
    Row(
        name="thresholded_relu",
        title="Thresholded ReLU",
        formula="f(x) = x if x > theta else 0",
        derivative_formula="f′(x) = 1 if x > theta else 0",
        parameters=(Parameter("theta", 1.0, 0.0, inf, 0.1, "inputs above it pass"),),
        reference=Reference(
            value=lambda m, x, theta: x if x > theta else m.mpf(0),
            derivative=lambda m, x, theta: m.mpf(1 if x > theta else 0),
            second_derivative=lambda m, x, theta: m.mpf(0),
        ),
        range=(0.0, inf),
        kinks=(Kink(lambda theta: theta, derivative=0.0),),
        tags=frozenset({"monotone", "piecewise-linear", "unbounded", "sparse", "discontinuous"}),
        spellings=_same(keras="keras.layers.ReLU(threshold=theta)", onnx="ThresholdedRelu"),
        advice="For sparse codes: small activations are cut off, large ones pass unchanged.",
        source="Konda, Memisevic, Krueger: Zero-bias autoencoders (2014)",
        kernels="piecewise",
        cost=0.1,
        recommended_init="he_uniform",
    ),
    Row(
        name="hard_tanh",
        title="Hard tanh",
        formula="f(x) = min(max(min_value, x), max_value)",
        derivative_formula="f′(x) = 1 if min_value < x < max_value else 0",
        parameters=(
            Parameter("min_value", -1.0, -inf, inf, 0.1, "lower end"),
            Parameter("max_value", 1.0, -inf, inf, 0.1, "upper end, which wins where the ends cross"),
        ),
        reference=Reference(
            value=lambda m, x, min_value, max_value: min(max(x, m.mpf(min_value)), m.mpf(max_value)),
            derivative=lambda m, x, min_value, max_value: m.mpf(1 if min_value < x < max_value else 0),
            second_derivative=lambda m, x, min_value, max_value: m.mpf(0),
        ),
        range=(lambda min_value, max_value: min_value, lambda min_value, max_value: max_value),
        kinks=(
            Kink(lambda min_value, max_value: min_value, derivative=0.0),
            Kink(lambda min_value, max_value: max_value, derivative=0.0),
        ),
        tags=frozenset({"monotone", "piecewise-linear", "bounded", "saturating", "zero-centred"}),
        spellings={
            "torch": Spelling("torch.nn.functional.hardtanh"),
            "keras": Spelling("keras.activations.hard_tanh"),
            "jax": Spelling(
                "jax.nn.hard_tanh",
                kinks=(
                    Kink(lambda min_value, max_value: min_value, derivative=1.0),
                    Kink(lambda min_value, max_value: max_value, derivative=1.0),
                ),
            ),
            "onnx": Spelling("Clip"),
        },
        advice="tanh for hardware without exponentials: linear in the middle, flat outside.",
        source="Collobert: Large scale machine learning (2004)",
        kernels="piecewise",
        cost=0.1,
    ),
    Row(
        name="hard_shrink",
        title="Hard shrink",
        formula="f(x) = x if |x| > lambd else 0",
        derivative_formula="f′(x) = 1 if |x| > lambd else 0",
        parameters=(Parameter("lambd", 0.5, 0.0, inf, 0.05, "half the width of the gap"),),
        reference=Reference(
            value=lambda m, x, lambd: x if abs(x) > lambd else m.mpf(0),
            derivative=lambda m, x, lambd: m.mpf(1 if abs(x) > lambd else 0),
            second_derivative=lambda m, x, lambd: m.mpf(0),
        ),
        range=(-inf, inf),
        kinks=(Kink(lambda lambd: -lambd, derivative=0.0), Kink(lambda lambd: lambd, derivative=0.0)),
        tags=frozenset({"monotone", "piecewise-linear", "unbounded", "sparse", "zero-centred", "discontinuous"}),
        spellings=_same(torch="torch.nn.functional.hardshrink", keras="keras.activations.hard_shrink", onnx="Shrink"),
        advice="For sparse coding: small values become exactly 0, the others are kept as they are.",
        source="Donoho, Johnstone: Ideal spatial adaptation by wavelet shrinkage (1994)",
        kernels="piecewise",
        cost=0.1,
    ),
    Row(
        name="soft_shrink",
        title="Soft shrink",
        formula="f(x) = x − lambd if x > lambd, x + lambd if x < −lambd, else 0",
        derivative_formula="f′(x) = 1 if |x| > lambd else 0",
        parameters=(Parameter("lambd", 0.5, 0.0, inf, 0.05, "half the width of the gap"),),
        reference=Reference(
            value=lambda m, x, lambd: m.sign(x) * max(abs(x) - lambd, m.mpf(0)),
            derivative=lambda m, x, lambd: m.mpf(1 if abs(x) > lambd else 0),
            second_derivative=lambda m, x, lambd: m.mpf(0),
        ),
        range=(-inf, inf),
        kinks=(Kink(lambda lambd: -lambd, derivative=0.0), Kink(lambda lambd: lambd, derivative=0.0)),
        tags=frozenset({"monotone", "piecewise-linear", "unbounded", "sparse", "zero-centred"}),
        spellings=_same(torch="torch.nn.functional.softshrink", keras="keras.activations.soft_shrink"),
        advice="The proximal step of an L1 penalty: shrinks everything towards 0, and small values to it.",
        source="Donoho: De-noising by soft-thresholding (1995)",
        kernels="piecewise",
        cost=0.15,
    ),
    Row(
        name="shrink",
        title="Shrink",
        formula="f(x) = x − bias if x > lambd, x + bias if x < −lambd, else 0",
        derivative_formula="f′(x) = 1 if |x| > lambd else 0",
        parameters=(
            Parameter("lambd", 0.5, 0.0, inf, 0.05, "half the width of the gap"),
            Parameter("bias", 0.0, -inf, inf, 0.05, "how much closer to 0 what is left comes"),
        ),
        reference=Reference(
            value=lambda m, x, lambd, bias: x - m.sign(x) * bias if abs(x) > lambd else m.mpf(0),
            derivative=lambda m, x, lambd, bias: m.mpf(1 if abs(x) > lambd else 0),
            second_derivative=lambda m, x, lambd, bias: m.mpf(0),
        ),
        range=(-inf, inf),
        kinks=(Kink(lambda lambd, bias: -lambd, derivative=0.0), Kink(lambda lambd, bias: lambd, derivative=0.0)),
        tags=frozenset({"piecewise-linear", "unbounded", "sparse", "zero-centred", "discontinuous"}),
        spellings=_same(onnx="Shrink"),
        advice="Between hard shrink, which is bias = 0, and soft shrink, which is bias = lambd: sets small values to 0.",
        source="ONNX operator Shrink",
        kernels="piecewise",
        cost=0.15,
    ),
    Row(
        name="absolute",
        title="Absolute value",
        formula="f(x) = |x|",
        derivative_formula="f′(x) = sign(x)",
        reference=Reference(
            value=lambda m, x: abs(x),
            derivative=lambda m, x: m.sign(x),
            second_derivative=lambda m, x: m.mpf(0),
        ),
        range=(0.0, inf),
        kinks=(Kink(0.0, derivative=0.0),),
        tags=frozenset({"piecewise-linear", "unbounded", "non-monotone", "even"}),
        spellings={
            **_same(torch="torch.abs", keras="keras.ops.absolute", onnx="Abs"),
            "jax": Spelling("jax.numpy.abs", kinks=(Kink(0.0, derivative=1.0),)),
        },
        advice="Folds the line at 0: no unit of it can die, and one layer of it solves xor.",
        source="Jarrett, Kavukcuoglu, Ranzato, LeCun: What is the best multi-stage architecture (2009)",
        kernels="piecewise",
        cost=0.1,
        recommended_init="he_uniform",
    ),
    Row(
        name="triangular",
        title="Triangular",
        formula="f(x) = max(0, 1 − |x|)",
        derivative_formula="f′(x) = −sign(x) if |x| < 1 else 0",
        reference=Reference(
            value=lambda m, x: max(1 - abs(x), m.mpf(0)),
            derivative=lambda m, x: -m.sign(x) if abs(x) < 1 else m.mpf(0),
            second_derivative=lambda m, x: m.mpf(0),
        ),
        range=(0.0, 1.0),
        kinks=(Kink(-1.0, derivative=0.0), Kink(0.0, derivative=0.0), Kink(1.0, derivative=0.0)),
        tags=frozenset({"piecewise-linear", "bounded", "non-monotone", "sparse", "even"}),
        advice="A bump of straight lines: sums of it interpolate a function linearly between nodes.",
        source="de Boor: A practical guide to splines (1978), linear B-spline",
        kernels="piecewise",
        cost=0.15,
    ),
    Row(
        name="square",
        title="Square",
        formula="f(x) = x²",
        derivative_formula="f′(x) = 2x",
        reference=Reference(value=lambda m, x: x * x, derivative=lambda m, x: 2 * x, second_derivative=lambda m, x: m.mpf(2)),
        range=(0.0, inf),
        tags=frozenset({"smooth", "unbounded", "non-monotone", "even"}),
        advice="For networks over encrypted or exact numbers, where only sums and products exist; grows fast with depth.",
        source="Gilad-Bachrach et al.: CryptoNets (2016)",
        kernels="piecewise",
        cost=0.1,
    ),
    Row(
        name="cube",
        title="Cube",
        formula="f(x) = x³",
        derivative_formula="f′(x) = 3x²",
        reference=Reference(value=lambda m, x: x**3, derivative=lambda m, x: 3 * x * x, second_derivative=lambda m, x: 6 * x),
        range=(-inf, inf),
        tags=frozenset({"monotone", "smooth", "unbounded", "zero-centred"}),
        advice="Lets one layer form products of three inputs; used in dependency parsing, in shallow networks only.",
        source="Chen, Manning: A fast and accurate dependency parser using neural networks (2014)",
        kernels="piecewise",
        cost=0.15,
    ),
    Row(
        name="sparse_sigmoid",
        title="Sparse sigmoid",
        formula="f(x) = min(max(0, (x + 1) / 2), 1)",
        derivative_formula="f′(x) = 1/2 if −1 < x < 1 else 0",
        reference=Reference(
            value=lambda m, x: min(max((x + 1) / 2, m.mpf(0)), m.mpf(1)),
            derivative=lambda m, x: m.mpf(1) / 2 if -1 < x < 1 else m.mpf(0),
            second_derivative=lambda m, x: m.mpf(0),
        ),
        range=(0.0, 1.0),
        kinks=(Kink(-1.0, derivative=0.0), Kink(1.0, derivative=0.0)),
        tags=frozenset({"monotone", "piecewise-linear", "bounded", "saturating"}),
        spellings={
            **_same(keras="keras.activations.sparse_sigmoid"),
            "jax": Spelling("jax.nn.sparse_sigmoid", kinks=(Kink(-1.0, derivative=0.25), Kink(1.0, derivative=0.25))),
        },
        advice="The two-class sparsemax: a sigmoid that reaches 0 and 1 exactly.",
        source="Martins, Astudillo: From softmax to sparsemax (2016)",
        kernels="piecewise",
        cost=0.1,
    ),
    Row(
        name="sparse_plus",
        title="Sparse plus",
        formula="f(x) = 0 if x ≤ −1, x if x ≥ 1, else (x + 1)² / 4",
        derivative_formula="f′(x) = min(max(0, (x + 1) / 2), 1)",
        reference=Reference(
            value=lambda m, x: m.mpf(0) if x <= -1 else x if x >= 1 else (x + 1) ** 2 / 4,
            derivative=lambda m, x: min(max((x + 1) / 2, m.mpf(0)), m.mpf(1)),
            second_derivative=lambda m, x: m.mpf(1) / 2 if -1 < x < 1 else m.mpf(0),
        ),
        range=(0.0, inf),
        kinks=(Kink(-1.0, derivative=0.0), Kink(1.0, derivative=1.0)),
        tags=frozenset({"monotone", "unbounded", "sparse"}),
        spellings=_same(keras="keras.activations.sparse_plus", jax="jax.nn.sparse_plus"),
        advice="A ReLU with a rounded corner that still gives exact zeros.",
        source="Martins, Astudillo: From softmax to sparsemax (2016); jax.nn.sparse_plus",
        kernels="piecewise",
        cost=0.15,
        recommended_init="he_uniform",
    ),
    Row(
        name="hard_sigmoid",
        title="Hard sigmoid",
        formula="f(x) = min(max(0, x / 6 + 1/2), 1)",
        derivative_formula="f′(x) = 1/6 if −3 < x < 3 else 0",
        reference=Reference(
            value=lambda m, x: min(max((x + 3) / 6, m.mpf(0)), m.mpf(1)),
            derivative=lambda m, x: m.mpf(1) / 6 if -3 < x < 3 else m.mpf(0),
            second_derivative=lambda m, x: m.mpf(0),
        ),
        range=(0.0, 1.0),
        kinks=(Kink(-3.0, derivative=0.0), Kink(3.0, derivative=0.0)),
        tags=frozenset({"monotone", "piecewise-linear", "bounded", "saturating"}),
        spellings=_same(torch="torch.nn.functional.hardsigmoid", keras="keras.activations.hard_sigmoid", jax="jax.nn.hard_sigmoid"),
        advice="A sigmoid for hardware without exponentials; ONNX and old Keras use slope 1/5 (see clipped_linear).",
        source="Howard et al.: Searching for MobileNetV3 (2019)",
        kernels="piecewise",
        cost=0.1,
    ),
    Row(
        name="clipped_linear",
        title="Clipped linear",
        formula="f(x) = min(max(0, slope · x + offset), 1)",
        derivative_formula="f′(x) = slope if 0 < slope · x + offset < 1 else 0",
        parameters=(
            Parameter("slope", 0.2, -inf, inf, 0.05, "slope between the ends"),
            Parameter("offset", 0.5, -inf, inf, 0.05, "value at 0"),
        ),
        reference=Reference(
            value=lambda m, x, slope, offset: min(max(m.mpf(slope) * x + offset, m.mpf(0)), m.mpf(1)),
            derivative=lambda m, x, slope, offset: m.mpf(slope) if 0 < m.mpf(slope) * x + offset < 1 else m.mpf(0),
            second_derivative=lambda m, x, slope, offset: m.mpf(0),
        ),
        range=(0.0, 1.0),
        tags=frozenset({"monotone", "piecewise-linear", "bounded", "saturating"}),
        spellings=_same(onnx="HardSigmoid"),
        advice="The hard sigmoid with a slope of one's own; slope 0.2 is that of ONNX, Theano and Keras 2.",
        source="Courbariaux, Bengio, David: BinaryConnect (2015)",
        kernels="piecewise",
        cost=0.15,
    ),
    Row(
        name="hard_swish",
        title="Hard swish",
        formula="f(x) = x · min(max(0, x / 6 + 1/2), 1)",
        derivative_formula="f′(x) = 0 if x ≤ −3, 1 if x ≥ 3, else (2x + 3) / 6",
        reference=Reference(
            value=lambda m, x: m.mpf(0) if x <= -3 else x if x >= 3 else x * (x + 3) / 6,
            derivative=lambda m, x: m.mpf(0) if x <= -3 else m.mpf(1) if x >= 3 else (2 * x + 3) / 6,
            second_derivative=lambda m, x: m.mpf(1) / 3 if -3 < x < 3 else m.mpf(0),
        ),
        range=(-0.375, inf),
        kinks=(Kink(-3.0, derivative=0.0), Kink(3.0, derivative=1.0)),
        tags=frozenset({"unbounded", "non-monotone"}),
        spellings=_same(
            torch="torch.nn.functional.hardswish",
            keras="keras.activations.hard_silu",
            jax="jax.nn.hard_silu",
            onnx="HardSwish",
        ),
        advice="SiLU for mobile hardware: its shape without the exponential.",
        source="Howard et al.: Searching for MobileNetV3 (2019)",
        kernels="piecewise",
        cost=0.15,
        recommended_init="he_uniform",
    ),
    Row(
        name="hard_mish",
        title="Hard mish",
        formula="f(x) = x / 2 · min(max(0, x + 2), 2)",
        derivative_formula="f′(x) = 0 if x ≤ −2, 1 if x ≥ 0, else x + 1",
        reference=Reference(
            value=lambda m, x: m.mpf(0) if x <= -2 else x if x >= 0 else x * (x + 2) / 2,
            derivative=lambda m, x: m.mpf(0) if x <= -2 else m.mpf(1) if x >= 0 else x + 1,
            second_derivative=lambda m, x: m.mpf(1 if -2 < x < 0 else 0),
        ),
        range=(-0.5, inf),
        kinks=(Kink(-2.0, derivative=0.0), Kink(0.0, derivative=1.0)),
        tags=frozenset({"unbounded", "non-monotone"}),
        advice="A cheap stand-in for mish, with the same dip left of zero.",
        source="Wightman: pytorch-image-models (2020), HardMish",
        kernels="piecewise",
        cost=0.15,
        recommended_init="he_uniform",
    ),
    Row(
        name="plu",
        title="PLU",
        formula="f(x) = max(alpha · (x + c) − c, min(alpha · (x − c) + c, x))",
        derivative_formula="f′(x) = 1 if |x| ≤ c else alpha",
        parameters=(
            Parameter("alpha", 0.1, 0.0, 1.0, 0.05, "slope outside"),
            Parameter("c", 1.0, 0.0, inf, 0.1, "half the width of the middle"),
        ),
        reference=Reference(
            value=lambda m, x, alpha, c: x if abs(x) <= c else m.sign(x) * (alpha * (abs(x) - c) + c),
            derivative=lambda m, x, alpha, c: m.mpf(1) if abs(x) <= c else m.mpf(alpha),
            second_derivative=lambda m, x, alpha, c: m.mpf(0),
        ),
        range=(-inf, inf),
        kinks=(Kink(lambda alpha, c: -c, derivative=1.0), Kink(lambda alpha, c: c, derivative=1.0)),
        tags=frozenset({"monotone", "piecewise-linear", "unbounded", "zero-centred"}),
        advice="Looks like tanh and never saturates: three straight lines, the outer ones with a small slope.",
        source="Nicolae: PLU: the piecewise linear unit activation function (2018)",
        kernels="piecewise",
        cost=0.15,
    ),
    Row(
        name="srelu",
        title="SReLU",
        formula="f(x) = t_r + a_r (x − t_r) if x ≥ t_r, t_l + a_l (x − t_l) if x ≤ t_l, else x",
        derivative_formula="f′(x) = a_r if x ≥ t_r, a_l if x ≤ t_l, else 1",
        parameters=(
            Parameter("threshold_left", -1.0, -inf, 0.0, 0.1, "t_l, where the left piece ends", learnable=True),
            Parameter("slope_left", 0.1, -inf, inf, 0.05, "a_l, slope of the left piece", learnable=True),
            Parameter("threshold_right", 1.0, 0.0, inf, 0.1, "t_r, where the right piece begins", learnable=True),
            Parameter("slope_right", 0.1, -inf, inf, 0.05, "a_r, slope of the right piece", learnable=True),
        ),
        reference=Reference(
            value=lambda m, x, threshold_left, slope_left, threshold_right, slope_right: (
                threshold_left + slope_left * (x - threshold_left)
                if x <= threshold_left
                else threshold_right + slope_right * (x - threshold_right)
                if x >= threshold_right
                else x
            ),
            derivative=lambda m, x, threshold_left, slope_left, threshold_right, slope_right: m.mpf(
                slope_left if x <= threshold_left else slope_right if x >= threshold_right else 1
            ),
            second_derivative=lambda m, x, threshold_left, slope_left, threshold_right, slope_right: m.mpf(0),
        ),
        range=(-inf, inf),
        kinks=(
            Kink(lambda **p: p["threshold_left"], derivative=lambda **p: p["slope_left"]),
            Kink(lambda **p: p["threshold_right"], derivative=lambda **p: p["slope_right"]),
        ),
        tags=frozenset({"monotone", "piecewise-linear", "unbounded", "learnable"}),
        advice="Three straight lines whose corners and slopes are learned: convex and concave shapes from one function.",
        source="Jin et al.: Deep learning with S-shaped rectified linear activation units (2016)",
        kernels="piecewise",
        cost=0.15,
    ),
    Row(
        name="sqnl",
        title="SQNL",
        formula="f(x) = x − x · |x| / 4 if |x| < 2 else sign(x)",
        derivative_formula="f′(x) = max(0, 1 − |x| / 2)",
        reference=Reference(
            value=lambda m, x: x - x * abs(x) / 4 if abs(x) < 2 else m.sign(x),
            derivative=lambda m, x: max(1 - abs(x) / 2, m.mpf(0)),
            second_derivative=lambda m, x: -m.sign(x) / 2 if abs(x) < 2 else m.mpf(0),
        ),
        range=(-1.0, 1.0),
        kinks=(Kink(-2.0, derivative=0.0), Kink(0.0, derivative=1.0), Kink(2.0, derivative=0.0)),
        tags=frozenset({"monotone", "bounded", "saturating", "zero-centred"}),
        advice="tanh from squares: two parabolas that meet ±1 exactly.",
        source="Wuraola, Patel: SQNL: a new computationally efficient activation function (2018)",
        kernels="piecewise",
        cost=0.15,
    ),
    Row(
        name="repsu",
        title="RePSU",
        formula="f(x) = 2 (1 − alpha) x + (2 alpha − 1) · (x − threshold) · σ(z) if x ≥ threshold else 0, "
        "z = sign(x − shift) · |(x − shift) / scale|^power",
        derivative_formula="f′(x) = 2 (1 − alpha) + (2 alpha − 1) · (σ(z) + (x − threshold) · σ′(z) · z′) if x ≥ threshold else 0",
        parameters=(
            Parameter("alpha", 0.8, -inf, inf, 0.05, "share of the gated line; its image has the rest", learnable=True),
            Parameter("threshold", 0.0, -inf, inf, 0.1, "inputs below it become 0", learnable=True),
            Parameter("shift", 0.0, -inf, inf, 0.1, "where the gate is half open", learnable=True),
            Parameter("scale", 1.0, 0.0, inf, 0.1, "width of the gate", exclusive_minimum=True, learnable=True),
            Parameter("power", 1.0, 0.0, inf, 0.1, "how abruptly the gate opens", exclusive_minimum=True, learnable=True),
        ),
        reference=Reference(
            value=lambda m, x, **p: _repsu(m, x, **p)[0],
            derivative=lambda m, x, **p: _repsu(m, x, **p)[1],
            second_derivative=lambda m, x, **p: _repsu(m, x, **p)[2],
        ),
        range=(lambda **p: min(0.0, 2 * (1 - p["alpha"]) * p["threshold"]) if 0.5 <= p["alpha"] <= 1 else -inf, inf),
        kinks=(
            Kink(
                lambda **p: p["threshold"],
                derivative=lambda **p: _repsu(math, p["threshold"], **p)[1],
                second_derivative=lambda **p: _repsu(math, p["threshold"], **p)[2],
            ),
            Kink(
                lambda **p: p["shift"],
                derivative=lambda **p: _repsu(math, p["shift"], **p)[1],
                second_derivative=lambda **p: _repsu(math, p["shift"], **p)[2],
            ),
        ),
        tags=frozenset({"monotone", "unbounded", "sparse", "learnable"}),
        advice="A ReLU with a gate of chosen place, width and abruptness: shrinks small inputs and keeps large ones.",
        source="Atto, Galichet, Pastor, Méger: Parametric rectified power sigmoid units (2021)",
        kernels="power_sigmoid",
        double_inside=True,
        shared=("e", "c", "slope", "t", "log"),
        cost=8.0,
        recommended_init="he_uniform",
    ),
    Row(
        name="bent_identity",
        title="Bent identity",
        formula="f(x) = (√(x² + 1) − 1) / 2 + x",
        derivative_formula="f′(x) = x / (2 √(x² + 1)) + 1",
        reference=Reference(
            value=lambda m, x: (m.sqrt(x * x + 1) - 1) / 2 + x,
            derivative=lambda m, x: x / (2 * m.sqrt(x * x + 1)) + 1,
            second_derivative=lambda m, x: 1 / (2 * m.sqrt(x * x + 1) ** 3),
        ),
        range=(-inf, inf),
        tags=frozenset({"monotone", "smooth", "unbounded"}),
        advice="Almost linear, with slope 1/2 far left and 3/2 far right: gradients neither vanish nor explode.",
        source="Wikipedia: Activation function (table)",
        kernels="algebraic",
        cost=0.6,
    ),
    Row(
        name="isru",
        title="ISRU",
        formula="f(x) = x / √(1 + alpha · x²)",
        derivative_formula="f′(x) = (1 + alpha · x²)^(−3/2)",
        parameters=(Parameter("alpha", 1.0, 0.0, inf, 0.1, "1/alpha is the squared height of the ends", exclusive_minimum=True),),
        reference=Reference(
            value=lambda m, x, alpha: x / m.sqrt(1 + m.mpf(alpha) * x * x),
            derivative=lambda m, x, alpha: 1 / m.sqrt(1 + m.mpf(alpha) * x * x) ** 3,
            second_derivative=lambda m, x, alpha: -3 * m.mpf(alpha) * x / m.sqrt(1 + m.mpf(alpha) * x * x) ** 5,
        ),
        range=(lambda alpha: -(alpha**-0.5), lambda alpha: alpha**-0.5),
        tags=frozenset({"monotone", "smooth", "bounded", "saturating", "zero-centred"}),
        advice="Shaped like tanh, made of a square root alone, and easy on hardware that has its inverse.",
        source="Carlile, Delamarter, Kinney, Marti, Whitney: Improving deep learning by inverse square root linear units (2017)",
        kernels="algebraic",
        cost=0.5,
    ),
    Row(
        name="isrlu",
        title="ISRLU",
        formula="f(x) = x if x ≥ 0 else x / √(1 + alpha · x²)",
        derivative_formula="f′(x) = 1 if x ≥ 0 else (1 + alpha · x²)^(−3/2)",
        parameters=(Parameter("alpha", 1.0, 0.0, inf, 0.1, "1/alpha is the squared depth of the plateau", exclusive_minimum=True),),
        reference=Reference(
            value=lambda m, x, alpha: x if x >= 0 else x / m.sqrt(1 + m.mpf(alpha) * x * x),
            derivative=lambda m, x, alpha: m.mpf(1) if x >= 0 else 1 / m.sqrt(1 + m.mpf(alpha) * x * x) ** 3,
            second_derivative=lambda m, x, alpha: (
                m.mpf(0) if x >= 0 else -3 * m.mpf(alpha) * x / m.sqrt(1 + m.mpf(alpha) * x * x) ** 5
            ),
        ),
        range=(lambda alpha: -(alpha**-0.5), inf),
        kinks=(Kink(0.0, derivative=1.0),),
        tags=frozenset({"monotone", "smooth", "unbounded", "saturating"}),
        advice="ELU without the exponential, and with a continuous second derivative.",
        source="Carlile, Delamarter, Kinney, Marti, Whitney: Improving deep learning by inverse square root linear units (2017)",
        kernels="algebraic",
        cost=0.5,
        recommended_init="he_uniform",
    ),
    Row(
        name="squareplus",
        title="Squareplus",
        formula="f(x) = (x + √(x² + b)) / 2",
        derivative_formula="f′(x) = (1 + x / √(x² + b)) / 2",
        parameters=(Parameter("b", 4.0, 0.0, inf, 0.5, "roundness of the corner: f(0) = √b / 2", exclusive_minimum=True),),
        reference=Reference(
            value=lambda m, x, b: (x + m.sqrt(x * x + b)) / 2 if x >= 0 else b / (2 * (m.sqrt(x * x + b) - x)),
            derivative=lambda m, x, b: (
                (1 + x / m.sqrt(x * x + b)) / 2 if x >= 0 else b / (2 * m.sqrt(x * x + b) * (m.sqrt(x * x + b) - x))
            ),
            second_derivative=lambda m, x, b: b / (2 * m.sqrt(x * x + b) ** 3),
        ),
        range=(0.0, inf),
        tags=frozenset({"monotone", "smooth", "unbounded"}),
        spellings=_same(keras="keras.activations.squareplus", jax="jax.nn.squareplus"),
        advice="Softplus without exponential or logarithm: positive, smooth and cheap.",
        source="Barron: Squareplus: a softplus-like algebraic rectifier (2021)",
        kernels="algebraic",
        cost=0.6,
        recommended_init="he_uniform",
    ),
    Row(
        name="dish",
        title="Dish",
        formula="f(x) = x / 2 · (x / √(1 + x²) + 1)",
        derivative_formula="f′(x) = (x · (x² + 2) / (1 + x²)^(3/2) + 1) / 2",
        reference=Reference(
            value=_dish,
            derivative=_dish_derivative,
            second_derivative=lambda m, x: (2 - x * x) / (2 * m.sqrt(1 + x * x) ** 5),
        ),
        range=(-0.15015127400, inf),
        tags=frozenset({"smooth", "unbounded", "non-monotone"}),
        advice="Shaped like SiLU and GELU, from one square root.",
        source="thinc: thinc.api.Dish",
        kernels="algebraic",
        cost=0.7,
        recommended_init="he_uniform",
    ),
    Row(
        name="exponential",
        title="Exponential",
        formula="f(x) = exp(x)",
        derivative_formula="f′(x) = exp(x)",
        reference=Reference(value=lambda m, x: m.exp(x), derivative=lambda m, x: m.exp(x), second_derivative=lambda m, x: m.exp(x)),
        range=(0.0, inf),
        tags=frozenset({"monotone", "smooth", "unbounded"}),
        spellings=_same(torch="torch.exp", keras="keras.activations.exponential", jax="jax.numpy.exp", onnx="Exp"),
        advice="For positive outputs on a logarithmic scale, such as a rate; grows too fast for hidden layers.",
        source="McCullagh, Nelder: Generalized linear models (1989)",
        cost=0.2,
    ),
    Row(
        name="celu",
        title="CELU",
        formula="f(x) = x if x > 0 else alpha · (exp(x / alpha) − 1)",
        derivative_formula="f′(x) = 1 if x > 0 else exp(x / alpha)",
        parameters=(Parameter("alpha", 1.0, 0.0, inf, 0.05, "depth of the negative plateau", exclusive_minimum=True),),
        reference=Reference(
            value=lambda m, x, alpha: x if x > 0 else alpha * m.expm1(x / alpha),
            derivative=lambda m, x, alpha: m.mpf(1) if x > 0 else m.exp(x / alpha),
            second_derivative=lambda m, x, alpha: m.mpf(0) if x > 0 else m.exp(x / alpha) / alpha,
        ),
        range=(lambda alpha: -alpha, inf),
        kinks=(Kink(0.0, derivative=1.0, second_derivative=lambda alpha: 1 / alpha),),
        tags=frozenset({"monotone", "unbounded", "saturating"}),
        spellings=_same(torch="torch.nn.functional.celu", keras="keras.activations.celu", jax="jax.nn.celu", onnx="Celu"),
        advice="An ELU whose slope is 1 at zero for every alpha, so that it stays smooth there.",
        source="Barron: Continuously differentiable exponential linear units (2017)",
        kernels="exponential",
        cost=0.5,
        recommended_init="he_uniform",
    ),
    Row(
        name="log_sigmoid",
        title="Log-sigmoid",
        formula="f(x) = −ln(1 + exp(−x))",
        derivative_formula="f′(x) = 1 / (1 + exp(x))",
        reference=Reference(
            value=lambda m, x: -m.log1p(m.exp(-abs(x))) + (x if x < 0 else 0),
            derivative=lambda m, x: _sigmoid(m, -x),
            second_derivative=lambda m, x: -_sigmoid_derivative(m, x),
        ),
        range=(-inf, 0.0),
        tags=frozenset({"monotone", "smooth", "unbounded"}),
        spellings=_same(torch="torch.nn.functional.logsigmoid", keras="keras.activations.log_sigmoid", jax="jax.nn.log_sigmoid"),
        advice="The logarithm of a probability, for a loss: right where the probability itself is no longer a number.",
        source="Collobert, Kavukcuoglu, Farabet: Torch7 (2011)",
        cost=0.6,
    ),
    Row(
        name="log1mexp",
        title="Log1mexp",
        formula="f(x) = ln(1 − exp(−x))",
        derivative_formula="f′(x) = 1 / (exp(x) − 1)",
        reference=Reference(
            value=lambda m, x: m.log1p(-m.exp(-x)) if x > 1 else m.log(-m.expm1(-x)),
            derivative=lambda m, x: -m.exp(-x) / m.expm1(-x),
            second_derivative=lambda m, x: -m.exp(-x) / m.expm1(-x) ** 2,
        ),
        range=(-inf, 0.0),
        domain=(0.0, inf),
        tags=frozenset({"monotone", "smooth", "unbounded"}),
        spellings=_same(jax="jax.nn.log1mexp"),
        advice="From −ln p to ln(1 − p), for x > 0 as in JAX, TensorFlow and R; others write it for the negative argument.",
        source="Mächler: Accurately computing log(1 − exp(−|a|)) (2012)",
        kernels="logarithm",
        cost=1.0,
    ),
    Row(
        name="softplus_beta",
        title="Softplus with sharpness",
        formula="f(x) = ln(1 + exp(beta · x)) / beta",
        derivative_formula="f′(x) = σ(beta · x)",
        parameters=(Parameter("beta", 1.0, 0.0, inf, 0.1, "sharpness of the bend", exclusive_minimum=True),),
        reference=Reference(
            value=lambda m, x, beta: m.log1p(m.exp(-abs(beta * x))) / beta + (x if x > 0 else 0),
            derivative=lambda m, x, beta: _sigmoid(m, beta * x),
            second_derivative=lambda m, x, beta: beta * _sigmoid_derivative(m, beta * x),
        ),
        range=(0.0, inf),
        tags=frozenset({"monotone", "smooth", "unbounded"}),
        spellings=_same(torch="torch.nn.functional.softplus(beta=...)"),
        advice="Softplus that approaches ReLU as beta grows: choose how smooth the bend is.",
        source="Dugas, Bengio, Bélisle, Nadeau, Garcia: Incorporating second-order functional knowledge (2001)",
        kernels="exponential",
        cost=1.0,
        recommended_init="he_uniform",
    ),
    Row(
        name="swish",
        title="Swish",
        formula="f(x) = x · σ(beta · x)",
        derivative_formula="f′(x) = σ(beta · x) + beta · x · σ′(beta · x)",
        parameters=(Parameter("beta", 1.0, 0.0, inf, 0.1, "sharpness of the gate", learnable=True),),
        reference=Reference(
            value=lambda m, x, beta: x * _sigmoid(m, beta * x),
            derivative=lambda m, x, beta: _sigmoid(m, beta * x) + beta * x * _sigmoid_derivative(m, beta * x),
            second_derivative=lambda m, x, beta: beta * _sigmoid_derivative(m, beta * x) * (2 - beta * x * m.tanh(beta * x / 2)),
        ),
        range=(lambda beta: -0.27846454276107380 / beta if beta > 0 else -inf, inf),
        tags=frozenset({"smooth", "unbounded", "non-monotone", "learnable"}),
        spellings=_same(onnx="Swish(alpha=...)"),
        advice="SiLU with a sharpness that can be learned: a line for beta = 0, ReLU as beta grows.",
        source="Ramachandran, Zoph, Le: Searching for activation functions (2017)",
        kernels="gates",
        cost=0.6,
        recommended_init="he_uniform",
    ),
    Row(
        name="quick_gelu",
        title="Quick GELU",
        formula="f(x) = x · σ(1.702 · x)",
        derivative_formula="f′(x) = σ(1.702 · x) + 1.702 · x · σ′(1.702 · x)",
        reference=Reference(
            value=lambda m, x: x * _sigmoid(m, m.mpf("1.702") * x),
            derivative=lambda m, x: _gated_derivative(m, x, m.mpf("1.702") * x, m.mpf("1.702")),
            second_derivative=lambda m, x: _gated_second_derivative(m, x, m.mpf("1.702") * x, m.mpf("1.702"), 0),
        ),
        range=(-0.16361018963634183, inf),
        tags=frozenset({"smooth", "unbounded", "non-monotone"}),
        advice="A cheap stand-in for GELU that some language and vision models were trained with; use it to run those.",
        source="Hendrycks, Gimpel: Gaussian error linear units (2016), section 2",
        kernels="gates",
        cost=0.6,
        recommended_init="he_uniform",
    ),
    Row(
        name="gelu_tanh",
        title="GELU, tanh form",
        formula="f(x) = x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))",
        derivative_formula="f′(x) = σ(z) + x · σ′(z) · z′,  z = 2 · √(2/π) · (x + 0.044715 · x³)",
        reference=Reference(
            value=lambda m, x: x * _sigmoid(m, _gelu_tanh_argument(m, x)[0]),
            derivative=lambda m, x: _gated_derivative(m, x, *_gelu_tanh_argument(m, x)[:2]),
            second_derivative=lambda m, x: _gated_second_derivative(m, x, *_gelu_tanh_argument(m, x)),
        ),
        range=(-0.17004075057125412, inf),
        tags=frozenset({"smooth", "unbounded", "non-monotone"}),
        spellings=_same(
            torch="torch.nn.functional.gelu(approximate='tanh')",
            keras="keras.activations.gelu(approximate=True)",
            jax="jax.nn.gelu",
            onnx="Gelu(approximate='tanh')",
        ),
        advice="The approximation of GELU that many language models were trained with; use it to run those.",
        source="Hendrycks, Gimpel: Gaussian error linear units (2016), section 2",
        kernels="gates",
        cost=0.7,
        recommended_init="he_uniform",
    ),
    Row(
        name="elish",
        title="ELiSH",
        formula="f(x) = x · σ(x) if x > 0 else (exp(x) − 1) · σ(x)",
        derivative_formula="f′(x) = silu′(x) if x > 0 else exp(x) · (exp(2x) + 2 · exp(x) − 1) / (1 + exp(x))²",
        reference=Reference(
            value=lambda m, x: (x if x > 0 else m.expm1(x)) * _sigmoid(m, x),
            derivative=lambda m, x: (
                _gated_derivative(m, x, x, 1) if x > 0 else _sigmoid_derivative(m, x) * (m.exp(2 * x) + 2 * m.exp(x) - 1)
            ),
            second_derivative=lambda m, x: (
                _gated_second_derivative(m, x, x, 1, 0)
                if x > 0
                else _sigmoid_derivative(m, x) * (m.exp(3 * x) + 3 * m.exp(2 * x) + 5 * m.exp(x) - 1) / (1 + m.exp(x))
            ),
        ),
        range=(-0.17157287525380990, inf),
        kinks=(Kink(0.0, derivative=0.5, second_derivative=1.0),),
        tags=frozenset({"unbounded", "non-monotone"}),
        advice="SiLU on the right, a gated ELU on the left: found by a genetic search.",
        source="Basirat, Roth: The quest for the golden activation function (2018)",
        kernels="gates",
        cost=0.9,
        recommended_init="he_uniform",
    ),
    Row(
        name="hard_elish",
        title="Hard ELiSH",
        formula="f(x) = (x if x > 0 else exp(x) − 1) · min(max(0, (x + 1) / 2), 1)",
        derivative_formula="f′(x) = 0 if x ≤ −1, 1 if x ≥ 1, x + 1/2 if x > 0, else (exp(x) · (x + 2) − 1) / 2",
        reference=Reference(
            value=lambda m, x: (x if x > 0 else m.expm1(x)) * min(max((x + 1) / 2, m.mpf(0)), m.mpf(1)),
            derivative=lambda m, x: (
                m.mpf(0) if x <= -1 else m.mpf(1) if x >= 1 else x + m.mpf(1) / 2 if x > 0 else (m.exp(x) * (x + 2) - 1) / 2
            ),
            second_derivative=lambda m, x: m.mpf(0) if x <= -1 or x >= 1 else m.mpf(1) if x > 0 else m.exp(x) * (x + 3) / 2,
        ),
        range=(-0.09967315128742872, inf),
        kinks=(
            Kink(-1.0, derivative=0.0),
            Kink(0.0, derivative=0.5, second_derivative=1.5),
            Kink(1.0, derivative=1.0),
        ),
        tags=frozenset({"unbounded", "non-monotone"}),
        advice="ELiSH with a hard gate: exactly 0 below −1 and exactly x above 1.",
        source="Basirat, Roth: The quest for the golden activation function (2018)",
        kernels="gates",
        cost=0.5,
        recommended_init="he_uniform",
    ),
    Row(
        name="mish",
        title="Mish",
        formula="f(x) = x · tanh(ln(1 + exp(x)))",
        derivative_formula="f′(x) = tanh(s) + x · (1 − tanh²(s)) · σ(x),  s = ln(1 + exp(x))",
        reference=Reference(value=_mish, derivative=_mish_derivative, second_derivative=_mish_second_derivative),
        range=(-0.30884341301725042, inf),
        tags=frozenset({"smooth", "unbounded", "non-monotone"}),
        spellings=_same(torch="torch.nn.functional.mish", keras="keras.activations.mish", jax="jax.nn.mish", onnx="Mish"),
        advice="A slightly smoother SiLU, common in object detectors.",
        source="Misra: Mish: a self regularized non-monotonic activation function (2019)",
        kernels="gates",
        cost=0.7,
        recommended_init="he_uniform",
    ),
    Row(
        name="tanh_shrink",
        title="Tanhshrink",
        formula="f(x) = x − tanh(x)",
        derivative_formula="f′(x) = tanh²(x)",
        reference=Reference(
            value=lambda m, x: x - m.tanh(x),
            derivative=lambda m, x: m.tanh(x) ** 2,
            second_derivative=lambda m, x: 2 * m.tanh(x) * _sech2(m, x),
        ),
        range=(-inf, inf),
        tags=frozenset({"monotone", "smooth", "unbounded", "zero-centred"}),
        spellings=_same(torch="torch.nn.functional.tanhshrink", keras="keras.activations.tanh_shrink"),
        advice="For sparse codes: flattens small inputs to their cube over three and passes large ones.",
        source="Collobert, Kavukcuoglu, Farabet: Torch7 (2011)",
        kernels="hyperbolic",
        cost=0.8,
    ),
    Row(
        name="soboleva_tanh",
        title="Soboleva modified tanh",
        formula="f(x) = (exp(a x) − exp(−b x)) / (exp(c x) + exp(−d x))",
        derivative_formula="f′(x) = (a exp(a x) + b exp(−b x) − f(x) · (c exp(c x) − d exp(−d x))) / (exp(c x) + exp(−d x))",
        parameters=(
            Parameter("a", 1.0, 0.0, inf, 0.1, "growth on the right; bounded there if at most c"),
            Parameter("b", 1.0, 0.0, inf, 0.1, "growth on the left; bounded there if at most d"),
            Parameter("c", 1.0, 0.0, inf, 0.1, "what holds it back on the right"),
            Parameter("d", 1.0, 0.0, inf, 0.1, "what holds it back on the left"),
        ),
        reference=Reference(
            value=lambda m, x, a, b, c, d: _soboleva_tanh(m, x, a, b, c, d)[0],
            derivative=lambda m, x, a, b, c, d: _soboleva_tanh(m, x, a, b, c, d)[1],
            second_derivative=lambda m, x, a, b, c, d: _soboleva_tanh(m, x, a, b, c, d)[2],
        ),
        range=(lambda a, b, c, d: -1.0 if b <= d else -inf, lambda a, b, c, d: 1.0 if a <= c else inf),
        tags=frozenset({"bounded", "smooth", "saturating", "zero-centred"}),
        advice="Tanh with four slopes: the tails of either side rise, saturate or fall back to 0 on their own.",
        source="Soboleva, Beskorovainyi: The utility function in problems of structural optimization of distributed objects (2008)",
        kernels="hyperbolic",
        double_inside=True,
        shared=("p", "rise", "rise_low", "e", "m", "grown", "grown_low"),
        cost=3.5,
    ),
    Row(
        name="logcosh",
        title="Log-cosh",
        formula="f(x) = ln(cosh(x))",
        derivative_formula="f′(x) = tanh(x)",
        reference=Reference(
            value=lambda m, x: abs(x) + m.log1p(m.expm1(-2 * abs(x)) / 2),
            derivative=lambda m, x: m.tanh(x),
            second_derivative=_sech2,
        ),
        range=(0.0, inf),
        tags=frozenset({"smooth", "unbounded", "even", "non-monotone"}),
        advice="A parabola near zero and a line far out; better known as a loss that forgives outliers.",
        source="Innes et al.: Flux and NNlib.jl (2018)",
        kernels="hyperbolic",
        cost=1.0,
    ),
    Row(
        name="lisht",
        title="LiSHT",
        formula="f(x) = x · tanh(x)",
        derivative_formula="f′(x) = tanh(x) + x · (1 − tanh²(x))",
        reference=Reference(
            value=lambda m, x: x * m.tanh(x),
            derivative=lambda m, x: m.tanh(x) + x * _sech2(m, x),
            second_derivative=lambda m, x: 2 * _sech2(m, x) * (1 - x * m.tanh(x)),
        ),
        range=(0.0, inf),
        tags=frozenset({"smooth", "unbounded", "even", "non-monotone"}),
        advice="Treats negative inputs like positive ones; for features whose sign carries no meaning.",
        source="Roy, Manna, Dubey, Chaudhuri: LiSHT (2019)",
        kernels="hyperbolic",
        cost=0.5,
        recommended_init="he_uniform",
    ),
    Row(
        name="lecun_tanh",
        title="Scaled tanh",
        formula="f(x) = 1.7159 · tanh(2x / 3)",
        derivative_formula="f′(x) = 1.7159 · 2/3 · (1 − tanh²(2x / 3))",
        reference=Reference(
            value=lambda m, x: m.mpf("1.7159") * m.tanh(2 * x / 3),
            derivative=lambda m, x: m.mpf("1.7159") * 2 / 3 * _sech2(m, 2 * x / 3),
            second_derivative=lambda m, x: m.mpf("1.7159") * -8 / 9 * m.tanh(2 * x / 3) * _sech2(m, 2 * x / 3),
        ),
        range=(-1.7159, 1.7159),
        tags=frozenset({"monotone", "bounded", "smooth", "saturating", "zero-centred"}),
        advice="Tanh scaled so that targets of ±1 lie where it still bends, not at its asymptotes.",
        source="LeCun, Bottou, Orr, Müller: Efficient BackProp (1998), section 4.4",
        kernels="hyperbolic",
        cost=0.5,
    ),
    Row(
        name="tanh_exp",
        title="TanhExp",
        formula="f(x) = x · tanh(exp(x))",
        derivative_formula="f′(x) = tanh(w) + x · w · (1 − tanh²(w)),  w = exp(x)",
        reference=Reference(value=_tanh_exp, derivative=_tanh_exp_derivative, second_derivative=_tanh_exp_second_derivative),
        range=(-0.35328577784821128, inf),
        tags=frozenset({"smooth", "unbounded", "non-monotone"}),
        advice="Like Mish with a faster approach to the line: for small networks that must train quickly.",
        source="Liu, Di: TanhExp: a smooth activation function with high convergence speed (2020)",
        kernels="hyperbolic",
        cost=0.9,
        recommended_init="he_uniform",
    ),
    Row(
        name="gaussian",
        title="Gaussian",
        formula="f(x) = exp(−x²)",
        derivative_formula="f′(x) = −2x · exp(−x²)",
        reference=Reference(
            value=lambda m, x: m.exp(-x * x),
            derivative=lambda m, x: -2 * x * m.exp(-x * x),
            second_derivative=lambda m, x: (4 * x * x - 2) * m.exp(-x * x),
        ),
        range=(0.0, 1.0),
        tags=frozenset({"bounded", "smooth", "even", "non-monotone", "saturating"}),
        advice="Answers to inputs near zero only: for radial basis functions and coordinate networks.",
        source="Broomhead, Lowe: Multivariable functional interpolation and adaptive networks (1988)",
        kernels="normal",
        cost=0.35,
    ),
    Row(
        name="arctan",
        title="Arctan",
        formula="f(x) = arctan(x)",
        derivative_formula="f′(x) = 1 / (1 + x²)",
        reference=Reference(
            value=lambda m, x: m.atan(x),
            derivative=lambda m, x: 1 / (1 + x * x),
            second_derivative=lambda m, x: -2 * x / (1 + x * x) ** 2,
        ),
        range=(-1.5707963267948966, 1.5707963267948966),
        tags=frozenset({"monotone", "bounded", "smooth", "saturating", "zero-centred"}),
        spellings=_same(torch="torch.atan", jax="jax.numpy.arctan", onnx="Atan"),
        advice="Like tanh, but it approaches its limits so slowly that far inputs keep a gradient.",
        source="Kamruzzaman, Aziz: A note on activation function in multilayer feedforward learning (2002)",
        kernels="inverses",
        cost=0.4,
    ),
    Row(
        name="erf",
        title="Error function",
        formula="f(x) = 2/√π · ∫₀ˣ exp(−t²) dt",
        derivative_formula="f′(x) = 2/√π · exp(−x²)",
        reference=Reference(
            value=lambda m, x: m.erf(x),
            derivative=lambda m, x: 2 / m.sqrt(m.pi) * m.exp(-x * x),
            second_derivative=lambda m, x: -4 * x / m.sqrt(m.pi) * m.exp(-x * x),
        ),
        range=(-1.0, 1.0),
        tags=frozenset({"monotone", "bounded", "smooth", "saturating", "zero-centred"}),
        spellings=_same(torch="torch.erf", jax="jax.scipy.special.erf", onnx="Erf"),
        advice="A sigmoid with Gaussian tails; makes averages over Gaussian inputs exact formulas.",
        source="Williams: Computation with infinite neural networks (1998)",
        kernels="normal",
        cost=0.35,
    ),
    Row(
        name="erfc",
        title="Complementary error function",
        formula="f(x) = 1 − erf(x) = 2/√π · ∫ₓ^∞ exp(−t²) dt",
        derivative_formula="f′(x) = −2/√π · exp(−x²)",
        reference=Reference(
            value=lambda m, x: m.erfc(x),
            derivative=lambda m, x: -2 / m.sqrt(m.pi) * m.exp(-x * x),
            second_derivative=lambda m, x: 4 * x / m.sqrt(m.pi) * m.exp(-x * x),
        ),
        range=(0.0, 2.0),
        tags=frozenset({"bounded", "smooth", "saturating"}),
        spellings=_same(torch="torch.special.erfc", jax="jax.scipy.special.erfc"),
        advice="Twice the probability of a Gaussian tail: keeps its digits where 1 − erf(x) has lost them.",
        source="Abramowitz, Stegun: Handbook of mathematical functions (1964), 7.1.2",
        kernels="normal",
        cost=0.7,
    ),
    Row(
        name="normal_cdf",
        title="Normal distribution function",
        formula="f(x) = Φ(x) = erfc(−x / √2) / 2",
        derivative_formula="f′(x) = φ(x) = exp(−x² / 2) / √(2π)",
        reference=Reference(value=_normal_cdf, derivative=_normal_pdf, second_derivative=lambda m, x: -x * _normal_pdf(m, x)),
        range=(0.0, 1.0),
        tags=frozenset({"monotone", "bounded", "smooth", "saturating"}),
        spellings=_same(torch="torch.special.ndtr", jax="jax.scipy.special.ndtr"),
        advice="The probit: an output that is a probability under Gaussian noise; GELU's gate.",
        source="Bliss: The method of probits (1934)",
        kernels="normal",
        cost=0.7,
    ),
    Row(
        name="sinusoid",
        title="Sinusoid",
        formula="f(x) = sin(x)",
        derivative_formula="f′(x) = cos(x)",
        reference=Reference(
            value=lambda m, x: m.sin(x),
            derivative=lambda m, x: m.cos(x),
            second_derivative=lambda m, x: -m.sin(x),
        ),
        range=(-1.0, 1.0),
        no_limit=frozenset(ORDERS),
        tags=frozenset({"bounded", "smooth", "non-monotone", "zero-centred", "periodic"}),
        spellings=_same(torch="torch.sin", keras="keras.ops.sin", jax="jax.numpy.sin", onnx="Sin"),
        advice="For signals with fine detail, such as images and sound as functions of position; needs small first weights.",
        source="Sitzmann et al.: Implicit neural representations with periodic activation functions (2020)",
        kernels="periodic",
        far=True,
        cost=0.8,
    ),
    Row(
        name="sinc",
        title="Sinc",
        formula="f(x) = sin(x) / x, 1 at x = 0",
        derivative_formula="f′(x) = cos(x) / x − sin(x) / x²",
        reference=Reference(value=_sinc, derivative=_sinc_derivative, second_derivative=_sinc_second_derivative),
        range=(-0.21723362821122166, 1.0),
        tags=frozenset({"bounded", "smooth", "non-monotone", "even"}),
        advice="A bump with ripples that die away; its Fourier transform is a box, so sums of it are band-limited.",
        source="Wikipedia: Activation function (table)",
        kernels="periodic",
        far=True,
        cost=1.2,
    ),
    Row(
        name="gcu",
        title="GCU",
        formula="f(x) = x · cos(x)",
        derivative_formula="f′(x) = cos(x) − x · sin(x)",
        reference=Reference(
            value=lambda m, x: x * m.cos(x),
            derivative=lambda m, x: m.cos(x) - x * m.sin(x),
            second_derivative=lambda m, x: -2 * m.sin(x) - x * m.cos(x),
        ),
        range=(-inf, inf),
        no_limit=frozenset(ORDERS),
        tags=frozenset({"smooth", "unbounded", "non-monotone", "zero-centred"}),
        advice="Growing cosine unit: it crosses zero again and again, so that a single unit can learn xor.",
        source="Noel, Arunkumar, Trivedi, Dutta: Growing cosine unit: a novel oscillatory activation function (2021)",
        kernels="periodic",
        far=True,
        cost=1.0,
    ),
    Row(
        name="snake",
        title="Snake",
        formula="f(x) = x + sin²(a · x) / a",
        derivative_formula="f′(x) = 1 + sin(2 · a · x)",
        parameters=(Parameter("a", 1.0, 0.0, inf, 0.1, "frequency of the ripple", exclusive_minimum=True, learnable=True),),
        reference=Reference(
            value=lambda m, x, a: x + m.sin(a * x) ** 2 / a,
            derivative=lambda m, x, a: 1 + m.sin(2 * a * x),
            second_derivative=lambda m, x, a: 2 * a * m.cos(2 * a * x),
        ),
        range=(-inf, inf),
        no_limit=frozenset({"derivative", "second_derivative"}),
        tags=frozenset({"monotone", "smooth", "unbounded", "learnable"}),
        advice="For periodic data that must be continued beyond the training range, such as sound; a line with a ripple.",
        source="Ziyin, Hartwig, Ueda: Neural networks fail to learn periodic functions and how to fix it (2020)",
        kernels="periodic",
        far=True,
        cost=1.2,
        recommended_init="he_uniform",
    ),
    Row(
        name="soft_exponential",
        title="Soft exponential",
        formula="f(x) = −ln(1 − alpha · (x + alpha)) / alpha if alpha < 0, x if alpha = 0, else (exp(alpha x) − 1) / alpha + alpha",
        derivative_formula="f′(x) = 1 / (1 − alpha · (x + alpha)) if alpha < 0 else exp(alpha · x)",
        parameters=(Parameter("alpha", 0.0, -inf, inf, 0.1, "−1: logarithm, 0: line, 1: exponential function", learnable=True),),
        reference=Reference(
            value=lambda m, x, alpha: (
                x
                if alpha == 0
                else -m.log1p(-m.mpf(alpha) * (x + alpha)) / alpha
                if alpha < 0
                else m.expm1(alpha * x) / alpha + alpha
            ),
            derivative=lambda m, x, alpha: 1 / (1 - alpha * (x + alpha)) if alpha < 0 else m.exp(alpha * x),
            second_derivative=lambda m, x, alpha: alpha / (1 - alpha * (x + alpha)) ** 2 if alpha < 0 else alpha * m.exp(alpha * x),
        ),
        range=(lambda alpha: -inf if alpha <= 0 else alpha - 1 / alpha, inf),
        domain=(lambda alpha: 1 / alpha - alpha if alpha < 0 else -inf, inf),
        tags=frozenset({"monotone", "smooth", "unbounded", "learnable"}),
        advice="Learns whether to add, multiply or exponentiate: between logarithm, line and exponential function.",
        source="Godfrey, Gashler: A continuum among logarithmic, linear, and exponential functions (2015)",
        kernels="exponential",
        double_inside=True,
        cost=2.0,
    ),
    Row(
        name="logit",
        title="Logit",
        formula="f(x) = ln(x / (1 − x))",
        derivative_formula="f′(x) = 1 / (x · (1 − x))",
        reference=Reference(
            value=lambda m, x: m.log(x) - m.log1p(-x),
            derivative=lambda m, x: 1 / (x * (1 - x)),
            second_derivative=lambda m, x: (2 * x - 1) / (x * (1 - x)) ** 2,
        ),
        range=(-inf, inf),
        domain=(0.0, 1.0),
        tags=frozenset({"monotone", "smooth", "unbounded", "inverse"}),
        spellings=_same(torch="torch.logit", jax="jax.scipy.special.logit"),
        advice="The inverse of the sigmoid: from a probability back to what a sigmoid output would need.",
        source="Berkson: Application of the logistic function to bio-assay (1944)",
        kernels="inverses",
        cost=0.6,
    ),
    Row(
        name="atanh",
        title="Inverse tanh",
        formula="f(x) = ln((1 + x) / (1 − x)) / 2",
        derivative_formula="f′(x) = 1 / (1 − x²)",
        reference=Reference(
            value=lambda m, x: m.atanh(x),
            derivative=lambda m, x: 1 / ((1 - x) * (1 + x)),
            second_derivative=lambda m, x: 2 * x / ((1 - x) * (1 + x)) ** 2,
        ),
        range=(-inf, inf),
        domain=(-1.0, 1.0),
        tags=frozenset({"monotone", "smooth", "unbounded", "inverse", "zero-centred"}),
        spellings=_same(torch="torch.atanh", jax="jax.numpy.arctanh", onnx="Atanh"),
        advice="The inverse of tanh: from a unit's output back to its pre-activation.",
        source="Abramowitz, Stegun: Handbook of mathematical functions (1964), 4.6.22",
        kernels="inverses",
        cost=0.6,
    ),
    Row(
        name="erfinv",
        title="Inverse error function",
        formula="f(x) = y with erf(y) = x",
        derivative_formula="f′(x) = √π/2 · exp(f(x)²)",
        reference=Reference(
            value=_erfinv,
            derivative=lambda m, x: m.sqrt(m.pi) / 2 * m.exp(_erfinv(m, x) ** 2),
            second_derivative=lambda m, x: m.pi / 2 * _erfinv(m, x) * m.exp(2 * _erfinv(m, x) ** 2),
        ),
        range=(-inf, inf),
        domain=(-1.0, 1.0),
        tags=frozenset({"monotone", "smooth", "unbounded", "inverse", "zero-centred"}),
        spellings=_same(torch="torch.special.erfinv", jax="jax.scipy.special.erfinv"),
        advice="Makes uniform numbers Gaussian: √2 times it is the quantile of a probability (1 + x) / 2.",
        source="Carlitz: The inverse of the error function (1963)",
        kernels="inverses",
        cost=1.5,
    ),
    Row(
        name="softplus_inverse",
        title="Inverse softplus",
        formula="f(x) = ln(exp(x) − 1)",
        derivative_formula="f′(x) = 1 / (1 − exp(−x))",
        reference=Reference(
            value=lambda m, x: x + m.log(-m.expm1(-x)),
            derivative=lambda m, x: -1 / m.expm1(-x),
            second_derivative=lambda m, x: -m.exp(-x) / m.expm1(-x) ** 2,
        ),
        range=(-inf, inf),
        domain=(0.0, inf),
        tags=frozenset({"monotone", "smooth", "unbounded", "inverse"}),
        advice="Gives the pre-activation with which a softplus output starts at a chosen positive value.",
        source="Dillon et al.: TensorFlow distributions (2017)",
        kernels="inverses",
        cost=0.9,
    ),
    Row(
        name="elu_inverse",
        title="Inverse ELU",
        formula="f(x) = x if x > 0 else ln(1 + x / alpha)",
        derivative_formula="f′(x) = 1 if x > 0 else 1 / (alpha + x)",
        parameters=(Parameter("alpha", 1.0, 0.0, inf, 0.05, "depth of the ELU's plateau", exclusive_minimum=True),),
        reference=Reference(
            value=lambda m, x, alpha: x if x > 0 else m.log1p(x / alpha),
            derivative=lambda m, x, alpha: m.mpf(1) if x > 0 else 1 / (alpha + x),
            second_derivative=lambda m, x, alpha: m.mpf(0) if x > 0 else -1 / (alpha + x) ** 2,
        ),
        range=(-inf, inf),
        domain=(lambda alpha: -alpha, inf),
        kinks=(
            Kink(
                0.0,
                derivative=lambda alpha: 1 / alpha,
                second_derivative=lambda alpha: -1 / alpha**2,
            ),
        ),
        tags=frozenset({"monotone", "unbounded", "inverse"}),
        advice="The inverse of ELU, for invertible networks.",
        source="Clevert, Unterthiner, Hochreiter: Fast and accurate deep network learning by exponential linear units (2015)",
        kernels="inverses",
        cost=0.5,
    ),
    Row(
        name="softsign_inverse",
        title="Inverse softsign",
        formula="f(x) = x / (1 − |x|)",
        derivative_formula="f′(x) = 1 / (1 − |x|)²",
        reference=Reference(
            value=lambda m, x: x / (1 - abs(x)),
            derivative=lambda m, x: 1 / (1 - abs(x)) ** 2,
            second_derivative=lambda m, x: 2 * m.sign(x) / (1 - abs(x)) ** 3,
        ),
        range=(-inf, inf),
        domain=(-1.0, 1.0),
        kinks=(Kink(0.0, derivative=1.0, second_derivative=0.0),),
        tags=frozenset({"monotone", "unbounded", "inverse", "zero-centred"}),
        advice="The inverse of softsign: from a unit's output back to its pre-activation.",
        source="Turian, Bergstra, Bengio: Quadratic features and deep architectures for chunking (2009)",
        kernels="inverses",
        cost=0.3,
    ),
)


def _softmax_row(m: Any, xs: list[Any]) -> list[Any]:
    powers = [m.exp(x - max(xs)) for x in xs]
    total = m.fsum(powers)
    return [power / total for power in powers]


def _logsumexp_row(m: Any, xs: list[Any]) -> Any:
    rest = sorted(xs)
    top = rest.pop()
    return top + m.log1p(m.fsum(m.exp(x - top) for x in rest))


def _log_softmax_row(m: Any, xs: list[Any]) -> list[Any]:
    below = [x - max(xs) for x in xs]
    log_sum = _logsumexp_row(m, below)
    return [x - log_sum for x in below]


def _sparsemax_row(m: Any, xs: list[Any]) -> list[Any]:
    ordered = sorted(xs, reverse=True)
    threshold = max((m.fsum(ordered[:k]) - 1) / k for k in range(1, len(xs) + 1))
    return [max(x - threshold, m.mpf(0)) for x in xs]


def _gated_row(gate: Callable[[Any, Any], Any]) -> Callable[..., list[Any]]:
    def reference(m: Any, xs: list[Any]) -> list[Any]:
        half = len(xs) // 2
        return [a * gate(m, b) for a, b in zip(xs[:half], xs[half:], strict=True)]

    return reference


def _kernels(inputs_of_backward: tuple[str, ...], folds: int, repeats: bool = False) -> Mapping[str, AxisKernel]:
    """Return the kernels of a normalised function and of its backward pass, which sums up once."""
    value = AxisKernel(("x",), folds, repeats=repeats)
    return MappingProxyType({"value": value, "backward": AxisKernel(inputs_of_backward, 1)})


def _reducing_kernels() -> Mapping[str, AxisKernel]:
    """Return the kernels of a function with one result per row, and of its backward pass."""
    return MappingProxyType({"value": AxisKernel(("x",), 2, reduces=True), "backward": AxisKernel(("x", "g"), 2, lone=("g",))})


def _gated(
    name: str, title: str, gate: str, symbol: str, reference: Callable[[Any, Any], Any], advice: str, source: str
) -> AxisRow:
    return AxisRow(
        name=name,
        title=title,
        family="gated",
        formula=f"y = a · {symbol}(b), with x = [a, b] the two halves along the axis",
        backward_formula=f"ga = g · {symbol}(b), gb = g · a · {symbol}′(b)",
        reference=_gated_row(reference),
        tags=frozenset({"gated", "unbounded"}),
        advice=advice,
        source=source,
        backward_from="input",
        of=gate,
        bound=2.0,
        cost=0.4,
    )


_SHAZEER = "Shazeer: GLU variants improve transformer (2020)"

AXIS_ROWS: tuple[AxisRow, ...] = (
    AxisRow(
        name="softmax",
        title="Softmax",
        family="normalised",
        formula="yᵢ = exp(xᵢ) / Σⱼ exp(xⱼ)",
        backward_formula="gxᵢ = yᵢ · (gᵢ − Σⱼ gⱼ yⱼ)",
        reference=_softmax_row,
        tags=frozenset({"bounded", "smooth", "probabilities"}),
        spellings=_same(torch="torch.softmax", keras="keras.activations.softmax", jax="jax.nn.softmax", onnx="Softmax"),
        advice="For the output of a classifier with several classes: turns logits into probabilities that sum to 1.",
        source="Bridle: Probabilistic interpretation of feedforward classification network outputs (1990)",
        kernels=_kernels(("y", "g"), folds=2),
        bound=4.0,
    ),
    AxisRow(
        name="log_softmax",
        title="Log-softmax",
        family="normalised",
        formula="yᵢ = (xᵢ − max x) − log Σⱼ exp(xⱼ − max x)",
        backward_formula="gxᵢ = gᵢ − exp(yᵢ) · Σⱼ gⱼ",
        reference=_log_softmax_row,
        tags=frozenset({"smooth"}),
        spellings=_same(
            torch="torch.log_softmax",
            keras="keras.activations.log_softmax",
            jax="jax.nn.log_softmax",
            onnx="LogSoftmax",
        ),
        advice="For the cross-entropy of a classifier: the logarithm of softmax, exact where a probability is nearly 0 or 1.",
        source="Goodfellow, Bengio, Courville: Deep learning (2016), section 6.2.2.3; log1p form: scipy issue 19521",
        kernels=_kernels(("y", "g"), folds=2),
        masked=-inf,
        bound=3.0,
    ),
    AxisRow(
        name="softmin",
        title="Softmin",
        family="negated",
        formula="yᵢ = exp(min x − xᵢ) / Σⱼ exp(min x − xⱼ)",
        backward_formula="gxᵢ = yᵢ · (Σⱼ gⱼ yⱼ − gᵢ)",
        reference=lambda m, xs: _softmax_row(m, [-x for x in xs]),
        tags=frozenset({"bounded", "smooth", "probabilities"}),
        spellings=_same(torch="torch.nn.functional.softmin"),
        advice="For choosing the smallest: softmax of the negated input, e.g. of distances.",
        source="PyTorch documentation: torch.nn.Softmin",
        kernels=_kernels(("y", "g"), folds=2),
        bound=4.0,
    ),
    AxisRow(
        name="sparsemax",
        title="Sparsemax",
        family="normalised",
        formula="yᵢ = max(xᵢ − τ, 0), with τ such that Σᵢ yᵢ = 1",
        backward_formula="gxᵢ = gᵢ − mean of g over the support, where yᵢ > 0; else 0",
        reference=_sparsemax_row,
        tags=frozenset({"bounded", "probabilities", "sparse"}),
        spellings=_same(keras="keras.activations.sparsemax", jax="jax.nn.sparsemax"),
        advice="For probabilities of which most are exactly 0: the Euclidean projection of the logits onto the simplex.",
        source="Martins, Astudillo: From softmax to sparsemax (2016)",
        kernels=_kernels(("y", "g"), folds=2, repeats=True),
        bound=3.0,
        cost=0.8,
    ),
    AxisRow(
        name="hardmax",
        title="Hardmax",
        family="one-hot",
        formula="yᵢ = 1 for the first largest xᵢ, else 0",
        backward_formula="gxᵢ = 0",
        reference=lambda m, xs: [m.mpf(i == xs.index(max(xs))) for i in range(len(xs))],
        tags=frozenset({"bounded", "probabilities", "sparse"}),
        spellings=_same(onnx="Hardmax"),
        advice="For a decision: the one-hot code of the largest; it has no gradient to learn from.",
        source="ONNX operator Hardmax",
        kernels=MappingProxyType({"value": AxisKernel(("x",), 2), "backward": AxisKernel(("y", "g"), 0)}),
        cost=0.2,
    ),
    AxisRow(
        name="logsumexp",
        title="LogSumExp",
        family="reduced",
        formula="y = max x + log Σⱼ exp(xⱼ − max x)",
        backward_formula="gxᵢ = g · exp(xᵢ − y)",
        reference=lambda m, xs: [_logsumexp_row(m, xs)],
        tags=frozenset({"smooth", "unbounded"}),
        spellings=_same(torch="torch.logsumexp", keras="keras.ops.logsumexp", jax="jax.nn.logsumexp", onnx="ReduceLogSumExp"),
        advice="For sums of probabilities given as logarithms: a smooth maximum that never overflows.",
        source="Blanchard, Higham, Higham: Accurately computing the log-sum-exp and softmax functions (2021)",
        kernels=_reducing_kernels(),
        backward_from="input",
        bound=1.0,
    ),
    AxisRow(
        name="logmeanexp",
        title="LogMeanExp",
        family="reduced",
        formula="y = max x + log(mean of exp(xⱼ − max x))",
        backward_formula="gxᵢ = g · exp(xᵢ) / Σⱼ exp(xⱼ)",
        reference=lambda m, xs: [_logsumexp_row(m, xs) - m.log(len(xs))],
        tags=frozenset({"smooth", "unbounded"}),
        spellings=_same(jax="jax.nn.logmeanexp"),
        advice="For averages of probabilities given as logarithms, such as over samples: a smooth maximum that stays in range.",
        source="Blanchard, Higham, Higham: Accurately computing the log-sum-exp and softmax functions (2021)",
        kernels=_reducing_kernels(),
        backward_from="input",
        of="logsumexp",
        bound=2.0,
        bound_from=1.0,
    ),
    AxisRow(
        name="maxout",
        title="Maxout",
        family="grouped",
        formula="yₖ = max of the k-th group of `pieces` neighbours along the axis",
        backward_formula="gxᵢ = gₖ for the first largest xᵢ of group k, else 0",
        reference=lambda m, xs, pieces=2: [max(xs[k : k + pieces]) for k in range(0, len(xs), pieces)],
        tags=frozenset({"piecewise linear", "unbounded"}),
        advice="Learns its own shape: the largest of several linear functions; costs `pieces` times the weights.",
        source="Goodfellow, Warde-Farley, Mirza, Courville, Bengio: Maxout networks (2013)",
        backward_from="input",
        cost=0.1,
    ),
    AxisRow(
        name="crelu",
        title="CReLU",
        family="doubled",
        formula="y = [max(x, 0), max(−x, 0)], joined along the axis",
        backward_formula="gx = g₁ where x > 0, −g₂ where x < 0, else 0",
        reference=lambda m, xs: [max(x, m.mpf(0)) for x in xs] + [max(-x, m.mpf(0)) for x in xs],
        tags=frozenset({"piecewise linear", "unbounded"}),
        advice="For early convolutions, whose filters come in pairs of opposite sign: keeps both halves of the input.",
        source="Shang, Sohn, Almeida, Lee: Understanding and improving convolutional networks via CReLU (2016)",
        backward_from="input",
        of="relu",
        cost=0.1,
    ),
    _gated(
        "glu",
        "GLU",
        "sigmoid",
        "σ",
        _sigmoid,
        "For gated convolutions and transformers: one half says how much of the other passes.",
        "Dauphin, Fan, Auli, Grangier: Language modeling with gated convolutional networks (2016)",
    ),
    _gated(
        "reglu",
        "ReGLU",
        "relu",
        "relu",
        lambda m, x: max(x, m.mpf(0)),
        "The gated unit without an exponential: the gate is a ReLU.",
        _SHAZEER,
    ),
    _gated(
        "geglu",
        "GEGLU",
        "gelu",
        "gelu",
        lambda m, x: x * _normal_cdf(m, x),
        "For the feed-forward layers of transformers; the gate is a GELU.",
        _SHAZEER,
    ),
    _gated(
        "swiglu",
        "SwiGLU",
        "silu",
        "silu",
        lambda m, x: x * _sigmoid(m, x),
        "For the feed-forward layers of large language models; the gate is a SiLU.",
        _SHAZEER,
    ),
)
