// GEMM tiles for AVX2: C[mr][16] = or += A panel [k][mr] x B panel [k][16], mr = 1..6. Contract in gemm_tile.h.
//
// Registers      rdi k left     rsi A     rdx B     rcx C     r8 row stride of C in bytes     r9d variant
//   ymm0 ymm1    the 16 columns of one k step of B, converted to f32
//   ymm2 ymm3    broadcasts of A (fast) or products (ordered), used in turn
//   ymm4..ymm15  accumulators: set s, row r, half h in 4 + 2 (s mr + r) + h
//   rax k steps of this run     r10 its quarters     r11 row of C     rdi later what is prefetched
//
// One broadcast load feeds two FMA: 8 loads for 12 FMA.

.intel_syntax noprefix
.altmacro
.text

#define MR_MAX 6
#define MR_4_SETS 1
#define MR_2_SETS 3
#define VECTOR 32
// Bytes that ordered tiles prefetch B ahead.
#define AHEAD 8192

.macro ZERO n
    vxorps ymm\n, ymm\n, ymm\n
.endm

// k step u of B.
.macro LOAD_B type, u
    .if \type == 0
        vmovups ymm0, [rdx + \u*64]
        vmovups ymm1, [rdx + \u*64 + 32]
    .elseif \type == 1
        vcvtph2ps ymm0, xmmword ptr [rdx + \u*32]
        vcvtph2ps ymm1, xmmword ptr [rdx + \u*32 + 16]
    .else
        vpmovzxwd ymm0, xmmword ptr [rdx + \u*32]
        vpmovzxwd ymm1, xmmword ptr [rdx + \u*32 + 16]
        vpslld ymm0, ymm0, 16
        vpslld ymm1, ymm1, 16
    .endif
.endm

// Accumulators x, y += B * A at byte `at`; t is 2 or 3 in turn.
.macro ROW ordered, t, x, y, at
    .if \ordered
        vbroadcastss ymm2, dword ptr [rsi + \at]
        vmulps ymm3, ymm1, ymm2
        vmulps ymm2, ymm0, ymm2
        vaddps ymm\x, ymm\x, ymm2
        vaddps ymm\y, ymm\y, ymm3
    .else
        vbroadcastss ymm\t, dword ptr [rsi + \at]
        vfmadd231ps ymm\x, ymm0, ymm\t
        vfmadd231ps ymm\y, ymm1, ymm\t
    .endif
.endm

.macro ADD_SET x, y
    vaddps ymm\x, ymm\x, ymm\y
.endm

.macro STORE_ROW onto, x, y
    .if \onto
        vaddps ymm\x, ymm\x, [r11]
        vaddps ymm\y, ymm\y, [r11 + 32]
    .endif
    vmovups [r11], ymm\x
    vmovups [r11 + 32], ymm\y
    add r11, r8
.endm

#include "gemm_tile.h"
