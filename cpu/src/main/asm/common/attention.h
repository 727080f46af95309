// Arguments and tiles of attention.c.
#pragma once
#include "math.h"
#include "simd.h"

#define TILE 64    // keys at a time
#define BLOCK 64   // rows at a time; a row is one query of one head
#define PANEL 6    // rows of a register block
#if defined(__AVX2__) && !defined(__AVX512F__)
#define WIDE 2     // vectors of a register block: 12 of 16 registers
#else
#define WIDE 4     // 24 of 32 registers
#endif

// Key heads 0..kv_heads-1, each shared by `group` heads, and a range of their rows: row r of a key head is head r % group of query
// r / group. With several key heads the rows of all of them must fit into BLOCK. Strides are in elements. Query i sees the first
// `seen + i * step` keys, at least 0 and at most `keys`. Key j starts at k + j * kv_stride or, where page > 0, at
// k + table[j / page] * page_stride + j % page * kv_stride. Java fills this as int64.
typedef struct {
    const float* q;
    const void* k;
    const void* v;
    const float* mask;  // f32 [queries][keys] with row stride mask_stride, or NULL
    float* out;         // may be q
    float* lse;         // or NULL
    float* scratch;     // BLOCK * (2 * head_dim + TILE) floats, 64-byte aligned
    const int32_t* table;
    int64_t first_row, last_row;
    int64_t group, head_dim, kv_heads;
    int64_t query_stride, head_stride;  // of q and out
    int64_t kv_stride, kv_head_stride, page, page_stride;
    int64_t seen, step, keys;
    int64_t mask_stride;
    int64_t lse_query_stride, lse_head_stride;
} attention_t;

// Scratch: queries and results [BLOCK][head_dim], weights [BLOCK][TILE].
#define SCRATCH_QUERIES(a) ((a)->scratch)
#define SCRATCH_RESULTS(a) ((a)->scratch + BLOCK * (a)->head_dim)
#define SCRATCH_WEIGHTS(a) ((a)->scratch + 2 * BLOCK * (a)->head_dim)

INLINE int64_t seen_by(const attention_t* a, int64_t row) {
    return max_l(0, min_l(a->keys, a->seen + row / a->group * a->step));
}

// First elements of the keys first .. first + count - 1; the last one fills up the tile, for what is computed but not seen.
INLINE void elements_of_keys(const attention_t* a, int64_t first, int64_t count, int64_t* at) {
    int64_t page = a->page ? first / a->page : 0, within = a->page ? first % a->page : first;
    int64_t size = a->page ? a->page : INT64_MAX, block = a->page ? a->table[page] * a->page_stride : 0;
    for (int64_t j = 0; j < count; j++) {
        at[j] = block + within * a->kv_stride;
        if (++within == size && j + 1 < count) within = 0, block = a->table[++page] * a->page_stride;
    }
    for (int64_t j = count; j < TILE; j++) at[j] = at[count - 1];
}

// log x for x > 0 in double: x = 2^n m with m in [sqrt(1/2), sqrt(2)), log m = 2 atanh((m - 1) / (m + 1)).
INLINE double log_of(double x) {
    union { double d; uint64_t bits; } u = {x};
    int64_t n = (int64_t)((u.bits - 0x3fe6a09e00000000u) >> 52);
    if (n >= 2048) n -= 4096;
    u.bits -= (uint64_t)n << 52;
    double t = (u.d - 1.0) / (u.d + 1.0), z = t * t;
    double p = 1.0 + z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9 + z * (1.0 / 11)))));
    return (double)n * 0.6931471805599453 + 2.0 * t * p;
}
