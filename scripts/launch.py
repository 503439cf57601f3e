"""Open the app from a checkout: make the environment, compile the engine, start.

All arguments go to the app, for example

    python3 scripts/launch.py --lab network
    python3 scripts/launch.py --lab neuron --snapshot neuron.png
"""

import os
import sys

if sys.version_info < (3, 11):  # said before anything that an older Python could not read
    sys.exit("actcore needs Python 3.11 or newer, and this is Python %d.%d." % sys.version_info[:2])

import subprocess

from _environment import ROOT, prepare
from _system_packages import SetupError, missing_for_qt, require

NEEDS_NO_DISPLAY = ("--snapshot", "--record", "--install-shortcut", "--version", "--help", "-h")


def main(arguments: list[str]) -> int:
    """Prepare everything and run the app with `arguments`; return its exit code."""
    display = not sys.platform.startswith("linux") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    offscreen = any(argument.split("=")[0] in NEEDS_NO_DISPLAY for argument in arguments)
    if not display and not offscreen and not os.environ.get("QT_QPA_PLATFORM"):
        print(
            "There is no display to open a window on; `--snapshot OUT.png` draws the app into a picture.",
            file=sys.stderr,
        )
        return 2
    try:
        require(missing_for_qt(display=not offscreen), "Qt needs libraries that this system lacks")
        python = prepare(["gui"])
    except SetupError as problem:
        print(problem, file=sys.stderr)
        return 1
    environment = dict(os.environ)
    # Worker threads that spin between the small regions of an interactive app would burn a whole core.
    environment.setdefault("OMP_WAIT_POLICY", "passive")
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH")]))
    return subprocess.run([python, "-m", "gui", *arguments], env=environment).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
