"""The offline installer: it installs, and whatever is wrong ends in one sentence with nothing left behind."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pip
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import build_wheelhouse  # noqa: E402

pytestmark = pytest.mark.checkout

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
ENGINE = "actcore-9.9-py3-none-any.whl"


def write_wheel(folder: Path, name: str, version: str, files: dict[str, bytes]) -> None:
    """Write a wheel of pure Python with just the metadata that pip asks for."""
    information = f"{name}-{version}.dist-info"
    files = files | {
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{information}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record.append(f"{path},sha256={digest},{len(content)}")
    files[f"{information}/RECORD"] = "\n".join([*record, f"{information}/RECORD,,", ""]).encode()
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, content in files.items():
            wheel.writestr(path, content)


@pytest.fixture(scope="module")
def complete_folder(tmp_path_factory):
    """Give a wheelhouse of a tiny engine, made by the same code as the real one."""
    folder = tmp_path_factory.mktemp("wheelhouse")
    wheels = folder / "wheels"
    wheels.mkdir()
    write_wheel(wheels, "actcore", "9.9", {"actcore/__init__.py": b"", "actcore/__main__.py": b"print('checked')\n"})
    package = Path(pip.__file__).parent
    sources = [path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    files = {str(path.relative_to(package.parent)): path.read_bytes() for path in sources}
    write_wheel(wheels, "pip", pip.__version__, files)
    build_wheelhouse.complete(folder, PYTHON, build_wheelhouse.this_platform(), gui=False)
    return folder


@pytest.fixture
def wheelhouse(complete_folder, tmp_path):
    """Give a copy that a test may damage."""
    return Path(shutil.copytree(complete_folder, tmp_path / "wheelhouse"))


def install(wheelhouse: Path, target: Path, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, wheelhouse / "install.py", "--to", target]
    return subprocess.run(command, capture_output=True, text=True, **options)


def refused(wheelhouse: Path, **options) -> str:
    """Try to install, see that nothing is left, and return the one sentence that was said."""
    target = wheelhouse.parent / "environment"
    done = install(wheelhouse, target, **options)
    assert done.returncode == 1
    assert not target.exists()
    (sentence,) = done.stderr.splitlines()
    return sentence


def change_manifest(wheelhouse: Path, **entries) -> None:
    path = wheelhouse / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def test_installs_whatever_the_environment_says(wheelhouse, tmp_path):
    settings = {"PIP_INDEX_URL": "http://127.0.0.1:1/", "PIP_USER": "1", "PIP_TARGET": str(tmp_path / "no")}
    hostile = dict(os.environ, PYTHONPATH=str(tmp_path), **settings)
    done = install(wheelhouse, tmp_path / "environment", env=hostile)
    assert done.returncode == 0, done.stderr
    python = tmp_path / "environment" / "bin" / "python"
    said = subprocess.run([python, "-m", "actcore"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout == "checked\n"
    assert not (tmp_path / "no").exists()


def test_tampered_wheel(wheelhouse):
    wheel = wheelhouse / "wheels" / ENGINE
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    assert f"wheels/{ENGINE} is not the file it was" in refused(wheelhouse)


def test_tampered_wheel_with_a_forged_manifest(wheelhouse):
    wheel = wheelhouse / "wheels" / ENGINE
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    files = json.loads((wheelhouse / "manifest.json").read_text())["files"]
    forged = hashlib.sha256(wheel.read_bytes()).hexdigest()
    change_manifest(wheelhouse, files=files | {f"wheels/{ENGINE}": forged})
    assert "Installing did not work" in refused(wheelhouse)


def test_missing_wheel(wheelhouse):
    (wheelhouse / "wheels" / ENGINE).unlink()
    assert f"wheels/{ENGINE} is missing" in refused(wheelhouse)


def test_folder_that_was_never_finished(wheelhouse):
    (wheelhouse / "manifest.json").unlink()
    assert "is not complete" in refused(wheelhouse)


def test_damaged_manifest(wheelhouse):
    (wheelhouse / "manifest.json").write_text("{")
    assert "is damaged" in refused(wheelhouse)


def test_wrong_python(wheelhouse):
    change_manifest(wheelhouse, python="3.10")
    assert f"for Python 3.10, this is Python {PYTHON}" in refused(wheelhouse)


def test_wrong_machine(wheelhouse):
    change_manifest(wheelhouse, platform="linux_s390x")
    assert "These wheels are for linux_s390x" in refused(wheelhouse)


def test_full_disk_is_seen_before_anything_is_written(wheelhouse):
    change_manifest(wheelhouse, installed_bytes=1 << 60)
    assert "MiB are needed" in refused(wheelhouse)


def test_disk_that_refuses_midway(wheelhouse):
    small = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))}
    assert refused(wheelhouse, **small)


def test_engine_that_does_not_work_here(wheelhouse):
    change_manifest(wheelhouse, check=[["-c", "raise SystemExit('no such instruction')"]])
    assert "The installed engine does not work: no such instruction" in refused(wheelhouse)


def test_existing_place_is_left_alone(wheelhouse, tmp_path):
    target = tmp_path / "mine"
    target.mkdir()
    (target / "work.txt").write_text("kept")
    done = install(wheelhouse, target)
    assert done.returncode == 1
    assert "exists already" in done.stderr
    assert (target / "work.txt").read_text() == "kept"


def test_old_python_is_told_so(wheelhouse):
    code = (
        "import runpy, sys; sys.version_info = (3, 9, 2, 'final', 0); "
        f"runpy.run_path({str(wheelhouse / 'install.py')!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == "actcore needs Python 3.11 or newer, and this is Python 3.9.\n"
