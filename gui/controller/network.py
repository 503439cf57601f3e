"""The Network lab's controller: gestures to commands and orders, snapshots of the training to pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import actcore as ac

from ..engine import networks
from ..engine.worker import Worker
from ..model.activations import activation_of, with_parameter
from ..model.commands import edit_network
from ..model.dataset import DatasetSettings, make_dataset
from ..model.document import Document
from ..model.features import FEATURES
from ..model.network import Checkpoint, Layer, NetworkState
from ..model.session import Session
from ..view.diagram_geometry import BIAS, Place
from ..view.inside import LayerView
from ..view.network_lab import NetworkLab
from .activations import Choosers
from .network_drawing import MOVING_SIDE, STILL_SIDE, Drawing
from .network_offer import offer
from .network_pictures import DEAD
from .own_data import OwnData

PREPARED_STEPS = 3000
VANISHED = 1e-3
"""A first layer whose gradient is this share of the last one's hardly learns."""
RECORDED_STEPS_A_SECOND = 400


class NetworkController:
    """See `Lab`."""

    name = "network"
    title = "Network"
    gestures = (
        ("Drag an edge or a bias dot", "Change that weight; with Shift ten times as fine"),
        ("Double-click it, or Enter", "Type the weight"),
        ("Arrows, Page Up, Page Down", "Walk over units and edges of the diagram"),
        ("+ and −", "Change the weight walked to; with Ctrl finer"),
        ("Click a unit", "Show its output large; again: back to the output"),
        ("Rest on the output", "Read what the network says of that point; so do arrow keys, with Shift in leaps"),
        ("Paint points, then drag", "Paint the blue class; with Shift or the right button the orange one"),
        ("Space while painting", "Paint where the arrow keys have brought the cursor; Escape ends it"),
        ("Left and Right on Compare's seam", "Move it across the output"),
        ("Drag along the loss curve", "Go back in the training; Train goes on from there"),
    )

    def __init__(self, document: Document) -> None:
        self._document = document
        self._state = document.session.network
        self.worker = Worker(self._state)
        self.view = NetworkLab(offer(), Choosers())
        self.drawing = Drawing(self.view, self.worker.snapshot)
        self.own_data = OwnData(self.view, lambda: self._state.data, self._set_data)
        self._dragging = False
        self._compared_at: int | None = None
        self._present: Checkpoint | None = None
        self._connect()
        document.changed.connect(self._on_changed)

    def _connect(self) -> None:
        view, bar = self.view, self.view.bar
        bar.play_clicked.connect(self.toggle_play)
        bar.step_clicked.connect(lambda: self._advance(1))
        bar.epoch_clicked.connect(self._advance_epoch)
        bar.reset_clicked.connect(lambda: self._start_over("reset the weights", self._state))
        bar.chooser.chosen.connect(self._set_all_activations)
        view.edited.connect(self._edit)
        view.gesture_finished.connect(self._end_gesture)
        view.reseed_clicked.connect(
            lambda: self._start_over("draw new weights", replace(self._state, seed=self._state.seed + 1))
        )
        view.data.edited.connect(self._edit_data)
        view.data.resampled.connect(lambda: self._edit_data("seed", self._state.data.seed + 1))
        view.feature_toggled.connect(self._toggle_feature)
        view.layers_asked.connect(self._add_layers)
        view.heads.activation_chosen.connect(self._set_activation)
        view.heads.units_asked.connect(self._set_units)
        view.settings.init_chosen.connect(self._set_init)
        view.settings.parameter_changing.connect(self._set_parameter)
        view.inside.remedy_asked.connect(self._revive)
        view.diagram.weight_changing.connect(self._drag_weight)
        view.diagram.unit_chosen.connect(self._choose_unit)
        view.diagram.pointed.connect(self._point_at)
        view.loss.scrubbed.connect(self._go_back)
        view.scale_chosen.connect(view.loss.set_scale)
        view.test_toggled.connect(view.boundary.show_test_points)
        view.compare_toggled.connect(self._compare)
        view.boundary.hovered.connect(self._read_out)

    # -- the lab's duties ------------------------------------------------------------------------------------

    def frame(self, now: float) -> None:
        self.drawing.frame(self.worker.snapshot, now)

    def status(self) -> str:
        snapshot = self.drawing.snapshot
        if snapshot.message:
            return snapshot.message
        if alarm := _alarm(self.drawing.insides, snapshot.train_score):
            return alarm
        if snapshot.state.task == "regression":
            explained = max(snapshot.test_score, 0.0)
            return f"The network explains {explained:.0%} of the variance of the test points."
        return f"The network puts {snapshot.test_score:.0%} of the test points into the right class."

    def toggle_play(self) -> None:
        if self.drawing.snapshot.running:
            self.worker.pause()
        else:
            self._branch_off()
            self.worker.play()

    def table(self) -> dict[str, NDArray[Any]]:
        """The course of the training."""
        curves = self.drawing.snapshot.curves
        names = ("train_loss", "test_loss", "train_score", "test_score")
        return {"step": curves.steps, **dict(zip(names, (*curves.losses, *curves.scores), strict=True))}

    def prepare(self) -> None:
        self.worker.advance(PREPARED_STEPS)
        self.worker.flush()
        self.drawing.draw(self.worker.wait(lambda snapshot: not snapshot.running), STILL_SIDE, slow=True)

    def advance(self, seconds: float) -> None:
        self.worker.advance(max(1, round(seconds * RECORDED_STEPS_A_SECOND)))
        self.worker.flush()
        self.drawing.draw(self.worker.wait(lambda snapshot: not snapshot.running), MOVING_SIDE, slow=True)

    def close(self) -> None:
        self.worker.close()

    def keep(self) -> None:
        """Put the weights as they are into the document, so that a session file holds them."""
        self._show(self._pinned())

    # -- gestures to commands --------------------------------------------------------------------------------

    def _on_changed(self, session: Session) -> None:
        if session.network != self._state:
            if session.network.revision != self._state.revision:
                self._present = None  # other weights have come: there is no way back from an earlier step of theirs
            self._state = session.network
            self.worker.update(self._state)

    def _apply(self, text: str, state: NetworkState, merge: str | None = None) -> None:
        self._document.apply(edit_network(text, lambda _: state, merge))

    def _show(self, state: NetworkState) -> None:
        # The worker has these weights already: it is where they come from.
        self._state = state
        self._document.show(network=state)

    def _pinned(self) -> NetworkState:
        """The state with the weights of this moment, for an undo that brings back exactly these."""
        snapshot = self.worker.flush()
        weights = tuple(snapshot.parameters.tolist())
        return replace(self._state, checkpoint=Checkpoint(snapshot.step, weights, self._state.revision))

    def _hold(self) -> NetworkState:
        """Put the weights of this moment into the document: undo of what follows brings back exactly these."""
        self._branch_off()
        self._show(self._pinned())
        return self._state

    def _go_back(self, step: float) -> None:
        """Look at an earlier step. Nothing is lost by that: what came after goes when the training goes on from there."""
        if self._present is None:
            self._present = self._pinned().checkpoint
        self.worker.seek(round(step))

    def _branch_off(self) -> None:
        """The training is about to go another way from an earlier step: an entry, so that undo leads back."""
        present, self._present = self._present, None
        snapshot = self.worker.flush()
        if present is not None and snapshot.step < snapshot.last_step:
            before = replace(self._document.session, network=replace(self._state, checkpoint=present))
            branch = Checkpoint(snapshot.step, tuple(snapshot.parameters.tolist()))
            self._document.show(network=replace(self._state, checkpoint=branch))
            self._document.record(f"go on from step {snapshot.step}", before)

    def _edit(self, field: str, value: object) -> None:
        text = f"set the {field.replace('_', ' ')}"
        self._apply(text, self._state.changed(**{field: value}), merge=field)

    def _edit_data(self, field: str, value: object) -> None:
        fields = {"kind": value, "points": ()} if field == "kind" else {field: value}
        text = f"set the data's {field.replace('_', ' ')}"
        self._set_data(text, replace(self._state.data, **fields), f"data {field}")

    def _set_data(self, text: str, data: DatasetSettings, merge: str | None) -> None:
        state = self._state.changed(data=data)
        if state.sizes != self._state.sizes:
            self._reshape(text, state)
        else:
            self._apply(text, state, merge)

    def _end_gesture(self) -> None:
        self._dragging = False
        self._document.end_gesture()

    def _start_over(self, text: str, state: NetworkState) -> None:
        self._hold()
        first = networks.build(state).parameters.tolist()
        self._apply(text, replace(state, checkpoint=Checkpoint(0, tuple(first))))

    def _reshape(self, text: str, state: NetworkState) -> None:
        """Change the shape of the network, keeping all weights that still have a place."""
        before = self._hold()
        assert before.checkpoint is not None
        old = np.array(before.checkpoint.parameters, dtype=np.float32)
        kept = networks.carry_over(before, old, replace(state, checkpoint=None))
        self.drawing.chosen = None
        self._apply(text, replace(state, checkpoint=Checkpoint(before.checkpoint.step, tuple(kept.tolist()))))

    def _toggle_feature(self, key: str, on: bool) -> None:
        # In the order of the menu, whatever the order of the clicks: the same switches give the same network.
        chosen = tuple(name for name in FEATURES if (on if name == key else name in self._state.features))
        if chosen:
            self._reshape("choose the inputs", self._state.changed(features=chosen))
        else:
            self.view.features.set_chosen(self._state.features)

    def _add_layers(self, change: int) -> None:
        hidden = self._state.hidden
        if change < 0:
            self._reshape("remove a layer", self._state.changed(hidden=hidden[:-1]))
        else:
            added = replace(hidden[-1]) if hidden else Layer()
            self._reshape("add a layer", self._state.changed(hidden=(*hidden, added)))

    def _set_units(self, layer: int, units: int) -> None:
        self._reshape("change the units", self._state.with_layer(layer, units=units))

    def _set_activation(self, layer: int, name: str) -> None:
        self._swap(name, self._state.with_layer(layer, activation=name, parameters=()))

    def _set_all_activations(self, name: str) -> None:
        hidden = tuple(replace(layer, activation=name, parameters=()) for layer in self._state.hidden)
        self._swap(name, self._state.changed(hidden=hidden))

    def _swap(self, name: str, state: NetworkState) -> None:
        """Another activation on the same weights, with the picture from before to wipe against."""
        # Walking through the menu compares all of them with what was there when the walk began.
        if not self.drawing.snapshot.running and self._compared_at != self.drawing.snapshot.step:
            self.view.compare.setChecked(False)
            self.view.compare.setChecked(True)
        self._apply(f"choose {ac.get(name).spec.title}", state)

    def _drag_weight(self, layer: int, unit: int, source: int, value: float) -> None:
        if not self._dragging:
            self._hold()
            self._dragging = True
        kept = self._state.checkpoint
        assert kept is not None
        index = self.drawing.pictures.index_of(Place(layer, unit, source))
        value = float(np.float32(value))
        parameters = (*kept.parameters[:index], value, *kept.parameters[index + 1 :])
        self._state = replace(self._state, checkpoint=Checkpoint(kept.step, parameters))
        # The worker hears of the one weight only: the others go on learning while it is held.
        self.worker.set_parameter(index, value, self._state)
        what = "a bias" if source == BIAS else "a weight"
        self._apply(f"change {what}", self._state, merge=f"weight {index}")

    def _advance(self, steps: int) -> None:
        self._branch_off()
        self.worker.advance(steps)

    def _advance_epoch(self) -> None:
        points = len(make_dataset(self._state.data).train_x)
        self._advance(-(-points // self._state.batch_size))

    def _set_init(self, layer: int | None, init: str) -> None:
        self._start_over("choose how the weights start", self._state.with_init(init, layer))

    def _set_parameter(self, chosen: int | None, parameter: str, value: float) -> None:
        """Set a parameter of one layer's activation, or in all layers that have this activation."""
        hidden = self._state.hidden
        # Of all layers the first that has parameters is the one that is shown.
        shown = hidden[chosen] if chosen is not None else next(layer for layer in hidden if activation_of(layer).parameters)
        changed = tuple(
            with_parameter(layer, parameter, value)
            if number == chosen or (chosen is None and layer.activation == shown.activation)
            else layer
            for number, layer in enumerate(hidden)
        )
        state = self._state.changed(hidden=changed)
        self._apply(f"set {parameter.replace('_', ' ')}", state, f"parameter {chosen} {parameter}")

    def _revive(self, layer: int) -> None:
        """Give a layer weights with which it learns again: dead units fresh ones, saturated ones smaller sums."""
        before = self._hold()
        assert before.checkpoint is not None
        net = networks.build(replace(before, seed=before.seed + before.checkpoint.step + 1))
        fresh = net.weights[layer].copy()
        net.parameters[:] = before.checkpoint.parameters
        sums = net.pre_activations(networks.samples(before)[0][0])[layer]
        slopes = np.abs(net.activations[layer].derivative(sums)).max(axis=1)
        dead = slopes < DEAD
        net.weights[layer][dead], net.biases[layer][dead] = fresh[dead], 0.0
        if not dead.any():
            spread = np.maximum(sums.std(axis=1), 1.0)
            net.weights[layer][:] /= spread[:, None]
            net.biases[layer][:] /= spread
        after = Checkpoint(before.checkpoint.step, tuple(net.parameters.tolist()))
        self._apply(f"revive layer {layer + 1}", replace(before, checkpoint=after))

    # -- what is looked at -----------------------------------------------------------------------------------

    def _choose_unit(self, layer: int, unit: int) -> None:
        drawing = self.drawing
        drawing.chosen = None if drawing.chosen == (layer, unit) else (layer, unit)
        self.view.diagram.show_chosen(drawing.chosen)

    def _point_at(self, place: Place | None) -> None:
        unit = place is not None and place.is_unit
        self.drawing.pointed = (place.layer, place.unit) if unit else None

    def _read_out(self, x1: float, x2: float) -> None:
        answer = self.drawing.pictures.answer_at(x1, x2)
        self.view.boundary.show_readout(f"x₁ = {x1:.2f}, x₂ = {x2:.2f}\n{answer}")

    def _compare(self, on: bool) -> None:
        view = self.view
        self._compared_at = None
        if on:
            snapshot = self.worker.flush()
            self._compared_at = snapshot.step
            self.drawing.draw(snapshot, MOVING_SIDE, slow=True)
            view.boundary.keep_before()
            view.loss.keep_ghost()
        else:
            view.boundary.drop_before()
            view.loss.clear_ghost()


def _alarm(layers: Sequence[LayerView], score: float) -> str:
    """What keeps the network from learning, with its cause; empty while nothing does."""
    worst = max(layers, key=lambda layer: (layer.dead, layer.saturated), default=None)
    if worst is not None and worst.dead:
        cause = f"every point brings them where {worst.title} is flat, so no gradient passes"
        return f"Layer {worst.number}: {worst.dead} of {worst.units} units are dead: {cause}. Revive gives them fresh weights."
    if worst is None or score > 0.9:
        return ""
    if worst.saturated > 0.3:
        cause = f"their size brings {worst.saturated:.0%} of the sums where {worst.title} has |f′| < 0.05"
        return f"Layer {worst.number} learns slowly: {cause}."
    first, last = layers[0], layers[-1]
    if first.gradient < VANISHED * last.gradient:
        share = last.gradient / max(first.gradient, 1e-30)
        return f"The gradient vanishes on its way back: layer 1 gets {share:.0e} times less than layer {last.number}."
    return ""
