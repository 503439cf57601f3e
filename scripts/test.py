"""Check everything from a checkout: make the environment, compile, lint, type-check, run every test.

    python3 scripts/test.py              all of it
    python3 scripts/test.py --fast       without the tests marked slow
    python3 scripts/test.py --engine     the engine's tests and the documentation's examples only
    python3 scripts/test.py --gui        the app's tests only (offscreen)

Other arguments go to pytest, for example `-k gelu`. Everything runs even when something fails; the exit
code is that of the first failure.
"""

import sys

if sys.version_info < (3, 11):  # said before anything that an older Python could not read
    sys.exit("actcore needs Python 3.11 or newer, and this is Python %d.%d." % sys.version_info[:2])

import argparse
import os
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from _environment import ROOT, prepare
from _system_packages import SetupError, missing_for_qt, require

GUI_TESTS = "tests/gui"


@dataclass
class Suite:
    """What one run of pytest found."""

    name: str
    code: int
    passed: int = 0
    failed: int = 0
    skipped: int = 0


def main() -> int:
    """Run the checks and return the exit code of the first that failed."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("--fast", action="store_true", help="leave out the tests marked slow")
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--engine", action="store_true", help="only the engine's tests and the examples")
    part.add_argument("--gui", action="store_true", help="only the app's tests")
    options, for_pytest = parser.parse_known_args()
    if options.fast:
        for_pytest += ["-m", "not slow"]

    started = time.monotonic()
    try:
        if not options.engine:
            require(missing_for_qt(display=False), "Qt needs libraries that this system lacks")
        python = str(prepare(["gui", "test", "interop", "lint"]))
    except SetupError as problem:
        print(problem, file=sys.stderr)
        return 1

    checks = {} if options.engine or options.gui else lint(python)
    suites = []
    if not options.gui:
        suites.append(run_pytest("engine", python, ["tests", f"--ignore={GUI_TESTS}", *for_pytest]))
        examples = ["--doctest-modules", "--doctest-glob=*.md", "actcore", "README.md", *for_pytest]
        suites.append(run_pytest("examples", python, examples))
    if not options.engine:
        suites.append(run_gui_tests(python, for_pytest))

    print(f"\nChecked in {time.monotonic() - started:.0f} s.")
    for title, code in checks.items():
        print(f"{title}: {'passed' if code == 0 else f'failed (exit code {code})'}")
    for suite in suites:
        print(f"{suite.name}: {suite.passed} passed, {suite.failed} failed, {suite.skipped} skipped")
    print(f"{sum(suite.passed for suite in suites)} passed, {sum(suite.failed for suite in suites)} failed")
    return next((code for code in [*checks.values(), *(suite.code for suite in suites)] if code), 0)


def lint(python: str) -> dict[str, int]:
    """Style, types and import rules: the exit code of each, by its title."""
    installed = Path(python).parent  # on the path too: cython-lint starts pycodestyle by its name
    path = os.pathsep.join([str(installed), os.environ.get("PATH", os.defpath)])
    commands = {
        "ruff: style of the Python code": [python, "-m", "ruff", "check", "."],
        "ruff: its format": [python, "-m", "ruff", "format", "--check", "--quiet", "."],
        "cython-lint: style of the Cython code": [str(installed / "cython-lint"), *cython_sources()],
        "mypy: types": [python, "-m", "mypy"],
        "import-linter: who may import whom": [str(installed / "lint-imports"), "--no-cache"],
    }
    return {title: run(title, command, PATH=path) for title, command in commands.items()}


def cython_sources() -> list[str]:
    """The hand-written Cython files."""
    sources = [*(ROOT / "actcore").rglob("*.pyx"), *(ROOT / "actcore").rglob("*.pxd")]
    return sorted(str(path.relative_to(ROOT)) for path in sources if not path.name.startswith("blocks_"))


def run(title: str, command: list[str], **variables: str) -> int:
    """Run one check in the checkout with its output shown; return its exit code."""
    print(f"\n--- {title}", flush=True)
    return subprocess.run(command, cwd=ROOT, env=dict(os.environ, **variables)).returncode


def run_pytest(name: str, python: str, arguments: list[str], **variables: str) -> Suite:
    """Run pytest once, in a process of its own, and count what it reports."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [python, "-m", "pytest", f"--junitxml={report}", *arguments]
        suite = Suite(name, run(f"pytest: {name}", command, **variables))
        if report.exists():
            for case in ElementTree.parse(report).iter("testcase"):
                outcomes = {child.tag for child in case}
                suite.failed += bool(outcomes & {"failure", "error"})
                suite.skipped += "skipped" in outcomes
                suite.passed += not outcomes & {"failure", "error", "skipped"}
    return suite


def run_gui_tests(python: str, for_pytest: list[str]) -> Suite:
    """Run the app's tests without a display; none at all, or one skipped, is a failure."""
    arguments = ["--doctest-modules", GUI_TESTS, "gui", *for_pytest]
    suite = run_pytest("app", python, arguments, QT_QPA_PLATFORM="offscreen")
    ran = suite.passed + suite.failed
    print(f"{ran} tests of the app ran.")
    if ran == 0 or suite.skipped:
        print("The app's tests have to run, all of them: is Qt importable?", file=sys.stderr)
        suite.code = suite.code or 1
    return suite


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
