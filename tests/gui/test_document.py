"""The document: commands, merging of gestures, undo and redo."""

from __future__ import annotations

from dataclasses import replace

from gui.model.commands import edit_neuron, open_session
from gui.model.document import HISTORY_LIMIT, Document
from gui.model.neuron import Neuron
from gui.model.session import Session


def test_a_command_changes_the_session_and_says_so_once():
    document = Document()
    seen = []
    document.changed.connect(seen.append)
    document.apply(edit_neuron("set x1", x1=3.0))
    assert document.session.neuron == Neuron(x1=3.0)
    assert seen == [document.session]


def test_a_command_without_effect_is_no_entry():
    document = Document()
    document.apply(edit_neuron("set x1", x1=Neuron().x1))
    assert document.undo_text is None


def test_a_drag_is_one_entry_and_undo_restores_exactly():
    document = Document()
    before = document.session
    for step in range(100):
        document.apply(edit_neuron("drag", merge="x1", x1=step / 7))
    document.end_gesture()
    after = document.session
    document.undo()
    assert document.session == before
    assert document.undo_text is None
    document.redo()
    assert document.session == after


def test_two_drags_of_the_same_slider_are_two_entries():
    document = Document()
    for value in (1.0, 2.0):
        document.apply(edit_neuron("drag", merge="x1", x1=value))
        document.end_gesture()
    document.undo()
    assert document.session.neuron.x1 == 1.0


def test_a_drag_that_comes_back_leaves_nothing_to_undo():
    document = Document()
    start = document.session.neuron.x1
    for value in (1.0, 2.0, start):
        document.apply(edit_neuron("drag", merge="x1", x1=value))
    assert document.undo_text is None
    assert document.session == Session()


def test_a_new_command_forgets_what_was_undone():
    document = Document()
    document.apply(edit_neuron("one", x1=1.0))
    document.undo()
    assert document.redo_text == "one"
    document.apply(edit_neuron("two", x1=2.0))
    assert document.redo_text is None


def test_undo_shows_the_lab_of_the_change_and_leaves_the_theme():
    document = Document()
    document.apply(edit_neuron("one", x1=1.0))
    document.show(lab="network", theme="dark")
    document.undo()
    assert (document.session.lab, document.session.theme) == ("neuron", "dark")


def test_what_is_only_shown_is_not_undoable():
    document = Document()
    document.show(theme="dark")
    assert document.undo_text is None


def test_a_recorded_animation_is_one_entry():
    document = Document()
    before = document.session
    for step in range(10):
        document.show(neuron=replace(document.session.neuron, x1=float(step)))
    document.record("animate x1", before)
    assert document.undo_text == "animate x1"
    document.undo()
    assert document.session == before


def test_history_is_limited():
    document = Document()
    for step in range(HISTORY_LIMIT + 50):
        document.apply(edit_neuron("step", x1=step / 1000))
    undone = 0
    while document.undo_text is not None:
        document.undo()
        undone += 1
    assert undone == HISTORY_LIMIT


def test_opening_a_session_can_be_undone():
    document = Document()
    document.apply(edit_neuron("work", x1=1.0))
    work = document.session
    document.apply(open_session(Session(neuron=Neuron(x1=-5.0))))
    document.undo()
    assert document.session == work
