"""Commands: the only way in which a session changes, each with words for the undo menu.

A command is a pure function from one session to the next. Undo needs no inverse: the document keeps the
session that was there before, and frozen parts are shared between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any

from .network import NetworkState
from .session import Session


@dataclass(frozen=True, slots=True)
class Command:
    """One undoable change.

    Parameters
    ----------
    text : str
        Words for the menu, as in "Undo *move the input point*".
    change : callable
        Session before to session after; pure.
    merge : hashable, optional
        Commands applied one after the other with the same key, up to `Document.end_gesture`, are one entry.
    """

    text: str
    change: Callable[[Session], Session]
    merge: Hashable | None = None


def edit_neuron(text: str, merge: Hashable | None = None, **fields: Any) -> Command:
    """Set fields of the neuron."""
    return Command(text, lambda s: replace(s, neuron=replace(s.neuron, **fields)), merge)


def edit_sweep(text: str, merge: Hashable | None = None, **fields: Any) -> Command:
    """Set fields of the Neuron lab's animation."""
    return Command(text, lambda s: replace(s, sweep=replace(s.sweep, **fields)), merge)


def edit_network(text: str, change: Callable[[NetworkState], NetworkState], merge: Hashable | None = None) -> Command:
    """Change the network by a pure function of its state."""
    return Command(text, lambda s: replace(s, network=change(s.network)), merge)


def open_session(session: Session, text: str = "open session") -> Command:
    """Take over a whole session, for instance from a file; undo brings the work before it back."""
    return Command(text, lambda _: session)
