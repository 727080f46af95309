// The quantised formats as the tests know them: straight from the byte layouts, one weight at a time.
#pragma once
#include "blob_test.h"

#define SCRATCH (192 * 1024)
#define FORMATS 4
#define PATTERNS 7

typedef struct {
    const char* name;
    int elements, bytes;   // of a GGUF block
    int block;             // columns that share an activation scale
    // y after one superblock of `columns` columns, by the formula of quant.h
    float (*superblock)(const uint8_t* blocks, const int8_t* q, const float* d, int columns, float y);
    void (*decode)(const uint8_t* block, float* out);
} format_t;

extern const format_t formats[FORMATS];

int64_t packed_group(const format_t* f, int64_t k);   // bytes of 16 packed rows
void fill_weights(const format_t* f, uint8_t* w, int64_t blocks, int pattern);
const char* symbol(const char* stem, const format_t* f);
bool same_bits(float a, float b);   // or both NaN
static inline int64_t up64(int64_t n) { return (n + 63) / 64 * 64; }
