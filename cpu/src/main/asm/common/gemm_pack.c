// Operands into the order in which the tiles read them.
#include "gemm.h"
#include "transpose.h"

// Up to 32 rows are read side by side, more streams than the hardware prefetches: 4 lines ahead saves a fifth of the packing.
INLINE void prefetch_ahead(const char* p) { __builtin_prefetch(p + 256, 0, 2); }

// Row l of the block [rows][VL] at element `at`, zeros beyond rows and columns, turned so that v[i] is column i.
INLINE void load_turned(vf* v, int64_t type, const void* p, int64_t at, int64_t ld, int64_t rows, int64_t cols) {
    if (rows >= VL && cols >= VL) {
        UNROLLED for (int l = 0; l < VL; l++) {
            prefetch_ahead((const char*)p + (at + l * ld) * element_bytes(type));
            v[l] = load_as(type, p, at + l * ld);
        }
    } else {
        UNROLLED for (int l = 0; l < VL; l++) {
            prefetch_ahead((const char*)p + (at + l * ld) * element_bytes(type));
            v[l] = l < rows ? load_upto(type, p, at + l * ld, cols) : vzero();
        }
    }
    transpose(v);
}

// Rows [0, deep) of the turned block, `width` elements each, ld apart.
INLINE void store_turned(const vf* v, int64_t type, void* p, int64_t at, int64_t ld, int64_t deep, int64_t width) {
    if (deep >= VL) {
        UNROLLED for (int i = 0; i < VL; i++) store_upto(type, p, at + i * ld, v[i], width);
    } else {
        UNROLLED for (int i = 0; i < VL; i++)
            if (i < deep) store_upto(type, p, at + i * ld, v[i], width);
    }
}

INLINE void pack_panel(int64_t type, const gemm_t* g, int64_t row, int64_t rows, float* panel) {
    for (int64_t r = 0; r < rows; r += VL) {
        int64_t width = min_l(VL, rows - r);
        for (int64_t k = 0; k < g->k; k += VL) {
            vf v[VL];
            load_turned(v, type, g->a, (row + r) * g->lda + k, g->lda, width, g->k - k);
            store_turned(v, F32, panel, k * rows + r, rows, g->k - k, width);
        }
    }
}

#if defined(__AVX512F__)
// A pair is moved as if it were one f32.
INLINE vf load_pairs(const bfloat_t* p, int64_t n) {
    __mmask32 there = n >= 2 * VL ? ~0u : _bzhi_u32(~0u, (uint32_t)n);
    return _mm512_castsi512_ps(_mm512_maskz_loadu_epi16(there, p));
}

INLINE void pack_pairs(const gemm_t* g, int64_t row, int64_t rows, float* panel) {
    const bfloat_t* a = (const bfloat_t*)g->a + row * g->lda;
    for (int64_t k = 0; k < g->k; k += 2 * VL) {
        vf v[VL];
        UNROLLED for (int l = 0; l < VL; l++) {
            prefetch_ahead((const char*)(a + l * g->lda + k));
            v[l] = l < rows ? load_pairs(a + l * g->lda + k, g->k - k) : vzero();
        }
        transpose(v);
        store_turned(v, F32, panel, k / 2 * rows, rows, (g->k - k + 1) / 2, rows);
    }
}
#else
INLINE void pack_pairs(const gemm_t* g, int64_t row, int64_t rows, float* panel) { (void)g, (void)row, (void)rows, (void)panel; }
#endif

void gemm_pack_panel(const gemm_t* g, int64_t p, float* panel) {
    int64_t row = first_row(g->m, p), rows = first_row(g->m, p + 1) - row;
    if (g->pairs) {
        pack_pairs(g, row, rows, panel);
        return;
    }
#define PACK(T) pack_panel(T, g, row, rows, panel)
    BY_TYPE(g->a_type, PACK)
#undef PACK
}

// A panels [p0, p1) into a_panels, one after the other: [ceil(m / MR)][k][rows of the panel].
ENTRY("pll>v") void gemm_pack_a(const gemm_t* g, int64_t p0, int64_t p1) {
    for (int64_t p = p0; p < p1; p++) gemm_pack_panel(g, p, g->a_panels + first_row(g->m, p) * panel_steps(g));
}

// [k][n] weights: eight panels at a time, so that a row is read in longer pieces, and what is read and written 16 rows ahead into the
// cache: 36 -> 55 to 66 GB/s against four panels and no prefetch of what is written; 16 panels are slower again. A 16-bit number
// survives the way through f32 unchanged.
#define PANELS_TOGETHER 8
INLINE void pack_b_columns(int64_t type, int64_t panel_type, const gemm_t* g, int64_t j0, int64_t j1) {
    for (int64_t k = 0; k < g->k; k++)
        for (int64_t j = j0; j < j1; j++) {
            int64_t col = j * NR, cols = g->n - col;
            char* panel = (char*)g->b_panels + j * g->panel_bytes;
            UNROLLED for (int64_t c = 0; c < NR; c += VL) {
                __builtin_prefetch((const char*)g->b + ((k + 16) * g->ldb + col + c) * element_bytes(type), 0, 3);
                vf v = load_upto(type, g->b, k * g->ldb + col + c, cols - c);
                __builtin_prefetch(panel + ((k + 16) * NR + c) * element_bytes(panel_type), 1, 3);
                store_as(panel_type, panel, k * NR + c, v);
            }
        }
}

// [n][k] weights: turned VL by VL.
INLINE void pack_b_rows(int64_t type, int64_t panel_type, const gemm_t* g, int64_t j) {
    int64_t row = j * NR, rows = min_l(NR, g->n - row);
    char* panel = (char*)g->b_panels + j * g->panel_bytes;
    for (int64_t k = 0; k < g->k; k += VL) {
        for (int64_t r = 0; r < NR; r += VL) {
            vf v[VL];
            load_turned(v, type, g->b, (row + r) * g->ldb + k, g->ldb, rows - r, g->k - k);
            store_turned(v, panel_type, panel, k * NR + r, NR, g->k - k, VL);
        }
    }
}

INLINE void pack_b(int64_t type, int64_t panel_type, const gemm_t* g, int64_t j0, int64_t j1) {
    if (g->b_by_rows) {
        for (int64_t j = j0; j < j1; j++) pack_b_rows(type, panel_type, g, j);
    } else {
        for (int64_t j = j0; j < j1; j += PANELS_TOGETHER) pack_b_columns(type, panel_type, g, j, min_l(j + PANELS_TOGETHER, j1));
    }
}

// B panels [j0, j1).
ENTRY("pll>v") void gemm_pack_b(const gemm_t* g, int64_t j0, int64_t j1) {
#define PACK(T) pack_b(T, F32, g, j0, j1)
#define PACK_SAME(T) pack_b(T, T, g, j0, j1)
    if (g->panel_type == F32) {
        BY_TYPE(g->b_type, PACK)
    } else {
        BY_TYPE(g->b_type, PACK_SAME)
    }
#undef PACK
#undef PACK_SAME
}

INLINE void widen(int64_t type, const void* x, float* out, int64_t n) {
    for (int64_t i = 0; i < n; i += VL) store_upto(F32, out, i, load_upto(type, x, i, n - i), n - i);
}

// out[0..n) = x, in f32.
ENTRY("plpl>v") void gemm_widen(const void* x, int64_t type, float* out, int64_t n) {
#define WIDEN(T) widen(T, x, out, n)
    BY_TYPE(type, WIDEN)
#undef WIDEN
}

INLINE void runs(int64_t type, const void* x, float* out, int64_t k) {
    for (int64_t base = 0; base < k; base += RUN * VL, out += RUN * VL)
        for (int64_t h = 0; h < RUN; h += VL) {
            vf v[VL];
            UNROLLED for (int l = 0; l < VL; l++) v[l] = load_upto(type, x, base + l * RUN + h, k - (base + l * RUN + h));
            transpose(v);
            UNROLLED for (int i = 0; i < VL; i++) store_f32(out + (h + i) * VL, v[i]);
        }
}

// x[0..k) as ordered gemm_rows reads it: for each VL runs [RUN][VL], lane = run, zeros beyond k. Writes RUN * VL floats for
// each RUN * VL begun.
ENTRY("plpl>v") void gemm_runs(const void* x, int64_t type, float* out, int64_t k) {
#define RUNS(T) runs(T, x, out, k)
    BY_TYPE(type, RUNS)
#undef RUNS
}
