// Byte layouts for quant_test.c, written from the format description, not from the kernels.
#include "quant_test.h"

bool same_bits(float a, float b) { return memcmp(&a, &b, 4) == 0 || (isnan(a) && isnan(b)); }

const char* symbol(const char* stem, const format_t* f) {
    static char name[64];
    snprintf(name, sizeof name, "%s_%s", stem, f->name);
    return name;
}

static int q4_0(const uint8_t* b, int e) { return (e < 16 ? b[2 + e] & 15 : b[2 + e - 16] >> 4) - 8; }
static int q8_0(const uint8_t* b, int e) { return (int8_t)b[2 + e]; }
static int q4_k(const uint8_t* b, int e) {
    int byte = b[16 + e / 64 * 32 + e % 32];
    return e % 64 < 32 ? byte & 15 : byte >> 4;
}
static void q4_k_scale(const uint8_t* b, int j, int* scale, int* min) {
    const uint8_t* s = b + 4;
    *scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | (s[j - 4] >> 6) << 4;
    *min = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | (s[j] >> 6) << 4;
}
static int q6_k(const uint8_t* b, int e) {
    int half = e / 128, l = e % 32, part = e % 128 / 32;
    int low = b[64 * half + 32 * (part & 1) + l], high = b[128 + 32 * half + l] >> (2 * part) & 3;
    return ((part < 2 ? low & 15 : low >> 4) | high << 4) - 32;
}

static float superblock_32(const uint8_t* blocks, int bytes, int (*value)(const uint8_t*, int), const int8_t* q, const float* d, int columns, float y) {
    float part = 0;
    for (int j = 0; j * 32 < columns; j++) {
        const uint8_t* b = blocks + j * bytes;
        int dot = 0;
        for (int e = 0; e < 32; e++) dot += value(b, e) * q[32 * j + e];
        part = fmaf(get(F16, b, 0), (float)dot * d[j], part);
    }
    return y + part;
}
static float superblock_q4_0(const uint8_t* b, const int8_t* q, const float* d, int columns, float y) {
    return superblock_32(b, 18, q4_0, q, d, columns, y);
}
static float superblock_q8_0(const uint8_t* b, const int8_t* q, const float* d, int columns, float y) {
    return superblock_32(b, 34, q8_0, q, d, columns, y);
}
static float superblock_q4_k(const uint8_t* b, const int8_t* q, const float* d, int columns, float y) {
    (void)columns;
    int mins = 0, dot[8] = {0}, scale[8];
    for (int j = 0; j < 8; j++) {
        int min, sum = 0;
        q4_k_scale(b, j, &scale[j], &min);
        for (int e = 0; e < 32; e++) dot[j] += q4_k(b, 32 * j + e) * q[32 * j + e], sum += q[32 * j + e];
        mins += min * sum;
    }
    float part = (float)mins * -get(F16, b, 1);
    for (int j = 0; j < 8; j++) part = fmaf(get(F16, b, 0) * (float)scale[j], (float)dot[j], part);
    return fmaf(part, d[0], y);
}
static float superblock_q6_k(const uint8_t* b, const int8_t* q, const float* d, int columns, float y) {
    (void)columns;
    float part = 0;
    for (int u = 0; u < 4; u++)
        for (int j = u; j < 16; j += 4) {
            int dot = 0;
            for (int e = 0; e < 16; e++) dot += q6_k(b, 16 * j + e) * q[16 * j + e];
            part = fmaf(get(F16, b, 104) * (float)(int8_t)b[192 + j], (float)dot, part);
        }
    return fmaf(part, d[0], y);
}

static void decode_q4_0(const uint8_t* b, float* out) {
    for (int e = 0; e < 32; e++) out[e] = get(F16, b, 0) * (float)q4_0(b, e);
}
static void decode_q8_0(const uint8_t* b, float* out) {
    for (int e = 0; e < 32; e++) out[e] = get(F16, b, 0) * (float)q8_0(b, e);
}
static void decode_q4_k(const uint8_t* b, float* out) {
    for (int e = 0; e < 256; e++) {
        int scale, min;
        q4_k_scale(b, e / 32, &scale, &min);
        float d = get(F16, b, 0) * (float)scale, m = get(F16, b, 1) * (float)min, v = d * (float)q4_k(b, e);
        out[e] = v - m;
    }
}
static void decode_q6_k(const uint8_t* b, float* out) {
    for (int e = 0; e < 256; e++) out[e] = get(F16, b, 104) * (float)(int8_t)b[192 + e / 16] * (float)q6_k(b, e);
}

const format_t formats[FORMATS] = {
    {"q4_0", 32, 18, 32, superblock_q4_0, decode_q4_0},
    {"q8_0", 32, 34, 32, superblock_q8_0, decode_q8_0},
    {"q4_k", 256, 144, 256, superblock_q4_k, decode_q4_k},
    {"q6_k", 256, 210, 256, superblock_q6_k, decode_q6_k},
};

int64_t packed_group(const format_t* f, int64_t k) {
    if (f->block == 32) return (k + 63) / 64 * (f->bytes * 32);
    return k / 256 * (f->elements == 256 && f->bytes == 210 ? 3392 : f->bytes * 16);
}

static void set_scale(uint8_t* at, double v) { put(F16, at, 0, (float)v); }

// Patterns: 0-4 random bytes with sane scales (0 also negative scales), 5 all weights at their lowest integer, 6 only high
// bits, d = 0 and dmin not.
void fill_weights(const format_t* f, uint8_t* w, int64_t blocks, int pattern) {
    for (int64_t b = 0; b < blocks; b++, w += f->bytes) {
        for (int i = 0; i < f->bytes; i++) {
            int byte = (int)random_value(0, 256) & 255;
            w[i] = (uint8_t)(pattern == 5 ? (f->bytes == 34 ? 0x80 : f->bytes == 210 && i >= 192 ? 0x80 : 0) : pattern == 6 ? byte & 0xc8 : byte);
        }
        double d = random_value(pattern == 0 ? -0.01 : 0.001, 0.01);
        uint8_t* at = w + (f->bytes == 210 ? 208 : 0);
        set_scale(at, pattern == 6 && f->bytes == 144 ? 0 : d);
        if (f->bytes == 144) set_scale(w + 2, random_value(-0.02, 0.02));
    }
}
