"""The Network lab's controller: gestures to commands and orders, snapshots of the training to pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

import actcore as ac

from ..engine import networks
from ..engine.snapshot import Snapshot
from ..engine.worker import Worker
from ..model.commands import edit_network
from ..model.dataset import EXTENT, KINDS, DatasetSettings, make_dataset
from ..model.document import Document
from ..model.features import FEATURES
from ..model.network import (
    INITIALIZERS,
    LOSSES,
    MAX_LAYERS,
    MAX_UNITS,
    OPTIMIZERS,
    SPEEDS,
    Checkpoint,
    Layer,
    NetworkState,
)
from ..model.session import Session
from ..view import classes, colormap, theme
from ..view.controls import ActivationChooser
from ..view.data_panel import Tile
from ..view.diagram_geometry import BIAS, Place
from ..view.inside import LayerView
from ..view.network_lab import NetworkLab, Offer
from .network_pictures import Field, Pictures, plane_table

MOVING_SIDE, STILL_SIDE = 257, 513
"""Samples along a side of the output's picture, while it changes and when it rests."""
STILL_SECONDS = 0.15
SLOW_SECONDS = 0.1
"""Curves and the insides of layers are redrawn ten times a second while training: more cannot be read."""
PREPARED_STEPS = 3000
RECORDED_STEPS_A_SECOND = 400
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
WORDS = {
    "mse": "squared error",
    "huber": "Huber",
    "binary_crossentropy": "cross-entropy",
    "categorical_crossentropy": "cross-entropy",
    "sgd": "SGD",
    "momentum": "momentum",
    "nesterov": "Nesterov",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "adamw": "AdamW",
}


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
        ("Drag along the loss curve", "Go back in the training; Train goes on from there"),
    )

    def __init__(self, document: Document) -> None:
        self._document = document
        self._state = document.session.network
        self.worker = Worker(self._state)
        self._snapshot = self.worker.snapshot
        self._pictures = Pictures(self._snapshot)
        self._insides: list[LayerView] = []
        self._drawn: object = None
        self._points_drawn: object = None
        self._settings_drawn: object = None
        self._dragging = False
        self._compared_at: int | None = None
        self._chosen: tuple[int, int] | None = None
        self._pointed: tuple[int, int] | None = None
        self._changed_at = self._slow_at = -np.inf
        self._fine = False
        z = np.linspace(-4.0, 4.0, 41)
        specs = [ac.get(name).spec for name in ac.names()]
        curves = {spec.name: ac.get(spec.name)(z) for spec in specs}

        def chooser(name: str, with_parameters: bool) -> ActivationChooser:
            return ActivationChooser(specs, curves.__getitem__, name, with_parameters=with_parameters)

        self.view = NetworkLab(_offer(), chooser)
        self._connect()
        document.changed.connect(self._on_changed)

    def _connect(self) -> None:
        view, bar = self.view, self.view.bar
        bar.play_clicked.connect(self.toggle_play)
        bar.step_clicked.connect(lambda: self.worker.advance(1))
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
        view.diagram.weight_changing.connect(self._drag_weight)
        view.diagram.unit_chosen.connect(self._choose_unit)
        view.diagram.pointed.connect(self._point_at)
        view.loss.scrubbed.connect(lambda step: self.worker.seek(round(step)))
        view.log_toggled.connect(view.loss.set_log)
        view.log_toggled.connect(self._forget_drawn)
        view.test_toggled.connect(view.boundary.show_test_points)
        view.compare_toggled.connect(self._compare)

    # -- the lab's duties ------------------------------------------------------------------------------------

    def frame(self, now: float) -> None:
        snapshot = self.worker.snapshot
        shown = self._pointed or self._chosen
        wanted = (snapshot.version, shown, theme.current().name)
        if wanted != self._drawn:
            self._changed_at = now
            self._fine = False
            self._draw(snapshot, MOVING_SIDE, slow=now - self._slow_at >= SLOW_SECONDS)
            self._drawn = wanted
            if now - self._slow_at >= SLOW_SECONDS:
                self._slow_at = now
        elif not self._fine and now - self._changed_at >= STILL_SECONDS:
            self._fine = True
            self._draw(snapshot, STILL_SIDE, slow=True)

    def status(self) -> str:
        snapshot = self._snapshot
        if snapshot.message:
            return snapshot.message
        layers = self._insides
        worst = max(layers, key=lambda layer: (layer.dead, layer.saturated), default=None)
        if worst is not None and worst.dead:
            return f"{worst.title}: {worst.dead} of {worst.units} units are dead, they learn from no point."
        if worst is not None and worst.saturated > 0.3 and snapshot.train_score < 0.9:
            return f"{worst.title}: {worst.saturated:.0%} of its sums sit where |f′| < 0.05; learning is slow."
        if snapshot.state.task == "regression":
            explained = max(snapshot.test_score, 0.0)
            return f"The network explains {explained:.0%} of the variance of the test points."
        return f"The network puts {snapshot.test_score:.0%} of the test points into the right class."

    def toggle_play(self) -> None:
        if self._snapshot.running:
            self.worker.pause()
        else:
            self.worker.play()

    def table(self) -> dict[str, NDArray[Any]]:
        """The course of the training."""
        curves = self._snapshot.curves
        return {"step": curves.steps, "train_loss": curves.train, "test_loss": curves.test}

    def prepare(self) -> None:
        self.worker.advance(PREPARED_STEPS)
        self.worker.flush()
        self._draw(self.worker.wait(lambda snapshot: not snapshot.running), STILL_SIDE, slow=True)

    def advance(self, seconds: float) -> None:
        self.worker.advance(max(1, round(seconds * RECORDED_STEPS_A_SECOND)))
        self.worker.flush()
        self._draw(self.worker.wait(lambda snapshot: not snapshot.running), MOVING_SIDE, slow=True)

    def close(self) -> None:
        self.worker.close()

    def keep(self) -> None:
        """Put the weights as they are into the document, so that a session file holds them."""
        self._show(self._pinned())

    # -- gestures to commands --------------------------------------------------------------------------------

    def _on_changed(self, session: Session) -> None:
        if session.network != self._state:
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

    def _edit(self, field: str, value: object) -> None:
        if field == "init":
            self._start_over("choose how the weights start", replace(self._state, init=str(value)))
        else:
            text = f"set the {field.replace('_', ' ')}"
            self._apply(text, self._state.changed(**{field: value}), merge=field)

    def _edit_data(self, field: str, value: object) -> None:
        fields = {"kind": value, "points": ()} if field == "kind" else {field: value}
        state = self._state.changed(data=replace(self._state.data, **fields))
        if state.sizes != self._state.sizes:
            self._reshape("choose the data", state)
        else:
            self._apply(f"set the data's {field.replace('_', ' ')}", state, merge=f"data {field}")

    def _end_gesture(self) -> None:
        self._dragging = False
        self._document.end_gesture()

    def _start_over(self, text: str, state: NetworkState) -> None:
        self._show(self._pinned())
        first = networks.build(state).parameters.tolist()
        self._apply(text, replace(state, checkpoint=Checkpoint(0, tuple(first))))

    def _reshape(self, text: str, state: NetworkState) -> None:
        """Change the shape of the network, keeping all weights that still have a place."""
        before = self._pinned()
        assert before.checkpoint is not None
        self._show(before)
        old = np.array(before.checkpoint.parameters, dtype=np.float32)
        kept = networks.carry_over(before, old, replace(state, checkpoint=None))
        self._chosen = None
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
        if not self._snapshot.running and self._compared_at != self._snapshot.step:
            self.view.compare.setChecked(False)
            self.view.compare.setChecked(True)
        self._apply(f"choose {ac.get(name).spec.title}", state)

    def _drag_weight(self, layer: int, unit: int, source: int, value: float) -> None:
        if not self._dragging:
            self._show(self._pinned())
            self._dragging = True
        kept = self._state.checkpoint
        assert kept is not None
        index = self._pictures.index_of(Place(layer, unit, source))
        value = float(np.float32(value))
        parameters = (*kept.parameters[:index], value, *kept.parameters[index + 1 :])
        self._state = replace(self._state, checkpoint=Checkpoint(kept.step, parameters))
        # The worker hears of the one weight only: the others go on learning while it is held.
        self.worker.set_parameter(index, value, self._state)
        what = "a bias" if source == BIAS else "a weight"
        self._apply(f"change {what}", self._state, merge=f"weight {index}")

    def _advance_epoch(self) -> None:
        points = round(self._state.data.train_share * self._state.data.count)
        self.worker.advance(max(1, -(-points // self._state.batch_size)))

    # -- what is looked at -----------------------------------------------------------------------------------

    def _choose_unit(self, layer: int, unit: int) -> None:
        self._chosen = None if self._chosen == (layer, unit) else (layer, unit)
        self.view.diagram.show_chosen(self._chosen)

    def _point_at(self, place: Place | None) -> None:
        self._pointed = (place.layer, place.unit) if place is not None and place.is_unit else None

    def _compare(self, on: bool) -> None:
        view = self.view
        self._compared_at = None
        if on:
            snapshot = self.worker.flush()
            self._compared_at = snapshot.step
            self._pictures.sync(snapshot)
            view.boundary.set_before(self._pictures.output_field(MOVING_SIDE).rgba)
            view.loss.keep_ghost()
        else:
            view.boundary.set_before(None)
            view.loss.clear_ghost()

    def _forget_drawn(self, *_: object) -> None:
        self._drawn = None

    # -- drawing ---------------------------------------------------------------------------------------------

    def _draw(self, snapshot: Snapshot, side: int, slow: bool) -> None:
        self._snapshot = snapshot
        view, pictures, state = self.view, self._pictures, snapshot.state
        pictures.sync(snapshot)
        view.diagram.show_network([FEATURES[name].title for name in state.features], state.sizes)
        net = pictures.net
        view.diagram.show_values(net.weights, net.biases, pictures.unit_fields())
        self._draw_output(side)
        self._draw_points(state)
        view.set_losses(
            _words_for(state, snapshot.train_loss, snapshot.train_score),
            _words_for(state, snapshot.test_loss, snapshot.test_score),
        )
        view.bar.set_running(snapshot.running)
        view.bar.set_progress(snapshot.epoch, snapshot.step)
        self._draw_settings(state)
        if slow:
            points = networks.samples(state)[0][0]
            self._insides = pictures.insides(points, snapshot.gradients)
            view.inside.show_layers(self._insides)
            curves = snapshot.curves
            view.loss.set_curves(curves.steps, curves.train, curves.test)
            view.loss.set_position(snapshot.step, snapshot.train_loss)
            view.diagram.show_warnings(pictures.dead_units(points))

    def _draw_output(self, side: int) -> None:
        view, state = self.view, self._pictures.state
        unit = self._pointed or self._chosen
        if unit is not None and unit[0] < len(state.sizes) and unit[1] < state.sizes[unit[0]]:
            field = self._pictures.unit_field(*unit, side)
            title = view.diagram.describe(Place(*unit))
        else:
            field, title = self._pictures.output_field(side), "Output"
        view.boundary.set_image(field.rgba)
        view.boundary.set_contours(field.contours, field.levels)
        view.output_title.setText(title)
        self._draw_scale(field)

    def _draw_scale(self, field: Field) -> None:
        low, high = field.scale
        if self._pictures.state.task == "multiclass" and field.scale == (0.0, 1.0):
            table = np.array(
                [color.getRgb() for color in classes.colors(self._pictures.state.outputs)], dtype=np.uint8
            ).repeat(64, axis=0)
            step = 1 / self._pictures.state.outputs
            ticks = [((k + 0.5) * step, f"class {k}") for k in range(self._pictures.state.outputs)]
        else:
            table = plane_table()
            ticks = [(low, f"{low:g}"), ((low + high) / 2, f"{(low + high) / 2:g}"), (high, f"{high:g}")]
        self.view.color_bar.set_scale(table, low, high, ticks)

    def _draw_points(self, state: NetworkState) -> None:
        wanted = (state.data, theme.current().name)
        if wanted == self._points_drawn:
            return
        self._points_drawn = wanted
        data = make_dataset(state.data)
        colors = [_point_colors(state.data, labels) for labels in (data.train_y, data.test_y)]
        self.view.boundary.set_points(data.train_x, colors[0], data.test_x, colors[1])

    def _draw_settings(self, state: NetworkState) -> None:
        if state == self._settings_drawn:
            return
        self._settings_drawn = state
        view = self.view
        parameters = [dict(networks.activation_of(layer).parameters) for layer in state.hidden]
        view.bar.set_choices(state.speed, state.learning_rate)
        if state.hidden:
            view.bar.chooser.set_value(state.hidden[0].activation, parameters[0])
        view.bar.chooser.setEnabled(bool(state.hidden))
        view.heads.show_layers(
            [(layer.units, layer.activation, given) for layer, given in zip(state.hidden, parameters, strict=True)],
            MAX_UNITS,
        )
        view.layer_count.setText(str(len(state.hidden)))
        view.fewer_layers.setEnabled(bool(state.hidden))
        view.more_layers.setEnabled(len(state.hidden) < MAX_LAYERS)
        data = state.data
        view.data.set_data(data.kind, data.noise, data.count, data.train_share)
        view.features.set_chosen(state.features)
        losses = [(key, WORDS[key]) for key in LOSSES[state.task]]
        if [view.loss_choice.itemData(i) for i in range(view.loss_choice.count())] != [k for k, _ in losses]:
            view.loss_choice.clear()
            for key, text in losses:
                view.loss_choice.addItem(text, key)
        for box, value in (
            (view.loss_choice, state.loss),
            (view.optimizer, state.optimizer),
            (view.initializer, state.init),
        ):
            box.setCurrentIndex(box.findData(value))
        view.batch.set_value(state.batch_size)
        view.decay.set_value(state.l2)


def _words_for(state: NetworkState, loss: float, score: float) -> str:
    return f"{loss:.3f} · R² {score:.2f}" if state.task == "regression" else f"{loss:.3f} · {score:.0%}"


def _point_colors(data: DatasetSettings, labels: np.ndarray) -> list[QColor]:
    if data.task == "classification":
        palette = classes.colors(data.classes)
        return [palette[int(label)] for label in labels]
    table = colormap.diverging(theme.current().name)
    return [QColor(*row) for row in colormap.paint(labels, -1.0, 1.0, table).tolist()]


def _offer() -> Offer:
    return Offer(
        tiles=[_tile(key) for key in KINDS],
        features=[(key, feature.title) for key, feature in FEATURES.items()],
        optimizers=[(key, WORDS[key]) for key in OPTIMIZERS],
        initializers=[(key, key.replace("_", " ")) for key in INITIALIZERS],
        speeds=[(speed, "fastest" if speed is None else f"{speed:g} steps/s") for speed in SPEEDS],
        rates=[(rate, f"{rate:g}") for rate in RATES],
        layers=MAX_LAYERS,
        extent=EXTENT,
    )


def _tile(key: str) -> Tile:
    kind = KINDS[key]
    data = make_dataset(DatasetSettings(key, count=150, train_share=0.9))
    shades = data.train_y if kind.task == "classification" else (data.train_y + 1) / 2
    return Tile(key, kind.title, kind.advice, data.train_x / EXTENT, shades)
