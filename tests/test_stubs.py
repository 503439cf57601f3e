"""The type stubs are what their generator writes, and mypy reads them as meant."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import actcore as ac
from actcore._build import stubs
from actcore.registry import AXIS_ROWS, ROWS

RIGHT = """
from typing import Any

import actcore as ac
from actcore.training import Divergence

def text(sweep: ac.Sweep, index: tuple[int, int, int]) -> str:
    found: Divergence = sweep.divergences[index]
    return ac.formula("a * x", a=1.0).bind(a=2.0).text + str(found.message)

def use(x: Any, y: Any, mask: Any) -> Any:
    ac.gelu(x, out=y, where=mask)
    ac.leaky_relu(x, negative_slope=0.2)
    ac.leaky_relu.derivative(x, negative_slope=y)
    value, derivative = ac.gelu.value_and_derivative(x, out=(x, y))
    ac.gelu.backward(x, y)
    ac.softmax(x, axis=(0, 1), where=mask, temperature=2.0)
    ac.logsumexp(x, axis=None, keepdims=True)
    ac.glu.backward(x, y, axis=0)
    with ac.num_threads(1):
        return ac.MLP([2, 1], activation=ac.get("tanh")).forward(x) + value + derivative
"""

WRONG = (
    "ac.gelue(1.0)",
    "ac.gelu(1.0, slope=2.0)",
    "ac.gelu.backward(1.0)",
    "ac.leaky_relu.derivative(1.0, 0.2)",
    "ac.softmax([1.0], temperature='hot')",
    "ac.glu([1.0, 2.0], where=[True, False])",
    "ac.glu([1.0, 2.0], axis=(0, 1))",
    "ac.runtime.budget",
    "ac.formula('x').derivative.text",
)


def mypy(folder: Path, text: str) -> tuple[int, str]:
    (folder / "example.py").write_text(text)
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--no-error-summary", "example.py"]
    home = Path(ac.__file__).parent.parent
    paths = {"PATH": "", "MYPY_CACHE_DIR": str(folder / "cache")}
    if home.name != "site-packages":  # where mypy looks by itself, and wants to be told nothing
        paths["MYPYPATH"] = str(home)
    done = subprocess.run(command, cwd=folder, env=paths, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.checkout
def test_stubs_are_up_to_date() -> None:
    late = [path.name for path, text in stubs.stubs().items() if path.read_text(encoding="utf-8") != text]
    assert late == [], "run python -m actcore._build.stubs"


@pytest.mark.checkout
@pytest.mark.parametrize("class_", [ac.MLP, ac.Trainer])
def test_a_class_says_the_signature_that_it_has(class_: type) -> None:
    """What help shows of a compiled class stands in its docstring; the stub is made from its constructor."""
    stub = stubs.compiled_stub(class_.__module__.removeprefix("actcore."))
    constructor = next(node for node in ast.walk(ast.parse(stub)) if isinstance(node, ast.FunctionDef) and node.name == "__init__")
    del constructor.args.args[0]
    for argument in (*constructor.args.args, *constructor.args.kwonlyargs):
        argument.annotation = None
    said = str(inspect.signature(class_))
    assert ast.unparse(ast.parse(f"def f{said}: ...")) == ast.unparse(ast.parse(f"def f({ast.unparse(constructor.args)}): ..."))


def test_stub_names_every_function() -> None:
    text = stubs.package_stub()
    for row in (*ROWS, *AXIS_ROWS):
        assert f"\n{row.name}: _" in text


def test_right_use_is_clean_and_wrong_use_is_found(tmp_path: Path) -> None:
    code, output = mypy(tmp_path, RIGHT)
    assert code == 0, output
    code, output = mypy(tmp_path, "import actcore as ac\n\n" + "\n".join(WRONG) + "\n")
    found = {int(line.split(":")[1]) for line in output.splitlines() if "error:" in line}
    assert found == set(range(3, 3 + len(WRONG))), output
