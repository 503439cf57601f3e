"""The process side of the engine: instruction set, thread budget, fork guard.

Nothing process-wide is changed by importing or calling: no environment variable, signal handler, rounding mode or OpenMP setting.
"""
import contextlib
import importlib
import math
import os
import pathlib
import platform
import sys


from cpython.pycapsule cimport PyCapsule_GetPointer

from actcore._build.blocks import fingerprint
from actcore._build.isa import instruction_sets

cdef extern from *:
    """
    #ifdef _OPENMP
    #include <omp.h>
    #else
    static int omp_in_parallel(void) { return 0; }
    static int omp_get_max_threads(void) { return 0; }
    #endif

    #if defined(__x86_64__)
    static const char *actcore_cpu_level(void) {
        __builtin_cpu_init();
        if (!(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi")
              && __builtin_cpu_supports("bmi2"))) return "base";
        if (!(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd")
              && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))) return "v3";
        return "v4";
    }
    #else
    static const char *actcore_cpu_level(void) { return "base"; }
    #endif

    /* libgomp's worker threads do not survive fork(), and a parallel region in the child would wait for them for ever. */
    static int actcore_forked = 0;
    #if defined(_WIN32)
    static int actcore_guard_fork(void) { return 0; }
    static __declspec(thread) int actcore_local_limit = 0;
    #else
    #include <pthread.h>
    static void actcore_after_fork_in_child(void) { actcore_forked = 1; }
    static int actcore_guard_fork(void) { return pthread_atfork(0, 0, actcore_after_fork_in_child); }
    static __thread int actcore_local_limit = 0;
    #endif
    """
    const char* cpu_level "actcore_cpu_level"()
    int guard_fork "actcore_guard_fork"()
    int omp_in_parallel() nogil
    int omp_get_max_threads()
    int forked "actcore_forked"
    int local_limit "actcore_local_limit"

#: A thread is worth starting for about this much work: a parallel region costs 2 to 40 microseconds, more when the threads sleep.
cdef double NANOSECONDS_PER_THREAD = 5_000.0

#: Waits up to this are the ordinary unevenness of a parallel call, in nanoseconds.
cdef double ORDINARY_WAIT = 500_000.0
cdef double LONG = 300_000.0  # a call of so many nanoseconds is worth a time slice of waiting

cdef int budget = 1
cdef double caution = 1.0
cdef double serial_work = 0.0  # nanoseconds; threads may overwrite each other's change, which matters to nobody's result


cdef int threads_for(double nanoseconds) noexcept nogil:
    """Threads for a call that would take `nanoseconds` on one.

    One below the worthwhile size, in a forked child, inside a region, and, if it is no long call, for a while where other programs
    use the cores.
    """
    global serial_work
    cdef int limit = local_limit if local_limit > 0 else budget
    cdef double worthwhile = nanoseconds / NANOSECONDS_PER_THREAD
    if limit <= 1 or worthwhile < 2.0 or forked or omp_in_parallel():
        return 1
    if serial_work > 0 and nanoseconds < LONG:
        serial_work -= nanoseconds
        return 1
    return limit if worthwhile >= limit else <int> worthwhile


cdef void learn_from_wait(double nanoseconds) noexcept nogil:
    """Take note of how long a parallel call waited for its last thread.

    Where another program keeps a core, that is for a time slice at a time. So after such a wait as much work is done on one
    thread as the wait was long, and after each further one twice as much.
    """
    global caution, serial_work
    if nanoseconds > ORDINARY_WAIT:
        serial_work = caution * nanoseconds
        caution = min(2 * caution, 8.0)
    else:
        caution = max(0.5 * caution, 1.0)


def _read(path):
    with open(path) as file:
        return file.read()


def _quotas(membership, mounted):
    """Yield the CPU quotas, in cores, of this process's cgroups and of all above them, of either version."""
    lines = ["0::/", "1:cpu:/"]
    with contextlib.suppress(OSError):
        lines += _read(membership).splitlines()
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        place = pathlib.PurePosixPath(f"{mounted}/cpu" if controllers else mounted, path.lstrip("/"))
        for folder in (place, *place.parents):
            with contextlib.suppress(OSError, ValueError):
                quota, period = _read(folder / "cpu.max").split()
                yield float(quota) / float(period) if quota != "max" else math.inf
            with contextlib.suppress(OSError, ValueError):
                quota = int(_read(folder / "cpu.cfs_quota_us"))
                yield quota / int(_read(folder / "cpu.cfs_period_us")) if quota > 0 else math.inf


def _cgroup_cpus(membership="/proc/self/cgroup", mounted="/sys/fs/cgroup"):
    """Return the CPU quota of this process in cores, or None where there is none."""
    least = min(_quotas(membership, mounted), default=math.inf)
    return least if least < math.inf else None


def _default_budget():
    """Return the threads this process may use: the least of affinity, cgroup quota and OMP_NUM_THREADS."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _cgroup_cpus()
    if quota is not None:
        cpus = min(cpus, max(1, int(quota + 0.5)))
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if asked.isdigit() and int(asked) > 0:
        cpus = min(cpus, int(asked))
    return cpus


def _positive(n):
    if isinstance(n, bool) or not hasattr(n, "__index__") or n.__index__() < 1:
        raise ValueError(f"the number of threads must be a positive integer, not {n!r}")
    return min(n.__index__(), 4096)


def set_num_threads(n):
    """Set how many threads a call may use, for the whole process.

    Parameters
    ----------
    n : int
        At least 1. More threads than cores are allowed and do not help.

    Raises
    ------
    ValueError
        If `n` is not a positive integer.

    Examples
    --------
    >>> import actcore as ac
    >>> before = ac.get_num_threads()
    >>> ac.set_num_threads(1)
    >>> ac.get_num_threads()
    1
    >>> ac.set_num_threads(before)
    """
    global budget
    budget = _positive(n)


def get_num_threads():
    """Return how many threads a call from this thread may use.

    Returns
    -------
    int
        The innermost ``num_threads`` of this thread, else the process's budget: at first the least of CPU affinity, cgroup quota
        and ``OMP_NUM_THREADS``.

    Examples
    --------
    >>> import actcore as ac
    >>> ac.get_num_threads() >= 1
    True
    """
    return local_limit if local_limit > 0 else budget


@contextlib.contextmanager
def num_threads(n):
    """Limit the threads of calls made by the current Python thread inside a ``with`` block.

    Parameters
    ----------
    n : int
        At least 1.

    Yields
    ------
    None

    Raises
    ------
    ValueError
        If `n` is not a positive integer.

    Examples
    --------
    >>> import actcore as ac
    >>> with ac.num_threads(1):
    ...     ac.get_num_threads()
    1
    """
    global local_limit
    before = local_limit
    local_limit = _positive(n)
    try:
        yield
    finally:
        local_limit = before


def _choose_isa():
    """Return the instruction set to use: the best this CPU has, or the one ACTCORE_ISA names."""
    built = [level.name for level in instruction_sets(platform.machine())]
    usable = built[: built.index(cpu_level().decode()) + 1]
    asked = os.environ.get("ACTCORE_ISA")
    if not asked:
        return usable[-1]
    if asked not in built:
        raise ImportError(f"ACTCORE_ISA={asked!r} names no instruction set of this build; choose one of {', '.join(built)}")
    if asked not in usable:
        raise ImportError(f"ACTCORE_ISA={asked!r} needs a newer CPU; this one runs {', '.join(usable)}")
    return asked


isa = _choose_isa()
_kernels = importlib.import_module(f"actcore._kernels.blocks_{isa}")
if _kernels.fingerprint != fingerprint():
    raise ImportError("actcore's compiled kernels belong to another registry; build again: python setup.py build_ext --inplace")
budget = _default_budget()
if guard_fork() != 0:
    raise ImportError("actcore could not register its fork handler (out of memory)")


cdef void* block_table() noexcept:
    """Return the chosen module's entries (``_kernels/table.pxd``)."""
    return PyCapsule_GetPointer(_kernels.table, "actcore.table")


cdef void* axis_table() noexcept:
    """Return the chosen module's kernels along an axis (``_kernels/axiswise.pxd``)."""
    return PyCapsule_GetPointer(_kernels.axis_table, "actcore.axis_table")


cdef void* network_table() noexcept:
    """Return the chosen module's network kernels (``_kernels/dense.pxd``)."""
    return PyCapsule_GetPointer(_kernels.network, "actcore.network")


def show_config():
    """Print version, instruction set, threads and OpenMP runtime.

    Examples
    --------
    >>> import actcore as ac
    >>> ac.show_config()  # doctest: +ELLIPSIS
    actcore ...
    """
    import numpy

    from actcore import __version__
    print(f"actcore {__version__}, Python {platform.python_version()}, numpy {numpy.__version__}")
    print(f"instruction set: {isa} (this CPU: {cpu_level().decode()}; force one with ACTCORE_ISA)")
    print(f"threads: {get_num_threads()}")
    print(f"OpenMP: {_openmp_runtime()}")


def _openmp_runtime():
    """Name the OpenMP runtime that is loaded, with its file where the system tells."""
    if omp_get_max_threads() == 0:
        return "none (serial build)"
    if sys.platform.startswith("linux"):
        with open("/proc/self/maps") as maps:
            for line in maps:
                if "libgomp" in line or "libomp" in line:
                    return os.path.basename(line.split()[-1])
    return "present"
