// Templates of the elementwise kernels: four vectors per step, then one, then a partial one. An output may be an input (the
// same addresses), because every step loads before it stores.
#pragma once
#include "simd.h"

#define EACH_TYPE(M, ...) M(f32, __VA_ARGS__) M(f16, __VA_ARGS__) M(bf16, __VA_ARGS__)

// BODY(T, i) gives the vector of elements from i on, PART(T, i, m) that of the m elements from i on; IN and OUT are types.
#define MAP(IN, OUT, BODY, PART)                                                      \
    int64_t i = 0;                                                                    \
    for (; i + 4 * VL <= n; i += 4 * VL) {                                            \
        vf v[4];                                                                      \
        UNROLLED for (int j = 0; j < 4; j++) v[j] = BODY(IN, i + j * VL);             \
        UNROLLED for (int j = 0; j < 4; j++) STORE(OUT, out + i + j * VL, v[j]);      \
    }                                                                                 \
    for (; i + VL <= n; i += VL) STORE(OUT, out + i, BODY(IN, i));                    \
    if (i < n) STORE_PART(OUT, out + i, PART(IN, i, n - i), n - i);

// The same with stores that bypass the caches, for outputs larger than L3: the first elements up to a vector boundary are
// stored normally. Measured 42 instead of 32 GB/s for a copy; inside L2 it would halve the speed.
#define MAP_STREAM(BODY, PART)                                                        \
    MAP_STREAM_AHEAD(BODY, PART, (void)0)                                             \
    vstream_end();
// AHEAD runs once per step; vstream_end is left to the caller.
#define MAP_STREAM_AHEAD(BODY, PART, AHEAD)                                           \
    int64_t i = 0;                                                                    \
    if (((uintptr_t)out & 3) == 0) {                                                  \
        i = min_l((int64_t)(-((uintptr_t)out >> 2) & (VL - 1)), n);                   \
        if (i > 0) STORE_PART(f32, out, PART(f32, 0, i), i);                          \
        for (; i + 4 * VL <= n; i += 4 * VL) {                                        \
            AHEAD;                                                                    \
            vf v[4];                                                                  \
            UNROLLED for (int j = 0; j < 4; j++) v[j] = BODY(f32, i + j * VL);        \
            UNROLLED for (int j = 0; j < 4; j++) vstream(out + i + j * VL, v[j]);     \
        }                                                                             \
    }                                                                                 \
    for (; i + VL <= n; i += VL) STORE(f32, out + i, BODY(f32, i));                   \
    if (i < n) STORE_PART(f32, out + i, PART(f32, i, n - i), n - i);
