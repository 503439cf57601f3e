"""Every function keeps the error bounds its row declares, against multi-precision references, on a thinned sample."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import actcore as ac
from actcore.registry import ORDERS, ROWS

pytestmark = pytest.mark.checkout
SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


def script(name: str) -> ModuleType:
    """Return a script as a module."""
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def accuracy() -> ModuleType:
    return script("accuracy")


@pytest.fixture(scope="module")
def exhaustive(accuracy: ModuleType) -> ModuleType:
    return script("exhaustive")


@pytest.mark.parametrize("dtype", ("float32", "float64"))
@pytest.mark.parametrize("name", [row.name for row in ROWS])
def test_errors_stay_within_the_declared_bounds(accuracy: ModuleType, name: str, dtype: str) -> None:
    activation = ac.get(name)
    for kind, bound in zip(ORDERS, getattr(activation.spec.bounds, dtype), strict=True):
        worst = accuracy.measure(activation, kind, dtype, count=80, bound=bound, every=7)
        assert worst.points >= 10
        assert worst.error <= bound, f"{kind}: {worst.error:.2f} ULP at {worst.x!r}, which gives {worst.got!r}"


def test_the_measure_sees_one_wrong_bit(accuracy: ModuleType) -> None:
    size = np.array([1.0, 0.75, 1e-310])
    assert accuracy.ulp(size, "float64").tolist() == [2.0**-52, 2.0**-53, 2.0**-1074]
    exact = accuracy.referee(ac.get("sigmoid").spec.reference.value, {})(-700.0)
    got = float(ac.sigmoid(-700.0))
    assert accuracy.difference(got, exact, "float64") < 2.0**-1060
    assert accuracy.difference(np.nextafter(got, 1.0), exact, "float64") > accuracy.ulp(np.array(got), "float64") / 4


def test_the_sweep_over_all_numbers_finds_the_largest_error(accuracy: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [accuracy.CHUNK * sum(1 for _ in accuracy.every_float32((-np.inf, np.inf), 1 << 14))] == [1 << 18]
    x = np.linspace(-9, 9, 10_001, dtype=np.float32)
    monkeypatch.setattr(accuracy, "every_float32", lambda domain, step=1: iter([x[:4000], x[4000:]]))
    found = accuracy.measure_all(ac.sigmoid, "value", 1.0)
    exact = ac.sigmoid(x.astype(np.float64))
    errors = np.abs(ac.sigmoid(x) - exact) / np.spacing(exact.astype(np.float32))
    assert found.points == x.size and found.x in x
    assert found.error == pytest.approx(errors.max(), rel=1e-6) and not found.excused
    assert found.digest == accuracy.digest_all(ac.sigmoid, "value") != accuracy.digest_all(ac.tanh, "value")
    assert accuracy.measure_all(ac.relu, "value", 1.0).error == 0
    assert accuracy.measure_all(ac.sparse_plus, "value", 1.0).error == 0.5


def test_what_is_on_record_over_all_numbers_keeps_the_bounds(exhaustive: ModuleType) -> None:
    records = exhaustive.load()
    assert exhaustive.faults([], records) == []
    assert exhaustive.TABLE.read_text(encoding="utf-8") == exhaustive.table(records)


def test_a_changed_kernel_is_measured_again(exhaustive: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exhaustive, "fingerprint", lambda item: "new")
    records = {"relu": {"value": {"v4": {"fingerprint": "new"}}, "derivative": {"v4": {"fingerprint": "old"}}}}
    assert exhaustive.to_do(["relu"], records, "v4") == [("relu", "derivative"), ("relu", "second_derivative")]
    assert len(exhaustive.to_do(["relu"], records, "v3")) == 3


def test_kernels_above_a_bound_or_with_other_bits_are_faults(exhaustive: ModuleType) -> None:
    measured = {"v4": {"error": 1.5, "digest": "a"}, "v3": {"digest": "b"}}
    assert len(exhaustive.faults(["relu"], {"relu": {"value": measured}})) == 2
