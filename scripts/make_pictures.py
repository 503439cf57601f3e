"""Draw the pictures of the documentation with the app itself: both labs, light and dark, at 100 % and 200 %.

Run ``python scripts/make_pictures.py``; it writes ``docs/images/LAB.png``, ``LAB-dark.png`` and both ``-2x``. The labs
prepare themselves from fixed seeds, so that the same version of the app draws the same pictures.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "images"
LABS = ("neuron", "network")
THEMES = {"light": "", "dark": "-dark"}
SCALES = {1: "", 2: "-2x"}
COLORS = 256
"""Enough for a picture of an interface with two colour maps, at a third of the size."""


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for lab in LABS:
        for theme, tone in THEMES.items():
            for scale, density in SCALES.items():
                path = FOLDER / f"{lab}{tone}{density}.png"
                options = ["--lab", lab, "--theme", theme, "--scale", str(scale), "--snapshot", str(path)]
                subprocess.run([sys.executable, "-m", "gui", *options], cwd=ROOT, check=True)
                _shrink(path)
                print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} kB")
    return 0


def _shrink(path: Path) -> None:
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(COLORS, dither=Image.Dither.FLOYDSTEINBERG)
    small.save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
