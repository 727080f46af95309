// GEMM tiles for AVX-512: C[mr][32] = or += A panel [k][mr] x B panel [k][32], mr = 1..14. Contract in gemm_tile.h.
//
// Registers      rdi k left     rsi A     rdx B     rcx C     r8 row stride of C in bytes     r9d variant
//   zmm0 zmm1    the 32 columns of one k step of B, converted to f32
//   zmm2 zmm3    broadcasts of A (fast) or products (ordered), used in turn
//   zmm4..zmm31  accumulators: set s, row r, half h in 4 + 2 (s mr + r) + h
//   rax k steps of this run     r10 its quarters     r11 row of C     rdi later what is prefetched
//
// One broadcast load feeds two FMA: 16 loads for 28 FMA. Broadcasting inside the FMA would need 30 loads at two a cycle.
//
// Type 3 multiplies pairs of k steps of bf16 by vdpbf16ps, for processors with AVX512-BF16: A panel [k / 2][mr] pairs, B panel as
// type 2. Two rows of B are interleaved on the way, which leaves groups of four columns in turn in the two accumulators of a row;
// they are put in order at the end. The two shuffles a step have a pipe of their own on Zen 5.

.intel_syntax noprefix
.altmacro
.text

#define MR_MAX 14
#define MR_4_SETS 3
#define MR_2_SETS 6
#define VECTOR 64
// Bytes that ordered tiles prefetch B ahead.
#define AHEAD 8192

#define PAIRS 1

.macro ZERO n
    vpxord zmm\n, zmm\n, zmm\n
.endm

// k step u of B.
.macro LOAD_B type, u
    .if \type == 0
        vmovups zmm0, [rdx + \u*128]
        vmovups zmm1, [rdx + \u*128 + 64]
    .elseif \type == 1
        vcvtph2ps zmm0, ymmword ptr [rdx + \u*64]
        vcvtph2ps zmm1, ymmword ptr [rdx + \u*64 + 32]
    .elseif \type == 3
        vmovdqu64 zmm2, [rdx + \u*128]
        vmovdqu64 zmm3, [rdx + \u*128 + 64]
        vpunpcklwd zmm0, zmm2, zmm3
        vpunpckhwd zmm1, zmm2, zmm3
    .else
        vpmovzxwd zmm0, ymmword ptr [rdx + \u*64]
        vpmovzxwd zmm1, ymmword ptr [rdx + \u*64 + 32]
        vpslld zmm0, zmm0, 16
        vpslld zmm1, zmm1, 16
    .endif
.endm

// Accumulators x, y += B * A at byte `at`; t is 2 or 3 in turn.
.macro ROW ordered, t, x, y, at
    .if \ordered
        vbroadcastss zmm2, dword ptr [rsi + \at]
        vmulps zmm3, zmm1, zmm2
        vmulps zmm2, zmm0, zmm2
        vaddps zmm\x, zmm\x, zmm2
        vaddps zmm\y, zmm\y, zmm3
    .else
        vbroadcastss zmm\t, dword ptr [rsi + \at]
        vfmadd231ps zmm\x, zmm0, zmm\t
        vfmadd231ps zmm\y, zmm1, zmm\t
    .endif
.endm

.macro PAIR_ROW t, x, y, at
    vbroadcastss zmm\t, dword ptr [rsi + \at]
    vdpbf16ps zmm\x, zmm0, zmm\t
    vdpbf16ps zmm\y, zmm1, zmm\t
.endm

// The last k step of an odd number: its partner is zero in A and B.
.macro LOAD_B_LAST
    vmovdqu64 zmm2, [rdx]
    vpxord zmm3, zmm3, zmm3
    vpunpcklwd zmm0, zmm2, zmm3
    vpunpckhwd zmm1, zmm2, zmm3
.endm

.macro SORT_COLUMNS mr
    vmovdqu64 zmm2, [rip + low_columns]
    vmovdqu64 zmm3, [rip + high_columns]
    r = 0
    .rept \mr
        SORT_ROW %(4 + 2*r), %(5 + 2*r)
        r = r + 1
    .endr
.endm

.macro SORT_ROW x, y
    vmovaps zmm0, zmm\x
    vpermt2pd zmm\x, zmm2, zmm\y
    vpermt2pd zmm0, zmm3, zmm\y
    vmovaps zmm\y, zmm0
.endm

.macro ADD_SET x, y
    vaddps zmm\x, zmm\x, zmm\y
.endm

.macro STORE_ROW onto, x, y
    .if \onto
        vaddps zmm\x, zmm\x, [r11]
        vaddps zmm\y, zmm\y, [r11 + 64]
    .endif
    vmovups [r11], zmm\x
    vmovups [r11 + 64], zmm\y
    add r11, r8
.endm

#include "gemm_tile.h"

.p2align 6
low_columns:                            // in pairs of floats; 8 and more: of the second accumulator
.quad 0, 1, 8, 9, 2, 3, 10, 11
high_columns:
.quad 4, 5, 12, 13, 6, 7, 14, 15
