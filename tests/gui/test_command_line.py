"""The command line in processes of its own: pictures without a display, and refusals in a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gui.engine import networks
from gui.model.network import NetworkState
from gui.model.neuron import Neuron
from gui.model.session import Session, save

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    command = [sys.executable, "-m", "gui", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize("lab", ["neuron", "network"])
def test_a_snapshot_is_drawn_without_a_display(tmp_path, lab):
    result = run("--lab", lab, "--snapshot", str(tmp_path / "lab.png"), "--size", "1200x720")
    assert result.returncode == 0, result.stderr
    image = np.asarray(Image.open(tmp_path / "lab.png").convert("RGB"))
    assert image.shape == (720, 1200, 3)
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 500


def test_a_snapshot_is_the_same_each_time(tmp_path):
    for name in ("one.png", "two.png"):
        assert run("--lab", "network", "--snapshot", str(tmp_path / name)).returncode == 0
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_scale_theme_and_session(tmp_path):
    save(Session(neuron=Neuron(activation="relu", w1=1.0)), tmp_path / "work.json")
    result = run(
        *("--session", str(tmp_path / "work.json"), "--theme", "dark", "--scale", "2"),
        *("--size", "1200x720", "--snapshot", str(tmp_path / "lab.png")),
    )
    assert result.returncode == 0, result.stderr
    image = np.asarray(Image.open(tmp_path / "lab.png").convert("RGB"))
    assert image.shape == (1440, 2400, 3)
    assert image.mean() < 110


def test_a_picture_of_a_session_shows_its_weights(tmp_path):
    state = NetworkState()
    network = replace(state, checkpoint=networks.first_weights(state))
    pictures = []
    for name, kept in (("untrained", network), ("bare", state)):
        save(Session(lab="network", network=kept), tmp_path / f"{name}.json")
        result = run("--session", str(tmp_path / f"{name}.json"), "--snapshot", str(tmp_path / f"{name}.png"))
        assert result.returncode == 0, result.stderr
        pictures.append((tmp_path / f"{name}.png").read_bytes())
    assert run("--lab", "network", "--snapshot", str(tmp_path / "new.png")).returncode == 0
    # Without weights in the file it is as good as a new one, which is trained a little to be worth a picture.
    assert pictures[0] != pictures[1] == (tmp_path / "new.png").read_bytes()


def test_a_recording_moves(tmp_path):
    result = run("--record", str(tmp_path / "lab.gif"), "--seconds", "0.3", "--size", "1200x700")
    assert result.returncode == 0, result.stderr
    with Image.open(tmp_path / "lab.gif") as film:
        assert film.n_frames == 6
        film.seek(0)
        first = np.asarray(film.convert("RGB")).astype(int)
        film.seek(5)
        assert np.abs(np.asarray(film.convert("RGB")).astype(int) - first).max() > 50


def test_version():
    import actcore

    assert run("--version").stdout.strip() == f"actcore {actcore.__version__}"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ((), 2, "--snapshot"),
        (("--session", "nowhere.json"), 2, "no display"),
        (("--session", "nowhere.json", "--snapshot", "x.png"), 1, "cannot be read"),
        (("--snapshot", "nowhere/x.png"), 1, "cannot be written"),
        (("--lab", "kitchen"), 2, "kitchen"),
        (("--size", "big", "--snapshot", "x.png"), 2, "1280x800"),
    ],
)
def test_what_does_not_work_is_said_in_a_sentence(arguments, status, words):
    result = run(*arguments)
    assert result.returncode == status
    assert words in result.stderr
    assert "Traceback" not in result.stderr
