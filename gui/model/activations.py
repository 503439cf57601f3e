"""Which activations the app offers, and an activation with parameters as the models keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from math import inf, isfinite
from typing import Protocol, TypeVar

import numpy as np

import actcore
from actcore.formula_text import unknowns

OWN = "= "
"""What the name of an activation begins with that is a formula of the user's own: ``"= x * tanh(x)"``."""
FARTHEST = 88.0
"""A formula has to give numbers for all pre-activations up to this: the largest sum of the Neuron lab."""
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


@cache
def named(name: str) -> actcore.Activation:
    """Return the activation that a model's name stands for; the unknowns of a formula become parameters.

    Raises
    ------
    ValueError
        With a sentence, if there is none.
    """
    if not name.startswith(OWN):
        if name not in actcore.names():
            raise ValueError(f"there is no activation called {name!r}")
        activation: actcore.Activation = actcore.get(name, dialect=None)
        return activation
    text = name.removeprefix(OWN)
    formula: actcore.Activation = actcore.formula(text, **dict.fromkeys(unknowns(text), 1.0))
    at = _without_value(formula)
    if at is not None:
        raise ValueError(f"at x = {at:.4g} it or its slope is not a finite number, and a neuron's sum may be any number")
    return formula


def _without_value(formula: actcore.Activation) -> float | None:
    """Return where a formula, its slope or its curvature is not a finite number; None if it is one everywhere."""
    x = np.linspace(-FARTHEST, FARTHEST, 17601)
    wrong = ~np.isfinite([*formula.value_and_derivative(x), formula.second_derivative(x)]).all(axis=0)
    return float(x[wrong][np.abs(x[wrong]).argmin()]) if wrong.any() else None


def own(text: str) -> str:
    """Return the name of the activation that a formula describes; raises ValueError with a sentence if it is none."""
    return OWN + named(OWN + text.strip()).spec.title


def check_activation(name: object, parameters: object) -> tuple[str, Parameters]:
    """Return an activation's name and parameters as a model keeps them; a file has named both.

    Raises
    ------
    ValueError
        With a sentence, if the app does not offer the activation or the parameters are not its own.
    """
    if not isinstance(name, str):
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
        bound = named(name).bind(**dict(pairs))
    except TypeError as error:
        raise ValueError(str(error)) from error
    if name.startswith(OWN) and _without_value(bound) is not None:
        raise ValueError(f"with these parameters the activation {name!r} is not a finite number everywhere")
    return name, pairs


def activation_of(chosen: Chosen) -> actcore.Activation:
    """Return the activation of a neuron or a layer, with its parameters."""
    return named(chosen.activation).bind(**dict(chosen.parameters))


def with_activation(chosen: Kind, name: str) -> Kind:
    """Return a neuron or a layer with another activation, at its defaults.

    A formula of the user's own that takes the place of another keeps the values of the letters that both have: it is the
    same one, edited.
    """
    changed: Kind = replace(chosen, activation=name, parameters=())  # type: ignore[type-var]
    if chosen.activation.startswith(OWN) and name.startswith(OWN):
        for letter, value in chosen.parameters:
            if letter in named(name).parameters:
                changed = with_parameter(changed, letter, value)
    return changed


def with_parameter(chosen: Kind, name: str, value: float) -> Kind:
    """Return a neuron or a layer with one parameter of its activation set; a value that is the default is not kept.

    A value with which a formula of the user's own is no number somewhere is not taken.
    """
    activation = named(chosen.activation)
    kept = {**dict(chosen.parameters), name: value}
    if chosen.activation.startswith(OWN) and _without_value(activation.bind(**kept)) is not None:
        return chosen
    if value == activation.spec.defaults[name]:
        del kept[name]
    return replace(chosen, parameters=tuple(sorted(kept.items())))  # type: ignore[type-var]


def _takes_all(name: str) -> bool:
    return bool(named(name).spec.domain == (-inf, inf))
