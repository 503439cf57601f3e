"""Measure the app: frame intervals while training at full speed, slider to pixels, idle load, memory, start.

Run ``python scripts/bench_gui.py`` (off screen); ``--quick`` for a shorter run. Every line says what it should be.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as gui/__main__.py sets both
os.environ.setdefault("QT_NO_GUI_THREADPOOL", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication

from gui.controller.app import FRAME_MS, AppController, build
from gui.model.network import Layer, NetworkState
from gui.model.session import Session

ROOT = Path(__file__).resolve().parents[1]
SIZES = ((1280, 800), (1920, 1080))
NETWORKS = {"2-8-8-1": 2, "2-8-8-8-8-1": 4}


def run_for(seconds: float) -> None:
    """Let the app run by itself."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def open_app(app: QApplication, session: Session, size: tuple[int, int]) -> AppController:
    controller = build(app, session)
    controller.window.resize(*size)
    controller.window.show()
    controller.start()
    run_for(0.5)
    return controller


def close_app(controller: AppController) -> None:
    controller.close()
    controller.window.close()


def empty_intervals(seconds: float) -> float:
    """Intervals of a timer like the app's that does nothing, in ms, p99: what the machine itself adds."""
    moments: list[float] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(FRAME_MS)
    timer.timeout.connect(lambda: moments.append(time.perf_counter()))
    timer.start()
    run_for(seconds)
    timer.stop()
    return float(np.percentile(1e3 * np.diff(moments), 99))


def frame_intervals(app: QApplication, layers: int, size: tuple[int, int], seconds: float) -> tuple[str, float]:
    """Intervals between frames, in ms, while the network trains as fast as it can, and the window's share of them."""
    network = NetworkState().changed(hidden=(Layer(8, "tanh"),) * layers, speed=None)
    controller = open_app(app, Session(lab="network", network=network), size)
    controller.lab.toggle_play()
    run_for(0.5)
    moments: list[float] = []
    tick = controller.tick

    def timed() -> None:
        tick()
        moments.append(time.perf_counter())

    controller._timer.timeout.disconnect()
    controller._timer.timeout.connect(timed)
    first, start, used = controller.lab.worker.snapshot.step, time.perf_counter(), time.thread_time()
    run_for(seconds)
    rate = (controller.lab.worker.snapshot.step - first) / (time.perf_counter() - start)
    work = 1e3 * (time.thread_time() - used) / len(moments)
    close_app(controller)
    intervals = 1e3 * np.diff(moments)
    p50, p99 = np.percentile(intervals, (50, 99))
    return f"p50 {p50:5.1f} ms   p99 {p99:5.1f} ms   work {work:4.1f} ms a frame   {rate:9,.0f} steps/s", p99


def slider_to_pixels(app: QApplication, size: tuple[int, int], moves: int) -> float:
    """From a slider's event to the new frame painted, in ms, p95."""
    controller = open_app(app, Session(), size)
    slider = controller.labs["neuron"].view.sliders["w1"]
    taken = []
    for move in range(moves):
        start = time.perf_counter()
        slider.changing.emit(np.sin(move / 5.0))
        controller.tick()
        app.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        taken.append(1e3 * (time.perf_counter() - start))
    close_app(controller)
    return float(np.percentile(taken[5:], 95))


def idle_share(app: QApplication, lab: str, seconds: float) -> float:
    """Share of a core used while nothing happens."""
    controller = open_app(app, Session(lab=lab), SIZES[0])
    run_for(1.0)
    used, start = time.process_time(), time.perf_counter()
    run_for(seconds)
    share = (time.process_time() - used) / (time.perf_counter() - start)
    close_app(controller)
    return share


def memory_growth(app: QApplication, frames: int) -> float:
    """MiB gained over many frames, each with something new to draw, after a tenth of them as warm-up."""
    controller = build(app, Session())
    controller.window.show()
    for frame in range(frames):
        neuron = replace(controller.document.session.neuron, w1=float(np.sin(frame / 50)))
        controller.document.show(neuron=neuron)
        controller.tick()
        app.processEvents()
        if frame == frames // 10:
            before = _resident()
    grown = _resident() - before
    close_app(controller)
    return grown


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def start_seconds() -> float:
    """From the start of the process to the first frame of the window, best of three: a warm disk."""
    code = (
        "import sys; sys.argv = ['actcore-gui']\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from gui.controller.app import build\n"
        "from gui.model.session import Session\n"
        "app = QApplication([]); controller = build(app, Session())\n"
        "controller.window.show(); controller.tick(); app.processEvents()\n"
        "import os; os._exit(0)"
    )
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
        taken.append(time.perf_counter() - start)
    return min(taken)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="shorter runs: for a look, not for a record")
    quick = parser.parse_args().quick
    app = QApplication([])
    missed = []

    def report(what: str, text: str, fine: bool, goal: str) -> None:
        print(f"{what:44} {text}   goal {goal}{'' if fine else '   MISSED'}", flush=True)
        if not fine:
            missed.append(what)

    if (load := os.getloadavg()[0]) > 0.5:
        print(f"other work runs on this machine (load {load:.1f}): the timings are too long, judge none by them")
    start = start_seconds()
    report("start to first frame", f"{start:.2f} s", start <= 1.5, "<= 1.5 s")
    for size in SIZES:
        for name, layers in NETWORKS.items():
            text, p99 = frame_intervals(app, layers, size, 3.0 if quick else 10.0)
            empty = empty_intervals(2.0)
            print(f"{'an empty timer, just before':44} p99 {empty:5.1f} ms")
            report(f"frame interval, {name}, {size[0]}x{size[1]}", text, p99 <= 20.0, "p99 <= 20 ms")
        delay = slider_to_pixels(app, size, 60 if quick else 300)
        report(f"slider to pixels, {size[0]}x{size[1]}", f"p95 {delay:.1f} ms", delay <= 16.0, "p95 <= 16 ms")
    for lab in ("neuron", "network"):
        share = idle_share(app, lab, 3.0 if quick else 10.0)
        report(f"idle, {lab} lab", f"{share:.1%} of a core", share < 0.02, "< 2 %")
    frames = 1000 if quick else 10_000
    grown = memory_growth(app, frames)
    report(f"memory over {frames:,} frames", f"{grown:+.1f} MiB", grown < 8.0, "flat")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
