// Panels of A times panels of B, tile by tile.
#include "gemm_finish.h"

ASM_CALL void gemm_tile(int64_t k, const float* a, const void* b, float* c, int64_t ldc_bytes, int64_t variant, const void* ahead, int64_t rate);

// Rows of a panel of A, and what a tile of it does.
typedef struct {
    int64_t row, rows, variant;
} panel_t;

INLINE panel_t panel_of(const gemm_t* g, int64_t p) {
    int64_t row = first_row(g->m, p), rows = first_row(g->m, p + 1) - row;
    return (panel_t){row, rows, (g->pairs ? 6 : g->ordered * 3 + g->panel_type) * MR + rows - 1};
}

INLINE void copy_tile(float* to, int64_t ld_to, const float* from, int64_t ld_from, int64_t rows, int64_t cols) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t j = 0; j < cols; j += VL) store_upto(F32, to, r * ld_to + j, load_upto(F32, from, r * ld_from + j, cols - j), cols - j);
}

// Where C has fewer columns than a tile writes, or no sums to hold it, the tile works on the stack.
NOINLINE void edge_tile(const gemm_t* g, panel_t t, const float* a, const void* b, int64_t col) {
    float scratch[MR * NR] __attribute__((aligned(64)));
    int64_t cols = min_l(NR, g->n - col);
    float* sums = g->sums ? g->sums + t.row * g->ld_sums + col : scratch;
    if (g->sums && g->add) copy_tile(scratch, NR, sums, g->ld_sums, t.rows, cols);
    gemm_tile(g->k, a, b, scratch, NR * 4, t.variant + (g->add << 8), a, 0);
    if (g->sums) copy_tile(sums, g->ld_sums, scratch, NR, t.rows, cols);
    if (g->finish) gemm_finish(g, sums, g->sums ? g->ld_sums : NR, t.row, t.rows, col, cols);
}

// Tile of a panel of A, at `a`, and panel j of B.
INLINE void block_tile(const gemm_t* g, panel_t t, const float* a, int64_t j) {
    const void* b = (const char*)g->b_panels + j * g->panel_bytes;
    int64_t col = j * NR;
    if (g->n - col < NR || !g->sums) {
        edge_tile(g, t, a, b, col);
        return;
    }
    float* sums = g->sums + t.row * g->ld_sums + col;
    gemm_tile(g->k, a, b, sums, g->ld_sums * 4, t.variant + (g->add << 8), a, 0);
    if (g->finish) gemm_finish(g, sums, g->ld_sums, t.row, t.rows, col, NR);
}

// Bytes [from, from + bytes) of each row of a panel of A into L2.
INLINE void prefetch_panel(const gemm_t* g, panel_t t, int64_t from, int64_t bytes) {
    int64_t size = element_bytes(g->a_type), end = min_l(from + bytes, g->k * size);
    for (int64_t row = t.row; row < t.row + t.rows; row++) {
        const char* a = (const char*)g->a + row * g->lda * size;
        for (int64_t at = from; at < end; at += 64) prefetch_far(a + at);
    }
}

// Each A panel is packed into `panel` (56 KB with k 1024) and stays in L1 and L2 while the B panels pass by from L3; packing all
// of A at once cost 1.5 % more, B panels outside and A panels inside 4 %.
INLINE void many_rows(const gemm_t* g, int64_t p0, int64_t p1, int64_t j0, int64_t j1, float* panel) {
    // A row's bytes in whole lines for each of the B panels.
    int64_t share = ((g->k * element_bytes(g->a_type) + 63) / 64 + j1 - j0 - 1) / max_l(1, j1 - j0) * 64;
    for (int64_t p = p0; p < p1; p++) {
        panel_t t = panel_of(g, p), next = p + 1 < p1 ? panel_of(g, p + 1) : (panel_t){0, 0, 0};
        gemm_pack_panel(g, p, panel);
        for (int64_t j = j0; j < j1; j++) {
            prefetch_panel(g, next, (j - j0) * share, share);
            block_tile(g, t, panel, j);
        }
    }
}

// All of A is packed, and each B panel, coming from memory, is read once. It passes in pieces; the tiles of one bring the next one
// into the cache, each its share, evenly: with 16 rows 52 -> 72 % of the FMA peak or, while memory is not shared, 65 -> 85 %; with
// 64 rows 81 -> 92 %. Bursts, or tiles that bring nothing, take from it. Sums in C instead of in one place cost 2 to 4 %.
#define MOST_TILES 16
// Bytes: a single tile, at the speed of memory, brings its own stream; that of the next piece costs it 5 to 10 %.
#define ALONE 8192

typedef struct {
    int64_t k;               // steps
    int64_t share, rate;     // bytes of the next piece that each tile brings, and its rate
} piece_t;

INLINE piece_t piece_of(const gemm_t* g, int64_t tiles, int64_t k) {
    int64_t bytes = k * NR * element_bytes(g->panel_type), share = bytes / tiles / 128 * 128 + 128;
    int64_t rate = (share / 128 << 32) / max_l(1, g->pairs ? k / 2 : k);
    return (piece_t){k, share, min_l(rate, 0xffffffff) & ~(int64_t)1023};
}

// At most MOST_TILES panels of A, from p0 on.
INLINE void few_rows(const gemm_t* g, int64_t p0, int64_t tiles, int64_t j0, int64_t j1) {
    // Of all rows, since it decides the sums; a piece of A stays in L2.
    int64_t deep = (row_panels(g->m) <= MOST_TILES / 2 ? 1024 : 512) * (g->pairs ? 2 : 1);
    int64_t step_bytes = NR * element_bytes(g->panel_type);
    piece_t most = piece_of(g, tiles, deep), last = piece_of(g, tiles, g->k % deep);
    panel_t panels[MOST_TILES];
    for (int64_t p = 0; p < tiles; p++) panels[p] = panel_of(g, p0 + p);
    int64_t row = panels[0].row, rows = first_row(g->m, p0 + tiles) - row;
    for (int64_t j = j0; j < j1; j++) {
        const char* b = (const char*)g->b_panels + j * g->panel_bytes;
        int64_t at = 0, col = j * NR, cols = min_l(NR, g->n - col);
        do {
            const piece_t* piece = g->k - at < deep ? &last : &most;
            const char* next = b + piece->k * step_bytes;
            for (int64_t p = 0; p < tiles; p++) {
                panel_t t = panels[p];
                const float* a = g->a_panels + t.row * panel_steps(g) + (g->pairs ? at / 2 : at) * t.rows;
                const char* ahead = tiles == 1 ? b + ALONE : next + p * piece->share;
                gemm_tile(piece->k, a, b, g->place + t.row * NR, NR * 4, t.variant + ((at > 0) << 8), ahead, piece->rate);
            }
            at += deep;
            b = next;
        } while (at < g->k);
        if (g->finish) gemm_finish(g, g->place + row * NR, NR, row, rows, col, cols);
        else copy_tile(g->sums + row * g->ld_sums + col, g->ld_sums, g->place + row * NR, NR, rows, cols);
    }
}

// A panels [p0, p1) times B panels [j0, j1). `panel` is room for MR * k floats, or null if a_panels holds all of A.
ENTRY("pllllp>v") void gemm_block(const gemm_t* g, int64_t p0, int64_t p1, int64_t j0, int64_t j1, float* panel) {
    if (panel) {
        many_rows(g, p0, p1, j0, j1, panel);
    } else if (g->place) {
        for (; p0 < p1; p0 += MOST_TILES) few_rows(g, p0, min_l(MOST_TILES, p1 - p0), j0, j1);
    } else {
        for (int64_t j = j0; j < j1; j++)
            for (int64_t p = p0; p < p1; p++) {
                panel_t t = panel_of(g, p);
                block_tile(g, t, g->a_panels + t.row * panel_steps(g), j);
            }
    }
}

// The tile that the packed formats are made for: out[0] = MR, out[1] = NR, out[2] = RUN, out[3] = VL.
ENTRY("p>v") void gemm_shape(int64_t* out) {
    out[0] = MR;
    out[1] = NR;
    out[2] = RUN;
    out[3] = VL;
}
