"""Rules of the house that a machine can check on the files themselves."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import actcore
from actcore.registry import AXIS_ROWS, ROWS

pytestmark = pytest.mark.checkout

ROOT = Path(__file__).resolve().parent.parent
NAMES = {row.name for row in (*ROWS, *AXIS_ROWS)}
LISTS_FROM = 5  # so many names side by side are a list, and lists come from the registry
CODE = {".py", ".pyx", ".pxd", ".pyi", ".sh"}
TEXT = CODE | {".md", ".toml", ".yml", ".yaml", ".in", ".cfg", ".desktop", ".json", ""}
NOT_OURS = {".git", "build", "dist", "__pycache__"}


def own_files(*suffixes: str) -> Iterator[Path]:
    """Yield the checkout's files with these suffixes, without environments, caches and build products."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name not in NOT_OURS
            and not name.endswith(("egg-info", "_cache"))
            and not name.startswith((".venv", ".hypothesis", "wheelhouse"))
        ]
        for name in files:
            path = Path(folder, name)
            if path.suffix in suffixes and not name.startswith("blocks_"):
                yield path


def names_side_by_side(tree: ast.AST) -> Iterator[tuple[int, list[str]]]:
    """Yield the line and the activation names of every literal collection that spells several of them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            elements = node.elts
        elif isinstance(node, ast.Dict):
            elements = [key for key in node.keys if key is not None]
        else:
            continue
        found = [element.value for element in elements if isinstance(element, ast.Constant)]
        named = [value for value in found if isinstance(value, str) and value in NAMES]
        if len(named) >= LISTS_FROM:
            yield node.lineno, named


def test_activations_are_listed_in_the_registry_alone():
    lists = [
        f"{path.relative_to(ROOT)}:{line}: {', '.join(named)}"
        for path in own_files(".py")
        if path != ROOT / "actcore" / "registry.py"
        for line, named in names_side_by_side(ast.parse(path.read_text(encoding="utf-8")))
    ]
    quoted = re.compile(rf"""(?:["'](\w+)["']\s*[,:][^"'\n]*){{{LISTS_FROM},}}""")
    for path in own_files(".pyx", ".pxd"):
        for match in quoted.finditer(path.read_text(encoding="utf-8")):
            named = NAMES & set(re.findall(r"""["'](\w+)["']""", match[0]))
            if len(named) >= LISTS_FROM:
                lists.append(f"{path.relative_to(ROOT)}: {', '.join(sorted(named))}")
    assert lists == []


def test_the_check_for_lists_sees_one():
    several = sorted(NAMES)[:LISTS_FROM]
    assert list(names_side_by_side(ast.parse(f"menu = {several!r}"))) == [(1, several)]
    assert list(names_side_by_side(ast.parse(f"menu = {dict.fromkeys(several)!r}"))) == [(1, several)]
    assert list(names_side_by_side(ast.parse(f"pair = {several[:2]!r}"))) == []


def test_no_file_knows_a_machine():
    # Put together here so that this file does not hold what it looks for.
    machine = re.compile("|".join("/" + folder + r"/\w" for folder in ("root", "home", "work", "Users")))
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in own_files(*TEXT)
        for match in machine.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


def test_the_registry_stands_alone():
    tree = ast.parse((ROOT / "actcore" / "registry.py").read_text(encoding="utf-8"))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


def test_every_row_fits_the_compiled_modules():
    """They keep a call's parameters in places of their own, whose number each of them states."""
    places = {
        "_fastcall.pyx": "MAX_PARAMETERS",
        "_strided.pyx": "MAX_PARAMETERS",
        "programs.pxi": "PARAMETERS",
        "_kernels/training.pxd": "MAX_VALUES",
    }
    for name, constant in places.items():
        found = re.search(rf"^    {constant} = (\d+)", (ROOT / "actcore" / name).read_text(encoding="utf-8"), re.MULTILINE)
        assert found is not None, f"{constant} is no longer in {name}"
        assert max(len(row.parameters) for row in ROWS) <= int(found[1]), f"raise {constant} in {name}"


def test_packages_are_all_declared():
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders = {"actcore": "actcore", "actcore_gui": "gui"}
    found = {
        ".".join([package, *path.parent.relative_to(ROOT / folder).parts])
        for package, folder in folders.items()
        for path in own_files(".py")
        if path.name == "__init__.py" and path.is_relative_to(ROOT / folder)
    }
    assert set(setuptools["packages"]) == found


def test_version_has_one_source():
    assert re.fullmatch(r"\d+\.\d+\.\d+", actcore.__version__)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["dynamic"] == ["version"]


@pytest.mark.parametrize("package", ["actcore", "gui/model"])
def test_importing_without_qt(package: str):
    """Import every module of a Qt-free package and see that no Qt came along."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in own_files(".py")
        if path.is_relative_to(ROOT / package) and path.name != "__main__.py"
    ]
    code = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('PySide6', 'pyqtgraph')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
