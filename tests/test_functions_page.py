"""docs/functions.md and its picture are what the registry says, and curves are drawn as they run."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from actcore.registry import ROWS

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import make_functions  # noqa: E402

pytestmark = pytest.mark.checkout


def test_the_page_is_up_to_date() -> None:
    assert make_functions.PAGE.read_text(encoding="utf-8") == make_functions.page(), "run python scripts/make_functions.py"


def test_the_picture_shows_every_function() -> None:
    stored = make_functions.PICTURE.read_text(encoding="utf-8")
    assert re.findall(r"<text[^>]*>(\w+)<", stored) == [row.name for row in ROWS]
    assert len(stored.splitlines()) == len(make_functions.picture().splitlines())


def test_curves_break_at_jumps_and_leave_the_panel() -> None:
    x = np.linspace(-4, 4, 161)
    step = make_functions.curve(x, np.where(x > 0, 1.0, 0.0), np.zeros(161))
    assert (step.count("M"), step.count("L")) == (2, 2)
    line = make_functions.curve(x, x, np.ones(161))
    assert line == "M18.1 114.0L134.0 0.0"
    gap = make_functions.curve(x, np.where(np.abs(x) < 1, np.nan, x / 4), np.full(161, 0.25))
    assert gap.count("M") == 2
