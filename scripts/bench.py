"""Measure the engine against other systems: the same function, data and number of threads, taken in turns.

    python3 scripts/bench.py --against numpy
    python3 scripts/bench.py --against torch onnxruntime jax numpy numexpr numba --markdown docs/benchmarks.md
    python3 scripts/bench.py --network --against numpy torch

NumPy alone runs in the environment at hand. The other peers get one of their own, `.venv-bench`, made on first use; a
peer that cannot be installed is named and left out.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-bench"
PEERS = ("torch", "onnxruntime", "jax", "numpy", "numexpr", "numba")
OWN = "actcore"
KINDS = ("forward", "derivative", "backward", "fused")
TURN_SECONDS = 0.004  # a system's turn: as many samples as fit in here, whose median counts
SAMPLE_SECONDS = 2e-5  # a sample: as many calls as take this long
PAUSE_SECONDS = 0.006  # before a turn: the threads of the system before must have gone to sleep
SLOW_SECONDS = 0.03  # a call above this gets SLOW_ROUNDS turns only
SLOW_ROUNDS = 3
SETTLED = 1.25  # a system whose turns differ by more than this factor gets up to MORE times as many
MORE = 3


def main() -> int:
    """Run the command."""
    options = arguments()
    if options.network:
        python = make_environment(options.against) if "torch" in options.against else sys.executable
        return subprocess.run([python, Path(__file__).with_name("bench_network.py")], check=False).returncode
    if set(options.against) - {"numpy"} and Path(sys.prefix).resolve() != VENV.resolve():
        return subprocess.run([make_environment(options.against), __file__, *sys.argv[1:]], check=False).returncode
    sys.path.insert(0, str(ROOT))
    cpus = sorted(os.sched_getaffinity(0))[: options.threads] if hasattr(os, "sched_getaffinity") else []
    if cpus:
        os.sched_setaffinity(0, cpus)
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[variable] = str(options.threads)
    # Threads of one call must not share a core; and GNU's runtime lets idle threads spin for up to 20 ms, into the next
    # system's turn. Both settings are the same for everybody.
    os.environ |= {"OMP_PROC_BIND": "true", "GOMP_SPINCOUNT": "20000"}
    os.environ["NUMEXPR_MAX_THREADS"] = os.environ["NUMEXPR_NUM_THREADS"] = str(options.threads)

    systems = start((OWN, *options.against), options.threads)
    try:
        results = measure(systems, options)
        small = systems[OWN].ask("small")
    finally:
        for system in systems.values():
            system.stop()
    import bench_report

    versions = {name: system.version for name, system in systems.items()}
    report = bench_report.Report(results, small, versions, options.threads, options.command, options.note)
    print(report.text())
    if options.markdown:
        options.markdown.write_text(report.markdown(), encoding="utf-8")
    if options.json:
        options.json.write_text(json.dumps([vars(result) for result in results], indent=1) + "\n", encoding="utf-8")
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", nargs="+", choices=PEERS, default=["numpy"], metavar="PEER", help=", ".join(PEERS))
    parser.add_argument("--network", action="store_true", help="the small network in place of the functions")
    parser.add_argument("--functions", nargs="+", metavar="NAME", help="only these (default: the whole registry)")
    parser.add_argument("--shared", action="store_true", help="only functions that another system has")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--dtypes", nargs="+", choices=("float32", "float64"), default=["float32", "float64"])
    parser.add_argument("--sizes", nargs="+", type=lambda text: int(float(text)), default=[10**3, 10**5, 10**7])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9, help="turns for each cell, whose median counts")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the report as a page, too")
    parser.add_argument("--note", default="", help="what else a reader of the page should know about the run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure")
    options = parser.parse_args()
    words = iter(sys.argv[1:])
    shown = ["" if word in ("--note", "--json", "--markdown") and next(words, "") else word for word in words]
    options.command = " ".join(["python3 scripts/bench.py", *filter(None, shown)])
    return options


def make_environment(peers: Sequence[str]) -> Path:
    """Return the Python of `.venv-bench`, after installing what is missing for these peers."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        print("Making a virtual environment in .venv-bench …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = {re.split(r"[\[<>=]", line)[0]: line for line in project["optional-dependencies"]["bench"]}
    needed = {"onnxruntime": ("onnxruntime", "onnx")}
    for peer in ("numpy", *peers):
        for package in needed.get(peer, (peer,)):
            present = [python, "-c", f"import importlib.util as u, sys; sys.exit(u.find_spec({package!r}) is None)"]
            if subprocess.run(present, check=False).returncode == 0:
                continue
            requirement = extra.get(package, package)
            print(f"Installing {requirement} …", flush=True)
            if subprocess.run([python, "-m", "pip", "install", "-q", requirement], check=False).returncode != 0:
                print(f"{package} could not be installed; its column stays empty.", file=sys.stderr)
    return python


@dataclass
class Result:
    """The figures of one cell: nanoseconds per element of each system that has the function.

    `itself` compares the engine with itself, in turns on the same arrays: value and derivative in one call with the two
    calls, a piecewise linear function with the engine's parallel copy.
    """

    name: str
    kind: str
    dtype: str
    size: int
    bytes_per_element: int
    ns: dict[str, float] = field(default_factory=dict)
    allocates: list[str] = field(default_factory=list)
    itself: float | None = None


class System:
    """A system in a process of its own."""

    def __init__(self, name: str, threads: int) -> None:
        context = get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=serve, args=(name, threads, other), daemon=True)
        self.process.start()
        other.close()  # so that an end of the process is seen here
        self.version = self.pipe.recv()

    def ask(self, *request: Any) -> Any:
        """Send a request and wait for the answer; between requests the process is stopped, with the threads that would spin on."""
        self._signal("SIGCONT")
        self.pipe.send(request)
        answer = self.pipe.recv()
        self._signal("SIGSTOP")
        return answer

    def _signal(self, name: str) -> None:
        if hasattr(signal, name) and self.process.pid is not None:
            os.kill(self.process.pid, getattr(signal, name))

    def stop(self) -> None:
        """End the process."""
        self._signal("SIGCONT")
        self.pipe.send(None)
        self.process.join()


def start(names: Sequence[str], threads: int) -> dict[str, System]:
    """Start every system; one that does not import is named and left out."""
    systems = {name: System(name, threads) for name in names}
    for name in [name for name, system in systems.items() if system.version is None]:
        print(f"{name} cannot be imported here; its column stays empty.", file=sys.stderr)
        systems.pop(name).process.join()
    return systems


def serve(name: str, threads: int, pipe: Connection) -> None:
    """Run in a system's process: prepare tasks and time them as asked."""
    import bench_systems

    try:
        system = bench_systems.SYSTEMS[name](threads)
    except ImportError:
        pipe.send(None)
        return
    pipe.send(system.version)
    call: bench_systems.Call | None = None
    while (request := pipe.recv()) is not None:
        match request:
            case ("prepare", fields):
                call = None  # the arrays of the last task go first
                try:
                    call = system.prepare(bench_systems.Task(*fields))
                    seconds = None if call is None else turn(call.run, 1)
                except Exception as error:  # whatever a peer raises leaves its cell empty, and is shown
                    print(f"{name}: {fields}: {error!r}", file=sys.stderr)
                    call = seconds = None
                pipe.send((seconds, call is not None and call.allocates))
            case ("time", calls):
                pipe.send(turn(call.run, calls))
            case ("itself", fields):
                pipe.send(system.against_itself(bench_systems.Task(*fields)))
            case ("small",):
                pipe.send(bench_systems.small_calls())


def turn(run: Any, calls: int) -> float:
    """Return the seconds of a call: the median over samples of so many calls, the first of which wake the threads."""
    clock = time.perf_counter
    samples: list[float] = []
    time.sleep(PAUSE_SECONDS)
    run()
    end = clock() + TURN_SECONDS
    while not samples or clock() < end:
        start = clock()
        for _ in range(calls):
            run()
        samples.append((clock() - start) / calls)
    return statistics.median(samples)


def measure(systems: dict[str, System], options: argparse.Namespace) -> list[Result]:
    """Return every cell's figures."""
    results = []
    tasks = list(cells(options))
    for k, task in enumerate(tasks):
        if sys.stderr.isatty():
            line = f"\r{k + 1} of {len(tasks)}: {task.name} {task.kind} {task.dtype} {task.size}"
            print(line.ljust(79), end="", file=sys.stderr)
        result = Result(task.name, task.kind, task.dtype, task.size, task.bytes_per_element)
        fields = (task.name, task.kind, task.dtype, task.size)
        calls: dict[str, int] = {}
        turns: dict[str, list[float]] = {}
        for name, system in systems.items():
            seconds, allocates = system.ask("prepare", fields)
            if seconds is not None:
                calls[name] = max(1, int(SAMPLE_SECONDS / seconds))
                turns[name] = [seconds] if seconds > SLOW_SECONDS else []
                if allocates:
                    result.allocates.append(name)
        for number in range(MORE * options.rounds):
            for name, count in calls.items():
                seconds = turns[name]
                slow = bool(seconds) and seconds[0] > SLOW_SECONDS
                settled = number >= options.rounds and max(seconds) < SETTLED * min(seconds)
                if not settled and (not slow or number < SLOW_ROUNDS - 1):
                    seconds.append(systems[name].ask("time", count))
        result.ns = {name: statistics.median(seconds) / task.size * 1e9 for name, seconds in turns.items()}
        result.itself = systems[OWN].ask("itself", fields)
        results.append(result)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return results


def cells(options: argparse.Namespace) -> Iterator[Any]:
    """Yield the tasks that the engine itself can do."""
    from bench_systems import ALL_ROWS, Task

    from actcore.registry import AxisRow

    unknown = set(options.functions or ()) - set(ALL_ROWS)
    if unknown:
        raise SystemExit(f"no function is called {', '.join(sorted(unknown))}; the names are: {', '.join(ALL_ROWS)}")
    for dtype in options.dtypes:
        for kind in options.kinds:
            for size in options.sizes:
                for name, row in ALL_ROWS.items():
                    if options.functions and name not in options.functions:
                        continue
                    if options.shared and not row.spellings:
                        continue
                    if isinstance(row, AxisRow) and kind not in ("forward", "backward"):
                        continue
                    yield Task(name, kind, dtype, size)


if __name__ == "__main__":
    sys.exit(main())
