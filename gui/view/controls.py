"""Controls shared by the labs: a card, a menu, a switch, and a number on a slider.

Controls report gestures and never change the model themselves: ``changing`` while a value is moved,
``finished`` when the gesture ends, so that a whole drag becomes one entry in the undo history. Setting a
value from the model is silent.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QIcon,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from . import theme
from .text import plain

TICKS = 1000
"""Resolution of a slider's track; finer values are typed."""


def label(text: str, kind: str = "", *, wrap: bool = False) -> QLabel:
    """A label of one of the style sheet's kinds: title, headline, caption, muted, status."""
    result = QLabel(text)
    result.setProperty("kind", kind)
    result.setWordWrap(wrap)
    return result


class Card(QFrame):
    """A titled panel; put widgets into `body`, small controls at the right of the title into `header`."""

    def __init__(self, title: str = "", caption: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.setAccessibleName(title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_L, theme.SPACE_M, theme.SPACE_L, theme.SPACE_M)
        layout.setSpacing(theme.SPACE_S)
        self.header = QHBoxLayout()
        self.header.setSpacing(theme.SPACE_S)
        if title:
            self.header.addWidget(label(title, "title"))
            self.header.addStretch(1)
            layout.addLayout(self.header)
        if caption:
            layout.addWidget(label(caption, "caption", wrap=True))
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.SPACE_S)
        layout.addLayout(self.body, 1)


def chip(text: str, name: str, tip: str) -> QPushButton:
    """A small switch: outlined when off, accented when on."""
    result = QPushButton(text)
    result.setProperty("kind", "chip")
    result.setCheckable(True)
    result.setAccessibleName(name)
    result.setToolTip(tip)
    return result


class NumberEntry(QDoubleSpinBox):
    """A field to type a number into. It writes numbers as the rest of the app does, whatever the country of the
    computer; a comma for the point and a hyphen for the minus sign are understood.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setLocale(QLocale.c())
        self.setKeyboardTracking(False)

    def textFromValue(self, value: float) -> str:
        return plain(value, self.decimals())

    def valueFromText(self, text: str) -> float:
        return super().valueFromText(_typed(text))

    def validate(self, text: str, at: int) -> object:
        state = super().validate(_typed(text), at)[0]  # type: ignore[index]
        return state, text, at


def _typed(text: str) -> str:
    """A number as it was typed, as Qt reads it."""
    return text.replace("−", "-").replace(",", ".")


def number_entry(name: str, *, decimals: int = 2, unit: str = "", width: int = 78) -> NumberEntry:
    """An entry of the app's look; it reports when the number is complete, not at every key."""
    result = NumberEntry()
    result.setDecimals(decimals)
    result.setSuffix(f" {unit}" if unit else "")
    result.setAlignment(Qt.AlignmentFlag.AlignRight)
    result.setFixedWidth(width)
    result.lineEdit().setTextMargins(0, 0, theme.SPACE_XS, 0)
    result.setAccessibleName(name)
    result.setToolTip(name)
    return result


ARROW_WIDTH = 24
"""What a menu's arrow takes at its right end; the style sheet leaves this room."""
NAME_WIDTH = 80
"""The least that is shown of a name that has to be cut: some ten letters."""


LIST_WIDTH = 420
"""The most that an open list of names is made wider to."""


class Menu(QComboBox):
    """A menu of choices with the app's own arrow. Where icon and name do not fit together, one of them goes.

    The name goes where it would be cut to less than `NAME_WIDTH`: there the icon says more.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        if self.currentIndex() < 0:
            option.currentText = self.placeholderText()
        if not option.currentIcon.isNull():
            name = self.fontMetrics().horizontalAdvance(option.currentText)
            room = self.width() - ARROW_WIDTH - 2 * theme.SPACE_S
            if name > room < NAME_WIDTH:
                option.currentText = ""
            elif name + option.iconSize.width() + theme.SPACE_S > room:
                option.currentText = self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideRight, room)
                option.currentIcon = QIcon()
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.pen("muted" if self.isEnabled() else "ghost", 1.6))
        x, y = self.width() - 15.0, self.height() / 2
        painter.drawPolyline([QPointF(x - 4, y - 2), QPointF(x, y + 2), QPointF(x + 4, y - 2)])

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()  # Qt's own is a few pixels less than the name takes

    def showPopup(self) -> None:
        """Open the list as wide as its longest name, however narrow the menu is; a very long one, a formula, is cut."""
        self.view().setMinimumWidth(min(self.view().sizeHintForColumn(0) + ARROW_WIDTH, LIST_WIDTH))
        super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel scrolls the page; it does not change a choice in passing."""
        event.ignore()


class Track(QSlider):
    """A slider that shows its sign: filled from zero, blue to the right, orange to the left."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(0, TICKS)
        self.setPageStep(TICKS // 20)
        self.setSingleStep(TICKS // 200)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(64, 24)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.zero: float | None = None
        self.default: float | None = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # The handle jumps to the pointer at once: on a plain QSlider a click on the track moves by a page.
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._follow(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._follow(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel scrolls the page; it does not change a number in passing."""
        event.ignore()

    def _follow(self, event: QMouseEvent) -> None:
        left, right = self._ends()
        share = (event.position().x() - left) / (right - left)
        self.setSliderPosition(round(min(max(share, 0.0), 1.0) * TICKS))
        event.accept()

    def _ends(self) -> tuple[float, float]:
        return 9.0, self.width() - 9.0

    def position_of(self, share: float) -> QPointF:
        """Where the handle stands for a share of the range, in widget coordinates."""
        left, right = self._ends()
        return QPointF(left + share * (right - left), self.height() / 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        enabled = self.isEnabled()
        here = self.position_of(self.sliderPosition() / TICKS)
        left, right = self._ends()
        track = QRectF(left, here.y() - 2, right - left, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("border"))
        painter.drawRoundedRect(track, 2, 2)
        origin = self.position_of(self.zero if self.zero is not None else 0.0)
        token = "accent" if self.zero is None else ("positive" if here.x() >= origin.x() else "negative")
        painter.setBrush(theme.color(token if enabled else "ghost"))
        low, high = sorted((origin.x(), here.x()))
        painter.drawRoundedRect(QRectF(low, here.y() - 2, high - low, 4), 2, 2)
        if self.default is not None:
            mark = self.position_of(self.default)
            painter.setPen(theme.pen("muted", 1.5))
            painter.drawLine(QPointF(mark.x(), mark.y() + 6), QPointF(mark.x(), mark.y() + 10))
        radius = 8.0 if self.isSliderDown() or self.underMouse() else 7.0
        focused = self.hasFocus()
        painter.setPen(QPen(theme.color("accent" if focused else "muted"), 2.5 if focused else 1.5))
        painter.setBrush(theme.color("surface"))
        painter.drawEllipse(here, radius, radius)


class NumberSlider(QWidget):
    """A number: symbol, track, entry with unit, and a reset to the default.

    Keyboard: arrows, Page Up/Down, Home and End on the track; any number typed into the entry; Delete on the
    track resets. A logarithmic track serves quantities such as a learning rate.
    """

    changing = Signal(float)
    """The value under way, already within the limits."""
    finished = Signal()
    """The gesture ended: mouse released, key pressed, entry accepted, or reset."""

    def __init__(
        self,
        symbol: str,
        name: str,
        low: float,
        high: float,
        default: float,
        *,
        decimals: int = 2,
        unit: str = "",
        log: bool = False,
        tip: str = "",
        symbol_width: int = 28,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        if log and low <= 0.0:
            raise ValueError(f"a logarithmic slider needs a lower end above zero, not {low}")
        self._low, self._high, self._default, self._log = low, high, default, log
        self._value = math.nan  # until the first value is shown
        self.setAccessibleName(name)
        self.setToolTip(tip or name)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        self.symbol = label(symbol)
        self.symbol.setMinimumWidth(symbol_width)
        self.track = Track(name)
        self.track.zero = self._share(0.0) if low < 0.0 < high else None
        self.track.default = self._share(default)
        self.entry = number_entry(f"{name}, number", decimals=decimals, unit=unit)
        self.entry.setRange(low, high)
        self.entry.setSingleStep(max(10.0**-decimals, 10.0 ** math.floor(math.log10(high - low) - 1.5)))
        self.reset = QToolButton()
        self.reset.setText("↺")
        self.reset.setProperty("kind", "quiet")
        self.reset.setAccessibleName(f"Reset {name}")
        self.reset.setToolTip(f"Back to {default:g}")
        for widget in (self.symbol, self.track, self.entry, self.reset):
            layout.addWidget(widget, 1 if widget is self.track else 0)
        self.set_value(default)
        self.track.sliderMoved.connect(self._on_track)
        self.track.actionTriggered.connect(self._on_key_action)
        self.track.sliderReleased.connect(self.finished)
        self.entry.valueChanged.connect(self._on_entry)
        self.reset.clicked.connect(self._on_reset)

    @property
    def value(self) -> float:
        return self._value

    def set_value(self, value: float) -> None:
        """Show a value of the model; emits nothing."""
        if value == self._value:
            return
        self._value = value
        self.track.blockSignals(True)
        self.entry.blockSignals(True)
        if not self.track.isSliderDown():
            self.track.setValue(round(self._share(value) * TICKS))
        if abs(self.entry.value() - value) >= 0.5 * 10.0 ** -self.entry.decimals():
            self.entry.setValue(value)
        self.track.blockSignals(False)
        self.entry.blockSignals(False)
        self.track.update()
        self.reset.setEnabled(value != self._default)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.track.hasFocus():
            self._on_reset()
        else:
            super().keyPressEvent(event)

    def _share(self, value: float) -> float:
        value = min(max(value, self._low), self._high)
        if self._log:
            return math.log(value / self._low) / math.log(self._high / self._low)
        return (value - self._low) / (self._high - self._low)

    def _at(self, ticks: int) -> float:
        share = ticks / TICKS
        if self._log:
            return float(f"{self._low * (self._high / self._low) ** share:.3g}")
        return round(self._low + share * (self._high - self._low), self.entry.decimals())

    def _emit(self, value: float) -> None:
        self.set_value(value)
        self.changing.emit(value)

    def _on_track(self, ticks: int) -> None:
        self._emit(self._at(ticks))

    def _on_key_action(self, _action: int) -> None:
        if not self.track.isSliderDown():  # a key; the mouse arrives through sliderMoved
            self._emit(self._at(self.track.sliderPosition()))
            self.finished.emit()

    def _on_entry(self, value: float) -> None:
        self._emit(value)
        self.finished.emit()

    def _on_reset(self) -> None:
        self._emit(self._default)
        self.finished.emit()
