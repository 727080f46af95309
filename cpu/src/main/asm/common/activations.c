// Elementwise functions: computed in float, rounded once to the type of the output.
#include "map.h"
#include "math.h"

#define UNARY_BODY(T, i) OP(LOAD(T, x + (i)))
#define UNARY_PART(T, i, n) OP(LOAD_PART(T, x + (i), n))
#define UNARY(T, name)                                                                 \
    ENTRY("ppl>v") void name##_##T(const TYPE(T) * x, TYPE(T) * out, int64_t n) {      \
        MAP(T, T, UNARY_BODY, UNARY_PART)                                              \
    }
#define UNARY_FETCH(at) prefetch_near(x + (at))
#define UNARY_STREAM(name)                                                             \
    ENTRY("ppl>v") void name##_f32_stream(const float* x, float* out, int64_t n) {     \
        MAP_STREAM(UNARY_BODY, UNARY_PART, UNARY_FETCH)                                \
    }

#define OP vexp
EACH_TYPE(UNARY, exp)
UNARY_STREAM(exp)
#undef OP
#define OP vsilu
EACH_TYPE(UNARY, silu)
UNARY_STREAM(silu)
#undef OP
#define OP vgelu
EACH_TYPE(UNARY, gelu)
UNARY_STREAM(gelu)
#undef OP
#define OP vgelu_erf
EACH_TYPE(UNARY, gelu_erf)
UNARY_STREAM(gelu_erf)
#undef OP
#define OP vtanh
EACH_TYPE(UNARY, tanh)
UNARY_STREAM(tanh)
#undef OP
// x < 0 ? 0 : x, so NaN and -0 stay.
#define OP(x) vmax(vzero(), x)
EACH_TYPE(UNARY, relu)
UNARY_STREAM(relu)
#undef OP

// silu(gate) * up
#define GATED_BODY(T, i) vmul(vsilu(LOAD(T, gate + (i))), LOAD(T, up + (i)))
#define GATED_FETCH(at) prefetch_near(gate + (at)), prefetch_near(up + (at))
#define GATED_PART(T, i, n) vmul(vsilu(LOAD_PART(T, gate + (i), n)), LOAD_PART(T, up + (i), n))
#define SWIGLU(T, name)                                                                                     \
    ENTRY("pppl>v") void name##_##T(const TYPE(T) * gate, const TYPE(T) * up, TYPE(T) * out, int64_t n) {   \
        MAP(T, T, GATED_BODY, GATED_PART)                                                                   \
    }
EACH_TYPE(SWIGLU, swiglu)
ENTRY("pppl>v") void swiglu_f32_stream(const float* gate, const float* up, float* out, int64_t n) {
    MAP_STREAM(GATED_BODY, GATED_PART, GATED_FETCH)
}
