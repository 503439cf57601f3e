"""Work is kept: session files, export, recovery, and what happens when something fails."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit, QMessageBox

from gui.controller.errors import ErrorReporter
from gui.controller.files import _own_folder, last_session
from gui.model.neuron import Neuron
from gui.model.session import Session, load, save


@pytest.fixture
def app(make_app):
    return make_app()


def boxes(app) -> list[QMessageBox]:
    return [box for box in app.window.findChildren(QMessageBox) if box.isVisible()]


# Session files, export


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


@pytest.mark.qt_log_ignore("plugin does not support")  # the offscreen platform, of every dialog that opens
@pytest.mark.parametrize(
    ("key", "kind", "typed", "written"),
    [
        ("save_as", None, "mine", "mine.json"),
        ("save_as", None, "mine.v2.json", "mine.v2.json"),
        ("export_picture", None, "lab", "lab.png"),
        ("export_picture", "Drawing (*.svg)", "lab", "lab.svg"),
        ("export_picture", None, "lab.svg", "lab.svg"),
        ("export_data", None, "curve", "curve.csv"),
    ],
)
def test_a_name_without_an_ending_gets_one(app, tmp_path, key, kind, typed, written):
    app.files.path = tmp_path / "work.json"
    app.window.actions_by_key[key].trigger()
    dialog = app.window.findChild(QFileDialog)
    name = dialog.findChild(QLineEdit, "fileNameEdit")
    if kind is not None:
        menu = dialog.findChild(QComboBox, "fileTypeCombo")
        menu.setFocus()
        QTest.keyClicks(menu, kind[:3])
        assert menu.currentText() == kind
        menu.activated.emit(menu.currentIndex())
    name.setFocus()
    name.selectAll()
    QTest.keyClicks(name, typed)
    QTest.keyClick(name, Qt.Key.Key_Return)
    assert [path.name for path in tmp_path.iterdir()] == [written]


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


def test_only_who_starts_for_the_first_time_is_told_where_to_begin(app):
    welcome = "New here? “Things to try” in the Help menu"
    app.files.begin()
    app._status_at = 0.0
    app.tick()
    assert app.window.status.text().startswith(welcome)
    app.files.keep_for_next_start()
    app.window.tell("")
    app.files.begin()
    assert app.window.status.text() == ""
    (_own_folder() / "last.json").unlink()


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
    QTest.keyClick(app.window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
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
    monkeypatch.undo()
    app.files._on_timer()  # there is room again
    (saved,) = _recovery_files()
    assert load(saved).neuron.w1 == 1.75


def test_work_that_cannot_be_kept_at_the_end_stays_to_be_recovered(app, monkeypatch, capsys):
    app.labs["neuron"].view.number_changing.emit("w1", 1.75)
    app.files.autosave()
    with monkeypatch.context() as patch:
        patch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        app.close()
        app.files.keep_for_next_start()
    assert "No space left" in capsys.readouterr().err
    (saved,) = _recovery_files()
    assert load(saved).neuron.w1 == 1.75
    app.files.keep_for_next_start()
    assert _recovery_files() == []


def test_a_running_or_well_closed_app_leaves_nothing_to_recover(app):
    app.labs["neuron"].view.number_changing.emit("w1", 1.75)
    app.files.autosave()
    assert not app.files.recover()
    app.close()
    app.files.keep_for_next_start()
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
    assert (app.window.width(), app.window.height()) == (1024, 730)  # the offscreen screen is narrower than the window can be
    QSettings().setValue("theme", "plaid")
    assert preferred_theme() == "light"


def test_a_screen_smaller_than_the_window_is_filled(app):
    from gui.controller.preferences import restore_window

    QSettings().remove("geometry")
    app.window.resize(700, 700)  # no larger than the offscreen screen, so that it becomes the least it can be
    assert app.window.screen().availableSize().width() < app.window.width()
    restore_window(app.window)
    assert app.window.isMaximized()


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


def test_save_then_command_line_opens_it(tmp_path):
    from gui.__main__ import main

    save(Session(lab="network"), tmp_path / "work.json")
    (tmp_path / "bad.json").write_text("[]", encoding="utf-8")
    assert main(["--session", str(tmp_path / "bad.json"), "--snapshot", str(tmp_path / "x.png")]) == 1
    assert not (tmp_path / "x.png").exists()
