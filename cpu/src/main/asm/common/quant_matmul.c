// y[t][r] = sum_k x[t][k] * w[r][k], integer dot products, for packed weights and for GGUF rows as they are.
//
// 1..4 tokens, with AVX-512 1..8: weights unpacked in registers (a store to L1 in between would halve the bandwidth). More: 64 rows x 256
// columns are unpacked to L1 and every 16 or 18 tokens go through a tile. GGUF rows are packed superblock by superblock on the fly.
#include "quant_matmul.h"
#include "quant_ordered.h"
#include "quant_streams.h"

QUANT_TILE(d32)
QUANT_TILE(w32)
QUANT_TILE(c16)

// Bytes per token of what the tile reads beside the integers, by mode.
#define SIDE_d32(a, i) ((const void*)((a)->c + (i) * 8))
#define SIDE_c16(a, i) ((const void*)((a)->c + (i) * 16))
#define SIDE_w32(a, i) ((const void*)((a)->s + (i) * 8))
#define SCALES_d32(a, i) ((a)->d + (i) * 8)
#define SCALES_c16(a, i) ((a)->d + (i))
#define SCALES_w32(a, i) ((a)->d + (i))

#define TILED(format, mode)                                                                                          \
  NOINLINE void tiled_##format(const QuantMatmul* p, const Act* a, int64_t g0, int64_t g1, Scratch* s) {             \
    const int64_t bytes = SUPER / COLS_##format * CHUNK_##format, others = (GROUPS - 1) * PACKED_ROW_GROUP(format, p->k); \
    for (int64_t t0 = 0; t0 < p->m; t0 += TOKENS) {                                                                  \
      int64_t tokens = min64(TOKENS, p->m - t0);                                                                     \
      for (int64_t g = g0; g < g1; g += GROUPS) {                                                                    \
        int64_t groups = min64(GROUPS, g1 - g);                                                                      \
        clear_sums(s, tokens);                                                                                       \
        for (int64_t b = 0; b < supers(p->k); b++) {                                                                 \
          int64_t runs = runs_of(p->k, b);                                                                           \
          int64_t next = p->row_bytes ? 0 : b + 1 < supers(p->k) ? bytes : bytes + others;                           \
          const uint8_t* w[GROUPS];                                                                                  \
          for (int64_t e = 0; e < groups; e++) {                                                                     \
            w[e] = super_##format(p, g + e, b, s->packed[e]);                                                        \
            unpack_##format(w[e], runs, &s->unit[e]);                                                                \
          }                                                                                                          \
          for (int64_t t = 0, step = TILE_TOKENS(groups); t < tokens; t += step) {                                   \
            int64_t i = b * p->m + t0 + t;                                                                           \
            Tile tile = {0, a->q + i * 256, SIDE_##mode(a, i), SCALES_##mode(a, i), 0, 0, min64(step, tokens - t), runs, 0, 0}; \
            TILES(mode, tile, s, w, next, groups, t)                                             \
          }                                                                                                          \
        }                                                                                                            \
        store_sums(p, s, g, groups, t0, tokens);                                                                     \
      }                                                                                                              \
    }                                                                                                                \
  }

// m <= FUSED_MOST tokens of one row group, weights unpacked in registers; those of a group stay in L2 meanwhile.
#if FUSED_TOKENS == 4
#define FUSED_ALL(format, mode)                                                                                      \
  FUSED(format, mode, 1)                                                                                             \
  FUSED(format, mode, 2)                                                                                             \
  FUSED(format, mode, 3)                                                                                             \
  FUSED(format, mode, 4)                                                                                             \
  FUSED(format, mode, 8)                                                                                             \
  INLINE void fused_##format(const QuantMatmul* p, const Act* a, int64_t g, Scratch* s) {                            \
    int64_t t = p->m & 12, rest = p->m & 3;                                                                          \
    if (t == 8) fused_##format##_8(p, a, g, 0, s);                                                                   \
    else if (t == 4) fused_##format##_4(p, a, g, 0, s);                                                              \
    if (rest == 1) fused_##format##_1(p, a, g, t, s);                                                                \
    else if (rest == 2) fused_##format##_2(p, a, g, t, s);                                                           \
    else if (rest == 3) fused_##format##_3(p, a, g, t, s);                                                           \
  }
#else
#define FUSED_ALL(format, mode)                                                                                      \
  FUSED(format, mode, 1)                                                                                             \
  FUSED(format, mode, 2)                                                                                             \
  INLINE void fused_##format(const QuantMatmul* p, const Act* a, int64_t g, Scratch* s) {                            \
    int64_t t = 0;                                                                                                   \
    for (; t + 2 <= p->m; t += 2) fused_##format##_2(p, a, g, t, s);                                                 \
    if (t < p->m) fused_##format##_1(p, a, g, t, s);                                                                 \
  }
#endif

// Tokens up to which the kernels fused in registers are faster (8 of Q8_0 on Zen 5: 35 -> 71 %, Q6_K 37 -> 56 % of the roofline).
#define FUSED_MOST (FUSED_TOKENS == 4 ? 8 : 4)
#define ACT_d32 act_32
#define ACT_w32 act_256
#define ACT_c16 act_256

// quant_matmul_<format>(arguments, first and last row group, scratch); quant_pack_<format>(GGUF rows, distance of rows,
// packed, rows, columns, first and last row group).
#define ENTRIES(format, mode)                                                                                        \
  PACK_SUPER(format)                                                                                                 \
  SUPER_AT(format)                                                                                                   \
  UNPACK(format, mode)                                                                                               \
  FUSED_ALL(format, mode)                                                                                            \
  TILED(format, mode)                                                                                                \
  ENTRY("pllp>v") void quant_matmul_##format(const QuantMatmul* p, int64_t g0, int64_t g1, void* scratch) {          \
    Act a = ACT_##mode(p->x, p->m, p->k);                                                                            \
    if (p->m > (p->row_bytes ? 4 : FUSED_MOST)) {                                                                    \
      tiled_##format(p, &a, g0, g1, scratch);                                                                        \
      return;                                                                                                        \
    }                                                                                                                \
    for (int64_t g = streams_##format(p, &a, g0, g1); g < g1; g++) fused_##format(p, &a, g, scratch);                \
  }                                                                                                                  \
  ENTRY("plpllll>v") void quant_pack_##format(const uint8_t* w, int64_t row_bytes, uint8_t* out, int64_t n, int64_t k, \
                                              int64_t g0, int64_t g1) {                                              \
    for (int64_t g = g0; g < g1; g++) {                                                                              \
      uint8_t* to = out + g * PACKED_ROW_GROUP(format, k);                                                           \
      for (int64_t b = 0; b < supers(k); b++)                                                                        \
        pack_super_##format(w, row_bytes, n, k, g, b, to + b * (SUPER / COLS_##format * CHUNK_##format));            \
    }                                                                                                                \
  }

#define FORMAT(format, mode) \
  ENTRIES(format, mode)      \
  ORDERED_ENTRY(format, mode)

FORMAT(q4_0, d32)
FORMAT(q8_0, d32)
FORMAT(q4_k, w32)
FORMAT(q6_k, c16)
