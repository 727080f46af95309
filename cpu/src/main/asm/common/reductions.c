// One number from a chunk of n elements. Eight accumulators cover the latency of the adder; Java adds the chunks in order.
#include "map.h"

#define ACCUMULATORS 8
#define REDUCE(T, start, STEP, PART_STEP)                                                      \
    vf s[ACCUMULATORS];                                                                        \
    UNROLLED for (int j = 0; j < ACCUMULATORS; j++) s[j] = start;                              \
    int64_t i = 0;                                                                             \
    for (; i + ACCUMULATORS * VL <= n; i += ACCUMULATORS * VL) {                               \
        UNROLLED for (int j = 0; j < ACCUMULATORS; j++) s[j] = STEP(T, i + j * VL, s[j]);      \
    }                                                                                          \
    for (; i + VL <= n; i += VL) s[0] = STEP(T, i, s[0]);                                      \
    if (i < n) s[1] = PART_STEP(T, i, n - i, s[1]);

INLINE float sum_of(vf* s) {
    for (int step = ACCUMULATORS / 2; step > 0; step /= 2)
        for (int j = 0; j < step; j++) s[j] = vadd(s[j], s[j + step]);
    return vsum(s[0]);
}

#define DOT_STEP(T, i, s) vfma(LOAD(T, a + (i)), LOAD(T, b + (i)), s)
#define DOT_PART(T, i, m, s) vfma(LOAD_PART(T, a + (i), m), LOAD_PART(T, b + (i), m), s)
#define DOT(T, name)                                                                             \
    ENTRY("ppl>f") float name##_##T(const TYPE(T) * a, const TYPE(T) * b, int64_t n) {           \
        REDUCE(T, vzero(), DOT_STEP, DOT_PART)                                                   \
        return sum_of(s);                                                                        \
    }
EACH_TYPE(DOT, dot)

#define SUM_STEP(T, i, s) vadd(s, LOAD(T, x + (i)))
#define SUM_PART(T, i, m, s) vadd(s, LOAD_PART(T, x + (i), m))
#define SQUARES_STEP(T, i, s) square_add(LOAD(T, x + (i)), s)
#define SQUARES_PART(T, i, m, s) square_add(LOAD_PART(T, x + (i), m), s)
INLINE vf square_add(vf v, vf s) { return vfma(v, v, s); }

#define SUM(T, name, STEP, PART_STEP)                                                            \
    ENTRY("pl>f") float name##_##T(const TYPE(T) * x, int64_t n) {                               \
        REDUCE(T, vzero(), STEP, PART_STEP)                                                      \
        return sum_of(s);                                                                        \
    }
EACH_TYPE(SUM, sum, SUM_STEP, SUM_PART)
EACH_TYPE(SUM, sum_squares, SQUARES_STEP, SQUARES_PART)

// vmax keeps s where v is NaN, so NaN is looked for beside it.
#define MAX_STEP(T, i, s) max_step(LOAD(T, x + (i)), s, &nan)
#define MAX_PART(T, i, m, s) max_step(vselect(vpart(m), LOAD_PART(T, x + (i), m), vset(-__builtin_inff())), s, &nan)
INLINE vf max_step(vf v, vf s, vm* nan) {
    *nan = vmask_or(*nan, vnan(v));
    return vmax(v, s);
}
#define MAX(T, name)                                                                             \
    ENTRY("pl>f") float name##_##T(const TYPE(T) * x, int64_t n) {                               \
        vm nan = vless(vzero(), vzero());                                                        \
        REDUCE(T, vset(-__builtin_inff()), MAX_STEP, MAX_PART)                                   \
        UNROLLED for (int j = 1; j < ACCUMULATORS; j++) s[0] = vmax(s[0], s[j]);                 \
        return vany(nan) ? __builtin_nanf("") : vmax_lane(s[0]);                                 \
    }
EACH_TYPE(MAX, max)

// out[row] = index of the first largest element, NaN passed over, 0xffffffff where nothing exceeds -inf. A block of elements is
// only searched for its maximum; the winning block is read again for the index.
#define BLOCK (16 * VL)
#define ARGMAX(T, name)                                                                                        \
    INLINE float block_max_##T(const TYPE(T) * x, int64_t n) {                                                 \
        vf low = vset(-__builtin_inff()), s[4] = {low, low, low, low};                                         \
        int64_t i = 0;                                                                                         \
        for (; i + 4 * VL <= n; i += 4 * VL) {                                                                 \
            UNROLLED for (int j = 0; j < 4; j++) s[j] = vmax(LOAD(T, x + i + j * VL), s[j]);                   \
        }                                                                                                      \
        for (; i + VL <= n; i += VL) s[0] = vmax(LOAD(T, x + i), s[0]);                                        \
        if (i < n) s[1] = vmax(vselect(vpart(n - i), LOAD_PART(T, x + i, n - i), low), s[1]);                  \
        return vmax_lane(vmax(vmax(s[0], s[1]), vmax(s[2], s[3])));                                            \
    }                                                                                                          \
    INLINE uint32_t argmax_row_##T(const TYPE(T) * x, int64_t n) {                                             \
        float best = -__builtin_inff();                                                                        \
        int64_t at = -1;                                                                                       \
        for (int64_t i = 0; i < n; i += BLOCK) {                                                               \
            float top = block_max_##T(x + i, min_l(BLOCK, n - i));                                             \
            if (top > best) best = top, at = i;                                                                \
        }                                                                                                      \
        if (at < 0) return 0xffffffffu;                                                                        \
        while (vfirst(LOAD_PART(T, x + at, 1)) != best) at++;                                                  \
        return (uint32_t)at;                                                                                   \
    }                                                                                                          \
    ENTRY("ppll>v") void name##_##T(const TYPE(T) * x, uint32_t* out, int64_t rows, int64_t cols) {            \
        for (int64_t row = 0; row < rows; row++) out[row] = argmax_row_##T(x + row * cols, cols);              \
    }
EACH_TYPE(ARGMAX, argmax)
