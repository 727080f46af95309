"""SPIR-V as the portable kernels need it: nothing contracted, nothing assumed about aliasing.

glslc is run without optimisation, then loops are unrolled, then every float operation is decorated NoContraction and every buffer
Aliased, then spirv-opt runs: it contracts a*b+c by itself where the decoration is missing (SPIRV-Tools issue 5658), and buffers of
one launch may be slices of one another where an operator works in place. Unrolling comes first because its copies of an operation
are without the decoration.
"""
import struct

MAGIC = 0x07230203
FLOAT_OPS = {127, 129, 131, 133, 136, 140, 141, 142, 148}  # FNegate FAdd FSub FMul FDiv FRem FMod VectorTimesScalar Dot
DECORATE, VARIABLE, EXT_INST = 71, 59, 12
STORAGE_BUFFER = 12
NO_CONTRACTION, ALIASED, RESTRICT = 42, 20, 19
FMA = 50  # of GLSL.std.450
FIRST_TYPE, LAST_TYPE = 19, 39
# The passes of spirv-opt -O up to the first that unrolls loops; none of them contracts.
UNROLL = """wrap-opkill eliminate-dead-branches merge-return inline-entry-points-exhaustive eliminate-dead-functions
    eliminate-dead-code-aggressive private-to-local eliminate-local-single-block eliminate-local-single-store
    eliminate-dead-code-aggressive scalar-replacement=100 convert-local-access-chains eliminate-local-single-block
    eliminate-local-single-store eliminate-dead-code-aggressive ssa-rewrite eliminate-dead-code-aggressive ccp
    eliminate-dead-code-aggressive loop-unroll""".split()


def instructions(words):
    at = 5
    while at < len(words):
        count, op = words[at] >> 16, words[at] & 0xFFFF
        yield at, op, words[at:at + count]
        at += count


def words_of(data):
    words = list(struct.unpack("<%dI" % (len(data) // 4), data))
    if words[0] != MAGIC:
        raise ValueError("not SPIR-V")
    return words


def require_exact(data):
    """Refuses a module in which the optimiser left a float operation that may be contracted, or contracted one."""
    results, exact = set(), set()
    for _, op, w in instructions(words_of(data)):
        if op == EXT_INST and w[4] == FMA:
            raise ValueError("a fused multiply-add after optimisation")
        if op in FLOAT_OPS:
            results.add(w[2])
        if op == DECORATE and w[2] == NO_CONTRACTION:
            exact.add(w[1])
    if results - exact:
        raise ValueError("float operations without NoContraction after optimisation: %s" % sorted(results - exact))


def decorate(data):
    """The module with the decorations added where types begin: decorations end there."""
    words = words_of(data)
    extra, insert = [], None
    for at, op, w in instructions(words):
        if FIRST_TYPE <= op <= LAST_TYPE and insert is None:
            insert = at
        if op == EXT_INST and w[4] == FMA:
            raise ValueError("a fused multiply-add: not every driver has one")
        if op in FLOAT_OPS:
            extra += [3 << 16 | DECORATE, w[2], NO_CONTRACTION]
        if op == VARIABLE and w[3] == STORAGE_BUFFER:
            extra += [3 << 16 | DECORATE, w[2], ALIASED]
        if op == DECORATE and w[2] == RESTRICT:
            raise ValueError("a restrict buffer: operators work in place")
    words[insert:insert] = extra
    return struct.pack("<%dI" % len(words), *words)
