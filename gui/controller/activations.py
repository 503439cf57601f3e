"""What the controllers need to know of activations: where they are flat, and how far they reach."""

from __future__ import annotations

import actcore

SATURATED = 0.05
"""Below this slope learning is slow: a fifth of the sigmoid's best."""


def ends_of_range(activation: actcore.Activation) -> tuple[float, float]:
    """The activation's range at its parameters, as the registry states it."""
    return activation.spec.range_at(activation.parameters)
