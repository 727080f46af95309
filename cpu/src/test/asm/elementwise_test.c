// Elementwise kernels: every length 0..4*lanes+3 and some more, out of place and in place, guard pages behind every buffer;
// and the accuracy of the functions over dense sweeps.
#include "blob_test.h"

static double silu(double x) { return x / (1 + exp(-x)); }
static double gelu(double x) { return x / (1 + exp(-2 * sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); }
static double gelu_erf(double x) { return 0.5 * x * erfc(-x * M_SQRT1_2); }
static double relu(double x) { return x < 0 ? 0 : x; }

typedef struct {
    const char* name;
    double (*f)(double);
    double relative, absolute;  // error bounds of float results
} unary_t;

// Relative errors are measured by test_accuracy and rounded up. The absolute ones are where e^-x overflows: silu gives -0 below
// -88.7 instead of at most 3e-37.
static const unary_t unary[] = {{"exp", exp, 1.2e-7, 0},           {"silu", silu, 3e-7, 3e-37}, {"gelu", gelu, 4e-7, 3e-37} ,
                                {"gelu_erf", gelu_erf, 4e-7, 1e-43}, {"relu", relu, 0, 0},        {"tanh", tanh, 3e-7, 0}};

static const float specials[] = {0.0f, -0.0f, 1.0f, -1.0f, INFINITY, -INFINITY, NAN, 1e-40f, -1e-40f, 3e38f, -3e38f, 88.7f, 89.0f, -87.5f, -103.5f, -104.5f, 1e-7f, 0x1p-24f, 0x1p-25f, 65519.0f, 65520.0f};

static float sample(size_t i) {
    if (i % 5 == 3) return specials[i / 5 % (sizeof specials / sizeof *specials)];
    return (float)random_value(-12, 12);
}

static size_t fill(type_t type, void* p, size_t n, size_t seed) {
    for (size_t i = 0; i < n; i++) put(type, p, i, sample(i + seed));
    return n;
}

static bool same_bits(float a, float b) { return (isnan(a) && isnan(b)) || memcmp(&a, &b, 4) == 0; }

static double unary_reference(const unary_t* u, float x) {
    if (u->f != relu && u->f != exp && u->f != tanh && x == -INFINITY) return NAN;  // -inf * 0, as the formula says
    return u->f(x);
}

static void check_unary(const unary_t* u, type_t type, size_t n, const char* suffix) {
    char name[64];
    snprintf(name, sizeof name, "%s%s", entry(u->name, type), suffix);
    void *x = values(0, type, n), *out = values(1, type, n), *in_place = values(2, type, n);
    fill(type, x, n, n);
    memcpy(in_place, x, n * type_bytes[type]);
    run(name, x, out, (int64_t)n);
    run(name, in_place, in_place, (int64_t)n);
    for (size_t i = 0; i < n; i++) {
        float v = get(type, x, i);
        expect_close(type, get(type, out, i), unary_reference(u, v), u->relative, u->absolute, "%s(%g) n=%zu i=%zu", name, (double)v, n, i);
    }
    expect(memcmp(out, in_place, n * type_bytes[type]) == 0, "%s in place differs, n=%zu", name, n);
    check_canaries(name);
}

static float plain(char op, float a, float b) { return op == 'a' ? a + b : op == 's' ? a - b : a * b; }

static void check_binary(const char* stem, type_t type, size_t n, const char* suffix) {
    char name[64];
    snprintf(name, sizeof name, "%s%s", entry(stem, type), suffix);
    void *a = values(0, type, n), *b = values(1, type, n), *out = values(2, type, n), *in_place = values(3, type, n);
    fill(type, a, n, n);
    fill(type, b, n, 2 * n + 7);
    memcpy(in_place, b, n * type_bytes[type]);
    run(name, a, b, out, (int64_t)n);
    run(name, a, in_place, in_place, (int64_t)n);
    for (size_t i = 0; i < n; i++) {
        float x = get(type, a, i), y = get(type, b, i), got = get(type, out, i), want[1];
        put(type, want, 0, strcmp(stem, "swiglu") == 0 ? 0 : plain(stem[0], x, y));
        if (strcmp(stem, "swiglu") == 0)
            expect_close(type, got, x == -INFINITY || (x < -88 && isinf(y)) ? NAN : silu(x) * y, 4e-7, fabs(y) * 3e-37, "%s(%g, %g) n=%zu i=%zu", name, (double)x, (double)y, n, i);
        else
            expect(same_bits(got, get(type, want, 0)), "%s n=%zu i=%zu: %g op %g = %g", name, n, i, (double)x, (double)y, (double)got);
    }
    expect(memcmp(out, in_place, n * type_bytes[type]) == 0, "%s in place differs, n=%zu", name, n);
    check_canaries(name);
}

static void check_scale_axpy(type_t type, size_t n) {
    void *x = values(0, type, n), *y = values(1, type, n), *out = values(2, type, n), *sum = values(3, type, n);
    fill(type, x, n, n);
    fill(type, y, n, 3 * n);
    memcpy(sum, y, n * type_bytes[type]);
    run(entry("scale", type), x, out, (int64_t)n, 0.3);
    if (type == F32) {
        float* streamed = values(4, F32, n);
        run("scale_f32_stream", x, streamed, (int64_t)n, 0.3);
        expect(memcmp(out, streamed, n * 4) == 0, "scale_f32_stream n=%zu", n);
    }
    run(entry("axpy", type), x, sum, (int64_t)n, -1.7);
    for (size_t i = 0; i < n; i++) {
        float v = get(type, x, i), want[1];
        put(type, want, 0, v * 0.3f);
        expect(same_bits(get(type, out, i), get(type, want, 0)), "%s n=%zu i=%zu", entry("scale", type), n, i);
        volatile float product = -1.7f * v;
        put(type, want, 0, get(type, y, i) + product);
        expect(same_bits(get(type, sum, i), get(type, want, 0)), "%s n=%zu i=%zu", entry("axpy", type), n, i);
    }
    check_canaries("scale, axpy");
}

static void check_cast(type_t from, type_t to, size_t n) {
    char name[64];
    snprintf(name, sizeof name, "cast_%s_%s", type_names[from], type_names[to]);
    void *x = values(0, from, n), *out = values(1, to, n);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)random_value(0, 4294967296.0);
        float v;
        memcpy(&v, &bits, 4);
        put(from, x, i, i % 3 == 0 ? v : i % 3 == 1 ? (float)random_value(-1, 1) * 1e-5f : sample(i));
    }
    run(name, x, out, (int64_t)n);
    for (size_t i = 0; i < n; i++) {
        float want[1];
        put(to, want, 0, get(from, x, i));
        expect(same_bits(get(to, out, i), get(to, want, 0)), "%s(%.9g) = %.9g n=%zu i=%zu", name, (double)get(from, x, i), (double)get(to, out, i), n, i);
    }
    check_canaries(name);
}

static void check_length(size_t n) {
    for (type_t type = F32; type <= BF16; type++) {
        for (size_t u = 0; u < sizeof unary / sizeof *unary; u++) check_unary(&unary[u], type, n, "");
        check_binary("add", type, n, "");
        check_binary("sub", type, n, "");
        check_binary("mul", type, n, "");
        check_binary("swiglu", type, n, "");
        check_scale_axpy(type, n);
        for (type_t to = F32; to <= BF16; to++)
            if (to != type) check_cast(type, to, n);
    }
    for (size_t u = 0; u < sizeof unary / sizeof *unary; u++) check_unary(&unary[u], F32, n, "_stream");
    check_binary("add", F32, n, "_stream");
    check_binary("sub", F32, n, "_stream");
    check_binary("mul", F32, n, "_stream");
    check_binary("swiglu", F32, n, "_stream");
}

void test_elementwise(void) {
    for (size_t n = 0; n <= 4 * (size_t)vector_lanes() + 3; n++) check_length(n);
    check_length(1000);
    check_length(4099);
}

// Largest relative error over x = +-2^e * m with dense m: small arguments count as much as large ones.
static double worst(const unary_t* u, double limit, float* at) {
    enum { COUNT = 4096 };
    float* x = values(0, F32, COUNT);
    float* out = values(1, F32, COUNT);
    double largest = 0;
    for (double low = 0x1p-30; low < limit; low *= 2)
        for (int sign = -1; sign <= 1; sign += 2) {
            for (int i = 0; i < COUNT; i++) x[i] = (float)(sign * low * (1 + (i + random_value(0, 1)) / COUNT));
            run(entry(u->name, F32), x, out, (int64_t)COUNT);
            for (int i = 0; i < COUNT; i++) {
                double want = u->f(x[i]);
                if (fabs(want) < 1e-35 || fabs(want) > 0x1.fffffep127) continue;
                double error = fabs(out[i] / want - 1);
                if (error > largest) largest = error, *at = x[i];
            }
        }
    return largest;
}

void test_accuracy(void) {
    for (size_t u = 0; u < sizeof unary / sizeof *unary; u++) {
        float at = 0;
        double error = worst(&unary[u], 1024, &at);
        printf("  %-10s relative error %.3g at %g\n", unary[u].name, error, (double)at);
        expect(error <= unary[u].relative, "%s: relative error %g at %g", unary[u].name, error, (double)at);
    }
}
