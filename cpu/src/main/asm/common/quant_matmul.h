// Loops shared by every format: superblock access, unpacking, kernels fused in registers for 1..4 tokens, tiles for more.
#pragma once
#include "quant_formats.h"

#define AHEAD(p) __builtin_prefetch(p, 0, 3)
#define AHEAD_L2(p) __builtin_prefetch(p, 0, 2)

#define RUNS_d32 8
#define RUNS_w32 8
#define RUNS_c16 16
#define QUADS_d32 8
#define QUADS_w32 8
#define QUADS_c16 4

// Scratch of one thread, 64-byte aligned, contents irrelevant before and after.
typedef struct {
  Unit unit[GROUPS];
  uint8_t packed[GROUPS][4352];
  float sums[TOKENS][GROUPS][ROWS];
  f32x16 values[SUPER];
} Scratch;
_Static_assert(sizeof(Scratch) <= 192 * 1024, "the caller allocates 192 KB");

// Where the superblock b of a row group is, and how many runs of 32 columns it holds (an even number).
typedef struct { const uint8_t* w; int64_t next; } Super;

INLINE int64_t runs_of(int64_t k, int64_t b) { return min64(8, round_up((k - b * SUPER) / 32, 2)); }

INLINE void store_rows(float* y, f32x16 v, int64_t rows) {
  if (rows >= ROWS) {
    store_f(y, v);
  } else {
    for (int64_t r = 0; r < rows; r++) y[r] = v[r];
  }
}

// TILES(mode, tile, scratch, w, bytes, groups, t): all row groups of up to TILE_TOKENS tokens from t, two groups at once where there is a kernel
// for it. The first tokens prefetch the next superblocks, `bytes` behind those at w, the others the activations of the next tile.
#ifdef __AVX512VNNI__
#define QUANT_TILE(mode) ASM_CALL void quant_tile_##mode(const Tile* t); ASM_CALL void quant_pair_##mode(const Tile* t);
#define PAIR(mode, tile) quant_pair_##mode(tile)
#define PAIRED 2
#define TILE_TOKENS(groups) ((groups) & 1 ? 16 : 18)   // three passes of six in pairs; a single group takes 16 at most
#else
#define QUANT_TILE(mode) ASM_CALL void quant_tile_##mode(const Tile* t);
#define PAIR(mode, tile) quant_tile_##mode(tile)
#define PAIRED 1
#define TILE_TOKENS(groups) 16
#endif
_Static_assert(sizeof(Unit) == 5696, "quant_pair_*.S finds the second of two units");
#define TILES(mode, tile, s, w, bytes, groups, t)                                                                    \
  for (int64_t e = 0; e < groups;) {                                                                                 \
    int two = PAIRED == 2 && e + 1 < groups;                                                                         \
    tile.unit = &(s)->unit[e];                                                                                       \
    tile.sum = (s)->sums[t][e];                                                                                      \
    int first = t == 0 && (bytes) != 0;                                                                              \
    tile.ahead = first ? (const void*)((w)[e] + (bytes)) : (const void*)(tile.q + 4096 + e * 1024);                  \
    tile.ahead_2 = first ? (const void*)((w)[e + two] + (bytes)) : (const void*)(tile.q + 6144 + e * 1024);          \
    if (two) PAIR(mode, &tile);                                                                                      \
    else quant_tile_##mode(&tile);                                                                                   \
    e += 1 + two;                                                                                                    \
  }

static void clear_sums(Scratch* s, int64_t tokens) {
  f32x16* p = (f32x16*)s->sums;
  for (int64_t i = 0; i < tokens * GROUPS; i++) p[i] = (f32x16){};
}
static void store_sums(const QuantMatmul* p, const Scratch* s, int64_t g, int64_t groups, int64_t t0, int64_t tokens) {
  for (int64_t t = 0; t < tokens; t++) {
    for (int64_t i = 0; i < groups; i++)
      store_rows(p->y + (t0 + t) * p->y_stride + (g + i) * ROWS, load_f(s->sums[t][i]), p->n - (g + i) * ROWS);
  }
}

// Start of a sum, one step and its end by mode, so that the fused loop below is written once.
#define SUM_d32 i32x16
#define SUM_c16 i32x16
#define SUM_w32 Sum4
#define START_d32(a, i, j) start_d32((a)->c + (i) * 8 + (j))
#define START_c16(a, i, j) splat_i((a)->c + (i) * 16 + (j))
#define START_w32(a, i, j) sum4_zero()
#define STEP_d32 dot_d32
#define STEP_c16 dot_u6
#define STEP_w32 sum4_add
#define END_d32(v) (v)
#define END_c16(v) (v)
#define END_w32(v) sum4_end(v)
#define COLUMN_d32(j) (32 * (j))
#define COLUMN_w32(j) (32 * (j))
#define COLUMN_c16(j) (16 * ((j) >> 2) + 64 * ((j) & 3))
#define ACT_SCALE_d32(a, i, j, v) ((v) * splat((a)->d[(i) * 8 + (j)]))
#define ACT_SCALE_c16(a, i, j, v) (v)
#define ACT_SCALE_w32(a, i, j, v) (v)
#define ADD_d32(a, i, part, y) ((y) + (part))
#define ADD_c16(a, i, part, y) fma16(part, splat((a)->d[i]), y)
#define ADD_w32(a, i, part, y) fma16(part, splat((a)->d[i]), y)

#define FIRST_PART_d32(format, w, a, i) ((f32x16){})
#define FIRST_PART_c16(format, w, a, i) ((f32x16){})
#define FIRST_PART_w32(format, w, a, i) first_part(mins, dmin_##format(w), (a)->s + (i) * 8)
#define MINS_d32(format, w)
#define MINS_c16(format, w)
#define MINS_w32(format, w) u32x16 mins[4]; mins_##format(w, mins)

INLINE f32x16 first_part(const u32x16 mins[4], f32x16 dmin, const int16_t* s) {
  i32x16 v = {};
  UNROLL for (int e = 0; e < 4; e++) v = dot_pairs(v, mins[e], s + 2 * e);
  return to_f((u32x16)v) * dmin;
}

// N runs from j (and their quads) of T tokens: part[t] += scale * dot. The two runs of a line of nibbles go together where the tokens
// leave registers for it.
#define RUNS(format, mode, w, a, i, j, N, T, part)                                                                   \
  {                                                                                                                  \
    SUM_##mode v[N][T];                                                                                              \
    UNROLL for (int r = 0; r < (N); r++)                                                                             \
      UNROLL for (int t = 0; t < T; t++) v[r][t] = START_##mode(a, i + t, (j) + r);                                  \
    UNROLL for (int e = 0; e < QUADS_##mode; e++) {                                                                  \
      UNROLL for (int r = 0; r < (N); r++) {                                                                         \
        u32x16 z = quad_##format(w, (j) + r, e);                                                                     \
        UNROLL for (int t = 0; t < T; t++)                                                                           \
          v[r][t] = STEP_##mode(v[r][t], z, (a)->q + (i + t) * 256 + COLUMN_##mode((j) + r) + 4 * e);                \
      }                                                                                                              \
    }                                                                                                                \
    UNROLL for (int r = 0; r < (N); r++) {                                                                           \
      f32x16 scale = scale_##format(w, (j) + r);                                                                     \
      UNROLL for (int t = 0; t < T; t++)                                                                             \
        part[t] = fma16(scale, ACT_SCALE_##mode(a, i + t, (j) + r, to_f((u32x16)END_##mode(v[r][t]))), part[t]);     \
    }                                                                                                                \
  }
#define TOGETHER(T, format) (FUSED_TOKENS < 4 || (T) > 2 ? 1 : PAIRED_RUNS_##format)
// Many tokens take all registers: lines are loaded anew for each run that needs them, not kept in memory.
#define FORGET(T) if ((T) > 4) __asm__ volatile("" ::: "memory")

// Prefetches the lines that runs j to j + n of all stand for: `hint` bytes ahead, and one of eight twice as far, which starts the
// prefetcher of L2 on the next page early (Zen 5, Q4_K: 83 -> 93 % of the read bandwidth; each line by itself or 36 at once: less).
#define AHEAD_LINES(lines, j, n, all, p, hint)                                                                       \
  UNROLL for (int l = (j) * (lines) / (all); l < ((j) + (n)) * (lines) / (all); l++) {                               \
    AHEAD((p) + (hint) + 64 * l);                                                                                    \
    if (l % 8 == 0) AHEAD((p) + 2 * (hint) + 64 * l);                                                                \
  }

// All runs of a superblock, unrolled (see fused_levels); the last one of formats of 32-blocks may be shorter.
#define SOME_RUNS(format, mode, w, a, i, j, N, all, T, part, hint)                                                   \
  {                                                                                                                  \
    AHEAD_LINES(CHUNK_##format / 64, j, N, all, w, hint)                                                             \
    RUNS(format, mode, w, a, i, j, N, T, part)                                                                       \
    FORGET(T);                                                                                                       \
  }
#define CHUNK_RUNS(format, w, a, i, c, T, part, hint)                                                                \
  {                                                                                                                  \
    const uint8_t* chunk = w + (c) * CHUNK_##format;                                                                 \
    Act at = *(a);                                                                                                   \
    at.q += 64 * (c), at.d += 2 * (c), at.c += 2 * (c);                                                              \
    UNROLL for (int j = 0; j < 2; j += TOGETHER(T, format))                                                                 \
      SOME_RUNS(format, d32, chunk, &at, i, j, TOGETHER(T, format), 2, T, part, hint) \
  }
#define ALL_RUNS_d32(format, w, a, i, runs, T, part, hint)                                                           \
  if (FUSED_TOKENS == 4 && runs == 8) {                                                                              \
    UNROLL for (int c = 0; c < 4; c++) CHUNK_RUNS(format, w, a, i, c, T, part, hint)                                 \
  } else {                                                                                                           \
    for (int c = 0; c < (int)(runs) / 2; c++) CHUNK_RUNS(format, w, a, i, c, T, part, hint)                          \
  }
#define ALL_RUNS_w32(format, w, a, i, runs, T, part, hint)                                                           \
  UNROLL for (int j = 0; j < 8; j += TOGETHER(T, format)) SOME_RUNS(format, w32, w, a, i, j, TOGETHER(T, format), 8, T, part, hint)
#define ALL_RUNS_c16(format, w, a, i, runs, T, part, hint)                                                           \
  UNROLL for (int j = 0; j < 16; j += TOGETHER(T, format)) SOME_RUNS(format, c16, w, a, i, j, TOGETHER(T, format), 16, T, part, hint)

// T tokens from t0 of one row group, weights unpacked in registers and used T times.
#define FUSED(format, mode, T)                                                                                       \
  NOINLINE void fused_##format##_##T(const QuantMatmul* p, const Act* act, int64_t g, int64_t t0, Scratch* scratch) { \
    Act a = *act;                                                                                                    \
    f32x16 y[T];                                                                                                     \
    UNROLL for (int t = 0; t < T; t++) y[t] = (f32x16){};                                                            \
    for (int64_t b = 0; b < supers(p->k); b++) {                                                                     \
      const uint8_t* w = super_##format(p, g, b, scratch->packed[0]);                                                \
      int64_t i = b * p->m + t0, hint = p->row_bytes ? 0 : p->ahead, runs = runs_of(p->k, b);                        \
      (void)runs;                                                                                                    \
      MINS_##mode(format, w);                                                                                        \
      f32x16 part[T];                                                                                                \
      UNROLL for (int t = 0; t < T; t++) part[t] = FIRST_PART_##mode(format, w, &a, i + t);                          \
      ALL_RUNS_##mode(format, w, &a, i, runs, T, part, hint)                                                         \
      UNROLL for (int t = 0; t < T; t++) y[t] = ADD_##mode(&a, i + t, part[t], y[t]);                                \
    }                                                                                                                \
    UNROLL for (int t = 0; t < T; t++) store_rows(p->y + (t0 + t) * p->y_stride + g * ROWS, y[t], p->n - g * ROWS);  \
  }

// GGUF rows of a group: a missing row repeats the last one, its lane is never stored.
INLINE void row_pointers(const uint8_t* w, int64_t row_bytes, int64_t n, int64_t g, int64_t offset, const uint8_t* rows[ROWS]) {
  for (int64_t r = 0; r < ROWS; r++) rows[r] = w + min64(g * ROWS + r, n - 1) * row_bytes + offset;
}

// Packs the superblock b of 16 GGUF rows.
#define PACK_SUPER(format)                                                                                           \
  NOINLINE void pack_super_##format(const uint8_t* w, int64_t row_bytes, int64_t n, int64_t k, int64_t g, int64_t b, uint8_t* out) { \
    const uint8_t* rows[ROWS];                                                                                       \
    enum { blocks = COLS_##format == 64 ? 2 : 1, bytes = blocks * BLOCK_##format, chunks = SUPER / COLS_##format };  \
    row_pointers(w, row_bytes, n, g, b * chunks * bytes, rows);                                                      \
    int64_t columns = min64(SUPER, k - b * SUPER);                                                                   \
    for (int64_t at = 0; at < columns; at += COLS_##format, out += CHUNK_##format) {                                 \
      pack_##format(rows, (columns - at) / 32, out);                                                                 \
      for (int r = 0; r < ROWS; r++) {                                                                               \
        rows[r] += bytes;                                                                                            \
        AHEAD(rows[r] + 256);                                                                               \
        if (bytes > 64) AHEAD(rows[r] + 256 + 64);                                                          \
        if (bytes > 128) AHEAD(rows[r] + 256 + 128);                                                        \
      }                                                                                                              \
    }                                                                                                                \
  }

#define PACKED_ROW_GROUP(format, k) (((k) + COLS_##format - 1) / COLS_##format * CHUNK_##format)

// The packed superblock b of a group: where it lies, or packed into scratch.
#define SUPER_AT(format)                                                                                             \
  INLINE const uint8_t* super_##format(const QuantMatmul* p, int64_t g, int64_t b, uint8_t* packed) {                \
    if (p->row_bytes == 0) return p->w + g * PACKED_ROW_GROUP(format, p->k) + b * (SUPER / COLS_##format * CHUNK_##format); \
    pack_super_##format(p->w, p->row_bytes, p->n, p->k, g, b, packed);                                               \
    return packed;                                                                                                   \
  }

#define UNPACK_MINS_d32(format, src, u)
#define UNPACK_MINS_c16(format, src, u)
#define UNPACK_MINS_w32(format, src, u) mins_##format(src, (u)->m); (u)->dmin = dmin_##format(src)

#define UNPACK_RUN(format, mode, src, j, to)                                                                          \
  {                                                                                                                  \
    UNROLL for (int e = 0; e < QUADS_##mode; e++) u->w[(to) * QUADS_##mode + e] = quad_##format(src, j, e);          \
    u->s[to] = scale_##format(src, j);                                                                               \
  }
#define UNPACK_RUNS_d32(format, src, runs)                                                                             \
  for (int c = 0; c < (int)(runs) / 2; c++) {                                                                        \
    const uint8_t* chunk = src + c * CHUNK_##format;                                                                   \
    UNROLL for (int j = 0; j < 2; j++) UNPACK_RUN(format, d32, chunk, j, 2 * c + j)                                  \
  }
#define UNPACK_RUNS_w32(format, src, runs) UNROLL for (int j = 0; j < 8; j++) UNPACK_RUN(format, w32, src, j, j)
#define UNPACK_RUNS_c16(format, src, runs) UNROLL for (int j = 0; j < 16; j++) UNPACK_RUN(format, c16, src, j, j)

#define UNPACK(format, mode)                                                                                         \
  NOINLINE void unpack_##format(const uint8_t* src, int64_t runs, Unit* u) {                                           \
    (void)runs;                                                                                                      \
    UNPACK_RUNS_##mode(format, src, runs)                                                                              \
    UNPACK_MINS_##mode(format, src, u);                                                                                \
  }
