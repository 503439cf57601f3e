"""The app among the desktop's other apps: its launcher and icon, as freedesktop.org lays them down."""

from __future__ import annotations

import os
import sys
from importlib import resources
from pathlib import Path

NAME = "actcore"


class ShortcutError(Exception):
    """Why there can be no launcher, in a sentence."""


def install_shortcut() -> Path:
    """Write the launcher and the icon into the person's own data folder, over older ones; return the launcher.

    Raises
    ------
    ShortcutError
        On a system without freedesktop.org launchers, or when the folder cannot be written.
    """
    if not sys.platform.startswith("linux"):
        raise ShortcutError("Launchers are written on Linux only; elsewhere pin actcore-gui by hand.")
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    files = resources.files(__package__)
    launcher = data / "applications" / f"{NAME}.desktop"
    icon = data / "icons" / "hicolor" / "scalable" / "apps" / f"{NAME}.svg"
    text = files.joinpath(f"{NAME}.desktop").read_text(encoding="utf-8")
    try:
        for path, content in (
            (launcher, text.replace("Exec=actcore-gui", f"Exec={_command()}")),
            (icon, files.joinpath(f"{NAME}.svg").read_text(encoding="utf-8")),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise ShortcutError(f"The launcher cannot be written: {error}") from error
    return launcher


def _command() -> str:
    """How the launcher starts the app: with the very environment that runs now, wherever PATH points later."""
    program = Path(sys.executable).with_name("actcore-gui")
    words = [str(program)] if program.exists() else [sys.executable, "-m", str(__package__)]
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    """Quote a word by the rules of the desktop entry specification."""
    for special in '\\"`$':
        word = word.replace(special, "\\" + special)
    return f'"{word}"'.replace("%", "%%")
