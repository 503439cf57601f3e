"""The session: all of a person's work in one frozen value, and its JSON file."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .network import NetworkState
from .neuron import Neuron
from .sweep import Sweep

FORMAT = "actcore session"
SCHEMA = 1
LABS = ("neuron", "network")
THEMES = ("light", "dark")


class SessionError(ValueError):
    """A session file cannot be used; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Session:
    """Everything that a session file keeps.

    Parameters
    ----------
    lab, theme : str
        What is shown: one of `LABS` and one of `THEMES`.
    neuron, sweep : Neuron, Sweep
        The Neuron lab and its animation.
    network : NetworkState
        The Network lab.
    """

    lab: str = LABS[0]
    theme: str = THEMES[0]
    neuron: Neuron = field(default_factory=Neuron)
    sweep: Sweep = field(default_factory=Sweep)
    network: NetworkState = field(default_factory=NetworkState)

    def to_dict(self) -> dict[str, Any]:
        """Plain form, with format and schema version."""
        return {
            "format": FORMAT,
            "schema": SCHEMA,
            "lab": self.lab,
            "theme": self.theme,
            "neuron": self.neuron.to_dict(),
            "sweep": self.sweep.to_dict(),
            "network": self.network.to_dict(),
        }

    @classmethod
    def from_dict(cls, plain: Any) -> Session:
        """Rebuild from `to_dict`; raises SessionError with a sentence on anything out of place."""
        if not isinstance(plain, dict) or plain.get("format") != FORMAT:
            raise SessionError("This is not a session file of this app.")
        schema = plain.get("schema")
        if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
            raise SessionError("The session file is damaged: it carries no valid schema version.")
        if schema > SCHEMA:
            raise SessionError(
                f"The session file was written by a newer version of the app (schema {schema}; this one "
                f"reads up to {SCHEMA}). Update the app to open it."
            )
        try:
            lab, theme = plain["lab"], plain["theme"]
            if lab not in LABS or theme not in THEMES:
                raise ValueError(f"lab {lab!r} or theme {theme!r} is unknown")
            return cls(
                lab=lab,
                theme=theme,
                neuron=Neuron.from_dict(plain["neuron"]),
                sweep=Sweep.from_dict(plain["sweep"]),
                network=NetworkState.from_dict(plain["network"]),
            )
        except KeyError as missing:
            raise SessionError(f"The session file is damaged: {missing} is missing.") from missing
        except ValueError as error:
            raise SessionError(f"The session file is damaged: {str(error).rstrip('.')}.") from error
        except (TypeError, AttributeError, OverflowError) as error:  # their words are Python's, for who wrote the program
            raise SessionError("The session file is damaged: a value in it is of another kind than belongs there.") from error


def load(path: str | os.PathLike[str]) -> Session:
    """Read a session file; raises SessionError with a sentence if that is not possible."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise SessionError(f"The file {os.fspath(path)} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SessionError("This is not a session file of this app.") from error
    try:
        plain = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise SessionError("The session file is damaged: it is not valid JSON.") from error
    return Session.from_dict(plain)


def save(session: Session, path: str | os.PathLike[str]) -> None:
    """Write a session file; raises SessionError if that is not possible.

    The text goes to a temporary file that then replaces the old one: a crash half-way leaves the old file
    whole.
    """
    target = Path(path)
    text = json.dumps(session.to_dict(), indent=1, allow_nan=False) + "\n"
    part = target.with_name(f"{target.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SessionError(f"The session cannot be written to {target}: {error.strerror}.") from error
