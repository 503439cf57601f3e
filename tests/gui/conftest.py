"""Shared set-up of the GUI tests: no display, no trace in the user's files, one app around each test."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Callable, Iterator

# Before Qt is imported: draw off screen, and keep settings and recovery files out of the user's home.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="actcore-gui-tests-")
os.environ["XDG_DATA_HOME"] = os.environ["XDG_CONFIG_HOME"]

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from gui.controller.app import AppController, build
from gui.model.commands import open_session
from gui.model.network import NetworkState
from gui.model.session import Session
from tests.gui.network_driver import XOR, Driver


def _open(qapp: QApplication, session: Session) -> AppController:
    qapp.setOrganizationName("actcore")
    qapp.setApplicationName("actcore")
    gc.disable()  # as in the running app; `close` switches it on again
    controller = build(qapp, session)
    controller.window.resize(1280, 800)
    controller.window.show()
    controller.tick()
    qapp.processEvents()
    return controller


def _close(qapp: QApplication, controller: AppController) -> None:
    controller.close()
    controller.window.close()
    controller.window.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()


@pytest.fixture
def make_app(qapp: QApplication) -> Iterator[Callable[..., AppController]]:
    """Build the whole app around a session; fields of `Session` by keyword."""
    made: list[AppController] = []

    def make(**fields: object) -> AppController:
        made.append(_open(qapp, Session(**fields)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for controller in made:
        _close(qapp, controller)


@pytest.fixture(scope="module")
def _one_app(qapp: QApplication) -> Iterator[AppController]:
    controller = _open(qapp, Session())
    yield controller
    _close(qapp, controller)


@pytest.fixture
def shared_app(_one_app: AppController) -> AppController:
    """One app for all tests of a module that walk the registry, put back to the first session before each."""
    _one_app.document.apply(open_session(Session()))
    _one_app.tick()
    return _one_app


@pytest.fixture
def drag() -> Callable[..., None]:
    """Press, move in small steps and release with the left button, between two places on a widget."""

    def run(widget: QWidget, start: QPointF, end: QPointF, steps: int = 5, tick: Callable[[], None] | None = None):
        def at(share: float) -> QPoint:
            return (start + (end - start) * share).toPoint()

        left = Qt.MouseButton.LeftButton
        QTest.mouseMove(widget, at(0.0))
        QTest.mousePress(widget, left, pos=at(0.0))
        for step in range(1, steps + 1):
            QTest.mouseMove(widget, at(step / steps))
            if tick is not None:
                tick()
        QTest.mouseRelease(widget, left, pos=at(1.0))
        if tick is not None:
            tick()

    return run


@pytest.fixture
def driver(make_app: Callable[..., AppController]) -> Callable[..., Driver]:
    """Open the Network lab on a state, and drive it."""

    def make(state: NetworkState = XOR) -> Driver:
        made = Driver(make_app(lab="network", network=state))
        made.settle()
        return made

    return make
