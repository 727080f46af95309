// c[m][n] = a[m][k] w on tensor cores: weights in rows [n][k], or in COLUMNS [k][n]; all of TYPE, sums in f32 in the order of k. A group
// of 2 TILE threads has a tile of TILE x TILE, a warp TILE / 2 x 32 of it; STAGES steps of 32 along k are under way by cp.async, read by
// ldmatrix (not yet measured on hardware). Rows of a and w are whole 16 bytes (CudaGemm sees to that), and with `wide` those of c.
#define BUFFERS IN_U32(a) IN_U32(w) OUT_U32(c)
#define PARAMS uint m; uint n; uint k; uint wide;
#define STAGES 3u
#define RUN 32u
#include "tuned.cuh"
#include "mma.inc"

SHARED(uint, tiles, STAGES * 2u * TILE * RUN / 2u);

#ifndef GK_MANIFEST
#undef BOUNDS
#define BOUNDS THREADS, 1
#define STAGE_WORDS (2u * TILE * RUN / 2u)
#define WARP_ROWS (TILE / 32u)               // tiles of 16 rows that a warp has
#define ROW_CHUNKS (RUN / CHUNK)
#define PANEL 8u                             // rows of tiles that neighbouring groups share, so that they find w and a in L2

// Chunk c of row r of a tile whose rows are of RUN numbers, and of one whose rows are of TILE numbers.
FN uint in_rows(uint r, uint c) { return (r * ROW_CHUNKS + (c ^ (r / 2u & 3u))) * 4u; }
FN uint in_columns(uint r, uint c) { return (r * (TILE / CHUNK) + (c ^ (r & 7u))) * 4u; }

// Rows `first` .. first + TILE of b[rows][k], numbers k0 .. k0 + RUN.
FN void fetch_rows(uint* tile, const uint* b, uint first, uint rows, uint k0, uint k) {
  UNROLL for (uint i = 0u; i < TILE * ROW_CHUNKS / THREADS; i++) {
    uint r = (i * THREADS + threadIdx.x) / ROW_CHUNKS, c = threadIdx.x % ROW_CHUNKS, from = k0 + c * CHUNK;
    uint count = first + r < rows ? left(from, k) : 0u;
    fetch(tile + in_rows(r, c), b, (size_t)(first + r) * k + from, count);
  }
}

// Rows k0 .. k0 + RUN of b[k][n], numbers `first` .. first + TILE.
FN void fetch_columns(uint* tile, const uint* b, uint first, uint n, uint k0, uint k) {
  UNROLL for (uint i = 0u; i < RUN * TILE / CHUNK / THREADS; i++) {
    uint r = (i * THREADS + threadIdx.x) / (TILE / CHUNK), c = threadIdx.x % (TILE / CHUNK), from = first + c * CHUNK;
    uint count = k0 + r < k ? left(from, n) : 0u;
    fetch(tile + in_columns(r, c), b, (size_t)(k0 + r) * n + from, count);
  }
}

// Lane t of four has word j of each of four chunks; afterwards all words of chunk t.
FN void turn(uint* word, uint t) {
  UNROLL for (uint j = 0u; j < 4u; j += 2u) {
    uint other = from_lane(t % 2u != 0u ? word[j] : word[j + 1u], 1u);
    if (t % 2u != 0u) word[j] = other; else word[j + 1u] = other;
  }
  UNROLL for (uint j = 0u; j < 2u; j++) {
    uint other = from_lane(t / 2u != 0u ? word[j] : word[j + 2u], 2u);
    if (t / 2u != 0u) word[j] = other; else word[j + 2u] = other;
  }
}

// 32 numbers of a row of c from column `col` on: of its four chunks this lane has words t, two sums each.
FN void store_row(uint* c, float (*sum)[4], uint half, uint row, uint col, uint m, uint n, bool wide) {
  uint t = threadIdx.x % 4u, word[4];
  UNROLL for (uint j = 0u; j < 4u; j++) word[j] = to_16(sum[j][half * 2u]) | to_16(sum[j][half * 2u + 1u]) << 16;
  if (wide) {
    turn(word, t);
    uint at = col + t * CHUNK;
    if (row < m && at < n) *(uint4*)(c + ((size_t)row * n + at) / 2u) = make_uint4(word[0], word[1], word[2], word[3]);
  } else {
    UNROLL for (uint j = 0u; j < 4u; j++) {
      UNROLL for (uint e = 0u; e < 2u; e++) {
        uint at = col + j * CHUNK + t * 2u + e;
        if (row < m && at < n) ((unsigned short*)c)[(size_t)row * n + at] = (unsigned short)(word[j] >> e * 16u);
      }
    }
  }
}

KERNEL {
  uint lane = threadIdx.x % 32u, warp = threadIdx.x / 32u, across = (p.n + TILE - 1u) / TILE, down = (p.m + TILE - 1u) / TILE;
  uint panel = group() / (PANEL * across), inside = group() % (PANEL * across), height = min(PANEL, down - min(down, panel * PANEL));
  if (height == 0u) return;
  uint row = (panel * PANEL + inside % height) * TILE, col = inside / height * TILE;
  if (col >= p.n) return;
  uint warp_row = warp % 2u * (TILE / 2u), warp_col = warp / 2u * 32u, steps = (p.k + RUN - 1u) / RUN;
  float sum[WARP_ROWS][4][4];
  UNROLL for (uint i = 0u; i < WARP_ROWS * 16u; i++) sum[i / 16u][i / 4u % 4u][i % 4u] = 0.0f;
#ifdef COLUMNS
#define FETCH_W(tile, step) fetch_columns(tile, w, col, p.n, (step) * RUN, p.k)
#else
#define FETCH_W(tile, step) fetch_rows(tile, w, col, p.n, (step) * RUN, p.k)
#endif
#define FETCH(step) \
  if ((step) < steps) { \
    uint* stage = tiles + (step) % STAGES * STAGE_WORDS; \
    fetch_rows(stage, a, row, p.m, (step) * RUN, p.k); \
    FETCH_W(stage + STAGE_WORDS / 2u, step); \
  } \
  end_group();
  UNROLL for (uint step = 0u; step < STAGES - 1u; step++) { FETCH(step) }
  for (uint step = 0u; step < steps; step++) {
    await<STAGES - 2u>();
    __syncthreads();                         // the step is there, and all are done with the one whose place the next one takes
    FETCH(step + STAGES - 1u)
    const uint* tile_a = tiles + step % STAGES * STAGE_WORDS;
    const uint* tile_w = tile_a + STAGE_WORDS / 2u;
    UNROLL for (uint half = 0u; half < 2u; half++) {
      uint x[WARP_ROWS][4], y[2][4];
      UNROLL for (uint i = 0u; i < WARP_ROWS; i++) {
        matrices(tile_a + in_rows(warp_row + i * 16u + lane % 16u, half * 2u + lane / 16u), x[i]);
      }
      UNROLL for (uint j = 0u; j < 2u; j++) {
#ifdef COLUMNS
        matrices_turned(tile_w + in_columns(half * 16u + lane % 16u, warp_col / CHUNK + j * 2u + lane / 16u), y[j]);
#else
        matrices(tile_w + in_rows(warp_col + j * 16u + lane / 16u * 8u + lane % 8u, half * 2u + lane / 8u % 2u), y[j]);
#endif
      }
      UNROLL for (uint i = 0u; i < WARP_ROWS; i++) {
        UNROLL for (uint j = 0u; j < 4u; j++) multiply(sum[i][j], x[i], y[j / 2u] + j % 2u * 2u);
      }
    }
  }
  await<0u>();
  UNROLL for (uint i = 0u; i < WARP_ROWS; i++) {
    UNROLL for (uint half = 0u; half < 2u; half++) {
      store_row(c, sum[i], half, row + warp_row + i * 16u + half * 8u + lane / 4u, col + warp_col, p.m, p.n, p.wide != 0u);
    }
  }
}
#endif
