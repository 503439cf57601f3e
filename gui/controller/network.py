"""The Network lab's controller: gestures to commands and orders, snapshots of the training to pictures."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from ..engine.snapshot import Snapshot
from ..model.dataset import make_dataset
from ..model.document import Document
from ..view.diagram_geometry import BIAS, Place
from ..view.network_lab import NetworkLab
from .alarms import alarm
from .choosers import Choosers
from .live_network import LiveNetwork
from .network_drawing import MOVING_SIDE, STILL_SIDE, Drawing
from .network_edits import NetworkEdits
from .network_offer import offer
from .own_data import OwnData

PREPARED_STEPS = 3000
RECORDED_STEPS_A_SECOND = 400


class NetworkController:
    """See `Lab`."""

    name = "network"
    title = "Network"
    gestures = (
        ("Drag an edge or a bias dot", "Change that weight; with Shift ten times as fine"),
        ("Double-click it, or Enter", "Type the weight"),
        ("Arrows, Page Up, Page Down", "Walk over units and edges of the diagram"),
        ("+ and −", "Change the weight walked to; with Ctrl finer"),
        ("Click a unit", "Show its output large; again: back to the output"),
        ("Rest on the output", "Read what the network says of that point; so do arrow keys, with Shift in leaps"),
        ("Paint points, then drag", "Paint the blue class; with Shift or the right button the orange one"),
        ("Space while painting", "Paint where the arrow keys have brought the cursor; Escape ends it"),
        ("Left and Right on Compare's seam", "Move it across the output"),
        ("Drag along the loss curve", "Go back in the training; Train goes on from there"),
    )

    def __init__(self, document: Document, choosers: Choosers) -> None:
        self._document = document
        self._live = LiveNetwork(document)
        self.worker = self._live.worker
        self.view = NetworkLab(offer(), choosers)
        self.drawing = Drawing(self.view, self.worker.snapshot)
        self._edits = NetworkEdits(self._live, self._compare_swap)
        self.own_data = OwnData(self.view, lambda: self._live.state.data, self._edits.set_data)
        self._compared: Snapshot | None = None
        self._connect_training()
        self._connect_edits()

    def _connect_training(self) -> None:
        view, bar, live = self.view, self.view.bar, self._live
        bar.play_clicked.connect(self.toggle_play)
        bar.step_clicked.connect(lambda: live.advance(1))
        bar.epoch_clicked.connect(self._advance_epoch)
        view.loss.scrubbed.connect(lambda step: live.look_back(round(step)))
        view.diagram.unit_chosen.connect(self._choose_unit)
        view.diagram.pointed.connect(self._point_at)
        view.scale_chosen.connect(view.loss.set_scale)
        view.test_toggled.connect(view.boundary.show_test_points)
        view.compare_toggled.connect(self._compare)
        view.boundary.hovered.connect(self._read_out)

    def _connect_edits(self) -> None:
        view, edits = self.view, self._edits
        view.edited.connect(edits.set_field)
        view.gesture_finished.connect(self._end_gesture)
        view.bar.reset_clicked.connect(edits.start_over)
        view.reseed_clicked.connect(edits.draw_weights)
        view.data.edited.connect(edits.set_data_field)
        view.data.resampled.connect(lambda: edits.set_data_field("seed", self._live.state.data.seed + 1))
        view.feature_toggled.connect(self._toggle_feature)
        view.layers_asked.connect(edits.add_layers)
        view.bar.chooser.chosen.connect(lambda name: edits.set_activation(None, name))
        view.heads.activation_chosen.connect(edits.set_activation)
        view.heads.units_asked.connect(edits.set_units)
        view.settings.init_chosen.connect(edits.set_init)
        view.settings.parameter_changing.connect(edits.set_parameter)
        view.inside.remedy_asked.connect(edits.revive)
        view.diagram.weight_changing.connect(self._drag_weight)

    # -- the lab's duties ------------------------------------------------------------------------------------

    def frame(self, now: float) -> None:
        self.drawing.frame(self.worker.snapshot, now)

    def status(self) -> str:
        snapshot = self.drawing.snapshot
        if snapshot.message:
            return snapshot.message
        if self.view.data.paint.isChecked():
            return "Painting: drag for the blue class, with Shift or the right button for the orange one. Escape ends it."
        regression = snapshot.state.task == "regression"
        share = max(snapshot.test_score, 0.0)
        before = self._compared
        if before is not None and before.step == snapshot.step > 0 and before.state.hidden != snapshot.state.hidden:
            what = "of the variance of the test points explained" if regression else "of the test points right"
            was = f"{max(before.test_score, 0.0):.0%} before"
            return f"The same weights with another activation: {share:.0%} {what}, {was}. Train goes on from here."
        if words := alarm(self.drawing.insides, snapshot.train_score):
            return words
        if regression:
            return f"The network explains {share:.0%} of the variance of the test points."
        return f"The network puts {share:.0%} of the test points into the right class."

    def news(self) -> str:
        return self.drawing.snapshot.message

    def toggle_play(self) -> None:
        if self.drawing.snapshot.running:
            self.pause()
        else:
            self._live.play()

    def pause(self) -> None:
        self.worker.pause()

    def table(self) -> dict[str, NDArray[Any]]:
        """The course of the training."""
        course = self.drawing.snapshot.course
        names = ("train_loss", "test_loss", "train_score", "test_score")
        return {"step": course.steps, **dict(zip(names, (*course.losses, *course.scores), strict=True))}

    def prepare(self) -> None:
        if self._live.state.checkpoint is None:  # else somebody wants these weights seen
            self.worker.advance(PREPARED_STEPS)
            self.worker.flush()
        self.drawing.draw(self.worker.wait(lambda snapshot: not snapshot.running), STILL_SIDE, slow=True)

    def advance(self, seconds: float) -> None:
        self.worker.advance(max(1, round(seconds * RECORDED_STEPS_A_SECOND)))
        self.worker.flush()
        self.drawing.draw(self.worker.wait(lambda snapshot: not snapshot.running), MOVING_SIDE, slow=True)

    def close(self) -> None:
        self._live.close()

    def keep(self) -> None:
        self._live.keep()

    # -- gestures --------------------------------------------------------------------------------------------

    def _end_gesture(self) -> None:
        self._edits.end_gesture()
        self._document.end_gesture()

    def _toggle_feature(self, key: str, on: bool) -> None:
        if not self._edits.choose_feature(key, on):
            self.view.features.set_chosen(self._live.state.features)

    def _drag_weight(self, layer: int, unit: int, source: int, value: float) -> None:
        index = self.drawing.pictures.index_of(Place(layer, unit, source))
        self._edits.drag_weight(index, value, "a bias" if source == BIAS else "a weight")

    def _advance_epoch(self) -> None:
        state = self._live.state
        self._live.advance(-(-len(make_dataset(state.data).train_x) // state.batch_size))

    # -- what is looked at -----------------------------------------------------------------------------------

    def _choose_unit(self, layer: int, unit: int) -> None:
        drawing = self.drawing
        drawing.chosen = None if drawing.chosen == (layer, unit) else (layer, unit)
        self.view.diagram.show_chosen(drawing.chosen)

    def _point_at(self, place: Place | None) -> None:
        unit = place is not None and place.is_unit
        self.drawing.pointed = (place.layer, place.unit) if unit else None

    def _read_out(self, x1: float, x2: float) -> None:
        answer = self.drawing.pictures.answer_at(x1, x2)
        self.view.boundary.show_readout(f"x₁ = {x1:.2f}, x₂ = {x2:.2f}\n{answer}")

    def _compare_swap(self) -> None:
        """Another activation comes on the same weights: keep the picture from before to wipe against."""
        # Walking through the menu compares all of them with what was there when the walk began.
        if not self.drawing.snapshot.running and (self._compared is None or self._compared.step != self.drawing.snapshot.step):
            self.view.compare.setChecked(False)
            self.view.compare.setChecked(True)

    def _compare(self, on: bool) -> None:
        view = self.view
        self._compared = None
        if on:
            self._compared = self.worker.flush()
            self.drawing.draw(self._compared, MOVING_SIDE, slow=True)
            view.boundary.keep_before()
            view.loss.keep_ghost()
        else:
            view.boundary.drop_before()
            view.loss.clear_ghost()
