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
SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "accuracy.py"


@pytest.fixture(scope="module")
def accuracy() -> ModuleType:
    """Return ``scripts/accuracy.py`` as a module."""
    spec = importlib.util.spec_from_file_location("accuracy", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["accuracy"] = module
    spec.loader.exec_module(module)
    return module


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
