"""The two commands: what they say, and what they do not do twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import _environment  # noqa: E402
import _system_packages  # noqa: E402

pytestmark = pytest.mark.checkout

SOURCES = ["setup.py", "actcore/registry.py", "actcore/kernel.pxd", "actcore/_build/blocks.py"]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Give `prepare` a small checkout of its own and record the steps it takes instead of taking them."""
    (tmp_path / "actcore" / "_build").mkdir(parents=True)
    (tmp_path / ".venv").mkdir()
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for name in SOURCES:
        (tmp_path / name).write_text("first\n")
    steps: list[str] = []

    def record(title, command, **variables):
        kinds = ("venv", "-e", "pip", "build_ext")
        steps.append(next(kind for kind in kinds if kind in command))
        (tmp_path / "actcore" / "kernel.so").touch()

    monkeypatch.setattr(_environment, "ROOT", tmp_path)
    monkeypatch.setattr(_environment, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(_environment, "STAMP", tmp_path / ".venv" / "stamp.json")
    monkeypatch.setattr(_environment, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(_environment, "run_step", record)
    return tmp_path, steps


def test_first_run_installs_requirements_and_package(checkout):
    _, steps = checkout
    _environment.prepare(["gui"])
    assert steps == ["pip", "-e"]


def test_second_run_does_nothing(checkout):
    _, steps = checkout
    _environment.prepare(["gui", "test"])
    steps.clear()
    _environment.prepare(["gui", "test"])
    _environment.prepare(["gui"])
    assert steps == []


@pytest.mark.parametrize("name", SOURCES)
def test_changed_source_is_compiled_again(checkout, name):
    folder, steps = checkout
    _environment.prepare(["gui"])
    steps.clear()
    (folder / name).write_text("second\n")
    _environment.prepare(["gui"])
    assert steps == ["build_ext"]


def test_lost_module_is_compiled_again(checkout):
    folder, steps = checkout
    _environment.prepare(["gui"])
    steps.clear()
    (folder / "actcore" / "kernel.so").unlink()
    _environment.prepare(["gui"])
    assert steps == ["build_ext"]


def test_another_extra_is_installed_without_a_build(checkout):
    _, steps = checkout
    _environment.prepare(["gui"])
    steps.clear()
    _environment.prepare(["test"])
    assert steps == ["pip"]


def test_tools_alone_need_no_engine(checkout):
    _, steps = checkout
    _environment.prepare(["wheels"], engine=False)
    assert steps == ["pip"]
    _environment.prepare(["wheels"])
    assert steps == ["pip", "-e"]


def test_tool_settings_are_no_reason_to_compile(checkout):
    folder, steps = checkout
    _environment.prepare(["gui"])
    steps.clear()
    settings = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(settings.replace("line-length = 132", "line-length = 100"))
    _environment.prepare(["gui"])
    assert steps == []


def test_broken_environment_is_made_anew(checkout, monkeypatch):
    folder, steps = checkout
    _environment.prepare(["gui"])
    steps.clear()
    monkeypatch.setattr(_environment, "PYTHON", folder / "no-such-python")
    _environment.prepare(["gui"])
    assert steps[0] == "venv"


def test_failed_step_shows_its_last_words(capfd):
    with pytest.raises(_system_packages.SetupError, match=r"out of luck\n\nDoing it failed with exit code 3"):
        _environment.run_step("Doing it", [sys.executable, "-c", "print('out of luck'); raise SystemExit(3)"])
    assert "Doing it …" in capfd.readouterr().out


def test_missing_packages_without_rights_give_one_line(monkeypatch):
    monkeypatch.setattr(_system_packages.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(_system_packages.shutil, "which", lambda name: name)
    with pytest.raises(_system_packages.SetupError, match=r"sudo apt-get install .* libegl1 libgl1$"):
        _system_packages.require(["libegl1", "libgl1"], "Qt needs them")


def test_missing_library_is_seen(monkeypatch):
    monkeypatch.setattr(_system_packages, "QT_LIBRARIES", {"libno-such-thing.so.0": "no-such-thing"})
    assert "no-such-thing" in _system_packages.missing_for_qt(display=False)


@pytest.mark.parametrize("script", ["launch.py", "test.py"])
def test_old_python_is_told_so(script):
    code = (
        "import runpy, sys; sys.version_info = (3, 9, 2, 'final', 0); "
        f"runpy.run_path({str(ROOT / 'scripts' / script)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "actcore needs Python 3.11 or newer, and this is Python 3.9.\n"


def test_launch_without_a_display_names_the_way_out():
    bare = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    command = [sys.executable, ROOT / "scripts" / "launch.py"]
    done = subprocess.run(command, env=bare, capture_output=True, text=True)
    if sys.platform.startswith("linux"):
        assert done.returncode == 2
        assert "--snapshot" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
