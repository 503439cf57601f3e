"""Controls shared by the labs: a card, a number on a slider, and the chooser of an activation.

Controls report gestures and never change the model themselves: ``changing`` while a value is moved,
``finished`` when the gesture ends, so that a whole drag becomes one entry in the undo history. Setting a
value from the model is silent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QIcon,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
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
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from . import theme

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


def number_entry(name: str, *, decimals: int = 2, unit: str = "", width: int = 78) -> QDoubleSpinBox:
    """A field to type a number into; it reports when the number is complete, not at every key."""
    result = QDoubleSpinBox()
    result.setDecimals(decimals)
    result.setSuffix(f" {unit}" if unit else "")
    result.setKeyboardTracking(False)
    result.setAlignment(Qt.AlignmentFlag.AlignRight)
    result.setFixedWidth(width)
    result.setAccessibleName(name)
    result.setToolTip(name)
    result.lineEdit().setTextMargins(theme.SPACE_XS, 0, theme.SPACE_XS, 0)
    return result


class Menu(QComboBox):
    """A menu of choices with the app's own arrow."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.pen("muted" if self.isEnabled() else "ghost", 1.6))
        x, y = self.width() - 15.0, self.height() / 2
        painter.drawPolyline([QPointF(x - 4, y - 2), QPointF(x, y + 2), QPointF(x + 4, y - 2)])

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
        self.entry = number_entry(f"{name}, number", decimals=decimals, unit=unit, width=92 if unit else 78)
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


class ActivationChooser(QWidget):
    """A menu of the registry's activations, in groups and with their curves, and a slider for each parameter.

    Parameters
    ----------
    specs : iterable of registry rows
        What to offer, as ``actcore.get(name).spec``.
    curve : callable
        ``curve(name)`` gives the values of f over [-4, 4] for the small picture, computed by the engine.
    name : str
        Accessible name.
    with_parameters : bool
        Show sliders for the parameters under the menu.
    """

    chosen = Signal(str)
    parameter_changing = Signal(str, float)
    parameter_finished = Signal()

    def __init__(
        self,
        specs: Iterable[Any],
        curve: Callable[[str], np.ndarray],
        name: str = "Activation",
        *,
        with_parameters: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._specs = {spec.name: spec for spec in specs}
        self._curves = {spec: curve(spec) for spec in self._specs}
        self._with_parameters = with_parameters
        self._sliders: dict[str, NumberSlider] = {}
        self._shown: str | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_S)
        self.menu = Menu(name)
        self.menu.setIconSize(QSize(36, 22))
        self.menu.setMaxVisibleItems(18)
        self.menu.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.menu.setMinimumContentsLength(10)
        for group, members in _grouped(self._specs.values()).items():
            self.menu.addItem(group.capitalize())
            heading = self.menu.model().item(self.menu.count() - 1)
            heading.setEnabled(False)
            heading.setFont(theme.font(theme.TEXT_S, bold=True))
            for spec in members:
                self.menu.addItem(spec.title, spec.name)
                tip = f"{spec.formula}\n{spec.advice}"
                self.menu.setItemData(self.menu.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._sliders_box = QVBoxLayout()
        self._sliders_box.setSpacing(theme.SPACE_XS)
        layout.addWidget(self.menu)
        layout.addLayout(self._sliders_box)
        self.menu.activated.connect(lambda index: self.chosen.emit(self.menu.itemData(index)))
        self.retheme()

    def set_value(self, name: str, parameters: Mapping[str, float]) -> None:
        """Show an activation of the model with its parameters; emits nothing."""
        if name != self._shown:
            self._shown = name
            self.menu.setCurrentIndex(self.menu.findData(name))
            self.menu.setToolTip(f"{self._specs[name].formula}\n{self._specs[name].advice}")
            self._build_sliders(name)
        for parameter, slider in self._sliders.items():
            slider.set_value(parameters[parameter])

    def retheme(self) -> None:
        for index in range(self.menu.count()):
            name = self.menu.itemData(index)
            if name is not None:
                self.menu.setItemIcon(index, _curve_icon(self._curves[name], self.devicePixelRatioF()))

    def _build_sliders(self, name: str) -> None:
        for slider in self._sliders.values():
            self._sliders_box.removeWidget(slider)
            slider.hide()  # at once: it is deleted only when control returns to the event loop
            slider.deleteLater()
        self._sliders = {}
        if not self._with_parameters:
            return
        for row in self._specs[name].parameters:
            slider = NumberSlider(
                row.name.replace("_", " "),
                f"{self._specs[name].title}: {row.name.replace('_', ' ')}",
                *slider_range(row),
                row.default,
                decimals=max(0, -math.floor(math.log10(row.step))),
                tip=row.meaning,
                symbol_width=96,
            )
            slider.changing.connect(lambda value, key=row.name: self.parameter_changing.emit(key, value))
            slider.finished.connect(self.parameter_finished)
            self._sliders[row.name] = slider
            self._sliders_box.addWidget(slider)


def slider_range(parameter: Any) -> tuple[float, float]:
    """Ends of a slider for a registry's parameter: its bounds, or a hundred steps where there is no bound."""
    low, high, reach = parameter.minimum, parameter.maximum, 100 * parameter.step
    low = -reach if math.isinf(low) else low + parameter.step * parameter.exclusive_minimum
    return low, max(reach, 2 * parameter.default) if math.isinf(high) else high


_GROUPS = ("bounded", "piecewise-linear", "smooth")
"""Tags that make a group of the menu, the first that fits; what fits none comes last."""


def _grouped(specs: Iterable[Any]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {tag: [] for tag in (*_GROUPS, "other")}
    for spec in specs:
        groups[next((tag for tag in _GROUPS if tag in spec.tags), "other")].append(spec)
    return {tag: members for tag, members in groups.items() if members}


def _curve_icon(values: np.ndarray, ratio: float) -> QIcon:
    """A small picture of a curve, with the axes through its origin."""
    width, height = 36, 22
    pixmap = QPixmap(round(width * ratio), round(height * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(QColor(0, 0, 0, 0))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    low, high = min(-1.0, float(values.min())), max(1.0, float(values.max()))
    x = np.linspace(2.0, width - 2.0, len(values))
    y = (height - 2.0) - (values - low) / (high - low) * (height - 4.0)
    zero = (height - 2.0) + low / (high - low) * (height - 4.0)
    painter.setPen(QPen(theme.color("border"), 1.0))
    painter.drawLine(QPointF(2, zero), QPointF(width - 2, zero))
    painter.drawLine(QPointF(width / 2, 2), QPointF(width / 2, height - 2))
    painter.setPen(QPen(theme.color("accent"), 1.8))
    painter.drawPolyline(QPolygonF([QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]))
    painter.end()
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # else Qt tints it into the selection
    return icon
