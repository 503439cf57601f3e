"""Formulas: what is read, what comes out beside mpmath and the registry, and that they are activations like any other."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import actcore as ac
from actcore import expression
from actcore.registry import ORDERS, ROWS

m = mpmath.mp.clone()
m.dps = 50

X = np.array([-7.25, -3.0, -1.5, -1.0, -0.6, -0.1, 0.2, 0.5, 0.9, 1.0, 1.7, 3.0, 6.5])

#: A formula, its parameters, and the registry row that it is.
SAME = [
    ("x * tanh(softplus(x))", {}, "mish"),
    ("x * sigmoid(beta * x)", {"beta": 1.0}, "swish"),
    ("x / (1 + abs(x))", {}, "softsign"),
    ("x if x > 0 else negative_slope * x", {"negative_slope": 0.01}, "leaky_relu"),
    ("max(x, 0)", {}, "relu"),
    ("min(max(x, 0), 6)", {}, "relu6"),
    ("clip(x, 0, 6)", {}, "relu6"),
    ("log1p(exp(x))", {}, "softplus"),
    ("x²/(1 + exp(−x))/x", {}, "silu"),
    ("exp(-x**2)", {}, "gaussian"),
    ("where(x > 0, x, alpha * expm1(x))", {"alpha": 1.0}, "elu"),
    ("y = x + sin(a*x)**2 / a", {"a": 1.0}, "snake"),
    ("f(x) = x·Φ(x)", {}, "gelu"),
    ("0.5*x*(1 + tanh(√(2/π)*(x + 0.044715*x³)))", {}, "gelu_tanh"),
    ("(exp(x) - exp(-x)) / (exp(x) + exp(-x))", {}, "tanh"),
]


@pytest.mark.parametrize(("text", "parameters", "name"), SAME, ids=[text for text, _, _ in SAME])
@pytest.mark.parametrize("order", ORDERS)
def test_a_typed_activation_is_the_built_in_one(text: str, parameters: dict[str, float], name: str, order: str) -> None:
    typed, known = ac.formula(text, **parameters), ac.get(name, **parameters)
    x = X[X > -6]
    np.testing.assert_allclose(getattr(typed, order)(x), getattr(known, order)(x), rtol=2e-11, atol=1e-13)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("order", ORDERS)
def test_every_function_of_the_registry_can_be_named(row: Any, order: str) -> None:
    """Alone it gives the same bits in float64, and with parameters of its own name the same again."""
    x = np.concatenate([np.linspace(-4, 4, 101), [np.inf, -np.inf, 0.0]])
    expected = getattr(ac.get(row.name), order)(x)
    np.testing.assert_array_equal(getattr(ac.formula(f"{row.name}(x)"), order)(x), expected)
    if row.parameters:
        text = f"{row.name}(x, {', '.join(f'{p.name}={p.name}' for p in row.parameters)})"
        typed = ac.formula(text, **row.defaults)
        np.testing.assert_array_equal(getattr(typed, order)(x), expected)
        assert [(p.name, p.bounds, p.learnable) for p in typed.spec.parameters] == [
            (p.name, p.bounds, p.learnable) for p in row.parameters
        ]


# --- derivatives by rule, beside mpmath -----------------------------------------------------------------------------------

UNARY = [
    "sqrt(1 + abs({}))", "log(2 + abs({}))", "log1p(abs({}))", "expm1({} / 4)", "exp(-abs({}))", "sin({})", "cos({})", "arctan({})",
    "arcsin(tanh({}) / 2)", "arccos(tanh({}) / 2)", "sinh({} / 8)", "cosh({} / 8)", "tan(tanh({}))", "tanh({})", "sigmoid({})",
    "gelu({})", "softplus({})", "-({})", "({})**2", "({})**3", "(1 + ({})**2)**0.5", "(2 + abs({}))**-1.5", "erf({})", "mish({})",
    "elu({}, alpha=a)", "swish({}, b * b)", "(1.5 + tanh({}))**a", "(1 + abs({}))**tanh(x)", "sign({}) * 2 + x",
    "snake({}, a=1 + a*a)",
]  # fmt: skip
BINARY = [
    "({}) + ({})", "({}) - ({})", "({}) * ({})", "({}) / (2 + ({})**2)", "max({}, {})", "min({}, {})",
    "({0} if {0} < {1} else {1})",
]  # fmt: skip
leaves = st.sampled_from(["x", "a", "b", "0.5", "2", "x - a", "1.25 * x", "b * x", "pi"])
texts = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(str.format, st.sampled_from(UNARY), inner), st.builds(str.format, st.sampled_from(BINARY), inner, inner)
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(texts)
def test_values_and_derivatives_are_those_of_mpmath(text: str) -> None:
    """The rules against numeric differentiation, and what was compiled against the rules, with 50 digits."""
    parameters = {"a": 0.7531, "b": -0.4973}  # at no kink
    try:
        f = ac.formula(f"({text}) + 0*x + x*a*b", **parameters)
    except ValueError as error:  # it is too long: that is said
        assert "too long" in str(error) or "nested" in str(error)
        return
    reference = f.spec.reference
    x = np.array([-1.37, 0.313, 2.21])
    given = {name: m.mpf(value) for name, value in parameters.items()}
    for order, exact, below in (
        ("value", reference.value, None),
        ("derivative", reference.derivative, reference.value),
        ("second_derivative", reference.second_derivative, reference.derivative),
    ):
        results = getattr(f, order)(x)
        for at, result in zip(x, results, strict=True):
            wanted = exact(m, m.mpf(float(at)), **given)
            scale = 1 + max(abs(wanted), abs(below(m, m.mpf(float(at)), **given)) if below else 0)
            assert abs(result - wanted) <= 1e-9 * scale, (order, at)
            if below:
                numeric = m.diff(lambda t, below=below: below(m, t, **given), m.mpf(float(at)))
                assert abs(numeric - wanted) <= 1e-9 * scale, (order, at)
    learnable = [p.name for p in f.spec.parameters if p.learnable]
    gradients = f.parameter_gradients(x, np.ones_like(x))
    for name, gradient in zip(learnable, gradients if isinstance(gradients, tuple) else (gradients,), strict=True):
        numeric = sum(
            m.diff(lambda p, at=at, name=name: reference.value(m, m.mpf(float(at)), **{**given, name: p}), given[name]) for at in x
        )
        assert abs(gradient - numeric) <= 1e-8 * (1 + abs(numeric)), name


@pytest.mark.parametrize(
    ("text", "at", "slope"),
    [("max(x, 0)", 0.0, 0.5), ("max(x, x)", 1.0, 1.0), ("min(x, -x)", 0.0, 0.0), ("relu(x)", 0.0, 0.0), ("abs(x)", 0.0, 0.0),
     ("x if x > 0 else 0", 0.0, 0.0), ("x if x >= 0 else 0", 0.0, 1.0), ("sign(x) + x", 0.0, 1.0), ("(x > 0)*x", 0.0, 0.0),
     ("x*log(x) if x > 0 else 0", -1.0, 0.0), ("0 if x <= 0 else sqrt(x)", -1.0, 0.0), ("2*x", 3.0, 2.0)],
)  # fmt: skip
def test_derivatives_at_kinks_and_of_branches_that_are_not_taken(text: str, at: float, slope: float) -> None:
    assert ac.formula(text).derivative(at) == slope


def test_conditions() -> None:
    x = np.array([-2.0, -0.5, 0.0, 0.5, 2.0])
    for text, expected in [
        ("where(-1 < x < 1, x, 0)", np.where(np.abs(x) < 1, x, 0)),
        ("x * (x <= -1 or x >= 1)", np.where(np.abs(x) >= 1, x, 0)),
        ("x * (not x == 0.5)", np.where(x == 0.5, 0, x)),
        ("x * (x != 0.5 and x > 0)", np.where((x != 0.5) & (x > 0), x, 0)),
        ("x if x > 1 else -x if x < -1 else 7", [2, 7, 7, 7, 2]),
    ]:
        np.testing.assert_array_equal(ac.formula(text)(x), expected)


# --- the manners of an activation ---------------------------------------------------------------------------------------

MISH = ac.formula("x * tanh(softplus(x))")
SWISH = ac.formula("x * sigmoid(beta * x)", beta=1.5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("kind", ["value", "derivative", "second_derivative"])
def test_short_types_are_rounded_once(dtype: str, kind: str) -> None:
    if dtype == "bfloat16":
        dtype = pytest.importorskip("ml_dtypes").bfloat16
    x = np.linspace(-6, 6, 1001).astype(dtype)
    result = getattr(MISH, kind)(x)
    assert result.dtype == x.dtype
    exact = getattr(MISH, kind)(x.astype("float64"))
    between = exact.astype("float32") if np.dtype(dtype).itemsize < 4 else exact
    np.testing.assert_array_equal(result, between.astype(dtype))


def test_nan_gives_nan_in_every_order_and_dtype() -> None:
    f = ac.formula("x if x > 0 else 0")
    for dtype in ("float16", "float32", "float64"):
        x = np.array([np.nan, 1.0], dtype)
        for function in (f, f.derivative, f.second_derivative):
            assert np.isnan(function(x)).tolist() == [True, False]


def test_out_where_strides_broadcasting_and_aliasing() -> None:
    x = np.random.default_rng(0).normal(size=(40, 50))
    expected = SWISH(x)
    out = np.full_like(x, 7)
    assert SWISH(x, out=out) is out
    np.testing.assert_array_equal(out, expected)
    out[...] = 7
    SWISH(x, out=out, where=x > 0)
    np.testing.assert_array_equal(out, np.where(x > 0, expected, 7))
    np.testing.assert_array_equal(SWISH(x[::-3, ::2]), expected[::-3, ::2])
    same = x.copy()
    value, slope = SWISH.value_and_derivative(same, out=(same, np.empty_like(x)))
    assert value is same
    np.testing.assert_array_equal(value, expected)
    np.testing.assert_array_equal(slope, SWISH.derivative(x))
    betas = np.linspace(0.5, 2, 50)
    np.testing.assert_array_equal(SWISH(x, beta=betas), np.stack([SWISH(x[:, k], beta=betas[k]) for k in range(50)], axis=1))
    np.testing.assert_array_equal(SWISH.backward(x, 2 * x), 2 * x * SWISH.derivative(x))
    np.testing.assert_allclose(SWISH.parameter_gradients(x, x, betas), ac.swish.parameter_gradients(x, x, betas), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_bits_for_any_length_offset_and_thread_count(dtype: str) -> None:
    x = np.random.default_rng(1).normal(size=200_003).astype(dtype)
    whole = MISH.derivative(x)
    for threads in (1, 2, 7):
        with ac.num_threads(threads):
            np.testing.assert_array_equal(MISH.derivative(x), whole)
    for start, stop in ((0, 1), (3, 260), (1000, 1513), (77, 100_000)):
        np.testing.assert_array_equal(MISH.derivative(x[start:stop]), whole[start:stop])


def test_other_libraries_keep_their_kind() -> None:
    da, pd = pytest.importorskip("dask.array"), pytest.importorskip("pandas")
    x = np.linspace(-3, 3, 12)
    lazy = SWISH(da.from_array(x, chunks=5))
    assert isinstance(lazy, da.Array)
    np.testing.assert_array_equal(lazy.compute(scheduler="threads"), SWISH(x))
    series = SWISH(pd.Series(x, index=list("abcdefghijkl"), name="z"))
    assert (series.name, series.index[3]) == ("z", "d")
    masked = SWISH(np.ma.MaskedArray(x, x > 0))
    np.testing.assert_array_equal(masked.mask, x > 0)


def test_bound_copies_pickle_and_identity() -> None:
    sharp = SWISH.bind(beta=3.0)
    assert isinstance(sharp, ac.Formula) and sharp.parameters == {"beta": 3.0}
    for twin in (pickle.loads(pickle.dumps(sharp)), copy.deepcopy(sharp)):
        assert (twin.text, twin.parameters) == (sharp.text, sharp.parameters)
        assert twin(0.7) == sharp(0.7)
    assert ac.get(SWISH, beta=3.0)(0.7) == sharp(0.7)
    assert ac.formula(" x*sigmoid( beta*x )", beta=1.5).ufunc is SWISH.ufunc  # compiled once
    assert repr(sharp) == "<actcore formula x * sigmoid(beta * x) (beta=3.0)>"
    assert isinstance(SWISH.ufunc, np.ufunc)
    with pytest.raises(ValueError, match=r"beta=inf is outside"):
        SWISH(1.0, beta=np.inf)
    with pytest.raises(TypeError, match="has no parameter 'gamma'"):
        SWISH.bind(gamma=1.0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_trains_with_it_as_with_the_built_in_function(dtype: str, tmp_path: Any) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(200, 2)).astype(dtype)
    y = (x[:, :1] * x[:, 1:] > 0).astype(dtype)
    losses = []
    for activation in (SWISH, ac.swish.bind(beta=1.5)):
        net = ac.MLP([2, 8, 8, 1], activation, "sigmoid", seed=4, dtype=dtype)
        trainer = ac.Trainer(net, x, y, loss="binary_crossentropy", batch_size=10, seed=5)
        trainer.run(3000)
        losses.append(trainer.loss(x, y))
    assert losses[0] < 0.55
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-2)
    net = ac.MLP([2, 4, 1], SWISH.bind(beta=2.5), "linear", seed=1, dtype=dtype)
    ac.save_network(net, tmp_path / "net.npz")
    twin = ac.load_network(tmp_path / "net.npz")
    np.testing.assert_array_equal(twin.forward(x), net.forward(x))
    assert twin.activations[0].parameters == {"beta": 2.5}


# --- reading ------------------------------------------------------------------------------------------------------------

WRONG = [
    ("", {}, "is empty; an example is"),
    ("   f(x) =", {}, "is empty"),
    ("x *", {}, "something is missing at its end"),
    ("(x", {}, "a bracket is not closed"),
    ("tanh(x))", {}, "a bracket is closed that was not opened"),
    ("|x|", {}, r"\|x\| is written abs\(x\)"),
    ("x if x > 0", {}, "an if needs its else, as in x if x > 0 else 0"),
    ("lambda * x", {}, "lambda is a word of Python's, another name will do"),
    ("1,5 * x", {}, "decimals follow a point, as in 1.5"),
    ("X", {"X": 1.0}, "does not contain x; it is: X, and x is a small letter"),
    ("2x", {}, r"a product needs its sign: 2 \* x"),
    ("3 sin(x)", {}, r"a product needs its sign: 3 \* sin"),
    ("x^2", {}, r"powers are written \*\*"),
    ("x if x = 0 else 1", {}, "comparisons are written =="),
    ("sofplus(x)", {}, "there is no function sofplus; did you mean softplus?"),
    ("beta * x", {}, r"beta is neither x nor a parameter; give a parameter its default: formula\(..., beta=1.0\)"),
    ("tanh", {}, r"a function needs brackets: write tanh\(x\)"),
    ("tanh(x, 2)", {}, r"tanh takes one number, and is given tanh\(x, 2\)"),
    ("max(x)", {}, "max takes two numbers or more"),
    ("elu(x, 1, 2)", {}, "elu takes a number and then alpha"),
    ("elu(x, 1, alpha=2)", {}, "elu takes a number and then alpha"),
    ("elu(x, beta=2)", {}, "elu takes a number and then alpha"),
    ("elu(x, x)", {}, "alpha of elu cannot depend on x; it is x"),
    ("elu(x, -1)", {}, r"alpha of elu is -1, outside \[0, inf\)"),
    ("elu(x, a)", {"a": -1.0}, r"the default of a is -1, outside \[0, inf\)"),
    ("1 + 2", {}, "does not contain x; it is: 3"),
    ("x", {"a": 1.0}, "does not use a; it is: x"),
    ("x.real", {}, "'x.real' has no place in a formula"),
    ("x[0]", {}, "has no place in a formula"),
    ("__import__('os').system('true')", {}, "there is no function|has no place in a formula"),
    ("(lambda: x)()", {}, "has no place in a formula"),
    ("[x for x in (1, 2)]", {}, "has no place in a formula"),
    ("max(*x)", {}, "has no place in a formula"),
    ("elu(x, **x)", {}, "has no place in a formula"),
    ("x in x", {}, "has no place in a formula"),
    ("x // 2", {}, "has no place in a formula"),
    ("True * x", {}, "has no place in a formula"),
    ("1j * x", {}, "has no place in a formula"),
    ("x; x", {}, "cannot be read"),
    ("x := 2", {}, "cannot be read|has no place"),
    ("1e999 * x", {}, "1e999 is too large a number"),
    ("-" * 80 + "x", {}, "nested too deeply"),
    ("(" * 400 + "x" + ")" * 400, {}, "cannot be read"),
    ("x +" * 400 + "x", {}, "characters; 1000 are allowed"),
    ("a * x", {"a": float("nan")}, "must be finite"),
    ("x * pi", {"pi": 3.0}, "cannot be called pi"),
    ("a+b+c+d+h+k+l+n+o+x", dict.fromkeys("abcdhklno", 1.0), "at most 8 parameters, and these are 9"),
    ("\0x", {}, "cannot be read"),
]


@pytest.mark.parametrize(("text", "parameters", "message"), WRONG, ids=[text[:24] for text, _, _ in WRONG])
def test_what_cannot_be_read_is_said(text: str, parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ac.formula(text, **parameters)


def test_wrong_types() -> None:
    with pytest.raises(TypeError, match="a formula is a string, not int"):
        ac.formula(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="the default of a must be a number, not '1'"):
        ac.formula("a*x", a="1")  # type: ignore[arg-type]


def test_a_parameter_may_have_the_name_of_a_function() -> None:
    assert ac.formula("tanh(tanh * x)", tanh=2.0)(0.5) == np.tanh(1.0)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(alphabet="x0123.+-*/() <>=,ae^σ²'[]{}:_\n\\", max_size=30))
def test_any_text_gives_a_formula_or_a_sentence(text: str) -> None:
    try:
        f = ac.formula(text)
    except ValueError as error:
        assert str(error)
    else:
        assert ac.formula(f.text).text == f.text


def test_what_is_in_the_text_comes_back() -> None:
    """The formula as it is shown is the formula."""
    for text in (
        "x - (1 - x)", "x / (2 / x)", "(x**2)**3", "x**2**3", "-x**2", "(-x)**2", "(x if x > 0 else 1) * 2",
        "x * (1 if x > 0 else 2)", "-(x + 1)", "2 * -x", "(x < 1) < 2", "x < (1 < x)", "1e-30 * x", "x - -2",
        "where(x > 0, 1, 2) if x < 3 else x",
    ):  # fmt: skip
        f = ac.formula(text)
        again = ac.formula(f.text)
        assert again.text == f.text
        x = np.linspace(-2, 4, 37)
        np.testing.assert_array_equal(again(x), f(x))


def test_formulas_are_made_in_several_threads_at_once() -> None:
    texts = [f"x * sigmoid({k} * x) + tanh(x / {k})" for k in range(2, 42)] * 3
    with ThreadPoolExecutor(8) as pool:
        slopes = list(pool.map(lambda text: float(ac.formula(text).derivative(0.25)), texts))
    assert slopes == [float(ac.formula(text).derivative(0.25)) for text in texts]
    assert all(slope > 0.5 for slope in slopes)


@pytest.mark.parametrize("number", [np.float32(0.5), np.float64(0.5), np.int64(2), 2])
def test_a_default_may_be_any_real_number(number: Any) -> None:
    f = ac.formula("a * x", a=number)
    assert f(3.0) == 3.0 * number and type(f.parameters["a"]) is float


def test_a_network_shows_the_formula() -> None:
    assert repr(ac.MLP([1, 2, 1], activation=SWISH)) == f"<actcore MLP 1-2-1 ({SWISH.text}, linear), float32>"


def test_equal_parts_are_computed_once() -> None:
    x = expression.variable("x")
    tanh = expression.apply("tanh", x)
    steps = expression.assemble([tanh * expression.apply("tanh", x) + tanh, expression.derivative(tanh * tanh, "x")], ["x"])
    blocks = [block for block, _ in steps.steps]
    assert blocks.count(("tanh", "value", False)) == blocks.count(("tanh", "derivative", False)) == 1
    assert steps.temporaries <= 5


def test_functions_of_a_formula_are_pickled() -> None:
    slope = ac.formula("x * sigmoid(beta * x)", beta=1.5).derivative
    assert pickle.loads(pickle.dumps(slope))(2.0) == slope(2.0)
