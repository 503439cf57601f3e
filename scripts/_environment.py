"""The virtual environment of a checkout: made once, then brought up to date only where something changed.

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from _system_packages import SetupError, require

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "actcore-stamp.json"
PYTHON_ABI = str(sysconfig.get_config_var("SOABI"))
HEARTBEAT_SECONDS = 20.0


def prepare(extras: Iterable[str], engine: bool = True) -> Path:
    """Bring `.venv` up to date with this checkout and return its Python.

    What was done last is written to a stamp inside the environment: hashes of the metadata and of every file
    that the compiled modules are made from. Nothing runs again while they stand. Without `engine` only the
    requirements and `extras` are installed.

    Raises
    ------
    SetupError
        When something is missing that only the person at the keyboard can provide.
    """
    stamp = _read_stamp()
    if not _environment_works():
        _require_venv_module()
        stamp = {}
        make = [sys.executable, "-m", "venv", "--clear", str(VENV)]
        run_step("Making a virtual environment in .venv", make)

    metadata, sources = _metadata_hash(), _sources_hash()
    wanted = set(extras)
    installed = set(stamp.get("extras", ()))
    if stamp.get("requirements") != metadata or not wanted <= installed:
        stamp["extras"] = sorted(wanted | installed)
        _install_requirements(stamp["extras"])
        stamp["requirements"] = metadata
    if engine and (stamp.get("installed") != metadata or stamp.get("sources") != sources or _module_lost(stamp)):
        _compile(install=stamp.get("installed") != metadata)
        stamp["installed"], stamp["sources"] = metadata, sources
        stamp["modules"] = sorted(str(path.relative_to(ROOT)) for path in _compiled_modules())
    STAMP.write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")
    return PYTHON


def run_step(title: str, command: Sequence[str], **variables: str) -> None:
    """Run a command quietly, with a sign of life; on failure show the end of what it wrote.

    Raises
    ------
    SetupError
        When the command fails; the message ends with the last lines it wrote.
    """
    print(f"{title} …", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(os.environ, **variables),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        while True:
            try:
                code = process.wait(HEARTBEAT_SECONDS)
                break
            except subprocess.TimeoutExpired:
                print(f"  still at it after {time.monotonic() - started:.0f} s", flush=True)
            except BaseException:
                process.kill()
                raise
        log.seek(0)
        lines = log.read().splitlines()
    if code != 0:
        last_words = "\n".join(lines[-40:])
        raise SetupError(f"{last_words}\n\n{title} failed with exit code {code}; its last words are above.")
    print(f"  done in {time.monotonic() - started:.1f} s", flush=True)


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _install_requirements(extras: Sequence[str]) -> None:
    project = _project()
    requirements = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for extra in extras:
        requirements += project["project"]["optional-dependencies"][extra]
    names = ", ".join(dict.fromkeys(_distribution_name(line) for line in requirements))
    run_step(f"Installing {names}", [str(PYTHON), "-m", "pip", "install", *requirements])


def _distribution_name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    return match[0] if match else requirement


def _compile(install: bool) -> None:
    """Compile the engine in place; with `install`, through pip, which also registers the package."""
    _require_compiler()
    in_place = [str(PYTHON), "setup.py", "build_ext", "--inplace"]
    editable = [str(PYTHON), "-m", "pip", "install", "--no-build-isolation", "--no-deps", "-e", str(ROOT)]
    with several_compilers() as variables:
        if install:
            run_step("Compiling the engine and installing it (editable)", editable, **variables)
        else:
            run_step("Compiling the engine again", in_place, **variables)


@contextlib.contextmanager
def several_compilers() -> Iterator[dict[str, str]]:
    """Yield the variable that tells setuptools, also behind pip, to compile one module per core at a time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "parallel.cfg"
        settings.write_text(f"[build_ext]\nparallel = {cores}\n", encoding="utf-8")
        yield {"DIST_EXTRA_CONFIG": str(settings)}


def _require_compiler() -> None:
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if os.name != "nt" and not any(shutil.which(name) for name in (compiler, "cc", "gcc", "clang")):
        require(["gcc", "libc6-dev"], "The engine has to be compiled, and this machine has no C compiler")
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        require([_python_package("dev")], "Python.h, which belongs to the headers of this Python, is missing")


def _require_venv_module() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        require([_python_package("venv")], "This Python cannot make virtual environments with pip inside")


def _python_package(part: str) -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}-{part}"


def _environment_works() -> bool:
    """Whether `.venv` holds a Python of this version with a pip that starts."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    ask = "import sys, pip; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([PYTHON, "-c", ask], capture_output=True, text=True)
    except OSError:
        return False
    return answer.returncode == 0 and answer.stdout.strip() == version


def _metadata_hash() -> str:
    """Hash of what pyproject.toml says about building and installing, without the settings of tools."""
    project = _project()
    said = [project["build-system"], project["project"], project["tool"]["setuptools"], PYTHON_ABI]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _sources_hash() -> str:
    """Hash of everything that the compiled modules are made from; generated sources are no input."""
    engine = ROOT / "actcore"
    sources = [ROOT / "setup.py", engine / "registry.py", *(engine / "_build").rglob("*.py")]
    for suffix in ("*.pyx", "*.pxd", "*.pxi", "*.h"):
        sources += [path for path in engine.rglob(suffix) if not path.name.startswith("blocks_")]
    digest = hashlib.sha256(PYTHON_ABI.encode())
    for path in sorted(sources):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _compiled_modules() -> list[Path]:
    suffix = "*.pyd" if os.name == "nt" else "*.so"
    return list((ROOT / "actcore").rglob(suffix))


def _module_lost(stamp: dict[str, Any]) -> bool:
    return not all((ROOT / name).exists() for name in stamp["modules"])


def _read_stamp() -> dict[str, Any]:
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}
