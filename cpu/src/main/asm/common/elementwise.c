// Elementwise arithmetic: one rounding per operation, so the same bits as plain float arithmetic in Java.
#include "map.h"

#define BINARY_BODY(T, i) OP(LOAD(T, a + (i)), LOAD(T, b + (i)))
#define BINARY_PART(T, i, n) OP(LOAD_PART(T, a + (i), n), LOAD_PART(T, b + (i), n))
#define BINARY(T, name)                                                                                      \
    ENTRY("pppl>v") void name##_##T(const TYPE(T) * a, const TYPE(T) * b, TYPE(T) * out, int64_t n) {        \
        MAP(T, BINARY_BODY, BINARY_PART)                                                                     \
    }
#define BINARY_STREAM(name)                                                                                  \
    ENTRY("pppl>v") void name##_f32_stream(const float* a, const float* b, float* out, int64_t n) {          \
        MAP_STREAM(BINARY_BODY, BINARY_PART)                                                                 \
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
