// Few rows of A (m = 1..4) times weights [k][n] in place: rows of B, each times one number, are added up.
#include "gemm_finish.h"






#define AHEAD 1024   // bytes: the next strips of the same rows, which the hardware does not expect; 25 to 27 GB/s

// Runs of RUN rows of B at a time: a strip of columns is added up in registers, then added to the sums in memory. Fast and
// ordered differ in the rounding of the product only.
INLINE void columns(int64_t type, int m, int64_t ordered, const gemm_t* g, int64_t c0, int64_t c1) {
    const int most = VL == 8 ? 8 : 16, strip = m == 1 ? 8 : m == 2 ? most / 2 : most / 4;  // vectors of columns in registers
    for (int64_t base = 0; base < g->k; base += RUN) {
        int64_t deep = min_l(RUN, g->k - base);
        for (int64_t col = c0; col < c1; col += strip * VL) {
            int64_t left = c1 - col;
            vf sum[4][8];
            UNROLLED for (int r = 0; r < m; r++) UNROLLED for (int s = 0; s < strip; s++) sum[r][s] = vzero();
            for (int64_t i = base; i < base + deep; i++) {
                vf w[8];
                if (left >= strip * VL) {
                    UNROLLED for (int s = 0; s < strip; s++) {
                        if (AHEAD) __builtin_prefetch((const char*)g->b + (i * g->ldb + col + s * VL) * element_bytes(type) + AHEAD, 0, 3);
                        w[s] = load_as(type, g->b, i * g->ldb + col + s * VL);
                    }
                } else {
                    UNROLLED for (int s = 0; s < strip; s++) w[s] = load_upto(type, g->b, i * g->ldb + col + s * VL, left - s * VL);
                }
                UNROLLED for (int r = 0; r < m; r++) {
                    vf x = vset(g->a_panels[r * g->k + i]);
                    UNROLLED for (int s = 0; s < strip; s++) sum[r][s] = madd(ordered, x, w[s], sum[r][s]);
                }
            }
            UNROLLED for (int r = 0; r < m; r++) UNROLLED for (int s = 0; s < strip; s++) {
                int64_t at = r * g->ld_sums + col + s * VL, n = left - s * VL;
                vf total = base == 0 ? vzero() : load_upto(F32, g->sums, at, n);
                store_upto(F32, g->sums, at, vadd(total, sum[r][s]), n);
            }
        }
    }
}

INLINE void columns_as(int64_t type, int64_t ordered, const gemm_t* g, int64_t c0, int64_t c1) {
    switch (g->m) {
        case 1: columns(type, 1, ordered, g, c0, c1); break;
        case 2: columns(type, 2, ordered, g, c0, c1); break;
        case 3: columns(type, 3, ordered, g, c0, c1); break;
        default: columns(type, 4, ordered, g, c0, c1);
    }
}

// Columns [c0, c1) of B. a_panels holds A as gemm_widen leaves it, one row after the other. sums is given; add is 0, k > 0.
ENTRY("pll>v") void gemm_columns(const gemm_t* g, int64_t c0, int64_t c1) {
#define COLUMNS(T) columns_as(T, 0, g, c0, c1)
#define COLUMNS_ORDERED(T) columns_as(T, 1, g, c0, c1)
    if (g->ordered) {
        BY_TYPE(g->b_type, COLUMNS_ORDERED)
    } else {
        BY_TYPE(g->b_type, COLUMNS)
    }
#undef COLUMNS
#undef COLUMNS_ORDERED
    if (g->finish) gemm_finish(g, g->sums + c0, g->ld_sums, 0, g->m, c0, c1 - c0);
}
