"""Data of the Network lab: drawn from a seed, painted, or read from a file; and the frozen state around it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QMessageBox, QToolTip

from gui.model.course import KEPT, Course
from gui.model.csv_points import CsvError, own, read_points, text_of
from gui.model.dataset import EXTENT, KINDS, OWN, DatasetSettings, make_dataset
from gui.model.features import FEATURES, features_of, plane_points
from gui.model.network import Checkpoint, Layer, NetworkState
from gui.view.csv_preview import CsvPreview

XOR = NetworkState(data=DatasetSettings("xor", count=60), hidden=(Layer(3),))


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_points_lie_in_the_plane_and_follow_from_the_settings(kind, noise):
    settings = DatasetSettings(kind, noise=noise, count=101, train_share=0.6, seed=3)
    data = make_dataset(settings)
    make_dataset.cache_clear()
    again = make_dataset(settings)
    assert np.array_equal(data.train_x, again.train_x)
    assert np.array_equal(data.test_y, again.test_y)
    assert len(data.train_x) == 61
    assert len(data.test_x) == 40
    x, y = np.concatenate([data.train_x, data.test_x]), np.concatenate([data.train_y, data.test_y])
    assert np.abs(x).max() <= EXTENT
    if KINDS[kind].task == "classification":
        counts = np.bincount(y.astype(int), minlength=KINDS[kind].classes)
        assert counts.min() > 0.7 * 101 / KINDS[kind].classes
    else:
        assert np.abs(y).max() <= 1


def test_another_seed_gives_other_points():
    first, second = (make_dataset(DatasetSettings("moons", seed=seed)) for seed in (0, 1))
    assert not np.array_equal(first.train_x, second.train_x)


def test_points_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        make_dataset(DatasetSettings()).train_x[0] = 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "ring"}, "no data set 'ring'"),
        ({"noise": 1.5}, "noise"),
        ({"count": 3}, "number of points"),
        ({"train_share": 1.0}, "share"),
        ({"seed": -1}, "seed"),
        ({"kind": OWN, "points": ((0.0, 0.0, 0.0),)}, "at least 2 points"),
        ({"kind": OWN, "points": ((0.0, 0.0, 0.0), (0.0, float("nan"), 1.0))}, "Point 2"),
        ({"kind": OWN, "points": ((0.0, 0.0, 0.0), (0.0, 0.0, 0.5))}, "whole number"),
    ],
)
def test_settings_out_of_place_are_refused_in_words(fields, words):
    with pytest.raises(ValueError, match=words):
        DatasetSettings(**fields)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"features": ()}, "at least one input"),
        ({"features": ("x3",)}, "no feature 'x3'"),
        ({"loss": "categorical_crossentropy"}, "no loss"),
        ({"optimizer": "newton"}, "no optimiser"),
        ({"output_init": "ones"}, "no initialiser"),
        ({"learning_rate": 0.0}, "learning rate"),
        ({"batch_size": 0}, "batch size"),
        ({"l2": -1.0}, "weight decay"),
        ({"hidden": (Layer(),) * 7}, "at most 6"),
        ({"checkpoint": Checkpoint(0, (1.0,))}, "kept weights"),
    ],
)
def test_a_state_out_of_place_is_refused_in_words(fields, words):
    with pytest.raises(ValueError, match=words):
        NetworkState(**fields)


def test_a_state_survives_its_plain_form():
    state = XOR.changed(
        data=DatasetSettings(OWN, points=((0.5, 0.25, 1.0), (-1.0, 2.0, 0.0))),
        features=("x1", "product"),
        hidden=(Layer(2, "leaky_relu", (("negative_slope", 0.2),)),),
    ).changed(checkpoint=Checkpoint(7, tuple(float(np.float32(0.1 * k)) for k in range(9))))
    again = NetworkState.from_dict(json.loads(json.dumps(state.to_dict())))
    assert again == state
    assert again.revision != state.revision  # weights from a file are an act of the user


def course(stride: int, steps: Sequence[int], losses: Sequence[float] | None = None) -> Course:
    first = np.array(losses if losses is not None else [1 / (k + 1) for k in range(len(steps))])
    return Course(stride, np.array(steps, np.int64), np.array([first, first + 1]), np.array([first / 2, first / 4]))


def test_the_course_survives_its_plain_form():
    before = course(4, [0, 4, 8, 12], [0.5, np.inf, 1 / 3, 0.1])
    again = Course.from_dict(json.loads(json.dumps(before.to_dict(), allow_nan=False)))
    for name in ("stride", "steps", "losses"):
        np.testing.assert_array_equal(getattr(again, name), getattr(before, name))
    np.testing.assert_array_equal(again.scores[:, [0, 2, 3]], before.scores[:, [0, 2, 3]])


@pytest.mark.parametrize("count", [0, 1, 2, KEPT, KEPT + 1, 1000])
def test_a_long_course_is_thinned_evenly_in_a_file(count):
    plain = course(2, range(0, 2 * count, 2)).to_dict()
    steps = plain["steps"]
    assert min(count, KEPT // 2) <= len(steps) <= KEPT
    assert steps[:1] == [0][:count]
    assert len(set(np.diff(steps))) <= 1
    assert Course.from_dict(plain).stride == (steps[1] if count > 1 else 2)


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"stride": 3, "steps": [0, 3]}, "power of two"),
        ({"stride": 0, "steps": [0, 3]}, "power of two"),
        ({"stride": 2, "steps": [0, 3]}, "multiples"),
        ({"stride": 1, "steps": [4, 2]}, "growing"),
        ({"stride": 1, "steps": [2, 2]}, "growing"),
        ({"stride": 1, "steps": [-2, 0]}, "growing"),
        ({"stride": 1, "steps": [0, 1], "losses": [[1]] * 2}, "a loss and a score"),
        ({"stride": 1, "steps": [0, 1], "losses": [[1, 1]]}, "a loss and a score"),
        ({"stride": 1, "steps": list(range(KEPT + 1))}, "at most"),
        ({"stride": 1, "steps": [0, 8]}, "end at step 7"),
    ],
)
def test_a_course_out_of_place_is_refused_in_words(plain, words):
    values = XOR.changed(checkpoint=Checkpoint(7, (0.0,) * XOR.parameter_count)).to_dict()
    numbers = [[1.0] * len(plain["steps"])] * 2
    values["checkpoint"]["course"] = {"losses": numbers, "scores": numbers, **plain}
    with pytest.raises(ValueError, match=words):
        NetworkState.from_dict(values)


def test_a_file_of_an_older_version_has_no_course():
    values = XOR.changed(checkpoint=Checkpoint(7, (0.0,) * XOR.parameter_count, course=course(1, [0, 1]))).to_dict()
    del values["checkpoint"]["course"]
    assert len(NetworkState.from_dict(values).checkpoint.course.steps) == 0


def test_the_loss_follows_the_task():
    three = XOR.changed(data=DatasetSettings("pinwheel"))
    assert (three.loss, three.outputs) == ("categorical_crossentropy", 3)
    plane = three.changed(data=DatasetSettings("plane"))
    assert (plane.loss, plane.outputs) == ("mse", 1)


def test_the_features_are_what_they_say():
    x1, x2 = 0.7, -1.3
    expected = {
        "x1": x1,
        "x2": x2,
        "x1_squared": x1**2 / 2,
        "x2_squared": x2**2 / 2,
        "product": x1 * x2 / 2,
        "sin_x1": np.sin(2 * x1),
        "sin_x2": np.sin(2 * x2),
    }
    values = features_of(np.float32([[x1, x2]]), list(FEATURES))[0]
    assert dict(zip(FEATURES, values.tolist(), strict=True)) == pytest.approx(expected, abs=1e-6)


def test_the_grid_reaches_the_border_from_the_lowest_row():
    grid = plane_points(5)
    assert grid[0].tolist() == [-EXTENT, -EXTENT]
    assert grid[-1].tolist() == [EXTENT, EXTENT]


def test_a_table_is_read_whatever_its_separator():
    for separator in ",;\t":
        lines = [separator.join(row) for row in (("a", "b", "kind"), ("1", "2", "yes"), ("-2", "0.5", "no"))]
        found = read_points("\n".join(lines) + "\n\n")
        assert found.columns == ("a", "b", "kind")
        assert found.classes == ("yes", "no")
        assert found.points == ((1.0, 2.0, 0.0), (-2.0, 0.5, 1.0))
        assert found.scaling == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_spreadsheet_of_any_country_is_read(encoding, separator):
    rows = (("Höhe", "Breite", "Größe"), ("1,5", "-0,25", "groß"), ("-2", "2,0", "klein"))
    content = "\r\n".join(separator.join(row) for row in rows).encode(encoding)
    found = read_points(text_of(content))
    assert found.columns == rows[0]
    assert found.classes == ("groß", "klein")
    assert found.points == ((1.5, -0.25, 0.0), (-2.0, 2.0, 1.0))


def test_a_file_that_is_no_text_is_refused():
    with pytest.raises(CsvError, match="no text"):
        text_of(bytes(range(256)))


def test_far_points_are_brought_into_the_plane():
    found = read_points("100,5000,a\n300,9000,b\n200,7000,a\n")
    table = np.array(found.points)
    assert np.abs(table[:, :2]).max() == pytest.approx(EXTENT - 0.5)
    assert "scaled" in found.scaling


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("1,2\n", "Line 1 has 2 columns"),
        ("1,2,a\n3,oops,b\n", "Line 2: 'oops'"),
        ("1,2,a\n3,inf,b\n", "Line 2: 'inf'"),
        ("1,2,a\n", "fewer than two"),
        ("1,2," + "a" * 200_000 + "\n3,4,b\n", "no table"),
        ("1,2,a\n3,4,a\n", "1 different classes"),
        ("\n".join(f"1,{k},c{k}" for k in range(12)), "12 different classes"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(text, words):
    with pytest.raises(CsvError, match=words):
        read_points(text)


def test_painting_adds_points_and_one_stroke_is_one_entry(make_app, drag):
    app = make_app(lab="network", network=XOR)
    view = app.lab.view
    QTest.mouseClick(view.data.paint, Qt.MouseButton.LeftButton)
    assert app.lab.status() == (
        "Painting: drag for the blue class, with Shift or the right button for the orange one. Escape ends it."
    )
    before = app.document.session.network.data
    boundary = view.boundary
    drag(boundary.viewport(), boundary.to_pixels(-2.0, 2.8), boundary.to_pixels(2.0, 2.8), tick=app.tick)
    data = app.document.session.network.data
    assert data.kind == OWN
    added = data.points[before.count :]
    assert len(added) >= 5
    assert {label for _x1, _x2, label in added} == {1.0}
    assert all(abs(x2 - 2.8) < 0.1 for _x1, x2, _label in added)
    drag(boundary.viewport(), boundary.to_pixels(-2.0, -2.8), boundary.to_pixels(2.0, -2.8), tick=app.tick)
    app.document.undo()
    assert app.document.session.network.data == data
    app.document.undo()
    assert app.document.session.network.data == before
    QTest.mouseClick(view.data.paint, Qt.MouseButton.LeftButton)
    drag(boundary.viewport(), QPointF(60, 60), QPointF(90, 90), tick=app.tick)
    assert app.document.session.network.data == before


@pytest.mark.qt_log_ignore("does not support raise")  # the offscreen platform, of every tooltip
def test_points_are_painted_by_keyboard(make_app):
    app = make_app(lab="network", network=XOR)
    view, boundary = app.lab.view, app.lab.view.boundary
    before = app.document.session.network.data
    view.data.paint.setFocus()
    QTest.keyClick(view.data.paint, Qt.Key.Key_Space)
    assert boundary.hasFocus()
    for _ in range(4):
        QTest.keyClick(boundary, Qt.Key.Key_Right)
    QTest.keyClick(boundary, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert QToolTip.text().startswith("x₁ = 0.60, x₂ = 1.50")
    QTest.keyClick(boundary, Qt.Key.Key_Space)
    first = app.document.session.network.data
    assert first.points[-1] == pytest.approx((0.6, 1.5, 1.0))
    QTest.keyClick(boundary, Qt.Key.Key_Left)
    QTest.keyClick(boundary, Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    assert app.document.session.network.data.points[-1] == pytest.approx((0.45, 1.5, 0.0))
    app.tick()
    at = boundary.to_pixels(0.45, 1.5).toPoint()
    image = boundary.grab().toImage()
    cross = [max(image.pixelColor(at.x() + right, at.y() + down).lightness() for down in (-1, 0, 1)) for right in (-5, 5)]
    assert min(cross) > 200  # the arms of the cursor
    app.document.undo()
    assert app.document.session.network.data == first
    app.document.undo()
    assert app.document.session.network.data == before
    QTest.keyClick(boundary, Qt.Key.Key_Escape)
    assert not view.data.paint.isChecked()
    assert "Painting" not in app.lab.status()
    QTest.keyClick(boundary, Qt.Key.Key_Space)
    assert app.document.session.network.data == before
    QToolTip.hideText()


def test_a_file_is_previewed_and_taken_over(make_app, tmp_path):
    app = make_app(lab="network", network=XOR)
    path = tmp_path / "points.csv"
    path.write_text("u,v,kind\n" + "\n".join(f"{k % 5 - 2},{k // 5 - 2},{'in' if k % 3 else 'out'}" for k in range(25)))
    app.lab.own_data.open_file(str(path))
    dialog = app.lab.view.findChild(CsvPreview)
    assert dialog.isVisible()
    dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).click()
    assert len(app.document.session.network.data.points) == 25
    assert app.lab.worker.flush().state.data.kind == OWN
    app.document.undo()
    assert app.document.session.network == XOR


def test_a_bad_file_is_said_and_changes_nothing(make_app, tmp_path):
    app = make_app(lab="network", network=XOR)
    path = tmp_path / "points.csv"
    path.write_text("1,2\n")
    app.lab.own_data.open_file(str(path))
    box = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible())
    assert "three are needed" in box.informativeText()
    box.close()
    app.lab.own_data.open_file(str(tmp_path / "absent.csv"))
    box = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible())
    assert "absent.csv" in box.informativeText()
    box.close()
    assert app.document.session.network == XOR


def test_own_points_keep_the_division():
    settings = DatasetSettings("moons", train_share=0.5)
    assert own(((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), settings).train_share == 0.5
