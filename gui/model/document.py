"""The document: the session as it is now, its past and future, and the one signal that says it changed."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

from psygnal import Signal

from .commands import Command
from .session import Session

HISTORY_LIMIT = 500
"""Entries kept; the oldest go first. An entry shares all unchanged parts with its neighbours."""


@dataclass(frozen=True, slots=True)
class _Entry:
    text: str
    before: Session
    after: Session


class Document:
    """Holder of the session. Everything the user does to the work passes through `apply`.

    `changed` is emitted with the new session after every change, undo and redo.
    """

    changed = Signal(object)

    def __init__(self, session: Session | None = None) -> None:
        self._session = session if session is not None else Session()
        self._past: list[_Entry] = []
        self._future: list[_Entry] = []
        self._gesture: Hashable | None = None

    @property
    def session(self) -> Session:
        return self._session

    def apply(self, command: Command) -> None:
        """Carry out a command; merge it into the entry of the running gesture where the key is the same."""
        before, after = self._session, command.change(self._session)
        merging = command.merge is not None and command.merge == self._gesture and bool(self._past)
        if after == before:
            return
        if merging:
            first = self._past.pop()
            before = first.before
        if after != before:
            self._past.append(_Entry(command.text, before, after))
            del self._past[:-HISTORY_LIMIT]
            self._gesture = command.merge
        else:  # the gesture came back to where it began: nothing is left to undo
            self._gesture = None
        self._future.clear()
        self._adopt(after)

    def end_gesture(self) -> None:
        """The mouse was released or the editing ended: the next command starts an entry of its own."""
        self._gesture = None

    def show(self, **fields: Any) -> None:
        """Change the session without an entry: ``lab``, ``theme``, and the frames of a running animation."""
        session = replace(self._session, **fields)
        if session != self._session:
            self._adopt(session)

    def record(self, text: str, before: Session) -> None:
        """Make what was shown since `before` one undoable entry: an animation that ended."""
        if before != self._session:
            self._past.append(_Entry(text, before, self._session))
            self._future.clear()
            self._gesture = None
            self.changed.emit(self._session)

    @property
    def undo_text(self) -> str | None:
        """Words for what `undo` would take back; None when there is nothing."""
        return self._past[-1].text if self._past else None

    @property
    def redo_text(self) -> str | None:
        return self._future[-1].text if self._future else None

    def undo(self) -> None:
        if self._past:
            entry = self._past.pop()
            self._future.append(entry)
            self._travel(entry.before)

    def redo(self) -> None:
        if self._future:
            entry = self._future.pop()
            self._past.append(entry)
            self._travel(entry.after)

    def _travel(self, session: Session) -> None:
        # The session returns with the lab in which the change was made, so that one sees what undo did;
        # the theme is a preference and stays.
        self._gesture = None
        self._adopt(replace(session, theme=self._session.theme))

    def _adopt(self, session: Session) -> None:
        self._session = session
        self.changed.emit(session)
