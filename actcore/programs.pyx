"""Programs: what a formula is compiled into, blocks of float64 that run one after the other on pieces that stay in the cache.

A step is a block of the registry (``gelu_derivative`` ...) or one of the arithmetic blocks below; its operands and its result are
places: the formula's inputs, its parameters, constants, and temporary pieces. float32 is widened before and rounded after.
"""
from libc.math cimport acos, asin, cos, cosh, expm1, log, log1p, pow, sinh, sqrt, tan
from libc.stdlib cimport malloc
from libc.string cimport memcpy

from actcore cimport loops
from actcore._kernels.table cimport Block, Kernel

cdef enum:
    PIECE = 256
    INPUTS = 2  # x and g
    PARAMETERS = 8
    OUTPUTS = 2
    OPERANDS = 11  # of a step, with its result: those of a function with as many parameters as there can be, and its gradient
    TEMPORARIES = 48
    CONSTANTS = 128

MAX_PARAMETERS, MAX_TEMPORARIES, MAX_CONSTANTS = PARAMETERS, TEMPORARIES, CONSTANTS

ctypedef double (*Unary)(double a) noexcept nogil
ctypedef double (*Binary)(double a, double b) noexcept nogil


cdef struct Step:
    Block block
    int n_places
    int[OPERANDS] places

cdef struct Program:
    int n_inputs
    int n_parameters
    int n_constants
    int n_steps
    int n_outputs
    int[OUTPUTS] outputs  # places
    const Step* steps
    const double* constants  # a piece of each
    bint single  # arguments are float32
    bint per_element  # of the parameters too, instead of one value


cdef void run(const void* address, char** args, Py_ssize_t n) noexcept nogil:
    """Run a program; args as for a block."""
    cdef const Program* program = <const Program*> address
    cdef double memory[INPUTS + PARAMETERS + TEMPORARIES][PIECE]
    cdef char* places[INPUTS + PARAMETERS + CONSTANTS + TEMPORARIES]
    cdef char* operands[OPERANDS]
    cdef const Step* step
    cdef const double* result
    cdef int n_arguments = program.n_inputs + program.n_parameters
    cdef Py_ssize_t start = 0, count, size = sizeof(float) if program.single else sizeof(double)
    cdef int i, k
    for k in range(n_arguments):
        places[k] = <char*> memory[k]
        if k >= program.n_inputs and not program.per_element:
            spread(args[k], program.single, memory[k], min(n, <Py_ssize_t> PIECE))
    for k in range(program.n_constants):
        places[n_arguments + k] = <char*> (program.constants + k * PIECE)
    for k in range(TEMPORARIES):
        places[n_arguments + program.n_constants + k] = <char*> memory[INPUTS + PARAMETERS + k]
    while start < n:
        count = min(n - start, <Py_ssize_t> PIECE)
        for k in range(n_arguments if program.per_element else program.n_inputs):
            if program.single:
                widen(<const float*> args[k] + start, memory[k], count)
            else:
                places[k] = args[k] + start * size
        for i in range(program.n_steps):
            step = program.steps + i
            for k in range(step.n_places):
                operands[k] = places[step.places[k]]
            step.block(operands, count)
        for k in range(program.n_outputs):
            result = <const double*> places[program.outputs[k]]
            if program.single:
                narrow(result, <float*> args[n_arguments + k] + start, count)
            else:
                memcpy(args[n_arguments + k] + start * size, result, count * size)
        start += count


cdef void spread(const char* value, bint single, double* target, Py_ssize_t n) noexcept nogil:
    """Fill a piece with a parameter's value, so that arithmetic need not tell the two apart."""
    cdef double number = (<const float*> value)[0] if single else (<const double*> value)[0]
    cdef Py_ssize_t i
    for i in range(n):
        target[i] = number


cdef void widen(const float* source, double* target, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        target[i] = source[i]


cdef void narrow(const double* source, float* target, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        target[i] = <float> source[i]


# --- arithmetic ----------------------------------------------------------------------------------------------------------

cdef inline void unary(Unary f, char** args, Py_ssize_t n) noexcept nogil:
    cdef const double* a = <const double*> args[0]
    cdef double* y = <double*> args[1]
    cdef Py_ssize_t i
    for i in range(n):
        y[i] = f(a[i])


cdef inline void binary(Binary f, char** args, Py_ssize_t n) noexcept nogil:
    cdef const double* a = <const double*> args[0]
    cdef const double* b = <const double*> args[1]
    cdef double* y = <double*> args[2]
    cdef Py_ssize_t i
    for i in range(n):
        y[i] = f(a[i], b[i])


cdef inline double sum_of(double a, double b) noexcept nogil:
    return a + b


cdef inline double difference(double a, double b) noexcept nogil:
    return a - b


cdef inline double product(double a, double b) noexcept nogil:
    return a * b


cdef inline double quotient(double a, double b) noexcept nogil:
    return a / b


cdef inline double opposite(double a) noexcept nogil:
    return -a


cdef inline double larger(double a, double b) noexcept nogil:
    return a if a > b or a != a else b


cdef inline double smaller(double a, double b) noexcept nogil:
    return a if a < b or a != a else b


cdef inline double is_less(double a, double b) noexcept nogil:
    return 1.0 if a < b else 0.0


cdef inline double is_at_most(double a, double b) noexcept nogil:
    return 1.0 if a <= b else 0.0


cdef inline double is_equal(double a, double b) noexcept nogil:
    return 1.0 if a == b else 0.0


cdef inline double sign_of(double a) noexcept nogil:
    return 1.0 if a > 0 else -1.0 if a < 0 else a


cdef inline double or_nan(double a, double b) noexcept nogil:
    return b if a == a else a


cdef void add(char** args, Py_ssize_t n) noexcept nogil:
    binary(sum_of, args, n)


cdef void subtract(char** args, Py_ssize_t n) noexcept nogil:
    binary(difference, args, n)


cdef void multiply(char** args, Py_ssize_t n) noexcept nogil:
    binary(product, args, n)


cdef void divide(char** args, Py_ssize_t n) noexcept nogil:
    binary(quotient, args, n)


cdef void power(char** args, Py_ssize_t n) noexcept nogil:
    binary(pow, args, n)


cdef void maximum(char** args, Py_ssize_t n) noexcept nogil:
    binary(larger, args, n)


cdef void minimum(char** args, Py_ssize_t n) noexcept nogil:
    binary(smaller, args, n)


cdef void less(char** args, Py_ssize_t n) noexcept nogil:
    binary(is_less, args, n)


cdef void at_most(char** args, Py_ssize_t n) noexcept nogil:
    binary(is_at_most, args, n)


cdef void equal(char** args, Py_ssize_t n) noexcept nogil:
    binary(is_equal, args, n)


cdef void unless_nan(char** args, Py_ssize_t n) noexcept nogil:
    binary(or_nan, args, n)


cdef void where(char** args, Py_ssize_t n) noexcept nogil:
    cdef const double* condition = <const double*> args[0]
    cdef const double* a = <const double*> args[1]
    cdef const double* b = <const double*> args[2]
    cdef double* y = <double*> args[3]
    cdef double yes, no
    cdef Py_ssize_t i
    for i in range(n):
        yes, no = a[i], b[i]
        y[i] = yes if condition[i] != 0 else no


cdef void negative(char** args, Py_ssize_t n) noexcept nogil:
    unary(opposite, args, n)


cdef void sign(char** args, Py_ssize_t n) noexcept nogil:
    unary(sign_of, args, n)


cdef void square_root(char** args, Py_ssize_t n) noexcept nogil:
    unary(sqrt, args, n)


cdef void logarithm(char** args, Py_ssize_t n) noexcept nogil:
    unary(log, args, n)


cdef void logarithm_of_1_plus(char** args, Py_ssize_t n) noexcept nogil:
    unary(log1p, args, n)


cdef void exponential_minus_1(char** args, Py_ssize_t n) noexcept nogil:
    unary(expm1, args, n)


cdef void cosine(char** args, Py_ssize_t n) noexcept nogil:
    unary(cos, args, n)


cdef void tangent(char** args, Py_ssize_t n) noexcept nogil:
    unary(tan, args, n)


cdef void arc_sine(char** args, Py_ssize_t n) noexcept nogil:
    unary(asin, args, n)


cdef void arc_cosine(char** args, Py_ssize_t n) noexcept nogil:
    unary(acos, args, n)


cdef void hyperbolic_sine(char** args, Py_ssize_t n) noexcept nogil:
    unary(sinh, args, n)


cdef void hyperbolic_cosine(char** args, Py_ssize_t n) noexcept nogil:
    unary(cosh, args, n)


_arithmetic = {
    "+": <size_t> add, "-": <size_t> subtract, "*": <size_t> multiply, "/": <size_t> divide, "**": <size_t> power,
    "max": <size_t> maximum, "min": <size_t> minimum, "<": <size_t> less, "<=": <size_t> at_most, "==": <size_t> equal,
    "unless_nan": <size_t> unless_nan, "where": <size_t> where, "negative": <size_t> negative, "sign": <size_t> sign,
    "sqrt": <size_t> square_root, "log": <size_t> logarithm, "log1p": <size_t> logarithm_of_1_plus,
    "expm1": <size_t> exponential_minus_1, "cos": <size_t> cosine, "tan": <size_t> tangent, "arcsin": <size_t> arc_sine,
    "arccos": <size_t> arc_cosine, "sinh": <size_t> hyperbolic_sine, "cosh": <size_t> hyperbolic_cosine,
}


# --- definition ----------------------------------------------------------------------------------------------------------

cdef void* _reserve(size_t bytes) except NULL:
    """Return memory that lives as long as the process, like the blocks of the registry."""
    cdef void* memory = malloc(bytes)
    if memory is NULL:
        raise MemoryError("no memory for a formula")
    return memory


cdef Block _block(block) except NULL:
    """Return a step's block: the arithmetic of that name, or the registry's (row, kind, whether its parameters are per element)."""
    cdef const loops.Loop* loop
    if isinstance(block, str):
        return <Block> <size_t> _arithmetic[block]
    row, kind, per_element = block
    loop = loops.find(row, kind, "float64")
    return loop.array.block if per_element else loop.scalar.block


def define(str name, str kind, list constants, list steps, list outputs, int n_inputs, int n_parameters, double cost):
    """Compile one kind of a function and make its loops known.

    Parameters
    ----------
    name, kind : str
        Under which the loops are found.
    constants : list of float
    steps : list of (block, places)
        A block is the name of an arithmetic one, or a tuple (row, kind, per element). Places are numbered through: inputs,
        parameters, constants, temporaries; the last one of a step takes its result.
    outputs : list of int
        Places of temporaries.
    n_inputs, n_parameters : int
    cost : float
        Nanoseconds per element, roughly.
    """
    cdef Step* compiled = <Step*> _reserve(len(steps) * sizeof(Step))
    cdef double* pieces = <double*> _reserve((len(constants) * PIECE + 1) * sizeof(double))
    cdef Kernel kernels[2][2]
    cdef Program* program
    cdef int i, k
    for i, (block, places) in enumerate(steps):
        compiled[i].block = _block(block)
        compiled[i].n_places = len(places)
        for k, place in enumerate(places):
            compiled[i].places[k] = place
    for i, number in enumerate(constants):
        for k in range(PIECE):
            pieces[i * PIECE + k] = number
    for i in range(2):
        for k in range(2):
            program = <Program*> _reserve(sizeof(Program))
            program.n_inputs, program.n_parameters, program.n_constants = n_inputs, n_parameters, len(constants)
            program.n_steps, program.n_outputs = len(steps), len(outputs)
            program.steps, program.constants = compiled, pieces
            program.single, program.per_element = i == 0, k == 1
            program.outputs[0], program.outputs[1] = outputs[0], outputs[len(outputs) - 1]
            kernels[i][k] = Kernel(NULL, run, program)
    loops.add(name, kind, kernels[0], kernels[1], n_inputs, n_parameters, len(outputs), cost)
