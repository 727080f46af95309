// Reductions, norms, softmax, rope, row moves and argmax against double arithmetic.
#include "blob_test.h"

static const size_t lengths[] = {127, 128, 129, 1000, 4096, 16384};

static void random_fill(type_t type, void* p, size_t n) {
    for (size_t i = 0; i < n; i++) put(type, p, i, (float)random_value(-4, 4));
}

static void* random_values(int slot, type_t type, size_t n) {
    void* p = values(slot, type, n);
    random_fill(type, p, n);
    return p;
}

static void check_reductions(type_t type, size_t n) {
    void *a = random_values(0, type, n), *b = random_values(1, type, n);
    double dot = 0, dot_abs = 0, sum = 0, sum_abs = 0, squares = 0, top = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        double x = get(type, a, i), y = get(type, b, i);
        dot += x * y, dot_abs += fabs(x * y), sum += x, sum_abs += fabs(x), squares += x * x, top = fmax(top, x);
    }
    double unit = (double)(n / 32 + 12) * 0x1p-24;
    expect_close(F32, run(entry("dot", type), a, b, (int64_t)n).f, dot, 0, unit * dot_abs, "%s n=%zu", entry("dot", type), n);
    expect_close(F32, run(entry("sum", type), a, (int64_t)n).f, sum, 0, unit * sum_abs, "%s n=%zu", entry("sum", type), n);
    expect_close(F32, run(entry("sum_squares", type), a, (int64_t)n).f, squares, unit, 0, "%s n=%zu", entry("sum_squares", type), n);
    expect_close(F32, run(entry("max", type), a, (int64_t)n).f, top, 0, 0, "%s n=%zu", entry("max", type), n);
    if (n == 0) return;
    put(type, a, n - 1 - n / 3, NAN);
    expect(isnan(run(entry("max", type), a, (int64_t)n).f), "%s loses NaN, n=%zu", entry("max", type), n);
    for (size_t i = 0; i < n; i++) put(type, a, i, -INFINITY);
    expect(run(entry("max", type), a, (int64_t)n).f == -INFINITY, "%s of -inf, n=%zu", entry("max", type), n);
}

static void check_argmax(type_t type, size_t n) {
    void *x = random_values(0, type, 3 * n), *out = buffer(1, 3 * 4);
    uint32_t want[3] = {0xffffffffu, 0xffffffffu, 0xffffffffu};
    for (size_t i = 0; i < n; i++) {
        put(type, x, 2 * n + i, i % 2 ? NAN : -INFINITY);
        if (i % 3 == 1) put(type, x, i, NAN);
        if (i % 4 > 1) put(type, x, n + i, 4);  // many equal maxima
    }
    for (int row = 0; row < 3; row++) {
        float best = -INFINITY;
        for (size_t i = 0; i < n; i++)
            if (get(type, x, row * n + i) > best) best = get(type, x, row * n + i), want[row] = (uint32_t)i;
    }
    run(entry("argmax", type), x, out, (int64_t)3, (int64_t)n);
    for (int row = 0; row < 3; row++) {
        uint32_t got;
        memcpy(&got, (char*)out + 4 * row, 4);
        expect(got == want[row], "%s n=%zu row %d: got %u want %u", entry("argmax", type), n, row, got, want[row]);
    }
}

// Streams take rows in fours, and those that are left one by one.
static void check_rms(type_t type, size_t n, const char* suffix) {
    const size_t ROWS = *suffix ? 9 : 3;
    char name[64];
    snprintf(name, sizeof name, "%s%s", entry("rms_norm", type), suffix);
    void *x = random_values(0, type, ROWS * n), *w = random_values(1, type, n), *out = values(2, type, ROWS * n), *same = values(3, type, ROWS * n);
    memcpy(same, x, ROWS * n * type_bytes[type]);
    run(name, x, w, out, (int64_t)ROWS, (int64_t)n, 1e-5);
    run(name, same, w, same, (int64_t)ROWS, (int64_t)n, 1e-5);
    for (size_t r = 0; r < ROWS; r++) {
        double squares = 0;
        for (size_t i = 0; i < n; i++) squares += (double)get(type, x, r * n + i) * get(type, x, r * n + i);
        double factor = 1 / sqrt(squares / (double)n + 1e-5f);
        for (size_t i = 0; i < n; i++)
            expect_close(type, get(type, out, r * n + i), get(type, x, r * n + i) * factor * get(type, w, i), 1e-6, 0, "%s n=%zu row %zu i=%zu", name, n, r, i);
    }
    expect(memcmp(out, same, ROWS * n * type_bytes[type]) == 0, "%s in place, n=%zu", name, n);
    check_canaries(name);
}

static void check_rms_residual(type_t type, size_t n) {
    enum { ROWS = 2 };
    const char* name = entry("rms_norm_residual", type);
    size_t bytes = ROWS * n * type_bytes[type];
    void *x = random_values(0, type, ROWS * n), *r = random_values(1, type, ROWS * n), *w = random_values(2, type, n);
    void *sum = values(3, type, ROWS * n), *out = values(4, type, ROWS * n), *x2 = values(5, type, ROWS * n), *r2 = values(6, type, ROWS * n);
    memcpy(x2, x, bytes);
    memcpy(r2, r, bytes);
    run(name, x, r, w, sum, out, (int64_t)ROWS, (int64_t)n, 1e-5);
    run(name, x2, r2, w, x2, r2, (int64_t)ROWS, (int64_t)n, 1e-5);
    for (size_t row = 0; row < ROWS; row++) {
        double squares = 0;
        for (size_t i = row * n; i < row * n + n; i++) squares += pow((double)get(type, x, i) + get(type, r, i), 2);
        double factor = 1 / sqrt(squares / (double)n + 1e-5f);
        for (size_t i = row * n; i < row * n + n; i++) {
            double v = (double)get(type, x, i) + get(type, r, i);
            expect_close(type, get(type, sum, i), v, 1e-7, 0, "%s sum n=%zu i=%zu", name, n, i);
            expect_close(type, get(type, out, i), v * factor * get(type, w, i - row * n), 1e-6, 0, "%s n=%zu i=%zu", name, n, i);
        }
    }
    expect(memcmp(sum, x2, bytes) == 0 && memcmp(out, r2, bytes) == 0, "%s in place, n=%zu", name, n);
    check_canaries(name);
}

static void check_layer_norm(type_t type, size_t n) {
    enum { ROWS = 2 };
    const char* name = entry("layer_norm", type);
    void *x = random_values(0, type, ROWS * n), *gamma = random_values(1, type, n), *beta = random_values(2, type, n);
    void *out = values(3, type, ROWS * n), *same = values(4, type, ROWS * n);
    memcpy(same, x, ROWS * n * type_bytes[type]);
    run(name, x, gamma, beta, out, (int64_t)ROWS, (int64_t)n, 1e-5);
    run(name, same, gamma, beta, same, (int64_t)ROWS, (int64_t)n, 1e-5);
    for (size_t r = 0; r < ROWS; r++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < n; i++) sum += get(type, x, r * n + i);
        double mean = sum / (double)n;
        for (size_t i = 0; i < n; i++) squares += pow(get(type, x, r * n + i) - mean, 2);
        double factor = 1 / sqrt(squares / (double)n + 1e-5f);
        for (size_t i = 0; i < n; i++) {
            double scaled = (get(type, x, r * n + i) - mean) * factor * get(type, gamma, i);
            expect_close(type, get(type, out, r * n + i), scaled + get(type, beta, i), 1e-6, fmin(factor, 1) * 1e-5, "%s n=%zu i=%zu", name, n, i);
        }
    }
    expect(memcmp(out, same, ROWS * n * type_bytes[type]) == 0, "%s in place, n=%zu", name, n);
    check_canaries(name);
}

// Row 0 plain, row 1 partly hidden, row 2 hidden, row 3 with a NaN.
static void check_softmax(type_t type, size_t n, bool masked, bool stream) {
    const size_t ROWS = stream ? 11 : 4;
    char name[64];
    snprintf(name, sizeof name, "%s%s", entry("softmax", type), stream ? "_stream" : "");
    void *x = random_values(0, type, ROWS * n), *out = values(2, type, ROWS * n), *same = values(3, type, ROWS * n);
    float *mask = random_values(1, F32, ROWS * n), *scratch = values(4, F32, stream ? 4 * n : n);
    for (size_t i = 0; i < n; i++) {
        if (masked) mask[2 * n + i] = -INFINITY;
        put(type, x, 2 * n + i, masked ? 1 : -INFINITY);
        if (i % 3 == 0) put(type, x, n + i, -INFINITY);
        if (masked && i % 5 == 0) mask[n + i] = -INFINITY;
    }
    if (n > 0) put(type, x, 3 * n + n / 2, NAN);
    memcpy(same, x, ROWS * n * type_bytes[type]);
    for (int in_place = 0; in_place < 2; in_place++) {
        void *from = in_place ? same : x, *to = in_place ? same : out;
        if (stream) run(name, from, to, scratch, (int64_t)ROWS, (int64_t)n, 0.7);
        else run(name, from, masked ? mask : NULL, to, scratch, (int64_t)ROWS, (int64_t)n, 0.7);
    }
    for (size_t r = 0; r < ROWS; r++) {
        double sum = 0, top = -INFINITY, e[16384];
        for (size_t i = 0; i < n; i++) {
            e[i] = get(type, x, r * n + i) * (double)0.7f + (masked ? mask[r * n + i] : 0);
            top = fmax(top, e[i]);
        }
        for (size_t i = 0; i < n; i++) sum += e[i] = exp(e[i] - (top == -INFINITY ? 0 : top));
        for (size_t i = 0; i < n; i++)
            expect_close(type, get(type, out, r * n + i), sum == 0 ? 0 : e[i] / sum, 4e-6, 1e-38, "%s n=%zu row %zu i=%zu masked %d", name, n, r, i, masked);
    }
    expect(memcmp(out, same, ROWS * n * type_bytes[type]) == 0, "%s in place, n=%zu", name, n);
    check_canaries(name);
}

static void check_rope(type_t type, size_t dim, size_t rotary, bool split, bool with_positions) {
    enum { TOKENS = 3, HEADS = 2, TABLE = 9 };
    const char* name = entry(split ? "rope_split" : "rope_interleaved", type);
    size_t n = TOKENS * HEADS * dim, pairs = rotary / 2;
    void *x = random_values(0, type, n), *before = values(1, type, n);
    float *c = values(2, F32, TABLE * pairs), *s = values(3, F32, TABLE * pairs);
    int32_t* positions = buffer(4, TOKENS * 4);
    for (size_t i = 0; i < TABLE * pairs; i++) {
        double angle = random_value(-4, 4);
        c[i] = (float)cos(angle), s[i] = (float)sin(angle);
    }
    positions[0] = 8, positions[1] = 0, positions[2] = 5;
    memcpy(before, x, n * type_bytes[type]);
    run(name, x, with_positions ? positions : NULL, c, s, (int64_t)TOKENS, (int64_t)HEADS, (int64_t)dim, (int64_t)rotary);
    for (size_t t = 0; t < TOKENS; t++)
        for (size_t h = 0; h < HEADS; h++) {
            size_t at = (t * HEADS + h) * dim, angles = (with_positions ? (size_t)positions[t] : t) * pairs;
            for (size_t i = 0; i < pairs; i++) {
                size_t lower = at + (split ? i : 2 * i), upper = split ? lower + pairs : lower + 1;
                volatile float a = get(type, before, lower), b = get(type, before, upper), ac = a * c[angles + i], bs = b * s[angles + i];
                volatile float as = a * s[angles + i], bc = b * c[angles + i];
                float want[2];
                put(type, want, 0, ac - bs);
                put(type, want, 1, as + bc);
                expect(get(type, x, lower) == get(type, want, 0) && get(type, x, upper) == get(type, want, 1), "%s dim %zu rotary %zu pair %zu", name, dim, rotary, i);
            }
            for (size_t i = rotary; i < dim; i++) expect(get(type, x, at + i) == get(type, before, at + i), "%s changed %zu", name, i);
        }
    check_canaries(name);
}

static void check_rows(type_t type, size_t dim) {
    enum { TABLE = 5, COUNT = 3 };
    void* table = random_values(0, type, TABLE * dim);
    int32_t* ids = buffer(1, COUNT * 4);
    float *out = values(2, F32, COUNT * dim), *k = random_values(3, F32, COUNT * dim), *v = random_values(4, F32, COUNT * dim);
    void *k_cache = values(5, type, TABLE * dim), *v_cache = values(6, type, TABLE * dim);
    ids[0] = 4, ids[1] = 0, ids[2] = 2;
    run(entry("embedding", type), table, ids, out, (int64_t)COUNT, (int64_t)dim);
    run(entry("kv_append", type), k, v, ids, k_cache, v_cache, (int64_t)COUNT, (int64_t)dim);
    for (size_t i = 0; i < COUNT * dim; i++) {
        size_t at = (size_t)ids[i / dim] * dim + i % dim;
        float want[2];
        put(type, want, 0, k[i]);
        put(type, want, 1, v[i]);
        expect(out[i] == get(type, table, at), "%s dim %zu i=%zu", entry("embedding", type), dim, i);
        expect(get(type, k_cache, at) == get(type, want, 0) && get(type, v_cache, at) == get(type, want, 1), "%s dim %zu i=%zu", entry("kv_append", type), dim, i);
    }
    for (size_t i = dim; i < 2 * dim; i++) expect(isnan(get(type, k_cache, i)), "kv_append wrote to another slot");
    check_canaries("embedding, kv_append");
}

static void check_length(type_t type, size_t n) {
    check_reductions(type, n);
    check_argmax(type, n);
    check_rms(type, n, "");
    check_rms_residual(type, n);
    check_layer_norm(type, n);
    check_softmax(type, n, false, false);
    check_softmax(type, n, true, false);
    check_rows(type, n);
    for (size_t rotary = n & ~1ul; n <= 128 && rotary <= n && rotary + 8 > n; rotary -= 2)
        for (int form = 0; form < 4; form++) check_rope(type, n, rotary, form & 1, form & 2);
    if (type != F32) return;
    check_rms(type, n, "_stream");
    check_softmax(type, n, false, true);
}

void test_rows(void) {
    for (type_t type = F32; type <= BF16; type++) {
        for (size_t n = 0; n <= 4 * (size_t)vector_lanes() + 3; n++) check_length(type, n);
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) check_length(type, lengths[i]);
    }
}
