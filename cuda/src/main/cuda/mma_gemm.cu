// c[m][n] = act(a[m][k] w + bias[n]) on tensor cores: weights in rows [n][k], or in COLUMNS [k][n]; both of TYPE, sums in f32 in the order of
// k. With SPLIT x, which is f32, comes as the sum of `pieces` matrices of TYPE (pieces.cu), and c is f32. STAGES steps of 32 along k are under
// way by cp.async, read by ldmatrix (not yet measured on hardware). Rows of a and w are whole 16 bytes (CudaGemm sees to that), and with
// `wide` those of c.
#ifdef SPLIT
#define BUFFERS IN_F32(x) IN_F32(lower) IN_U32(a) IN_U32(w) IN_F32(bias) OUT_F32(c)
#define PARAMS uint m; uint n; uint k; uint wide; uint biased; uint activation; uint pieces;
#else
#define BUFFERS IN_U32(a) IN_U32(w) IN_F32(bias) OUT_U32(c)
#define PARAMS uint m; uint n; uint k; uint wide; uint biased; uint activation;
#define PIECES 1u
#define STAGES 3u
#endif
#define RUN 32u
#include "tuned.cuh"
#include "mma.inc"
#include "mma_tiles.inc"
#include "act.inc"

SHARED(uint, tiles, STAGES * (PIECES + 1u) * TILE * RUN / 2u);

#ifndef GK_MANIFEST
#define TILE_WORDS (TILE * RUN / 2u)
#define STAGE_WORDS ((PIECES + 1u) * TILE_WORDS)
#ifdef SPLIT
#define PIECES_USED p.pieces
#else
#define PIECES_USED 1u
#endif

// Chunk c of row r of a tile whose rows are of TILE numbers.
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

FN void fetch_step(const Params& p, const uint* a, const uint* w, const Place& place, uint step) {
  uint* stage = tiles + step % STAGES * STAGE_WORDS;
  uint* tile_w = stage + PIECES * TILE_WORDS;
  ROLLED for (uint piece = 0u; piece < PIECES_USED; piece++) {
    fetch_rows(stage + piece * TILE_WORDS, a + (size_t)piece * p.m * p.k / 2u, place.row, p.m, step * RUN, p.k);
  }
#ifdef COLUMNS
  fetch_columns(tile_w, w, place.col, p.n, step * RUN, p.k);
#else
  fetch_rows(tile_w, w, place.col, p.n, step * RUN, p.k);
#endif
}

#ifdef SPLIT
// Without tensor cores, for a result that is not a number: a piece of infinity is none.
FN float plainly(const Params& p, const float* x, const uint* w, uint row, uint col) {
  float sum = 0.0f;
  ROLLED for (uint i = 0u; i < p.k; i++) {
#ifdef COLUMNS
    size_t at = (size_t)i * p.n + col;
#else
    size_t at = (size_t)col * p.k + i;
#endif
    sum = __fmaf_rn(x[(size_t)row * p.k + i], from_16(((const unsigned short*)w)[at]), sum);
  }
  return sum;
}
#endif

KERNEL {
  uint lane = threadIdx.x % 32u, t = lane % 4u, steps = (p.k + RUN - 1u) / RUN;
  Place place = place_of(p.m, p.n);
  if (!place.exists) return;
  float sum[WARP_ROWS][4][4];
  UNROLL for (uint i = 0u; i < WARP_ROWS * 16u; i++) sum[i / 16u][i / 4u % 4u][i % 4u] = 0.0f;
  for (uint step = 0u; step < STAGES - 1u; step++) {
    if (step < steps) fetch_step(p, a, w, place, step);
    end_group();
  }
  for (uint step = 0u; step < steps; step++) {
    await<STAGES - 2u>();
    __syncthreads();                         // the step is there, and all are done with the one whose place the next one takes
    if (step + STAGES - 1u < steps) fetch_step(p, a, w, place, step + STAGES - 1u);
    end_group();
    const uint* tile_a = tiles + step % STAGES * STAGE_WORDS;
    const uint* tile_w = tile_a + PIECES * TILE_WORDS;
    UNROLL for (uint half = 0u; half < 2u; half++) {
      uint y[2][4];
      UNROLL for (uint j = 0u; j < 2u; j++) {
#ifdef COLUMNS
        matrices_turned(tile_w + in_columns(half * 16u + lane % 16u, place.warp_col / CHUNK + j * 2u + lane / 16u), y[j]);
#else
        matrices(tile_w + in_rows(place.warp_col + j * 16u + lane / 16u * 8u + lane % 8u, half * 2u + lane / 8u % 2u), y[j]);
#endif
      }
      ROLLED for (uint piece = 0u; piece < PIECES_USED; piece++) {
        uint left_rows[WARP_ROWS][4];
        UNROLL for (uint i = 0u; i < WARP_ROWS; i++) {
          matrices(tile_a + piece * TILE_WORDS + in_rows(place.warp_row + i * 16u + lane % 16u, half * 2u + lane / 16u), left_rows[i]);
        }
        UNROLL for (uint i = 0u; i < WARP_ROWS; i++) {
          UNROLL for (uint j = 0u; j < 4u; j++) multiply(sum[i][j], left_rows[i], y[j / 2u] + j % 2u * 2u);
        }
      }
    }
  }
  await<0u>();

  // Half of the columns after the other goes through shared memory, so that a thread has a chunk of a row to finish and to store.
  float* sums = (float*)tiles;
  const uint width = TILE / 2u, stride = width + 8u;         // lanes of a row apart from those of the next
  ROLLED for (uint part = 0u; part < 2u; part++) {
    __syncthreads();
    if (place.warp_col / width == part) {
      UNROLL for (uint i = 0u; i < WARP_ROWS * 8u; i++) {
        uint half = i % 2u, j = i / 2u % 4u, row = place.warp_row + i / 8u * 16u + half * 8u + lane / 4u;
        const float* pair = sum[i / 8u][j] + half * 2u;
        *(float2*)(sums + row * stride + place.warp_col % width + j * 8u + t * 2u) = make_float2(pair[0], pair[1]);
      }
    }
    __syncthreads();
    ROLLED for (uint i = threadIdx.x; i < TILE * (width / CHUNK); i += THREADS) {
      uint r = i / (width / CHUNK), from = i % (width / CHUNK) * CHUNK, row = place.row + r, col = place.col + part * width + from;
      if (row >= p.m || col >= p.n) continue;
      uint count = left(col, p.n);
      float* mine = sums + r * stride + from;
      float v[CHUNK];
      bool wanting = p.biased != 0u || p.activation != 0u;
      UNROLL for (uint e = 0u; e < CHUNK; e++) {
        v[e] = mine[e];
#ifdef SPLIT
        v[e] = v[e] * lower[row];
        wanting = wanting || is_nan(v[e]);
#endif
      }
      if (wanting) {                         // in a loop through shared memory: unrolled, it would be most of the code
        UNROLL for (uint e = 0u; e < CHUNK; e++) mine[e] = v[e];
        ROLLED for (uint e = 0u; e < count; e++) {
          float f = mine[e];
#ifdef SPLIT
          if (is_nan(f)) f = plainly(p, x, w, row, col + e);
#endif
          if (p.biased != 0u) f = f + bias[col + e];
          mine[e] = activate(p.activation, f);
        }
        UNROLL for (uint e = 0u; e < CHUNK; e++) v[e] = mine[e];
      }
      size_t at = (size_t)row * p.n + col;
#ifdef SPLIT
      if (p.wide != 0u) {
        UNROLL for (uint e = 0u; e < CHUNK; e += 4u) *(float4*)(c + at + e) = make_float4(v[e], v[e + 1u], v[e + 2u], v[e + 3u]);
      } else {
        UNROLL for (uint e = 0u; e < CHUNK; e++) if (e < count) c[at + e] = v[e];
      }
#else
      uint word[CHUNK];
      UNROLL for (uint e = 0u; e < CHUNK; e++) word[e] = to_16(v[e]);
      if (p.wide != 0u) {
        *(uint4*)(c + at / 2u) = make_uint4(word[0] | word[1] << 16, word[2] | word[3] << 16, word[4] | word[5] << 16, word[6] | word[7] << 16);
      } else {
        UNROLL for (uint e = 0u; e < CHUNK; e++) if (e < count) ((unsigned short*)c)[at + e] = (unsigned short)word[e];
      }
#endif
    }
  }
}
#endif
