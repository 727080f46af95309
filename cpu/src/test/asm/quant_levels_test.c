// The formats of quant_levels.h. Decoding: the checksum of decoded blocks that the Java decoders confirm on x86 (NativeQuantTest),
// so that instruction sets without a Java test here are held to the same bits. Products: ordered ones equal plain sums over the
// decoded rows bit for bit, fast ones stay within the cost of rounding activations; packed or raw, alone or in a batch: same bits.
#include "quant_test.h"

typedef struct {
    const char* name;
    int elements, bytes, halves[2];   // where the f16 scales are, -1: none
    int run, super;                   // columns that share a scale; bytes of 256 packed columns of 16 rows
    uint32_t decoded;                 // checksum of the first blocks
    int dense;                        // bytes of the variant "dense", where the target has it
} levels_format_t;

static const levels_format_t level_formats[] = {
    {"q4_1", 32, 20, {0, 2}, 32, 2560, 0xeea7539e, 0},
    {"q5_0", 32, 22, {0, -1}, 32, 2816, 0x64a46cb3, 0},
    {"q5_1", 32, 24, {0, 2}, 32, 3072, 0x47d448e2, 0},
    {"q2_k", 256, 84, {80, 82}, 16, 1344, 0x4f78c5a9, 0},
    {"q3_k", 256, 110, {108, -1}, 16, 1824, 0x2420b4fe, 0},
    {"q5_k", 256, 176, {0, 2}, 32, 2880, 0x1002c45e, 0},
    {"iq1_s", 256, 50, {0, -1}, 32, 1184, 0x1687eeeb, 960},
    {"iq1_m", 256, 56, {-1, -1}, 16, 1248, 0x14709795, 1088},
    {"iq2_xxs", 256, 66, {0, -1}, 32, 1632, 0x297b8071, 0},
    {"iq2_xs", 256, 74, {0, -1}, 16, 1696, 0xe7803f85, 0},
    {"iq2_s", 256, 82, {0, -1}, 16, 1696, 0xfea48e8d, 0},
    {"iq3_xxs", 256, 98, {0, -1}, 32, 2144, 0x636498c5, 0},
    {"iq3_s", 256, 110, {0, -1}, 32, 2144, 0x5aacc0eb, 0},
    {"iq4_nl", 32, 18, {0, -1}, 32, 2304, 0x2143b350, 0},
    {"iq4_xs", 256, 136, {0, -1}, 32, 2208, 0xaf859acf, 0},
    {"tq1_0", 256, 54, {52, -1}, 32, 1056, 0x78994652, 896},
    {"tq2_0", 256, 66, {64, -1}, 32, 1056, 0x7efa10a9, 0},
    {"mxfp4", 32, 17, {-1, -1}, 32, 2176, 0x76cad0eb, 0},
    {"nvfp4", 64, 36, {-1, -1}, 16, 2304, 0xd5f07246, 0},
    {"q1_0", 128, 18, {0, -1}, 32, 576, 0x54e6e4b6, 0},
    {"q2_0", 64, 18, {0, -1}, 32, 1152, 0x0f32b568, 0},
};

static const char* name_of(const char* stem, const levels_format_t* f) {
    static char name[64];
    snprintf(name, sizeof name, "%s_%s", stem, f->name);
    return name;
}

static bool dense;   // test that variant
static const char* packed_name(const char* stem, const levels_format_t* f) {
    char variant[48];
    snprintf(variant, sizeof variant, dense ? "%s_dense" : "%s", stem);
    return name_of(variant, f);
}

static uint32_t state;
static uint32_t next_random(void) { return (state = state * 1664525u + 1013904223u) >> 8; }

// Random blocks whose scales keep products in range.
static void fill_blocks(const levels_format_t* f, uint8_t* w, int64_t blocks) {
    for (int64_t b = 0; b < blocks; b++, w += f->bytes) {
        for (int i = 0; i < f->bytes; i++) w[i] = (uint8_t)next_random();
        for (int h = 0; h < 2; h++)
            if (f->halves[h] >= 0) put(F16, w + f->halves[h], 0, (float)(next_random() % 2001 - 1000.0) * 1e-5f);
        if (!strcmp(f->name, "mxfp4")) w[0] = (uint8_t)(118 + (w[0] & 7));
        for (int i = 0; i < 4 && !strcmp(f->name, "nvfp4"); i++) w[i] &= 63;
        if (!strcmp(f->name, "iq1_m")) w[53] = (uint8_t)((w[53] & 15) | 0x40), w[55] = (uint8_t)((w[55] & 15) | 0x20);
    }
}

static void test_decoded(const levels_format_t* f) {
    int64_t blocks = 8192 / f->elements, k = f->elements * 2;
    uint8_t* w = buffer(0, (size_t)(blocks * f->bytes));
    state = 1;
    fill_blocks(f, w, blocks);
    float* out = buffer(1, 8192 * 4);
    run(name_of("dequant", f), w, out, blocks);
    uint32_t sum = 2166136261u;
    for (int i = 0; i < 8192; i++) {
        uint32_t bits;
        memcpy(&bits, out + i, 4);
        sum = (sum ^ bits ^ sum >> 15 ^ bits >> 16) * 16777619u;
    }
    expect(sum == f->decoded, "blocks of %s decode to 0x%08x, not 0x%08x", f->name, sum, f->decoded);
    int32_t* ids = buffer(2, 3 * 4);
    ids[0] = 5, ids[1] = 0, ids[2] = 3;
    float* picked = buffer(3, (size_t)(3 * k) * 4);
    run(name_of("quant_rows", f), w, (int64_t)f->bytes * 2, ids, picked, k, (int64_t)0, (int64_t)3);
    for (int i = 0; i < 3; i++) expect(memcmp(picked + i * k, out + ids[i] * k, (size_t)k * 4) == 0, "row %d of %s", ids[i], f->name);
    check_canaries(f->name);
}

static float in_order(const float* w, const float* x, int64_t k) {
    float total = 0, sum = 0;
    for (int64_t i = 0; i < k; i++) {
        sum = i % 32 == 0 ? 0 + x[i] * w[i] : sum + x[i] * w[i];
        if (i % 32 == 31) total += sum;
    }
    return total;
}

static void expect_near(const levels_format_t* f, const float* w, const float* x, int64_t k, float got, const char* what) {
    int64_t block = f->elements == 256 ? 256 : 32;
    double exact = 0, all = 0, step = 0;
    for (int64_t from = 0; from < k; from += block) {
        double largest = 0, weights = 0;
        for (int64_t i = from; i < from + block; i++) {
            exact += (double)w[i] * x[i], all += fabs((double)w[i] * x[i]), weights += fabs(w[i]);
            largest = fmax(largest, fabs(x[i]));
        }
        step += largest / 254 * weights;
    }
    double bound = (double)(k + 8) * 0x1p-24 * all + 1.02 * step;
    expect(fabs(got - exact) <= bound, "%s %s: %.9g, not %.9g within %g", f->name, what, got, exact, bound);
}

static void test_product(const levels_format_t* f, int64_t n, int64_t k, int64_t m) {
    int64_t row_bytes = k / f->elements * f->bytes, groups = (n + 15) / 16, super = (k + 255) / 256 * m, runs = 256 / f->run;
    uint8_t* w = buffer(0, (size_t)(n * row_bytes));
    fill_blocks(f, w, n * k / f->elements);
    float* decoded = buffer(1, (size_t)(n * k) * 4);
    run(name_of("dequant", f), w, decoded, n * k / f->elements);
    float* x = buffer(2, (size_t)(m * k) * 4);
    for (int64_t i = 0; i < m * k; i++) x[i] = (float)random_value(-3, 3);
    char act_name[32];
    snprintf(act_name, sizeof act_name, "quant_act_runs%d_%d", (int)runs, f->elements == 256 ? 256 : 32);
    char* act = buffer(3, (size_t)(super * 256 + 3 * up64(super * runs * 4)));
    run(act_name, x, k, act, m, k, (int64_t)0, m);
    uint8_t* packed = buffer(4, (size_t)(groups * ((k + 255) / 256) * (dense ? f->dense : f->super)));
    run(packed_name("quant_pack", f), w, row_bytes, packed, n, k, (int64_t)0, groups);
    void* scratch = (void*)up64((int64_t)buffer(5, SCRATCH + 64));
    float* y[4];
    for (int form = 0; form < 4; form++) {
        y[form] = buffer(6 + form, (size_t)(m * n) * 4);
        bool raw = form & 1, ordered = form >= 2;
        int64_t arguments[10] = {(int64_t)(raw ? w : packed), raw ? row_bytes : 0, (int64_t)(ordered ? (char*)x : act), k, (int64_t)y[form], n, m, n, k, 8192};
        int64_t* a = buffer(10, sizeof arguments);
        memcpy(a, arguments, sizeof arguments);
        run(packed_name(ordered ? "quant_matmul_ordered" : "quant_matmul", f), a, (int64_t)0, groups, scratch);
    }
    for (int64_t t = 0; t < m; t++)
        for (int64_t r = 0; r < n; r++) {
            expect_near(f, decoded + r * k, x + t * k, k, y[0][t * n + r], "packed");
            float want = in_order(decoded + r * k, x + t * k, k);
            expect(same_bits(y[2][t * n + r], want), "%s ordered n %ld k %ld m %ld: %.9g, not %.9g", f->name, (long)n, (long)k, (long)m, y[2][t * n + r], want);
        }
    expect(memcmp(y[0], y[1], (size_t)(m * n) * 4) == 0, "%s raw differs from packed, n %ld k %ld m %ld", f->name, (long)n, (long)k, (long)m);
    expect(memcmp(y[2], y[3], (size_t)(m * n) * 4) == 0, "%s ordered raw differs from packed", f->name);
    // the last token alone
    float* alone = buffer(11, (size_t)n * 4);
    char* one = buffer(12, (size_t)((k + 255) / 256 * 256 + 3 * up64((k + 255) / 256 * runs * 4)));
    run(act_name, x + (m - 1) * k, k, one, (int64_t)1, k, (int64_t)0, (int64_t)1);
    int64_t arguments[10] = {(int64_t)packed, 0, (int64_t)one, k, (int64_t)alone, n, 1, n, k, 8192};
    int64_t* a = buffer(10, sizeof arguments);
    memcpy(a, arguments, sizeof arguments);
    run(packed_name("quant_matmul", f), a, (int64_t)0, groups, scratch);
    expect(memcmp(alone, y[0] + (m - 1) * n, (size_t)n * 4) == 0, "%s: a row alone differs from the batch of %ld", f->name, (long)m);
    check_canaries(f->name);
}

static void test_products(const levels_format_t* f) {
    static const int64_t tokens[] = {1, 2, 3, 4, 5, 17, 35};
    for (int t = 0; t < 7; t++) {
        test_product(f, 37, 512, tokens[t]);
        test_product(f, 16, f->elements == 256 ? 256 : f->elements * 3, tokens[t]);
    }
    test_product(f, 80, 768, 18);
}

static bool has_dense(const char* symbol) {
#ifdef __x86_64__
    return has_entry(symbol) && __builtin_cpu_supports("avx512vbmi");
#else
    return has_entry(symbol);
#endif
}

void test_quant_levels(void) {
    for (size_t i = 0; i < sizeof level_formats / sizeof *level_formats; i++) {
        const levels_format_t* f = &level_formats[i];
        test_decoded(f);
        test_products(f);
        dense = f->dense && has_dense(name_of("quant_pack_dense", f));
        if (dense) test_products(f);
        dense = false;
    }
}
