"""Points of one's own from a CSV file: two columns of numbers and one of classes."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass

import numpy as np

from .dataset import EXTENT, DatasetSettings

MAX_ROWS, MAX_CLASSES = 5000, 10


class CsvError(ValueError):
    """A file cannot be used; the message is a sentence for the user that names the line."""


@dataclass(frozen=True)
class CsvPoints:
    """The points of a file, ready for the plane.

    Attributes
    ----------
    points : tuple of (x1, x2, class)
        Moved and scaled to fill the plane where they did not fit in.
    columns : tuple of str
        Names of the three columns.
    classes : tuple of str
        What the classes 0, 1, … are called in the file.
    scaling : str
        In words, what was done to the numbers; empty if nothing.
    """

    points: tuple[tuple[float, float, float], ...]
    columns: tuple[str, str, str]
    classes: tuple[str, ...]
    scaling: str


def read_points(text: str) -> CsvPoints:
    """Read two numbers and a class from every line, parted by commas, semicolons or tabs.

    The first line may be a header. Where commas do not part the cells, they may stand for the point of a number.

    Examples
    --------
    >>> lines = ["x,y,kind", "1,2,red", "-1,0.5,blue"]
    >>> read_points(chr(10).join(lines)).classes
    ('red', 'blue')
    """
    rows = _rows(text)
    header = not (_is_number(rows[0][1][0]) and _is_number(rows[0][1][1]))
    names = tuple(rows[0][1]) if header else ("x1", "x2", "class")
    names = (names[0], names[1], names[2])
    body = rows[1:] if header else rows
    if len(body) < 2:
        raise CsvError("The file holds fewer than two points.")
    if len(body) > MAX_ROWS:
        raise CsvError(f"The file holds {len(body)} points; the lab takes at most {MAX_ROWS}.")
    numbers = np.array([[_number(line, cell) for cell in cells[:2]] for line, cells in body])
    classes = tuple(dict.fromkeys(cells[2].strip() for _line, cells in body))
    if not 2 <= len(classes) <= MAX_CLASSES:
        raise CsvError(f"The third column holds {len(classes)} different classes; it takes between 2 and {MAX_CLASSES}.")
    numbers, scaling = _fit(numbers)
    points = tuple(
        (float(x1), float(x2), float(classes.index(cells[2].strip())))
        for (x1, x2), (_line, cells) in zip(numbers, body, strict=True)
    )
    return CsvPoints(points, names, classes, scaling)


def text_of(content: bytes) -> str:
    """A file's text: Unicode, or what spreadsheets of western Europe write.

    Raises
    ------
    CsvError
        If it is none.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CsvError("The file holds no text.")


def own(points: tuple[tuple[float, float, float], ...], settings: DatasetSettings) -> DatasetSettings:
    """Settings with these points in place of drawn ones."""
    count = min(max(len(points), 10), 5000)
    return DatasetSettings("own", 0.0, count, settings.train_share, settings.seed, points)


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The lines that are not empty, with their numbers, as three cells each."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = next((mark for mark in ";\t" if first.count(mark) >= 2), ",")
    try:
        table = list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error as error:
        raise CsvError(f"The file is no table: {error}.") from error
    rows = []
    for line, cells in enumerate(table, start=1):
        if not any(cell.strip() for cell in cells):
            continue
        if separator != ",":  # tables of many countries write 0,5
            cells[:2] = [cell.replace(",", ".") for cell in cells[:2]]
        if len(cells) < 3:
            raise CsvError(f"Line {line} has {len(cells)} columns; three are needed: two numbers and the class of the point.")
        rows.append((line, [cell.strip() for cell in cells[:3]]))
    if not rows:
        raise CsvError("The file is empty.")
    return rows


def _is_number(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def _number(line: int, cell: str) -> float:
    if not _is_number(cell):
        raise CsvError(f"Line {line}: {cell!r} is no finite number.")
    return float(cell)


def _fit(numbers: np.ndarray) -> tuple[np.ndarray, str]:
    """Bring the points into the plane when they do not lie in it or fill too little of it."""
    low, high = numbers.min(axis=0), numbers.max(axis=0)
    if np.abs(numbers).max() <= EXTENT and (high - low).max() >= EXTENT / 2:
        return numbers, ""
    half = np.where(high > low, (high - low) / 2, 1.0)
    fitted = (numbers - (low + high) / 2) / half * (EXTENT - 0.5)
    return fitted, "Both columns were moved and scaled to fill the plane."
