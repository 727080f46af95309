// Few rows of A (m = 1..4) times weights [n][k] in place, each weight row front to back.
#include "gemm_finish.h"
#include "transpose.h"






#define AHEAD 6144   // bytes; 128 apart loads of 16 runs are no stream to the hardware: 10 GB/s without, 29 with it
#define SIDE (VL == 8 ? 2 : 4)

// sums[i][j + q] = dot(row j + q, x[i]) for q < side. One row of A: one weight row at a time, because a single stream is read
// fastest (two side by side 74 % of the read bandwidth, one 97 %), with 8 chains. More rows of A no longer stay in L1: four
// (AVX2: two) weight rows share each load of them.
INLINE void rows_fast(int64_t type, int m, int side, const gemm_t* g, int64_t j) {
    const int chains = m == 1 ? 8 : m == 2 ? 2 : 1;  // of m alone: a row has the same sum whatever stands beside it
    // Bytes; measured: one stream of f32 needs none, one of 16 bits gains 5 %, four streams 20 to 35 %.
    const int64_t k = g->k, ahead = m == 1 ? (type == F32 ? 0 : 4096) : m == 2 ? 0 : 1024;
    int64_t i = 0;
    vf sum[4][4][8];
    UNROLLED for (int r = 0; r < m; r++) UNROLLED for (int q = 0; q < side; q++) UNROLLED for (int c = 0; c < chains; c++) sum[r][q][c] = vzero();
    for (; i + chains * VL <= k; i += chains * VL) {
        UNROLLED for (int c = 0; c < chains; c++) {
            vf x[4];
            UNROLLED for (int r = 0; r < m; r++) x[r] = load_f32(g->a_panels + r * k + i + c * VL);
            UNROLLED for (int q = 0; q < side; q++) {
                if (ahead) __builtin_prefetch((const char*)g->b + ((j + q) * g->ldb + i + c * VL) * element_bytes(type) + ahead, 0, 3);
                vf w = load_as(type, g->b, (j + q) * g->ldb + i + c * VL);
                UNROLLED for (int r = 0; r < m; r++) sum[r][q][c] = vfma(x[r], w, sum[r][q][c]);
            }
        }
    }
    for (; i < k; i += VL) {
        UNROLLED for (int q = 0; q < side; q++) {
            vf w = load_upto(type, g->b, (j + q) * g->ldb + i, k - i);
            UNROLLED for (int r = 0; r < m; r++) sum[r][q][0] = vfma(load_upto(F32, g->a_panels, r * k + i, k - i), w, sum[r][q][0]);
        }
    }
    UNROLLED for (int r = 0; r < m; r++) UNROLLED for (int q = 0; q < side; q++) {
        UNROLLED for (int half = chains / 2; half > 0; half /= 2)
            UNROLLED for (int c = 0; c < half; c++) sum[r][q][c] = vadd(sum[r][q][c], sum[r][q][c + half]);
        g->sums[r * g->ld_sums + j + q] = vsum(sum[r][q][0]);
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
                    UNROLLED for (int l = 0; l < VL; l++) {
                        __builtin_prefetch((const char*)g->b + (at + base + l * RUN + h) * element_bytes(type) + AHEAD, 0, 3);
                        w[l] = load_as(type, g->b, at + base + l * RUN + h);
                    }
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
    int64_t j = j0;
    if (g->ordered) {
        switch (g->m) {
            case 1: rows_ordered(type, 1, g, j0, j1); break;
            case 2: rows_ordered(type, 2, g, j0, j1); break;
            case 3: rows_ordered(type, 3, g, j0, j1); break;
            default: rows_ordered(type, 4, g, j0, j1);
        }
        return;
    }
    switch (g->m) {
        case 1: for (; j < j1; j++) rows_fast(type, 1, 1, g, j); break;
        case 2:
            for (; j + SIDE <= j1; j += SIDE) rows_fast(type, 2, SIDE, g, j);
            for (; j < j1; j++) rows_fast(type, 2, 1, g, j);
            break;
        case 3:
            for (; j + SIDE <= j1; j += SIDE) rows_fast(type, 3, SIDE, g, j);
            for (; j < j1; j++) rows_fast(type, 3, 1, g, j);
            break;
        default:
            for (; j + SIDE <= j1; j += SIDE) rows_fast(type, 4, SIDE, g, j);
            for (; j < j1; j++) rows_fast(type, 4, 1, g, j);
    }
}

// Weight rows [j0, j1), so columns of the result. a_panels holds each row of A as gemm_widen (fast) or gemm_runs (ordered) leaves
// it, one after the other. sums is given; add is 0.
ENTRY("pll>v") void gemm_rows(const gemm_t* g, int64_t j0, int64_t j1) {
#define ROWS(T) rows_as(T, g, j0, j1)
    BY_TYPE(g->b_type, ROWS)
#undef ROWS
    if (g->finish) gemm_finish(g, g->sums + j0, g->ld_sums, 0, g->m, j0, j1 - j0);
}
