"""The virtual environment of a checkout: made once, then brought up to date only where something changed.

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

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
from collections.abc import Iterable, Sequence
from pathlib import Path

from _system_packages import SetupError, require

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "actcore-stamp.json"
HEARTBEAT_SECONDS = 20.0

Stamp = dict[str, str | list[str]]


def prepare(extras: Iterable[str]) -> Path:
    """Bring `.venv` up to date with this checkout and return its Python.

    What was done last is written to a stamp inside the environment: a hash of the requirements, and one
    of every file that the compiled modules are made from. Nothing runs again while both stand.

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

    wanted = set(extras)
    installed = set(stamp.get("extras", ()))
    requirements_changed = stamp.get("requirements") != _requirements_hash()
    sources_changed = stamp.get("sources") != _sources_hash() or not _modules_present(stamp)
    if requirements_changed or not wanted <= installed:
        wanted |= installed
        _install_requirements(wanted)
    if requirements_changed or sources_changed:
        _build()
    if requirements_changed:
        run_step(
            "Installing actcore into the environment (editable)",
            [
                str(PYTHON),
                "-m",
                "pip",
                "install",
                "--no-build-isolation",
                "--no-deps",
                "-e",
                str(ROOT),
            ],
        )
    _write_stamp(
        {
            "requirements": _requirements_hash(),
            "extras": sorted(wanted | installed),
            "sources": _sources_hash(),
            "modules": sorted(str(path.relative_to(ROOT)) for path in _compiled_modules()),
        }
    )
    return PYTHON


def run_step(title: str, command: Sequence[str]) -> None:
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
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
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


def _install_requirements(extras: set[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    optional = project["project"]["optional-dependencies"]
    unknown = extras - set(optional)
    if unknown:
        raise SetupError(f"pyproject.toml has no extra named {', '.join(sorted(unknown))}.")
    requirements = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    requirements += [line for extra in sorted(extras) for line in optional[extra]]
    names = ", ".join(dict.fromkeys(_distribution_name(line) for line in requirements))
    run_step(f"Installing {names}", [str(PYTHON), "-m", "pip", "install", *requirements])


def _distribution_name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    return match[0] if match else requirement


def _build() -> None:
    _require_compiler()
    jobs = str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    run_step(
        "Compiling the engine (the first time takes a few minutes)",
        [
            str(PYTHON),
            "setup.py",
            "build_ext",
            "--inplace",
            "--parallel",
            jobs,
        ],
    )


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


def _requirements_hash() -> str:
    return _hash([ROOT / "pyproject.toml"])


def _sources_hash() -> str:
    """Hash of everything that the compiled modules are made from; generated sources are no input."""
    engine = ROOT / "actcore"
    sources = [ROOT / "setup.py", engine / "registry.py", *(engine / "_build").rglob("*.py")]
    for suffix in ("*.pyx", "*.pxd", "*.pxi", "*.h"):
        sources += [path for path in engine.rglob(suffix) if not path.name.startswith("blocks_")]
    return _hash(sorted(sources))


def _hash(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for path in paths:
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _compiled_modules() -> list[Path]:
    suffix = "*.pyd" if os.name == "nt" else "*.so"
    return list((ROOT / "actcore").rglob(suffix))


def _modules_present(stamp: Stamp) -> bool:
    modules = stamp.get("modules")
    return isinstance(modules, list) and bool(modules) and all((ROOT / name).exists() for name in modules)


def _read_stamp() -> Stamp:
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _write_stamp(stamp: Stamp) -> None:
    STAMP.write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")
