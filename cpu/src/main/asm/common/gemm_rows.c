// Few rows of A (m = 1..4) times weights [n][k] in place: each weight row is read once, front to back, as one stream (two or four
// rows side by side were slower: 74 and 84 % of the read bandwidth instead of 95).
#include "gemm_finish.h"
#include "transpose.h"

// sums[i][j] = dot(row j, x[i]), with 8 accumulators whatever m is.
INLINE void rows_fast(int64_t type, int m, const gemm_t* g, int64_t j0, int64_t j1) {
    const int chains = m == 1 ? 8 : m == 2 ? 4 : 2;
    const int64_t k = g->k;
    for (int64_t j = j0; j < j1; j++) {
        int64_t at = j * g->ldb, i = 0;
        vf sum[4][8];
        UNROLLED for (int r = 0; r < m; r++) UNROLLED for (int c = 0; c < chains; c++) sum[r][c] = vzero();
        for (; i + chains * VL <= k; i += chains * VL) {
            UNROLLED for (int c = 0; c < chains; c++) {
                vf w = load_as(type, g->b, at + i + c * VL);
                UNROLLED for (int r = 0; r < m; r++) sum[r][c] = vfma(load_f32(g->a_panels + r * k + i + c * VL), w, sum[r][c]);
            }
        }
        for (; i < k; i += VL) {
            vf w = load_upto(type, g->b, at + i, k - i);
            UNROLLED for (int r = 0; r < m; r++) sum[r][0] = vfma(load_upto(F32, g->a_panels, r * k + i, k - i), w, sum[r][0]);
        }
        UNROLLED for (int r = 0; r < m; r++) {
            UNROLLED for (int half = chains / 2; half > 0; half /= 2)
                UNROLLED for (int c = 0; c < half; c++) sum[r][c] = vadd(sum[r][c], sum[r][c + half]);
            g->sums[r * g->ld_sums + j] = vsum(sum[r][0]);
        }
    }
}

// A lane is a run: VL runs of a weight row are turned in registers, so that every lane adds up its own run in order.
INLINE void rows_ordered(int64_t type, int m, const gemm_t* g, int64_t j0, int64_t j1) {
    const int64_t k = g->k, block = RUN * VL, stride = (k + block - 1) / block * block;
    for (int64_t j = j0; j < j1; j++) {
        int64_t at = j * g->ldb;
        float total[4] = {0, 0, 0, 0};
        for (int64_t base = 0; base < k; base += block) {
            vf sum[4];
            UNROLLED for (int r = 0; r < m; r++) sum[r] = vzero();
            for (int64_t h = 0; h < RUN; h += VL) {
                vf w[VL];
                if (base + block <= k) {
                    UNROLLED for (int l = 0; l < VL; l++) w[l] = load_as(type, g->b, at + base + l * RUN + h);
                } else {
                    UNROLLED for (int l = 0; l < VL; l++) w[l] = load_upto(type, g->b, at + base + l * RUN + h, k - (base + l * RUN + h));
                }
                transpose(w);
                UNROLLED for (int i = 0; i < VL; i++)
                    UNROLLED for (int r = 0; r < m; r++)
                        sum[r] = vadd(vmul(load_f32(g->a_panels + r * stride + base + (h + i) * VL), w[i]), sum[r]);
            }
            UNROLLED for (int r = 0; r < m; r++) {
                float run[VL];
                store_f32(run, sum[r]);
                UNROLLED for (int l = 0; l < VL; l++) total[r] += run[l];
            }
        }
        UNROLLED for (int r = 0; r < m; r++) g->sums[r * g->ld_sums + j] = total[r];
    }
}

INLINE void rows_as(int64_t type, const gemm_t* g, int64_t j0, int64_t j1) {
#define ROWS(KIND)                                      \
    switch (g->m) {                                     \
        case 1: KIND(type, 1, g, j0, j1); break;        \
        case 2: KIND(type, 2, g, j0, j1); break;        \
        case 3: KIND(type, 3, g, j0, j1); break;        \
        default: KIND(type, 4, g, j0, j1);              \
    }
    if (g->ordered) {
        ROWS(rows_ordered)
    } else {
        ROWS(rows_fast)
    }
#undef ROWS
}

// Weight rows [j0, j1), so columns of the result. a_panels holds each row of A as gemm_widen (fast) or gemm_runs (ordered) leaves
// it, one after the other. sums is given; add is 0.
ENTRY("pll>v") void gemm_rows(const gemm_t* g, int64_t j0, int64_t j1) {
#define ROWS(T) rows_as(T, g, j0, j1)
    BY_TYPE(g->b_type, ROWS)
#undef ROWS
    if (g->finish) gemm_finish(g, g->sums + j0, g->ld_sums, 0, g->m, j0, j1 - j0);
}
