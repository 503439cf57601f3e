"""Session files: what is written comes back, and what cannot be read is refused with a sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gui.model.neuron import Neuron
from gui.model.session import SCHEMA, Session, SessionError, load, save
from gui.model.sweep import Sweep


def test_a_session_comes_back_as_it_was(tmp_path):
    neuron = Neuron(1 / 3, -2.5, 1e-9, 2.0, -40.0, "leaky_relu", (("negative_slope", 0.3),))
    session = Session("network", "dark", neuron, Sweep("path", 0.0, 360.0, 2.5, False))
    save(session, tmp_path / "work.json")
    assert load(tmp_path / "work.json") == session


def _plain() -> dict:
    return Session().to_dict()


def _network(**layer: object) -> str:
    """A session file whose second layer has other values."""
    plain = _plain()
    plain["network"]["hidden"][1].update(layer)
    return json.dumps(plain)


WEIGHTS = [0.0] * Session().network.parameter_count


def _settings(**fields: object) -> str:
    """A session file whose network has other settings."""
    plain = _plain()
    plain["network"].update(fields)
    return json.dumps(plain)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not valid JSON"),
        ('{"format": "actcore session", "schema": 1', "not valid JSON"),
        ("[1, 2, 3]", "not a session file"),
        ('{"nodes": []}', "not a session file"),
        (json.dumps({**_plain(), "schema": SCHEMA + 1}), "newer version"),
        (json.dumps({**_plain(), "schema": "one"}), "damaged"),
        (json.dumps({**_plain(), "lab": "kitchen"}), "kitchen"),
        (json.dumps({k: v for k, v in _plain().items() if k != "neuron"}), "'neuron' is missing"),
        (json.dumps({**_plain(), "neuron": 3}), "damaged"),
        (json.dumps({**_plain(), "network": None}), "damaged"),
        (json.dumps({**_plain(), "neuron": {**_plain()["neuron"], "w1": 1e9}}), "w1"),
        (json.dumps({**_plain(), "neuron": {**_plain()["neuron"], "b": float("nan")}}), "b must be a finite"),
        (json.dumps({**_plain(), "neuron": {**_plain()["neuron"], "x1": True}}), "x1"),
        (json.dumps({**_plain(), "neuron": {**_plain()["neuron"], "activation": "nonsense"}}), "nonsense"),
        (json.dumps({**_plain(), "neuron": {**_plain()["neuron"], "parameters": {"slope": 1}}}), "slope"),
        (json.dumps({**_plain(), "sweep": {"seconds": 0}}), "between 0.2 and 60 seconds"),
        (json.dumps({**_plain(), "sweep": {"low": float("inf")}}), "finite numbers"),
        (_settings(stop_epoch=1e308), "epoch limit"),
        (_settings(stop_epoch=float("inf")), "damaged"),
        (_settings(stop_loss=float("nan")), "target loss"),
        (_settings(speed=float("nan")), "speed"),
        (_settings(speed=10**30), "speed"),
        (_settings(seed=-1), "seed"),
        (_settings(learning_rate="fast"), "damaged"),
        (_settings(hidden=3), "a value in it is of another kind than belongs there"),
        (_settings(checkpoint={"step": 0, "parameters": WEIGHTS, "course": [1]}), "of another kind than belongs there"),
        (_settings(checkpoint={"step": 1e308, "parameters": WEIGHTS}), "step of the kept weights"),
        (_settings(checkpoint={"step": 0, "parameters": [float("nan"), *WEIGHTS[1:]]}), "finite numbers"),
        (_settings(checkpoint={"step": 0, "parameters": [1e39, *WEIGHTS[1:]]}), "finite numbers"),
        (_settings(checkpoint={"step": 0, "parameters": WEIGHTS[1:]}), "has 105"),
        (_network(activation="logit"), "'logit' is not defined for every number"),
        (_network(activation="nonsense"), "no activation called 'nonsense'"),
        (_network(activation=["tanh"]), "no activation called"),
        (_network(parameters={"slope": 1}), "slope"),
        (_network(activation="leaky_relu", parameters={"negative_slope": float("inf")}), "finite number"),
        (_network(activation="leaky_relu", parameters={"negative_slope": "steep"}), "finite number"),
        (_network(activation="elu", parameters={"alpha": -1}), "alpha"),
        (_network(init="ones"), "no initialiser 'ones'"),
        (_network(units=0), "between 1 and 12 units"),
        (json.dumps({**_plain(), "neuron": {**_plain()["neuron"], "activation": "logit"}}), "'logit' is not defined"),
        ("[" * 100_000, "damaged"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(tmp_path, text, words):
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SessionError, match=words) as refusal:
        load(path)
    assert str(refusal.value).endswith(".") and not str(refusal.value).endswith("..")


def test_a_file_that_is_no_text_or_not_there(tmp_path):
    (tmp_path / "picture.json").write_bytes(bytes(range(256)))
    with pytest.raises(SessionError, match="not a session file"):
        load(tmp_path / "picture.json")
    with pytest.raises(SessionError, match="cannot be read"):
        load(tmp_path / "nowhere.json")


def test_a_failed_save_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "work.json"
    save(Session(), path)
    old = path.read_bytes()

    def fail(*_paths: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(SessionError, match="No space left"):
        save(Session(theme="dark"), path)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_model_and_engine_know_no_qt():
    """Importing all of them, in a fresh interpreter, loads neither Qt nor pyqtgraph."""
    root = Path(__file__).resolve().parents[2]
    names = [f"gui.{room}.{p.stem}" for room in ("model", "engine") for p in (root / "gui" / room).glob("*.py")]
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name.removesuffix('.__init__'))\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('PySide6', 'pyqtgraph', 'shiboken6')])"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
