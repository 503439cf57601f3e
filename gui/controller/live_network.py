"""The network between document and worker: settings in the one, weights under training in the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..engine.snapshot import Snapshot
from ..engine.worker import Worker
from ..model.commands import edit_network
from ..model.document import Document
from ..model.network import Checkpoint, NetworkState, new_revision
from ..model.session import Session


class LiveNetwork:
    """Keeps the worker in step with the document, and brings weights into the document where undo needs them.

    Training is no entry of the history, so that most edits need not know of it. Before an edit of weights `hold` puts
    them, as they are at that moment, into the document: undo then brings back exactly these.

    Attributes
    ----------
    state : NetworkState
        The settings, with the weights that were last held.
    worker : Worker
        The training.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self.state = document.session.network
        self.worker = Worker(self.state)
        self._present: Checkpoint | None = None
        document.changed.connect(self._on_changed)

    def apply(self, text: str, state: NetworkState, merge: str | None = None) -> None:
        """Go over to `state`, as one undoable entry for each `merge`."""
        self._document.apply(edit_network(text, lambda _: state, merge))

    def keep(self) -> None:
        """Put the newest weights into the document, so that a session file holds them: looking back loses nothing."""
        snapshot = self.worker.flush()
        looking_back = snapshot.step < snapshot.last_step
        kept = self._present if self._present is not None and looking_back else _checkpoint(snapshot, self.state.revision)
        self._show(replace(self.state, checkpoint=kept))

    def hold(self) -> Checkpoint:
        """Put the weights of this moment into the document: undo of what follows brings back exactly these."""
        self.branch_off()
        self.keep()
        assert self.state.checkpoint is not None
        return self.state.checkpoint

    def set_parameter(self, text: str, index: int, value: float) -> None:
        """Change one of the held weights, by its place in `actcore.MLP.parameters`."""
        kept = self.state.checkpoint
        assert kept is not None
        value = float(np.float32(value))
        parameters = (*kept.parameters[:index], value, *kept.parameters[index + 1 :])
        self.state = replace(self.state, checkpoint=kept.changed(parameters))
        # The worker hears of the one weight only: the others go on learning while it is held.
        self.worker.set_parameter(index, value, self.state)
        self.apply(text, self.state, merge=f"weight {index}")

    def play(self) -> None:
        """Train until told otherwise."""
        self.branch_off()
        self.worker.play()

    def advance(self, steps: int) -> None:
        """Train for so many steps."""
        self.branch_off()
        self.worker.advance(steps)

    def look_back(self, step: int) -> None:
        """Go to an earlier step. Nothing is lost by that: what came after goes when the training goes on from there."""
        if self._present is None:
            self._present = _checkpoint(self.worker.flush(), self.state.revision)
        self.worker.seek(step)

    def branch_off(self) -> None:
        """The training is about to go another way from an earlier step: an entry, so that undo leads back."""
        present, self._present = self._present, None
        snapshot = self.worker.flush()
        if present is not None and snapshot.step < snapshot.last_step:
            before = replace(self._document.session, network=replace(self.state, checkpoint=present))
            self._document.show(network=replace(self.state, checkpoint=_checkpoint(snapshot, new_revision())))
            self._document.record(f"go on from step {snapshot.step}", before)

    def close(self) -> None:
        self.worker.close()

    def _show(self, state: NetworkState) -> None:
        # The worker has these weights already: it is where they come from.
        self.state = state
        self._document.show(network=state)

    def _on_changed(self, session: Session) -> None:
        if session.network != self.state:
            if session.network.revision != self.state.revision:
                self._present = None  # other weights have come: there is no way back from an earlier step of theirs
            self.state = session.network
            self.worker.update(self.state)


def _checkpoint(snapshot: Snapshot, revision: int) -> Checkpoint:
    """The weights of a snapshot with the course up to them; a revision is kept where no act of the user has changed them."""
    return Checkpoint(snapshot.step, tuple(snapshot.parameters.tolist()), revision, snapshot.course.until(snapshot.step))
