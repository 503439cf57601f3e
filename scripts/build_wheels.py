"""Build the wheels of actcore, one per Python, repaired, checked and with their hashes.

    python3 scripts/build_wheels.py                  for every supported Python that is found
    python3 scripts/build_wheels.py --python 3.11    for one (a version, or the path of an interpreter)
    python3 scripts/build_wheels.py --twice          build again in another folder and compare the bytes

All are built in isolation from the sources' archive, which is written too. There is one wheel per Python, not
one for the limited API, because that would make a call on few elements a fifth slower.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from _environment import ROOT, prepare, run_step, several_compilers
from _interpreters import Interpreter, choose
from _system_packages import SetupError, require
from _wheel_checks import bundled_libraries, faults

RUNTIME_LICENCE = "GPL-3.0-or-later WITH GCC-exception-3.1"
MEBIBYTE = 1 << 20


def build(python: Path, interpreters: Iterable[Interpreter], workshop: Path) -> list[Path]:
    """Build the sources' archive and from it one repaired wheel per interpreter; return them all."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or last_commit_time() or "1735689600"
    variables = {"SOURCE_DATE_EPOCH": epoch, "LDFLAGS": "-Wl,--build-id=none"}
    if sys.platform.startswith("linux"):
        # Python's own setting may name a folder of its installation, which would become each module's run path.
        variables["LDSHARED"] = f"{os.environ.get('CC', 'cc')} -pthread -shared"
    pack = [str(python), "-m", "build", "--sdist", "--outdir", str(workshop), str(ROOT)]
    run_step("Packing the sources", pack, **variables)
    archive = next(workshop.glob("*.tar.gz"))
    repack(archive, int(epoch))

    products = [archive]
    for interpreter in interpreters:
        room = workshop / interpreter.name
        with tarfile.open(archive) as sources:
            sources.extractall(room, filter="data")
        tree = room / archive.name.removesuffix(".tar.gz")
        compile_it = ["-m", "pip", "--python", str(interpreter.path), "wheel", "--no-deps", "--no-cache-dir"]
        command = [str(python), *compile_it, "--wheel-dir", str(room), str(tree)]
        with several_compilers() as together:
            run_step(f"Compiling the wheel for Python {interpreter.name}", command, **variables, **together)
        products.append(repair(python, next(room.glob("*.whl")), variables))
    return products


def last_commit_time() -> str:
    """Time of the last commit in seconds, or nothing outside a checkout."""
    done = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip()


def repack(archive: Path, epoch: int) -> None:
    """Write the archive again with one time, one owner and sorted members: the same bytes everywhere."""
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as sources:
            sources.extractall(folder, filter="data")
        files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        with (
            archive.open("wb") as raw,
            gzip.GzipFile("", "wb", 9, raw, mtime=epoch) as packed,
            tarfile.open(mode="w", fileobj=packed, format=tarfile.GNU_FORMAT) as sources,
        ):
            for path in files:
                entry = sources.gettarinfo(path, str(path.relative_to(folder)))
                entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = epoch, 0, 0, "", ""
                entry.mode = 0o755 if entry.mode & 0o100 else 0o644
                with path.open("rb") as content:
                    sources.addfile(entry, content)


def repair(python: Path, wheel: Path, variables: dict[str, str]) -> Path:
    """Bundle the OpenMP runtime privately, strip, and give the wheel the tag that its libraries allow."""
    if not sys.platform.startswith("linux"):
        return wheel  # delocate and delvewheel do this in the release workflow
    repaired = wheel.parent / "repaired"
    tools = os.pathsep.join([str(python.parent), os.environ["PATH"]])
    command = [str(python), "-m", "auditwheel", "repair", "--strip", "-w", str(repaired), str(wheel)]
    run_step("Bundling the OpenMP runtime", command, **variables, PATH=tools)
    return next(repaired.glob("*.whl"))


def write_sbom(products: list[Path], folder: Path) -> None:
    """Write a CycloneDX bill of materials: what was built, and the libraries that it bundles."""
    version = products[0].name.removesuffix(".tar.gz").split("-")[1]
    bundled = {}
    for product in products[1:]:
        bundled.update(bundled_libraries(product))
    files = [
        {"type": "file", "name": product.name, "hashes": [{"alg": "SHA-256", "content": sha256(product)}]} for product in products
    ]
    libraries = [
        {
            "type": "library",
            "name": name,
            "licenses": [{"expression": RUNTIME_LICENCE}],
            "hashes": [{"alg": "SHA-256", "content": digest}],
        }
        for name, digest in sorted(bundled.items())
    ]
    engine = {"type": "library", "name": "actcore", "version": version, "purl": f"pkg:pypi/actcore@{version}"}
    sbom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**engine, "licenses": [{"expression": "MIT"}]}},
        "components": files + libraries,
    }
    (folder / f"actcore-{version}.cdx.json").write_text(json.dumps(sbom, indent=1) + "\n", encoding="utf-8")


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS over everything else in the folder."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != "SHA256SUMS")
    lines = [f"{sha256(path)}  {path.name}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def compare(first: list[Path], second: list[Path]) -> None:
    """Refuse two builds that differ in a byte."""
    differing = [a.name for a, b in zip(first, second, strict=True) if a.name != b.name or sha256(a) != sha256(b)]
    if differing:
        raise SetupError(f"The second build gave other bytes: {', '.join(differing)}.")
    print(f"Built twice in two folders: the same bytes, {len(first)} files.")


def make(wanted: list[str] | None, output: Path, twice: bool) -> list[Path]:
    """Build everything into `output` and return the wheels there.

    Raises
    ------
    SetupError
        When a Python or a tool is missing, a build fails, or a wheel is not as it should be.
    """
    interpreters = choose(wanted)
    if shutil.which("objdump") is None:
        require(["binutils"], "The wheels' machine code is checked with objdump, which is missing")
    python = prepare(["wheels"], engine=False)
    with (
        tempfile.TemporaryDirectory(prefix="first-") as one,
        tempfile.TemporaryDirectory(prefix="another-") as two,
    ):
        products = build(python, interpreters, Path(one))
        if twice:
            compare(products, build(python, interpreters, Path(two)))
        wrong = [fault for wheel in products[1:] for fault in faults(wheel, [one, str(ROOT), str(Path.home())])]
        if wrong:
            raise SetupError("\n".join(wrong))
        output.mkdir(parents=True, exist_ok=True)
        for stale in [*output.glob("actcore-*.whl"), *output.glob("actcore-*.tar.gz")]:
            stale.unlink()
        kept = [Path(shutil.copy(product, output)) for product in products]
    write_sbom(kept, output)
    write_sums(output)
    return kept[1:]


def main() -> int:
    """Build, and say what was built; one sentence and exit code 1 when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", action="append", metavar="VERSION", help="3.11, 3.14t or a path; repeatable")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", metavar="FOLDER")
    parser.add_argument("--twice", action="store_true", help="build in two folders and compare the bytes")
    options = parser.parse_args()
    try:
        wheels = make(options.python, options.output, options.twice)
    except SetupError as problem:
        print(problem, file=sys.stderr)
        return 1
    for wheel in wheels:
        print(f"{wheel.name}: {wheel.stat().st_size / MEBIBYTE:.2f} MiB")
    print(f"Checked; hashes and bill of materials lie beside them in {options.output}.")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
