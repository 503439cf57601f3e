"""What both labs need to know of activations: which to choose from, where they are flat, and how far they reach."""

from __future__ import annotations

import numpy as np

import actcore

from ..model.activations import offered
from ..view.chooser import ActivationChooser

SATURATED = 0.05
"""Below this slope learning is slow: a fifth of the sigmoid's best."""


class Choosers:
    """Makes activation choosers; the small curves in their menus are computed once for all."""

    def __init__(self) -> None:
        z = np.linspace(-4.0, 4.0, 41)
        self._specs = [actcore.get(name).spec for name in offered()]
        self._curves = {spec.name: actcore.get(spec.name)(z) for spec in self._specs}

    def __call__(self, name: str) -> ActivationChooser:
        return ActivationChooser(self._specs, self._curves.__getitem__, name)


def ends_of_range(activation: actcore.Activation) -> tuple[float, float]:
    """The activation's range at its parameters, as the registry states it."""
    parameters = activation.parameters
    low, high = (end(**parameters) if callable(end) else end for end in activation.spec.range)
    return low, high
