"""Numbers that are typed: read and written alike in every country, and never half taken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest


@pytest.fixture(params=["en_US", "de_DE", "fr_CH"])
def country(request: pytest.FixtureRequest) -> Iterator[str]:
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield request.param
    QLocale.setDefault(before)


def write(entry, text: str) -> None:
    entry.setFocus()
    entry.selectAll()
    QTest.keyClicks(entry, text)
    QTest.keyClick(entry, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("typed", "value", "shown"),
    [("0.5", 0.5, "0.50"), ("0,5", 0.5, "0.50"), ("-1,25", -1.25, "−1.25"), ("+1", 1.0, "1.00"), ("-0", 0.0, "0.00")],
)
def test_a_number_means_the_same_everywhere(country, make_app, typed, value, shown):
    app = make_app()
    slider = app.lab.view.sliders["w1"]
    write(slider.entry, typed)
    app.tick()
    assert app.document.session.neuron.w1 == value
    assert slider.entry.text() == shown


@pytest.mark.parametrize("typed", ["", "-", ",", "abc", "nan", "inf", "7"])
def test_what_is_no_number_within_the_limits_changes_nothing(country, make_app, typed):
    app = make_app()
    slider = app.lab.view.sliders["w1"]
    write(slider.entry, typed)
    app.tick()
    assert app.document.session.neuron.w1 == 0.3
    assert slider.entry.text() == "0.30"
    assert app.document.undo_text is None


def test_entries_with_words_and_units_read_a_comma_too(country, make_app):
    app = make_app()
    write(app.lab.view.player.seconds, "2,5")
    assert app.document.session.sweep.seconds == 2.5
    view = app.labs["network"].view
    write(view.stop_loss, "0,05")
    assert app.document.session.network.stop_loss == 0.05
    assert app.document.undo_text == "set the stop loss"


def test_the_arrow_keys_step_an_entry(country, make_app):
    app = make_app()
    entry = app.lab.view.sliders["w2"].entry
    QTest.keyClick(entry, Qt.Key.Key_Up)
    app.tick()
    assert app.document.session.neuron.w2 == pytest.approx(-0.8 + entry.singleStep())
    assert entry.text().startswith("−0.")
