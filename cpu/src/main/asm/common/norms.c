// Normalisation of rows. The row is read twice (three times for layer_norm) and stays in L1 or L2 between the passes. Streamed
// forms, for outputs larger than L3, store around the caches and fetch the next rows in time: without that the loads of a row
// wait for memory while nothing is in flight (16 instead of 41 GB/s).
#include "map.h"

#define SUMS 8

INLINE float total(vf* s) {
    for (int step = SUMS / 2; step > 0; step /= 2)
        for (int j = 0; j < step; j++) s[j] = vadd(s[j], s[j + step]);
    return vsum(s[0]);
}

// Adds TERM(T, i) over a row into the eight sums; AHEAD runs once per SUMS vectors.
#define ROW_SUM(T, TERM, TERM_PART, AHEAD)                                                        \
    vf s[SUMS];                                                                                   \
    UNROLLED for (int j = 0; j < SUMS; j++) s[j] = vzero();                                       \
    int64_t i = 0;                                                                                \
    for (; i + SUMS * VL <= n; i += SUMS * VL) {                                                  \
        AHEAD;                                                                                    \
        UNROLLED for (int j = 0; j < SUMS; j++) s[j] = TERM(T, i + j * VL, s[j]);                 \
    }                                                                                             \
    for (; i + VL <= n; i += VL) s[0] = TERM(T, i, s[0]);                                         \
    if (i < n) s[1] = TERM_PART(T, i, n - i, s[1]);

INLINE vf square_add(vf v, vf s) { return vfma(v, v, s); }

// Fetches `vectors` vectors of floats from p on into L2, wherever they are.
INLINE void fetch(const float* p, int vectors) {
    for (int b = 0; b < vectors * VL * 4; b += 64) prefetch_far((const char*)p + b);
}
#define NOTHING (void)0

// Mean square to the factor of the row.
INLINE float inverse_root(float sum, int64_t n, float eps) { return 1.0f / __builtin_sqrtf(sum / (float)n + eps); }

#define SQUARE(T, i, s) square_add(LOAD(T, x + (i)), s)
#define SQUARE_PART(T, i, m, s) square_add(LOAD_PART(T, x + (i), m), s)
#define SCALED(T, i) vmul(vmul(LOAD(T, x + (i)), factor), LOAD(T, w + (i)))
#define SCALED_PART(T, i, m) vmul(vmul(LOAD_PART(T, x + (i), m), factor), LOAD_PART(T, w + (i), m))

// out = x / sqrt(mean(x^2) + eps) * w; out may be x.
#define RMS_NORM(T, name)                                                                                                         \
    NOINLINE float name##_factor_##T(const TYPE(T) * x, int64_t n, float eps) {                                                   \
        ROW_SUM(T, SQUARE, SQUARE_PART, NOTHING)                                                                                  \
        return inverse_root(total(s), n, eps);                                                                                    \
    }                                                                                                                             \
    NOINLINE void name##_scale_##T(const TYPE(T) * x, const TYPE(T) * w, TYPE(T) * out, int64_t n, float f) {                     \
        vf factor = vset(f);                                                                                                      \
        MAP(T, T, SCALED, SCALED_PART)                                                                                            \
    }                                                                                                                             \
    ENTRY("pppllf>v") void name##_##T(const TYPE(T) * x, const TYPE(T) * w, TYPE(T) * out, int64_t rows, int64_t n, float eps) {  \
        for (; rows > 0; rows--, x += n, out += n) name##_scale_##T(x, w, out, n, name##_factor_##T(x, n, eps));                  \
    }
EACH_TYPE(RMS_NORM, rms_norm)

NOINLINE float rms_factor_ahead(const float* x, int64_t n, float eps) {
    ROW_SUM(f32, SQUARE, SQUARE_PART, fetch(x + n + i, SUMS))
    return inverse_root(total(s), n, eps);
}
ENTRY("pppllf>v") void rms_norm_f32_stream(const float* x, const float* w, float* out, int64_t rows, int64_t n, float eps) {
    for (; rows > 0; rows--, x += n, out += n) {
        vf factor = vset(rms_factor_ahead(x, n, eps));
        MAP_STREAM_AHEAD(SCALED, SCALED_PART, fetch(x + 2 * n + i, 4))
    }
    vstream_end();
}

// sum = x + r in the type, out = the norm of the unrounded x + r. sum may be x or r, out may be x or r: both are loaded before
// either is stored.
#define ADDED(T, i) vadd(LOAD(T, x + (i)), LOAD(T, r + (i)))
#define ADDED_PART(T, i, m) vadd(LOAD_PART(T, x + (i), m), LOAD_PART(T, r + (i), m))
#define ADDED_SQUARE(T, i, s) square_add(ADDED(T, i), s)
#define ADDED_SQUARE_PART(T, i, m, s) square_add(ADDED_PART(T, i, m), s)
#define RMS_NORM_RESIDUAL(T, name)                                                                                                \
    NOINLINE float name##_factor_##T(const TYPE(T) * x, const TYPE(T) * r, int64_t n, float eps) {                                \
        ROW_SUM(T, ADDED_SQUARE, ADDED_SQUARE_PART, NOTHING)                                                                      \
        return inverse_root(total(s), n, eps);                                                                                    \
    }                                                                                                                             \
    ENTRY("pppppllf>v") void name##_##T(const TYPE(T) * x, const TYPE(T) * r, const TYPE(T) * w, TYPE(T) * sum, TYPE(T) * out,    \
                                        int64_t rows, int64_t n, float eps) {                                                     \
        for (; rows > 0; rows--, x += n, r += n, sum += n, out += n) {                                                            \
            vf factor = vset(name##_factor_##T(x, r, n, eps));                                                                    \
            int64_t i = 0;                                                                                                        \
            for (; i + VL <= n; i += VL) {                                                                                        \
                vf v = ADDED(T, i);                                                                                               \
                STORE(T, sum + i, v);                                                                                             \
                STORE(T, out + i, vmul(vmul(v, factor), LOAD(T, w + i)));                                                         \
            }                                                                                                                     \
            if (i < n) {                                                                                                          \
                vf v = ADDED_PART(T, i, n - i);                                                                                   \
                STORE_PART(T, sum + i, v, n - i);                                                                                 \
                STORE_PART(T, out + i, vmul(vmul(v, factor), LOAD_PART(T, w + i, n - i)), n - i);                                 \
            }                                                                                                                     \
        }                                                                                                                         \
    }
EACH_TYPE(RMS_NORM_RESIDUAL, rms_norm_residual)

// out = (x - mean) / sqrt(mean((x - mean)^2) + eps) * gamma + beta; out may be x.
#define PLAIN(T, i, s) vadd(s, LOAD(T, x + (i)))
#define PLAIN_PART(T, i, m, s) vadd(s, LOAD_PART(T, x + (i), m))
#define CENTRED(T, i, s) square_add(vsub(LOAD(T, x + (i)), mean), s)
#define CENTRED_PART(T, i, m, s) square_add(vselect(vpart(m), vsub(LOAD_PART(T, x + (i), m), mean), vzero()), s)
#define NORMAL(T, i) vfma(vmul(vsub(LOAD(T, x + (i)), mean), factor), LOAD(T, gamma + (i)), LOAD(T, beta + (i)))
#define NORMAL_PART(T, i, m) \
    vfma(vmul(vsub(LOAD_PART(T, x + (i), m), mean), factor), LOAD_PART(T, gamma + (i), m), LOAD_PART(T, beta + (i), m))
#define LAYER_NORM(T, name)                                                                                                       \
    NOINLINE float name##_mean_##T(const TYPE(T) * x, int64_t n) {                                                                \
        ROW_SUM(T, PLAIN, PLAIN_PART, NOTHING)                                                                                    \
        return total(s) / (float)n;                                                                                               \
    }                                                                                                                             \
    NOINLINE float name##_factor_##T(const TYPE(T) * x, int64_t n, float centre, float eps) {                                     \
        vf mean = vset(centre);                                                                                                   \
        ROW_SUM(T, CENTRED, CENTRED_PART, NOTHING)                                                                                \
        return inverse_root(total(s), n, eps);                                                                                    \
    }                                                                                                                             \
    NOINLINE void name##_apply_##T(const TYPE(T) * x, const TYPE(T) * gamma, const TYPE(T) * beta, TYPE(T) * out, int64_t n,      \
                                   float centre, float scale) {                                                                   \
        vf mean = vset(centre), factor = vset(scale);                                                                             \
        MAP(T, T, NORMAL, NORMAL_PART)                                                                                            \
    }                                                                                                                             \
    ENTRY("ppppllf>v") void name##_##T(const TYPE(T) * x, const TYPE(T) * gamma, const TYPE(T) * beta, TYPE(T) * out,             \
                                       int64_t rows, int64_t n, float eps) {                                                      \
        for (; rows > 0; rows--, x += n, out += n) {                                                                              \
            float mean = name##_mean_##T(x, n);                                                                                   \
            name##_apply_##T(x, gamma, beta, out, n, mean, name##_factor_##T(x, n, mean, eps));                                   \
        }                                                                                                                         \
    }
EACH_TYPE(LAYER_NORM, layer_norm)
