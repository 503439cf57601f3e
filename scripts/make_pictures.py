"""Draw the pictures of the documentation: both labs, light and dark, at 100 and 200 percent.

    python scripts/make_pictures.py
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SIZE = "1280x800"


def main() -> int:
    """Start the app once per picture, without a display."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for lab in ("neuron", "network"):
        for theme in ("light", "dark"):
            for scale in (1, 2):
                suffix = ("" if theme == "light" else f"-{theme}") + ("" if scale == 1 else f"-{scale}x")
                picture = IMAGES / f"{lab}{suffix}.png"
                command = [sys.executable, "-m", "gui", "--lab", lab, "--theme", theme, "--scale", str(scale)]
                subprocess.run([*command, "--size", SIZE, "--snapshot", picture], cwd=ROOT, check=True)
                print(picture.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
