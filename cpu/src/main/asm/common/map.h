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

// For outputs larger than L3: stores bypass the caches, and on x86 four parts go side by side, each a stream of its own. One stream
// leaves memory idle part of the time: a copy of 256 MB on Zen 5 goes from 28-36 to 40-45 GB/s with four, fetched 2 KB ahead. Parts
// are whole pages apart (with 1 KB more or less it is 20 % slower). FETCH(at) fetches what the inputs have at `at`. Inside L2,
// stores of this kind would halve the speed.
#if defined(__x86_64__)
#define STREAMS 4
#else
#define STREAMS 1
#endif
#define LINE 16     // floats of a cache line
#define PAGE 1024   // floats of a page
#define AHEAD 512   // floats to fetch ahead
#define EACH_STREAM UNROLLED for (int s_ = 0; s_ < STREAMS; s_++)
#define EACH_VECTOR EACH_STREAM UNROLLED for (int v_ = 0; v_ < LINE / VL; v_++)
#define HERE (i + s_ * apart + v_ * VL)
#define MAP_STREAM(BODY, PART, FETCH)                                                 \
    int64_t i = 0;                                                                    \
    if (((uintptr_t)out & 3) == 0) {                                                  \
        i = min_l((int64_t)(-((uintptr_t)out >> 2) & (VL - 1)), n);                   \
        if (i > 0) STORE_PART(f32, out, PART(f32, 0, i), i);                          \
        int64_t apart = (n - i) / (STREAMS * PAGE) * PAGE, end = i + apart;           \
        for (; i < end; i += LINE) {                                                  \
            vf r[STREAMS][LINE / VL];                                                 \
            EACH_STREAM FETCH(i + s_ * apart + AHEAD);                                \
            EACH_VECTOR r[s_][v_] = BODY(f32, HERE);                                  \
            EACH_VECTOR vstream(out + HERE, r[s_][v_]);                               \
        }                                                                             \
        i += (STREAMS - 1) * apart;                                                   \
    }                                                                                 \
    for (; i + VL <= n; i += VL) STORE(f32, out + i, BODY(f32, i));                   \
    if (i < n) STORE_PART(f32, out + i, PART(f32, i, n - i), n - i);                  \
    vstream_end();

// The sum of the vectors of a line.
INLINE vf line_sum(const vf* s) {
    vf sum = s[0];
    for (int v = 1; v < LINE / VL; v++) sum = vadd(sum, s[v]);
    return sum;
}
