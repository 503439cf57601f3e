"""Run the engine's tests against the actcore that is installed in this Python, not against the sources.

    python scripts/test_installed.py [arguments of pytest]

The tests are copied away from the sources, so that nothing but the installed package can be imported. Those marked
`checkout` need the sources and are left out, and so are the app's.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOT_NEEDED = shutil.ignore_patterns("gui", "images", "__pycache__")


def main() -> int:
    """Copy, run pytest in this process, and return its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("tests", "scripts", "docs"):
            shutil.copytree(ROOT / name, Path(folder, name), ignore=NOT_NEEDED)
        settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines(keepends=True)
        without_qt = "".join(line for line in settings if not line.startswith("qt_"))
        Path(folder, "pyproject.toml").write_text(without_qt, encoding="utf-8")
        os.chdir(folder)
        sys.path.pop(0)  # the sources' scripts

        import actcore

        if Path(actcore.__file__).is_relative_to(ROOT) and ROOT not in Path(sys.prefix).parents:
            print(f"actcore is imported from the sources: {actcore.__file__}", file=sys.stderr)
            return 1
        return int(pytest.main(["-q", "-p", "no:pytest-qt", "-m", "not checkout", *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(main())
