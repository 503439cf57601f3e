"""The Pythons on this machine that wheels can be built for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from _system_packages import SetupError

OLDEST, NEWEST = (3, 11), (3, 14)


@dataclass(frozen=True, order=True)
class Interpreter:
    """A Python that has the headers to compile extensions."""

    version: tuple[int, int]
    free_threaded: bool
    path: Path

    @property
    def name(self) -> str:
        """The version as people write it, such as 3.11 or 3.14t."""
        return f"{self.version[0]}.{self.version[1]}" + "t" * self.free_threaded


def examine(path: Path) -> Interpreter | None:
    """What `path` is, or None if it is no Python that can compile extensions."""
    ask = (
        "import json, os, sys, sysconfig as s; print(json.dumps([sys.version_info[:2], "
        "bool(s.get_config_var('Py_GIL_DISABLED')), os.path.exists(s.get_path('include') + '/Python.h')]))"
    )
    try:
        answer = subprocess.run([path, "-c", ask], capture_output=True, text=True, timeout=60)
        version, free_threaded, headers = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return Interpreter((version[0], version[1]), free_threaded, path) if headers else None


def find_interpreters() -> list[Interpreter]:
    """Every supported Python on the PATH and among pyenv's, one of each version."""
    names = [f"python3.{minor}{suffix}" for minor in range(OLDEST[1], NEWEST[1] + 1) for suffix in ("", "t")]
    candidates = [Path(sys.executable), *(Path(path) for name in names if (path := shutil.which(name)))]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates += sorted(pyenv.glob("versions/*/bin/python3"))
    found: dict[str, Interpreter] = {}
    for candidate in candidates:
        interpreter = examine(candidate)
        if interpreter is not None and OLDEST <= interpreter.version <= NEWEST:
            found.setdefault(interpreter.name, interpreter)
    return sorted(found.values())


def choose(wanted: list[str] | None) -> list[Interpreter]:
    """The interpreters asked for by version or path, or all that are found.

    Raises
    ------
    SetupError
        When one that was asked for is not here.
    """
    found = {interpreter.name: interpreter for interpreter in find_interpreters()}
    if not wanted:
        return list(found.values())
    chosen = []
    for name in wanted:
        interpreter = found.get(name) or examine(Path(name))
        if interpreter is None:
            raise SetupError(f"There is no Python {name} with its headers here. Found: {', '.join(found)}.")
        chosen.append(interpreter)
    return chosen
