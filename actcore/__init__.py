"""Neural-network activation functions and their derivatives: exact, parallel array functions for the CPU.

>>> import numpy as np, actcore as ac
>>> x = np.array([-1.0, 0.0, 1.0])
>>> ac.relu(x)
array([0., 0., 1.])
>>> ac.relu.derivative(x)
array([0., 0., 1.])
"""

from __future__ import annotations

import difflib
from typing import Any

from actcore.activation import Activation
from actcore.along_axis import Axiswise
from actcore.axiswise import of_row
from actcore.diagnosis import LayerDiagnosis, diagnose, linear_regions
from actcore.dialects import speak
from actcore.formula import Formula, formula
from actcore.network import MLP
from actcore.network_file import load_network, save_network
from actcore.randomised import GumbelSoftmax, RandomisedLeakyRelu
from actcore.registry import AXIS_ROWS, DIALECTS, ROWS
from actcore.runtime import get_num_threads, num_threads, set_num_threads, show_config
from actcore.sweep import Sweep, train_many
from actcore.training import Trainer

__version__ = "0.1.0"

_activations = {row.name: Activation(row) for row in ROWS}
_axiswise = {row.name: of_row(row) for row in AXIS_ROWS}
globals().update(_activations)
globals().update(_axiswise)
rrelu = RandomisedLeakyRelu(_activations["leaky_relu"])
gumbel_softmax = GumbelSoftmax(_axiswise["softmax"], _axiswise["hardmax"])


def names(tag: str | None = None, kind: str = "elementwise") -> list[str]:
    """Return the names of the functions, in the registry's order.

    Parameters
    ----------
    tag : str, optional
        Only those that carry this tag, e.g. ``"bounded"``.
    kind : {"elementwise", "axiswise"}, default "elementwise"
        Activations of single numbers, or functions along an axis such as softmax.

    Returns
    -------
    list of str
        Each a name for ``get`` and an attribute of the package.

    Raises
    ------
    ValueError
        If no function carries the tag, or `kind` is neither of the two.

    Examples
    --------
    >>> import actcore as ac
    >>> "tanh" in ac.names(tag="bounded")
    True
    """
    if kind not in ("elementwise", "axiswise"):
        raise ValueError(f"kind must be 'elementwise' or 'axiswise', not {kind!r}")
    rows = ROWS if kind == "elementwise" else AXIS_ROWS
    tags = sorted({t for row in rows for t in row.tags})
    if tag is not None and tag not in tags:
        raise ValueError(f"no function carries the tag {tag!r}; the tags are: {', '.join(tags)}")
    return [row.name for row in rows if tag is None or tag in row.tags]


def get(name: str | Activation | Axiswise, dialect: str | None = None, **parameters: Any) -> Any:
    """Return a function by name, with a system's defaults or with parameters bound.

    Parameters
    ----------
    name : str, Activation or Axiswise
        A name from ``names``; a function is returned itself, or a copy when parameters are given.
        ``rrelu`` and ``gumbel_softmax``, which draw random numbers, are attributes of the package alone.
    dialect : {"torch", "keras", "jax", "onnx"}, optional
        Take that system's parameter defaults and its derivative at kinks; goes with a name.
    **parameters : float or array
        Values to bind.

    Returns
    -------
    Activation or Axiswise
        The function.

    Raises
    ------
    ValueError
        If the name or the dialect is unknown, the system does not have the function, or a parameter is out of its bounds.
    TypeError
        If a keyword is not a parameter of the function, or `name` is neither a name nor a function.

    Examples
    --------
    >>> import actcore as ac
    >>> ac.get("leaky_relu", dialect="keras").parameters["negative_slope"]
    0.2
    """
    functions = {**_activations, **_axiswise}
    if isinstance(name, str) and name not in functions:
        close = difflib.get_close_matches(name.lower(), functions, 1)
        meant = f"did you mean {close[0]}? The" if close else "the"
        raise ValueError(f"no activation is called {name!r}; {meant} names are: {', '.join(functions)}")
    function = functions[name] if isinstance(name, str) else name
    if not isinstance(function, (Activation, Axiswise)):
        raise TypeError(f"name must be a string, an Activation or an Axiswise, not {name!r}")
    if dialect is not None:
        if function is name:
            raise TypeError(f"dialect goes with a name; {name!r} has its parameters already")
        if dialect not in DIALECTS:
            raise ValueError(f"dialect must be one of {', '.join(DIALECTS)}, not {dialect!r}")
        if dialect not in function.spec.spellings:
            raise ValueError(f"{dialect} has no function that corresponds to {name}")
    if isinstance(function, Axiswise):
        if parameters:
            raise TypeError(f"{function.name} has no parameter {next(iter(parameters))!r} to bind; it takes options with each call")
        return function
    return function.bind(**parameters) if dialect is None else speak(function.name, dialect, **parameters)


__all__ = [
    "MLP", "Activation", "Axiswise", "Formula", "LayerDiagnosis", "Sweep", "Trainer", "diagnose", "formula", "get",
    "get_num_threads", "gumbel_softmax", "linear_regions", "load_network", "names", "num_threads", "rrelu", "save_network",
    "set_num_threads", "show_config", "train_many",
]  # fmt: skip
__all__ += [*_activations, *_axiswise]
