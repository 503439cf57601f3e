"""Install actcore from this folder, without a network and without pip's configuration.

    python3 install.py [--to FOLDER]

An environment is made in FOLDER (./actcore-environment unless told otherwise), the wheels beside this file go
into it, each checked against its hash, and the engine checks itself. Whatever goes wrong, nothing stays half
installed.
"""

import sys

if sys.version_info < (3, 11):  # said before anything that an older Python could not read
    sys.exit("actcore needs Python 3.11 or newer, and this is Python %d.%d." % sys.version_info[:2])

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MEBIBYTE = 1 << 20


class InstallError(Exception):
    """What stands in the way, in a sentence."""


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the folder should hold; it is written last, so a folder without it is not complete."""
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return manifest
    except FileNotFoundError:
        raise InstallError(f"{folder} is not complete: manifest.json is missing. Copy it again.") from None
    except ValueError:
        raise InstallError(f"{folder} is damaged: manifest.json cannot be read. Copy it again.") from None


def check_python(manifest: dict[str, Any]) -> None:
    """Refuse another Python or another platform than the wheels were made for."""
    python = "%d.%d" % sys.version_info[:2] + ("t" if sysconfig.get_config_var("Py_GIL_DISABLED") else "")
    if python != manifest["python"]:
        wanted = manifest["python"]
        raise InstallError(f"These wheels are for Python {wanted}, this is Python {python}: run python{wanted} install.py")
    system, machine = manifest["platform"].split("_", 1)
    systems = {"linux": "Linux", "macosx": "Darwin", "win": "Windows"}
    if (systems[system], machine) != (platform.system(), platform.machine().lower()):
        here = f"{platform.system()} on {platform.machine()}"
        raise InstallError(f"These wheels are for {manifest['platform']}, and this machine is {here}.")


def check_files(folder: Path, manifest: dict[str, Any]) -> None:
    """Compare every file with the hash that was taken when the folder was made."""
    for name, expected in manifest["files"].items():
        try:
            content = (folder / name).read_bytes()
        except OSError:
            raise InstallError(f"{name} is missing from {folder}. Copy the folder again.") from None
        if hashlib.sha256(content).hexdigest() != expected:
            raise InstallError(f"{name} is not the file it was: its SHA-256 differs. Copy the folder again.")


def check_space(target: Path, manifest: dict[str, Any]) -> None:
    """Refuse a disk that could not hold the environment."""
    place = target
    while not place.exists():
        place = place.parent
    free, needed = shutil.disk_usage(place).free, manifest["installed_bytes"]
    if free < needed:
        raise InstallError(f"There are {free // MEBIBYTE} MiB free at {place}; {needed // MEBIBYTE} MiB are needed.")


def clean_environment() -> dict[str, str]:
    """The environment without anything that would change what pip and Python do."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON", "VIRTUAL_ENV"))}
    return {**kept, "PIP_CONFIG_FILE": os.devnull}


def run(why: str, command: list[Any]) -> None:
    """Run a command quietly; when it fails, say why and show its last words."""
    done = subprocess.run(command, env=clean_environment(), cwd=HERE, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).strip().splitlines()
        full = any("No space left on device" in line for line in lines)
        raise InstallError("The disk is full." if full else f"{why}: {' '.join(lines[-3:])}")


def install(folder: Path, target: Path) -> Path:
    """Make the environment and put the wheels into it; return its Python.

    pip runs from its own wheel, so this works where Python came without it, as Debian's does.
    """
    manifest = read_manifest(folder)
    if target.exists():
        raise InstallError(f"{target} exists already. Remove it, or choose another place with --to FOLDER.")
    check_python(manifest)
    check_files(folder, manifest)
    check_space(target, manifest)
    try:
        print(f"Making an environment in {target}", flush=True)
        venv.create(target, with_pip=False, symlinks=os.name != "nt")
        python = target / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        print(f"Installing {len(manifest['files'])} files", flush=True)
        pip = [python, folder / manifest["pip"] / "pip", "--isolated", "--disable-pip-version-check"]
        offline = ["--no-index", "--no-cache-dir", "--only-binary=:all:", "--find-links", folder / "wheels"]
        pinned = ["--require-hashes", "-r", folder / "requirements.txt"]
        run("Installing did not work", [*pip, "--python", python, "install", *offline, *pinned])
        run("The installed packages do not fit together", [*pip, "--python", python, "check"])
        for arguments in manifest["check"]:
            run("The installed engine does not work", [python, *arguments])
    except BaseException as problem:
        shutil.rmtree(target, ignore_errors=True)
        if isinstance(problem, OSError):
            raise InstallError(f"{target} could not be written: {problem.strerror or problem}.") from None
        raise
    return python


def main() -> int:
    """Install, and say how to start; one sentence and exit code 1 when that cannot be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=Path("actcore-environment"), metavar="FOLDER")
    target = parser.parse_args().to.absolute()
    try:
        python = install(HERE, target)
    except InstallError as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"Installed. In scripts: {python}")
    app = python.with_name("actcore-gui.exe" if os.name == "nt" else "actcore-gui")
    if (HERE / "system-packages.txt").exists():
        print(f"The app: {app}\nIf it does not start, Qt needs the packages listed in system-packages.txt.")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("Stopped; nothing was installed.", file=sys.stderr)
        sys.exit(130)
