"""What a person does to the network, as undoable edits: settings, data, shape, weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..engine import networks
from ..model.activations import activation_of, named, with_activation, with_parameter
from ..model.dataset import DatasetSettings
from ..model.features import FEATURES
from ..model.network import Layer, NetworkState
from .live_network import LiveNetwork


class NetworkEdits:
    """Edits of a `LiveNetwork`. What changes the weights holds them first; everything else leaves them as they are.

    Parameters
    ----------
    live : LiveNetwork
    before_swap : callable
        Called before another activation is put on the same weights.
    """

    def __init__(self, live: LiveNetwork, before_swap: Callable[[], None]) -> None:
        self._live, self._before_swap = live, before_swap
        self._dragging = False

    @property
    def _state(self) -> NetworkState:
        return self._live.state

    def end_gesture(self) -> None:
        """The next weight that is dragged is another one."""
        self._dragging = False

    # Settings: the weights stay as they are

    def set_field(self, field: str, value: object) -> None:
        """Set a field of the network's state."""
        self._live.apply(f"set the {field.replace('_', ' ')}", self._state.changed(**{field: value}), merge=field)

    def set_data_field(self, field: str, value: object) -> None:
        """Set a field of the data's settings."""
        fields = {"kind": value, "points": ()} if field == "kind" else {field: value}
        text = f"set the data's {field.replace('_', ' ')}"
        self.set_data(text, replace(self._state.data, **fields), f"data {field}")

    def set_data(self, text: str, data: DatasetSettings, merge: str | None) -> None:
        """Go over to other data; where they have another number of classes, the output changes its shape."""
        state = self._state.changed(data=data)
        if state.sizes != self._state.sizes:
            self._reshape(text, state)
        else:
            self._live.apply(text, state, merge)

    def set_activation(self, layer: int | None, name: str) -> None:
        """Give one layer, or all hidden ones, another activation on the same weights."""
        hidden = tuple(
            with_activation(kept, name) if layer in (None, number) else kept for number, kept in enumerate(self._state.hidden)
        )
        self._before_swap()
        self._live.apply(f"choose {named(name).spec.title}", self._state.changed(hidden=hidden))

    def set_parameter(self, chosen: int | None, name: str, value: float) -> None:
        """Set a parameter of one layer's activation, or in all layers that have this activation."""
        hidden = self._state.hidden
        # Of all layers the first that has parameters is the one that is shown.
        shown = hidden[chosen] if chosen is not None else next(layer for layer in hidden if activation_of(layer).parameters)
        changed = tuple(
            with_parameter(layer, name, value)
            if number == chosen or (chosen is None and layer.activation == shown.activation)
            else layer
            for number, layer in enumerate(hidden)
        )
        text = f"set {name.replace('_', ' ')}"
        self._live.apply(text, self._state.changed(hidden=changed), f"parameter {chosen} {name}")

    # Shape: the weights that still have a place stay

    def choose_feature(self, key: str, on: bool) -> bool:
        """Switch an input on or off; returns False, and changes nothing, where it would be the last to go."""
        # In the order of the menu, whatever the order of the clicks: the same switches give the same network.
        chosen = tuple(name for name in FEATURES if (on if name == key else name in self._state.features))
        if chosen:
            self._reshape("choose the inputs", self._state.changed(features=chosen))
        return bool(chosen)

    def add_layers(self, change: int) -> None:
        """Add a layer like the last one, or remove the last."""
        hidden = self._state.hidden
        if change < 0:
            self._reshape("remove a layer", self._state.changed(hidden=hidden[:-1]))
        else:
            self._reshape("add a layer", self._state.changed(hidden=(*hidden, hidden[-1] if hidden else Layer())))

    def set_units(self, layer: int, units: int) -> None:
        self._reshape("change the units", self._state.with_layer(layer, units=units))

    def _reshape(self, text: str, state: NetworkState) -> None:
        kept = self._live.hold()
        parameters = np.array(kept.parameters, dtype=np.float32)
        carried = networks.carry_over(self._state, parameters, replace(state, checkpoint=None))
        self._live.apply(text, replace(state, checkpoint=kept.changed(carried.tolist())))

    # Weights

    def start_over(self) -> None:
        """Back to the first weights, at step 0."""
        self._start("reset the weights", self._state)

    def draw_weights(self) -> None:
        """Start over from other random weights."""
        self._start("draw new weights", replace(self._state, seed=self._state.seed + 1))

    def set_init(self, layer: int | None, init: str) -> None:
        """Let one layer, or all, start in another way, and start over."""
        self._start("choose how the weights start", self._state.with_init(init, layer))

    def _start(self, text: str, state: NetworkState) -> None:
        self._live.hold()
        self._live.apply(text, replace(state, checkpoint=networks.first_weights(state)))

    def drag_weight(self, index: int, value: float, what: str) -> None:
        """Set one weight, by its place in `actcore.MLP.parameters`; a drag is one entry, up to `end_gesture`."""
        if not self._dragging:
            self._live.hold()
            self._dragging = True
        self._live.set_parameter(f"change {what}", index, value)

    def revive(self, layer: int) -> None:
        """Give a layer weights with which it learns again."""
        kept = self._live.hold()
        revived = networks.revived(self._state, kept, layer)
        self._live.apply(f"revive layer {layer + 1}", replace(self._state, checkpoint=kept.changed(revived)))
