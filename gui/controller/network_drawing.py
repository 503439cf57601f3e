"""From snapshots of the training to the Network lab's page: what is drawn, and how often."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtGui import QColor

import actcore as ac

from ..engine import networks
from ..engine.snapshot import Snapshot
from ..model.activations import activation_of
from ..model.dataset import DatasetSettings, make_dataset
from ..model.features import FEATURES
from ..model.network import LOSSES, MAX_LAYERS, MAX_UNITS, NetworkState
from ..view import classes, colormap, theme
from ..view.diagram_geometry import Place
from ..view.inside import LayerView
from ..view.layer_settings import LayerRow
from ..view.network_lab import NetworkLab
from ..view.text import plain, short
from .network_offer import WORDS
from .network_pictures import Field, Pictures, plane_table

MOVING_SIDE, STILL_SIDE = 257, 513
"""Samples along a side of the output's picture, while it changes and when it rests."""
STILL_SECONDS = 0.15
SLOW_SECONDS = 0.1
"""Curves and the insides of layers are redrawn ten times a second while training: more cannot be read."""


class Drawing:
    """Draws the page from the newest snapshot, only what changed and no more often than can be seen.

    Attributes
    ----------
    snapshot : Snapshot
        What is drawn.
    pictures : Pictures
        The network behind the pictures.
    insides : list of LayerView
        The state of the hidden layers when last looked at.
    chosen, pointed : tuple of int or None
        The unit, as (layer, unit), whose field is shown large: for good, or while the pointer is on it.
    """

    def __init__(self, view: NetworkLab, snapshot: Snapshot) -> None:
        self.snapshot, self.pictures = snapshot, Pictures(snapshot)
        self.insides: list[LayerView] = []
        self.chosen: tuple[int, int] | None = None
        self.pointed: tuple[int, int] | None = None
        self._view = view
        self._drawn: object = None
        self._points_drawn: object = None
        self._settings_drawn: object = None
        self._changed_at = self._slow_at = -np.inf
        self._fine = False
        self._slow = [self._draw_words, self._draw_insides, self._draw_course]

    def frame(self, snapshot: Snapshot, now: float) -> None:
        """Draw what changed; refine the picture when nothing has changed for a while."""
        wanted = (snapshot.version, self.pointed or self.chosen, theme.current().name)
        if wanted != self._drawn:
            self._drawn, self._fine, self._changed_at = wanted, False, now
            self.draw(snapshot, MOVING_SIDE, slow=False)
            for draw in self._due(snapshot.running, now):
                draw()
        elif not self._fine and now - self._changed_at >= STILL_SECONDS:
            self._fine = True
            self.draw(snapshot, STILL_SIDE, slow=True)
        else:
            self._view.diagram.catch_up()

    def draw(self, snapshot: Snapshot, side: int, slow: bool) -> None:
        """Draw a snapshot with a picture of `side` samples; with `slow` also what need not move smoothly."""
        self.snapshot = snapshot
        # While the trainer keeps one core busy, a picture computed by two threads waits for the slower one.
        with ac.num_threads(1 if snapshot.running else ac.get_num_threads()):
            self._draw(snapshot, side, slow)

    def _draw(self, snapshot: Snapshot, side: int, slow: bool) -> None:
        view, pictures, state = self._view, self.pictures, snapshot.state
        if state.sizes != pictures.state.sizes:
            self.chosen = self.pointed = None
        pictures.sync(snapshot)
        view.diagram.show_network([FEATURES[name].title for name in state.features], state.sizes)
        fields = pictures.unit_fields(view.diagram.field_side)
        view.diagram.show_values(pictures.net.weights, pictures.net.biases, fields, moving=snapshot.running)
        self._draw_output(side)
        self._draw_points(state)
        view.bar.set_running(snapshot.running)
        self._draw_settings(state)
        if slow:
            for draw in self._slow:
                draw()

    def _due(self, running: bool, now: float) -> list[Callable[[], None]]:
        """What need not move smoothly, when its time has come: one part after the other while training runs, for
        together they take half a frame.
        """
        count = 1 if running else len(self._slow)
        if now - self._slow_at < SLOW_SECONDS * count / len(self._slow):
            return []
        self._slow_at = now
        due, later = self._slow[:count], self._slow[count:]
        self._slow = later + due
        return due

    def _draw_words(self) -> None:
        view, snapshot, state = self._view, self.snapshot, self.snapshot.state
        view.bar.set_progress(snapshot.epoch, snapshot.step)
        view.loss.setAccessibleDescription(
            f"At step {snapshot.step} the training loss is {_loss(snapshot.train_loss)}, the test loss {_loss(snapshot.test_loss)}."
        )
        words = [
            _words_for(state, snapshot.train_loss, snapshot.train_score),
            _words_for(state, snapshot.test_loss, snapshot.test_score),
        ]
        view.set_losses(*words)
        view.boundary.setAccessibleDescription(f"{view.output_title.text()}. Training points: {words[0]}. Test points: {words[1]}.")

    def _draw_insides(self) -> None:
        view, snapshot = self._view, self.snapshot
        points = networks.samples(snapshot.state)[0][0]
        self.insides = self.pictures.insides(points, snapshot.gradients)
        view.inside.show_layers(self.insides)
        view.diagram.show_warnings(self.pictures.dead_units(points))

    def _draw_course(self) -> None:
        view, snapshot, course = self._view, self.snapshot, self.snapshot.course
        view.loss.set_record(course.steps, course.losses, course.scores)
        view.loss.set_position(snapshot.step, snapshot.train_loss, snapshot.train_score)

    def _draw_output(self, side: int) -> None:
        view, state = self._view, self.pictures.state
        unit = self.pointed or self.chosen
        if unit is not None and unit[0] < len(state.sizes) and unit[1] < state.sizes[unit[0]]:
            field = self.pictures.unit_field(*unit, side)
            title = view.diagram.describe(Place(*unit))
        else:
            field, title = self.pictures.output_field(side), "Output"
        view.boundary.set_image(field.rgba)
        view.boundary.set_contours(field.contours, field.levels)
        view.output_title.setText(title)
        self._draw_scale(field)

    def _draw_scale(self, field: Field) -> None:
        low, high = field.scale
        count = self.pictures.state.outputs
        if count > 1 and field.scale == (0.0, 1.0):
            table = np.array([color.getRgb() for color in classes.colors(count)], np.uint8).repeat(64, axis=0)
            ticks = [((k + 0.5) / count, f"class {k}") for k in range(count)]
        else:
            table, middle = plane_table(), (low + high) / 2
            ticks = [(value, short(value)) for value in (low, middle, high)]
        self._view.color_bar.set_scale(table, low, high, ticks)

    def _draw_points(self, state: NetworkState) -> None:
        wanted = (state.data, theme.current().name)
        if wanted == self._points_drawn:
            return
        self._points_drawn = wanted
        data = make_dataset(state.data)
        colors = [_point_colors(state.data, labels) for labels in (data.train_y, data.test_y)]
        self._view.boundary.set_points(data.train_x, colors[0], data.test_x, colors[1])

    def _draw_settings(self, state: NetworkState) -> None:
        if state == self._settings_drawn:
            return
        self._settings_drawn = state
        view, data = self._view, state.data
        layers = [(layer.units, layer.activation) for layer in state.hidden]
        view.bar.set_choices(state.speed, state.optimizer, state.learning_rate)
        view.bar.chooser.setEnabled(bool(layers))
        if layers:
            activations = {activation for _units, activation in layers}
            view.bar.chooser.set_value(activations.pop() if len(activations) == 1 else None)
        view.settings.show_layers(_layer_rows(state))
        view.heads.show_layers(layers, MAX_UNITS)
        view.layer_count.setText(str(len(layers)))
        view.fewer_layers.setEnabled(bool(layers))
        view.more_layers.setEnabled(len(layers) < MAX_LAYERS)
        view.data.set_data(data.kind, data.noise, data.count, data.train_share)
        view.features.set_chosen(state.features)
        view.set_losses_offered([(key, WORDS[key]) for key in LOSSES[state.task]], state.loss)
        view.batch.set_value(state.batch_size)
        view.decay.set_value(state.l2)
        view.set_stops(state.stop_epoch, state.stop_loss)


def _layer_rows(state: NetworkState) -> list[LayerRow]:
    activations = [*map(activation_of, state.hidden), ac.get(state.output_activation)]
    titles = [*(f"Layer {number + 1}" for number in range(len(state.hidden))), "Output"]
    return [
        LayerRow(title, init, activation.spec, dict(activation.parameters))
        for title, init, activation in zip(titles, state.inits, activations, strict=True)
    ]


def _words_for(state: NetworkState, loss: float, score: float) -> str:
    """Loss and score, in a width that has room however far the training went wrong."""
    if state.task != "regression":
        return f"{_loss(loss)} · {score:.0%}"
    return f"{_loss(loss)} · R² {plain(score) if score >= -9 else '<−9'}"


def _loss(loss: float) -> str:
    if not loss < 999.5:
        return ">999"
    return plain(loss, 3) if loss >= 0.0005 or loss == 0.0 else "<0.001"


def _point_colors(data: DatasetSettings, labels: np.ndarray) -> list[QColor]:
    if data.task == "classification":
        palette = classes.colors(data.classes)
        return [palette[int(label)] for label in labels]
    table = colormap.diverging(theme.current().name)
    return [QColor(*row) for row in colormap.paint(labels, -1.0, 1.0, table).tolist()]
