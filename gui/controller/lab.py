"""What a lab owes the app: the app's controller knows labs by this only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget


class Lab(Protocol):
    """A lab's controller: built with the document, listens to ``document.changed``, owns its view."""

    name: str
    """As in `Session.lab`."""
    title: str
    view: QWidget
    gestures: Sequence[tuple[str, str]]
    """What mouse and keys do here, for the help sheet: the gesture, and what it does."""

    def frame(self, now: float) -> None:
        """Once per frame tick while shown: pull what changed and draw it once. `now` is in seconds."""

    def status(self) -> str:
        """One sentence in words on what is seen."""

    def news(self) -> str:
        """Why the last thing asked for went another way, as a sentence; else empty."""

    def toggle_play(self) -> None:
        """Play or pause."""

    def pause(self) -> None:
        """Stop what plays, if anything does."""

    def keep(self) -> None:
        """Put into the document what runs outside it, so that a session file holds it."""

    def table(self) -> Mapping[str, NDArray[Any]]:
        """The numbers behind the pictures, for export: names of columns, and columns of one length."""

    def prepare(self) -> None:
        """Bring the lab to a fixed state that is worth a picture, the same each time, and draw it."""

    def advance(self, seconds: float) -> None:
        """Go on by exactly `seconds` as if played, for a recording that is the same each time, and draw."""

    def close(self) -> None:
        """Stop whatever runs."""
