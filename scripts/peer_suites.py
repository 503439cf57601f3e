"""Run Keras' own tests of its activations against the engine, through modules that stand in for Keras.

    python3 scripts/peer_suites.py

The test file comes out of Keras' wheel, downloaded without its dependencies; nothing of it stays. A test that asks for
a function without a Keras spelling in the engine's table, or for an argument it does not have, is counted as not run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import types
import unittest
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import actcore as ac  # noqa: E402
from actcore.registry import AXIS_ROWS, ROWS, AxisRow, Row  # noqa: E402

TESTS = "keras/src/activations/activations_test.py"
PREFIX = "keras.activations."


class TestCase(unittest.TestCase):
    """The assertions of Keras' test case."""

    def assertAllClose(self, x1: Any, x2: Any, atol: float = 1e-6, rtol: float = 1e-6, msg: str = "") -> None:
        """Compare as Keras does."""
        np.testing.assert_allclose(np.asarray(x1), np.asarray(x2), atol=atol, rtol=rtol, err_msg=msg or "")


class Activations(types.ModuleType):
    """`keras.src.activations`: every function the registry spells the Keras way."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        rows: list[Row | AxisRow] = [*ROWS, *AXIS_ROWS]
        for row in rows:
            spelling = row.spellings.get("keras")
            if spelling is not None and spelling.name == PREFIX + name:
                return offered(ac.get(row.name, dialect="keras"))
        raise unittest.SkipTest(f"{name} is not offered")


def offered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function; arguments it does not have make a test one that is not offered."""

    def call(x: Any, *arguments: Any, **keywords: Any) -> Any:
        try:
            return function(np.asarray(x), *arguments, **keywords)
        except TypeError as error:
            raise unittest.SkipTest(str(error)) from None

    return call


class Result(unittest.TestResult):
    """Counts a test that needs a package this environment lacks as not run."""

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        """Sort the error."""
        if isinstance(err[1], ModuleNotFoundError):
            self.addSkip(test, str(err[1]))
        else:
            super().addError(test, err)


def stand_in() -> None:
    """Put modules in Keras' place."""
    keras, source = types.ModuleType("keras"), types.ModuleType("keras.src")
    source.activations = Activations("keras.src.activations")  # type: ignore[attr-defined]
    source.backend = types.SimpleNamespace(  # type: ignore[attr-defined]
        floatx=lambda: "float32", backend=lambda: "numpy", convert_to_numpy=np.asarray, convert_to_tensor=np.asarray
    )
    source.testing = types.SimpleNamespace(TestCase=TestCase)  # type: ignore[attr-defined]
    source.ops = np  # type: ignore[attr-defined]
    sys.modules |= {"keras": keras, "keras.src": source}


def keras_tests(folder: Path) -> Path:
    """Return the test file, out of the newest wheel."""
    download = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*download, "-d", str(folder), "keras"], check=True)
    with zipfile.ZipFile(next(folder.glob("keras-*.whl"))) as wheel:
        return Path(wheel.extract(TESTS, folder))


def main() -> int:
    """Run the tests and print the counts."""
    with tempfile.TemporaryDirectory() as folder:
        file = keras_tests(Path(folder))
        version = next(Path(folder).glob("keras-*.whl")).name.split("-")[1]
        stand_in()
        sys.path.insert(0, str(file.parent))
        result = Result()
        unittest.defaultTestLoader.loadTestsFromName(file.stem).run(result)
    for test, trace in (*result.failures, *result.errors):
        print(f"{test.id().rpartition('.')[2]}: {trace.strip().splitlines()[-1]}")
    for reason, count in Counter(reason for _, reason in result.skipped).most_common():
        print(f"not run, {count}: {reason}")
    wrong = len(result.failures) + len(result.errors)
    passed = result.testsRun - wrong - len(result.skipped)
    print(f"Keras {version}: {result.testsRun} tests, {passed} passed, {wrong} failed, {len(result.skipped)} not run")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
