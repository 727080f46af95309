// Quantised kernels against the formula of quant.h, evaluated here from the GGUF bytes alone: results must be equal bit for
// bit, for packed and raw weights, every number of tokens, and however the rows are split.
#include "quant_test.h"

static const int row_counts[] = {1, 5, 16, 17, 33, 70}, token_counts[] = {1, 2, 3, 4, 5, 7, 15, 16, 17, 18, 33};
static const int columns_32[] = {32, 64, 96, 160, 256, 288, 544}, columns_256[] = {256, 512, 768};

// ---- activations ----

static int64_t act_bytes(const format_t* f, int64_t m, int64_t k) {
    int64_t n = (k + 255) / 256 * m;
    if (f->block == 32) return n * 256 + up64(n * 32) + up64(n * 32);
    return n * 256 + up64(n * 4) + up64(n * 16) + up64(n * 64);
}

// What the quantisers should give for one block: scale and integers.
static float expect_block(const float* x, int count, int8_t* q) {
    float a = 0;
    for (int i = 0; i < count; i++) a = isnan(x[i]) || isnan(a) ? NAN : fmaxf(a, fabsf(x[i]));
    float d = a / 127;
    for (int i = 0; i < count; i++)
        q[i] = (int8_t)(a > 0 && isfinite(a) ? nearbyint((double)(x[i] * (a < 1e-30f ? 0x1p100f : 1) * (127 / (a * (a < 1e-30f ? 0x1p100f : 1))))) : 0);
    return d;
}

static void fill_activations(float* x, int64_t n, int pattern) {
    for (int64_t i = 0; i < n; i++) {
        double v = random_value(-3, 3);
        if (pattern == 1) v = v * v * v * v * v;                       // heavy tails
        if (pattern == 2) v = (double)(int)(random_value(-254, 254)) / 2;  // ties
        if (pattern == 3) v = i % 256 < 100 ? 0 : v * 1e-36 * pow(10, -(double)(i / 256));           // zeros and subnormals
        if (pattern == 4) v = i % 97 ? -127 : 127;                     // extremes
        x[i] = (float)v;
    }
}

typedef struct { int8_t* q; float* d; } oracle_act_t;   // plain rows: q[m][k], d[m][k / block]

static oracle_act_t expect_activations(const format_t* f, const float* x, int64_t m, int64_t k) {
    oracle_act_t o = {malloc((size_t)(m * k)), malloc(sizeof(float) * (size_t)(m * k / f->block))};
    for (int64_t i = 0; i < m * k / f->block; i++) o.d[i] = expect_block(x + i * f->block, f->block, o.q + i * f->block);
    return o;
}

static void check_activations(const format_t* f, const char* act, const oracle_act_t* o, int64_t m, int64_t k, const char* what) {
    int64_t supers = (k + 255) / 256, n = supers * m;
    const int8_t* q = (const int8_t*)act;
    const float* d = (const float*)(act + n * 256);
    bool per32 = f->block == 32;
    const int32_t* c = (const int32_t*)(act + n * 256 + (per32 ? up64(n * 32) : up64(n * 4) + up64(n * 16)));
    const int16_t* s = (const int16_t*)(act + n * 256 + up64(n * 4));
    static const int pair_order[8] = {0, 2, 1, 3, 4, 6, 5, 7};
    for (int64_t t = 0; t < m; t++)
        for (int64_t b = 0; b < supers; b++) {
            int64_t i = b * m + t;
            int sums[16] = {0};
            for (int e = 0; e < 256; e++) {
                int want = b * 256 + e < k ? o->q[t * k + b * 256 + e] : 0;
                sums[e / 16] += want;
                expect(q[i * 256 + e] == want, "%s %s q[%ld][%ld] = %d, not %d", f->name, what, (long)t, (long)(b * 256 + e), q[i * 256 + e], want);
            }
            for (int e = 0; e < 8; e++) {
                bool inside = b * 256 + e * 32 < k;
                if (per32) {
                    expect(same_bits(d[i * 8 + e], inside ? o->d[(t * k + b * 256) / 32 + e] : 0), "%s %s d[%ld] block %d", f->name, what, (long)t, e);
                    expect(c[i * 8 + e] == -128 * (sums[2 * e] + sums[2 * e + 1]), "%s %s c", f->name, what);
                } else {
                    expect(s[i * 8 + e] == sums[2 * pair_order[e]] + sums[2 * pair_order[e] + 1], "%s %s s", f->name, what);
                }
            }
            if (per32) continue;
            expect(same_bits(d[i], o->d[t * supers + b]), "%s %s d[%ld]", f->name, what, (long)t);
            for (int e = 0; e < 16; e++) expect(c[i * 16 + e] == -32 * sums[e / 4 + 4 * (e % 4)], "%s %s c", f->name, what);
        }
}

static void test_activations(const format_t* f) {
    const char* per = f->block == 32 ? "quant_act_32" : "quant_act_256";
    for (int pattern = 0; pattern < 6; pattern++)
        for (int m = 1; m <= 3; m++) {
            int64_t k = f->block == 32 ? 288 : 512, stride = k + 5;
            float* x = buffer(0, (size_t)((m - 1) * stride + k) * 4);
            fill_activations(x, (m - 1) * stride + k, pattern);
            if (pattern == 5) x[3] = NAN, x[k - 1] = INFINITY;
            float* dense = malloc((size_t)(m * k) * 4);
            for (int t = 0; t < m; t++) memcpy(dense + t * k, x + t * stride, (size_t)k * 4);
            oracle_act_t o = expect_activations(f, dense, m, k);
            char* act = buffer(1, (size_t)act_bytes(f, m, k));
            run(per, x, stride, act, (int64_t)m, k, (int64_t)0, (int64_t)1);
            run(per, x, stride, act, (int64_t)m, k, (int64_t)1, (int64_t)m);
            check_activations(f, act, &o, m, k, "activations");
            // canonical blocks and back
            int64_t block_bytes = f->block == 32 ? 34 : 292, blocks = m * k / f->block;
            uint8_t* packed = buffer(2, (size_t)(blocks * block_bytes));
            float* dense_at_end = buffer(3, (size_t)(m * k) * 4);
            memcpy(dense_at_end, dense, (size_t)(m * k) * 4);
            run(f->block == 32 ? "quantize_q8_0" : "quantize_q8_k", dense_at_end, packed, blocks);
            for (int64_t i = 0; i < blocks; i++) {
                const uint8_t* block = packed + i * block_bytes;
                expect(memcmp(block + (f->block == 32 ? 2 : 4), o.q + i * f->block, (size_t)f->block) == 0, "canonical block %ld", (long)i);
                if (f->block == 32) {
                    uint16_t half;
                    put(F16, &half, 0, o.d[i]);
                    float got = get(F16, block, 0);
                    expect(same_bits(got, get(F16, &half, 0)), "scale of canonical block %ld", (long)i);
                    o.d[i] = got;
                } else {
                    for (int e = 0; e < 16; e++) {
                        int sum = 0;
                        for (int z = 0; z < 16; z++) sum += o.q[i * 256 + e * 16 + z];
                        int16_t got;
                        memcpy(&got, block + 260 + 2 * e, 2);
                        expect(got == sum, "sum %d of canonical block %ld", e, (long)i);
                    }
                }
            }
            char* again = buffer(4, (size_t)act_bytes(f, m, k));
            run(f->block == 32 ? "quant_act_from_q8_0" : "quant_act_from_q8_k", packed, k / f->block * block_bytes, again, (int64_t)m, k,
                (int64_t)0, (int64_t)m);
            check_activations(f, again, &o, m, k, "imported");
            check_canaries(per);
            free(dense), free(o.q), free(o.d);
        }
}

// ---- matmul ----

// One result by the formula of quant.h.
static float expect_dot(const format_t* f, const uint8_t* row, const int8_t* q, const float* d, int64_t k) {
    float y = 0;
    for (int64_t b = 0; b * 256 < k; b++) {
        int columns = (int)(k - b * 256 < 256 ? k - b * 256 : 256);
        y = f->superblock(row + b * 256 / f->elements * f->bytes, q + b * 256, d + b * (f->block == 32 ? 8 : 1), columns, y);
    }
    return y;
}

// Runs of 32 columns from zero, multiply and add apart, runs added in order.
static float expect_ordered(const format_t* f, const uint8_t* row, const float* x, int64_t k) {
    float total = 0, sum = 0, w[256];
    for (int64_t i = 0; i < k; i++) {
        if (i % f->elements == 0) f->decode(row + i / f->elements * f->bytes, w);
        sum = i % 32 == 0 ? 0 + x[i] * w[i % f->elements] : sum + x[i] * w[i % f->elements];
        if (i % 32 == 31) total += sum;
    }
    return total;
}

static void check_matmul(const format_t* f, int64_t n, int64_t k, int64_t m, int pattern) {
    int64_t row_bytes = k / f->elements * f->bytes, groups = (n + 15) / 16, stride = n + 3;
    uint8_t* w = buffer(0, (size_t)(n * row_bytes));
    fill_weights(f, w, n * k / f->elements, pattern);
    float* x = buffer(1, (size_t)(m * k) * 4);
    fill_activations(x, m * k, pattern);
    oracle_act_t o = expect_activations(f, x, m, k);
    char* act = buffer(2, (size_t)up64(act_bytes(f, m, k)));
    run(f->block == 32 ? "quant_act_32" : "quant_act_256", x, k, act, m, k, (int64_t)0, m);
    uint8_t* packed = buffer(3, (size_t)(groups * packed_group(f, k)));
    run(symbol("quant_pack", f), w, row_bytes, packed, n, k, (int64_t)0, groups);
    void* scratch = (void*)up64((int64_t)buffer(4, SCRATCH + 64));
    float* y[5];
    int forms_run = (n + k + m) % 3 == 0 || pattern >= 5 ? 5 : 3;
    for (int form = 0; form < forms_run; form++) {
        bool raw = form == 1 || form == 4, ordered = form >= 3;
        const char* entry = symbol(ordered ? "quant_matmul_ordered" : "quant_matmul", f);
        y[form] = buffer(5 + form, (size_t)((m - 1) * stride + n) * 4);
        int64_t arguments[10] = {(int64_t)(raw ? w : packed), raw ? row_bytes : 0, (int64_t)(ordered ? (char*)x : act), k, (int64_t)y[form], stride, m, n, k, 8192};
        int64_t* a = buffer(10, sizeof arguments);
        memcpy(a, arguments, sizeof arguments);
        int64_t split = form == 2 ? groups / 2 : 0;
        if (split) run(entry, a, (int64_t)0, split, scratch);
        run(entry, a, split, groups, scratch);
    }
    static const char* const forms[] = {"packed", "raw", "split", "ordered", "ordered raw"};
    for (int form = 0; form < forms_run; form++)
        for (int64_t t = 0; t < m; t++) {
            for (int64_t r = 0; r < n; r++) {
                const uint8_t* row = w + r * row_bytes;
                float want = form < 3 ? expect_dot(f, row, o.q + t * k, o.d + t * k / f->block, k) : expect_ordered(f, row, x + t * k, k);
                float got = y[form][t * stride + r];
                expect(same_bits(got, want), "%s %s n %ld k %ld m %ld pattern %d: y[%ld][%ld] = %.9g, not %.9g", f->name, forms[form], (long)n,
                       (long)k, (long)m, pattern, (long)t, (long)r, got, want);
            }
            for (int e = 0; e < 3 && t + 1 < m; e++) {
                uint32_t bits;
                memcpy(&bits, &y[form][t * stride + n + e], 4);
                expect(bits == 0xffffffff, "%s wrote beyond the row", f->name);
            }
        }
    check_canaries(f->name);
    free(o.q), free(o.d);
}

static void test_matmul(const format_t* f) {
    const int* columns = f->block == 32 ? columns_32 : columns_256;
    int column_count = f->block == 32 ? 7 : 3;
    for (int c = 0; c < column_count; c++)
        for (int r = 0; r < 6; r++)
            for (int t = 0; t < 11; t++) check_matmul(f, row_counts[r], columns[c], token_counts[t], (c + r + t) % 5);
    for (int pattern = 0; pattern < PATTERNS; pattern++)
        for (int m = 1; m <= 6; m++) check_matmul(f, 19, 512, m, pattern);
    check_matmul(f, 20, 256, 531, 0);
}

// ---- decoding ----

static void test_decode(const format_t* f) {
    int64_t blocks = 37, k = f->elements * 3, rows = 11, count = 7;
    uint8_t* w = buffer(0, (size_t)(blocks * f->bytes));
    fill_weights(f, w, blocks, 0);
    for (int i = 0; i < f->bytes; i++) w[i] = (uint8_t)random_value(0, 256);   // any scale
    float* out = buffer(1, (size_t)(blocks * f->elements) * 4);
    run(symbol("dequant", f), w, out, blocks);
    float want[256];
    for (int64_t b = 0; b < blocks; b++) {
        f->decode(w + b * f->bytes, want);
        for (int e = 0; e < f->elements; e++)
            expect(same_bits(out[b * f->elements + e], want[e]), "dequant %s block %ld element %d", f->name, (long)b, e);
    }
    uint8_t* table = w + (blocks - rows * 3) * f->bytes;
    int32_t* ids = buffer(2, (size_t)count * 4);
    for (int i = 0; i < count; i++) ids[i] = i == 0 ? 10 : i * 7 % 11;
    float* picked = buffer(3, (size_t)(count * k) * 4);
    run(symbol("quant_rows", f), table, 3L * f->bytes, ids, picked, k, (int64_t)0, (int64_t)2);
    run(symbol("quant_rows", f), table, 3L * f->bytes, ids, picked, k, (int64_t)2, count);
    for (int64_t i = 0; i < count; i++)
        for (int64_t e = 0; e < k; e++) {
            f->decode(table + (ids[i] * 3 + e / f->elements) * f->bytes, want);
            expect(same_bits(picked[i * k + e], want[e % f->elements]), "row %d of %s, column %ld", ids[i], f->name, (long)e);
        }
    check_canaries("dequant");
}

static void test_decode_q8_k(void) {
    uint8_t* w = buffer(0, 3 * 292);
    for (int i = 0; i < 3 * 292; i++) w[i] = (uint8_t)random_value(0, 256);
    for (int b = 0; b < 3; b++) put(F32, w + 292 * b, 0, (float)random_value(-1, 1));
    float* out = buffer(1, 3 * 1024);
    run("dequant_q8_k", w, out, (int64_t)3);
    for (int i = 0; i < 768; i++) {
        float want = get(F32, w + i / 256 * 292, 0) * (float)(int8_t)w[i / 256 * 292 + 4 + i % 256];
        expect(same_bits(out[i], want), "dequant q8_k %d", i);
    }
    check_canaries("dequant_q8_k");
}

void test_quant(void) {
    test_decode_q8_k();
    for (int i = 0; i < FORMATS; i++) {
        test_decode(&formats[i]);
        test_activations(&formats[i]);
        test_matmul(&formats[i]);
    }
}
