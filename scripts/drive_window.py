"""Drive the app in a real window: start it under Xvfb, and play one story with mouse and keys through xdotool.

The story: choose XOR, train, swap the activation to ReLU while it trains, pause, drag a weight, undo, save, reopen,
quit, and start again on the work that was left. Before and after each step the session is saved, and the files are
compared. Needs Xvfb, xdotool and a window manager (openbox); it is a check by hand and for releases, not one of the
tests.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WINDOW = (1280, 800)
NEEDED = ("Xvfb", "xdotool", "openbox")

# Where things are in the window, from the same layout built off screen: name to place.
PLACES = """
import json
from PySide6.QtWidgets import QApplication
from gui.controller.app import build
from gui.model.session import Session
from gui.view.diagram_geometry import Place
app = QApplication([])
app.setOrganizationName("actcore"); app.setApplicationName("actcore")
controller = build(app, Session(lab="network"))
window = controller.window
window.resize(*{size}); window.show(); controller.tick(); app.processEvents()
view = controller.lab.view
def middle(widget, point=None):
    place = widget.mapTo(window, point if point is not None else widget.rect().center())
    return [place.x(), place.y()]
edge = view.diagram.geometry_map.middle(Place(3, 0, 7)).toPoint()
print(json.dumps({{
    "xor": middle(view.data.buttons["xor"]), "train": middle(view.bar.play),
    "activation": middle(view.bar.chooser.menu), "edge": middle(view.diagram, edge),
}}))
controller.close()
"""


class Story:
    """The running app and the hand that drives it."""

    def __init__(self, display: str, folder: Path) -> None:
        homes = {"XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
        self.folder = folder
        self._environment = {**os.environ, **homes, "DISPLAY": display}
        self._environment.pop("QT_QPA_PLATFORM", None)
        offscreen = {**self._environment, "QT_QPA_PLATFORM": "offscreen"}
        code = PLACES.format(size=WINDOW)
        found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=offscreen, stdout=subprocess.PIPE, text=True, check=True)
        self.places: dict[str, list[int]] = json.loads(found.stdout)
        self.start("--lab", "network")

    def start(self, *arguments: str) -> None:
        """Start the app, and wait for its window."""
        self.app = subprocess.Popen([sys.executable, "-m", "gui", *arguments], cwd=ROOT, env=self._environment)
        start = time.monotonic()
        self.window = ""
        while not self.window:
            if self.app.poll() is not None or time.monotonic() - start > 30:
                raise RuntimeError("the window did not come")
            time.sleep(0.05)
            self.window = self.hand("search", "--onlyvisible", "--name", "^actcore$", check=False).strip().split("\n")[-1]
        print(f"window after {time.monotonic() - start:.1f} s")
        self.hand("windowactivate", "--sync", self.window)
        self.hand("windowsize", "--sync", self.window, *map(str, WINDOW))
        time.sleep(0.5)

    def hand(self, *arguments: str, check: bool = True) -> str:
        """One call of xdotool."""
        command = ["xdotool", *arguments]
        result = subprocess.run(command, env=self._environment, stdout=subprocess.PIPE, text=True, check=check)
        return result.stdout

    def move(self, name: str, up: int = 0) -> None:
        x, y = self.places[name]
        self.hand("mousemove", "--window", self.window, str(x), str(y - up))

    def click(self, name: str, wait: float = 0.5) -> None:
        self.move(name)
        self.hand("click", "1")
        time.sleep(wait)

    def key(self, *keys: str) -> None:
        self.hand("key", *keys)
        time.sleep(0.6)

    def drag(self, name: str, up: int) -> None:
        self.move(name)
        self.hand("mousedown", "1")
        for share in range(1, 9):
            self.move(name, up * share // 8)
            time.sleep(0.03)
        self.hand("mouseup", "1")
        time.sleep(0.4)

    def answer(self, path: Path) -> None:
        """Type a path into the file dialog that is open."""
        time.sleep(0.8)
        self.hand("type", "--delay", "10", str(path))
        self.key("Return")
        time.sleep(0.6)

    def saved(self, name: str) -> dict[str, Any]:
        """Save the session under a name, and read it."""
        path = self.folder / f"{name}.json"
        self.key("ctrl+shift+s")
        self.answer(path)
        network: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["network"]
        return network

    def picture(self, path: str) -> None:
        if shutil.which("import"):
            subprocess.run(["import", "-window", "root", path], env=self._environment, check=True)


def tell(story: Story) -> None:
    """Play the story; raises AssertionError where it does not go as it should."""
    story.click("xor")
    story.click("train", wait=3.0)
    story.click("activation")
    story.hand("type", "--delay", "40", "ReLU")
    story.key("Return")
    time.sleep(1.0)
    story.click("train")
    before = story.saved("before")
    assert before["data"]["kind"] == "xor"
    assert all(layer["activation"] == "relu" for layer in before["hidden"])
    assert before["checkpoint"]["step"] > 100
    story.drag("edge", up=40)
    dragged = story.saved("dragged")
    pairs = zip(before["checkpoint"]["parameters"], dragged["checkpoint"]["parameters"], strict=True)
    assert sum(old != new for old, new in pairs) == 1, "the drag changed other than one weight"
    story.key("ctrl+z")
    undone = story.saved("undone")
    assert undone["checkpoint"] == before["checkpoint"], "undo did not restore the weights"
    story.key("ctrl+1")
    story.key("ctrl+o")
    story.answer(story.folder / "dragged.json")
    reopened = story.saved("reopened")
    assert reopened["checkpoint"] == dragged["checkpoint"], "the file did not come back as it was"
    story.key("ctrl+t")
    story.picture(str(story.folder / "end.png"))
    assert story.app.poll() is None, "the app ended on the way"
    story.key("ctrl+q")
    assert story.app.wait(timeout=10) == 0
    story.start()
    resumed = story.saved("resumed")
    assert resumed == reopened, "what was left is not there at the next start"
    story.key("ctrl+q")
    assert story.app.wait(timeout=10) == 0


def main() -> int:
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        print(f"This check needs {', '.join(missing)}: apt-get install xvfb xdotool openbox", file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="actcore-window-"))
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1600x1000x24"],
        pass_fds=[writer],
        stderr=subprocess.DEVNULL,
    )
    display = ":" + os.read(reader, 16).decode().strip()
    manager = subprocess.Popen(["openbox"], env={**os.environ, "DISPLAY": display}, stderr=subprocess.DEVNULL)
    time.sleep(1.0)  # the window manager has to be there before the window
    story = None
    try:
        story = Story(display, folder)
        tell(story)
    except Exception:
        if story is not None:
            story.picture(str(folder / "failed.png"))
        raise
    finally:
        for process in (story.app if story is not None else None, manager, server):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait()
    print(f"the story went as it should; its files are in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
