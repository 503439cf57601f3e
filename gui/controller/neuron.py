"""The Neuron lab's controller: gestures to commands, the neuron to arrays from the engine, once per frame."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

import actcore

from ..model.activations import activation_of, named, with_activation, with_parameter
from ..model.commands import Command, edit_neuron
from ..model.document import Document
from ..model.neuron import LIMITS, Neuron
from ..model.session import Session
from ..model.sweep import LONGEST, SHORTEST, Sweep
from ..view import theme
from ..view.arithmetic import Arithmetic
from ..view.neuron_lab import SYMBOLS, NeuronLab
from ..view.text import plain, short
from .activations import SATURATED
from .choosers import Choosers
from .layers import LAYERS, flat_share
from .shape import Z_LIMIT, Shape
from .sweeping import SweepPlayer

LONGEST_FRAME = 0.1
"""Seconds of animation that one frame may make up for; after a longer hitch it goes on from where it was."""
_BINS = np.linspace(-Z_LIMIT, Z_LIMIT, 49)


class NeuronController:
    """See `Lab`."""

    name = "neuron"
    title = "Neuron"
    gestures = (
        ("Drag the input", "Moves the pair of inputs; the operating point on the curve follows"),
        ("Drag the line z = 0", "Shifts it: the bias changes"),
        ("Drag the ring on the line", "Turns it: the weights change, their size stays"),
        ("Drag the tip of the arrow", "Both weights change, the line turns about its middle"),
        ("Drag a point on a curve", "Moves along z; the input follows by the shortest way"),
        ("Arrow keys on the plane", "Move the input by 0.1, with Shift by 1"),
        ("Arrow keys on a curve", "Move along z"),
        ("Delete on a slider", "Back to its default"),
    )

    def __init__(self, document: Document, choosers: Choosers) -> None:
        self._document = document
        self._sweep = SweepPlayer(document)
        self._shape = Shape(activation_of(document.session.neuron))
        self._ghost: Shape | None = None
        self._layer, self._second, self._show_ghost = "output", False, True
        self._curves_drawn: object = None
        self._drag: Neuron | None = None
        self._dirty = True
        self._last_frame: float | None = None
        self.view = NeuronLab(
            choosers,
            LIMITS,
            {key: getattr(Neuron(), key) for key in LIMITS},
            (-Z_LIMIT, Z_LIMIT),
        )
        self.view.player.seconds.setRange(SHORTEST, LONGEST)
        self._connect()
        document.changed.connect(self._on_changed)

    def _connect(self) -> None:
        view, sweep = self.view, self._sweep
        view.number_changing.connect(self._set_number)
        view.gesture_finished.connect(self._end_gesture)
        view.example_clicked.connect(self._restore_example)
        view.layer_chosen.connect(partial(self._choose, "_layer"))
        view.second_toggled.connect(partial(self._choose, "_second"))
        view.ghost_toggled.connect(partial(self._choose, "_show_ghost"))
        view.chooser.chosen.connect(self._set_activation)
        view.parameters.changing.connect(self._set_parameter)
        view.plane.point_dragged.connect(self._move_point)
        view.plane.nudged.connect(self._nudge_point)
        view.plane.line_dragged.connect(self._move_line)
        view.plane.line_turned.connect(self._turn_line)
        view.plane.arrow_dragged.connect(self._move_arrow)
        view.curves.operating_dragged.connect(self._move_operating_point)
        view.player.play_clicked.connect(self.toggle_play)
        view.player.edited.connect(sweep.edit)
        view.player.scrubbed.connect(self._scrub)

    # The lab's duties

    def frame(self, now: float) -> None:
        passed = 0.0 if self._last_frame is None else now - self._last_frame
        self._last_frame = now
        if self._sweep.playing:
            self._sweep.advance(min(passed, LONGEST_FRAME))
        if self._dirty:
            self.prepare()

    def status(self) -> str:
        f, z = self._shape.activation, self._document.session.neuron.pre_activation
        slope = float(f.derivative(np.float64(z)))
        if slope == 0.0:
            flat = f"{f.spec.title} is flat at z = {plain(z)}"
            return f"f′ = 0 here: {flat}; no gradient passes, nothing is learned."
        if abs(slope) < SATURATED:
            return f"f′ = {short(slope)} here: saturated. Learning through this neuron would be slow."
        change = plain(0.1 * slope, 3)
        return f"f′ = {plain(slope)} here: active. Raising z by 0.1 changes the output by about {change}."

    def news(self) -> str:
        return ""

    def toggle_play(self) -> None:
        if self._sweep.playing:
            self.pause()
        else:
            self._sweep.play()
        self._dirty = True

    def pause(self) -> None:
        self._sweep.pause()

    def prepare(self) -> None:
        self._dirty = False
        # A plane's values take hundredths of a millisecond on one thread; on a busy machine, waiting for a
        # second thread to be scheduled can take longer than a frame.
        with actcore.num_threads(1):
            self._draw()

    def advance(self, seconds: float) -> None:
        self._sweep.advance(seconds)
        self.prepare()

    def close(self) -> None:
        self._sweep.pause()

    def keep(self) -> None:
        """Nothing to do: all of the neuron is in the document."""

    def table(self) -> dict[str, np.ndarray]:
        shape = self._shape
        return {
            "z": shape.z,
            "f": shape.value,
            "f_derivative": shape.slope,
            "f_second_derivative": shape.second,
        }

    # Gestures to commands

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
        numbers = {key: getattr(example, key) for key in LIMITS}
        self._document.apply(edit_neuron("go back to the example", **numbers))

    def _set_number(self, name: str, value: float) -> None:
        if name == self._document.session.sweep.target:
            self._sweep.pause()  # the hand has the last word
        self._document.apply(edit_neuron(f"set {SYMBOLS[name]}", name, **{name: value}))

    def _set_activation(self, name: str) -> None:
        spec = named(name).spec

        def change(session: Session) -> Session:
            neuron = with_activation(session.neuron, name)
            # An animation of a parameter that the new activation does not have starts over with an input.
            known = session.sweep.target in (*LIMITS, "path", *spec.defaults)
            return replace(session, neuron=neuron, sweep=session.sweep if known else Sweep())

        self._sweep.pause()
        self._document.apply(Command(f"choose {spec.title}", change))

    def _set_parameter(self, name: str, value: float) -> None:
        neuron = with_parameter(self._document.session.neuron, name, value)
        self._apply(f"set {name.replace('_', ' ')}", name, neuron)

    def _move_point(self, x1: float, x2: float) -> None:
        if self._document.session.sweep.target in ("x1", "x2", "path"):
            self._sweep.pause()
        self._apply("move the input", "point", self._document.session.neuron.at_input(x1, x2))

    def _nudge_point(self, right: float, up: float) -> None:
        neuron = self._document.session.neuron
        self._move_point(neuron.x1 + 0.1 * right, neuron.x2 + 0.1 * up)

    def _move_line(self, x1: float, x2: float) -> None:
        self._apply("move the decision line", "line", self._start_of_drag().with_line_through(x1, x2))

    def _turn_line(self, x1: float, x2: float) -> None:
        anchor = self._start_of_drag().anchor
        self._apply("turn the line", "turn", self._document.session.neuron.with_line_turned(anchor, x1, x2))

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

    def _scrub(self, position: float) -> None:
        self._sweep.scrub(position)
        self._dirty = True

    def _apply(self, text: str, merge: str, neuron: Neuron) -> None:
        self._document.apply(Command(text, lambda session: replace(session, neuron=neuron), merge))

    # Drawing

    def _draw(self) -> None:
        neuron, view = self._document.session.neuron, self.view
        f = activation_of(neuron)
        if not self._shape.matches(f):
            if f.name != self._shape.activation.name:
                self._ghost = self._shape
            self._shape = Shape(f)
        z = neuron.pre_activation
        a, slope = (float(number) for number in f.value_and_derivative(np.float64(z)))
        for key, slider in view.sliders.items():
            slider.set_value(getattr(neuron, key))
        view.show_activation(neuron.activation, f.spec, f.parameters)
        view.arithmetic.set_numbers(Arithmetic(neuron.x1, neuron.x2, neuron.w1, neuron.w2, neuron.b, z, a, slope, f.spec.title))
        self._draw_curves(neuron, z, a, slope)
        self._draw_plane(neuron, a)
        self._draw_player()

    def _draw_curves(self, neuron: Neuron, z: float, a: float, slope: float) -> None:
        shape, curves = self._shape, self.view.curves
        ghost = self._ghost if self._show_ghost else None
        wanted = (shape, ghost, self._second, theme.current())
        if wanted != self._curves_drawn:  # what no slider of the neuron can change
            self._curves_drawn = wanted
            value, slope_curve, second = shape.curves
            curves.set_limits(shape.value_range, shape.slope_range)
            before = ghost.curves[0] if ghost is not None else None
            curves.set_curves(value, slope_curve, second if self._second else None, before)
            curves.set_flat(shape.flat)
            curves.set_legend(ghost.activation.spec.title if ghost is not None else None, self._second)
        curves.set_histogram(_BINS, np.array(neuron.spread(_BINS.tolist())))
        curves.set_operating_point(z, a, slope, float(shape.activation.second_derivative(np.float64(z))))
        curves.value_plot.setAccessibleDescription(f"At z = {plain(z)} the activation gives {plain(a, 3)}.")
        curves.slope_plot.setAccessibleDescription(f"At z = {plain(z)} the slope is {plain(slope, 3)}.")
        share = flat_share(neuron, shape)
        self.view.set_spread(f"{share:.0%} of the inputs meet |f′| < {SATURATED} (shaded)")

    def _draw_plane(self, neuron: Neuron, a: float) -> None:
        self.view.show_layer(self._layer)
        plane, layer = self.view.plane, LAYERS[self._layer](neuron, self._shape)
        plane.set_image(layer.rgba)
        plane.set_contours(layer.lines, layer.levels)
        plane.set_neuron((neuron.x1, neuron.x2), neuron.line, neuron.anchor, neuron.arrow_tip)
        plane.setAccessibleDescription(
            f"Input at x1 = {plain(neuron.x1)}, x2 = {plain(neuron.x2)}; output {plain(a, 3)}. Arrow keys move it."
        )
        self.view.color_bar.set_scale(layer.table, layer.low, layer.high, layer.ticks)

    def _draw_player(self) -> None:
        player, sweep = self.view.player, self._document.session.sweep
        player.set_targets(self._sweep.targets())
        limits = self._sweep.limits(sweep.target)
        player.set_sweep(sweep.target, sweep.low, sweep.high, sweep.seconds, sweep.loop, limits)
        player.set_state(self._sweep.playing, self._sweep.position)
