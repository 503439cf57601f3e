"""The launcher on the desktop."""

from __future__ import annotations

import configparser
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gui import shortcut

ROOT = Path(__file__).resolve().parent.parent.parent


def entry(launcher: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(launcher, encoding="utf-8")
    return parser["Desktop Entry"]


def test_the_launcher_starts_this_environment_and_has_its_icon(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    launcher = shortcut.install_shortcut()
    assert launcher == tmp_path / "applications" / "actcore.desktop"
    written = entry(launcher)
    assert Path(shlex.split(written["Exec"])[0]).parent == Path(sys.executable).parent
    assert (tmp_path / f"icons/hicolor/scalable/apps/{written['Icon']}.svg").exists()
    assert written["Terminal"] == "false"


def test_the_option_writes_it_without_a_display(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    command = [sys.executable, "-m", "gui", "--install-shortcut"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "applications" / "actcore.desktop").exists()


def test_strange_folders_are_quoted():
    assert shortcut._quoted('/a b/"c"/$d/50%') == '"/a b/\\"c\\"/\\$d/50%%"'


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    with pytest.raises(shortcut.ShortcutError, match="cannot be written"):
        shortcut.install_shortcut()
