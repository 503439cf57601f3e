"""The menus of activations in both labs, and the dialog in which one is typed."""

from __future__ import annotations

import numpy as np

import actcore

from ..model.activations import OWN, named, offered, own
from ..model.document import Document
from ..model.session import Session
from ..view.chooser import ActivationChooser
from ..view.formula_dialog import FormulaDialog
from .shape import Z_LIMIT

EXAMPLES = ("x * tanh(softplus(x))", "x if x > 0 else a * x", "max(x, 0)**2", "x + sin(b * x)")
"""What the dialog offers to begin with."""
_Z = np.linspace(-4.0, 4.0, 41)


class Choosers:
    """Makes activation choosers; the small curves in their menus are computed once for all.

    All of them offer the formulas that the session uses, and those that were typed since it was opened.
    """

    def __init__(self, document: Document) -> None:
        self._specs = [actcore.get(name).spec for name in offered()]
        self._curves = {spec.name: actcore.get(spec.name)(_Z) for spec in self._specs}
        self._made: list[ActivationChooser] = []
        self._typed: list[str] = []
        document.changed.connect(self._offer_used)
        self._offer_used(document.session)

    def __call__(self, name: str, *, own: bool = False) -> ActivationChooser:
        chooser = ActivationChooser(self._specs, self._curves.__getitem__, name, own=own)
        chooser.own_asked.connect(lambda: self._ask(chooser))
        self._made.append(chooser)
        for formula in self._typed:
            _offer(chooser, formula)
        return chooser

    def _offer_used(self, session: Session) -> None:
        used = [session.neuron.activation, *(layer.activation for layer in session.network.hidden)]
        for name in used:
            if name.startswith(OWN) and name not in self._typed:
                self._typed.append(name)
                for chooser in self._made:
                    _offer(chooser, name)

    def _ask(self, chooser: ActivationChooser) -> None:
        """Let a formula be typed, and choose it there."""
        current = chooser.menu.currentData() or ""
        typed = current.removeprefix(OWN) if current.startswith(OWN) else ""
        dialog = FormulaDialog(typed, EXAMPLES, (-Z_LIMIT, Z_LIMIT), chooser.window())
        dialog.typed.connect(lambda text: self._preview(dialog, text))
        dialog.accepted.connect(lambda: chooser.chosen.emit(own(dialog.entry.text())))
        self._preview(dialog, dialog.entry.text())
        dialog.open()

    def _preview(self, dialog: FormulaDialog, text: str) -> None:
        if not text.strip():
            dialog.show_hint()
            return
        try:
            f = named(OWN + text)
        except ValueError as error:
            sentence = str(error)
            dialog.show_problem(f"{sentence[0].upper()}{sentence[1:]}{'' if sentence.endswith('?') else '.'}")
        else:
            z = np.linspace(-Z_LIMIT, Z_LIMIT, 401)
            dialog.show_curves(z, *f.value_and_derivative(z), tuple(f.parameters))


def _offer(chooser: ActivationChooser, name: str) -> None:
    activation = named(name)
    chooser.offer(name, activation.spec, activation(_Z))
