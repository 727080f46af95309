// Normalisation of rows. The row is read twice (three times for layer_norm) and stays in L1 or L2 between the passes. The streamed
// form, for outputs larger than L3, stores around the caches.
#include "map.h"

#define SUMS 8

INLINE float total(vf* s) {
    for (int step = SUMS / 2; step > 0; step /= 2)
        for (int j = 0; j < step; j++) s[j] = vadd(s[j], s[j + step]);
    return vsum(s[0]);
}

// Adds TERM(T, i) over a row into the eight sums.
#define ROW_SUM(T, TERM, TERM_PART)                                                               \
    vf s[SUMS];                                                                                   \
    UNROLLED for (int j = 0; j < SUMS; j++) s[j] = vzero();                                       \
    int64_t i = 0;                                                                                \
    for (; i + SUMS * VL <= n; i += SUMS * VL) {                                                  \
        UNROLLED for (int j = 0; j < SUMS; j++) s[j] = TERM(T, i + j * VL, s[j]);                 \
    }                                                                                             \
    for (; i + VL <= n; i += VL) s[0] = TERM(T, i, s[0]);                                         \
    if (i < n) s[1] = TERM_PART(T, i, n - i, s[1]);

INLINE vf square_add(vf v, vf s) { return vfma(v, v, s); }

// Mean square to the factor of the row.
INLINE float inverse_root(float sum, int64_t n, float eps) { return 1.0f / __builtin_sqrtf(sum / (float)n + eps); }

#define SQUARE(T, i, s) square_add(LOAD(T, x + (i)), s)
#define SQUARE_PART(T, i, m, s) square_add(LOAD_PART(T, x + (i), m), s)
#define SCALED(T, i) vmul(vmul(LOAD(T, x + (i)), factor), LOAD(T, w + (i)))
#define SCALED_PART(T, i, m) vmul(vmul(LOAD_PART(T, x + (i), m), factor), LOAD_PART(T, w + (i), m))

// out = x / sqrt(mean(x^2) + eps) * w; out may be x.
#define RMS_NORM(T, name)                                                                                                         \
    NOINLINE float name##_factor_##T(const TYPE(T) * x, int64_t n, float eps) {                                                   \
        ROW_SUM(T, SQUARE, SQUARE_PART)                                                                                           \
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

// What streams do at once: the squares of the next rows are summed while the rows before them are stored, so that memory is read and
// written all the time. STREAMS rows or one go side by side, line by line, `apart` floats from one to the next. next or row may
// be NULL.
INLINE void rms_step(int streams, const float* next, const float* row, const float* w, float* out, int64_t apart, int64_t n, float eps,
                     vf* factor) {
    vf s[STREAMS][LINE / VL];
    EACH_VECTOR s[s_][v_] = vzero();
    for (int64_t i = 0; i < n; i += LINE) {
        for (int s_ = 0; next && s_ < streams; s_++) prefetch_near(next + s_ * apart + i + AHEAD);
        UNROLLED for (int s_ = 0; s_ < streams; s_++) {
            UNROLLED for (int v_ = 0; v_ < LINE / VL; v_++) {
                if (next) s[s_][v_] = square_add(vload(next + HERE), s[s_][v_]);
                if (row) vstream(out + HERE, vmul(vmul(vload(row + HERE), factor[s_]), vload(w + i + v_ * VL)));
            }
        }
    }
    for (int a = 0; next && a < streams; a++) factor[a] = vset(inverse_root(vsum(line_sum(s[a])), n, eps));
}
INLINE void rms_streams(int streams, const float* x, const float* w, float* out, int64_t rows, int64_t n, float eps) {
    vf factor[STREAMS];
    const int64_t apart = rows * n;
    if (rows == 0) return;
    rms_step(streams, x, 0, w, out, apart, n, eps, factor);
    for (; rows > 1; rows--, x += n, out += n) rms_step(streams, x + n, x, w, out, apart, n, eps, factor);
    rms_step(streams, 0, x, w, out, apart, n, eps, factor);
}
// Rows of whole lines, aligned to vectors; others take the kernel above.
ENTRY("pppllf>v") void rms_norm_f32_stream(const float* x, const float* w, float* out, int64_t rows, int64_t n, float eps) {
    if (n % LINE != 0 || (uintptr_t)out % sizeof(vf) != 0) {
        rms_norm_f32(x, w, out, rows, n, eps);
        return;
    }
    int64_t each = rows / STREAMS, together = each * STREAMS;
    rms_streams(STREAMS, x, w, out, each, n, eps);
    rms_streams(1, x + together * n, w, out + together * n, rows - together, n, eps);
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
        ROW_SUM(T, ADDED_SQUARE, ADDED_SQUARE_PART)                                                                               \
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
        ROW_SUM(T, PLAIN, PLAIN_PART)                                                                                             \
        return total(s) / (float)n;                                                                                               \
    }                                                                                                                             \
    NOINLINE float name##_factor_##T(const TYPE(T) * x, int64_t n, float centre, float eps) {                                     \
        vf mean = vset(centre);                                                                                                   \
        ROW_SUM(T, CENTRED, CENTRED_PART)                                                                                         \
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
