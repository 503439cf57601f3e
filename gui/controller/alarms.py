"""What keeps a network from learning, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..view.inside import LayerView

LEARNED = 0.9
"""With this score a network has learned, however little of it still moves."""
SLOW = 0.3
"""A layer with this share of its sums on flat parts learns slowly."""
VANISHED = 1e-2
"""A first layer whose gradient is this share of the last one's hardly learns."""


def alarm(layers: Sequence[LayerView], score: float) -> str:
    """Say the worst of what keeps these layers from learning, with its cause; empty while nothing does."""
    flat = next((layer for layer in layers if not layer.slope.any()), None)
    if flat is not None:
        return f"Layer {flat.number}: {flat.title} is flat everywhere, so no gradient passes. Another activation can learn."
    if score <= LEARNED and not any(np.ptp(layer.slope) for layer in layers):
        if layers:
            return (
                "All layers are linear, so together they are one: a weighted sum of the inputs, which bends no border. "
                "Another activation does."
            )
        return "Without a hidden layer the output is a weighted sum of the inputs, which bends no border. A hidden layer can."
    worst = max(layers, key=lambda layer: (layer.dead, layer.saturated * (not layer.sparse)), default=None)
    if worst is not None and worst.dead:
        verb, them = ("is", "it") if worst.dead == 1 else ("are", "them")
        cause = f"every point brings {them} where {worst.title} is flat, so no gradient passes"
        return f"Layer {worst.number}: {worst.dead} of {worst.units} units {verb} dead: {cause}. Revive gives {them} fresh weights."
    if worst is None or score > LEARNED:
        return ""
    if worst.saturated > SLOW and not worst.sparse:
        return f"Layer {worst.number} learns slowly: {worst.saturated:.0%} of its sums lie where {worst.title} has |f′| < 0.05."
    first, last = layers[0], layers[-1]
    if first.gradient < VANISHED * last.gradient:
        share = f"less than {VANISHED:g} of what layer {last.number} gets"
        return f"The gradient vanishes on its way back through the layers: layer 1 gets {share}."
    return ""
