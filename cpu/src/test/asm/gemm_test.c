// Matrix products: every tile, packing, block, row and column form against double arithmetic, and the ordered forms bit for bit
// against the order of the portable kernels.
#include "blob_test.h"

typedef enum { NONE, RELU, SILU, GELU } activation_t;
// TILES packs A panel by panel, PANELS all of it, with panels of B's type, PIECES as well, and B passes in pieces.
typedef enum { TILES, PANELS, PIECES, ROWS, COLUMNS } form_t;
static const char* const form_names[] = {"tiles", "panels", "pieces", "rows", "columns"};

// gemm.h
typedef struct {
    const void* a;
    int64_t a_type, lda;
    const void* b;
    int64_t b_type, ldb, b_by_rows, m, n, k;
    void *a_panels, *b_panels;
    int64_t panel_type, panel_bytes;
    float* sums;
    int64_t ld_sums;
    void* out;
    int64_t out_type, ldo;
    const float* bias;
    int64_t activation, ordered, add, finish, pairs;
    float* place;
} gemm_t;

typedef struct {
    form_t form;
    int64_t m, n, k, depth;  // depth: k of a pass
    type_t a, b, out;
    bool bias, ordered, by_rows, pairs;
    activation_t activation;
} case_t;

static int64_t shape[4];  // rows of the largest tile, columns of a panel, length of a run, lanes
enum { A, B, OUT, BIAS, SUMS, A_PANELS, B_PANELS, A_PANEL, PLACE };

static int64_t pick(int64_t from, int64_t to) { return from + (int64_t)random_value(0, (double)(to - from + 1)); }
static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t parts(int64_t n, int64_t of) { return (n + of - 1) / of; }

static void* random_matrix(int slot, type_t type, int64_t n) {
    void* p = values(slot, type, (size_t)n);
    for (int64_t i = 0; i < n; i++) put(type, p, (size_t)i, (float)random_value(-1, 1));
    return p;
}

static void product_in_place(const case_t* c, gemm_t* g) {
    int64_t block = shape[2] * shape[3], stride = c->ordered && c->form == ROWS ? parts(c->k, block) * block : c->k;
    g->a_panels = values(A_PANELS, F32, (size_t)(stride * c->m));
    for (int64_t i = 0; i < c->m; i++)
        run(c->ordered && c->form == ROWS ? "gemm_runs" : "gemm_widen", (char*)g->a + i * c->k * (int64_t)type_bytes[c->a], (int64_t)c->a,
            (float*)g->a_panels + i * stride, c->k);
    int64_t cut = pick(0, c->n);
    run(c->form == ROWS ? "gemm_rows" : "gemm_columns", g, (int64_t)0, cut);
    run(c->form == ROWS ? "gemm_rows" : "gemm_columns", g, cut, c->n);
}

static void product_by_passes(const case_t* c, gemm_t* g, bool finish) {
    int64_t rows = parts(c->m, shape[0]), columns = parts(c->n, shape[1]);
    const char *a = g->a, *b = g->b;
    g->panel_type = c->form != TILES || c->pairs ? c->b : F32;
    if (c->form == PIECES) g->place = values(PLACE, F32, (size_t)(c->m * shape[1]));
    for (int64_t from = 0; from < c->k || from == 0; from += c->depth) {
        g->k = least(c->depth, c->k - from);
        g->a = a + from * (int64_t)type_bytes[c->a];
        g->b = b + (c->by_rows ? from : from * c->n) * (int64_t)type_bytes[c->b];
        g->panel_bytes = shape[1] * g->k * (int64_t)type_bytes[g->panel_type];
        g->b_panels = buffer(B_PANELS, (size_t)(columns * g->panel_bytes));
        g->add = from > 0;
        g->finish = finish && from + c->depth >= c->k;
        int64_t i = pick(0, rows), j = pick(0, columns);
        run("gemm_pack_b", g, (int64_t)0, j);
        run("gemm_pack_b", g, j, columns);
        void* panel = NULL;
        if (c->form != TILES) {
            g->a_panels = values(A_PANELS, F32, (size_t)(c->m * g->k));
            run("gemm_pack_a", g, (int64_t)0, i);
            run("gemm_pack_a", g, i, rows);
        } else {
            panel = values(A_PANEL, F32, (size_t)(shape[0] * g->k));
        }
        run("gemm_block", g, (int64_t)0, i, (int64_t)0, j, panel);
        run("gemm_block", g, (int64_t)0, i, j, columns, panel);
        run("gemm_block", g, i, rows, (int64_t)0, columns, panel);
        if (c->k == 0) break;
    }
}

static double activate(activation_t activation, double x) {
    switch (activation) {
        case RELU: return x < 0 ? 0 : x;
        case SILU: return x / (1 + exp(-x));
        case GELU: return x / (1 + exp(-2 * sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
        default: return x;
    }
}

static void check_element(const case_t* c, const gemm_t* g, const void* a, const void* b, int64_t i, int64_t j) {
    double exact = 0, size = 0;
    volatile float total = 0;
    for (int64_t from = 0; from < c->k; from += 32) {
        volatile float sum = 0;
        for (int64_t q = from; q < least(c->k, from + 32); q++) {
            float x = get(c->a, a, (size_t)(i * c->k + q)), w = get(c->b, b, (size_t)(c->by_rows ? j * c->k + q : q * c->n + j));
            volatile float product = x * w;
            sum = sum + product;
            exact += (double)x * w, size += fabs((double)x * w);
        }
        total = total + sum;
    }
    if (c->bias) exact += g->bias[j], size += fabs(g->bias[j]), total = total + g->bias[j];
    float got = get(c->out, g->out, (size_t)(i * c->n + j));
    const char* name = form_names[c->form];
    expect_close(c->out, got, activate(c->activation, exact), 4e-7, (double)(c->k + 4) * 0x1p-23 * size,
                 "%s %ldx%ldx%ld by %ld %s %s -> %s bias %d activation %d ordered %d by_rows %d [%ld][%ld]", name, (long)c->m, (long)c->n, (long)c->k,
                 (long)c->depth, type_names[c->a], type_names[c->b], type_names[c->out], c->bias, c->activation, c->ordered, c->by_rows, (long)i, (long)j);
    if (!c->ordered || c->activation > RELU) return;
    char rounded[4];
    put(c->out, rounded, 0, c->activation == RELU && total < 0 ? 0 : total);
    expect(get(c->out, rounded, 0) == got, "%s %ldx%ldx%ld by %ld %s %s -> %s ordered [%ld][%ld]: got %.9g, want %.9g", name, (long)c->m, (long)c->n,
           (long)c->k, (long)c->depth, type_names[c->a], type_names[c->b], type_names[c->out], (long)i, (long)j, (double)got, (double)total);
}

static void check_product(const case_t* c) {
    void *a = random_matrix(A, c->a, c->m * c->k), *b = random_matrix(B, c->b, c->n * c->k);
    gemm_t g = {.a = a, .a_type = c->a, .lda = c->k, .b = b, .b_type = c->b, .ldb = c->by_rows ? c->k : c->n, .b_by_rows = c->by_rows,
                .m = c->m, .n = c->n, .k = c->k, .ld_sums = c->n, .out_type = c->out, .ldo = c->n, .activation = c->activation,
                .ordered = c->ordered, .pairs = c->pairs};
    g.bias = c->bias ? random_matrix(BIAS, F32, c->n) : NULL;
    g.out = values(OUT, c->out, (size_t)(c->m * c->n));
    bool nowhere = c->out != F32 && c->form <= PIECES && c->depth >= c->k;
    g.sums = c->out == F32 ? g.out : nowhere ? NULL : values(SUMS, F32, (size_t)(c->m * c->n));
    bool finish = c->out != F32 || c->bias || c->activation != NONE;
    if (c->form >= ROWS) {
        g.finish = finish;
        product_in_place(c, &g);
    } else {
        product_by_passes(c, &g, finish);
    }
    for (int64_t i = 0; i < c->m; i++)
        for (int64_t j = 0; j < c->n; j++) check_element(c, &g, a, b, i, j);
    check_canaries(form_names[c->form]);
}

static case_t random_case(form_t form) {
    case_t c = {.form = form, .m = form >= ROWS ? pick(1, 4) : pick(1, pick(0, 3) ? 20 : 60), .n = pick(1, pick(0, 2) ? 40 : 120),
                .k = pick(0, 8) == 0 ? pick(0, 2) : pick(1, pick(0, 2) ? 90 : 700), .a = (type_t)pick(0, 2), .b = (type_t)pick(0, 2),
                .out = (type_t)pick(0, 2), .bias = pick(0, 1), .ordered = pick(0, 1), .activation = (activation_t)pick(0, 3)};
    c.by_rows = form == ROWS || (form != COLUMNS && pick(0, 1));
    if (form == COLUMNS && c.k == 0) c.k = 1;
    if (form == PIECES && pick(0, 3) == 0) c.k += 1000 * pick(1, 2), c.m = pick(1, pick(0, 1) ? 30 : 250), c.n = pick(1, 70);
    c.depth = form >= PIECES || pick(0, 1) || c.k == 0 ? (c.k > 0 ? c.k : 1) : 32 * pick(1, 8);
    return c;
}

// Products of bf16 by bf16 with vdpbf16ps; panels of A are half as large.
static case_t in_pairs(case_t c) {
    c.a = c.b = BF16, c.ordered = false, c.pairs = true;
    return c;
}

void test_gemm(void) {
    run("gemm_shape", shape);
    expect(shape[2] == 32 && shape[3] == vector_lanes(), "gemm_shape: run %ld, lanes %ld", (long)shape[2], (long)shape[3]);
    for (int64_t m = 1; m <= shape[0]; m++)
        for (int variant = 0; variant < 12; variant++) {
            case_t c = {.form = variant & 1 ? PANELS : TILES, .m = m, .n = shape[1], .k = 77, .depth = 64, .b = (type_t)(variant / 4),
                        .ordered = variant & 2, .by_rows = true};
            check_product(&c);
            if (vector_lanes() == 16 && c.b == BF16 && !c.ordered) c = in_pairs(c), check_product(&c);
        }
    for (int i = 0; i < 100; i++)
        for (form_t form = TILES; form <= COLUMNS; form++) {
            case_t c = random_case(form);
            check_product(&c);
            if (vector_lanes() == 16 && form <= PIECES && i < 50) c = in_pairs(c), check_product(&c);
        }
}
