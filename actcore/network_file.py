"""Networks as files: NumPy's ``.npz`` with a JSON header, and no pickle."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from actcore.activation import Activation
from actcore.along_axis import Axiswise
from actcore.formula import Formula, formula
from actcore.network import MLP

FORMAT = "actcore network"
VERSION = 1

#: What reading a damaged archive may raise.
_DAMAGE = (ValueError, LookupError, TypeError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


def save_network(net: MLP, path: str | os.PathLike[str]) -> None:
    """Write a network to a file that ``load_network`` reads.

    Parameters
    ----------
    net : MLP
        The network.
    path : str or path
        Where to; the file is replaced at once when everything is written.

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile, actcore as ac
    >>> net = ac.MLP([2, 3, 1], activation=ac.leaky_relu.bind(negative_slope=0.2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ac.save_network(net, folder + "/net.npz")
    ...     twin = ac.load_network(folder + "/net.npz")
    >>> twin
    <actcore MLP 2-3-1 (leaky_relu, linear), float32>
    """
    header = {
        "format": FORMAT,
        "version": VERSION,
        "sizes": list(net.sizes),
        "activations": [_described(f) for f in net.activations],
        "dtype": str(net.dtype),
        "init": net.init,
        "init_scale": net.init_scale,
        "seed": net.seed,
    }
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    target = Path(path)
    partial = target.with_name(target.name + ".partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, header=text, parameters=net.parameters)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _described(function: Activation | Axiswise) -> dict[str, Any]:
    """Return what names an activation in a header; a formula by its text."""
    if isinstance(function, Axiswise):
        return {"name": function.name, "parameters": {}}
    parameters = {name: float(value) for name, value in function.parameters.items()}
    named = {"formula": function.text} if isinstance(function, Formula) else {"name": function.name}
    return {**named, "parameters": parameters}


def _activation(described: dict[str, Any]) -> Activation | Axiswise:
    """Undo `_described`."""
    from actcore import get

    parameters = described["parameters"]
    return formula(described["formula"], **parameters) if "formula" in described else get(described["name"], **parameters)


def load_network(path: str | os.PathLike[str]) -> MLP:
    """Read a network that ``save_network`` wrote.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    MLP
        With the same bits in its parameters.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is no such file, is damaged, or comes from a newer version.

    Examples
    --------
    See ``save_network``.
    """
    content = io.BytesIO(Path(path).read_bytes())
    try:
        with np.load(content, allow_pickle=False) as file:
            header, parameters = json.loads(file["header"].tobytes()), file["parameters"]
    except _DAMAGE:
        raise ValueError(
            f"{os.fspath(path)} is not a complete network file: it was cut off, damaged, or written by something else"
        ) from None
    try:
        return _network(header, parameters)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, MemoryError) as error:
        raise ValueError(f"{os.fspath(path)} cannot be read as a network: {error}") from None


def _network(header: dict[str, Any], parameters: Any) -> MLP:
    """Return the network that header and parameters describe."""
    if header.get("format") != FORMAT:
        raise ValueError(f"its header does not say {FORMAT!r}")
    if header["version"] > VERSION:
        raise ValueError(f"it has format version {header['version']}, and this release reads up to {VERSION}; update actcore")
    functions = [_activation(each) for each in header["activations"]]
    net = MLP(
        header["sizes"],
        functions[:-1],
        functions[-1],
        header["init"],
        header["seed"],
        header["dtype"],
        header["init_scale"],
    )
    if parameters.shape != net.parameters.shape or parameters.dtype != net.dtype:
        raise ValueError(
            f"its parameters are {parameters.shape} {parameters.dtype}, and its header describes {net.parameters.shape} {net.dtype}"
        )
    net.parameters[...] = parameters
    return net
