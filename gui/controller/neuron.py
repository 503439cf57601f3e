"""The Neuron lab's controller: gestures to commands, the neuron to arrays from the engine, once per frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

import actcore

from ..model.commands import Command, edit_neuron, edit_sweep
from ..model.document import Document
from ..model.neuron import INPUT_LIMIT, LIMITS, Neuron
from ..model.session import Session
from ..model.sweep import Sweep
from ..view import colormap, theme
from ..view.arithmetic import Arithmetic
from ..view.controls import slider_range
from ..view.neuron_lab import NAMES, SYMBOLS, NeuronLab

Z_LIMIT = 8.0
"""The curves span ±Z_LIMIT: every activation of the registry shows its character within it."""
SATURATED = 0.05
"""Below this slope learning through the neuron is slow: a fifth of the sigmoid's best."""
PLANE_SIZE = 256
COARSE_SIZE = 65
PATH_RADIUS = 9.0


class NeuronController:
    """See `Lab`."""

    name = "neuron"
    title = "Neuron"

    def __init__(self, document: Document) -> None:
        self._document = document
        self._layer = "output"
        self._second = False
        self._show_ghost = True
        self._ghost: actcore.Activation | None = None
        self._shape = _Shape(_activation(document.session.neuron))
        self._dirty = True
        self._drag: Neuron | None = None
        self._playing_since: Session | None = None
        self._elapsed = 0.0
        self._last_frame: float | None = None
        centres = (np.arange(PLANE_SIZE, dtype=np.float32) + 0.5) / PLANE_SIZE * (
            2 * INPUT_LIMIT
        ) - INPUT_LIMIT
        self._pixels = centres
        self._samples = np.linspace(-INPUT_LIMIT, INPUT_LIMIT, COARSE_SIZE)
        z = np.linspace(-4.0, 4.0, 41)
        self.view = NeuronLab(
            [actcore.get(name).spec for name in actcore.names()],
            lambda name: actcore.get(name)(z),
            LIMITS,
            {key: getattr(Neuron(), key) for key in LIMITS},
            (-Z_LIMIT, Z_LIMIT),
        )
        self._connect()
        document.changed.connect(self._on_changed)

    def _connect(self) -> None:
        view, document = self.view, self._document
        view.number_changing.connect(self._set_number)
        view.gesture_finished.connect(self._end_gesture)
        view.example_clicked.connect(self._restore_example)
        view.layer_chosen.connect(partial(self._choose, "_layer"))
        view.second_toggled.connect(partial(self._choose, "_second"))
        view.ghost_toggled.connect(partial(self._choose, "_show_ghost"))
        view.chooser.chosen.connect(self._set_activation)
        view.chooser.parameter_changing.connect(self._set_parameter)
        view.plane.point_dragged.connect(self._move_point)
        view.plane.nudged.connect(self._nudge_point)
        view.plane.line_dragged.connect(self._move_line)
        view.plane.line_turned.connect(self._turn_line)
        view.plane.arrow_dragged.connect(self._move_arrow)
        view.curves.operating_dragged.connect(self._move_operating_point)
        view.player.play_clicked.connect(self.toggle_play)
        view.player.edited.connect(self._edit_sweep)
        view.player.scrubbed.connect(self._scrub)
        view.player.released.connect(document.end_gesture)

    # -- the lab's duties ------------------------------------------------------------------------------------

    def frame(self, now: float) -> None:
        passed = 0.0 if self._last_frame is None else now - self._last_frame
        self._last_frame = now
        if self.playing:
            self._play(min(passed, 0.1))  # after a hitch go on from where it was, instead of jumping
        if self._dirty:
            self._dirty = False
            self._draw()

    def status(self) -> str:
        f, z = self._shape.activation, self._document.session.neuron.pre_activation
        slope = float(f.derivative(np.float64(z)))
        title = f.spec.title
        if slope == 0.0:
            return (
                f"f′ = 0 here: {title} is flat at z = {z:.2f}, so no gradient passes and nothing is learned."
            )
        if abs(slope) < SATURATED:
            return f"f′ = {slope:.2g} here: saturated. Learning through this neuron would be slow."
        return (
            f"f′ = {slope:.2f} here: active. A nudge of 0.1 in z moves the output by about {0.1 * slope:.3f}."
        )

    def toggle_play(self) -> None:
        session = self._document.session
        if not self.playing:
            if session.sweep.finished(self._elapsed):
                self._elapsed = 0.0
            self._playing_since = session
        else:
            assert self._playing_since is not None
            start = self._playing_since.neuron
            before = replace(session, neuron=_restored(session.neuron, start, session.sweep))
            self._playing_since = None
            self._document.record(f"animate {self._target_name(session.sweep.target)}", before)
        self._dirty = True

    def prepare(self) -> None:
        self._dirty = False
        self._draw()

    def advance(self, seconds: float) -> None:
        self._play(seconds)
        self.prepare()

    def close(self) -> None:
        self._playing_since = None

    @property
    def playing(self) -> bool:
        return self._playing_since is not None

    # -- gestures to commands --------------------------------------------------------------------------------

    def _on_changed(self, _session: Session) -> None:
        self._dirty = True

    def _choose(self, attribute: str, value: object) -> None:
        setattr(self, attribute, value)
        self._dirty = True

    def _end_gesture(self) -> None:
        self._drag = None
        self._document.end_gesture()

    def _restore_example(self) -> None:
        example = Neuron()
        self._document.apply(
            edit_neuron("back to the example", **{key: getattr(example, key) for key in LIMITS})
        )

    def _set_number(self, name: str, value: float) -> None:
        if self.playing and name == self._document.session.sweep.target:
            self.toggle_play()
        self._document.apply(edit_neuron(f"set {SYMBOLS[name]}", name, **{name: value}))

    def _set_activation(self, name: str) -> None:
        title = actcore.get(name).spec.title
        self._document.apply(edit_neuron(f"choose {title}", activation=name, parameters=()))

    def _set_parameter(self, name: str, value: float) -> None:
        neuron = self._document.session.neuron
        default = actcore.get(neuron.activation).spec.defaults[name]
        self._apply(f"set {name.replace('_', ' ')}", name, neuron.with_parameter(name, value, default))

    def _move_point(self, x1: float, x2: float) -> None:
        self._apply("move the input", "point", self._document.session.neuron.at_input(x1, x2))

    def _nudge_point(self, right: float, up: float) -> None:
        neuron = self._document.session.neuron
        self._move_point(neuron.x1 + 0.1 * right, neuron.x2 + 0.1 * up)

    def _move_line(self, x1: float, x2: float) -> None:
        self._apply("move the decision line", "line", self._start_of_drag().with_line_through(x1, x2))

    def _turn_line(self, x1: float, x2: float) -> None:
        start = self._start_of_drag()
        turned = self._document.session.neuron.with_line_turned(start.anchor, x1, x2)
        self._apply("turn the decision line", "turn", turned)

    def _move_arrow(self, x1: float, x2: float) -> None:
        start = self._start_of_drag()
        self._apply("pull the weight arrow", "arrow", start.with_arrow_to(start.anchor, x1, x2))

    def _move_operating_point(self, z: float) -> None:
        moved = self._document.session.neuron.with_pre_activation(z)
        self._apply("move along the curve", "operating point", moved)

    def _start_of_drag(self) -> Neuron:
        # The line turns about a point of where it stood when the mouse went down; without the start kept,
        # that point would wander with every move.
        if self._drag is None:
            self._drag = self._document.session.neuron
        return self._drag

    def _apply(self, text: str, merge: str, neuron: Neuron) -> None:
        self._document.apply(Command(text, lambda session: replace(session, neuron=neuron), merge))

    # -- the animation ---------------------------------------------------------------------------------------

    def _edit_sweep(self, field: str, value: object) -> None:
        fields = {field: value}
        if field == "target":
            low, high = self._target_limits(str(value))
            fields |= {"low": low, "high": high}
        self._document.apply(edit_sweep("set up the animation", None, **fields))

    def _scrub(self, position: float) -> None:
        sweep = self._document.session.sweep
        self._elapsed = sweep.elapsed_at(position)
        moved = self._swept(position)
        if self.playing:
            self._document.show(neuron=moved)
        else:
            self._apply(f"scrub {self._target_name(sweep.target)}", "scrub", moved)

    def _play(self, seconds: float) -> None:
        sweep = self._document.session.sweep
        self._elapsed += seconds
        self._document.show(neuron=self._swept(sweep.position(self._elapsed)))
        if self.playing and sweep.finished(self._elapsed):
            self.toggle_play()

    def _swept(self, position: float) -> Neuron:
        session = self._document.session
        neuron, target, value = session.neuron, session.sweep.target, session.sweep.value(position)
        if target == "path":
            angle = np.deg2rad(value)
            return neuron.at_input(PATH_RADIUS * float(np.cos(angle)), PATH_RADIUS * float(np.sin(angle)))
        if target in LIMITS:
            return replace(neuron, **{target: value})
        defaults = actcore.get(neuron.activation).spec.defaults
        if target not in defaults:  # a parameter of an activation that has been left since
            return neuron
        return neuron.with_parameter(target, value, defaults[target])

    def _target_name(self, target: str) -> str:
        return SYMBOLS.get(target, "the input on a circle" if target == "path" else target.replace("_", " "))

    def _target_limits(self, target: str) -> tuple[float, float]:
        if target == "path":
            return 0.0, 360.0
        if target in LIMITS:
            return -LIMITS[target], LIMITS[target]
        rows = actcore.get(self._document.session.neuron.activation).spec.parameters
        return next((slider_range(row) for row in rows if row.name == target), (0.0, 1.0))

    def _targets(self) -> list[tuple[str, str]]:
        rows = actcore.get(self._document.session.neuron.activation).spec.parameters
        numbers = [(key, f"{SYMBOLS[key]}  {NAMES[key].lower()}") for key in LIMITS]
        return [
            *numbers,
            ("path", "input on a circle"),
            *((row.name, row.name.replace("_", " ")) for row in rows),
        ]

    # -- drawing ---------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        neuron, view = self._document.session.neuron, self.view
        f = _activation(neuron)
        if (f.name, f.parameters) != (self._shape.activation.name, self._shape.activation.parameters):
            if f.name != self._shape.activation.name:
                self._ghost = self._shape.activation
            self._shape = _Shape(f)
        z = neuron.pre_activation
        a, slope = (float(value) for value in f.value_and_derivative(np.float64(z)))
        for key, slider in view.sliders.items():
            slider.set_value(getattr(neuron, key))
        view.chooser.set_value(neuron.activation, f.parameters)
        view.formula.setText(f.spec.formula)
        view.advice.setText(f.spec.advice)
        view.arithmetic.set_numbers(
            Arithmetic(neuron.x1, neuron.x2, neuron.w1, neuron.w2, neuron.b, z, a, slope, f.spec.title)
        )
        self._draw_curves(z, a, slope)
        self._draw_plane(neuron)
        view.plane.set_neuron((neuron.x1, neuron.x2), neuron.line, neuron.anchor, neuron.arrow_tip)
        view.plane.setAccessibleDescription(
            f"Input at x1 = {neuron.x1:.2f}, x2 = {neuron.x2:.2f}; output {a:.3f}. Arrow keys move it."
        )
        view.curves.value_plot.setAccessibleDescription(f"At z = {z:.2f} the activation gives {a:.3f}.")
        view.curves.slope_plot.setAccessibleDescription(f"At z = {z:.2f} the slope is {slope:.3f}.")
        sweep = self._document.session.sweep
        view.player.set_targets(self._targets())
        limits = self._target_limits(sweep.target)
        view.player.set_sweep(sweep.target, sweep.low, sweep.high, sweep.seconds, sweep.loop, limits)
        view.player.set_state(self.playing, sweep.position(self._elapsed))

    def _draw_curves(self, z: float, a: float, slope: float) -> None:
        shape, curves = self._shape, self.view.curves
        ghost = self._ghost if self._show_ghost else None
        second = shape.activation.second_derivative(shape.z) if self._second else None
        curves.set_curves(
            shape.z,
            shape.value,
            shape.slope,
            second,
            ghost(shape.z) if ghost is not None else None,
            shape.value_range,
            shape.slope_range,
        )
        curves.set_operating_point(z, a, slope)

    def _draw_plane(self, neuron: Neuron) -> None:
        shape, view = self._shape, self.view
        f = shape.activation
        z = _weighted_sums(neuron, self._pixels)
        coarse = _weighted_sums(neuron, self._samples)
        mode = theme.current().name
        if self._layer == "output":
            table, low, high = colormap.diverging(mode), shape.centre - shape.span, shape.centre + shape.span
            values, lines = f(z), f(coarse)
            levels = [shape.centre + shape.span * share for share in (-0.75, -0.5, -0.25, 0.25, 0.5, 0.75)]
            ticks = shape.output_ticks()
        elif self._layer == "gradient":
            size = float(np.hypot(neuron.w1, neuron.w2))
            table, low, high = colormap.sequential(mode), 0.0, shape.steepest
            values, lines = np.abs(f.derivative(z)) * np.float32(size), np.abs(f.derivative(coarse)) * size
            levels = [shape.steepest * share for share in (0.25, 0.5, 0.75)]
            ticks = [(0.0, "0"), (shape.steepest / 2, f"{shape.steepest / 2:.3g}"), (high, f"≥ {high:.3g}")]
        else:
            table, low, high = _region_table(), 0.0, 3.0
            values, lines, levels = _regions(f.derivative(z)) + 0.5, coarse, []
            ticks = [(0.5, "dead: f′ = 0"), (1.5, f"saturated: |f′| < {SATURATED}"), (2.5, "active")]
        view.plane.set_image(colormap.paint(values, low, high, table))
        view.plane.set_contours(lines, levels)
        view.color_bar.set_scale(table, low, high, ticks)
        shares, edges = np.histogram(coarse, bins=64, range=(-Z_LIMIT, Z_LIMIT))
        view.curves.set_histogram(edges, shares / max(shares.max(), 1))
        flat = float(np.mean(np.abs(f.derivative(coarse)) < SATURATED))
        view.spread.setText(
            f"Grey: how the plane's inputs spread over z. {flat:.0%} of them meet |f′| < {SATURATED}."
        )


@dataclass
class _Shape:
    """What depends on the activation and its parameters only: sampled curves, limits, and the colour scale."""

    activation: actcore.Activation

    def __post_init__(self) -> None:
        self.z = np.linspace(-Z_LIMIT, Z_LIMIT, 801)
        self.value, self.slope = self.activation.value_and_derivative(self.z)
        self.steepest = max(float(np.abs(self.slope).max()), 1e-3)
        # Limits come in steps, so that most activations share them and can be compared by eye.
        self.value_range = (min(-1.25, np.floor(self.value.min())), max(1.25, np.ceil(self.value.max())))
        self.slope_range = (min(-0.25, np.floor(4 * self.slope.min()) / 4), max(1.25, self.slope.max() + 0.1))
        # The colour in the middle is the value on the decision line; at a jump, half-way between both sides.
        below, above = self.activation(np.array([-1e-6, 1e-6]))
        self.centre = round(float(below + above) / 2, 4)
        self.span = max(float(np.abs(self.value - self.centre).max()), 1e-3)

    def output_ticks(self) -> list[tuple[float, str]]:
        low, high = self.centre - self.span, self.centre + self.span
        bounded = "bounded" in self.activation.spec.tags
        first = f"{low:.3g}" if bounded else f"≤ {low:.3g}"
        last = f"{high:.3g}" if bounded else f"≥ {high:.3g}"
        return [(low, first.replace("-", "−")), (self.centre, f"{self.centre:.3g}   at z = 0"), (high, last)]


def _activation(neuron: Neuron) -> actcore.Activation:
    return actcore.get(neuron.activation, **dict(neuron.parameters))


def _weighted_sums(neuron: Neuron, axis: NDArray[np.floating]) -> NDArray[np.floating]:
    """The pre-activation over the plane: row i, column j is z at x1 = axis[j], x2 = axis[i]."""
    kind = axis.dtype.type
    return kind(neuron.w1) * axis[None, :] + (kind(neuron.w2) * axis + kind(neuron.b))[:, None]


def _regions(slope: NDArray[np.floating]) -> NDArray[np.float32]:
    """0 where dead, 1 where saturated, 2 where active."""
    size = np.abs(slope)
    return (size > 0.0).astype(np.float32) + (size >= SATURATED)


def _region_table() -> NDArray[np.uint8]:
    table = np.empty((256, 4), dtype=np.uint8)
    for third, token in zip(np.array_split(table, 3), ("ghost", "sunken", "positive"), strict=True):
        third[:] = theme.color(token).getRgb()
    return table


def _restored(neuron: Neuron, start: Neuron, sweep: Sweep) -> Neuron:
    """The neuron with what the animation moved put back to where it began."""
    if sweep.target == "path":
        return replace(neuron, x1=start.x1, x2=start.x2)
    if sweep.target in LIMITS:
        return replace(neuron, **{sweep.target: getattr(start, sweep.target)})
    return replace(neuron, parameters=start.parameters) if neuron.activation == start.activation else neuron
