"""One table of colour, type and spacing tokens, and how it reaches Qt and the plots.

Every colour in the app is a token of `Theme`. Blue means positive, orange means negative, everywhere; the
accent is kept for what can be pressed. `apply` sets palette and style sheet and calls ``retheme()`` on every
living widget that has one, so that switching recolours live plots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPalette, QPen
from PySide6.QtWidgets import QApplication

SPACE_XS, SPACE_S, SPACE_M, SPACE_L, SPACE_XL = 4, 8, 12, 16, 24
"""Distances in device-independent pixels."""
RADIUS = 10
TEXT_S, TEXT_M, TEXT_L, TEXT_XL = 11, 13, 16, 22
"""Type sizes in device-independent pixels: captions, body, card titles, headlines."""
FAMILIES = ["Inter", "Segoe UI", "SF Pro Text", "Helvetica Neue", "Noto Sans", "DejaVu Sans", "sans-serif"]
MONO_FAMILIES = [
    "JetBrains Mono",
    "Cascadia Mono",
    "SF Mono",
    "Noto Sans Mono",
    "DejaVu Sans Mono",
    "monospace",
]


@dataclass(frozen=True, slots=True)
class Theme:
    """Colour tokens, as ``#rrggbb``."""

    name: str
    window: str  # behind the cards
    surface: str  # cards and plots
    sunken: str  # entries, tracks
    hover: str
    border: str
    grid: str
    text: str
    muted: str  # captions, axes
    accent: str  # what can be pressed, focus
    on_accent: str
    positive: str
    negative: str
    curve: str  # f
    derivative: str  # f'
    second: str  # f''
    ghost: str  # what was there before
    warning: str
    dead: str  # regions of the input plane: no slope at all,
    saturated: str  # too little slope,
    active: str  # enough
    handle: str  # what can be dragged
    halo: str  # ring that sets a handle off from any background


LIGHT = Theme(
    name="light",
    window="#f3f4f7",
    surface="#ffffff",
    sunken="#eceef2",
    hover="#e3e7ef",
    border="#dcdfe6",
    grid="#e6e8ed",
    text="#1c2230",
    muted="#5d6678",
    accent="#3b5bdb",
    on_accent="#ffffff",
    positive="#2166ac",
    negative="#b35806",
    curve="#1c2230",
    derivative="#7b2ff0",
    second="#0f8577",
    ghost="#9aa3b5",
    warning="#a15c00",
    dead="#8d96a8",
    saturated="#e3c58a",
    active="#c7dff2",
    handle="#1c2230",
    halo="#ffffff",
)
DARK = Theme(
    name="dark",
    window="#14171d",
    surface="#1d2129",
    sunken="#282d38",
    hover="#333a48",
    border="#343b48",
    grid="#2b313d",
    text="#e8ebf1",
    muted="#9ba5b7",
    accent="#8ea8ff",
    on_accent="#12151b",
    positive="#6db3e8",
    negative="#f0a04b",
    curve="#f2f4f8",
    derivative="#c4a1ff",
    second="#4fd1bd",
    ghost="#6c7689",
    warning="#ffc266",
    dead="#4a5162",
    saturated="#7a5a1e",
    active="#1f4a6e",
    handle="#ffffff",
    halo="#14171d",
)
THEMES: dict[str, Theme] = {theme.name: theme for theme in (LIGHT, DARK)}

_current = LIGHT


def current() -> Theme:
    """The theme in force; widgets ask for it when they draw."""
    return _current


def color(token: str, alpha: float = 1.0) -> QColor:
    """A token of the current theme as QColor, `alpha` from 0 to 1."""
    value = QColor(getattr(_current, token))
    value.setAlphaF(alpha)
    return value


def pen(token: str, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine, alpha: float = 1.0) -> QPen:
    """A cosmetic pen (its width is in pixels at any zoom of a plot) in a token of the current theme."""
    # Qt takes a cosmetic width in pixels of the device: on a display of twice the density it would look half.
    if (app := QApplication.instance()) is not None:
        width *= app.devicePixelRatio()
    result = QPen(color(token, alpha), width, style, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    result.setCosmetic(True)
    return result


def font(size: int = TEXT_M, *, bold: bool = False, mono: bool = False) -> QFont:
    """The interface's type at one of the four sizes; `mono` gives figures of one width."""
    result = QFont()
    result.setFamilies(MONO_FAMILIES if mono else FAMILIES)
    result.setPixelSize(size)
    result.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return result


def apply(app: QApplication, name: str) -> None:
    """Put the theme `name` in force: palette, style sheet, and every widget that draws for itself."""
    global _current
    _current = THEMES[name]
    app.setStyle("Fusion")
    app.setFont(font())
    app.setPalette(_palette(_current))
    app.setStyleSheet(_style_sheet(_current))
    for widget in app.allWidgets():
        retheme: Any = getattr(widget, "retheme", None)
        if retheme is not None:
            retheme()


def _palette(theme: Theme) -> QPalette:
    roles = QPalette.ColorRole
    palette = QPalette()
    for role, token in {
        roles.Window: theme.window,
        roles.WindowText: theme.text,
        roles.Base: theme.surface,
        roles.AlternateBase: theme.sunken,
        roles.ToolTipBase: theme.surface,
        roles.ToolTipText: theme.text,
        roles.PlaceholderText: theme.muted,
        roles.Text: theme.text,
        roles.Button: theme.sunken,
        roles.ButtonText: theme.text,
        roles.Highlight: theme.accent,
        roles.HighlightedText: theme.on_accent,
        roles.Link: theme.accent,
        roles.Mid: theme.border,
        roles.Dark: theme.border,
        roles.Light: theme.hover,
    }.items():
        palette.setColor(role, QColor(token))
    for role in (roles.Text, roles.WindowText, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.ghost))
    return palette


def _style_sheet(t: Theme) -> str:
    # One sheet for the whole app, written with tokens only. Object names and the "kind" property are the
    # hooks.
    return f"""
QWidget {{ font-size: {TEXT_M}px; color: {t.text}; }}
QMainWindow, QDialog {{ background: {t.window}; }}
QFrame[kind="card"] {{ background: {t.surface}; border: 1px solid {t.border}; border-radius: {RADIUS}px; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QLabel {{ background: transparent; border: none; }}
QLabel[kind="title"] {{ font-size: {TEXT_L}px; font-weight: 600; }}
QLabel[kind="headline"] {{ font-size: {TEXT_XL}px; font-weight: 600; }}
QLabel[kind="caption"] {{ font-size: {TEXT_S}px; color: {t.muted}; }}
QLabel[kind="muted"] {{ color: {t.muted}; }}
QLabel[kind="status"] {{ color: {t.text}; padding: {SPACE_XS}px {SPACE_S}px; }}
QLabel:disabled {{ color: {t.ghost}; }}
QToolTip {{ background: {t.surface}; color: {t.text}; border: 1px solid {t.border}; padding: {SPACE_S}px; }}
QMenuBar {{ background: {t.window}; }}
QMenuBar::item {{ padding: {SPACE_XS}px {SPACE_S}px; background: transparent; border-radius: 4px; }}
QMenuBar::item:selected {{ background: {t.hover}; }}
QMenu {{ background: {t.surface}; border: 1px solid {t.border}; padding: {SPACE_XS}px; }}
QMenu::item {{ padding: 6px {SPACE_XL}px; border-radius: 4px; }}
QMenu::item:selected {{ background: {t.hover}; }}
QMenu::item:disabled {{ color: {t.ghost}; }}
QMenu::separator {{ height: 1px; background: {t.border}; margin: {SPACE_XS}px {SPACE_S}px; }}
QPushButton, QToolButton {{ background: {t.sunken}; border: 1px solid {t.border}; border-radius: 6px;
    padding: 5px {SPACE_M}px; }}
QToolButton {{ padding: 4px; }}
QPushButton:hover, QToolButton:hover {{ background: {t.hover}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {t.border}; }}
QPushButton:checked, QToolButton:checked {{ background: {t.accent}; color: {t.on_accent};
    border-color: {t.accent}; }}
QPushButton:focus, QToolButton:focus {{ border: 1px solid {t.accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {t.ghost}; }}
QPushButton[kind="primary"] {{ background: {t.accent}; color: {t.on_accent}; border-color: {t.accent};
    font-weight: 600; }}
QPushButton[kind="primary"]:hover {{ background: {t.accent}; border-color: {t.text}; }}
QPushButton[kind="primary"]:focus {{ border-color: {t.text}; }}
QPushButton[kind="tab"] {{ background: transparent; border: none; border-radius: 6px; color: {t.muted};
    padding: 6px {SPACE_L}px; font-weight: 600; }}
QPushButton[kind="tab"]:hover {{ background: {t.hover}; }}
QPushButton[kind="tab"]:checked {{ background: {t.surface}; color: {t.text}; border: 1px solid {t.border}; }}
QPushButton[kind="tab"]:focus {{ border: 1px solid {t.accent}; }}
QToolButton[kind="quiet"] {{ background: transparent; border: 1px solid transparent; color: {t.muted}; }}
QToolButton[kind="quiet"]:hover {{ background: {t.hover}; color: {t.text}; }}
QToolButton[kind="quiet"]:focus {{ border: 1px solid {t.accent}; }}
QToolButton[kind="tile"]:checked {{ background: {t.surface}; border: 2px solid {t.accent}; padding: 3px; }}
QComboBox, QLineEdit, QAbstractSpinBox {{ background: {t.sunken}; border: 1px solid {t.border};
    border-radius: 6px; padding: 4px {SPACE_S}px; selection-background-color: {t.accent};
    selection-color: {t.on_accent}; }}
QAbstractSpinBox QLineEdit {{ background: transparent; border: none; padding: 0; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 0; border: none; }}
QComboBox:hover, QLineEdit:hover, QDoubleSpinBox:hover, QSpinBox:hover {{ background: {t.hover}; }}
QComboBox:focus, QLineEdit:focus, QDoubleSpinBox:focus, QSpinBox:focus {{ border: 1px solid {t.accent}; }}
QComboBox {{ padding-right: 0; combobox-popup: 0; }}
QComboBox::drop-down {{ border: none; width: 24px; }}
QComboBox::down-arrow {{ image: none; }}
QComboBox QAbstractItemView {{ background: {t.surface}; border: 1px solid {t.border}; outline: none;
    selection-background-color: {t.hover}; selection-color: {t.text}; }}
QComboBox QAbstractItemView::item {{ min-height: 24px; }}
QComboBox QAbstractItemView::item:selected {{ background: {t.hover}; color: {t.text}; }}
QPushButton[kind="chip"] {{ background: transparent; border: 1px solid {t.border}; border-radius: 9px;
    color: {t.muted}; padding: 3px 7px; font-size: {TEXT_S}px; }}
QPushButton[kind="chip"]:hover {{ background: {t.hover}; }}
QPushButton[kind="chip"]:checked {{ background: {t.sunken}; color: {t.text}; border-color: {t.accent}; }}
QPushButton[kind="chip"]:focus {{ border: 2px solid {t.accent}; padding: 2px 6px; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {t.border}; border-radius: 5px; min-height: 30px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
QPlainTextEdit, QTextEdit, QTableView {{ background: {t.sunken}; border: 1px solid {t.border};
    border-radius: 6px; }}
"""
