// c[m][n] = a[m][k] w with matrix instructions: weights in rows [n][k], or in COLUMNS [k][n]; all of TYPE, sums in f32 in the order of
// the steps of k. A group has a tile of TILE x TILE, a wave half the rows of it and its share of the columns. While a step of 32 along k
// is multiplied from shared memory, the next one is on its way to registers (not yet measured on hardware). `whole` says which of a, w
// and c have rows of whole 16 bytes; numbers of others are taken from the words around them.
#define BUFFERS IN_U32(a) IN_U32(w) OUT_U32(c)
#define PARAMS uint m; uint n; uint k; uint whole;
#define RUN 32u
#include "tuned.h"
#include "matrix.inc"

SHARED(uint, tiles, 2u * 2u * TILE * RUN / 2u);

#ifndef GK_MANIFEST
#undef BOUNDS
#define BOUNDS , amdgpu_waves_per_eu(2)      // else the sums would go into accumulation registers, and each result through a move
#define TILE_WORDS (TILE * RUN / 2u)
#define ROW_CHUNKS (RUN / CHUNK)
#define COUNT (TILE * ROW_CHUNKS / THREADS)  // chunks of a tile that a thread brings
#define ROWS (TILE / 32u)                    // times 16 rows of a wave
#define COLS (TILE / (WAVES / 2u) / 16u)     // times 16 columns
#define PANEL 8u                             // rows of tiles that neighbouring groups share, so that they find w and a in L2
#define WHOLE_A 1u
#define WHOLE_W 2u
#define WHOLE_C 4u

// Chunk c of row r; permuted, so that eight rows lie in different banks.
FN uint place(uint r, uint c) { return (r * ROW_CHUNKS + (c ^ (r / 2u & 3u))) * 4u; }

// The 8 numbers from `at` on, zeros if none of them exists.
FN void chunk(const uint* b, size_t at, bool exists, bool whole, uint* to) {
  UNROLL for (uint i = 0u; i < 4u; i++) to[i] = 0u;
  if (!exists) return;
  if (whole) {
    four_words(b + at / 2u, to);
  } else {
    const uint* words = b + at / 2u;
    uint shift = (uint)at % 2u * 16u, low = words[0];
    UNROLL for (uint i = 0u; i < 4u; i++) {
      uint high = i < 3u || shift != 0u ? words[i + 1u] : 0u;         // no further than the padding behind a buffer
      to[i] = shifted(low, high, shift);
      low = high;
    }
  }
}

// Rows `first` .. first + TILE of b[rows][k], numbers k0 .. k0 + RUN, on their way to registers: nothing here waits for them.
FN void fetch_rows(uint (*part)[4], const uint* b, uint first, uint rows, uint k0, uint k, bool whole) {
  UNROLL for (uint i = 0u; i < COUNT; i++) {
    uint r = first + (i * THREADS + thread()) / ROW_CHUNKS, from = k0 + thread() % ROW_CHUNKS * CHUNK;
    chunk(b, (size_t)r * k + from, r < rows && from < k, whole, part[i]);
  }
}

FN void put(uint* tile, uint r, uint c, const uint* part) {
  Words4 v = {part[0], part[1], part[2], part[3]};
  *(Words4*)(tile + place(r, c)) = v;
}

// The same to shared memory, without what lies behind the end of a row.
FN void put_rows(uint* tile, uint (*part)[4], uint k0, uint k) {
  uint count = left(k0 + thread() % ROW_CHUNKS * CHUNK, k);
  UNROLL for (uint i = 0u; i < COUNT; i++) {
    if (k % CHUNK != 0u) {
      UNROLL for (uint j = 0u; j < 4u; j++) part[i][j] = 2u * j + 2u <= count ? part[i][j] : 2u * j < count ? part[i][j] & 0xffffu : 0u;
    }
    put(tile, (i * THREADS + thread()) / ROW_CHUNKS, thread() % ROW_CHUNKS, part[i]);
  }
}

// Rows k0 .. k0 + RUN of b[k][n], numbers `first` .. first + TILE: a thread has two columns of eight rows.
FN void fetch_columns(uint* pair, const uint* b, uint first, uint n, uint k0, uint k) {
  if (thread() >= TILE * 2u) return;
  uint col = first + thread() % (TILE / 2u) * 2u, row = k0 + thread() / (TILE / 2u) * CHUNK;
  UNROLL for (uint i = 0u; i < CHUNK; i++) {
    size_t at = (size_t)(row + i) * n + col;
    pair[i] = 0u;
    if (row + i < k && col < n) pair[i] = b[at / 2u];
    if (n % 2u != 0u && at % 2u != 0u) pair[i] = shifted(pair[i], row + i < k && col + 1u < n ? b[at / 2u + 1u] : 0u, 16u);
  }
}

// The same to shared memory, turned, so that a column is a row; what lies behind the last column belongs to none that is stored.
FN void put_columns(uint* tile, uint* pair) {
  if (thread() >= TILE * 2u) return;
  uint low[4], high[4], r = thread() % (TILE / 2u) * 2u, c = thread() / (TILE / 2u);
  UNROLL for (uint i = 0u; i < 4u; i++) {
    low[i] = (pair[2u * i] & 0xffffu) | pair[2u * i + 1u] << 16;
    high[i] = pair[2u * i] >> 16 | (pair[2u * i + 1u] & 0xffff0000u);
  }
  put(tile, r, c, low);
  put(tile, r + 1u, c, high);
}

FN Fragment fragment(const uint* tile, uint first, uint step) {
  Fragment f;
  UNROLL for (uint i = 0u; i < PARTS; i++) four_words(tile + place(first + lane() % 16u, chunk_of(step) + i), f.words + i * 4u);
  return f;
}

// Sixteen numbers of a row of c from column `col` on, the row of a lane: those of its sums.
FN void store(uint* c, const Sums& sums, uint row, uint col, uint m, uint n, bool whole) {
  uint part = lane() / 16u;
  if (!whole) {
    UNROLL for (uint j = 0u; j < SUMS; j++) {
      uint at = col + SUM_ROW(j);
      if (row < m && at < n) ((unsigned short*)c)[(size_t)row * n + at] = (unsigned short)to_16(sums[j]);
    }
    return;
  }
#if WMMA == 11                               // every other column: half of them go to the other lane of the row, for 8 in a row
  uint mine[2], other[2], words[4];
  UNROLL for (uint i = 0u; i < 2u; i++) {
    uint low = to_16(sums[2u * i]) | to_16(sums[2u * i + 1u]) << 16, high = to_16(sums[2u * i + 4u]) | to_16(sums[2u * i + 5u]) << 16;
    mine[i] = part == 0u ? low : high;
    other[i] = from_lane(part == 0u ? high : low, 16u);
  }
  UNROLL for (uint i = 0u; i < 2u; i++) {
    uint even = part == 0u ? mine[i] : other[i], odd = part == 0u ? other[i] : mine[i];
    words[2u * i] = (even & 0xffffu) | odd << 16;
    words[2u * i + 1u] = even >> 16 | (odd & 0xffff0000u);
  }
#else
  uint words[SUMS / 2u];
  UNROLL for (uint i = 0u; i < SUMS / 2u; i++) words[i] = to_16(sums[2u * i]) | to_16(sums[2u * i + 1u]) << 16;
#endif
  uint at = col + part * SUMS;
  if (row >= m || at >= n) return;
  uint* to = c + ((size_t)row * n + at) / 2u;
#ifdef MFMA
  Words2 v = {words[0], words[1]};
  *(Words2*)to = v;
#else
  Words4 v = {words[0], words[1], words[2], words[3]};
  *(Words4*)to = v;
#endif
}

KERNEL {
  uint across = (p.n + TILE - 1u) / TILE, down = (p.m + TILE - 1u) / TILE;
  uint panel = group() / (PANEL * across), inside = group() % (PANEL * across), height = min(PANEL, down - min(down, panel * PANEL));
  if (height == 0u) return;
  uint row = (panel * PANEL + inside % height) * TILE, col = inside / height * TILE;
  if (col >= p.n) return;
  uint wave_row = wave() % 2u * (TILE / 2u), wave_col = wave() / 2u * (COLS * 16u), steps = (p.k + RUN - 1u) / RUN;
  Sums sums[ROWS][COLS];
  UNROLL for (uint i = 0u; i < ROWS * COLS; i++) sums[i / COLS][i % COLS] = no_sums();
  uint part_a[COUNT][4];
#ifdef COLUMNS
  uint part_w[CHUNK];
#define FETCH_W(k0) fetch_columns(part_w, w, col, p.n, k0, p.k)
#define PUT_W(k0) put_columns(tile_w, part_w)
#else
  uint part_w[COUNT][4];
#define FETCH_W(k0) fetch_rows(part_w, w, col, p.n, k0, p.k, (p.whole & WHOLE_W) != 0u)
#define PUT_W(k0) put_rows(tile_w, part_w, k0, p.k)
#endif
  fetch_rows(part_a, a, row, p.m, 0u, p.k, (p.whole & WHOLE_A) != 0u);
  FETCH_W(0u);
  for (uint step = 0u; step < steps; step++) {
    uint* tile_a = tiles + step % 2u * 2u * TILE_WORDS;
    uint* tile_w = tile_a + TILE_WORDS;
    put_rows(tile_a, part_a, step * RUN, p.k);
    PUT_W(step * RUN);
    barrier();                               // the step is there, and all are done with the one before the last, whose place comes next
    if (step + 1u < steps) {
      fetch_rows(part_a, a, row, p.m, (step + 1u) * RUN, p.k, (p.whole & WHOLE_A) != 0u);
      FETCH_W((step + 1u) * RUN);
    }
    UNROLL for (uint i = 0u; i < RUN / STEP; i++) {
      Fragment x[ROWS], y[COLS];
      UNROLL for (uint r = 0u; r < ROWS; r++) x[r] = fragment(tile_a, wave_row + r * 16u, i);
      UNROLL for (uint s = 0u; s < COLS; s++) y[s] = fragment(tile_w, wave_col + s * 16u, i);
      UNROLL for (uint r = 0u; r < ROWS; r++) {
        UNROLL for (uint s = 0u; s < COLS; s++) sums[r][s] = multiply(sums[r][s], y[s], x[r]);
      }
    }
  }
  UNROLL for (uint r = 0u; r < ROWS; r++) {
    UNROLL for (uint s = 0u; s < COLS; s++) {
      store(c, sums[r][s], row + wave_row + r * 16u + lane() % 16u, col + wave_col + s * 16u, p.m, p.n, (p.whole & WHOLE_C) != 0u);
    }
  }
}
#endif
