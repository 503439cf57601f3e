"""What the parallel loops ask of the process: how many threads, and a clean floating-point state."""

cdef int threads_for(double nanoseconds) noexcept nogil
cdef void learn_from_wait(double nanoseconds) noexcept nogil
cdef void* block_table() noexcept
cdef void* axis_table() noexcept
cdef void* network_table() noexcept

cdef extern from *:
    """
    /* The caller's rounding mode or flush-to-zero must not reach the kernels, and their exception flags must not reach the caller:
       each thread computes between fp_enter and fp_leave. */
    #if defined(__SSE2__) || defined(_M_X64)
    #include <xmmintrin.h>
    typedef unsigned int actcore_fp_state;
    static inline actcore_fp_state actcore_fp_enter(void) { unsigned int s = _mm_getcsr(); _mm_setcsr(0x1F80); return s; }
    static inline void actcore_fp_leave(actcore_fp_state s) { _mm_setcsr(s); }
    #else
    #include <fenv.h>
    typedef fenv_t actcore_fp_state;
    static inline actcore_fp_state actcore_fp_enter(void) { fenv_t s; fegetenv(&s); fesetenv(FE_DFL_ENV); return s; }
    static inline void actcore_fp_leave(actcore_fp_state s) { fesetenv(&s); }
    #endif
    """
    ctypedef struct fp_state "actcore_fp_state":
        pass
    fp_state fp_enter "actcore_fp_enter"() noexcept nogil
    void fp_leave "actcore_fp_leave"(fp_state) noexcept nogil
