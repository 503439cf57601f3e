"""Saving and loading networks: the same bits back, and damage named."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest

import actcore as ac


def network() -> ac.MLP:
    net = ac.MLP(
        [2, 5, 3],
        activation=ac.get("elu", alpha=0.7),
        output_activation="softmax",
        init="normal",
        init_scale=0.3,
        seed=9,
    )
    net.weights[0][0, 0] = 1 / 3
    return net


def header_of(path: Path) -> dict:
    with np.load(path) as file:
        return json.loads(file["header"].tobytes())


def rewrite(path: Path, **changes) -> None:
    with np.load(path) as file:
        parameters = file["parameters"]
    header = {**header_of(path), **changes}
    np.savez(path, header=np.frombuffer(json.dumps(header).encode(), np.uint8), parameters=parameters)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_comes_back_with_the_same_bits(tmp_path: Path, dtype: str) -> None:
    net = ac.MLP([3, 4, 4, 2], activation=["gelu", ac.leaky_relu.bind(negative_slope=0.3)], dtype=dtype, seed=2)
    ac.save_network(net, tmp_path / "net.npz")
    twin = ac.load_network(tmp_path / "net.npz")
    assert repr(twin) == repr(net)
    assert np.array_equal(twin.parameters, net.parameters)
    assert twin.activations[1].parameters == net.activations[1].parameters
    x = np.random.default_rng(0).normal(size=(20, 3))
    assert np.array_equal(twin.forward(x), net.forward(x))


def test_initialiser_and_seed_come_back(tmp_path: Path) -> None:
    net = network()
    ac.save_network(net, tmp_path / "net.npz")
    twin = ac.load_network(tmp_path / "net.npz")
    net.initialise()
    twin.initialise()
    assert np.array_equal(twin.parameters, net.parameters)
    assert (twin.init, twin.init_scale, twin.seed) == ("normal", 0.3, 9)


def test_nothing_half_written_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    ac.save_network(network(), path)
    ac.save_network(network(), path)
    assert [p.name for p in tmp_path.iterdir()] == ["net.npz"]


def test_a_file_cut_off_anywhere_is_named(tmp_path: Path) -> None:
    whole = tmp_path / "net.npz"
    ac.save_network(network(), whole)
    content = whole.read_bytes()
    cut = tmp_path / "cut.npz"
    for size in range(0, len(content), 97):
        cut.write_bytes(content[:size])
        with pytest.raises(ValueError, match="cut.npz is not a complete network file"):
            ac.load_network(cut)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    ac.save_network(network(), path)
    content = bytearray(path.read_bytes())
    content[content.rindex(b"NUMPY") + 140] ^= 1  # one bit of the parameters
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        ac.load_network(path)


@pytest.mark.parametrize("kind", ["text", "npy", "npz", "pickle"])
def test_a_foreign_file_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "other.npz"
    buffer = io.BytesIO()
    if kind == "npy":
        np.save(buffer, np.ones(3))
    elif kind == "npz":
        np.savez(buffer, weights=np.ones(3))
    elif kind == "pickle":
        np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    path.write_bytes(buffer.getvalue() or b"hello")
    with pytest.raises(ValueError, match="other.npz is not a complete network file"):
        ac.load_network(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "something"}, "does not say 'actcore network'"),
        ({"version": 99}, "version 99.*update actcore"),
        ({"sizes": [2, 6, 3]}, "its header describes"),
        ({"dtype": "float64"}, "its header describes"),
        ({"activations": [{"name": "nonesuch", "parameters": {}}] * 2}, "nonesuch"),
        ({"activations": 3}, "cannot be read"),
    ],
)
def test_a_header_that_does_not_fit_is_named(tmp_path: Path, change: dict, words: str) -> None:
    path = tmp_path / "net.npz"
    ac.save_network(network(), path)
    rewrite(path, **change)
    with pytest.raises(ValueError, match=words):
        ac.load_network(path)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ac.load_network(tmp_path / "none.npz")


def test_whatever_byte_is_damaged_the_error_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    ac.save_network(network(), path)
    whole = path.read_bytes()
    for at in range(len(whole)):
        for value in (0, 255, whole[at] ^ 1, whole[at] ^ 8):
            path.write_bytes(whole[:at] + bytes([value]) + whole[at + 1 :])
            with contextlib.suppress(ValueError):  # some bytes carry nothing
                assert np.array_equal(ac.load_network(path).parameters, network().parameters)


@pytest.mark.parametrize(
    "change", [{"sizes": [10**6, 10**6, 3]}, {"sizes": [2**70, 5, 3]}, {"activations": []}], ids=lambda change: str(change)[:20]
)
def test_a_header_beyond_all_bounds_is_named(tmp_path: Path, change: dict) -> None:
    path = tmp_path / "net.npz"
    ac.save_network(network(), path)
    rewrite(path, **change)
    with pytest.raises(ValueError, match="net.npz cannot be read as a network"):
        ac.load_network(path)


def test_numbers_of_numpy_are_saved_as_numbers(tmp_path: Path) -> None:
    elu = ac.elu.bind(alpha=np.float32(0.5))
    net = ac.MLP([1, 2, 1], activation=elu, init="constant", init_scale=np.float32(0.25))
    ac.save_network(net, tmp_path / "net.npz")
    twin = ac.load_network(tmp_path / "net.npz")
    assert twin.activations[0].parameters["alpha"] == 0.5 and twin.init_scale == 0.25
