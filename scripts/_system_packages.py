"""System libraries that pip cannot bring, and the Debian packages that hold them."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# library that Qt's own wheels link against -> Debian package
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
}
# needed besides when the window opens on an X display
XCB_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
FONT_PACKAGE = "fonts-dejavu-core"
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")


class SetupError(Exception):
    """Something the person at the keyboard has to know or do, said in a sentence."""


def missing_for_qt(display: bool) -> list[str]:
    """Debian packages that Qt needs and this machine lacks; with `display`, those of a real X window too."""
    if not sys.platform.startswith("linux"):
        return []
    wanted = QT_LIBRARIES | (XCB_LIBRARIES if display else {})
    missing = [package for library, package in wanted.items() if not _loads(library)]
    if not any(_has_fonts(Path(folder).expanduser()) for folder in FONT_FOLDERS):
        missing.append(FONT_PACKAGE)
    return missing


def require(packages: Sequence[str], why: str) -> None:
    """Install Debian packages when that is ours to do, else say the one line to run.

    Raises
    ------
    SetupError
        When the packages are missing and cannot be installed from here.
    """
    if not packages:
        return
    line = "apt-get install -y --no-install-recommends " + " ".join(packages)
    if shutil.which("apt-get") is None:
        raise SetupError(f"{why}. Install what your system calls these Debian packages: {' '.join(packages)}")
    if os.geteuid() != 0:
        raise SetupError(f"{why}. Run this, then start again:\n    sudo {line}")
    print(f"  {why}; installing {' '.join(packages)}", flush=True)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for command in (["apt-get", "update", "-qq"], [*line.split(), "-qq"]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        said = done.stderr.strip()
        raise SetupError(f"{why}, and installing did not work:\n{said}\nRun by hand:\n    {line}")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _has_fonts(folder: Path) -> bool:
    return any(path.suffix in (".ttf", ".otf", ".ttc") for path in folder.rglob("*.?t?"))
