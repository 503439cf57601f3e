"""``python -m actcore``: what is installed, and whether it computes what it should."""

from __future__ import annotations

import argparse
import sys

import actcore


def main() -> int:
    """Print the configuration; with ``--self-check`` also compare every function with stored values."""
    parser = argparse.ArgumentParser(prog="python -m actcore", description=__doc__.replace("`", ""))
    parser.add_argument("--version", action="version", version=f"actcore {actcore.__version__}")
    parser.add_argument(
        "--self-check",
        action="store_true",
        help="compare every function, order and dtype with stored values on the instruction set in use",
    )
    options = parser.parse_args()
    actcore.show_config()
    if not options.self_check:
        return 0

    from actcore.self_check import self_check

    findings = list(self_check())
    wrong = [finding for finding in findings if finding.wrong]
    for finding in wrong:
        print(f"{finding.what}: {finding.wrong}", file=sys.stderr)
    compared = sum(finding.compared for finding in findings)
    print(f"self-check: {compared} values of {len(findings)} functions, orders and dtypes compared,", end=" ")
    print(f"{len(wrong)} functions wrong" if wrong else "all right")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
