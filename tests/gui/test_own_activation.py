"""An activation that is typed: the dialog, both labs, and the session file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

import actcore as ac
from gui.model import session
from gui.model.activations import FARTHEST, named, own, with_activation
from gui.model.network import Layer
from gui.model.neuron import BIAS_LIMIT, INPUT_LIMIT, WEIGHT_LIMIT, Neuron
from gui.view import theme
from gui.view.formula_dialog import FormulaDialog
from tests.gui.network_driver import XOR
from tests.gui.pictures import changed_pixels, image_of

TYPED = "x * tanh(softplus(beta * x))"


def ask(app, chooser) -> FormulaDialog:
    """Click the button beside a menu of activations; the dialog that opens."""
    QTest.mouseClick(chooser.own, Qt.MouseButton.LeftButton)
    return next(w for w in app.window.findChildren(FormulaDialog) if w.isVisible())


@pytest.fixture(autouse=True)
def _dialogs_go(qapp):
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def type_formula(app, dialog: FormulaDialog, text: str, qtbot) -> None:
    """Type over what is there, and wait until it has been read."""
    dialog.entry.selectAll()
    with qtbot.waitSignal(dialog.typed, timeout=5000):
        QTest.keyClicks(dialog.entry, text)


def colours(widget) -> set[int]:
    image = widget.grab().toImage()
    return {image.pixel(x, y) for x in range(60, image.width(), 2) for y in range(0, image.height() - 40, 2)}


def test_a_typed_activation_comes_into_the_neuron_lab_with_sliders(make_app, qtbot):
    app = make_app()
    view, document = app.lab.view, app.document
    before = image_of(view.curves)
    dialog = ask(app, view.chooser)
    assert dialog.focusWidget() is dialog.entry
    assert not dialog.use.isEnabled() and "Type a formula of x" in dialog.message.text()
    type_formula(app, dialog, "x * tanh(sofplus(x))", qtbot)
    assert dialog.message.text() == "There is no function sofplus; did you mean softplus?"
    assert not dialog.use.isEnabled()
    assert theme.color("derivative").rgb() not in colours(dialog.plot)
    QTest.keyClick(dialog.entry, Qt.Key.Key_Return)
    assert dialog.isVisible() and document.session.neuron.activation == "sigmoid"  # nothing is taken over
    type_formula(app, dialog, TYPED, qtbot)
    assert dialog.message.text() == "beta becomes a slider, drawn here at 1."
    assert theme.color("derivative").rgb() in colours(dialog.plot)
    QTest.keyClick(dialog.entry, Qt.Key.Key_Return)
    app.tick()
    neuron = document.session.neuron
    assert neuron.activation == f"= {TYPED}" and view.chooser.menu.currentText() == TYPED
    assert changed_pixels(before, image_of(view.curves)) > 1000
    assert list(view.parameters.sliders) == ["beta"]
    slider = view.parameters.sliders["beta"]
    QTest.mouseClick(slider.track, Qt.MouseButton.LeftButton, pos=QPoint(slider.track.width() * 3 // 4, 8))
    app.tick()
    beta = dict(document.session.neuron.parameters)["beta"]
    assert beta > 1
    z = app.lab._shape.z
    np.testing.assert_array_equal(app.lab._shape.value, ac.formula(TYPED, beta=beta)(z))
    document.undo()
    document.undo()
    app.tick()
    assert document.session.neuron.activation == "sigmoid"
    document.redo()
    assert document.session.neuron.activation == f"= {TYPED}"


def test_an_example_is_a_click_and_cancel_changes_nothing(make_app, qtbot):
    app = make_app()
    dialog = ask(app, app.lab.view.chooser)
    example = next(b for b in dialog.findChildren(type(dialog.use)) if b.text() == "x if x > 0 else a * x")
    QTest.mouseClick(example, Qt.MouseButton.LeftButton)
    assert dialog.entry.text() == "x if x > 0 else a * x" and dialog.use.isEnabled()
    QTest.keyClick(dialog.entry, Qt.Key.Key_Escape)
    app.tick()
    assert not dialog.isVisible() and app.document.session.neuron == Neuron()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("log(x)", "At x = 0 it or its slope is not a finite number, and a neuron's sum may be any number."),
        ("1 / x", "At x = 0 it or its slope is not a finite number"),
        ("exp(x**2)", "At x = -26.5 it or its slope is not a finite number"),
        ("2x", "The formula cannot be read at '2x', character 1; a product needs its sign: 2 * x."),
        ("x^2", "Powers are written **, as in x**2."),
        ("g * x", "A parameter cannot be called g"),
        ("3 + 4", "The formula does not contain x; it is: 7."),
        ("elu(x, -1)", "The alpha of elu is -1, outside [0, inf)."),
        ("tanh(x", "The formula cannot be read at '(x', character 5; a bracket is not closed."),
        ("x if x > 0", "The formula cannot be read at 'x if x > 0', character 1; an if needs its else, as in x if x > 0 else 0."),
        ("1,5 * x", "A comma stands only between the numbers of a function; decimals follow a point, as in 1.5."),
        ("a * x * 0 + x", "The formula does not use a; it is: x."),
        ("relu", "A function needs brackets: write relu(x)."),
        ("X", "The formula does not contain x; it is: X, and x is a small letter."),
    ],
)
def test_what_cannot_be_used_is_said_in_place(make_app, qtbot, text, message):
    app = make_app()
    dialog = ask(app, app.lab.view.chooser)
    type_formula(app, dialog, text, qtbot)
    assert dialog.message.text().startswith(message)
    assert not dialog.use.isEnabled()
    dialog.reject()


def test_a_network_learns_with_it_and_every_menu_offers_it(driver, qtbot):
    d = driver()
    dialog = ask(d.app, d.view.bar.chooser)
    type_formula(d.app, dialog, TYPED, qtbot)
    QTest.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
    d.settle()
    assert [layer.activation for layer in d.state.hidden] == [f"= {TYPED}"] * 2
    start = d.settle()
    d.worker.advance(1500)
    after = d.settle()
    assert after.train_loss < 0.6 * start.train_loss
    for menu in (d.view.heads.choosers[0].menu, d.view.bar.chooser.menu, d.app.labs["neuron"].view.chooser.menu):
        assert menu.itemText(menu.count() - 1) == TYPED and menu.itemText(menu.count() - 2) == "Yours"
    d.choose(d.view.heads.choosers[1].menu, "relu")
    d.settle()
    assert [layer.activation for layer in d.state.hidden] == [f"= {TYPED}", "relu"]
    assert d.view.bar.chooser.menu.currentIndex() == -1


def test_a_slider_stops_where_the_formula_has_no_value(make_app):
    app = make_app(neuron=Neuron(activation="= sqrt(a) * x"))
    slider = app.lab.view.parameters.sliders["a"]
    for _ in range(40):
        QTest.keyClick(slider.track, Qt.Key.Key_Left)
        app.tick()
    assert dict(app.document.session.neuron.parameters)["a"] >= 0
    assert np.isfinite(app.lab._shape.value).all()


def test_the_dialog_begins_with_the_formula_that_is_chosen(make_app):
    app = make_app(neuron=Neuron(activation=f"= {TYPED}"))
    dialog = ask(app, app.lab.view.chooser)
    assert dialog.entry.text() == TYPED and dialog.use.isEnabled()
    dialog.reject()


def test_a_session_keeps_it(make_app, tmp_path):
    kept = session.Session(
        neuron=Neuron(activation=f"= {TYPED}", parameters=(("beta", 2.5),)),
        network=XOR.changed(hidden=(Layer(3, "= x if x > 0 else a * x", (("a", 0.5),)),)),
    )
    session.save(kept, tmp_path / "kept.json")
    assert session.load(tmp_path / "kept.json") == kept
    app = make_app(neuron=kept.neuron, network=kept.network)
    assert app.lab.view.chooser.menu.currentText() == TYPED
    assert app.lab.view.parameters.sliders["beta"].value == 2.5
    app.document.show(lab="network")
    QApplication.processEvents()
    app.tick()
    assert app.lab.view.heads.choosers[0].menu.currentText() == "x if x > 0 else a * x"


@pytest.mark.parametrize("name", ["= x +", "= log(x)", "= __import__('os')", "=x", "= unknown(x)"])
def test_a_session_with_a_formula_that_is_none_is_refused_in_a_sentence(tmp_path, name):
    path = tmp_path / "damaged.json"
    session.save(session.Session(), path)
    path.write_text(path.read_text().replace('"sigmoid"', f'"{name}"'))
    with pytest.raises(session.SessionError, match="The session file is damaged: "):
        session.load(path)


def test_formulas_are_tried_as_far_as_a_neuron_reaches():
    assert FARTHEST == 2 * WEIGHT_LIMIT * INPUT_LIMIT + BIAS_LIMIT


def test_a_name_and_its_formula():
    assert own(" y = x²") == "= x**2"
    assert named("= a * x + b").parameters == {"a": 1.0, "b": 1.0}
    with pytest.raises(ValueError, match="no activation called 'tanhh'"):
        named("tanhh")


def test_a_formula_that_is_edited_keeps_the_values_of_its_letters(make_app):
    app = make_app(neuron=Neuron(activation="= a * x + b", parameters=(("a", 2.5), ("b", -1.0))))
    dialog = ask(app, app.lab.view.chooser)
    dialog.entry.setFocus()
    QTest.keyClick(dialog.entry, Qt.Key.Key_End)
    QTest.keyClicks(dialog.entry, "*tanh(c*x)")
    QTest.keyClick(dialog.entry, Qt.Key.Key_Return)  # at once: it need not be drawn before it can be used
    app.tick()
    neuron = app.document.session.neuron
    assert neuron == Neuron(activation="= a * x + b * tanh(c * x)", parameters=(("a", 2.5), ("b", -1.0)))
    assert not dialog.isVisible()
    assert {name: slider.value for name, slider in app.lab.view.parameters.sliders.items()} == {"a": 2.5, "b": -1.0, "c": 1.0}
    # A value that the new formula has no numbers for is not kept, and another activation begins at its defaults.
    assert with_activation(neuron, "= sqrt(b) * x + a * x") == Neuron(activation="= sqrt(b) * x + a * x", parameters=(("a", 2.5),))
    assert with_activation(replace(neuron, activation="elu", parameters=(("alpha", 2.0),)), "= alpha * x").parameters == ()


def test_the_dialog_says_aloud_what_it_shows(make_app, qtbot):
    app = make_app()
    dialog = ask(app, app.lab.view.chooser)
    assert dialog.entry.accessibleDescription() == dialog.message.text() != ""
    type_formula(app, dialog, "a * x + b * x**2 + c", qtbot)
    assert dialog.entry.accessibleDescription() == dialog.message.text() == "a, b and c become sliders, drawn here at 1."
    assert dialog.plot.accessibleDescription() == ("f runs from 57 at x = −8 to 73 at x = 8; its slope lies between −15 and 17.")
    type_formula(app, dialog, "tanh(x", qtbot)
    assert dialog.entry.accessibleDescription() == dialog.message.text()
    dialog.reject()


def test_by_keyboard_the_sliders_of_a_formula_come_after_what_chose_it(make_app):
    app = make_app(neuron=Neuron(activation="= a * x + b"), network=XOR.changed(hidden=(Layer(3, "= a * x + b"),)))
    neuron, network = (app.labs[name].view for name in ("neuron", "network"))
    for name, start, sliders in (
        ("neuron", neuron.chooser.own, neuron.parameters.sliders),
        ("network", network.settings.init, network.settings.parameters.sliders),
    ):
        app.document.show(lab=name)
        app.tick()
        QApplication.processEvents()
        app.tick()
        here = start
        for slider in sliders.values():
            for stop in (slider.track, slider.entry):
                here.setFocus()
                QTest.keyClick(here, Qt.Key.Key_Tab)
                assert app.window.focusWidget() is stop
                here = stop
