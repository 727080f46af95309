#define _GNU_SOURCE
#include "blob_test.h"

#include <signal.h>
#include <sys/mman.h>

#define SLOTS 16
#define SLOT_BYTES (8u << 20)
#define PAGE 65536u  // a multiple of every page size
#define CANARY 64

typedef struct {
    char symbol[64], signature[16];
    char* address;
} entry_t;

static entry_t entries[4096];
static int entry_count, failures, lanes;
static bool microsoft;
static char* slots[SLOTS];
static unsigned char* starts[SLOTS];
static char running[64] = "start";

static void crashed(int signal) {
    fprintf(stderr, "signal %d in %s\n", signal, running);
    _Exit(3);
}

static char* map_file(const char* path) {
    FILE* file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    fseek(file, 0, SEEK_END);
    size_t bytes = (size_t)ftell(file);
    rewind(file);
    char* code = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED || fread(code, 1, bytes, file) != bytes) exit(2);
    fclose(file);
    mprotect(code, bytes, PROT_READ | PROT_EXEC);
    __builtin___clear_cache(code, code + bytes);
    return code;
}

void load_blob(const char* dir, const char* target) {
    char path[1024], line[4096];
    snprintf(path, sizeof path, "%s/%s/kernels.bin", dir, target);
    char* code = map_file(path);
    snprintf(path, sizeof path, "%s/manifest.tsv", dir);
    FILE* manifest = fopen(path, "r");
    if (manifest == NULL) exit(2);
    while (fgets(line, sizeof line, manifest) != NULL) {
        char of[64];
        long offset;
        entry_t* e = &entries[entry_count];
        if (sscanf(line, "entry\t%63s\t%63s\t%ld\t%15s", of, e->symbol, &offset, e->signature) == 4 && strcmp(of, target) == 0) {
            e->address = code + offset;
            entry_count++;
        }
    }
    fclose(manifest);
    microsoft = strncmp(target, "win64", 5) == 0;
    lanes = strstr(target, "avx512") ? 16 : strstr(target, "avx2") ? 8 : 4;
    for (int i = 0; i < SLOTS; i++) {
        slots[i] = mmap(NULL, SLOT_BYTES + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        mprotect(slots[i] + SLOT_BYTES, PAGE, PROT_NONE);
    }
    signal(SIGSEGV, crashed);
    signal(SIGBUS, crashed);
    signal(SIGILL, crashed);
}

int vector_lanes(void) { return lanes; }

static const entry_t* find(const char* symbol) {
    for (int i = 0; i < entry_count; i++)
        if (strcmp(entries[i].symbol, symbol) == 0) return &entries[i];
    return NULL;
}

bool has_entry(const char* symbol) { return find(symbol) != NULL; }

// System V and AAPCS64 count pointers and floats apart, so one prototype fits all signatures. Microsoft counts positions: a
// variadic call puts every argument into both kinds of register.
static word_t call_by_kind(const entry_t* e, const int64_t* l, const float* f) {
    word_t result = {0};
    if (strchr(e->signature, '>')[1] == 'f')
        result.f = ((float (*)(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, float, float))e->address)(
            l[0], l[1], l[2], l[3], l[4], l[5], l[6], l[7], f[0], f[1]);
    else
        result.l = ((int64_t(*)(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, float, float))e->address)(
            l[0], l[1], l[2], l[3], l[4], l[5], l[6], l[7], f[0], f[1]);
    return result;
}

static word_t call_microsoft(const entry_t* e, const double* a) {
    word_t result = {0};
#if defined(__x86_64__)
    if (strchr(e->signature, '>')[1] == 'f')
        result.f = ((float(__attribute__((ms_abi)) *)(double, ...))e->address)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]);
    else
        result.l = ((int64_t(__attribute__((ms_abi)) *)(double, ...))e->address)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]);
#else
    (void)e, (void)a;
#endif
    return result;
}

word_t run(const char* symbol, ...) {
    const entry_t* e = find(symbol);
    if (e == NULL) {
        fprintf(stderr, "no entry %s\n", symbol);
        exit(2);
    }
    snprintf(running, sizeof running, "%s", symbol);
    int64_t integers[8] = {0}, words[10] = {0};
    float floats[2] = {0};
    int integer_count = 0, float_count = 0, count = 0;
    va_list arguments;
    va_start(arguments, symbol);
    for (const char* kind = e->signature; *kind != '>'; kind++, count++) {
        if (*kind == 'f') {
            float value = (float)va_arg(arguments, double);
            floats[float_count++] = value;
            memcpy(&words[count], &value, 4);
        } else {
            words[count] = *kind == 'p' ? (int64_t)va_arg(arguments, void*) : va_arg(arguments, int64_t);
            integers[integer_count++] = words[count];
        }
    }
    va_end(arguments);
    if (!microsoft) return call_by_kind(e, integers, floats);
    double slots_of_call[10];
    memcpy(slots_of_call, words, sizeof words);
    return call_microsoft(e, slots_of_call);
}

const char* entry(const char* stem, type_t type) {
    static char names[8][64];
    static int next;
    char* name = names[next++ & 7];
    snprintf(name, 64, "%s_%s", stem, type_names[type]);
    return name;
}

void* buffer(int slot, size_t bytes) {
    if (bytes + CANARY > SLOT_BYTES) exit(2);
    unsigned char* start = (unsigned char*)slots[slot] + SLOT_BYTES - bytes;
    memset(start - CANARY, 0xA5, CANARY);
    memset(start, 0xFF, bytes);  // NaN in every type
    starts[slot] = start;
    return start;
}

void* values(int slot, type_t type, size_t n) { return buffer(slot, n * type_bytes[type]); }

void check_canaries(const char* what) {
    for (int slot = 0; slot < SLOTS; slot++)
        for (int i = 1; starts[slot] != NULL && i <= CANARY; i++)
            expect(starts[slot][-i] == 0xA5, "%s wrote %d bytes in front of buffer %d", what, i, slot);
    memset(starts, 0, sizeof starts);
}

static float from_half(uint16_t h) {
    int exponent = h >> 10 & 31, mantissa = h & 1023;
    float value = exponent == 31  ? (mantissa ? NAN : INFINITY)
                  : exponent == 0 ? ldexpf((float)mantissa, -24)
                                  : ldexpf((float)(mantissa + 1024), exponent - 25);
    return h & 0x8000 ? -value : value;
}

static uint16_t to_half(float x) {
    uint16_t sign = signbit(x) ? 0x8000 : 0;
    double a = fabs((double)x);
    if (isnan(x)) return sign | 0x7e00;
    if (a >= 65520) return sign | 0x7c00;
    int exponent;
    frexp(a, &exponent);
    int shift = exponent < -13 ? 24 : 11 - exponent;  // units of the last place, rounded to even by nearbyint
    uint16_t units = (uint16_t)nearbyint(ldexp(a, shift));
    return sign | (a == 0 ? 0 : exponent < -13 ? units : (uint16_t)(((exponent + 13) << 10) + units));
}

float get(type_t type, const void* p, size_t i) {
    float value;
    if (type == F32) {
        memcpy(&value, (const char*)p + 4 * i, 4);
        return value;
    }
    uint16_t half;
    memcpy(&half, (const char*)p + 2 * i, 2);
    if (type == F16) return from_half(half);
    uint32_t bits = (uint32_t)half << 16;
    memcpy(&value, &bits, 4);
    return value;
}

void put(type_t type, void* p, size_t i, float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    uint16_t half = type == F16 ? to_half(value) : isnan(value) ? 0x7fc0 : (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    if (type == F32)
        memcpy((char*)p + 4 * i, &value, 4);
    else
        memcpy((char*)p + 2 * i, &half, 2);
}

double random_value(double from, double to) {
    static uint64_t state = 88172645463325252ull;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return from + (to - from) * (double)(state >> 11) * 0x1p-53;
}

static void fail(const char* format, va_list arguments) {
    if (++failures > 30) return;
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void expect(bool condition, const char* format, ...) {
    if (condition) return;
    va_list arguments;
    va_start(arguments, format);
    fail(format, arguments);
    va_end(arguments);
}

void expect_close(type_t type, float got, double want, double relative, double absolute, const char* format, ...) {
    static const double half_ulp[] = {0, 0x1p-11, 0x1p-8}, smallest[] = {0x1p-149, 0x1p-24, 0x1p-133}, largest[] = {0x1.fffffep127, 65504, 0x1.fep127};
    double error = fabs((double)got - want), bound = (relative + half_ulp[type]) * fabs(want) + absolute + smallest[type];
    bool close = isnan(want) ? isnan(got) : isinf(want) ? got == want : error <= bound;
    if (!close && isinf(got) && !isnan(want) && got * want > 0) close = fabs(want) * (1 + relative + half_ulp[type]) > largest[type];
    if (close) return;
    char what[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    expect(false, "%s: got %.9g, want %.9g, error %.3g, bound %.3g", what, (double)got, want, error, bound);
}

int main(int argc, char** argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: blob_test FOLDER TARGET\n");
        return 2;
    }
    load_blob(argv[1], argv[2]);
    test_elementwise();
    test_accuracy();
    test_rows();
    test_attention();
    test_quant();
    test_quant_levels();
    test_gemm();
    printf("%-20s %4d entries, %d failures\n", argv[2], entry_count, failures);
    return failures ? 1 : 0;
}
