// Panels of A times panels of B, tile by tile.
#include "gemm_finish.h"

ASM_CALL void gemm_tile(int64_t k, const float* a, const void* b, float* c, int64_t ldc_bytes, int64_t variant);

INLINE void copy_tile(float* to, int64_t ld_to, const float* from, int64_t ld_from, int64_t rows, int64_t cols) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t j = 0; j < cols; j += VL) store_upto(F32, to, r * ld_to + j, load_upto(F32, from, r * ld_from + j, cols - j), cols - j);
}

// Tile of A panel p, at `a`, and B panel j. A tile writes NR columns: where C has fewer, or no sums to hold it, it works on
// the stack.
INLINE void block_tile(const gemm_t* g, int64_t p, const float* a, int64_t j) {
    float scratch[MR * NR] __attribute__((aligned(64)));
    int64_t row = first_row(g->m, p), rows = first_row(g->m, p + 1) - row;
    int64_t col = j * NR, cols = min_l(NR, g->n - col);
    int64_t variant = (g->pairs ? 6 : g->ordered * 3 + g->panel_type) * MR + rows - 1 + (g->add << 8);
    const void* b = (const char*)g->b_panels + j * g->panel_bytes;
    float* sums = g->sums ? g->sums + row * g->ld_sums + col : scratch;
    int64_t ld = g->sums ? g->ld_sums : NR;
    if (cols == NR || !g->sums) {
        gemm_tile(g->k, a, b, sums, ld * 4, variant);
    } else {
        if (g->add) copy_tile(scratch, NR, sums, ld, rows, cols);
        gemm_tile(g->k, a, b, scratch, NR * 4, variant);
        copy_tile(sums, ld, scratch, NR, rows, cols);
    }
    if (g->finish) gemm_finish(g, sums, ld, row, rows, col, cols);
}

// Part `part` of `parts` of the rows of A panel p into L2.
INLINE void prefetch_panel(const gemm_t* g, int64_t p, int64_t part, int64_t parts) {
    int64_t bytes = g->k * element_bytes(g->a_type), from = bytes * part / parts, to = bytes * (part + 1) / parts;
    int64_t end = first_row(g->m, p + 1);
    for (int64_t row = first_row(g->m, p); row < end; row++) {
        const char* a = (const char*)g->a + row * g->lda * element_bytes(g->a_type);
        for (int64_t at = from; at < to; at += 64) prefetch_far(a + at);
    }
}

// A panels [p0, p1) times B panels [j0, j1).
// Many rows: `panel` is room for MR * k floats. Each A panel is packed into it (56 KB with k 1024) and stays in L1 and L2 while
// the B panels pass by from L3; packing all of A at once cost 1.5 % more, B panels outside and A panels inside 4 %.
// Few rows: `panel` is null, a_panels holds all of A, and each B panel, coming from memory, is read once.
ENTRY("pllllp>v") void gemm_block(const gemm_t* g, int64_t p0, int64_t p1, int64_t j0, int64_t j1, float* panel) {
    if (panel) {
        for (int64_t p = p0; p < p1; p++) {
            gemm_pack_panel(g, p, panel);
            for (int64_t j = j0; j < j1; j++) {
                if (p + 1 < p1) prefetch_panel(g, p + 1, j - j0, j1 - j0);
                block_tile(g, p, panel, j);
            }
        }
    } else {
        for (int64_t j = j0; j < j1; j++)
            for (int64_t p = p0; p < p1; p++) block_tile(g, p, g->a_panels + first_row(g->m, p) * panel_steps(g), j);
    }
}

// The tile that the packed formats are made for: out[0] = MR, out[1] = NR, out[2] = RUN, out[3] = VL.
ENTRY("p>v") void gemm_shape(int64_t* out) {
    out[0] = MR;
    out[1] = NR;
    out[2] = RUN;
    out[3] = VL;
}
