"""What the network makes of the plane: its answer everywhere, where it changes its mind, and the data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip, QWidget

from . import theme
from .contours import Contours
from .picture import Picture
from .plot import Handle, Plot

TRAIN_SIZE, TEST_SIZE = 6.5, 6.5
CURSOR_STEP = 0.15
"""How far an arrow key moves the cursor: a little more than painted points keep between them."""


class Boundary(Plot):
    """The square of inputs coloured by the network's output, with contours and the data.

    While a picture from before is set, it covers the plane left of a handle that can be dragged across:
    before and after in the same place.

    Parameters
    ----------
    extent : float
        The plane spans ±extent in both inputs.
    """

    painted = Signal(float, float, bool)
    """In painting mode: a point was asked for at x1, x2; True with the right button or Shift."""
    painting_finished = Signal()
    painting_left = Signal()
    """Escape was pressed in painting mode."""
    hovered = Signal(float, float)
    """The pointer rests on x1, x2; answer with `show_readout`."""

    def __init__(self, extent: float, parent: QWidget | None = None) -> None:
        square = (-extent, extent)
        super().__init__("Output of the network", "", "", square, square, parent=parent)
        self._extent = extent
        self._after, self._before = (Picture(extent, to_border=True) for _ in range(2))
        self._line, self._line_before = Contours(extent), Contours(extent)
        self._train, self._test = pg.ScatterPlotItem(pxMode=True), pg.ScatterPlotItem(pxMode=True)
        self.draw_once(self._train, self._test)  # hundreds of points, which hardly ever change
        self._seam = pg.InfiniteLine(angle=90, movable=False)
        self._grip = Handle("accent", radius=7.0)
        self._words = [pg.TextItem("before", anchor=(1.1, 0)), pg.TextItem("now", anchor=(-0.1, 0))]
        for item in (self._after, self._before, self._line, self._line_before, self._test, self._train):
            self.addItem(item)
        for item in (self._seam, self._grip, *self._words):
            self.addItem(item)
            item.setZValue(90)
        self._grip.setToolTip("Drag: left of it before the change, right of it now")
        self._grip.dragged.connect(self._on_wipe)
        self._cursor = pg.ScatterPlotItem(symbol="+", size=19, pxMode=True)
        self._cursor.setZValue(95)
        self.addItem(self._cursor)
        self._cursor_at = (0.0, 0.0)
        self.nudged.connect(self._on_nudge)
        self._painting = False
        self._asked_at = QPoint()
        self._show_wipe(False)
        self.retheme()

    def set_image(self, rgba: NDArray[np.uint8]) -> None:
        """Colour the plane: (n, n, 4) uint8 on a grid that reaches the border, lowest x2 first."""
        self._after.set_image(rgba)

    def keep_before(self) -> None:
        """Keep the picture as it is, and show it left of the wipe from now on."""
        self._before.copy(self._after)
        self._line_before.copy(self._line)
        self._show_wipe(True)
        self.set_wipe(0.5)

    def drop_before(self) -> None:
        """Take the wipe away."""
        self._show_wipe(False)
        self._line.set_shares(0.0, 1.0)

    def set_wipe(self, share: float) -> None:
        """Place the wipe between left (0) and right (1)."""
        x = (2 * share - 1) * self._extent
        self._before.set_share(share)
        self._line_before.set_shares(0.0, share)
        self._line.set_shares(share, 1.0)
        self._seam.setPos(x)
        self._grip.setPos(x, -0.86 * self._extent)
        for word in self._words:
            word.setPos(x, self._extent)

    def set_contours(self, fields: Sequence[NDArray[np.floating]], levels: Sequence[float]) -> None:
        """Draw the lines on which one of `fields` takes one of `levels`; grids as for `set_image`."""
        self._line.set_fields(fields, levels)

    def set_points(
        self,
        train: NDArray[np.floating],
        train_colors: Sequence[QColor],
        test: NDArray[np.floating],
        test_colors: Sequence[QColor],
    ) -> None:
        """The data, shape (n, 2) each: training points filled, test points as rings."""
        halo = theme.pen("halo", 1.0)
        self._train.setData(
            pos=train,
            size=TRAIN_SIZE,
            symbol="o",
            pen=halo,
            brush=[pg.mkBrush(color) for color in train_colors],
        )
        self._test.setData(
            pos=test,
            size=TEST_SIZE,
            symbol="o",
            brush=pg.mkBrush(theme.color("halo", 0.75)),
            pen=[pg.mkPen(color, width=1.6) for color in test_colors],
        )

    def show_test_points(self, shown: bool) -> None:
        self._test.setVisible(shown)

    def set_painting(self, on: bool) -> None:
        """Let the mouse paint points: the left button the second class, right or Shift the first."""
        self._painting = on
        self.viewport().setCursor(Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor)

    def retheme(self) -> None:
        super().retheme()
        self._line.update()
        self._line_before.update()
        self._seam.setPen(theme.pen("accent", 2.0))
        self._cursor.setPen(theme.pen("curve", 2.0))
        self._cursor.setBrush(theme.color("halo"))
        for word in self._words:
            word.setColor(theme.color("text"))
            word.fill = pg.mkBrush(theme.color("surface", 0.85))
            word.setFont(theme.font(theme.TEXT_S, bold=True))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._painting:
            self._paint_point(event)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._painting:
            if event.buttons() != Qt.MouseButton.NoButton:
                self._paint_point(event)
        else:
            super().mouseMoveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """In painting mode Space paints at the cursor, and Escape ends it."""
        if self._painting and event.key() == Qt.Key.Key_Space:
            self._move_cursor(0.0, 0.0)
            self.painted.emit(*self._cursor_at, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif self._painting and event.key() == Qt.Key.Key_Escape:
            self.painting_left.emit()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        super().keyReleaseEvent(event)
        if self._painting and not event.isAutoRepeat():
            self.painting_finished.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._cursor.clear()

    def viewportEvent(self, event: QEvent) -> bool:
        """Qt asks for a tooltip where the pointer rests: the answer is what the network says there."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._asked_at = event.globalPos()
            point = self.box.mapSceneToView(self.mapToScene(event.pos()))
            if max(abs(point.x()), abs(point.y())) <= self._extent:
                self.hovered.emit(point.x(), point.y())
                return True
        return bool(super().viewportEvent(event))

    def show_readout(self, text: str) -> None:
        """Say something where the pointer rests."""
        QToolTip.showText(self._asked_at, text, self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._painting:
            self.painting_finished.emit()
        else:
            super().mouseReleaseEvent(event)

    def _show_wipe(self, shown: bool) -> None:
        for item in (self._before, self._line_before, self._seam, self._grip, *self._words):
            item.setVisible(shown)

    def _paint_point(self, event: QMouseEvent) -> None:
        point = self.box.mapSceneToView(self.mapToScene(event.position().toPoint()))
        if max(abs(point.x()), abs(point.y())) <= self._extent:
            other = bool(event.buttons() & Qt.MouseButton.RightButton or event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.painted.emit(point.x(), point.y(), other)

    def _on_nudge(self, right: float, up: float) -> None:
        if self._grip.isVisible() and not self._painting:
            self._on_wipe(self._grip.pos().x() + 0.02 * right * self._extent, 0.0)
        else:
            self._move_cursor(CURSOR_STEP * right, CURSOR_STEP * up)

    def _move_cursor(self, right: float, up: float) -> None:
        """Move the keyboard's cursor, and ask what there is to say of the place."""
        end = self._extent
        x, y = (min(max(at + by, -end), end) for at, by in zip(self._cursor_at, (right, up), strict=True))
        self._cursor_at = (x, y)
        self._cursor.setData([x], [y])
        self._asked_at = self.viewport().mapToGlobal(self.to_pixels(x, y).toPoint())
        self.hovered.emit(x, y)

    def _on_wipe(self, x: float, _y: float) -> None:
        share = min(max((x / self._extent + 1) / 2, 0.0), 1.0)
        self.set_wipe(share)
