// y[m][n] = dot(w[n], x[m]) on tensor cores, for many rows of x, whose codes, steps and sums come from activations.cu. The weights, decoded
// into codes of 8 bits and scales on their way into shared memory, are multiplied as integers, exactly, 32 along k (16 where a scale is for
// 16) at a time, and such sums are added in f32 in the order of k, whatever m is. Two runs of 32 are multiplied while the next two are read.
// w starts at byte w_at; with `wide` pairs of y begin at whole 8 bytes.
#define BUFFERS IN_U32(w) IN_U32(codes) IN_F32(steps) IN_U32(sums) OUT_F32(y)
#define PARAMS uint m; uint n; uint k; uint w_at; uint wide;
#include "tuned.cuh"
#include "mma.inc"
#include "mma_tiles.inc"
#include "blocks.inc"

#include FORMAT

#define RUNS 2u                              // of 32, in a step
#define STAGE (TILE * ROW_CHUNKS * 4u)

SHARED(uint, tile_x, 2u * TILE * 16u);
SHARED(uint, tile_w, 2u * TILE * 16u);
SHARED(float, step_x, 2u * RUNS * TILE);
SHARED(float, scale_w, 2u * RUNS * HALVES * TILE);
#ifdef OFFSET
SHARED(float, sum_x, 2u * RUNS * HALVES * TILE);
SHARED(float, low_w, 2u * RUNS * HALVES * TILE);
#endif

#ifndef GK_MANIFEST
#define ZERO 0x4b400000                      // 1.5 * 2^23: as a float, this plus an integer below 2^22 is that integer, after a subtraction

// What a thread brings of a step: a run of weights, the step and the sums of a run of activations. Zeros behind the ends.
struct Part { Run w; float step; uint sums; };

FN Part part_at(const Params& p, const uint* w, const float* steps, const uint* sums, const Place& place, uint step) {
  uint i = threadIdx.x / RUNS, run = step * RUNS + threadIdx.x % RUNS, runs = p.k / 32u;
  Part r;
  UNROLL for (uint e = 0u; e < 8u; e++) r.w.q[e] = 0u;
  UNROLL for (uint h = 0u; h < HALVES; h++) {
    r.w.scale[h] = 0.0f;
#ifdef OFFSET
    r.w.low[h] = 0.0f;
#endif
  }
  if (place.col + i < p.n && run < runs) {
    size_t row = p.w_at + (size_t)(place.col + i) * (p.k / BLOCK) * BLOCK_BYTES;
    r.w = run_at(w, row + run / (BLOCK / 32u) * BLOCK_BYTES, run % (BLOCK / 32u));
  }
  bool has_x = place.row + i < p.m && run < runs;
  size_t at = (size_t)(place.row + i) * runs + run;
  r.step = has_x ? __ldg(steps + at) : 0.0f;
  r.sums = has_x ? __ldg(sums + at) : 0u;
  return r;
}

FN void keep(const Part& part, uint stage) {
  uint i = threadIdx.x / RUNS, run = threadIdx.x % RUNS, at = (stage * RUNS + run) * TILE + i;
  UNROLL for (uint half = 0u; half < 2u; half++) {
    const uint* q = part.w.q + half * 4u;
    *(uint4*)(tile_w + stage * STAGE + in_rows(i, run * 2u + half)) = make_uint4(q[0], q[1], q[2], q[3]);
  }
  step_x[at] = part.step;
  UNROLL for (uint h = 0u; h < HALVES; h++) {
    uint of_half = ((stage * RUNS + run) * HALVES + h) * TILE + i;
    scale_w[of_half] = part.w.scale[h];
#ifdef OFFSET
    low_w[of_half] = part.w.low[h];
    sum_x[of_half] = part.step * (float)(HALVES == 1u ? sum_of(part.sums, 0u) + sum_of(part.sums, 1u) : sum_of(part.sums, h));
#endif
  }
}

FN void fetch_codes(const Params& p, const uint* codes, const Place& place, uint step, uint stage) {
  UNROLL for (uint i = 0u; i < TILE * ROW_CHUNKS / THREADS; i++) {
    uint r = (i * THREADS + threadIdx.x) / ROW_CHUNKS, c = threadIdx.x % ROW_CHUNKS, from = step * RUNS * 32u + c * 16u;
    bool exists = place.row + r < p.m && from < p.k;
    fetch(tile_x + stage * STAGE + in_rows(r, c), codes, ((size_t)(place.row + r) * p.k + from) / 2u, exists ? CHUNK : 0u);
  }
}

// Two neighbouring columns.
FN void pair_at(const float* from, float* to) {
  float2 v = *(const float2*)from;
  to[0] = v.x, to[1] = v.y;
}

KERNEL {
  uint lane = threadIdx.x % 32u, t = lane % 4u, steps_k = (p.k / 32u + RUNS - 1u) / RUNS;
  Place place = place_of(p.m, p.n);
  if (!place.exists) return;
  float sum[WARP_ROWS][4][4];
  UNROLL for (uint i = 0u; i < WARP_ROWS * 16u; i++) sum[i / 16u][i / 4u % 4u][i % 4u] = 0.0f;
  fetch_codes(p, codes, place, 0u, 0u);
  end_group();
  keep(part_at(p, w, steps, sums, place, 0u), 0u);
  for (uint step = 0u; step < steps_k; step++) {
    uint stage = step % 2u;
    await<0u>();
    __syncthreads();                         // the step is there, and all are done with the one whose place the next one takes
    Part next;
    if (step + 1u < steps_k) {
      fetch_codes(p, codes, place, step + 1u, 1u - stage);
      next = part_at(p, w, steps, sums, place, step + 1u);
    }
    end_group();
    ROLLED for (uint run = 0u; run < RUNS; run++) {   // unrolled it would spill
      uint y_codes[2][4];
      UNROLL for (uint j = 0u; j < 2u; j++) {
        matrices(tile_w + stage * STAGE + in_rows(place.warp_col + j * 16u + lane / 16u * 8u + lane % 8u, run * 2u + lane / 8u % 2u), y_codes[j]);
      }
      float scale[HALVES][4][2];
#ifdef OFFSET
      float low[HALVES][4][2];
#endif
      UNROLL for (uint h = 0u; h < HALVES; h++) {
        UNROLL for (uint j = 0u; j < 4u; j++) {
          uint at = ((stage * RUNS + run) * HALVES + h) * TILE + place.warp_col + j * 8u + t * 2u;
          pair_at(scale_w + at, scale[h][j]);
#ifdef OFFSET
          pair_at(low_w + at, low[h][j]);
#endif
        }
      }
      UNROLL for (uint i = 0u; i < WARP_ROWS; i++) {
        uint x[4], row = place.warp_row + i * 16u + lane / 4u;
        matrices(tile_x + stage * STAGE + in_rows(place.warp_row + i * 16u + lane % 16u, run * 2u + lane / 16u), x);
        float step_of[2];
        UNROLL for (uint half = 0u; half < 2u; half++) step_of[half] = step_x[(stage * RUNS + run) * TILE + row + half * 8u];
        UNROLL for (uint h = 0u; h < HALVES; h++) {
          UNROLL for (uint j = 0u; j < 4u; j++) {
            int codes_sum[4];
            const uint* y_block = y_codes[j / 2u] + j % 2u * 2u;
            if (HALVES == 1u) multiply_codes(codes_sum, x, y_block, ZERO); else multiply_half_codes(codes_sum, x + h * 2u, y_block + h, ZERO);
            UNROLL for (uint e = 0u; e < 4u; e++) {
              float value = __int_as_float(codes_sum[e]) - __int_as_float(ZERO);
              sum[i][j][e] = __fmaf_rn(value, scale[h][j][e % 2u] * step_of[e / 2u], sum[i][j][e]);
            }
          }
#ifdef OFFSET
          UNROLL for (uint half = 0u; half < 2u; half++) {
            float of_x = sum_x[((stage * RUNS + run) * HALVES + h) * TILE + row + half * 8u];
            UNROLL for (uint e = 0u; e < 8u; e++) {
              float& s = sum[i][e / 2u][half * 2u + e % 2u];
              s = __fmaf_rn(low[h][e / 2u][e % 2u], of_x, s);
            }
          }
#endif
        }
      }
    }
    if (step + 1u < steps_k) keep(next, 1u - stage);
  }
  UNROLL for (uint i = 0u; i < WARP_ROWS * 8u; i++) {
    uint half = i % 2u, j = i / 2u % 4u, row = place.row + place.warp_row + i / 8u * 16u + half * 8u + lane / 4u;
    uint col = place.col + place.warp_col + j * 8u + t * 2u;
    const float* pair = sum[i / 8u][j] + half * 2u;
    float* to = y + (size_t)row * p.n + col;
    if (row < p.m && col < p.n) {
      if (p.wide != 0u) {
        *(float2*)to = make_float2(pair[0], pair[1]);
      } else {
        to[0] = pair[0];
        if (col + 1u < p.n) to[1] = pair[1];
      }
    }
  }
}
#endif
