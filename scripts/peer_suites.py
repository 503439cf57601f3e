"""Run other projects' tests and tables against the engine. (Those that need nothing but NumPy are in tests/test_peer_suites.py.)

    python3 scripts/peer_suites.py                Keras' own tests of its activations
    python3 scripts/peer_suites.py --xsref PATH   SciPy's reference values too, from a checkout of github.com/scipy/xsref
                                                  (needs pyarrow)

Keras' test file comes out of its wheel, downloaded without its dependencies; nothing of it stays. It runs through modules that
stand in for Keras. A test that asks for a function without a Keras spelling in the engine's table, or for an argument it does not
have, is counted as not run. SciPy's tables hold the result that is right to the last bit, so an error bound is compared with as it
is, but for half a unit that the table's own rounding takes; rows that SciPy marks as not from a reference are not run, and
where a table contradicts 400 digits of mpmath it is said to be wrong.
"""

from __future__ import annotations

import argparse
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

import mpmath
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import actcore as ac  # noqa: E402
from actcore.registry import AXIS_ROWS, ROWS, AxisRow, Row  # noqa: E402

TESTS = "keras/src/activations/activations_test.py"
PREFIX = "keras.activations."

TABLES = "src/xsref/tables/scipy_special_tests"
#: SciPy's name, ours, and from where to where they are the same.
SAME = [
    ("erf", "erf", -np.inf, np.inf),
    ("expit", "sigmoid", -np.inf, np.inf),
    ("expm1", "elu", -np.inf, 0.0),
    ("log_expit", "log_sigmoid", -np.inf, np.inf),
    ("logit", "logit", 0.0, 1.0),
    ("ndtr", "normal_cdf", -np.inf, np.inf),
]


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


def xsref(checkout: Path) -> int:
    """Compare with SciPy's reference values, print the counts and return how many are missed."""
    from pyarrow.parquet import read_table

    missed = 0
    for theirs, ours, low, high in SAME:
        activation = ac.get(ours)
        for dtype, letter in (("float32", "f"), ("float64", "d")):
            folder = checkout / TABLES / theirs
            if not (folder / f"In_{letter}-{letter}.parquet").exists():
                continue
            x = read_table(folder / f"In_{letter}-{letter}.parquet")["in0"].to_numpy()
            answers = read_table(folder / f"Out_{letter}-{letter}.parquet")
            expected = answers["out0"].to_numpy()
            chosen = (x >= low) & (x <= high) & ~answers["fallback"].to_numpy()
            x, expected = x[chosen], expected[chosen]
            with np.errstate(all="ignore"):
                y = activation(x)
                errors = np.abs(y.astype(np.longdouble) - expected) / np.spacing(np.abs(expected))
            right = (y == expected) | (np.isnan(y) & np.isnan(expected))
            errors = np.where(right, 0, errors)
            bound = getattr(activation.spec.bounds, dtype)[0] + 0.5
            within = errors <= bound
            for at in np.flatnonzero(~within):
                with mpmath.workdps(400):
                    exact = x.dtype.type(float(activation.spec.reference.value(mpmath.mp, mpmath.mpf(float(x[at])))))
                wrong = exact != expected[at] and abs(float(y[at]) - float(exact)) <= bound * np.spacing(abs(exact))
                missed += not wrong
                print(f"{ours}({x[at]}): {y[at]}, SciPy's table has {expected[at]}" + (f", mpmath {exact}" if wrong else ""))
            largest = errors[within].max()
            print(f"SciPy {theirs}, {dtype}: {x.size} values, {within.sum()} within {bound:g} ULP, the largest error {largest:.3g}")
    return missed


def main() -> int:
    """Run the tests and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--xsref", type=Path, metavar="PATH", help="a checkout of github.com/scipy/xsref")
    checkout = parser.parse_args().xsref
    missed = xsref(checkout) if checkout else 0
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
    return 1 if wrong or missed else 0


if __name__ == "__main__":
    sys.exit(main())
