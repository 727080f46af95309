// Elementwise arithmetic: one rounding per operation, so the same bits as plain float arithmetic in Java. 16-bit types compute
// in float and round once at the end.
#include "map.h"

#define BINARY_BODY(T, i) OP(LOAD(T, a + (i)), LOAD(T, b + (i)))
#define BINARY_PART(T, i, n) OP(LOAD_PART(T, a + (i), n), LOAD_PART(T, b + (i), n))
#define BINARY_FETCH(at) prefetch_near(a + (at)), prefetch_near(b + (at))
#define BINARY(T, name)                                                                                \
    ENTRY("pppl>v") void name##_##T(const TYPE(T) * a, const TYPE(T) * b, TYPE(T) * out, int64_t n) {  \
        MAP(T, T, BINARY_BODY, BINARY_PART)                                                            \
    }
#define BINARY_STREAM(name)                                                                            \
    ENTRY("pppl>v") void name##_f32_stream(const float* a, const float* b, float* out, int64_t n) {    \
        MAP_STREAM(BINARY_BODY, BINARY_PART, BINARY_FETCH)                                             \
    }

#define OP vadd
EACH_TYPE(BINARY, add)
BINARY_STREAM(add)
#undef OP
#define OP vsub
EACH_TYPE(BINARY, sub)
BINARY_STREAM(sub)
#undef OP
#define OP vmul
EACH_TYPE(BINARY, mul)
BINARY_STREAM(mul)
#undef OP

// out = x * s, in place or not: scale and temperature.
#define SCALE_BODY(T, i) vmul(LOAD(T, x + (i)), vset(s))
#define SCALE_PART(T, i, n) vmul(LOAD_PART(T, x + (i), n), vset(s))
#define SCALE(T, name)                                                                      \
    ENTRY("pplf>v") void name##_##T(const TYPE(T) * x, TYPE(T) * out, int64_t n, float s) { \
        MAP(T, T, SCALE_BODY, SCALE_PART)                                                   \
    }
EACH_TYPE(SCALE, scale)
#define SCALE_FETCH(at) prefetch_near(x + (at))
ENTRY("pplf>v") void scale_f32_stream(const float* x, float* out, int64_t n, float s) {
    MAP_STREAM(SCALE_BODY, SCALE_PART, SCALE_FETCH)
}

// out += a * x, product and sum rounded one after the other.
#define AXPY_BODY(T, i) vadd(LOAD(T, out + (i)), vmul(vset(a), LOAD(T, x + (i))))
#define AXPY_PART(T, i, n) vadd(LOAD_PART(T, out + (i), n), vmul(vset(a), LOAD_PART(T, x + (i), n)))
#define AXPY(T, name)                                                                       \
    ENTRY("pplf>v") void name##_##T(const TYPE(T) * x, TYPE(T) * out, int64_t n, float a) { \
        MAP(T, T, AXPY_BODY, AXPY_PART)                                                     \
    }
EACH_TYPE(AXPY, axpy)

// cast_<from>_<to>; to a wider type in place is not possible.
#define CAST_BODY(T, i) LOAD(T, x + (i))
#define CAST_PART(T, i, n) LOAD_PART(T, x + (i), n)
#define CAST(from, to)                                                                                   \
    ENTRY("ppl>v") void cast_##from##_##to(const TYPE(from) * x, TYPE(to) * out, int64_t n) {            \
        MAP(from, to, CAST_BODY, CAST_PART)                                                              \
    }
CAST(f32, f16)
CAST(f32, bf16)
CAST(f16, f32)
CAST(f16, bf16)
CAST(bf16, f32)
CAST(bf16, f16)
