"""Sharing the parts of a call among its threads.

Each thread has a share of neighbouring parts, the same in every call, so that an array used again is still in that core's caches.
A thread that is done helps the others: one that wakes up late, or whose core another program uses, does less. Used so::

    share_out(&shares, parts, threads)
    with parallel(num_threads=threads):
        do_share(..., &shares, threadid())  # begin, next_part until it returns -1, wait_for_others
    learn_from_wait(shares.waited)
"""
from actcore.runtime cimport learn_from_wait

cdef extern from *:
    """
    #ifndef ACTCORE_SHARES
    #define ACTCORE_SHARES
    #include <stdint.h>
    #include <time.h>
    #if defined(_MSC_VER)
    #include <intrin.h>
    #define ACTCORE_ADD(counter, n) _InterlockedExchangeAdd64(counter, n)
    #else
    #define ACTCORE_ADD(counter, n) __atomic_fetch_add(counter, n, __ATOMIC_RELAXED)
    #endif

    enum { ACTCORE_MAX_SHARES = 64, ACTCORE_PATIENCE = 2000 };  /* more threads than that go straight to helping */
    typedef struct {
        int n;
        Py_ssize_t parts;
        int64_t at_work;
        double waited, called;
        struct { int64_t next, apart[7]; } shares[ACTCORE_MAX_SHARES];  /* a cache line each */
    } actcore_shares;

    static inline Py_ssize_t actcore_first_part(const actcore_shares *all, int share) {
        return all->parts / all->n * share + (share < all->parts % all->n ? share : all->parts % all->n);
    }

    static inline double actcore_nanoseconds(void) {
    #if defined(_WIN32)
        return 0;
    #else
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return 1e9 * (double) now.tv_sec + (double) now.tv_nsec;
    #endif
    }

    static inline void actcore_share_out(actcore_shares *all, Py_ssize_t parts, int threads) {
        int k;
        all->n = threads < ACTCORE_MAX_SHARES ? threads : ACTCORE_MAX_SHARES;
        all->parts = parts;
        all->at_work = threads;
        all->waited = 0;
        all->called = actcore_nanoseconds();
        for (k = 0; k < all->n; k++) all->shares[k].next = actcore_first_part(all, k);
    }

    /* A team begins when its last thread has come back from the call before. */
    static inline void actcore_begin(actcore_shares *all, int thread) {
        if (thread == 0) all->waited = actcore_nanoseconds() - all->called;
    }

    static inline Py_ssize_t actcore_next_part(actcore_shares *all, int thread, int *helped) {
        for (; *helped < all->n; ++*helped) {
            int share = (thread + *helped) % all->n;
            int64_t part = ACTCORE_ADD(&all->shares[share].next, 1);
            if (part < actcore_first_part(all, share + 1)) return (Py_ssize_t) part;
        }
        return -1;
    }

    /* A waiting thread that spins keeps the core on which the one it waits for could run. */
    static inline void actcore_wait_for_others(actcore_shares *all, int thread) {
        int64_t left = ACTCORE_ADD(&all->at_work, -1) - 1;
    #if !defined(_WIN32)
        int looks;
        double start;
        struct timespec pause = {0, 20000};
        if (thread != 0) return;
        for (looks = 0; left > 0 && looks < ACTCORE_PATIENCE; looks++) {
    #if defined(__x86_64__) || defined(__i386__)
            __builtin_ia32_pause();
    #endif
            left = ACTCORE_ADD(&all->at_work, 0);
        }
        if (left == 0) return;
        start = actcore_nanoseconds();
        while (ACTCORE_ADD(&all->at_work, 0) > 0) nanosleep(&pause, NULL);
        all->waited += actcore_nanoseconds() - start;
    #endif
    }
    #endif
    """
    ctypedef struct Shares "actcore_shares":
        double waited  # nanoseconds, for the team to begin and for its last thread
    #: Divide parts 0 to parts - 1 among the threads of a parallel region to come.
    void share_out "actcore_share_out"(Shares* all, Py_ssize_t parts, int threads) noexcept nogil
    #: Note that a thread begins.
    void begin "actcore_begin"(Shares* all, int thread) noexcept nogil
    #: Return a part that nobody has done, -1 when none is left. `helped` is this thread's own, 0 at first.
    Py_ssize_t next_part "actcore_next_part"(Shares* all, int thread, int* helped) noexcept nogil
    #: Let the calling thread, number 0, wait for the others.
    void wait_for_others "actcore_wait_for_others"(Shares* all, int thread) noexcept nogil
