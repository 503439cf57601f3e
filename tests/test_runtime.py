"""The process side: thread budget, fork, floating-point state, instruction sets."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import actcore as ac
from actcore import runtime
from actcore._build import isa
from actcore.registry import ROWS

LARGE = np.linspace(-5, 5, 1_000_000)


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a fresh interpreter."""
    variables = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=variables, timeout=120, check=False)


def test_thread_limits_nest_and_stay_in_their_thread() -> None:
    before = ac.get_num_threads()
    seen: list[int] = []
    with ac.num_threads(3):
        assert ac.get_num_threads() == 3
        with ac.num_threads(1):
            assert ac.get_num_threads() == 1
            other = threading.Thread(target=lambda: seen.append(ac.get_num_threads()))
            other.start()
            other.join()
        assert ac.get_num_threads() == 3
    assert ac.get_num_threads() == before and seen == [before]


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "2", True, None])
def test_wrong_thread_counts_are_refused(wrong: object) -> None:
    before = ac.get_num_threads()
    with pytest.raises(ValueError, match="must be a positive integer"):
        ac.set_num_threads(wrong)
    assert ac.get_num_threads() == before


def test_budget_follows_the_environment() -> None:
    result = run_python("import actcore; print(actcore.get_num_threads())", OMP_NUM_THREADS="1")
    assert result.stdout.strip() == "1", result.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork()")
def test_a_forked_child_computes() -> None:
    code = (
        "import os, warnings; import numpy as np, actcore as ac\n"
        "warnings.simplefilter('ignore')\n"
        "x = np.linspace(-5, 5, 1_000_000); expected = ac.tanh(x)\n"
        "for _ in range(20):\n"
        "    pid = os.fork()\n"
        "    if pid == 0: os._exit(0 if np.array_equal(ac.tanh(x), expected) else 1)\n"
        "    assert os.waitpid(pid, 0)[1] == 0\n"
        "assert np.array_equal(ac.tanh(x), expected); print('done')\n"
    )
    result = run_python(code)
    assert result.stdout.strip() == "done", result.stderr


def test_concurrent_python_threads_get_the_same_bits() -> None:
    expected = ac.gelu(LARGE)
    results: list[np.ndarray] = []
    workers = [threading.Thread(target=lambda: results.extend(ac.gelu(LARGE) for _ in range(5))) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(results) == 40 and all(np.array_equal(result, expected) for result in results)


def test_no_floating_point_warning_comes_out_of_a_call() -> None:
    wide = np.concatenate([LARGE, [np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324]])
    single = np.concatenate([LARGE.astype(np.float32), np.array([np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-45], np.float32)])
    with np.errstate(all="raise"):
        for row in ROWS:
            for x in (wide, single):
                ac.get(row.name).value_and_derivative(x)
                ac.get(row.name).second_derivative(x)


@pytest.mark.parametrize("name", [level.name for level in isa.instruction_sets()])
def test_every_instruction_set_can_be_forced_or_says_why_not(name: str) -> None:
    code = "import actcore, numpy; print(actcore.runtime.isa, round(actcore.tanh(1.0), 12))"
    result = run_python(code, ACTCORE_ISA=name)
    if result.returncode == 0:
        assert result.stdout.split() == [name, "0.761594155956"]
    else:
        assert "needs a newer CPU" in result.stderr


def test_an_unknown_instruction_set_is_an_error() -> None:
    result = run_python("import actcore", ACTCORE_ISA="v9")
    assert result.returncode == 1 and "choose one of base" in result.stderr


def test_v3_and_v4_give_the_same_bits() -> None:
    code = (
        "import sys, hashlib, numpy as np, actcore as ac\n"
        "digest = hashlib.sha256()\n"
        "bits = np.random.default_rng(0).integers(0, 2**32, 300_000, dtype=np.uint64)\n"
        "single = bits.astype(np.uint32).view(np.float32); double = (bits * 4294967311).view(np.float64)\n"
        "for name in ac.names():\n"
        "    f = ac.get(name)\n"
        "    for g in (f, f.derivative, f.second_derivative):\n"
        "        for x in (single, double):\n"
        "            y = g(x); y[np.isnan(y)] = 0; digest.update(y.tobytes())\n"
        "logits = np.random.default_rng(0).normal(size=(300, 257)); y = ac.softmax(logits)\n"
        "digest.update(y.tobytes() + ac.softmax.backward(y, logits).tobytes()); print(digest.hexdigest())\n"
    )
    results = {name: run_python(code, ACTCORE_ISA=name) for name in ("v3", "v4")}
    digests = {result.stdout.strip() for result in results.values() if result.returncode == 0}
    refused = [result for result in results.values() if result.returncode != 0]
    assert len(digests) <= 1 and all("ACTCORE_ISA" in result.stderr for result in refused)


def test_show_config_names_what_runs(capsys: pytest.CaptureFixture[str]) -> None:
    ac.show_config()
    text = capsys.readouterr().out
    assert ac.__version__ in text and ac.runtime.isa in text and "threads" in text and "OpenMP" in text


@pytest.mark.parametrize(
    ("membership", "files", "cpus"),
    [
        ("0::/a.slice/b.scope\n", {"a.slice/cpu.max": "150000 100000", "a.slice/b.scope/cpu.max": "max 100000"}, 1.5),
        ("0::/a.slice/b.scope\n", {"a.slice/b.scope/cpu.max": "250000 100000", "a.slice/cpu.max": "300000 100000"}, 2.5),
        ("0::/\n", {"cpu.max": "50000 100000"}, 0.5),
        ("0::/elsewhere\n", {"cpu.max": "50000 100000"}, 0.5),
        ("4:cpu,cpuacct:/box\n1:memory:/box\n", {"cpu/box/cpu.cfs_quota_us": "200000", "cpu/box/cpu.cfs_period_us": "100000"}, 2.0),
        ("4:cpu,cpuacct:/box\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ("0::/\n", {"cpu.max": "max 100000"}, None),
    ],
)
def test_the_quota_is_the_least_of_a_cgroup_and_those_above_it(tmp_path, membership: str, files: dict, cpus: float | None) -> None:
    (tmp_path / "membership").write_text(membership)
    for name, text in files.items():
        (tmp_path / "cgroup" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "cgroup" / name).write_text(text)
    assert runtime._cgroup_cpus(tmp_path / "membership", tmp_path / "cgroup") == cpus
