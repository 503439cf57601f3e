"""The examples in the docstrings of compiled modules: pytest collects those of Python files only."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["network", "objective", "runtime", "training"])
def test_examples_run(name: str) -> None:
    module = importlib.import_module(f"actcore.{name}")
    done = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert done.attempted > 0
    assert done.failed == 0
