// Attention of few queries over a paged cache, in spans of keys that are worked on side by side; attention_join of the portable kernels
// joins their states. A group has one key head of a sequence, ROWS of the rows (a query and a head) that share it, so that a key or value
// is read once for all of them, and one span. Keys come in TILEs: eight lanes share a product, 16 bytes at a time; then a warp brings the
// scores of a row to the common maximum; then every thread adds up 16 bytes of the values of some keys.
#define BUFFERS IN_F32(q) IN(k) IN(v) IN_U32(table) IN_U32(checked) OUT_F32(mean) OUT_F32(state) INOUT_U32(faults)
#define PARAMS uint queries; uint heads; uint group; uint head_dim; float scale; uint sequences; uint page; uint columns; uint span; \
  uint spans;
#define THREADS 128
#include "tuned.cuh"
#include "parts.inc"

#define MAX_DIM 256u
#define ROWS 8u
#define TILE 64u
#define KEYS 4u                              // keys of a lane at a time

SHARED(float, query, ROWS * MAX_DIM);
SHARED(float, score, ROWS * TILE);
SHARED(float, kept, ROWS);                   // by what the sums so far shrink
SHARED(uint, place, TILE);
SHARED(float, partial, THREADS * PER);
SHARED(uint, wrongs, THREADS / 32u);

#ifndef GK_MANIFEST
#undef BOUNDS
#define BOUNDS THREADS, 1
#define WRONG 0xffffffffu                    // instead of a length, see checked.inc of the portable kernels
#define EMPTY -1.0f                          // the sum of a span without keys
#define HIDDEN -1.0f                         // the weight of a key that a row does not see
#define WARPS (THREADS / 32u)

// The first sequence whose length or blocks are wrong; `sequences` or more if none is.
FN uint first_wrong(const uint* checked, uint sequences) {
  uint wrong = WRONG;
  for (uint s = threadIdx.x; s < sequences; s += THREADS) {
    if (checked[s] == WRONG) wrong = min(wrong, s);
  }
  UNROLL for (uint by = 16u; by > 0u; by /= 2u) wrong = min(wrong, from_lane(wrong, by));
  if (threadIdx.x % 32u == 0u) wrongs[threadIdx.x / 32u] = wrong;
  __syncthreads();
  UNROLL for (uint i = 0u; i < WARPS; i++) wrong = min(wrong, wrongs[i]);
  return wrong;
}

// A record that the host has not seen yet stays.
FN void record(uint* faults, const uint* what) {
  if (faults[0] == 0u) {
    UNROLL for (uint i = 0u; i < 4u; i++) faults[i] = what[i];
  }
}

FN uint seen_by(const Params& p, uint length, uint row) {
  int seen = (int)length - (int)p.queries + (int)(row / p.group) + 1;
  return seen < 0 ? 0u : (uint)seen;
}

// Where the state of a row of all is.
FN size_t state_of(const Params& p, uint sequence, uint head, uint row, uint span) {
  return (((size_t)sequence * p.queries + row / p.group) * p.heads + head * p.group + row % p.group) * p.spans + span;
}

// Scores of the keys of a tile for every row; a team of eight lanes has KEYS of them.
FN void products(const Params& p, const Word* k, uint head, uint rows, uint count) {
  uint lane = threadIdx.x % 8u, first = threadIdx.x / 8u * KEYS;
  size_t at[KEYS];
  float sum[ROWS][KEYS];
  UNROLL for (uint j = 0u; j < KEYS; j++) {
    at[j] = (size_t)place[min(first + j, count - 1u)] * (p.heads / p.group * p.head_dim) + head * p.head_dim;
    UNROLL for (uint r = 0u; r < ROWS; r++) sum[r][j] = 0.0f;
  }
  for (uint i = lane * PER; i < p.head_dim; i += 8u * PER) {
    Part key[KEYS];
    UNROLL for (uint j = 0u; j < KEYS; j++) key[j] = part_at(k, at[j] + i);
    UNROLL for (uint r = 0u; r < ROWS; r++) {
      if (r < rows) {
        UNROLL for (uint e = 0u; e < PER; e++) {
          float x = query[r * MAX_DIM + i + e];
          UNROLL for (uint j = 0u; j < KEYS; j++) sum[r][j] = __fmaf_rn(x, key[j].v[e], sum[r][j]);
        }
      }
    }
  }
  UNROLL for (uint r = 0u; r < ROWS; r++) {
    if (r < rows) {
      UNROLL for (uint j = 0u; j < KEYS; j++) {
        float s = sum[r][j];
        UNROLL for (uint by = 4u; by > 0u; by /= 2u) s = s + from_lane(s, by);
        if (lane == j) score[r * TILE + first + j] = s;
      }
    }
  }
}

// Turns the scores of the rows of this warp into weights; top and sum go on from tile to tile.
FN void weigh(const Params& p, uint length, uint row, uint rows, uint first, uint count, float* top, float* sum) {
  UNROLL for (uint i = 0u; i < ROWS / WARPS; i++) {
    uint r = threadIdx.x / 32u + i * WARPS;
    if (r < rows) {
      uint lane = threadIdx.x % 32u, seen = seen_by(p, length, row + r), end = min(count, seen - min(seen, first));
      float s[2], next = top[i], added = 0.0f;
      UNROLL for (uint j = 0u; j < 2u; j++) {
        uint key = lane + j * 32u;
        s[j] = key < end ? score[r * TILE + key] : NEG_INF;
        next = s[j] > next ? s[j] : next;
      }
      UNROLL for (uint by = 16u; by > 0u; by /= 2u) {
        float other = from_lane(next, by);
        next = other > next ? other : next;
      }
      float base = next == NEG_INF ? 0.0f : next, keep = exp_of(top[i] - base);
      UNROLL for (uint j = 0u; j < 2u; j++) {
        uint key = lane + j * 32u;
        float w = exp_of(s[j] - base);
        added = added + w;
        score[r * TILE + key] = key < end ? w : HIDDEN;
      }
      UNROLL for (uint by = 16u; by > 0u; by /= 2u) added = added + from_lane(added, by);
      top[i] = next;
      sum[i] = __fmaf_rn(sum[i], keep, added);
      if (lane == 0u) kept[r] = keep;
    }
  }
}

KERNEL {
  uint tid = threadIdx.x, all_rows = p.queries * p.group, chunks = (all_rows + ROWS - 1u) / ROWS;
  uint head = blockIdx.x / chunks, row = blockIdx.x % chunks * ROWS, rows = min(ROWS, all_rows - row), sequence = blockIdx.y;
  uint wrong = first_wrong(checked, p.sequences);
  if (wrong < p.sequences) {
    if (tid == 0u && blockIdx.x == 0u && blockIdx.y == 0u && blockIdx.z == 0u) record(faults, checked + p.sequences + wrong * 4u);
    return;
  }
  uint length = checked[sequence], begin = blockIdx.z * p.span, end = min(begin + p.span, seen_by(p, length, row + rows - 1u));
  if (tid < rows && begin >= seen_by(p, length, row + tid)) state[state_of(p, sequence, head, row + tid, blockIdx.z) * 2u + 1u] = EMPTY;
  if (begin >= end) return;
  for (uint i = tid; i < rows * p.head_dim; i += THREADS) {
    uint r = row + i / p.head_dim, d = i % p.head_dim;
    size_t at = (((size_t)sequence * p.queries + r / p.group) * p.heads + head * p.group + r % p.group) * p.head_dim + d;
    query[i / p.head_dim * MAX_DIM + d] = q[at] * p.scale;
  }

  uint parts = p.head_dim / PER, part = tid % parts, apart = THREADS / parts, slice = tid / parts;
  float top[ROWS / WARPS], sum[ROWS / WARPS], total[ROWS][PER];
  UNROLL for (uint i = 0u; i < ROWS / WARPS; i++) top[i] = NEG_INF, sum[i] = 0.0f;
  UNROLL for (uint i = 0u; i < ROWS * PER; i++) total[i / PER][i % PER] = 0.0f;
  for (uint first = begin; first < end; first += TILE) {
    uint count = min(TILE, end - first), t = first + tid;
    if (tid < count) place[tid] = table[sequence * p.columns + t / p.page] * p.page + t % p.page;
    __syncthreads();
    products(p, k, head, rows, count);
    __syncthreads();
    weigh(p, length, row, rows, first, count, top, sum);
    __syncthreads();
    UNROLL for (uint r = 0u; r < ROWS; r++) {
      if (r < rows) {
        UNROLL for (uint e = 0u; e < PER; e++) total[r][e] = total[r][e] * kept[r];
      }
    }
    if (slice < apart) {
      for (uint key = slice; key < count; key += apart) {
        Part value = part_at(v, (size_t)place[key] * (p.heads / p.group * p.head_dim) + head * p.head_dim + part * PER);
        UNROLL for (uint r = 0u; r < ROWS; r++) {
          float w = r < rows ? score[r * TILE + key] : HIDDEN;
          if (w != HIDDEN) {
            UNROLL for (uint e = 0u; e < PER; e++) total[r][e] = __fmaf_rn(w, value.v[e], total[r][e]);
          }
        }
      }
    }
    __syncthreads();
  }

  UNROLL for (uint r = 0u; r < ROWS; r++) {
    if (r < rows && begin < seen_by(p, length, row + r)) {
      size_t at = state_of(p, sequence, head, row + r, blockIdx.z);
      if (slice < apart) {
        UNROLL for (uint e = 0u; e < PER; e++) partial[slice * p.head_dim + part * PER + e] = total[r][e];
      }
      __syncthreads();
      for (uint d = tid; d < p.head_dim; d += THREADS) {
        float s = 0.0f;
        for (uint i = 0u; i < apart; i++) s = s + partial[i * p.head_dim + d];
        mean[at * p.head_dim + d] = s;
      }
      if (tid == r % WARPS * 32u) {
        state[at * 2u] = top[r / WARPS];
        state[at * 2u + 1u] = sum[r / WARPS];
      }
      __syncthreads();
    }
  }
}
#endif
