"""Which activations the app offers, and an activation with parameters as the models keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf, isfinite
from typing import Protocol, TypeVar

import actcore

Parameters = tuple[tuple[str, float], ...]
"""Names and values of an activation's parameters, in the order of the names."""


class Chosen(Protocol):
    """What an activation is chosen for: a neuron or a layer."""

    @property
    def activation(self) -> str: ...

    @property
    def parameters(self) -> Parameters: ...


Kind = TypeVar("Kind", bound=Chosen)


def offered() -> list[str]:
    """Return the names of the activations that are defined for every pre-activation.

    The inverses, such as the logit, are not: a neuron's weighted sum may be any number.
    """
    return [name for name in actcore.names() if _takes_all(name)]


def check_activation(name: object, parameters: object) -> tuple[str, Parameters]:
    """Return an activation's name and parameters as a model keeps them; a file has named both.

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
    return name, pairs


def activation_of(chosen: Chosen) -> actcore.Activation:
    """Return the registry's activation with the parameters of a neuron or a layer."""
    activation: actcore.Activation = actcore.get(chosen.activation, dialect=None, **dict(chosen.parameters))
    return activation


def with_parameter(chosen: Kind, name: str, value: float) -> Kind:
    """Return a neuron or a layer with one parameter of its activation set; a value that is the default is not kept."""
    kept = {**dict(chosen.parameters), name: value}
    if value == actcore.get(chosen.activation).spec.defaults[name]:
        del kept[name]
    return replace(chosen, parameters=tuple(sorted(kept.items())))  # type: ignore[type-var]


def _takes_all(name: str) -> bool:
    return bool(actcore.get(name).spec.domain == (-inf, inf))
