"""The window around the labs: menus, theme, files, recovery, errors, and what everybody can reach."""

from __future__ import annotations

import csv
import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAction, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QMessageBox, QScrollArea, QWidget

import actcore
from gui.controller.app import help_sections
from gui.controller.errors import ErrorReporter
from gui.controller.files import _own_folder, last_session
from gui.model.activations import offered
from gui.model.network import Layer, NetworkState
from gui.model.neuron import Neuron
from gui.model.session import Session, load, save
from gui.view import theme
from gui.view.controls import Card
from gui.view.dialogs import HelpSheet


@pytest.fixture
def app(make_app):
    return make_app()


def press(app, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.ControlModifier) -> None:
    QTest.keyClick(app.window, key, modifiers)


def boxes(app) -> list[QMessageBox]:
    return [box for box in app.window.findChildren(QMessageBox) if box.isVisible()]


# Menus and keys


def test_undo_and_redo_by_key_say_what_they_do(app):
    app.labs["neuron"].view.number_changing.emit("w1", 1.0)
    assert app.window.actions_by_key["undo"].text() == "&Undo set w₁"
    press(app, Qt.Key.Key_Z)
    assert app.document.session.neuron == Neuron()
    assert not app.window.actions_by_key["undo"].isEnabled()
    press(app, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert app.document.session.neuron.w1 == 1.0


def test_labs_by_key_and_by_tab(app):
    press(app, Qt.Key.Key_2)
    assert app.document.session.lab == "network"
    assert app.labs["network"].view.isVisible()
    QTest.mouseClick(app.window._tabs["neuron"], Qt.MouseButton.LeftButton)
    assert app.document.session.lab == "neuron"
    assert app.labs["neuron"].view.isVisible()


def test_switching_the_theme_recolours_live_plots(app):
    plot = app.labs["neuron"].view.curves.value_plot
    for name in ("dark", "light"):
        press(app, Qt.Key.Key_T)
        app.tick()
        assert app.document.session.theme == name == theme.current().name
        image = plot.grab().toImage()
        assert image.pixelColor(4, 4).name() == theme.THEMES[name].surface
        at = plot.to_pixels(-6.0, 0.0)
        drawn = {image.pixelColor(round(at.x()), round(at.y()) + dy).name() for dy in (-2, -1, 0, 1)}
        assert theme.THEMES[name].curve in drawn


def test_the_help_sheet_lists_every_shortcut_and_gesture(app):
    listed = {keys for _title, rows in help_sections(list(app.labs.values())) for keys, _text in rows}
    for action in app.window.findChildren(QAction):
        if not action.shortcut().isEmpty():
            assert action.shortcut().toString() in listed
    for lab in app.labs.values():
        assert {gesture for gesture, _text in lab.gestures} <= listed
    press(app, Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier)
    assert app.window.findChild(HelpSheet).isVisible()


# Everybody


@pytest.mark.parametrize("lab", ["neuron", "network"])
def test_everything_focusable_has_a_name_and_is_reached_by_tab(make_app, lab):
    app = make_app(lab=lab)
    shown = [
        widget
        for widget in app.window.findChildren(QWidget)
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    assert len(shown) > 15
    # An entry of a number hands its focus to a line edit of its own, which needs no second name.
    nameless = [w for w in shown if not _name(w) and w.focusProxy() is None and not _inner(w)]
    assert [f"{type(w).__name__} {w.objectName()} in {type(w.parent()).__name__}" for w in nameless] == []
    reached, widget = set(), app.window
    for _ in range(2000):
        widget = widget.nextInFocusChain()
        if widget is app.window:
            break
        reached.add(widget)
    assert set(shown) <= reached


@pytest.mark.parametrize("lab", ["neuron", "network"])
def test_it_is_seen_where_the_keys_go(make_app, lab):
    app = make_app(lab=lab)
    view = app.lab.view
    pictures = (
        (view.plane, view.curves.value_plot, view.curves.slope_plot)
        if lab == "neuron"
        else (view.diagram, view.boundary, view.loss, view.inside)
    )
    app.window.activateWindow()
    others = pictures[1:] + pictures[:1]
    for picture, other in zip(pictures, others, strict=True):
        for focused, reason, seen in (
            (other, Qt.FocusReason.TabFocusReason, False),
            (picture, Qt.FocusReason.TabFocusReason, True),
            (other, Qt.FocusReason.MouseFocusReason, False),
            (picture, Qt.FocusReason.MouseFocusReason, False),
        ):
            focused.setFocus(reason)
            app.tick()
            image = picture.grab().toImage()
            edge = [image.pixelColor(x, 0).name() for x in range(5, image.width(), 40)]
            assert (edge.count(theme.current().accent) > len(edge) // 2) == seen


def _name(widget: QWidget) -> str:
    return widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")


def _inner(widget: QWidget) -> bool:
    return widget.objectName().startswith("qt_")


def test_no_shortcut_means_two_things(app):
    keys = [a.shortcut().toString() for a in app.window.findChildren(QAction) if not a.shortcut().isEmpty()]
    assert len(keys) == len(set(keys)) > 10


def test_pictures_have_a_text_readout(app):
    lab = app.labs["neuron"].view
    for canvas in (lab.plane, lab.color_bar, lab.arithmetic, lab.curves.value_plot, lab.curves.slope_plot):
        assert canvas.accessibleDescription()


# Files


def test_a_session_is_saved_and_opened(app, tmp_path):
    app.labs["neuron"].view.number_changing.emit("w1", 1.25)
    path = tmp_path / "work.json"
    assert app.files.save_to(path)
    assert load(path).neuron.w1 == 1.25
    app.labs["neuron"].view.number_changing.emit("w1", -1.0)
    assert app.files.open(path)
    assert app.document.session.neuron.w1 == 1.25
    app.document.undo()
    assert app.document.session.neuron.w1 == -1.0


def test_a_damaged_file_is_refused_in_a_dialog_and_the_work_stays(app, tmp_path):
    app.labs["neuron"].view.number_changing.emit("w1", 1.25)
    work = app.document.session
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    assert not app.files.open(tmp_path / "bad.json")
    assert app.document.session == work
    (box,) = boxes(app)
    assert "damaged" in box.informativeText()


def test_a_place_that_cannot_be_written_is_told(app, tmp_path):
    assert not app.files.save_to(tmp_path / "nowhere" / "work.json")
    assert not app.files.export_picture(tmp_path / "nowhere" / "lab.png")
    assert not app.files.export_picture(tmp_path / "nowhere" / "lab.svg")
    assert not app.files.export_data(tmp_path / "nowhere" / "lab.csv")
    assert len(boxes(app)) == 4


def test_recent_files_are_offered(app, tmp_path):
    for name in ("one.json", "two.json"):
        app.files.save_to(tmp_path / name)
    menu = app.window.actions_by_key["recent"].menu()
    offered = [Path(action.text()).name for action in menu.actions()]
    assert offered[:2] == ["two.json", "one.json"]
    app.labs["neuron"].view.number_changing.emit("w1", 2.0)
    menu.actions()[1].trigger()
    assert app.document.session.neuron.w1 == Neuron().w1


def test_the_picture_is_exported_and_copied(app, tmp_path):
    view = app.lab.view
    assert app.files.export_picture(tmp_path / "lab.png")
    assert QImage(str(tmp_path / "lab.png")).size() == view.size() * 2
    assert app.files.export_picture(tmp_path / "lab.svg")
    text = (tmp_path / "lab.svg").read_text(encoding="utf-8")
    assert "<svg" in text and "<image" in text and text.count("<path") > 10
    app.window.actions_by_key["copy_picture"].trigger()
    assert QGuiApplication.clipboard().image().size() == view.size() * 2


@pytest.mark.parametrize("lab", ["neuron", "network"])
def test_the_data_are_exported_as_a_table(make_app, tmp_path, lab):
    app = make_app(lab=lab)
    assert app.files.export_data(tmp_path / "lab.csv")
    with open(tmp_path / "lab.csv", newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    columns = app.lab.table()
    assert header == list(columns)
    for index, column in enumerate(columns.values()):
        assert [float(row[index]) for row in rows] == column.tolist()


def test_work_is_recovered_after_a_crash(app, make_app):
    app.labs["neuron"].view.number_changing.emit("w1", 1.75)
    app.files.autosave()
    (left,) = _recovery_files()
    left.rename(left.with_name("recovery-999999999.json"))  # of a process that is no more
    second = make_app()
    assert second.files.recover()
    assert second.document.session.neuron.w1 == 1.75
    second.document.undo()
    assert second.document.session.neuron == Neuron()
    assert not make_app().files.recover()


def test_what_was_left_is_there_at_the_next_start(app, make_app):
    app.labs["neuron"].view.number_changing.emit("w1", 1.75)
    app.labs["network"].worker.advance(30)
    trained = app.labs["network"].worker.wait(lambda s: s.step == 30 and not s.running)
    app.close()
    app.files.keep_for_next_start()
    left = last_session()
    assert left.neuron.w1 == 1.75
    assert left.network.checkpoint.step == 30
    assert np.array_equal(left.network.checkpoint.parameters, trained.parameters)
    (_own_folder() / "last.json").write_text("{", encoding="utf-8")
    assert last_session() is None
    (_own_folder() / "last.json").unlink()
    assert last_session() is None


def test_a_new_session_keeps_the_look_and_can_be_undone(app, tmp_path):
    app.labs["neuron"].view.number_changing.emit("w1", 1.75)
    app.document.show(theme="dark")
    app.files.save_to(tmp_path / "work.json")
    assert app.window.windowTitle() == "work.json – actcore"
    work = app.document.session
    worker = app.labs["network"].worker
    first = worker.flush().parameters
    worker.play()
    worker.wait(lambda s: s.step > 20)
    press(app, Qt.Key.Key_N)
    fresh = worker.flush()
    assert (fresh.step, fresh.running) == (0, False)
    assert np.array_equal(fresh.parameters, first)
    assert app.document.session.neuron == Neuron()
    assert app.document.session.theme == "dark"
    assert app.files.path is None
    assert app.window.windowTitle() == "actcore"
    app.document.undo()
    assert app.document.session.neuron == work.neuron
    assert worker.flush().step == app.document.session.network.checkpoint.step > 20


def test_a_full_disk_is_told_and_the_app_goes_on(app, monkeypatch):
    app.labs["neuron"].view.number_changing.emit("w1", 1.75)

    def fail(*_paths: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    app.files._on_timer()
    assert "No space left" in app.window.status.text()
    assert app.document.session.neuron.w1 == 1.75


def test_a_running_or_well_closed_app_leaves_nothing_to_recover(app):
    app.labs["neuron"].view.number_changing.emit("w1", 1.75)
    app.files.autosave()
    assert not app.files.recover()
    app.close()
    assert _recovery_files() == []


def test_a_damaged_recovery_file_is_passed_over(app):
    app.labs["neuron"].view.number_changing.emit("w1", 1.75)
    app.files.autosave()
    (left,) = _recovery_files()
    left.rename(left.with_name("recovery-999999999.json")).write_text("{", encoding="utf-8")
    assert not app.files.recover()
    assert _recovery_files() == []


def _recovery_files() -> list[Path]:
    return list(_own_folder().glob("recovery-*.json"))


def test_theme_and_place_of_the_window_are_remembered(app):
    from gui.controller.preferences import preferred_theme, remember, restore_window

    app.document.show(theme="dark")
    app.window.resize(1210, 730)
    remember(app.window, app.document.session)
    assert preferred_theme() == "dark"
    app.window.resize(1300, 900)
    restore_window(app.window)
    assert (app.window.width(), app.window.height()) == (1200, 730)  # the offscreen screen is narrower than the window can be
    QSettings().setValue("theme", "plaid")
    assert preferred_theme() == "light"


def test_what_was_done_stays_readable_in_the_status_line(app, tmp_path):
    app.files.save_to(tmp_path / "work.json")
    app.window.set_status(app.lab.status())
    assert app.window.status.text() == "Saved as work.json."


# Errors


def test_a_slot_that_raises_shows_a_dialog_and_the_app_goes_on(app, qtbot, monkeypatch):
    reporter = ErrorReporter(app.window, app.files.autosave)
    app.labs["neuron"].view.number_changing.emit("w1", 1.5)
    monkeypatch.setattr(sys, "excepthook", reporter)

    def fail() -> None:
        raise RuntimeError("the kettle is empty")

    app.window.actions_by_key["play"].triggered.disconnect()
    app.window.actions_by_key["play"].triggered.connect(fail)
    app.window.actions_by_key["play"].trigger()
    assert reporter.dialog is not None and reporter.dialog.isVisible()
    assert reporter.dialog.summary.text() == "RuntimeError: the kettle is empty"
    QTest.mouseClick(reporter.dialog.copy_button, Qt.MouseButton.LeftButton)
    assert "the kettle is empty" in QGuiApplication.clipboard().text()
    assert "Traceback" in reporter.dialog.details.toPlainText()
    (saved,) = _recovery_files()
    assert load(saved).neuron.w1 == 1.5
    reporter.dialog.reject()
    app.labs["neuron"].view.number_changing.emit("w1", 0.5)
    app.tick()
    assert app.document.session.neuron.w1 == 0.5


def test_an_error_inside_a_change_of_the_document_names_its_cause(app, monkeypatch):
    reporter = ErrorReporter(app.window, app.files.autosave)

    def fail(_session: Session) -> None:
        raise ValueError("no such colour")

    app.document.changed.connect(fail)
    try:
        app.document.show(theme="dark")
    except Exception as error:
        reporter(type(error), error, error.__traceback__)
    assert reporter.dialog.summary.text() == "ValueError: no such colour"
    reporter.dialog.reject()


def test_a_failing_rescue_is_told_too(app):
    def rescue() -> None:
        raise OSError("disk full")

    reporter = ErrorReporter(app.window, rescue)
    reporter(RuntimeError, RuntimeError("first"), None)
    assert "first" in reporter.dialog.details.toPlainText()
    assert "disk full" in reporter.dialog.details.toPlainText()
    reporter.dialog.reject()


# Looks


@pytest.mark.parametrize("name", list(theme.THEMES))
def test_text_can_be_read_on_every_surface(name):
    """Contrast of at least 4.5 to 1 for text (WCAG AA), 3 to 1 for the marks of positive and negative."""
    tokens = theme.THEMES[name]
    for ground in (tokens.window, tokens.surface, tokens.sunken):
        for ink in (tokens.text, tokens.muted, tokens.derivative):
            assert _contrast(ink, ground) >= 4.5, (ink, ground)
        for mark in (tokens.positive, tokens.negative, tokens.second, tokens.accent):
            assert _contrast(mark, ground) >= 3.0, (mark, ground)
    assert _contrast(tokens.on_accent, tokens.accent) >= 4.5


def _contrast(first: str, second: str) -> float:
    def luminance(color: str) -> float:
        parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("size", [(1200, 700), (1280, 800), (1920, 1080)])
@pytest.mark.parametrize("lab", ["neuron", "network"])
def test_no_text_is_cut_off(make_app, lab, size):
    names = sorted(offered(), key=lambda name: len(actcore.get(name).spec.title))[-6:]
    app = make_app(lab=lab, network=NetworkState(hidden=tuple(Layer(12, name) for name in names)))
    app.window.resize(*size)
    app.lab.prepare()
    QApplication.processEvents()
    assert (app.window.width(), app.window.height()) == size
    for label in app.lab.view.findChildren(QLabel):
        if label.isVisible() and label.text() and not label.wordWrap():
            assert label.width() >= label.minimumSizeHint().width(), label.text()
            assert label.parentWidget().rect().contains(label.geometry()), label.text()
    for column in app.lab.view.findChildren(QScrollArea):
        needed = column.widget().minimumSizeHint()
        assert needed.width() <= column.viewport().width()
        assert needed.height() <= column.viewport().height() or size[1] < 800
    pieces = [widget for widget in app.lab.view.findChildren(QWidget) if isinstance(widget.parentWidget(), Card)]
    for card in app.lab.view.findChildren(Card):
        places = [piece.geometry() for piece in pieces if piece.isVisible() and piece.parentWidget() is card]
        overlapping = [(a, b) for a, b in itertools.combinations(places, 2) if a.intersects(b)]
        assert overlapping == [], card.accessibleName()


def test_the_best_known_activations_come_first(app):
    menu = app.lab.view.chooser.menu
    assert menu.itemText(0) == "In every library"
    assert not menu.model().item(0).isEnabled()
    first = [menu.itemData(index) for index in range(1, 16)]
    assert all(len(actcore.get(name).spec.spellings) == 4 for name in first)
    menu.setFocus()
    QTest.keyClicks(menu, "ReLU")
    assert menu.currentData() == "relu"
    offered_once = [menu.itemData(index) for index in range(menu.count()) if menu.itemData(index)]
    assert sorted(offered_once) == sorted(offered())


@pytest.mark.qt_log_ignore("plugin does not support")  # the offscreen platform, of every list that opens
def test_a_menu_shows_a_name_whole_or_its_curve(app):
    menu = app.lab.view.chooser.menu
    menu.setCurrentIndex(menu.findData("thresholded_relu"))
    drawn = []
    for width in (240, 150, 80):
        menu.setFixedWidth(width)
        image = menu.grab().toImage()
        accent, text = (theme.color(token).rgb() for token in ("accent", "text"))
        colours = [image.pixel(x, y) for x in range(width - 24) for y in range(image.height())]
        drawn.append((accent in colours, text in colours))
    assert drawn == [(True, True), (False, True), (True, False)]
    menu.showPopup()
    widest = max(menu.fontMetrics().horizontalAdvance(menu.itemText(index)) for index in range(menu.count()))
    assert menu.view().viewport().width() >= widest + menu.iconSize().width()
    menu.hidePopup()


def test_save_then_command_line_opens_it(tmp_path):
    from gui.__main__ import main

    save(Session(lab="network"), tmp_path / "work.json")
    (tmp_path / "bad.json").write_text("[]", encoding="utf-8")
    assert main(["--session", str(tmp_path / "bad.json"), "--snapshot", str(tmp_path / "x.png")]) == 1
    assert not (tmp_path / "x.png").exists()
