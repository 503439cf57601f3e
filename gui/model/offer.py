"""Which activations the app offers."""

from __future__ import annotations

from math import inf

import actcore


def offered() -> list[str]:
    """Return the names of the activations that are defined for every pre-activation.

    The inverses, such as the logit, are not: a neuron's weighted sum may be any number.
    """
    return [name for name in actcore.names() if actcore.get(name).spec.domain == (-inf, inf)]
