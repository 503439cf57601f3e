"""Largest error of every function x order x dtype, in units in the last place, against multi-precision references.

    python scripts/accuracy.py                    sample every row of the registry, float32 and float64
    python scripts/accuracy.py -k gelu -n 20000   more points of the rows whose name contains "gelu"
    python scripts/accuracy.py --exhaustive       all 2^32 float32 numbers, the float64 kernels being the referee; the
                                                  last column, a digest of all results, is the same on v3 and v4
                                                  (scripts/exhaustive.py keeps a table of them)
    python scripts/accuracy.py --isa v3           the same for another instruction set

The exit code is 1 when an error exceeds the row's bound (``spec.bounds``). Next to a sign change of a derivative, where
no number of digits is enough for a relative bound, an absolute one (2^-25 in float32, 2^-54 in float64) may take its
place. The error of a subnormal result is counted in units of the smallest number.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mpmath
import numpy as np

if TYPE_CHECKING:
    from actcore.activation import Activation

#: How far from a sign change the absolute bound counts.
NEIGHBOURHOOD = 0.25
ABSOLUTE = {"float32": 2.0**-25, "float64": 2.0**-54}
CHUNK = 1 << 15  # its arrays stay in the second-level cache


@dataclass
class Worst:
    """The largest error seen, where, and how many points were looked at."""

    error: float = 0.0
    x: float = 0.0
    got: float = 0.0
    points: int = 0
    #: Whether the error is a share of the absolute bound that holds next to a sign change.
    excused: bool = False
    digest: int = 0

    def add(self, errors: np.ndarray, relative: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
        """Take in the errors at some points; `relative` is what they were before some of them were excused."""
        self.points += errors.size
        if errors.size:
            worst = int(np.argmax(errors))
            if errors[worst] > self.error:
                self.error, self.x, self.got = float(errors[worst]), float(x[worst]), float(y[worst])
                self.excused = bool(relative[worst] > errors[worst])


def ulp(magnitude: np.ndarray, dtype: str) -> np.ndarray:
    """Return the distance between neighbours of `dtype` at the given float64 magnitudes."""
    info = np.finfo(dtype)
    power_of_2 = (magnitude.view(np.uint64) & np.uint64(0x7FF0_0000_0000_0000)).view(np.float64)
    spacing: np.ndarray = np.maximum(power_of_2, float(info.smallest_normal)) * float(info.eps)
    return spacing


def referee(function: Callable[..., Any], parameters: dict[str, float]) -> Callable[[float], mpmath.mpf | None]:
    """Return `function` of a float, with as many digits as it takes for two precisions to agree."""

    def value(x: float) -> mpmath.mpf | None:
        digits, before = 50, None
        while digits <= 1600:
            with mpmath.workdps(digits):
                try:
                    exact = function(mpmath, mpmath.mpf(x), **{name: mpmath.mpf(p) for name, p in parameters.items()})
                except (OverflowError, ValueError, ZeroDivisionError, MemoryError):
                    return None  # mpmath cannot: too far out, or a pole
                # Two zeros may be two cancellations: those are asked again.
                if before is not None and exact != 0 and abs(exact - before) <= abs(exact) * mpmath.mpf(2) ** -70:
                    return mpmath.mpf(exact)
            before, digits = exact, digits * 2
        return before if before is not None and abs(before) < mpmath.mpf(2) ** -1200 else None

    return value


def difference(y: float, exact: mpmath.mpf, dtype: str) -> mpmath.mpf:
    """Return |y - exact|, 0 for an infinity that is right."""
    info = np.finfo(dtype)
    if np.isfinite(y):
        with mpmath.workdps(50):
            return abs(mpmath.mpf(y) - exact)
    halfway = mpmath.mpf(2) ** info.maxexp * (1 - mpmath.mpf(2) ** (-info.nmant - 2))
    right = not np.isnan(y) and abs(exact) >= halfway and (y > 0) == (exact > 0)
    return mpmath.mpf(0 if right else "inf")


def samples(dtype: str, count: int, domain: tuple[float, float], kinks: list[float]) -> np.ndarray:
    """Return numbers of all exponents, of ordinary size, and next to everything special, inside the domain."""
    rng = np.random.default_rng(20_260_102)
    info = np.finfo(dtype)
    bits = rng.integers(0, 2 ** (8 * info.bits // 8), count // 8, dtype=np.uint64)
    far = -np.log(float(info.smallest_subnormal)) * 1.05
    low, high = max(domain[0], -far), min(domain[1], far)
    edges = np.concatenate([np.arange(-60, 60) * np.log(2) / 2, np.arange(-40, 41), kinks]).astype(dtype)
    x = np.concatenate(
        [
            bits.astype(f"u{info.bits // 8}").view(dtype),
            rng.uniform(low, high, count // 4).astype(dtype),
            rng.uniform(max(low, -20), min(high, 20), count // 4).astype(dtype),
            rng.uniform(max(low, -2), min(high, 2), count // 4).astype(dtype),
            (np.exp2(rng.uniform(-60, 4, count // 8)) * rng.choice([-1, 1], count // 8)).astype(dtype),
            edges,
            np.nextafter(edges, edges.dtype.type(np.inf)),
            np.nextafter(edges, edges.dtype.type(-np.inf)),
        ]
    )
    inside: np.ndarray = x[np.isfinite(x) & (x > domain[0]) & (x < domain[1])]
    return inside


def every_float32(domain: tuple[float, float], step: int = 1) -> Iterator[np.ndarray]:
    """Yield all finite float32 numbers inside the domain, or one of every `step` (a power of 2), an array at a time."""
    places = np.arange(CHUNK, dtype=np.uint32)
    # Which one of the `step` changes, so that the numbers of a sample do not all end with the same bits.
    ramp = places * np.uint32(step) + (places * np.uint32(0x9E3779B1) >> np.uint32(16)) % np.uint32(step)
    bits = np.empty_like(ramp)
    for start in range(0, 1 << 32, CHUNK * step):
        x = np.add(ramp, np.uint32(start), out=bits).view(np.float32)
        # The numbers of a chunk have one sign, and the largest of them stands at its end.
        if not (np.isfinite(x[-1]) and domain[0] < min(x[0], x[-1]) and max(x[0], x[-1]) < domain[1]):
            x = x[np.isfinite(x) & (x > domain[0]) & (x < domain[1])]
        yield x


def excused(
    function: Callable[[np.ndarray], np.ndarray], errors: np.ndarray, absolute: np.ndarray, x: np.ndarray, dtype: str, bound: float
) -> np.ndarray:
    """Replace errors above the bound next to a sign change by their share of the absolute bound where that is kept."""
    over = np.flatnonzero(errors > bound)
    at = x[over].astype(np.float64)
    with np.errstate(all="ignore"):
        root = np.sign(function(at - NEIGHBOURHOOD)) * np.sign(function(at + NEIGHBOURHOOD)) < 0
    result = errors.copy()
    result[over] = np.where(root, np.minimum(errors[over], bound * absolute[over] / ABSOLUTE[dtype]), errors[over])
    return result


def at_parameters(activation: Activation, dtype: str) -> tuple[Activation, dict[str, float], tuple[float, float]]:
    """Return the activation bound to what its parameters are in `dtype`, those, and the domain there."""
    parameters = {name: float(np.dtype(dtype).type(value)) for name, value in activation.parameters.items()}
    return activation.bind(**parameters), parameters, activation.spec.domain_at(parameters)


def measure(activation: Activation, kind: str, dtype: str, count: int, bound: float, every: int = 1) -> Worst:
    """Compare a sample, thinned to every so many points, with the multi-precision reference."""
    activation, parameters, domain = at_parameters(activation, dtype)
    function = getattr(activation, kind)
    kinks = [at for at, _, _ in activation.spec.kinks_at(parameters)]
    x = samples(dtype, count, domain, kinks)[::every]
    with np.errstate(all="ignore"):
        y = function(x)
    exact_value = referee(getattr(activation.spec.reference, kind), parameters)
    worst, errors, absolute, points = Worst(), [], [], []
    for at, got in zip(x, y, strict=True):
        if (exact := exact_value(float(at))) is not None:
            wrong = difference(float(got), exact, dtype)
            size = min(abs(exact), mpmath.mpf(float(np.finfo(dtype).max)))
            # Divided in multi-precision: an error below the smallest number is no zero.
            errors.append(float(wrong / mpmath.mpf(float(ulp(np.array(float(size)), dtype)))))
            absolute.append(float(wrong))
            points.append((at, got))
    x, y = np.array(points, dtype).reshape(-1, 2).T
    counted = np.array(errors)
    errors_or_shares = counted if kind == "value" else excused(function, counted, np.array(absolute), x, dtype, bound)
    worst.add(errors_or_shares, counted, x, y)
    return worst


def digest_all(activation: Activation, kind: str, step: int = 1) -> int:
    """Return a digest of the results for all float32 numbers, or for every `step`-th."""
    activation, _, domain = at_parameters(activation, "float32")
    function = getattr(activation, kind)
    results, digest = np.empty(CHUNK, np.float32), 0
    for x in every_float32(domain, step):
        digest = zlib.crc32(function(x, out=results[: x.size]), digest)
    return digest


def measure_all(activation: Activation, kind: str, bound: float) -> Worst:
    """Compare all float32 numbers with the float64 kernels, whose own error is far below a unit of float32."""
    activation, _, domain = at_parameters(activation, "float32")
    function = getattr(activation, kind)
    worst, largest = Worst(), float(np.finfo(np.float32).max)
    results, nearest = np.empty((2, CHUNK), np.float32)
    wide, references = np.empty((2, CHUNK))
    for x in every_float32(domain):
        n = x.size
        wide[:n] = x
        with np.errstate(all="ignore"):
            y, exact = function(x, out=results[:n]), function(wide[:n], out=references[:n])
            worst.digest = zlib.crc32(y, worst.digest)
            nearest[:n] = exact
            off = np.flatnonzero(y != nearest[:n])
            if worst.error == 0 and not np.array_equal(y, exact):
                worst.error = 0.5  # what follows looks closer only at results that are not the nearest number
            worst.points += n - off.size
            if off.size == 0:
                continue
            x, y, exact = x[off], y[off], exact[off]
            absolute = np.abs(y - exact)
            errors = absolute / ulp(np.minimum(np.abs(exact), largest), "float32")
        errors = np.where(np.isnan(errors), np.inf, errors)
        worst.add(errors if kind == "value" else excused(function, errors, absolute, x, "float32", bound), errors, x, y)
    return worst


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-k", metavar="TEXT", nargs="+", default=[""], help="only the functions whose name contains a TEXT")
    parser.add_argument("--own", action="store_true", help="only those whose float32 result isn't a rounded float64 one")
    parser.add_argument("-n", type=int, default=400, metavar="POINTS", help="points per function, order and dtype (400)")
    parser.add_argument("--dtype", choices=tuple(ABSOLUTE), help="only this dtype")
    parser.add_argument("--exhaustive", action="store_true", help="all float32 numbers, against float64")
    parser.add_argument("--isa", help="the instruction set to force: base, v3 or v4")
    options = parser.parse_args()
    if options.isa:
        os.environ["ACTCORE_ISA"] = options.isa
    import actcore as ac
    from actcore.registry import ORDERS

    dtypes = ["float32"] if options.exhaustive else [options.dtype] if options.dtype else list(ABSOLUTE)
    failures, started = 0, time.monotonic()
    print(f"{'function':18} {'order':18} {'dtype':8} {'max ULP':>9} {'bound':>6}  at")
    for name in (name for name in ac.names() if any(text in name for text in options.k)):
        activation = ac.get(name)
        if options.own and activation.spec.double_inside:
            continue
        for dtype in dtypes:
            for kind, bound in zip(ORDERS, getattr(activation.spec.bounds, dtype), strict=True):
                if options.exhaustive:
                    worst = measure_all(activation, kind, bound)
                else:
                    worst = measure(activation, kind, dtype, options.n, bound)
                over = worst.error > bound
                failures += over
                note = "  ABOVE THE BOUND" if over else ""
                where = f"{worst.x:.9g} -> {worst.got:.9g} ({worst.points:,} points)"
                where += f" {worst.digest:08x}" if options.exhaustive else ""
                print(f"{name:18} {kind:18} {dtype:8} {worst.error:9.3f} {bound:6g}  {where}{note}", flush=True)
    print(f"{failures} above their bounds; {time.monotonic() - started:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
