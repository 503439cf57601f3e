"""Prove that a wheelhouse installs and works on a machine without a network (Linux).

    python3 scripts/verify_wheelhouse.py FOLDER

Everything happens in a namespace without a network and in an environment without inherited settings: the installation,
the engine's self-check, and, where Qt is inside, a picture drawn by the app.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _interpreters import choose
from _system_packages import SetupError

PNG = b"\x89PNG\r\n\x1a\n"


def offline(home: Path, command: list[str | Path], **variables: str) -> str:
    """Run a command in a namespace without a network, from the root folder, and return what it wrote."""
    clean = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PIP_CONFIG_FILE": "/dev/null",
        **variables,
    }
    settings = [f"{name}={value}" for name, value in clean.items()]
    inside = ["unshare", "--map-root-user", "--net", "env", "-i", *settings, *map(str, command)]
    done = subprocess.run(inside, cwd="/", capture_output=True, text=True)
    if done.returncode != 0:
        raise SetupError(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


def verify(wheelhouse: Path, home: Path) -> None:
    """Install from `wheelhouse` below `home` and try everything.

    Raises
    ------
    SetupError
        With the output of the first command that did not do what it should.
    """
    manifest = json.loads((wheelhouse / "manifest.json").read_text(encoding="utf-8"))
    interpreter = choose([manifest["python"]])[0].path
    interfaces = offline(home, [interpreter, "-c", "import socket; print(*(n for _, n in socket.if_nameindex()))"])
    if interfaces.split() not in (["lo"], []):
        raise SetupError(f"The namespace has a network: {interfaces}")
    print(offline(home, [interpreter, wheelhouse / "install.py", "--to", home / "installed"]).strip())

    python = home / "installed" / "bin" / "python"
    where = offline(home, [python, "-c", "import actcore; print(actcore.__file__)"]).strip()
    if not Path(where).is_relative_to(home / "installed"):
        raise SetupError(f"actcore was imported from {where}, not from the new environment.")
    print(offline(home, [python, "-m", "actcore", "--self-check"]).strip())
    print(
        offline(home, [python, "-m", "actcore", "--self-check"], ACTCORE_ISA="base").splitlines()[-1],
        "(base)",
    )

    app = python.with_name("actcore-gui")
    if any(name.startswith("wheels/pyside6") for name in manifest["files"]):
        for lab in ("neuron", "network"):
            picture = home / f"{lab}.png"
            offline(home, [app, "--lab", lab, "--snapshot", picture])
            content = picture.read_bytes()
            if not content.startswith(PNG) or len(content) < 10_000:
                raise SetupError(f"{app} drew no picture of the {lab} lab.")
            print(f"The app drew the {lab} lab: {len(content)} bytes.")


def main() -> int:
    """Verify the folder; exit code 0 when all of it works."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder.resolve()
    started = time.monotonic()
    try:
        if shutil.which("unshare") is None:
            raise SetupError("unshare (util-linux) is needed to take the network away.")
        if not (folder / "manifest.json").exists():
            raise SetupError(f"{folder} is not a complete wheelhouse: manifest.json is missing.")
        with tempfile.TemporaryDirectory() as home:
            verify(folder, Path(home))
    except SetupError as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"Verified without a network in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
