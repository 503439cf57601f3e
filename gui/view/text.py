"""Numbers as the app writes them: a real minus sign, and no minus before a zero."""

from __future__ import annotations


def plain(value: float, decimals: int = 2) -> str:
    """A number with a fixed count of decimals."""
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if not float(text) else text.replace("-", "−")


def short(value: float, digits: int = 3) -> str:
    """A number with so many significant digits, and no more zeros than it needs."""
    return f"{value:.{digits}g}".replace("-", "−")


def count(number: int, room: int) -> str:
    """A count with its thousands apart; where that takes more than `room` signs, in millions."""
    text = f"{number:,}".replace(",", "\u2009")
    return text if len(text) <= room else f"{number / 1e6:.{2 if number < 1e8 else 1}f}\u2009M"


def cut(text: str, most: int) -> str:
    """A text, or its beginning where it has more than so many letters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def factor(value: float) -> str:
    """A number as it stands inside a product or sum: in brackets where negative."""
    text = plain(value)
    return f"({text})" if text.startswith("−") else text
