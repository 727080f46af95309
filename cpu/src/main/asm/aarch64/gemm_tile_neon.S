// GEMM tiles for NEON: C[mr][12] = or += A panel [k][mr] x B panel [k][12], mr = 1..8.
//
// void gemm_tile(int64_t k, const float* a, const void* b, float* c, int64_t ldc_bytes, int64_t variant, const void* ahead, int64_t rate)
//   variant bits 0..7   (ordered * 3 + type of B) * MR_MAX + mr - 1; type 0 f32, 1 f16, 2 bf16
//   variant bit  8      1: add to C, 0: overwrite C
//   ahead, rate         not used
//
// Registers    x0 k left   x1 A   x2 B   x3 C   x4 row stride of C in bytes   w5 variant
//   v0 v1 v2   the 12 columns of one k step of B, converted to f32
//   v3 v4 v5   the rows of A: 4 and 4, or 4, 2 and 1 as mr has them
//   v6 v7      products (ordered)
//   v8..v31    accumulators: set s, row r, third t in 8 + 3 (s mr + r) + t
//   x9 k steps of this run   x10 its quarters   x11 row of C
//
// fast: fused multiply-add by element; few rows take 2 or 4 accumulator sets, k step by k step in turn, added up at the
//   end, because four pipes with a latency of 4 need 16 chains.
// ordered: the sums of the portable kernels (gemm_bt.gk): multiply, then add, in runs of 32 k steps from zero; the sum of
//   each run is added to the total, which lies in C.

.altmacro
.text

#define MR_MAX 8

.macro ZERO n
    movi v\n\().4s, #0
.endm

.macro ZERO_ALL count
    n = 8
    .rept \count
        ZERO %n
        n = n + 1
    .endr
.endm

// Next k step of B.
.macro LOAD_B type
    .if \type == 0
        ldp q0, q1, [x2]
        ldr q2, [x2, #32]
        add x2, x2, #48
    .else
        ldr q0, [x2]
        ldr d2, [x2, #16]
        add x2, x2, #24
        .if \type == 1
            fcvtl2 v1.4s, v0.8h
            fcvtl v0.4s, v0.4h
            fcvtl v2.4s, v2.4h
        .else
            shll2 v1.4s, v0.8h, #16
            shll v0.4s, v0.4h, #16
            shll v2.4s, v2.4h, #16
        .endif
    .endif
.endm

// Next k step of A; never a byte more than the mr floats.
.macro LOAD_A mr
    .if \mr == 8
        ldp q3, q4, [x1], #32
    .else
        .if \mr & 4
            ldr q3, [x1], #16
        .endif
        .if \mr & 2
            ldr d4, [x1], #8
        .endif
        .if \mr & 1
            ldr s5, [x1], #4
        .endif
    .endif
.endm

// Accumulators x, y, z += B * lane of v\a.
.macro MULTIPLY ordered, a, lane, x, y, z
    .if \ordered
        fmul v6.4s, v0.4s, v\a\().s[\lane]
        fmul v7.4s, v1.4s, v\a\().s[\lane]
        fadd v\x\().4s, v\x\().4s, v6.4s
        fmul v6.4s, v2.4s, v\a\().s[\lane]
        fadd v\y\().4s, v\y\().4s, v7.4s
        fadd v\z\().4s, v\z\().4s, v6.4s
    .else
        fmla v\x\().4s, v0.4s, v\a\().s[\lane]
        fmla v\y\().4s, v1.4s, v\a\().s[\lane]
        fmla v\z\().4s, v2.4s, v\a\().s[\lane]
    .endif
.endm

.macro ROW ordered, mr, set, r
    first = 8 + 3*(\set*\mr + \r)
    .if \r < (\mr & 4) || \mr == 8
        reg = 3 + \r/4
        lane = \r % 4
    .elseif \r < (\mr & 6)
        reg = 4
        lane = \r % 2
    .else
        reg = 5
        lane = 0
    .endif
    MULTIPLY \ordered, %reg, %lane, %first, %(first + 1), %(first + 2)
.endm

.macro STEP ordered, type, mr, set
    LOAD_B \type
    LOAD_A \mr
    r = 0
    .rept \mr
        ROW \ordered, \mr, \set, %r
        r = r + 1
    .endr
.endm

// x9 k steps, four at a time.
.macro STEPS ordered, type, mr, sets
    lsr x10, x9, #2
    cbz x10, 2f
    .p2align 4
1:
    STEP \ordered, \type, \mr, 0
    STEP \ordered, \type, \mr, %(1 % \sets)
    STEP \ordered, \type, \mr, %(2 % \sets)
    STEP \ordered, \type, \mr, %(3 % \sets)
    subs x10, x10, #1
    b.ne 1b
2:
    ands x9, x9, #3
    b.eq 4f
3:
    STEP \ordered, \type, \mr, 0
    subs x9, x9, #1
    b.ne 3b
4:
.endm

.macro ADD_SET x, y
    fadd v\x\().4s, v\x\().4s, v\y\().4s
.endm

.macro ADD_SETS mr, sets
    left = \sets / 2
    .rept 2
        n = 0
        .rept 3*\mr*left
            ADD_SET %(8 + n), %(8 + 3*\mr*left + n)
            n = n + 1
        .endr
        left = left / 2
    .endr
.endm

.macro STORE_ROW onto, x, y, z
    .if \onto
        ldp q0, q1, [x11]
        ldr q2, [x11, #32]
        fadd v\x\().4s, v0.4s, v\x\().4s
        fadd v\y\().4s, v1.4s, v\y\().4s
        fadd v\z\().4s, v2.4s, v\z\().4s
    .endif
    stp q\x, q\y, [x11]
    str q\z, [x11, #32]
    add x11, x11, x4
.endm

.macro STORE_ALL onto, mr
    mov x11, x3
    r = 0
    .rept \mr
        STORE_ROW \onto, %(8 + 3*r), %(9 + 3*r), %(10 + 3*r)
        r = r + 1
    .endr
.endm

// The low halves of v8..v15 belong to the caller.
.macro ENTER
    stp d8, d9, [sp, #-64]!
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
.endm

.macro LEAVE
    ldp d10, d11, [sp, #16]
    ldp d12, d13, [sp, #32]
    ldp d14, d15, [sp, #48]
    ldp d8, d9, [sp], #64
    ret
.endm

.macro FAST type, mr
    .if \mr <= 2
        sets = 4
    .elseif \mr <= 4
        sets = 2
    .else
        sets = 1
    .endif
    ZERO_ALL %(3*\mr*sets)
    mov x9, x0
    STEPS 0, \type, \mr, %sets
    ADD_SETS \mr, %sets
    tbnz w5, #8, 5f
    STORE_ALL 0, \mr
    LEAVE
5:
    STORE_ALL 1, \mr
    LEAVE
.endm

.macro ORDERED type, mr
5:
    ZERO_ALL %(3*\mr)
    mov x9, #32
    cmp x0, x9
    csel x9, x0, x9, lo
    sub x0, x0, x9
    STEPS 1, \type, \mr, 1
    tbnz w5, #8, 6f
    STORE_ALL 0, \mr
    orr w5, w5, #0x100              // the first run may overwrite, the others add
    b 7f
6:
    STORE_ALL 1, \mr
7:
    cbnz x0, 5b
    LEAVE
.endm

.macro TILE ordered, type, mr
    .p2align 6
tile_\ordered\()_\type\()_\mr:
    ENTER
    .if \ordered
        ORDERED \type, \mr
    .else
        FAST \type, \mr
    .endif
.endm

.macro TILES ordered, type
    mr = 1
    .rept MR_MAX
        TILE \ordered, \type, %mr
        mr = mr + 1
    .endr
.endm

.macro TABLE_ENTRY ordered, type, mr
    .long tile_\ordered\()_\type\()_\mr - tile_table
.endm

.macro TABLE_ENTRIES ordered, type
    mr = 1
    .rept MR_MAX
        TABLE_ENTRY \ordered, \type, %mr
        mr = mr + 1
    .endr
.endm

// A short table of offsets right behind the code: `adr` reaches it, so no page-relative address has to be built.
.globl gemm_tile
.hidden gemm_tile
.p2align 6
gemm_tile:
    and w9, w5, #0xff
    adr x10, tile_table
    ldrsw x9, [x10, x9, lsl #2]
    add x10, x10, x9
    br x10

.p2align 2
tile_table:
TABLE_ENTRIES 0, 0
TABLE_ENTRIES 0, 1
TABLE_ENTRIES 0, 2
TABLE_ENTRIES 1, 0
TABLE_ENTRIES 1, 1
TABLE_ENTRIES 1, 2

TILES 0, 0
TILES 0, 1
TILES 0, 2
TILES 1, 0
TILES 1, 1
TILES 1, 2

.section .note.GNU-stack, "", @progbits
