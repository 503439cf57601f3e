"""The report of ``bench.py``: tables in Markdown, readable on a terminal too."""

from __future__ import annotations

import datetime
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench_systems import COPY, KINDS, ROW_LENGTH

OWN = "actcore"

LEGEND = f"""\
Inputs are normal with a standard deviation of 2, those of an inverse inside its domain.
ns: nanoseconds per element; the median over rounds in which the systems took turns, each in a process of its own.
GB/s: what has to be read and written, over that time. ×: how many times as long the fastest peer that has the
function takes; below 1 the peer is faster. \\*: that peer cannot be given its output and allocates it in each call.

- forward f(x), derivative f′(x), backward g·f′(x), fused f(x) and f′(x) in one call. Functions along an axis get rows
  of {ROW_LENGTH}.
- PyTorch: its own operators with `out=` where they exist, else its functions and autograd. Its backward pass is given
  what its forward pass saved: for some functions the output, which spares it the exponential. A derivative is its
  backward pass with g = 1, fused its forward and its backward pass.
- ONNX Runtime: a model of one node bound to its input and output; no derivatives.
- JAX: compiled ahead of time; fused is one compiled function; it has no way to be given an output.
- NumPy, numexpr, Numba: the usual expression of the function (`scripts/bench_expressions.py`). NumPy runs on one thread
  and has no erf: its GELU, and numexpr's, is the tanh approximation.
"""


@dataclass(frozen=True)
class Report:
    """Everything that was measured."""

    results: Sequence[Any]
    small: Mapping[str, float]
    versions: Mapping[str, str]
    threads: int
    command: str
    note: str = ""

    def markdown(self) -> str:
        """Return the page."""
        return f"# Benchmarks\n\n{self._setting()}\n\n{LEGEND}\n{self.text()}"

    def text(self) -> str:
        """Return summary and tables."""
        parts = ["## Summary", self._summary(), self._fused(), self._bandwidth(), self._small(), self._behind()]
        for dtype in dict.fromkeys(result.dtype for result in self.results):
            for kind in KINDS:
                chosen = [result for result in self.results if (result.dtype, result.kind) == (dtype, kind)]
                if chosen:
                    parts += [f"## {dtype}, {kind}", self._table(chosen)]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _setting(self) -> str:
        systems = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return (
            f"{cpu_model()}, {self.threads} threads. Python {platform.python_version()}, {systems}. "
            f"{datetime.date.today().isoformat()}. {self.note}".rstrip()
            + f"\n\n    {self.command}"
        )

    def _peers(self) -> list[str]:
        return [name for name in self.versions if name != OWN]

    def _copies(self) -> dict[tuple[str, int], float]:
        """Return, for each dtype and size, the time in which the engine's parallel copy moves a byte."""
        copies = (r for r in self.results if (r.name, r.kind) == (COPY, "forward"))
        return {(copy.dtype, copy.size): copy.ns[OWN] / copy.bytes_per_element for copy in copies}

    def _summary(self) -> str:
        """Geometric means over all shared functions."""
        sizes = sorted({result.size for result in self.results})
        lines = {**{power(size): [size] for size in sizes}, **({"all": sizes} if len(sizes) > 1 else {})}
        rows = [
            [peer, line, *(self._means(peer, kind, chosen) for kind in KINDS)]
            for peer in self._peers()
            for line, chosen in lines.items()
        ]
        title = (
            "How many times as long each peer takes: geometric mean of the shared cells, what it would be were everything here\n"
            f"as fast as a parallel copy of as many bytes (`{COPY}` in the same run), and the number of cells."
        )
        return f"{title}\n\n{table(['peer', 'elements', *KINDS], rows)}" if rows else ""

    def _means(self, peer: str, kind: str, sizes: Sequence[int]) -> str:
        copies = self._copies()
        shared = [r for r in self.results if r.kind == kind and peer in r.ns and r.size in sizes]
        ratios = [r.ns[peer] / r.ns[OWN] for r in shared]
        limits = [r.ns[peer] / (r.bytes_per_element * copies[r.dtype, r.size]) for r in shared if copies]
        means = " of ".join(f"{statistics.geometric_mean(values):.2f}" for values in (ratios, limits) if values)
        return f"{means} ({len(shared)})" if shared else ""

    def _fused(self) -> str:
        """value_and_derivative against the two calls."""
        fused = [r for r in self.results if r.kind == "fused" and r.itself]
        rows = []
        for dtype, size in sorted({(r.dtype, r.size) for r in fused}):
            ratios = {r.name: r.itself for r in fused if (r.dtype, r.size) == (dtype, size)}
            least, most = min(ratios, key=ratios.__getitem__), max(ratios, key=ratios.__getitem__)
            mean = statistics.geometric_mean(ratios.values())
            ends = (f"{ratios[name]:.2f} ({name})" for name in (least, most))
            rows.append([dtype, power(size), f"{mean:.2f}", *ends, str(len(ratios))])
        title = "The time of value_and_derivative over that of the two calls, all taking turns on the same arrays."
        return f"{title}\n\n{table(['dtype', 'elements', 'mean', 'least', 'most', 'functions'], rows)}" if rows else ""

    def _bandwidth(self) -> str:
        """Piecewise linear functions against the engine's parallel copy."""
        linear = [r for r in self.results if r.kind == "forward" and r.itself and r.size >= 10**5]
        columns = sorted({(r.dtype, r.size) for r in linear})
        shares = {(r.name, r.dtype, r.size): f"{1 / r.itself:.2f}" for r in linear}
        names = dict.fromkeys(r.name for r in linear)
        rows = [[name, *(shares.get((name, *column), "") for column in columns)] for name in names]
        title = f"Share of the bandwidth of the engine's own parallel copy (`{COPY}`), in turns with it on the same arrays."
        header = ["function", *(f"{dtype}, {power(size)}" for dtype, size in columns)]
        return f"{title}\n\n{table(header, rows)}" if rows else ""

    def _small(self) -> str:
        own, numpy = self.small["gelu"], self.small["np.tanh"]
        calls = f"`ac.gelu` {own:.0f} ns, `np.tanh` {numpy:.0f} ns a call, ratio {own / numpy:.2f}"
        return f"Ten elements with `out=`: {calls}."

    def _behind(self) -> str:
        """Where a peer is faster."""
        lines, shared = [], 0
        for result in self.results:
            if best := fastest(result):
                shared += 1
                peer, ns = best
                if ns < result.ns[OWN]:
                    cell = f"{result.name} {result.kind}, {result.dtype}, {power(result.size)}"
                    lines.append(f"- {cell}: {peer}, ours takes {result.ns[OWN] / ns:.2f} times as long")
        return "\n".join([f"A peer is faster in {len(lines)} of {shared} cells:", "", *lines] if lines else [])

    def _table(self, results: Sequence[Any]) -> str:
        sizes = sorted({result.size for result in results})
        header = ["function"]
        for size in sizes:
            header += [f"{power(size)}: ns", "GB/s", "fastest peer", "×"]
        rows = []
        for name in dict.fromkeys(result.name for result in results):
            row = [name]
            for size in sizes:
                found = next((r for r in results if (r.name, r.size) == (name, size)), None)
                row += cells(found) if found else [""] * 4
            rows.append(row)
        return table(header, rows)


def fastest(result: Any) -> tuple[str, float] | None:
    """Return the fastest peer of a cell and its ns per element."""
    peers = {name: ns for name, ns in result.ns.items() if name != OWN}
    return min(peers.items(), key=lambda item: item[1]) if peers else None


def cells(result: Any) -> list[str]:
    """Return the four table cells of one result."""
    own = result.ns[OWN]
    best = fastest(result)
    mine = [number(own), f"{result.bytes_per_element / own:.1f}"]
    if best is None:
        return [*mine, "", ""]
    star = "\\*" if best[0] in result.allocates else ""
    return [*mine, f"{best[0]}{star} {number(best[1])}", f"{best[1] / own:.2f}"]


def number(ns: float) -> str:
    """Return a time with three digits that count."""
    return f"{ns:.3f}" if ns < 10 else f"{ns:.1f}"


def power(size: int) -> str:
    """Return 10⁵ for 100000."""
    exponent = len(str(size)) - 1
    if size != 10**exponent:
        return f"{size:,}"
    return "10" + "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(exponent))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table with aligned columns, numbers to the right."""
    lines = [list(header), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *others = cells
        padded = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        return f"| {' | '.join(padded)} |"

    rule = "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])])
    return "\n".join([line(lines[0]), f"|{rule}|", *map(line, lines[1:])])


def cpu_model() -> str:
    """Return the processor's name."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            return next(line.split(":", 1)[1].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
