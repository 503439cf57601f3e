"""Prove that arrays of more than 2^31 elements are computed like their pieces, bit for bit.

    python scripts/prove_large.py            float16, 2^31 + 128 elements, in place: 4.4 GB of memory, some minutes

Too long and too large for the tests: a counter of 32 bits anywhere on the way would show here only. Every call works in place, so
that there is one such array at a time, made anew for each call from a repeating pattern; what a piece of the pattern becomes is
computed beforehand, in an array of its own. Exits 1 where a bit differs.

A run on two cores that other programs used as well: 16 calls, every bit the same; 12 minutes, of which 2.5 on a core, 4.4 GB at
most; an element-wise call 2 to 16 s, one along rows 26 to 88 s.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import actcore as ac
from actcore.registry import AXIS_ROWS

WIDTH = 128  # entries of a row
PATTERN = 10007  # rows before the pattern repeats: a prime, so that no power of 2 hides a shift
ROWS = (1 << 31) // WIDTH + 1
Call = Callable[[np.ndarray, np.ndarray], Any]


def pattern() -> np.ndarray:
    """Return the rows that repeat."""
    return np.random.default_rng(0).standard_normal((PATTERN, WIDTH), np.float32).astype(np.float16)


def filled(rows: np.ndarray) -> np.ndarray:
    """Return the long array."""
    x = np.empty((ROWS, WIDTH), np.float16)
    for start in range(0, ROWS, PATTERN):
        x[start : start + PATTERN] = rows[: ROWS - start]
    return x


def calls() -> Iterator[tuple[str, Call, Callable[[np.ndarray], np.ndarray]]]:
    """Yield (name, call on the long array in place, the same on the pattern)."""
    for name in ("gelu", "tanh", "leaky_relu"):
        function = ac.get(name)
        yield name, in_place(function), function
        yield f"{name} of one run of memory", of_one_run(function), function
    yield "silu.derivative", lambda x, y: ac.silu.derivative(x, out=y), ac.silu.derivative
    yield "selu.backward, g being x", lambda x, y: ac.selu.backward(x, x, out=y), lambda x: ac.selu.backward(x, x)
    yield "gelu of all columns but one", but_one(ac.gelu), but_one_small(ac.gelu)
    for row in AXIS_ROWS:
        if row.family in ("normalised", "negated", "one-hot"):
            function = ac.get(row.name)
            yield f"{row.name} along rows", in_place(function), function
    yield "softmax.backward, g being y", lambda x, y: ac.softmax.backward(x, x, out=y), lambda x: ac.softmax.backward(x, x)
    yield "logsumexp along rows", sums_of_rows, lambda x: with_sums(x, ac.logsumexp(x))


def in_place(function: Any) -> Call:
    """Return a call on the whole array."""
    return lambda x, y: function(x, out=y)


def of_one_run(function: Any) -> Call:
    """Return a call on the array as one run of memory."""
    return lambda x, y: function(x.ravel(), out=y.ravel())


def but_one(function: Any) -> Call:
    """Return a call on an array that is not one run of memory."""
    return lambda x, y: function(x[:, 1:], out=y[:, 1:])


def but_one_small(function: Any) -> Callable[[np.ndarray], np.ndarray]:
    """Return what ``but_one`` makes of a few rows."""
    return lambda x: np.concatenate([x[:, :1], function(x[:, 1:])], axis=1)


def sums_of_rows(x: np.ndarray, y: np.ndarray) -> None:
    """Put the log-sum-exp of every row in the place of its first number."""
    y[:, 0] = ac.logsumexp(x)


def with_sums(x: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Return what ``sums_of_rows`` makes of a few rows."""
    return np.concatenate([sums[:, None], x[:, 1:]], axis=1)


def differing(x: np.ndarray, expected: np.ndarray) -> int:
    """Return how many rows are not what they should be."""
    count = 0
    for start in range(0, ROWS, PATTERN):
        part = x[start : start + PATTERN]
        count += int(np.any(part.view(np.uint16) != expected[: len(part)].view(np.uint16), axis=1).sum())
    return count


def main() -> int:
    """Run every call; return the exit status."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    rows = pattern()
    size = ROWS * WIDTH
    print(f"{ROWS} rows of {WIDTH} float16 numbers, {size - (1 << 31)} more than 2^31: {size * 2 / 1e9:.1f} GB", flush=True)
    wrong = 0
    for name, call, small in calls():
        expected = small(rows)
        x = filled(rows)
        began = time.perf_counter()
        call(x, x)
        seconds = time.perf_counter() - began
        found = differing(x, expected)
        del x
        wrong += found > 0
        print(f"{name:36} {seconds:7.2f} s  {'every bit the same' if not found else f'{found} rows differ'}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
