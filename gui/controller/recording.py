"""A lab in motion as a GIF: the lab goes on by exact steps, and each is drawn off screen; never a screen grab."""

from __future__ import annotations

from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from ..view.window import Window
from .lab import Lab

FRAME_SECONDS = 0.05


def snapshot(lab: Lab, window: Window, path: str) -> None:
    """Draw the lab, in a fixed state that is worth a picture, into a PNG; raises OSError if it cannot be written."""
    _prepare(lab, window)
    if not window.grab().save(path):
        raise OSError(f"{path} is not writable, or its ending is not that of a picture")


def record(lab: Lab, window: Window, path: str, seconds: float) -> None:
    """Write `seconds` of the lab at 20 frames a second; the same lab state gives the same file."""
    _prepare(lab, window)
    frames = []
    for _ in range(max(1, round(seconds / FRAME_SECONDS))):
        lab.advance(FRAME_SECONDS)
        frames.append(_to_pillow(window.grab().toImage()))
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=round(1000 * FRAME_SECONDS), loop=0)


def _prepare(lab: Lab, window: Window) -> None:
    lab.prepare()
    window.set_status(lab.status())
    QApplication.processEvents()  # texts that have come in change the layout


def _to_pillow(image: QImage) -> Image.Image:
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    size = (image.width(), image.height())
    pixels = Image.frombuffer("RGBA", size, image.constBits(), "raw", "RGBA", image.bytesPerLine(), 1)
    return pixels.convert("RGB").quantize(128, dither=Image.Dither.NONE)
