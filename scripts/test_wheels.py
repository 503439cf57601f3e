"""Run the engine's tests against finished wheels, each installed in an environment of its own.

    python3 scripts/test_wheels.py                    every wheel in dist/ whose Python is on this machine
    python3 scripts/test_wheels.py --emulate Nehalem  the same on an emulated CPU without AVX (needs qemu-user)

Other arguments go to pytest.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _environment import ROOT, run_step
from _interpreters import choose
from _system_packages import SetupError, require


def emulate(python: Path, cpu: str) -> None:
    """Put a command in an interpreter's place that runs it on an emulated CPU.

    So every process that the tests start by ``sys.executable`` runs on that CPU too; the kernel would start it on the real one.
    """
    qemu = shutil.which("qemu-x86_64") or "qemu-x86_64"  # in full: a test may leave nothing on the path
    start = f'exec {shlex.quote(qemu)} -cpu {shlex.quote(cpu)} -0 "$0" {shlex.quote(str(python.resolve()))} "$@"'
    python.unlink()
    python.write_text(f"#!/bin/sh\n{start}\n", encoding="utf-8")
    python.chmod(0o755)


def test(wheel: Path, emulated_cpu: str | None, for_pytest: list[str]) -> int:
    """Install the wheel in a new environment, run the tests there, and return pytest's exit code."""
    digits = wheel.name.split("-")[2].removeprefix("cp")
    interpreter = choose([f"{digits[0]}.{digits[1:]}"])[0]
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        python = room / "environment" / "bin" / "python"
        run_step(f"Making an environment of Python {interpreter.name}", [
            str(interpreter.path), "-m", "venv", str(room / "environment"),
        ])  # fmt: skip
        run_step(f"Installing {wheel.name}", [str(python), "-m", "pip", "install", f"{wheel}[test,interop,lint]"])
        if emulated_cpu:
            emulate(python, emulated_cpu)
            for_pytest = ["--timeout=1200", *for_pytest]  # a tenth of the speed
        command = [str(python), str(ROOT / "scripts" / "test_installed.py"), *for_pytest]
        started = time.monotonic()
        code = subprocess.run(command, cwd=room).returncode
        print(f"Python {interpreter.name}: {'passed' if code == 0 else 'failed'} in {time.monotonic() - started:.0f} s")
        return code


def main() -> int:
    """Test the wheels one after the other and return the exit code of the first failure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, default=ROOT / "dist", metavar="FOLDER")
    parser.add_argument("--python", metavar="VERSION", help="only the wheel of this version")
    parser.add_argument("--emulate", metavar="CPU", help="a CPU that qemu knows, such as Nehalem")
    options, for_pytest = parser.parse_known_args()
    try:
        if options.emulate and shutil.which("qemu-x86_64") is None:
            require(["qemu-user"], "Emulating a CPU needs qemu-user")
        digits = options.python.replace(".", "") if options.python else "*"
        wheels = sorted(options.wheels.resolve().glob(f"actcore-*-cp{digits}-*.whl"))
        if not wheels:
            raise SetupError(f"There is no such wheel in {options.wheels}; scripts/build_wheels.py makes them.")
        codes = [test(wheel, options.emulate, for_pytest) for wheel in wheels]
    except SetupError as problem:
        print(problem, file=sys.stderr)
        return 1
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
