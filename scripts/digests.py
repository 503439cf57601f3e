"""One digest per function x order x dtype: the bits of every result, independent of how it was computed.

    python scripts/digests.py            compare with docs/digests.json, over threads, offsets, strides and splits
    python scripts/digests.py --write    write docs/digests.json

The same digests hold for every instruction set with FMA (ACTCORE_ISA=v3 or v4, and ARM). The exit code is 1 when a digest differs;
a change of a kernel's rounding is a change of this file, to be seen in review.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import actcore as ac
from actcore.registry import ORDERS, ROWS

FILE = Path(__file__).resolve().parent.parent / "docs" / "digests.json"
DTYPES = ("float16", "float32", "float64")
#: Large enough for several threads whatever the function, and no multiple of any vector length.
SIZE = 150_001
Apply = Callable[[Callable[..., np.ndarray], np.ndarray], np.ndarray]


@functools.cache
def inputs(dtype: str) -> np.ndarray:
    """Return numbers of every exponent, the special values, and many of ordinary size."""
    rng = np.random.default_rng(20_260_101)
    bits = rng.integers(0, 2 ** (8 * np.dtype(dtype).itemsize), SIZE // 2, dtype=np.uint64)
    anything = bits.astype(f"u{np.dtype(dtype).itemsize}").view(dtype)
    ordinary = (rng.standard_normal(SIZE - SIZE // 2) * 6).astype(dtype)
    x = np.concatenate([anything, ordinary])
    x[:6] = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0]
    return x


def offset(first: int) -> Apply:
    """Return a way to apply a function to an array that starts `first` elements after a cache line's edge."""

    def apply(function: Callable[..., np.ndarray], x: np.ndarray) -> np.ndarray:
        room = np.empty(x.size + 128, x.dtype)
        start = (-room.ctypes.data % 64) // x.itemsize + first
        room[start : start + x.size] = x
        return function(room[start : start + x.size])

    return apply


def strided(step: int) -> Apply:
    """Return a way to apply a function to every `step`-th element of a larger array."""

    def apply(function: Callable[..., np.ndarray], x: np.ndarray) -> np.ndarray:
        room = np.zeros(x.size * abs(step), x.dtype)[::step]
        room[:] = x
        return function(room)

    return apply


def split(*where: int) -> Apply:
    """Return a way to apply a function in several calls."""
    return lambda function, x: np.concatenate([function(part) for part in np.split(x, where)])


def threads(n: int) -> Apply:
    """Return a way to apply a function with `n` threads."""

    def apply(function: Callable[..., np.ndarray], x: np.ndarray) -> np.ndarray:
        with ac.num_threads(n):
            return function(x)

    return apply


def plain(function: Callable[..., np.ndarray], x: np.ndarray) -> np.ndarray:
    """Apply a function to a fresh contiguous array."""
    return function(x)


WAYS: dict[str, Apply] = {
    "plain": plain,
    **{f"{n} threads": threads(n) for n in (1, 2, 3, 7)},
    **{f"offset {n}": offset(n) for n in (1, 5, 17, 63)},
    **{f"stride {n}": strided(n) for n in (2, 3, -1)},
    "split": split(1, 2, 9, 1000, 1517, 100_000),
}


def digests(apply: Apply) -> Iterator[tuple[str, str, str, str]]:
    """Yield (function, order, dtype, digest)."""
    for row in ROWS:
        activation = ac.get(row.name)
        for order in ORDERS:
            function = getattr(activation, order)
            for dtype in DTYPES:
                y = np.ascontiguousarray(apply(function, inputs(dtype)))
                y[np.isnan(y)] = np.nan
                yield row.name, order, dtype, hashlib.sha256(y.tobytes()).hexdigest()[:16]


def table(apply: Apply) -> dict[str, dict[str, str]]:
    """Return the digests as {function: {"order dtype": digest}}."""
    result: dict[str, dict[str, str]] = {}
    for name, order, dtype, digest in digests(apply):
        result.setdefault(name, {})[f"{order} {dtype}"] = digest
    return result


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write docs/digests.json from this machine's results")
    if parser.parse_args().write:
        FILE.write_text(json.dumps(table(plain), indent=1) + "\n", encoding="utf-8")
        return 0
    expected = json.loads(FILE.read_text(encoding="utf-8"))
    isa = ac.runtime.isa
    if isa == "base" and os.uname().machine == "x86_64":
        print("The base instruction set of x86-64 has no FMA: its bits may differ within the error bounds. Nothing to compare.")
        return 0
    wrong = 0
    for way, apply in WAYS.items():
        different = [
            f"{name}: {key}"
            for name, row in table(apply).items()
            for key, digest in row.items()
            if expected.get(name, {}).get(key) != digest
        ]
        wrong += len(different)
        print(f"{isa}, {way}: {'the same bits' if not different else 'DIFFERS: ' + ', '.join(different)}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
