// Attention with an online softmax (Dao et al., 2022) over contiguous or paged keys: tiles of TILE keys, blocks of BLOCK rows.
// Every row sees the same tiles and the same order of sums whatever else is in its block, so results do not depend on how Java
// divides the rows. Keys that a row does not see are never multiplied in, whatever they hold.
#include "attention.h"

typedef struct {
    float top, sum;  // running maximum and sum of the weights
} state_t;

// c[r][0..wide vectors) += sum over j of a[r][j] * B(j), for constants rows and wide: a block of registers.
#define BLOCK_PRODUCT(rows, wide, count, a, a_stride, B, each, c, c_stride)                          \
    do {                                                                                             \
        vf s_[rows][wide];                                                                           \
        UNROLLED for (int r_ = 0; r_ < (rows); r_++) {                                               \
            UNROLLED for (int w_ = 0; w_ < (wide); w_++) s_[r_][w_] = vload((c) + r_ * (c_stride) + w_ * VL); \
        }                                                                                            \
        for (int64_t j_ = 0; j_ < (count); j_++) {                                                   \
            each(j_, wide);                                                                          \
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
#define NOTHING(j, wide) (void)0

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

// Queries into scratch, scaled; results and states empty. Row r of head h has slot h * (to - from) + r - from.
NOINLINE void begin(const attention_t* a, int64_t from, int64_t to, float scale, state_t* state) {
    int64_t slot = 0, dim = a->head_dim;
    for (int64_t h = 0; h < a->kv_heads; h++)
        for (int64_t r = from; r < to; r++, slot++) {
            const float* q = a->q + r / a->group * a->query_stride + (h * a->group + r % a->group) * a->head_stride;
            copy_scaled(q, SCRATCH_QUERIES(a) + slot * dim, dim, scale);
            for (int64_t d = 0; d < dim; d++) SCRATCH_RESULTS(a)[slot * dim + d] = 0.0f;
            state[slot] = (state_t){-__builtin_inff(), 0.0f};
        }
}

// top + log(sum); -inf where nothing is seen.
INLINE float log_sum_exp(state_t s) {
    if (s.sum == 0.0f) return -__builtin_inff();
    return s.sum != s.sum ? s.sum : (float)((double)s.top + log_of((double)s.sum));
}

// out = result / sum, zeros where nothing is seen.
NOINLINE void finish(const attention_t* a, int64_t from, int64_t to, const state_t* state) {
    int64_t slot = 0, dim = a->head_dim;
    for (int64_t h = 0; h < a->kv_heads; h++)
        for (int64_t r = from; r < to; r++, slot++) {
            int64_t query = r / a->group, head = h * a->group + r % a->group;
            float* out = a->out + query * a->query_stride + head * a->head_stride;
            copy_scaled(SCRATCH_RESULTS(a) + slot * dim, out, dim, state[slot].sum == 0.0f ? 0.0f : 1.0f / state[slot].sum);
            if (a->lse) a->lse[query * a->lse_query_stride + head * a->lse_head_stride] = log_sum_exp(state[slot]);
        }
}

// With fewer rows than this, memory is slower than arithmetic, and the next tile is fetched while this one is computed: chunks of a
// head are too far apart for the hardware to foresee (20 instead of 14 GB/s, 23 with all heads side by side).
#define FETCH_BELOW 16

// What depends on the type of the cache.
#define ATTENTION(T)                                                                                                        \
    typedef struct {                                                                                                        \
        const TYPE(T) *k[TILE], *v[TILE], *next_k[TILE], *next_v[TILE];                                                     \
        int fetch;                                                                                                          \
    } tile_##T##_t;                                                                                                         \
    DOTS(T, 1) DOTS(T, 2) DOTS(T, 4)                                                                                        \
    INLINE void dots_##T(int64_t rows, const float* q, const TYPE(T) * const* k, int64_t count, float* s, int64_t dim,      \
                         const TYPE(T) * const* fetched) {                                                                  \
        int64_t r = 0;                                                                                                      \
        for (; r + 4 <= rows; r += 4, fetched = 0) dots_##T##_4(q + r * dim, k, count, s + r * TILE, dim, fetched);         \
        for (; r + 2 <= rows; r += 2, fetched = 0) dots_##T##_2(q + r * dim, k, count, s + r * TILE, dim, fetched);         \
        for (; r < rows; r++, fetched = 0) dots_##T##_1(q + r * dim, k, count, s + r * TILE, dim, fetched);                 \
    }                                                                                                                       \
    VALUES(T, 1, 2 * WIDE) VALUES(T, 2, 2 * WIDE) VALUES(T, 3, WIDE) VALUES(T, 4, WIDE) VALUES(T, 5, WIDE) VALUES(T, 6, WIDE)\
    INLINE void values_##T(int64_t rows, const float* w, const TYPE(T) * const* v, int64_t n, float* result, int64_t dim,   \
                           const TYPE(T) * const* fetched) {                                                                \
        switch (rows) {                                                                                                     \
            case 1: values_##T##_1(w, v, n, result, dim, fetched); break;                                                            \
            case 2: values_##T##_2(w, v, n, result, dim, fetched); break;                                                            \
            case 3: values_##T##_3(w, v, n, result, dim, fetched); break;                                                            \
            case 4: values_##T##_4(w, v, n, result, dim, fetched); break;                                                            \
            case 5: values_##T##_5(w, v, n, result, dim, fetched); break;                                                            \
            default: values_##T##_6(w, v, n, result, dim, fetched);                                                                  \
        }                                                                                                                   \
    }                                                                                                                       \
    /* One row, without the keys of weight 0. */                                                                            \
    NOINLINE void values_seen_##T(const float* w, const TYPE(T) * const* v, int64_t n, float* result, int64_t dim) {        \
        float seen_w[TILE];                                                                                                 \
        const TYPE(T)* seen_v[TILE];                                                                                        \
        int64_t seen = 0;                                                                                                   \
        for (int64_t j = 0; j < n; j++)                                                                                     \
            if (w[j] != 0.0f) seen_w[seen] = w[j], seen_v[seen++] = v[j];                                                   \
        values_##T##_1(seen_w, seen_v, seen, result, dim, 0);                                                               \
    }                                                                                                                       \
    /* One tile of one key head for the rows from..to; n keys of it are seen by each. */                                    \
    NOINLINE void tile_##T(const attention_t* a, int64_t from, int64_t to, int64_t first, int64_t count, const int64_t* sees,\
                           const tile_##T##_t* t, int64_t slot, state_t* state) {                                           \
        int64_t n[BLOCK], dim = a->head_dim, rows = to - from, start = 0;                                                   \
        float* q = SCRATCH_QUERIES(a) + slot * dim;                                                                         \
        float* result = SCRATCH_RESULTS(a) + slot * dim;                                                                    \
        float* w = SCRATCH_WEIGHTS(a);                                                                                      \
        while (start < rows && sees[start] == 0) start++;                                                                   \
        dots_##T(rows - start, q + start * dim, t->k, count, w + start * TILE, dim, t->fetch ? t->next_k : 0);              \
        for (int64_t r = start; r < rows; r++) {                                                                            \
            const float* mask = a->mask ? a->mask + (from + r) / a->group * a->mask_stride + first : 0;                     \
            n[r] = sees[r];                                                                                                 \
            if (weigh(w + r * TILE, n[r], mask, state + slot + r, result + r * dim, dim)) {                                 \
                values_seen_##T(w + r * TILE, t->v, n[r], result + r * dim, dim);                                              \
                n[r] = 0;                                                                                                   \
            }                                                                                                               \
        }                                                                                                                   \
        for (int64_t r = start, same; r < rows; r += same) {                                                                \
            for (same = 1; same < PANEL && r + same < rows && n[r + same] == n[r];) same++;                                 \
            if (n[r] > 0) values_##T(same, w + r * TILE, t->v, n[r], result + r * dim, dim, r == start && t->fetch ? t->next_v : 0);                                   \
        }                                                                                                                   \
    }                                                                                                                       \
    /* One tile of all key heads, which lie side by side in memory. What the next tile needs is fetched in the order of memory:\
       the chunk of head i % kv_heads of its key i / kv_heads comes along with chunk i of this tile. */                     \
    NOINLINE void heads_##T(const attention_t* a, int64_t from, int64_t to, int64_t first, int64_t limit, state_t* state) { \
        int64_t at[TILE], next[TILE], sees[BLOCK], count = min_l(TILE, limit - first), more = limit - first - TILE;         \
        int fetch = more > 0 && to - from < FETCH_BELOW;                                                                    \
        elements_of_keys(a, first, count, at);                                                                              \
        if (fetch) elements_of_keys(a, first + TILE, min_l(TILE, more), next);                                              \
        for (int64_t r = from; r < to; r++) sees[r - from] = max_l(0, min_l(count, seen_by(a, r) - first));                 \
        for (int64_t h = 0, chunk = 0, key = 0; h < a->kv_heads; h++) {                                                     \
            tile_##T##_t t;                                                                                                 \
            t.fetch = fetch;                                                                                                \
            for (int j = 0; j < TILE; j++) {                                                                                \
                int64_t here = at[j] + h * a->kv_head_stride, there = fetch ? next[key] + chunk * a->kv_head_stride : 0; \
                t.k[j] = (const TYPE(T)*)a->k + here, t.v[j] = (const TYPE(T)*)a->v + here;                                 \
                t.next_k[j] = (const TYPE(T)*)a->k + there, t.next_v[j] = (const TYPE(T)*)a->v + there;                     \
                if (++chunk == a->kv_heads) chunk = 0, key++;                                                               \
            }                                                                                                               \
            tile_##T(a, from, to, first, count, sees, &t, h * (to - from), state);                                          \
        }                                                                                                                   \
    }                                                                                                                       \
    ENTRY("pf>v") void attention_##T(const attention_t* a, float scale) {                                                   \
        for (int64_t from = a->first_row; from < a->last_row; from += BLOCK) {                                              \
            int64_t to = min_l(from + BLOCK, a->last_row), limit = seen_by(a, to - 1);                                      \
            state_t state[BLOCK];                                                                                           \
            begin(a, from, to, scale, state);                                                                               \
            for (int64_t first = 0; first < limit; first += TILE) heads_##T(a, from, to, first, limit, state);              \
            finish(a, from, to, state);                                                                                     \
        }                                                                                                                   \
    }

// s[r][0..count) = q[r] . keys: VL products at a time, VL / rows keys of `rows` rows, then their sums. Turning the keys into
// columns first was no faster for any number of rows. Fetches `fetched` on the way, if it is there.
#define DOTS(T, rows)                                                                                                       \
    NOINLINE void dots_##T##_##rows(const float* q, const TYPE(T) * const* k, int64_t count, float* s, int64_t dim,         \
                                    const TYPE(T) * const* fetched) {                                                       \
        enum { KEYS = VL / rows };                                                                                          \
        for (int64_t j = 0; j < count; j += KEYS) {                                                                         \
            vf p[VL];                                                                                                       \
            float sums[VL] __attribute__((aligned(64)));                                                                    \
            UNROLLED for (int i = 0; i < VL; i++) p[i] = vzero();                                                           \
            int64_t d = 0;                                                                                                  \
            for (; d + VL <= dim; d += VL) {                                                                                \
                UNROLLED for (int i = 0; i < KEYS; i++) {                                                                   \
                    if (fetched) prefetch_far(fetched[j + i] + d);                                                          \
                    vf key = LOAD(T, k[j + i] + d);                                                                         \
                    UNROLLED for (int r = 0; r < rows; r++) p[r * KEYS + i] = vfma(vload(q + r * dim + d), key, p[r * KEYS + i]);\
                }                                                                                                           \
            }                                                                                                               \
            if (d < dim) {                                                                                                  \
                UNROLLED for (int i = 0; i < KEYS; i++) {                                                                   \
                    vf key = LOAD_PART(T, k[j + i] + d, dim - d);                                                           \
                    UNROLLED for (int r = 0; r < rows; r++)                                                                 \
                        p[r * KEYS + i] = vfma(load_part_f32(q + r * dim + d, dim - d), key, p[r * KEYS + i]);              \
                }                                                                                                           \
            }                                                                                                               \
            vstore(sums, vsums(p));                                                                                         \
            for (int r = 0; r < rows; r++)                                                                                  \
                for (int i = 0; i < KEYS; i++) s[r * TILE + j + i] = sums[r * KEYS + i];                                    \
        }                                                                                                                   \
    }

#define FETCH(j, wide)                                                                                                      \
    for (uint64_t b_ = 0; fetched && b_ < (wide) * VL * sizeof(**v); b_ += 64) prefetch_far((const char*)(fetched[j] + at) + b_)

// result[r] += weights[r] . values, n keys; fetches alike.
#define VALUE_OF(T) VALUE_##T
#define VALUE_f32(j, lane) LOAD(f32, v[j] + at + (lane))
#define VALUE_f16(j, lane) LOAD(f16, v[j] + at + (lane))
#define VALUE_bf16(j, lane) LOAD(bf16, v[j] + at + (lane))
#define VALUES(T, rows, wide)                                                                                               \
    NOINLINE void values_##T##_##rows(const float* w, const TYPE(T) * const* v, int64_t n, float* result, int64_t dim,      \
                                      const TYPE(T) * const* fetched) {                                                     \
        int64_t at = 0;                                                                                                     \
        for (; at + (wide) * VL <= dim; at += (wide) * VL)                                                                  \
            BLOCK_PRODUCT(rows, wide, n, w, TILE, VALUE_OF(T), FETCH, result + at, dim);                              \
        for (; at + VL <= dim; at += VL) BLOCK_PRODUCT(rows, 1, n, w, TILE, VALUE_OF(T), NOTHING, result + at, dim);    \
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
