"""What a finished wheel must be: contents, metadata, size, and no instruction that its CPU may lack."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

LARGEST = 4 << 20  # bytes, compressed
NO_PART_OF_A_WHEEL = (".c", ".cpp", ".pyx", ".o", ".html", ".pyc")
#: An AVX or newer instruction has a mnemonic that starts with v; AVX-512 shows in its registers.
VEX = re.compile(r"\t(v[a-z0-9]+|(?:andn|bls(?:i|r|msk)|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx)[lq]?)\s")
AVX512 = re.compile(r"%zmm|%k[1-7]\b|%[xy]mm(?:1[6-9]|2\d|3[01])\b")


def faults(wheel: Path, private: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for everything that is wrong with the wheel.

    `private` are paths of the machine that must not appear in any of its files.
    """
    if wheel.stat().st_size > LARGEST:
        yield f"{wheel.name} has {wheel.stat().st_size} bytes, more than {LARGEST}."
    if "-linux_" in wheel.name:
        yield f"{wheel.name} is tagged for this machine alone."
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
        names = archive.namelist()
        for name in names:
            if name.endswith(NO_PART_OF_A_WHEEL):
                yield f"{wheel.name} holds {name}, which is no part of a wheel."
            content = archive.read(name)
            for path in private:
                if path.encode() in content:
                    yield f"{wheel.name}: {name} names the build machine's {path}."
        yield from _metadata_faults(wheel.name, archive)
        modules = [Path(folder, name) for name in names if name.startswith("actcore/") and name.endswith(".so")]
        if not modules:
            yield f"{wheel.name} holds no compiled module."
        for module in modules:
            yield from machine_code_faults(module)


def _metadata_faults(name: str, archive: zipfile.ZipFile) -> Iterator[str]:
    information = next(entry for entry in archive.namelist() if entry.endswith(".dist-info/METADATA"))
    metadata = archive.read(information).decode()
    for line in (
        "Name: actcore",
        "License-Expression: MIT",
        "License-File: LICENSES_bundled.txt",
        "Requires-Python: >=3.11",
    ):
        if line not in metadata.splitlines():
            yield f"{name}: its metadata lack the line {line!r}."
    for wanted in ("actcore/py.typed", "actcore/registry.py", "actcore/loops.pxd", "actcore_gui/__main__.py"):
        if wanted not in archive.namelist():
            yield f"{name} lacks {wanted}."


def machine_code_faults(module: Path) -> Iterator[str]:
    """Yield a sentence if a module uses instructions of a newer CPU than its name promises (x86-64 only).

    Only ``blocks_v3`` may use AVX2 and only ``blocks_v4`` AVX-512; all others run on every x86-64 CPU.
    """
    if "x86_64" not in module.name or ".blocks_v4." in f".{module.name}":
        return
    forbidden, level = (AVX512, "AVX-512") if module.name.startswith("blocks_v3.") else (VEX, "AVX or BMI2")
    listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", module], capture_output=True, text=True, check=True)
    found = [line.strip() for line in listing.stdout.splitlines() if forbidden.search(line)]
    if found:
        yield f"{module.name} has {len(found)} instructions of {level}, the first: {found[0]}"
    symbols = subprocess.run(["nm", "-a", module], capture_output=True, text=True)
    if "set_fast_math" in symbols.stdout:
        yield f"{module.name} would switch the process to flush-to-zero (set_fast_math is linked in)."


def bundled_libraries(wheel: Path) -> dict[str, str]:
    """Shared libraries of others inside the wheel, with their SHA-256."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            Path(name).name: hashlib.sha256(archive.read(name)).hexdigest()
            for name in archive.namelist()
            if ".libs/" in name and not name.endswith("/")
        }
