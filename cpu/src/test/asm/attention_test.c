// Attention, contiguous and paged, against double arithmetic; and equal bits however the rows are divided.
#include "blob_test.h"

// As attention.h.
typedef struct {
    const float* q;
    const void *k, *v;
    const float* mask;
    float *out, *lse, *scratch;
    const int32_t* table;
    int64_t first_row, last_row, group, head_dim, kv_heads, query_stride, head_stride, kv_stride, kv_head_stride, page,
        page_stride, seen, step, keys, mask_stride, lse_query_stride, lse_head_stride;
} attention_t;

typedef struct {
    int queries, keys, group, dim, page;
    bool causal, masked;
} shape_t;

static size_t place(const attention_t* a, int64_t j) {
    return (size_t)(a->page ? a->table[j / a->page] * a->page_stride + j % a->page * a->kv_stride : j * a->kv_stride);
}

static void check_row(type_t type, const attention_t* a, const float* out, const float* lse, int64_t kv_head, int64_t row, float scale) {
    int64_t query = row / a->group, head = kv_head * a->group + row % a->group, seen = a->seen + query * a->step;
    size_t shift = (size_t)(kv_head * a->kv_head_stride);
    if (seen > a->keys) seen = a->keys;
    double s[1024], top = -INFINITY, sum = 0, largest = 0;
    const float* q = a->q + query * a->query_stride + head * a->head_stride;
    for (int64_t j = 0; j < seen; j++) {
        double dot = 0, size = 0;
        for (int64_t d = 0; d < a->head_dim; d++) {
            double product = (double)q[d] * get(type, a->k, shift + place(a, j) + (size_t)d);
            dot += product, size += fabs(product);
        }
        s[j] = dot * scale + (a->mask ? a->mask[query * a->mask_stride + j] : 0);
        top = fmax(top, s[j]);
        largest = fmax(largest, size * scale);
    }
    for (int64_t j = 0; j < seen; j++) sum += s[j] = exp(s[j] - (top == -INFINITY ? 0 : top));
    double bound = 0x1p-24 * (2 * (double)(a->head_dim + 8) * largest + 2 * (double)seen + 64);
    for (int64_t d = 0; d < a->head_dim; d++) {
        double value = 0, largest_v = 0;
        for (int64_t j = 0; j < seen; j++) {
            if (s[j] == 0) continue;
            double v = get(type, a->v, shift + place(a, j) + (size_t)d);
            value += s[j] * v;
            largest_v = fmax(largest_v, fabs(v));
        }
        expect_close(F32, out[query * a->query_stride + head * a->head_stride + d], sum == 0 ? 0 : value / sum, 0, bound * largest_v,
                     "attention_%s row %d of %d keys %d dim %d page %d d=%d", type_names[type], (int)row, (int)a->last_row,
                     (int)a->keys, (int)a->head_dim, (int)a->page, (int)d);
    }
    if (lse)
        expect_close(F32, lse[query * a->lse_query_stride + head * a->lse_head_stride], sum == 0 ? -INFINITY : top + log(sum), 2e-7,
                     bound, "lse row %d", (int)row);
}

// The same in pieces: five rows at a time of one key head.
static void divided(const char* name, attention_t a, size_t value_bytes, float scale) {
    int64_t rows = a.last_row;
    for (int64_t h = 0; h < a.kv_heads; h++)
        for (int64_t r = 0; r < rows; r += 5) {
            attention_t piece = a;
            piece.kv_heads = 1;
            piece.first_row = r, piece.last_row = r + 5 < rows ? r + 5 : rows;
            piece.q += h * a.group * a.head_stride, piece.out += h * a.group * a.head_stride;
            piece.lse += h * a.group * a.lse_head_stride;
            piece.k = (const char*)a.k + (size_t)(h * a.kv_head_stride) * value_bytes;
            piece.v = (const char*)a.v + (size_t)(h * a.kv_head_stride) * value_bytes;
            run(name, &piece, (double)scale);
        }
}

static void check_shape(type_t type, shape_t p) {
    int64_t kv_heads = p.queries * p.group <= 32 ? 2 : 1, rows = (int64_t)p.queries * p.group, stride = kv_heads * p.dim;
    int64_t heads = kv_heads * p.group;
    int pages = p.page ? (p.keys + p.page - 1) / p.page : 0;
    size_t elements = p.page ? (size_t)((pages + 1) * p.page * stride) : (size_t)(p.keys * stride);
    size_t bytes = (size_t)(kv_heads * rows * p.dim) * 4;
    float *q = buffer(0, bytes), *out = buffer(1, bytes), *lse = buffer(2, (size_t)(kv_heads * rows) * 4);
    float* mask = buffer(3, (size_t)p.queries * (size_t)p.keys * 4);
    float* scratch = (float*)(((uintptr_t)buffer(4, 300000) + 63) & ~63ul);
    void *k = values(5, type, elements), *v = values(6, type, elements);
    int32_t* table = buffer(7, (size_t)pages * 4);
    for (int i = 0; i < pages; i++) table[i] = pages - i;  // backwards, block 0 is free
    for (int64_t i = 0; i < kv_heads * rows * p.dim; i++) q[i] = (float)random_value(-1, 1);
    attention_t a = {q, k, v, p.masked ? mask : NULL, out, lse, scratch, table, 0, rows, p.group, p.dim, kv_heads,
                     heads * p.dim, p.dim, stride, p.dim, p.page, p.page * stride,
                     p.causal ? p.keys - p.queries + 1 : p.keys, p.causal, p.keys, p.keys, heads, 1};
    for (int j = 0; j < p.keys; j++)  // what is not filled is NaN and must not be used
        for (int64_t d = 0; d < stride; d++) {
            put(type, k, place(&a, j) + (size_t)d, (float)random_value(-1, 1));
            put(type, v, place(&a, j) + (size_t)d, (float)random_value(-1, 1));
        }
    for (int i = 0; i < p.queries * p.keys; i++) mask[i] = i % 3 == 0 || i / p.keys == 1 ? -INFINITY : (float)random_value(-2, 2);
    for (int j = 0; p.masked && p.queries == 1 && j < p.keys; j += 3) put(type, v, place(&a, j) + 1, NAN);  // hidden: must not matter
    const char* name = entry("attention", type);
    float scale = 1 / sqrtf((float)p.dim);
    run(name, &a, (double)scale);
    for (int64_t h = 0; h < kv_heads; h++)
        for (int64_t r = 0; r < rows; r++) check_row(type, &a, out, lse, h, r, scale);
    a.out = buffer(8, bytes);
    divided(name, a, type_bytes[type], scale);
    expect(memcmp(out, a.out, bytes) == 0, "%s differs when the rows are divided: queries %d keys %d group %d dim %d page %d", name,
           p.queries, p.keys, p.group, p.dim, p.page);
    a.out = q, a.lse = NULL;
    run(name, &a, (double)scale);
    expect(memcmp(out, q, bytes) == 0, "%s in place", name);
    check_canaries(name);
}

void test_attention(void) {
    static const int dims[] = {2, 6, 16, 34, 64, 80, 96, 128, 250, 256};
    static const int pages[] = {0, 0, 16, 48, 1, 256};
    for (type_t type = F32; type <= BF16; type++)
        for (size_t d = 0; d < sizeof dims / sizeof *dims; d++)
            for (int form = 0; form < 12; form++) {
                shape_t p = {form % 4 == 0 ? 1 : form * 6 + 1, 0, 1 + form % 3, dims[d], pages[form % 6], form % 4 != 3, form % 5 == 4};
                p.keys = p.queries + (int)random_value(0, form % 2 ? 150 : 20);
                if (form == 7) p.keys = p.queries / 2;  // the first queries see nothing
                check_shape(type, p);
            }
}
