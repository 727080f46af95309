// The last step of a matrix product: out = activation(sums + bias), rounded once to the output type.
#pragma once
#include "gemm.h"
#include "math.h"
#include "portable.h"

INLINE vf activate(int64_t activation, int64_t ordered, vf x) {
    switch (activation) {
        case RELU: return vmax(vzero(), x);
        case SILU: return ordered ? portable_silu(x) : vsilu(x);
        case GELU: return ordered ? portable_gelu(x) : vgelu(x);
        default: return x;
    }
}

INLINE void finish_as(int64_t type, const gemm_t* g, const float* sums, int64_t ld, int64_t row, int64_t rows, int64_t col, int64_t cols) {
    for (int64_t r = 0; r < rows; r++) {
        int64_t to = (row + r) * g->ldo + col;
        for (int64_t j = 0; j < cols; j += VL) {
            vf v = load_upto(F32, sums, r * ld + j, cols - j);
            if (g->bias) v = vadd(v, load_upto(F32, g->bias, col + j, cols - j));
            store_upto(type, g->out, to + j, activate(g->activation, g->ordered, v), cols - j);
        }
    }
}

// Block [row .. row + rows)[col .. col + cols) of the output; sums points at its first element, ld floats a row.
NOINLINE void gemm_finish(const gemm_t* g, const float* sums, int64_t ld, int64_t row, int64_t rows, int64_t col, int64_t cols) {
#define FINISH(T) finish_as(T, g, sums, ld, row, rows, col, cols)
    BY_TYPE(g->out_type, FINISH)
#undef FINISH
}
