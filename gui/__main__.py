"""Start the app: ``actcore-gui`` where installed, ``python -m gui`` in a checkout."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace

# Waiting OpenMP threads must sleep, not spin: the window needs the cores between two frames. Read once, when
# the engine loads its runtime.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# A picture is enlarged in 0.2 ms; handed out to Qt's threads, it waits for the cores that train: up to five frames.
os.environ.setdefault("QT_NO_GUI_THREADPOOL", "1")

import actcore

from .model.session import LABS, THEMES, Session, SessionError, load
from .shortcut import ShortcutError, install_shortcut

DEFAULT_SIZE = (1280, 800)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="actcore-gui", description="See what activation functions make of a neuron and a small network."
    )
    parser.add_argument("--lab", choices=LABS, help="the lab to show")
    parser.add_argument("--session", metavar="FILE.json", help="open a session file")
    parser.add_argument("--theme", choices=THEMES, help="light or dark")
    parser.add_argument("--snapshot", metavar="OUT.png", help="draw the lab into a PNG without a display, and end")
    parser.add_argument("--record", metavar="OUT.gif", help="draw the lab in motion into a GIF, and end")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of --record (default 4)")
    parser.add_argument("--size", type=_size, metavar="WxH", help="window size (default 1280x800)")
    parser.add_argument("--scale", type=float, help="enlarge everything, e.g. 2 for a display of twice the density")
    parser.add_argument("--install-shortcut", action="store_true", help="add the app to the desktop's menu, and end")
    parser.add_argument("--version", action="version", version=f"actcore {actcore.__version__}")
    return parser


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it like 1280x800")
    return int(width), int(height)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the app; returns the exit status."""
    arguments = _parser().parse_args(argv)
    if arguments.install_shortcut:
        try:
            print(f"Installed {install_shortcut()}")
        except ShortcutError as error:
            print(error, file=sys.stderr)
            return 1
        return 0
    drawing = arguments.snapshot or arguments.record
    if drawing:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    elif sys.platform == "linux" and not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        print(
            "There is no display to open a window on; --snapshot OUT.png draws into a file instead.",
            file=sys.stderr,
        )
        return 2
    if arguments.scale:
        os.environ["QT_SCALE_FACTOR"] = f"{arguments.scale:g}"
    try:
        session = load(arguments.session) if arguments.session else Session()
    except SessionError as error:
        print(error, file=sys.stderr)
        return 1
    from PySide6.QtWidgets import QApplication

    from .controller.app import build
    from .controller.errors import ErrorReporter
    from .controller.files import last_session
    from .controller.preferences import preferred_theme, remember, restore_window
    from .controller.recording import record, snapshot

    app = QApplication(sys.argv[:1])
    app.setOrganizationName("actcore")
    app.setApplicationName("actcore")
    app.setDesktopFileName("actcore")
    wanted = {name: getattr(arguments, name) for name in ("lab", "theme") if getattr(arguments, name)}
    if not drawing and not arguments.session:
        session = last_session() or session
        wanted.setdefault("theme", preferred_theme())
    controller = build(app, replace(session, **wanted))
    controller.window.resize(*(arguments.size or DEFAULT_SIZE))
    if not drawing and not arguments.size:
        restore_window(controller.window)
    controller.window.show()
    if drawing:
        try:
            if arguments.snapshot:
                snapshot(controller.lab, controller.window, arguments.snapshot)
            if arguments.record:
                record(controller.lab, controller.window, arguments.record, arguments.seconds)
        except OSError as error:
            print(f"The picture cannot be written: {error}", file=sys.stderr)
            return 1
        finally:
            controller.close()
        return 0
    ErrorReporter(controller.window, controller.files.autosave).install()
    if arguments.session:  # who asks for a file wants that one; what a crash left waits for the next start
        controller.files.opened(arguments.session)
    else:
        controller.files.begin()
    controller.files.start_autosave()
    controller.window.closing.connect(controller.files.keep_for_next_start)
    controller.window.closing.connect(lambda: remember(controller.window, controller.document.session))
    controller.start()
    return app.exec()


if __name__ == "__main__":
    raise SystemExit(main())
