"""Make a folder from which actcore installs without a network: wheels, hashes, an installer.

    python3 scripts/build_wheelhouse.py --gui
    python3 scripts/build_wheelhouse.py --python 3.12 --platform linux_x86_64 --output FOLDER --archive

Copy the folder to the other machine and run `python3 install.py` in it. An interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import build_wheels
from _environment import ROOT, prepare, run_step
from _system_packages import FONT_PACKAGE, QT_LIBRARIES, XCB_LIBRARIES, SetupError

GLIBC = range(34, 4, -1)  # Qt's wheels and the bundled OpenMP runtime need glibc 2.34
PLATFORMS = {
    "linux_x86_64": [*(f"manylinux_2_{minor}_x86_64" for minor in GLIBC), "manylinux2014_x86_64"],
    "linux_aarch64": [*(f"manylinux_2_{minor}_aarch64" for minor in GLIBC), "manylinux2014_aarch64"],
    "macosx_arm64": [f"macosx_{major}_0_{arch}" for major in range(14, 10, -1) for arch in ("arm64", "universal2")],
    "macosx_x86_64": [f"macosx_{major}_0_{arch}" for major in range(14, 9, -1) for arch in ("x86_64", "universal2")],
    "win_amd64": ["win_amd64"],
}
README = """\
actcore {version} for Python {python} on {platform}, to be installed without a network.

1. python{python} install.py                     (makes ./actcore-environment; another place: --to FOLDER)
2. actcore-environment/bin/python -m actcore --self-check
{app}
install.py checks every file against its SHA-256 first and leaves nothing behind when something is wrong.
To check a copy of this folder:   sha256sum --check SHA256SUMS
requirements.txt pins every package by hash; pip can use it directly:
    pip install --no-index --find-links wheels --require-hashes -r requirements.txt
"""
APP = """\
3. actcore-environment/bin/actcore-gui           (the app; it needs the packages of system-packages.txt{debian})
"""


def download(python: Path, wheel: Path, gui: bool, wanted: str, target: str, wheels: Path) -> None:
    """Put the wheel and the wheels of everything it needs, and of pip, into `wheels`."""
    digits = wanted.replace(".", "")
    command = [str(python), "-m", "pip", "download", "--only-binary=:all:", "--dest", str(wheels)]
    command += ["--implementation", "cp", "--python-version", wanted.removesuffix("t")]
    command += [f"--abi={abi}" for abi in (f"cp{digits}", "abi3", "none")]
    command += [f"--platform={tag}" for tag in PLATFORMS[target]]
    command += [f"{wheel}[gui]" if gui else str(wheel), "pip"]
    wheels.mkdir(parents=True, exist_ok=True)
    for stale in wheels.glob("actcore-*.whl"):
        stale.unlink()
    run_step("Downloading what it needs", command)
    names = [path.name.split("-")[0].lower() for path in wheels.glob("*.whl")]
    if len(names) != len(set(names)):  # an older run left another version
        shutil.rmtree(wheels)
        download(python, wheel, gui, wanted, target, wheels)


def requirements(wheels: Path) -> str:
    """Every wheel of the folder by name, version and hash."""
    lines = []
    for wheel in sorted(wheels.glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        lines.append(f"{name}=={version} --hash=sha256:{build_wheels.sha256(wheel)}\n")
    return "".join(lines)


def download_debian_packages(folder: Path) -> None:
    """Put Qt's Debian packages and what they depend on, short of the base system, into `folder`."""
    if shutil.which("apt-get") is None:
        raise SetupError("--debian-packages needs apt, and this is no Debian.")
    paragraphs = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True).stdout.split("\n\n")
    always_there = re.compile(r"^Priority: (?:required|important)$", re.MULTILINE)
    base = [text.split("\n", 1)[0].removeprefix("Package: ") for text in paragraphs if always_there.search(text)]
    names = sorted(with_dependencies(qt_packages()) - with_dependencies(base))
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.deb"):
        if stale.name.split("_")[0] not in names:
            stale.unlink()
    missing = [name for name in names if not list(folder.glob(f"{name}_*.deb"))]
    if missing:
        fetch = ["apt-get", "-o", "APT::Sandbox::User=root", "download", *missing]
        run_step(f"Downloading {len(missing)} Debian packages", ["env", "-C", str(folder), *fetch])


def with_dependencies(packages: list[str]) -> set[str]:
    """What apt would install for these packages on a machine that has nothing."""
    with tempfile.NamedTemporaryFile() as nothing:
        fresh = ["-o", f"Dir::State::status={nothing.name}", "-o", "Debug::NoLocking=1", "--no-install-recommends"]
        done = subprocess.run(["apt-get", "--simulate", *fresh, "install", *packages], capture_output=True, text=True)
    if done.returncode != 0:
        raise SetupError(f"apt cannot resolve Qt's packages; run apt-get update first: {done.stderr.strip()}")
    return set(re.findall(r"^Inst (\S+)", done.stdout, re.MULTILINE))


def qt_packages() -> list[str]:
    """The Debian packages that the app needs on a machine with an X display."""
    return [*QT_LIBRARIES.values(), *XCB_LIBRARIES.values(), FONT_PACKAGE]


def complete(folder: Path, wanted: str, target: str, gui: bool) -> None:
    """Write everything beside the wheels; the manifest last, because a folder with one is complete."""
    wheels = folder / "wheels"
    (folder / "requirements.txt").write_text(requirements(wheels), encoding="utf-8")
    shutil.copy(ROOT / "scripts" / "offline_install.py", folder / "install.py")
    version = next(wheels.glob("actcore-*.whl")).name.split("-")[1]
    debian = "; on Debian: sudo apt install ./debian/*.deb" if (folder / "debian").exists() else ""
    app = APP.format(debian=debian) if gui else ""
    text = README.format(version=version, python=wanted, platform=target, app=app)
    (folder / "README.txt").write_text(text, encoding="utf-8")
    checks = [["-m", "actcore", "--self-check"]]
    if gui and target.startswith("linux"):
        (folder / "system-packages.txt").write_text("\n".join(sorted(qt_packages())) + "\n", encoding="utf-8")
    unpacked = sum(entry.file_size for wheel in wheels.glob("*.whl") for entry in zipfile.ZipFile(wheel).infolist())
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in NOT_HASHED]
    hashes = {str(path.relative_to(folder)): build_wheels.sha256(path) for path in files}
    sums = "".join(f"{digest}  {name}\n" for name, digest in hashes.items())
    (folder / "SHA256SUMS").write_text(sums, encoding="utf-8")
    manifest = {
        "python": wanted,
        "platform": target,
        "pip": str(next(wheels.glob("pip-*.whl")).relative_to(folder)),
        "installed_bytes": unpacked * 5 // 4,  # compiled byte code and the environment itself
        "check": checks,
        "files": hashes,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


NOT_HASHED = ("manifest.json", "SHA256SUMS")


def pack(folder: Path) -> Path:
    """Write the folder as one archive beside it; the wheels inside are compressed already."""
    archive = folder.with_name(folder.name + ".tar")
    with tarfile.open(archive, "w") as packed:
        packed.add(folder, folder.name)
    return archive


def make(options: argparse.Namespace) -> Path:
    """Make the folder that `options` describe and return it."""
    python = prepare(["wheels"], engine=False)
    folder = options.output or ROOT / f"wheelhouse-{options.python}-{options.platform}{'-gui' if options.gui else ''}"
    (folder / "manifest.json").unlink(missing_ok=True)
    if options.wheels is None:
        options.wheels = folder.with_name(folder.name + ".build")
        build_wheels.make([options.python], options.wheels, twice=False)
    digits = options.python.replace(".", "")
    system = options.platform.split("_")[0].replace("linux", "manylinux")
    machine = options.platform.split("_", 1)[1]
    fitting = [
        wheel for wheel in options.wheels.glob(f"actcore-*-cp{digits}-*.whl") if system in wheel.name and machine in wheel.name
    ]
    if len(fitting) != 1:
        raise SetupError(
            f"{options.wheels} holds {len(fitting)} wheels of actcore for Python {options.python} on "
            f"{options.platform}, not one. A wheel for another system is built on that system; name its folder with "
            f"--wheels."
        )
    download(python, fitting[0], options.gui, options.python, options.platform, folder / "wheels")
    if options.debian_packages:
        download_debian_packages(folder / "debian")
    complete(folder, options.python, options.platform, options.gui)
    return Path(folder)


def this_platform() -> str:
    """The machine at hand, in the names of `PLATFORMS`."""
    system = {"linux": "linux", "darwin": "macosx", "win32": "win"}.get(sys.platform, sys.platform)
    return f"{system}_{platform.machine().lower()}"


def main() -> int:
    """Make the wheelhouse and say what to do with it."""
    this_python = f"{sys.version_info.major}.{sys.version_info.minor}"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=this_python, metavar="VERSION", help=f"default {this_python}")
    parser.add_argument("--platform", choices=PLATFORMS, default=this_platform())
    parser.add_argument("--gui", action="store_true", help="with the app and Qt")
    parser.add_argument("--debian-packages", action="store_true", help="with the Debian packages that Qt needs")
    parser.add_argument("--wheels", type=Path, metavar="FOLDER", help="take actcore's wheel from there, build none")
    parser.add_argument("--output", type=Path, metavar="FOLDER")
    parser.add_argument("--archive", action="store_true", help="also as one archive")
    options = parser.parse_args()
    try:
        folder = make(options)
    except SetupError as problem:
        print(problem, file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {size >> 20} MiB. Copy it and run there: python{options.python} install.py")
    if options.archive:
        print(pack(folder))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("Stopped; the next run goes on from here.", file=sys.stderr)
        sys.exit(130)
