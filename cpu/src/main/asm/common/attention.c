// Attention with an online softmax (Dao et al., 2022) over contiguous or paged keys: tiles of TILE keys, blocks of BLOCK rows.
// Every row sees the same tiles and the same order of sums whatever else is in its block, so results do not depend on how Java
// divides the rows. Keys that a row does not see are never multiplied in, whatever they hold.
#include "attention.h"

typedef struct {
    float top, sum;  // running maximum and sum of the weights
} state_t;

// c[r][0..width) (+)= sum over j of a[r][j] * B(j), for `rows` constant: the register block of both products.
#define BLOCK_PRODUCT(rows, wide, start, count, a, a_stride, B, c, c_stride)                         \
    do {                                                                                             \
        vf s_[rows][wide];                                                                           \
        UNROLLED for (int r_ = 0; r_ < (rows); r_++) {                                               \
            UNROLLED for (int w_ = 0; w_ < (wide); w_++) s_[r_][w_] = start((c) + r_ * (c_stride) + w_ * VL); \
        }                                                                                            \
        for (int64_t j_ = 0; j_ < (count); j_++) {                                                   \
            vf b_[wide];                                                                             \
            UNROLLED for (int w_ = 0; w_ < (wide); w_++) b_[w_] = B(j_, w_ * VL);                    \
            UNROLLED for (int r_ = 0; r_ < (rows); r_++) {                                           \
                vf x_ = vset((a)[r_ * (a_stride) + j_]);                                             \
                UNROLLED for (int w_ = 0; w_ < (wide); w_++) s_[r_][w_] = vfma(x_, b_[w_], s_[r_][w_]); \
            }                                                                                        \
        }                                                                                            \
        UNROLLED for (int r_ = 0; r_ < (rows); r_++) {                                               \
            UNROLLED for (int w_ = 0; w_ < (wide); w_++) vstore((c) + r_ * (c_stride) + w_ * VL, s_[r_][w_]); \
        }                                                                                            \
    } while (0)
#define FROM_ZERO(p) vzero()
#define FROM_MEMORY(p) vload(p)

// s[r][0..TILE) = q[r] . turned keys
#define TURNED_KEY(d, lane) vload(turned + (d) * TILE + at + (lane))
#define SCORES(rows)                                                                                                   \
    NOINLINE void scores_##rows(const float* q, const float* turned, float* s, int64_t dim) {                          \
        for (int64_t at = 0; at < TILE; at += WIDE * VL)                                                               \
            BLOCK_PRODUCT(rows, WIDE, FROM_ZERO, dim, q, dim, TURNED_KEY, s + at, TILE);                               \
    }
SCORES(1) SCORES(2) SCORES(3) SCORES(4) SCORES(5) SCORES(6)

INLINE void scores(int64_t rows, const float* q, const float* turned, float* s, int64_t dim) {
    switch (rows) {
        case 1: scores_1(q, turned, s, dim); break;
        case 2: scores_2(q, turned, s, dim); break;
        case 3: scores_3(q, turned, s, dim); break;
        case 4: scores_4(q, turned, s, dim); break;
        case 5: scores_5(q, turned, s, dim); break;
        default: scores_6(q, turned, s, dim);
    }
}

// The row of queries, scaled; dim floats.
INLINE void copy_scaled(const float* x, float* out, int64_t dim, float scale) {
    vf factor = vset(scale);
    int64_t i = 0;
    for (; i + VL <= dim; i += VL) vstore(out + i, vmul(vload(x + i), factor));
    if (i < dim) store_part_f32(out + i, vmul(load_part_f32(x + i, dim - i), factor), dim - i);
}

// Scores of a tile to weights: the maximum moves, what was summed so far shrinks with it. n keys of the tile are seen. Returns
// whether a score among them is -inf: such a key is passed over, even if its value is NaN.
INLINE int weigh(float* s, int64_t n, const float* mask, state_t* state, float* result, int64_t dim) {
    vf v[TILE / VL], low = vset(-__builtin_inff()), top = low, bottom = vzero(), sum = vzero();
    UNROLLED for (int i = 0; i < TILE / VL; i++) {
        int64_t lanes = max_l(0, min_l(VL, n - i * VL));
        v[i] = vload(s + i * VL);
        if (mask && lanes > 0) v[i] = vadd(v[i], lanes == VL ? vload(mask + i * VL) : load_part_f32(mask + i * VL, lanes));
        v[i] = vselect(vpart(lanes), v[i], low);
        top = vmax(v[i], top);
        bottom = vmin(vselect(vpart(lanes), v[i], vzero()), bottom);
    }
    float before = state->top, after = vmax_lane(top);
    if (before > after) after = before;
    state->top = after;
    vf shift = vset(after == -__builtin_inff() ? 0.0f : after);
    UNROLLED for (int i = 0; i < TILE / VL; i++) {
        v[i] = vexp(vsub(v[i], shift));
        sum = vadd(sum, v[i]);
        vstore(s + i * VL, v[i]);
    }
    if (after > before) {
        float keep = vfirst(vexp(vset(before - after)));
        state->sum *= keep;
        copy_scaled(result, result, dim, keep);
    }
    state->sum += vsum(sum);
    return vany(vless(bottom, vset(-__FLT_MAX__)));
}

// out = result / sum, log-sum-exp = top + log(sum); zeros and -inf where nothing is seen.
INLINE void finish(const attention_t* a, int64_t row, const float* result, const state_t* state) {
    int64_t query = row / a->group, head = row % a->group;
    float* out = a->out + query * a->query_stride + head * a->head_stride;
    copy_scaled(result, out, a->head_dim, state->sum == 0.0f ? 0.0f : 1.0f / state->sum);
    if (a->lse == 0) return;
    float lse = state->sum == 0.0f   ? -__builtin_inff()
                : state->sum != state->sum ? state->sum
                                           : (float)((double)state->top + log_of((double)state->sum));
    a->lse[query * a->lse_query_stride + head * a->lse_head_stride] = lse;
}


// What depends on the type of the cache.
#define ATTENTION(T)                                                                                                        \
    /* Keys to columns: turned[d][j]. */                                                                                    \
    NOINLINE void turn_##T(const TYPE(T) * const* k, int64_t count, float* turned, int64_t dim) {                           \
        for (int64_t j = 0; j < count; j += VL)                                                                             \
            for (int64_t d = 0; d < dim; d += VL) {                                                                         \
                vf r[VL];                                                                                                   \
                int64_t lanes = min_l(VL, dim - d);                                                                         \
                if (lanes == VL) {                                                                                          \
                    UNROLLED for (int i = 0; i < VL; i++) r[i] = LOAD(T, k[j + i] + d);                                     \
                } else {                                                                                                    \
                    UNROLLED for (int i = 0; i < VL; i++) r[i] = LOAD_PART(T, k[j + i] + d, lanes);                         \
                }                                                                                                           \
                vtranspose(r);                                                                                              \
                for (int i = 0; i < lanes; i++) vstore(turned + (d + i) * TILE + j, r[i]);                                  \
            }                                                                                                               \
    }                                                                                                                       \
    /* One row: VL products side by side, then their sums. Reads every key once; for few rows. */                          \
    NOINLINE void dots_##T(const float* q, const TYPE(T) * const* k, int64_t count, float* s, int64_t dim) {                \
        for (int64_t j = 0; j < count; j += VL) {                                                                           \
            vf r[VL];                                                                                                       \
            UNROLLED for (int i = 0; i < VL; i++) r[i] = vzero();                                                           \
            int64_t d = 0;                                                                                                  \
            for (; d + VL <= dim; d += VL) {                                                                                \
                vf x = vload(q + d);                                                                                        \
                UNROLLED for (int i = 0; i < VL; i++) r[i] = vfma(x, LOAD(T, k[j + i] + d), r[i]);                          \
            }                                                                                                               \
            if (d < dim) {                                                                                                  \
                vf x = load_part_f32(q + d, dim - d);                                                                       \
                UNROLLED for (int i = 0; i < VL; i++) r[i] = vfma(x, LOAD_PART(T, k[j + i] + d, dim - d), r[i]);            \
            }                                                                                                               \
            vstore(s + j, vsums(r));                                                                                        \
        }                                                                                                                   \
    }                                                                                                                       \
    VALUES(T, 1) VALUES(T, 2) VALUES(T, 3) VALUES(T, 4) VALUES(T, 5) VALUES(T, 6)                                           \
    INLINE void values_##T(int64_t rows, const float* w, const TYPE(T) * const* v, int64_t n, float* result, int64_t dim) { \
        switch (rows) {                                                                                                     \
            case 1: values_##T##_1(w, v, n, result, dim); break;                                                            \
            case 2: values_##T##_2(w, v, n, result, dim); break;                                                            \
            case 3: values_##T##_3(w, v, n, result, dim); break;                                                            \
            case 4: values_##T##_4(w, v, n, result, dim); break;                                                            \
            case 5: values_##T##_5(w, v, n, result, dim); break;                                                            \
            default: values_##T##_6(w, v, n, result, dim);                                                                  \
        }                                                                                                                   \
    }                                                                                                                       \
    /* One row, without the keys of weight 0. */                                                                            \
    NOINLINE void values_seen_##T(const float* w, const TYPE(T) * const* v, int64_t n, float* result, int64_t dim) {        \
        float seen_w[TILE];                                                                                                 \
        const TYPE(T)* seen_v[TILE];                                                                                        \
        int64_t seen = 0;                                                                                                   \
        for (int64_t j = 0; j < n; j++)                                                                                     \
            if (w[j] != 0.0f) seen_w[seen] = w[j], seen_v[seen++] = v[j];                                                   \
        values_##T##_1(seen_w, seen_v, seen, result, dim);                                                                  \
    }                                                                                                                       \
    /* One tile for the rows from..to of the block. */                                                                      \
    NOINLINE void tile_##T(const attention_t* a, int64_t from, int64_t to, int64_t first, int64_t count, state_t* state) {  \
        const TYPE(T)* k[TILE];                                                                                             \
        const TYPE(T)* v[TILE];                                                                                             \
        int64_t n[BLOCK], dim = a->head_dim, rows = to - from;                                                              \
        float *q = SCRATCH_QUERIES(a), *result = SCRATCH_RESULTS(a), *turned = SCRATCH_KEYS(a), *w = SCRATCH_WEIGHTS(a);    \
        for (int64_t j = 0; j < TILE; j++) { /* the last key fills up what is computed but not seen */                      \
            int64_t at = element_of_key(a, first + min_l(j, count - 1));                                                    \
            k[j] = (const TYPE(T)*)a->k + at, v[j] = (const TYPE(T)*)a->v + at;                                             \
        }                                                                                                                   \
        for (int64_t r = 0; r < rows; r++) n[r] = max_l(0, min_l(count, seen_by(a, from + r) - first));                     \
        int64_t start = 0;                                                                                                  \
        while (start < rows && n[start] == 0) start++;                                                                      \
        if (a->all_rows < 8) {                                                                                              \
            for (int64_t r = start; r < rows; r++) dots_##T(q + r * dim, k, count, w + r * TILE, dim);                      \
        } else {                                                                                                            \
            turn_##T(k, count, turned, dim);                                                                                \
            for (int64_t r = start; r < rows; r += PANEL) scores(rows - r, q + r * dim, turned, w + r * TILE, dim);         \
        }                                                                                                                   \
        for (int64_t r = start; r < rows; r++) {                                                                            \
            const float* mask = a->mask ? a->mask + (from + r) / a->group * a->mask_stride + first : 0;                     \
            if (weigh(w + r * TILE, n[r], mask, state + r, result + r * dim, dim)) {                                        \
                values_seen_##T(w + r * TILE, v, n[r], result + r * dim, dim);                                              \
                n[r] = 0;                                                                                                   \
            }                                                                                                               \
        }                                                                                                                   \
        for (int64_t r = start, same; r < rows; r += same) {                                                                \
            for (same = 1; same < PANEL && r + same < rows && n[r + same] == n[r];) same++;                                 \
            if (n[r] > 0) values_##T(same, w + r * TILE, v, n[r], result + r * dim, dim);                                                 \
        }                                                                                                                   \
    }                                                                                                                       \
    ENTRY("pf>v") void attention_##T(const attention_t* a, float scale) {                                                   \
        for (int64_t from = a->first_row; from < a->last_row; from += BLOCK) {                                              \
            int64_t to = min_l(from + BLOCK, a->last_row), dim = a->head_dim, limit = seen_by(a, to - 1);                   \
            state_t state[BLOCK];                                                                                           \
            for (int64_t r = from; r < to; r++) {                                                                           \
                const float* q = a->q + r / a->group * a->query_stride + r % a->group * a->head_stride;                     \
                copy_scaled(q, SCRATCH_QUERIES(a) + (r - from) * dim, dim, scale);                                          \
                for (int64_t d = 0; d < dim; d++) SCRATCH_RESULTS(a)[(r - from) * dim + d] = 0.0f;                          \
                state[r - from] = (state_t){-__builtin_inff(), 0.0f};                                                       \
            }                                                                                                               \
            for (int64_t first = 0; first < limit; first += TILE)                                                           \
                tile_##T(a, from, to, first, min_l(TILE, limit - first), state);                                            \
            for (int64_t r = from; r < to; r++) finish(a, r, SCRATCH_RESULTS(a) + (r - from) * dim, &state[r - from]);      \
        }                                                                                                                   \
    }

// result[r] += weights[r] . values, n keys
#define VALUE_OF(T) VALUE_##T
#define VALUE_f32(j, lane) LOAD(f32, v[j] + at + (lane))
#define VALUE_f16(j, lane) LOAD(f16, v[j] + at + (lane))
#define VALUE_bf16(j, lane) LOAD(bf16, v[j] + at + (lane))
#define VALUES(T, rows)                                                                                                     \
    NOINLINE void values_##T##_##rows(const float* w, const TYPE(T) * const* v, int64_t n, float* result, int64_t dim) {    \
        int64_t at = 0;                                                                                                     \
        for (; at + WIDE * VL <= dim; at += WIDE * VL)                                                                      \
            BLOCK_PRODUCT(rows, WIDE, FROM_MEMORY, n, w, TILE, VALUE_OF(T), result + at, dim);                              \
        for (; at + VL <= dim; at += VL) BLOCK_PRODUCT(rows, 1, FROM_MEMORY, n, w, TILE, VALUE_OF(T), result + at, dim);    \
        int64_t lanes = dim - at;                                                                                           \
        if (lanes == 0) return;                                                                                             \
        for (int r = 0; r < (rows); r++) {                                                                                  \
            vf s = load_part_f32(result + r * dim + at, lanes);                                                             \
            for (int64_t j = 0; j < n; j++) s = vfma(vset(w[r * TILE + j]), LOAD_PART(T, v[j] + at, lanes), s);             \
            store_part_f32(result + r * dim + at, s, lanes);                                                                \
        }                                                                                                                   \
    }

ATTENTION(f32)
ATTENTION(f16)
ATTENTION(bf16)
