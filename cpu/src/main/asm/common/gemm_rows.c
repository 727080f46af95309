// Few rows of A (m = 1..4) times weights [n][k] in place, each weight row front to back.
#include "gemm_finish.h"
#include "transpose.h"

#define AHEAD 6144   // bytes; 128 apart loads of 16 runs are no stream to the hardware: 10 GB/s without, 29 with it
#define SIDE (VL == 8 ? 2 : 4)

// One weight row is a stream from memory. What counts on Zen 5, in percent of the read bandwidth of one core, f32 / bf16:
// - Loads in ascending order, no load instruction back within 2 KB: 66 -> 83 / 60.
// - A touch of what comes far later, once in 1024 bytes, has the address translated in time: 83 -> 95 / 60 -> 68. Hosts back the
//   huge pages of a guest with 4 KB pages, and hardware prefetches stop at their end. f32 with 4 KB a turn: 98 to 102.
// - 16 bits take nine instructions a line, so the processor looks only 3 KB ahead: bursts of four lines 6 KB ahead, 68 -> 90 to
//   95; bursts of 8 or 16, or 3 KB ahead, 82 to 90. f32 loses by them.
#define CHAINS 8
#if defined(__x86_64__)
#define TURN(type) ((type) == F32 ? 4096 : 1024)  // bytes
#else
#define TURN(type) (CHAINS * VL * element_bytes(type))  // not measured; 4 KB spill registers
#endif
#define TOUCH 1024
#define TOUCH_AHEAD 32768
#define BURST 256
#define BURST_AHEAD 6144

#if defined(__AVX512F__)
#define IN_REGISTER "+v"
#elif defined(__x86_64__)
#define IN_REGISTER "+x"
#else
#define IN_REGISTER "+w"
#endif
// The compiler must not change the order of loads.
INLINE vf in_order(vf v) {
    __asm__ volatile("" : IN_REGISTER(v) : : "memory");
    return v;
}

INLINE void prefetch_row(int64_t type, const char* w, int64_t at) {
    if (at % TOUCH == 0) __builtin_prefetch(w + TOUCH_AHEAD, 0, 3);
    if (type != F32 && at % BURST == 0) UNROLLED for (int64_t b = 0; b < BURST; b += 64) __builtin_prefetch(w + BURST_AHEAD + b, 0, 3);
}

// Two vectors from w on; 16-bit ones of AVX-512 are one line, so one load.
INLINE void load_two(int64_t type, const char* w, vf v[2]) {
#if defined(__AVX512F__)
    if (type != F32) {
        __m512i line = _mm512_castps_si512(in_order(_mm512_loadu_ps(w)));
        __m256i low = _mm512_castsi512_si256(line), high = _mm512_extracti64x4_epi64(line, 1);
        v[0] = type == F16 ? _mm512_cvtph_ps(low) : widen_bf16(low);
        v[1] = type == F16 ? _mm512_cvtph_ps(high) : widen_bf16(high);
        return;
    }
#endif
    v[0] = in_order(load_as(type, w, 0));
    v[1] = in_order(load_as(type, w, VL));
}

// CHAINS vectors of a weight row from w on, `at` bytes into a turn.
INLINE void row_step(int64_t type, const float* x, const char* w, int64_t at, vf sum[CHAINS]) {
    UNROLLED for (int c = 0; c < CHAINS; c += 2) {
        vf v[2];
        int64_t vector = c * VL * element_bytes(type);
        prefetch_row(type, w + vector, at + vector);
        load_two(type, w + vector, v);
        UNROLLED for (int h = 0; h < 2; h++) sum[c + h] = vfma(load_f32(x + (c + h) * VL), v[h], sum[c + h]);
    }
}

INLINE float add_chains(vf* sum, int chains) {
    UNROLLED for (int half = chains / 2; half > 0; half /= 2)
        UNROLLED for (int c = 0; c < half; c++) sum[c] = vadd(sum[c], sum[c + half]);
    return vsum(sum[0]);
}

// One row of A: one weight row at a time, because a single stream is read fastest (two side by side 74 %, one 97 %).
INLINE void row_fast(int64_t type, const gemm_t* g, int64_t j) {
    const int64_t k = g->k, bytes = element_bytes(type), step = CHAINS * VL, turn = TURN(type) / bytes;
    const float* x = g->a_panels;
    const char* w = (const char*)g->b + j * g->ldb * bytes;
    vf sum[CHAINS];
    UNROLLED for (int c = 0; c < CHAINS; c++) sum[c] = vzero();
    int64_t i = 0;
    for (; i + turn <= k; i += turn)
        UNROLLED for (int64_t s = 0; s < turn; s += step) row_step(type, x + i + s, w + (i + s) * bytes, s * bytes, sum);
    for (; i + step <= k; i += step) row_step(type, x + i, w + i * bytes, 0, sum);
    for (; i < k; i += VL) sum[0] = vfma(load_upto(F32, x, i, k - i), load_upto(type, w, i, k - i), sum[0]);
    g->sums[j] = add_chains(sum, CHAINS);
}

// sums[i][j + q] = dot(row j + q, x[i]) for q < side. Several rows of A no longer stay in L1: four (AVX2: two) weight rows share
// each load of them.
INLINE void rows_fast(int64_t type, int m, int side, const gemm_t* g, int64_t j) {
    const int chains = m == 2 ? 2 : 1;  // of m alone: a row has the same sum whatever stands beside it
    // Bytes; measured: two streams need none, four gain 20 to 35 %.
    const int64_t k = g->k, ahead = m == 2 ? 0 : 1024;
    int64_t i = 0;
    vf sum[4][4][2];
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
    UNROLLED for (int r = 0; r < m; r++)
        UNROLLED for (int q = 0; q < side; q++) g->sums[r * g->ld_sums + j + q] = add_chains(sum[r][q], chains);
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
        case 1: for (; j < j1; j++) row_fast(type, g, j); break;
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
