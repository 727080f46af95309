// Rotary position embedding in place: x[tokens][heads][head_dim], tables f32 [position][rotary/2]. Token t has position
// positions[t], or t where positions is NULL (Java moves the tables by the offset). Products and sums are rounded one by one, as
// the portable kernel does: a*c + -(b*s) and a*s + b*c.
#include "map.h"

#define ROPE(T, name)                                                                                                             \
    INLINE void name##_interleaved_row_##T(TYPE(T) * x, const float* c, const float* s, int64_t rotary) {                         \
        int64_t i = 0;                                                                                                            \
        for (; i + VL <= rotary; i += VL) {                                                                                       \
            vf v = LOAD(T, x + i);                                                                                                \
            STORE(T, x + i, vadd(vmul(v, load_twice(c + i / 2)), vmul(vswap(v), vneg_even(load_twice(s + i / 2)))));              \
        }                                                                                                                         \
        int64_t n = rotary - i;                                                                                                   \
        if (n > 0) {                                                                                                              \
            vf v = LOAD_PART(T, x + i, n);                                                                                        \
            vf cosines = load_part_twice(c + i / 2, n / 2), sines = vneg_even(load_part_twice(s + i / 2, n / 2));                 \
            STORE_PART(T, x + i, vadd(vmul(v, cosines), vmul(vswap(v), sines)), n);                                               \
        }                                                                                                                         \
    }                                                                                                                             \
    INLINE void name##_split_row_##T(TYPE(T) * x, const float* c, const float* s, int64_t rotary) {                               \
        TYPE(T)* y = x + rotary / 2;                                                                                              \
        int64_t i = 0;                                                                                                            \
        for (; i + VL <= rotary / 2; i += VL) {                                                                                   \
            vf a = LOAD(T, x + i), b = LOAD(T, y + i), cosines = vload(c + i), sines = vload(s + i);                              \
            STORE(T, x + i, vsub(vmul(a, cosines), vmul(b, sines)));                                                              \
            STORE(T, y + i, vadd(vmul(a, sines), vmul(b, cosines)));                                                              \
        }                                                                                                                         \
        int64_t n = rotary / 2 - i;                                                                                               \
        if (n > 0) {                                                                                                              \
            vf a = LOAD_PART(T, x + i, n), b = LOAD_PART(T, y + i, n);                                                            \
            vf cosines = load_part_f32(c + i, n), sines = load_part_f32(s + i, n);                                                \
            STORE_PART(T, x + i, vsub(vmul(a, cosines), vmul(b, sines)), n);                                                      \
            STORE_PART(T, y + i, vadd(vmul(a, sines), vmul(b, cosines)), n);                                                      \
        }                                                                                                                         \
    }                                                                                                                             \
    ROPE_ENTRY(T, name##_interleaved)                                                                                             \
    ROPE_ENTRY(T, name##_split)

#define ROPE_ENTRY(T, name)                                                                                                       \
    ENTRY("ppppllll>v") void name##_##T(TYPE(T) * x, const int32_t* positions, const float* cosines, const float* sines,          \
                                        int64_t tokens, int64_t heads, int64_t head_dim, int64_t rotary) {                        \
        for (int64_t t = 0; t < tokens; t++) {                                                                                    \
            int64_t angles = (positions ? positions[t] : t) * (rotary / 2);                                                       \
            for (int64_t h = 0; h < heads; h++, x += head_dim) name##_row_##T(x, cosines + angles, sines + angles, rotary);       \
        }                                                                                                                         \
    }
EACH_TYPE(ROPE, rope)
