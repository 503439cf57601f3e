"""The checks of finished wheels see what they are there to see."""

from __future__ import annotations

import platform
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import _wheel_checks  # noqa: E402
import build_wheels  # noqa: E402
import test_wheels as wheel_tests  # noqa: E402

pytestmark = pytest.mark.checkout

X86 = platform.machine() == "x86_64"
METADATA = "Name: actcore\nLicense-Expression: MIT\nLicense-File: LICENSES_bundled.txt\nRequires-Python: >=3.11\n"
WHOLE = {
    "actcore/py.typed": b"",
    "actcore/registry.py": b"",
    "actcore/loops.pxd": b"",
    "actcore_gui/__main__.py": b"",
    "actcore-1.0.dist-info/METADATA": METADATA.encode(),
}
ADD = "void add(float *y, const float *x) { for (int i = 0; i < 1024; ++i) y[i] += x[i]; }"


def compile_module(folder: Path, name: str, *flags: str) -> Path:
    module = folder / f"{name}.cpython-311-x86_64-linux-gnu.so"
    (folder / "add.c").write_text(ADD)
    command = ["cc", "-O3", "-shared", "-fPIC", *flags, str(folder / "add.c"), "-o", str(module)]
    subprocess.run(command, check=True, capture_output=True)
    return module


def write_wheel(folder: Path, files: dict[str, bytes], tag: str = "manylinux_2_34_x86_64") -> Path:
    (folder / "plain").mkdir(exist_ok=True)
    module = compile_module(folder / "plain", "loops")
    wheel = folder / f"actcore-1.0-cp311-cp311-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in {**files, f"actcore/{module.name}": module.read_bytes()}.items():
            archive.writestr(name, content)
    return wheel


def test_a_good_wheel_has_no_fault(tmp_path):
    assert list(_wheel_checks.faults(write_wheel(tmp_path, WHOLE), ["/somewhere/private"])) == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"actcore/loops.c": b""}, "holds actcore/loops.c"),
        ({"actcore/notes.txt": b"built in /somewhere/private"}, "names the build machine's /somewhere/private"),
        ({"actcore-1.0.dist-info/METADATA": b"Name: actcore\n"}, "lack the line 'License-Expression: MIT'"),
        ({"actcore/large.json": bytes(range(256)) * 20_000}, "more than 4194304"),
    ],
)
def test_a_faulty_wheel_is_told(tmp_path, files, said):
    faults = list(_wheel_checks.faults(write_wheel(tmp_path, WHOLE | files), ["/somewhere/private"]))
    assert any(said in fault for fault in faults)


def test_a_wheel_for_this_machine_alone_is_told(tmp_path):
    (fault,) = _wheel_checks.faults(write_wheel(tmp_path, WHOLE, "linux_x86_64"), [])
    assert "tagged for this machine alone" in fault


CASES = [
    ("blocks_base", (), None),
    ("blocks_base", ("-mavx2",), "AVX or BMI2"),
    ("loops", ("-march=x86-64-v4",), "AVX or BMI2"),
    ("blocks_v3", ("-march=x86-64-v3",), None),
    ("blocks_v3", ("-march=x86-64-v4", "-mprefer-vector-width=512"), "AVX-512"),
    ("blocks_v4", ("-march=x86-64-v4", "-mprefer-vector-width=512"), None),
]


@pytest.mark.parametrize(("name", "flags", "level"), CASES if X86 else [])
def test_instructions_are_seen_where_they_do_not_belong(tmp_path, name, flags, level):
    faults = list(_wheel_checks.machine_code_faults(compile_module(tmp_path, name, *flags)))
    assert [level in fault for fault in faults] == ([True] if level else [])


def test_the_modules_built_here_run_on_the_cpu_they_are_for():
    modules = sorted((ROOT / "actcore").rglob("*.so"))
    assert modules
    assert [fault for module in modules for fault in _wheel_checks.machine_code_faults(module)] == []


def test_repacked_sources_do_not_depend_on_owner_or_time(tmp_path):

    sums = []
    for k in (1, 2):
        tree = tmp_path / str(k) / "actcore-1.0"
        tree.mkdir(parents=True)
        for name in ("b.txt", "a.txt") if k == 1 else ("a.txt", "b.txt"):
            (tree / name).write_text(name)
        archive = tmp_path / str(k) / "actcore-1.0.tar.gz"
        with tarfile.open(archive, "w:gz") as packed:
            packed.add(tree, "actcore-1.0", filter=lambda entry, k=k: entry.replace(mtime=k, uid=k, deep=False))
        build_wheels.repack(archive, epoch=1_700_000_000)
        sums.append(build_wheels.sha256(archive))
    assert sums[0] == sums[1]


def test_an_emulated_interpreter_stays_one_for_the_processes_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "qemu-x86_64").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "qemu-x86_64").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (tmp_path / "python").symlink_to(sys.executable)
    wheel_tests.emulate(tmp_path / "python", "Nehalem")
    started = subprocess.run([tmp_path / "python", "-c", "1"], capture_output=True, text=True, check=True).stdout.splitlines()
    # `-0` is what the interpreter takes for its own name: the command that emulates it.
    real = str(Path(sys.executable).resolve())
    assert started == ["-cpu", "Nehalem", "-0", str(tmp_path / "python"), real, "-c", "1"]
