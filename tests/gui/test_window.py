"""The window around the labs: menus, theme, what everybody can reach, and that all of it can be read."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QScrollArea, QWidget

import actcore
from gui.controller.app import help_sections
from gui.controller.experiments import THINGS_TO_TRY
from gui.model.activations import offered
from gui.model.network import Layer, NetworkState
from gui.model.neuron import Neuron
from gui.view import theme
from gui.view.controls import Card
from gui.view.dialogs import HelpSheet


@pytest.fixture
def app(make_app):
    return make_app()


def press(app, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.ControlModifier) -> None:
    QTest.keyClick(app.window, key, modifiers)


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


def test_things_to_try_are_in_the_help_menu_and_name_what_there_is(app):
    app.window.actions_by_key["try"].trigger()
    sheet = next(sheet for sheet in app.window.findChildren(HelpSheet) if sheet.isVisible())
    said = [label.text() for label in sheet.findChildren(QLabel)]
    for name, what in THINGS_TO_TRY:
        assert name in said and what in said
    assert not sheet.isModal()  # it stays open while one tries
    titles = {actcore.get(name).spec.title for name in actcore.names()}
    assert {"Linear", "Tanh", "Sigmoid", "ReLU"} <= titles
    for row in sheet.findChildren(QLabel):
        assert row.width() >= row.minimumSizeHint().width()


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


@pytest.mark.parametrize("size", [(1024, 640), (1280, 800), (1920, 1080)])
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
def test_a_menu_shows_its_curve_or_most_of_a_name(app):
    menu = app.lab.view.chooser.menu
    menu.setCurrentIndex(menu.findData("thresholded_relu"))
    drawn = []
    for width in (240, 150, 120, 80):
        menu.setFixedWidth(width)
        image = menu.grab().toImage()
        accent, text = (theme.color(token).rgb() for token in ("accent", "text"))
        colours = [image.pixel(x, y) for x in range(width - 24) for y in range(image.height())]
        drawn.append((accent in colours, text in colours))
    assert drawn == [(True, True), (False, True), (False, True), (True, False)]
    menu.showPopup()
    widest = max(menu.fontMetrics().horizontalAdvance(menu.itemText(index)) for index in range(menu.count()))
    assert menu.view().viewport().width() >= widest + menu.iconSize().width()
    menu.hidePopup()
