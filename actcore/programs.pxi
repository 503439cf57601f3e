# Part of _ufuncs.pyx: a module of its own would take more room than all of this.
#
# Programs: what a formula is compiled into, blocks of float64 that run one after the other on pieces that stay in the cache. A
# step is a block of the registry (gelu_derivative ...), of arithmetic, or of the C library's functions below; its operands and
# its result are places: the formula's inputs, its parameters, constants, and temporary pieces. float32 is widened before and
# rounded after.
from libc.math cimport acos, asin, cos, cosh, expm1, log, log1p, pow, sinh, tan
from libc.string cimport memcpy

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
    Block widen  # NULL: arguments are float64
    Block narrow
    bint per_element  # of the parameters too, instead of one value


cdef void run_program(const void* address, char** args, Py_ssize_t n) noexcept nogil:
    """Run a program; args as for a block."""
    cdef const Program* program = <const Program*> address
    cdef double memory[INPUTS + PARAMETERS + TEMPORARIES][PIECE]
    cdef char* places[INPUTS + PARAMETERS + CONSTANTS + TEMPORARIES]
    cdef char* operands[OPERANDS]
    cdef const Step* step
    cdef int n_arguments = program.n_inputs + program.n_parameters
    cdef Py_ssize_t start = 0, count, size = sizeof(double) if program.widen is NULL else sizeof(float)
    cdef int i, k
    for k in range(n_arguments):
        places[k] = <char*> memory[k]
        if k >= program.n_inputs and not program.per_element:
            spread(args[k], program.widen is not NULL, memory[k], min(n, <Py_ssize_t> PIECE))
    for k in range(program.n_constants):
        places[n_arguments + k] = <char*> (program.constants + k * PIECE)
    for k in range(TEMPORARIES):
        places[n_arguments + program.n_constants + k] = <char*> memory[INPUTS + PARAMETERS + k]
    while start < n:
        count = min(n - start, <Py_ssize_t> PIECE)
        for k in range(n_arguments if program.per_element else program.n_inputs):
            places[k] = args[k] + start * size
            if program.widen is not NULL:
                operands[0], operands[1] = places[k], <char*> memory[k]
                program.widen(operands, count)
                places[k] = <char*> memory[k]
        for i in range(program.n_steps):
            step = program.steps + i
            for k in range(step.n_places):
                operands[k] = places[step.places[k]]
            step.block(operands, count)
        for k in range(program.n_outputs):
            operands[0], operands[1] = places[program.outputs[k]], args[n_arguments + k] + start * size
            if program.narrow is not NULL:
                program.narrow(operands, count)
            else:
                memcpy(operands[1], operands[0], count * size)
        start += count


cdef void spread(const char* value, bint single, double* target, Py_ssize_t n) noexcept nogil:
    """Fill a piece with a parameter's value, so that arithmetic need not tell the two apart."""
    cdef double number = (<const float*> value)[0] if single else (<const double*> value)[0]
    cdef Py_ssize_t i
    for i in range(n):
        target[i] = number


# --- the C library's mathematics ------------------------------------------------------------------------------------------

cdef inline void unary(double (*f)(double) noexcept nogil, char** args, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        (<double*> args[1])[i] = f((<const double*> args[0])[i])


cdef void power(char** args, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        (<double*> args[2])[i] = pow((<const double*> args[0])[i], (<const double*> args[1])[i])


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


_library = {
    "power": <size_t> power, "log": <size_t> logarithm, "log1p": <size_t> logarithm_of_1_plus,
    "expm1": <size_t> exponential_minus_1, "cos": <size_t> cosine, "tan": <size_t> tangent,
    "arcsin": <size_t> arc_sine, "arccos": <size_t> arc_cosine,
    "sinh": <size_t> hyperbolic_sine, "cosh": <size_t> hyperbolic_cosine,
}


# --- definition ----------------------------------------------------------------------------------------------------------

cdef void* _reserve(size_t bytes) except NULL:
    """Return memory that lives as long as the process, like the blocks of the registry."""
    cdef void* memory = malloc(bytes)
    if memory is NULL:
        raise MemoryError("no memory for a formula")
    return memory


cdef Block _block(block) except NULL:
    """Return a step's block: a plain one's name, or of the registry (row, kind, whether its parameters are per element)."""
    cdef const loops.Loop* loop
    if isinstance(block, str):
        return <Block> <size_t> _library[block] if block in _library else loops.plain(block)
    row, kind, per_element = block
    loop = loops.find(row, kind, "float64")
    return loop.array.block if per_element else loop.scalar.block


def define_program(str name, str kind, list constants, list steps, list outputs, int n_inputs, int n_parameters, double cost):
    """Compile one kind of a function and make its loops known.

    Parameters
    ----------
    name, kind : str
        Under which the loops are found.
    constants : list of float
    steps : list of (block, places)
        A block is the name of a plain one, or a tuple (row, kind, per element). Places are numbered through: inputs,
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
            program.per_element = k == 1
            program.widen = loops.plain("widen_float32") if i == 0 else NULL
            program.narrow = loops.plain("narrow_float32") if i == 0 else NULL
            program.outputs[0], program.outputs[1] = outputs[0], outputs[len(outputs) - 1]
            kernels[i][k] = Kernel(NULL, run_program, program)
    loops.add(name, kind, kernels[0], kernels[1], n_inputs, n_parameters, len(outputs), cost)
