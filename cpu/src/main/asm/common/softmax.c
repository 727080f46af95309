// out = softmax(scale * x + mask) by rows; mask f32 [rows][cols] or NULL. Passes: maximum; exp and its sum into e; product. For f32 e
// is the row of out itself, otherwise `scratch`, cols floats of the caller. A row that is -inf everywhere gives zeros. vmax
// passes NaN over, but then the sum is NaN and with it the whole row.
#include "map.h"
#include "math.h"

#define SUMS 4
#define LOW vset(-__builtin_inff())

INLINE vf added(vf v, const float* mask, int64_t i) { return mask ? vadd(v, vload(mask + i)) : v; }
INLINE vf added_part(vf v, const float* mask, int64_t i, int64_t m) { return mask ? vadd(v, load_part_f32(mask + i, m)) : v; }

#define ARGUMENT(T, i) added(vmul(LOAD(T, x + (i)), scale), mask, i)
#define ARGUMENT_PART(T, i, m) vselect(vpart(m), added_part(vmul(LOAD_PART(T, x + (i), m), scale), mask, i, m), LOW)

INLINE void fetch(const float* p) {
    for (int b = 0; b < SUMS * VL * 4; b += 64) prefetch_far((const char*)p + b);
}

// The maximum, 0 if all is -inf.
#define TOP(T)                                                                                                                \
    NOINLINE float top_##T(const TYPE(T) * x, const float* mask, int64_t n, float factor) {                                   \
        vf scale = vset(factor), s[SUMS] = {LOW, LOW, LOW, LOW};                                                              \
        int64_t i = 0;                                                                                                        \
        for (; i + SUMS * VL <= n; i += SUMS * VL) {                                                                          \
            UNROLLED for (int j = 0; j < SUMS; j++) s[j] = vmax(ARGUMENT(T, i + j * VL), s[j]);                               \
        }                                                                                                                     \
        for (; i + VL <= n; i += VL) s[0] = vmax(ARGUMENT(T, i), s[0]);                                                       \
        if (i < n) s[1] = vmax(ARGUMENT_PART(T, i, n - i), s[1]);                                                             \
        float top = vmax_lane(vmax(vmax(s[0], s[1]), vmax(s[2], s[3])));                                                      \
        return top == -__builtin_inff() ? 0.0f : top;                                                                         \
    }

// e = exp(argument - top); returns 1 / sum, or 0 if the sum is 0. With ahead, the row behind this one is fetched.
#define EXPONENTIALS(T)                                                                                                       \
    INLINE float exponentials_##T(const TYPE(T) * x, const float* mask, float* e, int64_t n, float factor, float max,        \
                                  int ahead) {                                                                                \
        vf scale = vset(factor), top = vset(max), s[SUMS] = {vzero(), vzero(), vzero(), vzero()};                             \
        int64_t i = 0;                                                                                                        \
        for (; i + SUMS * VL <= n; i += SUMS * VL) {                                                                          \
            vf v[SUMS];                                                                                                       \
            if (ahead) fetch((const float*)(x + n + i));                                                                      \
            UNROLLED for (int j = 0; j < SUMS; j++) v[j] = vexp(vsub(ARGUMENT(T, i + j * VL), top));                          \
            UNROLLED for (int j = 0; j < SUMS; j++) vstore(e + i + j * VL, v[j]), s[j] = vadd(s[j], v[j]);                    \
        }                                                                                                                     \
        for (; i + VL <= n; i += VL) {                                                                                        \
            vf v = vexp(vsub(ARGUMENT(T, i), top));                                                                           \
            vstore(e + i, v), s[0] = vadd(s[0], v);                                                                           \
        }                                                                                                                     \
        if (i < n) {                                                                                                          \
            vf v = vexp(vsub(ARGUMENT_PART(T, i, n - i), top));                                                               \
            store_part_f32(e + i, v, n - i), s[1] = vadd(s[1], v);                                                            \
        }                                                                                                                     \
        float sum = vsum(vadd(vadd(s[0], s[1]), vadd(s[2], s[3])));                                                           \
        return sum == 0.0f ? 0.0f : 1.0f / sum;                                                                               \
    }

#define PRODUCT(T, i) vmul(vload(e + (i)), factor)
#define PRODUCT_PART(T, i, m) vmul(load_part_f32(e + (i), m), factor)

#define SOFTMAX(T, name)                                                                                                      \
    TOP(T)                                                                                                                    \
    EXPONENTIALS(T)                                                                                                           \
    NOINLINE float name##_exp_##T(const TYPE(T) * x, const float* mask, float* e, int64_t n, float scale) {                   \
        return exponentials_##T(x, mask, e, n, scale, top_##T(x, mask, n, scale), 0);                                         \
    }                                                                                                                         \
    NOINLINE void name##_scale_##T(const float* e, TYPE(T) * out, int64_t n, float inverse) {                                 \
        vf factor = vset(inverse);                                                                                            \
        MAP(T, T, PRODUCT, PRODUCT_PART)                                                                                      \
    }                                                                                                                         \
    ENTRY("ppppllf>v") void name##_##T(const TYPE(T) * x, const float* mask, TYPE(T) * out, float* scratch, int64_t rows,     \
                                       int64_t n, float scale) {                                                              \
        for (; rows > 0; rows--, x += n, out += n) {                                                                          \
            float* e = sizeof(*out) == 4 ? (float*)out : scratch;                                                             \
            name##_scale_##T(e, out, n, name##_exp_##T(x, mask, e, n, scale));                                                \
            if (mask) mask += n;                                                                                              \
        }                                                                                                                     \
    }
EACH_TYPE(SOFTMAX, softmax)

// For outputs larger than L3: exponentials go to scratch, the product is streamed. No mask.
ENTRY("pppllf>v") void softmax_f32_stream(const float* x, float* out, float* scratch, int64_t rows, int64_t n, float scale) {
    const float *mask = 0, *e = scratch;
    for (; rows > 0; rows--, x += n, out += n) {
        vf factor = vset(exponentials_f32(x, mask, scratch, n, scale, top_f32(x, mask, n, scale), 1));
        MAP_STREAM_AHEAD(PRODUCT, PRODUCT_PART, (void)0)
    }
    vstream_end();
}
