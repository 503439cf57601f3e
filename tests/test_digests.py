"""The same bits always: every way to compute gives the committed digests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from actcore._build import isa

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "digests.py"


@pytest.mark.slow
@pytest.mark.parametrize("name", [level.name for level in isa.instruction_sets()])
def test_bits_depend_on_nothing_but_the_input(name: str) -> None:
    environment = {**os.environ, "ACTCORE_ISA": name}
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, env=environment, check=False)
    refused = "needs a newer CPU" in done.stderr
    assert refused or done.returncode == 0, done.stdout + done.stderr
