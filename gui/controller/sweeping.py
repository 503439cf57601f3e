"""Playing a sweep: one number of the neuron as a function of time, frame by frame, as one undoable entry."""

from __future__ import annotations

import math
from dataclasses import replace

from ..model.activations import named, with_parameter
from ..model.commands import Command, edit_sweep
from ..model.document import Document
from ..model.neuron import LIMITS, Neuron
from ..model.session import Session
from ..model.sweep import Sweep
from ..view.neuron_lab import NAMES, SYMBOLS
from ..view.parameters import slider_range

PATH_RADIUS = 9.0


class SweepPlayer:
    """Moves what the session's sweep names; frames make no entries, the whole run makes one."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._started_from: Session | None = None
        self._elapsed = 0.0

    @property
    def playing(self) -> bool:
        return self._started_from is not None

    @property
    def position(self) -> float:
        """Share of the way at which the sweep stands, 0 to 1."""
        return self._document.session.sweep.position(self._elapsed)

    def play(self) -> None:
        if self._document.session.sweep.finished(self._elapsed):
            self._elapsed = 0.0
        self._started_from = self._document.session

    def pause(self) -> None:
        """Stop, and put what was moved into the history."""
        if self._started_from is None:
            return
        session, start = self._document.session, self._started_from.neuron
        self._started_from = None
        before = replace(session, neuron=_restored(session.neuron, start, session.sweep))
        self._document.record(f"animate {_target_name(session.sweep.target)}", before)

    def advance(self, seconds: float) -> None:
        """Go on by `seconds`."""
        sweep = self._document.session.sweep
        self._elapsed += seconds
        self._document.show(neuron=self._swept(sweep.position(self._elapsed)))
        if sweep.finished(self._elapsed):
            self.pause()

    def scrub(self, position: float) -> None:
        """Go to a share of the way by hand."""
        sweep = self._document.session.sweep
        self._elapsed = sweep.elapsed_at(position)
        moved = self._swept(position)
        if self.playing:
            self._document.show(neuron=moved)
        else:
            text = f"scrub {_target_name(sweep.target)}"
            self._document.apply(Command(text, lambda session: replace(session, neuron=moved), "scrub"))

    def edit(self, field: str, value: object) -> None:
        """Change a field of the sweep; a new target comes with ends of its own."""
        self.pause()
        fields = {field: value}
        if field == "target":
            fields["low"], fields["high"] = self.limits(str(value))
        self._document.apply(edit_sweep("set up the animation", None, **fields))

    def limits(self, target: str) -> tuple[float, float]:
        """Between which ends a target can move."""
        if target == "path":
            return 0.0, 360.0
        if target in LIMITS:
            return -LIMITS[target], LIMITS[target]
        rows = named(self._document.session.neuron.activation).spec.parameters
        return next((slider_range(row) for row in rows if row.name == target), (0.0, 1.0))

    def targets(self) -> list[tuple[str, str]]:
        """What can be moved: keys and words."""
        rows = named(self._document.session.neuron.activation).spec.parameters
        numbers = [(key, f"{SYMBOLS[key]}  {NAMES[key].lower()}") for key in LIMITS]
        circle = ("path", "input on a circle (°)")
        return [*numbers, circle, *((row.name, row.name.replace("_", " ")) for row in rows)]

    def _swept(self, position: float) -> Neuron:
        session = self._document.session
        neuron, target = session.neuron, session.sweep.target
        low, high = self.limits(target)
        value = min(max(session.sweep.value(position), low), high)  # a file may ask for more
        if target == "path":
            angle = math.radians(value)
            return neuron.at_input(PATH_RADIUS * math.cos(angle), PATH_RADIUS * math.sin(angle))
        if target in LIMITS:
            return replace(neuron, **{target: value})
        if target not in named(neuron.activation).spec.defaults:  # a parameter of an activation that has been left since
            return neuron
        return with_parameter(neuron, target, value)


def _target_name(target: str) -> str:
    return SYMBOLS.get(target, "the input" if target == "path" else target.replace("_", " "))


def _restored(neuron: Neuron, start: Neuron, sweep: Sweep) -> Neuron:
    """The neuron with what the sweep moved put back to where it began."""
    if sweep.target == "path":
        return replace(neuron, x1=start.x1, x2=start.x2)
    if sweep.target in LIMITS:
        return replace(neuron, **{sweep.target: getattr(start, sweep.target)})
    return replace(neuron, parameters=start.parameters) if neuron.activation == start.activation else neuron
