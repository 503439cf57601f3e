"""Which activations the app offers."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isfinite
from typing import Any

import actcore


def offered() -> list[str]:
    """Return the names of the activations that are defined for every pre-activation.

    The inverses, such as the logit, are not: a neuron's weighted sum may be any number.
    """
    return [name for name in actcore.names() if _takes_all(name)]


def check_activation(name: Any, parameters: Any) -> tuple[tuple[str, float], ...]:
    """Return the parameters of an activation in the order of a model; a file has named both.

    Raises
    ------
    ValueError
        With a sentence, if the app does not offer the activation or the parameters are not its own.
    """
    if not isinstance(name, str) or name not in actcore.names():
        raise ValueError(f"there is no activation called {name!r}")
    if not _takes_all(name):
        raise ValueError(f"the activation {name!r} is not defined for every number, so that no neuron can use it")
    if not isinstance(parameters, Mapping):
        raise ValueError(f"the parameters of {name!r} must be a table of names and numbers")
    for parameter, value in parameters.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
            raise ValueError(f"the parameter {parameter!r} of {name!r} must be a finite number, not {value!r}")
    pairs = tuple(sorted((str(parameter), float(value)) for parameter, value in parameters.items()))
    try:
        actcore.get(name, dialect=None, **dict(pairs))
    except TypeError as error:
        raise ValueError(str(error)) from error
    return pairs


def _takes_all(name: str) -> bool:
    return bool(actcore.get(name).spec.domain == (-inf, inf))
