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

INLINE float finite(float top) { return top == -__builtin_inff() ? 0.0f : top; }
INLINE float inverse_of(float sum) { return sum == 0.0f ? 0.0f : 1.0f / sum; }

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
        return finite(vmax_lane(vmax(vmax(s[0], s[1]), vmax(s[2], s[3]))));                                                   \
    }

// e = exp(argument - top); returns the inverse of their sum.
#define EXPONENTIALS(T)                                                                                                       \
    INLINE float exponentials_##T(const TYPE(T) * x, const float* mask, float* e, int64_t n, float factor, float max) {       \
        vf scale = vset(factor), top = vset(max), s[SUMS] = {vzero(), vzero(), vzero(), vzero()};                             \
        int64_t i = 0;                                                                                                        \
        for (; i + SUMS * VL <= n; i += SUMS * VL) {                                                                          \
            vf v[SUMS];                                                                                                       \
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
        return inverse_of(vsum(vadd(vadd(s[0], s[1]), vadd(s[2], s[3]))));                                                    \
    }

#define PRODUCT(T, i) vmul(vload(e + (i)), factor)
#define PRODUCT_PART(T, i, m) vmul(load_part_f32(e + (i), m), factor)

#define SOFTMAX(T, name)                                                                                                      \
    TOP(T)                                                                                                                    \
    EXPONENTIALS(T)                                                                                                           \
    NOINLINE float name##_exp_##T(const TYPE(T) * x, const float* mask, float* e, int64_t n, float scale) {                   \
        return exponentials_##T(x, mask, e, n, scale, top_##T(x, mask, n, scale));                                            \
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

// What streams do at once, so that memory is read and written while exponentials are computed: the maxima of the next rows, the
// exponentials of the rows before them, in place of those of the rows before these, which are stored. Each of the three may
// be missing. STREAMS rows or one go side by side, line by line, `apart` floats from one to the next.
typedef struct {
    vf top, inverse;  // of the rows whose exponentials come next, and of those that are stored next
} row_t;
INLINE void softmax_step(int streams, const float* next, const float* row, float* e, float* out, int64_t apart, int64_t n, float factor,
                         row_t* state) {
    vf scale = vset(factor), m[STREAMS][LINE / VL], s[STREAMS][LINE / VL];
    EACH_VECTOR m[s_][v_] = LOW, s[s_][v_] = vzero();
    for (int64_t i = 0; i < n; i += LINE) {
        for (int s_ = 0; next && s_ < streams; s_++) prefetch_near(next + s_ * apart + i + AHEAD);
        UNROLLED for (int s_ = 0; s_ < streams; s_++) {
            UNROLLED for (int v_ = 0; v_ < LINE / VL; v_++) {
                float* at = e + s_ * n + i + v_ * VL;
                if (next) m[s_][v_] = vmax(vmul(vload(next + HERE), scale), m[s_][v_]);
                if (out) vstream(out + HERE, vmul(vload(at), state[s_].inverse));
                if (!row) continue;
                vf v = vexp(vsub(vmul(vload(row + HERE), scale), state[s_].top));
                vstore(at, v), s[s_][v_] = vadd(s[s_][v_], v);
            }
        }
    }
    for (int a = 0; a < streams; a++) {
        vf top = m[a][0];
        for (int v = 1; v < LINE / VL; v++) top = vmax(top, m[a][v]);
        state[a] = (row_t){vset(finite(vmax_lane(top))), vset(inverse_of(vsum(line_sum(s[a]))))};
    }
}
INLINE void softmax_streams(int streams, const float* x, float* out, float* e, int64_t rows, int64_t n, float scale) {
    row_t state[STREAMS];
    for (int a = 0; a < streams; a++) state[a] = (row_t){vzero(), vzero()};
    const int64_t apart = rows * n;
    for (int64_t r = 0; r < rows + 2; r++, x += n) {
        float* done = r > 1 ? out + (r - 2) * n : 0;
        softmax_step(streams, r < rows ? x : 0, r > 0 && r <= rows ? x - n : 0, e, done, apart, n, scale, state);
    }
}
// For outputs larger than L3, no mask; scratch has 4 rows. Rows of whole lines, aligned to vectors; others take the kernel above.
ENTRY("pppllf>v") void softmax_f32_stream(const float* x, float* out, float* scratch, int64_t rows, int64_t n, float scale) {
    if (n % LINE != 0 || (uintptr_t)out % sizeof(vf) != 0) {
        softmax_f32(x, 0, out, scratch, rows, n, scale);
        return;
    }
    int64_t each = rows / STREAMS, together = each * STREAMS;
    if (each > 0) softmax_streams(STREAMS, x, out, scratch, each, n, scale);
    if (rows > together) softmax_streams(1, x + together * n, out + together * n, scratch, rows - together, n, scale);
    vstream_end();
}
