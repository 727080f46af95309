// Matrix products C[m,n] = A[m,k] B, weights B as [k,n] or [n,k], in f32, f16 or bf16, sums in f32. Java drives the blocks, the
// packing and the threads; the entries work on one step, described by 64-bit fields, and on a range of it. No result
// depends on how a caller cuts the ranges.
//
// fast: fused multiply-add. ordered: the sums of the portable kernels (gemm_bt.gk, gemv_ordered.gk): a product is rounded, then
// added; runs of RUN along k, each from zero, are added up in order. A pass over part of k starts at a multiple of RUN.
#pragma once
#include "simd.h"

#if defined(__AVX512F__)
#define MR 14            // rows of the largest tile of gemm_tile_*.S
#elif defined(__AVX2__)
#define MR 6
#else
#define MR 8
#endif
#if defined(__x86_64__)
#define NR (2 * VL)      // columns of every tile, so of a panel of B
#else
#define NR (3 * VL)
#endif
#define RUN 32

enum { F32, F16, BF16 };
enum { NONE, RELU, SILU, GELU };

// The fields in memory order; types as in the enums above, strides in elements unless said otherwise.
typedef struct {
    const void* a;           //  0 activations [m][k]
    int64_t a_type, lda;     //  1, 2
    const void* b;           //  3 weights [k][n], or [n][k] if b_by_rows
    int64_t b_type, ldb;     //  4, 5
    int64_t b_by_rows;       //  6
    int64_t m, n, k;         //  7, 8, 9 of this step: k is the length of the pass
    float* a_panels;         // 10 A as gemm_pack_a, gemm_widen or gemm_runs leave it
    void* b_panels;          // 11 [ceil(n / NR)][k][NR], zeros beyond n
    int64_t panel_type;      // 12 of b_panels: F32, or b_type
    int64_t panel_bytes;     // 13 from one panel to the next
    float* sums;             // 14 [m][n]: f32 results of the passes so far; null: one pass, results go through the stack
    int64_t ld_sums;         // 15
    void* out;               // 16 [m][n]; may be sums
    int64_t out_type, ldo;   // 17, 18
    const float* bias;       // 19 [n] or null
    int64_t activation;      // 20
    int64_t ordered;         // 21
    int64_t add;             // 22 1: this pass adds to sums, 0: it starts them
    int64_t finish;          // 23 1: after this pass, write out = activation(sums + bias)
    int64_t pairs;           // 24 1: A, B and its panels are bf16, multiplied in pairs of k by vdpbf16ps: AVX-512, fast
    float* place;            // 25 [m][NR]: sums of one panel of B while it passes in pieces; null: it passes in one
} gemm_t;

INLINE int64_t element_bytes(int64_t type) { return type == F32 ? 4 : 2; }

INLINE vf load_as(int64_t type, const void* p, int64_t i) {
    if (type == F32) return load_f32((const float*)p + i);
    if (type == F16) return load_f16((const half_t*)p + i);
    return load_bf16((const bfloat_t*)p + i);
}

INLINE vf load_part_as(int64_t type, const void* p, int64_t i, int64_t n) {
    if (type == F32) return load_part_f32((const float*)p + i, n);
    if (type == F16) return load_part_f16((const half_t*)p + i, n);
    return load_part_bf16((const bfloat_t*)p + i, n);
}

// n elements, zeros for the rest; n <= 0 reads nothing.
INLINE vf load_upto(int64_t type, const void* p, int64_t i, int64_t n) {
    return n >= VL ? load_as(type, p, i) : n > 0 ? load_part_as(type, p, i, n) : vzero();
}

INLINE void store_as(int64_t type, void* p, int64_t i, vf v) {
    if (type == F32) store_f32((float*)p + i, v);
    else if (type == F16) store_f16((half_t*)p + i, v);
    else store_bf16((bfloat_t*)p + i, v);
}

INLINE void store_part_as(int64_t type, void* p, int64_t i, vf v, int64_t n) {
    if (type == F32) store_part_f32((float*)p + i, v, n);
    else if (type == F16) store_part_f16((half_t*)p + i, v, n);
    else store_part_bf16((bfloat_t*)p + i, v, n);
}

INLINE void store_upto(int64_t type, void* p, int64_t i, vf v, int64_t n) {
    if (n >= VL) store_as(type, p, i, v);
    else if (n > 0) store_part_as(type, p, i, v, n);
}

// CALL(type) with a constant, so that the inlined body is compiled for each type.
#define BY_TYPE(type, CALL)            \
    switch (type) {                    \
        case F32: CALL(F32); break;    \
        case F16: CALL(F16); break;    \
        default: CALL(BF16);           \
    }

// m rows are split evenly, never into a narrow last panel (512 = 31 x 14 + 6 x 13 instead of 36 x 14 + 8): panel p of
// ceil(m / MR) starts at row first_row(m, p).
INLINE int64_t row_panels(int64_t m) { return (m + MR - 1) / MR; }
INLINE int64_t first_row(int64_t m, int64_t p) {
    int64_t panels = row_panels(m), rows = m / panels, longer = m % panels;
    return p * rows + min_l(p, longer);
}

// Panel p of A, [k][rows of the panel] f32, or [ceil(k / 2)][rows] pairs of bf16 with a zero behind an odd k.
INLINE int64_t panel_steps(const gemm_t* g) { return g->pairs ? (g->k + 1) / 2 : g->k; }
__attribute__((visibility("hidden"))) void gemm_pack_panel(const gemm_t* g, int64_t p, float* panel);

INLINE vf madd(int64_t ordered, vf a, vf b, vf c) { return ordered ? vadd(vmul(a, b), c) : vfma(a, b, c); }
