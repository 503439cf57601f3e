"""The self-check of an installation passes here, has current values, and finds what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from actcore import self_check
from actcore.registry import AXIS_ROWS, ORDERS, ROWS

ROOT = Path(__file__).resolve().parent.parent


def test_everything_is_right_and_nothing_left_out():
    findings = list(self_check.self_check())
    assert [finding for finding in findings if finding.wrong] == []
    named = {finding.what for finding in findings}
    assert {f"{row.name} {order} float32" for row in ROWS for order in ORDERS} <= named
    assert all(finding.compared > 3 for finding in findings)


@pytest.mark.checkout
def test_stored_values_are_what_the_registry_says():
    command = [sys.executable, ROOT / "scripts" / "make_self_check.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("order", ORDERS)
def test_a_wrong_value_is_found(order):
    stored = json.loads((Path(self_check.__file__).with_name(self_check.STORED)).read_text(encoding="utf-8"))
    row = ROWS[-1]
    stored["elementwise"][row.name][order][3] += 0.001
    x = np.float32(stored["elementwise"][row.name]["x"][3])
    found = self_check._check_elementwise(row.name, order, "float32", 4.0, stored["elementwise"])
    assert found.wrong is not None
    assert f"at x = {x!r}" in found.wrong


def test_functions_without_stored_values_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(self_check, "STORED", "empty.json")
    (tmp_path / "empty.json").write_text('{"elementwise": {}, "along_axis": {}}')
    monkeypatch.setattr(self_check.resources, "files", lambda package: tmp_path)
    findings = list(self_check.self_check())
    assert len(findings) == len(ROWS) + len(AXIS_ROWS)
    assert all("no stored values" in str(finding.wrong) for finding in findings)


def test_the_command_says_so_and_exits_0():
    command = [sys.executable, "-m", "actcore", "--self-check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "all right" in done.stdout
    assert done.stderr == ""
