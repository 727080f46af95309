// Harness for tests of the built blobs: maps kernels.bin, calls entries by name through the calling convention of the target,
// and hands out buffers that end at an unreadable page.
#pragma once
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { F32, F16, BF16 } type_t;
static const char* const type_names[] = {"f32", "f16", "bf16"};
static const size_t type_bytes[] = {4, 2, 2};

// Maps DIR/TARGET/kernels.bin and reads the entries of DIR/manifest.tsv.
void load_blob(const char* dir, const char* target);
bool has_entry(const char* symbol);
int vector_lanes(void);  // of the loaded target: 16, 8 or 4

typedef union {
    int64_t l;
    float f;
} word_t;

// Calls an entry; the arguments must be void*, int64_t or double as its signature says p, l or f.
word_t run(const char* symbol, ...);
// The name of an entry: entry("add", F16) is "add_f16". Valid until the eighth next call.
const char* entry(const char* stem, type_t type);

// Buffer `slot` (0..15) of n elements that ends where reading faults, filled with NaN, with a canary in front.
void* buffer(int slot, size_t bytes);
void* values(int slot, type_t type, size_t n);
// Fails if anything was written in front of the buffers handed out since the last call.
void check_canaries(const char* what);

float get(type_t type, const void* p, size_t i);
void put(type_t type, void* p, size_t i, float value);  // rounds to nearest even
double random_value(double from, double to);

void expect(bool condition, const char* format, ...) __attribute__((format(printf, 2, 3)));
// |got - want| <= relative * |want| + absolute, widened by the rounding of the type; NaN and infinities must match.
void expect_close(type_t type, float got, double want, double relative, double absolute, const char* format, ...)
    __attribute__((format(printf, 6, 7)));

void test_elementwise(void);
void test_accuracy(void);
void test_rows(void);
void test_attention(void);
void test_quant(void);
void test_quant_levels(void);
void test_gemm(void);
