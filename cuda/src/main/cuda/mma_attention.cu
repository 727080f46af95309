// Attention over contiguous keys and values of TYPE on tensor cores, with an online softmax (Dao et al., 2022). A group has 64 queries of
// a head, a warp 16 of them, which stay in registers; tiles of keys and of values come in turn by cp.async while the other is multiplied
// (not yet measured on hardware). Queries and weights are f32: each is multiplied as the sum of PIECES numbers of TYPE, so that nothing
// is lost but the last bits. Heads are DIM numbers.
#define BUFFERS IN_F32(q) IN(k) IN(v) IN_F32(mask) OUT_F32(out) OUT_F32(lse)
#define PARAMS uint queries; uint keys; uint group; uint causal; uint masked; uint with_lse; uint q_batch; uint q_head; uint q_token; \
  uint kv_batch; uint kv_head; uint kv_token; float scale;
#define THREADS 128
#define TILE 64u                             // queries
#include "tuned.cuh"
#include "mma.inc"
#include "pieces.inc"

// Keys of a tile: with queries and results, the registers hold no more scores.
#if TYPE == F16 && DIM <= 80
#define KEYS 64u
#elif TYPE == F16 || DIM <= 96
#define KEYS 32u
#else
#define KEYS 16u
#endif
#define BLOCKS (DIM / 8u)                    // of 8 numbers of a head
#define PITCH ((BLOCKS + 7u) / 8u * 8u)      // from one key to the next, for the permutation of chunks

SHARED(uint, tile_k, KEYS * PITCH * 4u);
SHARED(uint, tile_v, KEYS * PITCH * 4u);

#ifndef GK_MANIFEST
#undef BOUNDS
#define BOUNDS THREADS, 1
#if TYPE == F16
#define PIECES 2u                            // 11 bits each
#else
#define PIECES 3u                            // 8 bits each
#endif
#define STEPS (DIM / 16u)                    // of a product along a head
#define KEY_BLOCKS (KEYS / 8u)

FN uint in_tile(uint r, uint c) { return (r * PITCH + (c ^ (r & 7u))) * 4u; }

FN void fetch_tile(uint* tile, const uint* b, uint at, uint first, uint end, uint token) {
  UNROLL for (uint i = 0u; i < (KEYS * BLOCKS + THREADS - 1u) / THREADS; i++) {
    uint all = i * THREADS + threadIdx.x, r = all / BLOCKS, c = all % BLOCKS;
    if (KEYS * BLOCKS % THREADS != 0u && r >= KEYS) continue;
    fetch(tile + in_tile(r, c), b, at + (first + r) * token + c * CHUNK, first + r < end ? CHUNK : 0u);
  }
}

// Two numbers as sums of pieces, the largest first.
FN void split(float a, float b, uint* pieces, uint stride) {
  UNROLL for (uint i = 0u; i < PIECES; i++) pieces[i * stride] = piece_of(a, b);
}

FN float of_four(float v) {                  // the largest of the lanes that share a row
  v = fmaxf(v, from_lane(v, 1u));
  return fmaxf(v, from_lane(v, 2u));
}

FN float sum_of_four(float v) {
  v = v + from_lane(v, 1u);
  return v + from_lane(v, 2u);
}

// Natural logarithm of a normal x > 0 (Cephes logf), as the portable log_of.
FN float log_of(float x) {
  if (!(x <= 3.402823466e38f)) return x;
  int e = (int)(__float_as_uint(x) >> 23) - 126;
  float m = __uint_as_float((__float_as_uint(x) & 0x007fffffu) | 0x3f000000u);
  if (m < 0.707106781f) {
    e = e - 1;
    m = m + m;
  }
  m = m - 1.0f;
  float z = m * m, q = __fmaf_rn(7.0376836292e-2f, m, -1.1514610310e-1f);
  q = __fmaf_rn(q, m, 1.1676998740e-1f);
  q = __fmaf_rn(q, m, -1.2420140846e-1f);
  q = __fmaf_rn(q, m, 1.4249322787e-1f);
  q = __fmaf_rn(q, m, -1.6668057665e-1f);
  q = __fmaf_rn(q, m, 2.0000714765e-1f);
  q = __fmaf_rn(q, m, -2.4999993993e-1f);
  q = __fmaf_rn(q, m, 3.3333331174e-1f);
  float f = (float)e, y = __fmaf_rn(f, -2.12194440e-4f, m * z * q);
  return __fmaf_rn(f, 0.693359375f, m + __fmaf_rn(z, -0.5f, y));
}

FN float base_of(float top) { return top == NEG_INF ? 0.0f : top; }

struct Row {                                 // of a warp's 16: a lane has its share of two
  uint at;                                   // of its query, and of its result
  uint number;
  uint seen;                                 // keys
  float top;
  float sum;
};

FN float hidden_or(const Params& p, const float* mask, const Row& row, uint key, float score) {
  if (key >= row.seen) return NEG_INF;
  return p.masked != 0u ? score + mask[(size_t)row.number * p.keys + key] : score;
}

FN float number(const uint* b, uint i) { return from_16(((const unsigned short*)b)[i]); }

FN void store(float* out, uint at, float a, float b) {
  out[at] = a;
  out[at + 1u] = b;
}

// The same without tensor cores, for a row with a result that is not a number: a piece of infinity is none, and a key that the row does
// not see may hold anything. The four lanes of a row share its products; all lanes call, of which the wanted ones store.
FN void plainly(const Params& p, const float* q, const uint* k, const uint* v, const float* mask, float* out, float* lse, uint kv,
                uint end, const Row& row, bool wanted) {
  uint t = threadIdx.x % 4u;
  float top = NEG_INF, x[DIM / 4u];
  UNROLL for (uint i = 0u; i < DIM / 4u; i++) x[i] = q[row.at + i * 4u + t] * p.scale;      // before a store, which may be to q
  for (uint block = 0u; block <= BLOCKS; block++) {                    // first only the largest score
    float sum = 0.0f, low = 0.0f, high = 0.0f;
    for (uint key = 0u; key < end; key++) {
      uint at = kv + key * p.kv_token;
      float product = 0.0f;
      if (key < row.seen) {
        UNROLL for (uint i = 0u; i < DIM / 4u; i++) product = __fmaf_rn(x[i], number(k, at + i * 4u + t), product);
      }
      float score = hidden_or(p, mask, row, key, sum_of_four(product));
      if (block == 0u) {
        top = score > top ? score : top;
      } else if (score != NEG_INF) {
        float w = exp_of(score - base_of(top));
        at += (block - 1u) * 8u + t * 2u;
        sum = sum + w;
        low = __fmaf_rn(w, number(v, at), low);
        high = __fmaf_rn(w, number(v, at + 1u), high);
      }
    }
    float inverse = sum == 0.0f ? 0.0f : __fdiv_rn(1.0f, sum);
    if (wanted && block != 0u) {
      store(out, row.at + (block - 1u) * 8u + t * 2u, low * inverse, high * inverse);
      if (block == 1u && t == 0u && p.with_lse != 0u) lse[row.at / DIM] = sum == 0.0f ? NEG_INF : top + log_of(sum);
    }
  }
}

KERNEL {
  uint lane = threadIdx.x % 32u, warp = threadIdx.x / 32u, t = lane % 4u, head = blockIdx.y;
  uint first_query = blockIdx.x * TILE, last = min(first_query + TILE, p.queries);
  uint kv = blockIdx.z * p.kv_batch + (head / p.group) * p.kv_head;
  int ahead = (int)p.keys - (int)p.queries;
  uint end = p.causal == 0u ? p.keys : (uint)max(0, ahead + (int)last);
  Row rows[2];
  UNROLL for (uint half = 0u; half < 2u; half++) {
    uint number = first_query + warp * 16u + half * 8u + lane / 4u;
    rows[half].number = min(number, p.queries - 1u);                   // past the end: computed, never stored
    rows[half].at = blockIdx.z * p.q_batch + head * p.q_head + rows[half].number * p.q_token;
    rows[half].seen = p.causal == 0u ? p.keys : (uint)max(0, ahead + (int)rows[half].number + 1);
    rows[half].top = NEG_INF;
    rows[half].sum = 0.0f;
  }

  uint query[PIECES][STEPS][4];
  float lower[2];
  UNROLL for (uint half = 0u; half < 2u; half++) {
    const float* from = q + rows[half].at + t * 2u;
    float largest = 0.0f;
    UNROLL for (uint i = 0u; i < BLOCKS; i++) largest = fmaxf(largest, fmaxf(fabsf(from[i * 8u] * p.scale), fabsf(from[i * 8u + 1u] * p.scale)));
    float raise = raise_of(of_four(largest));
    lower[half] = __fdiv_rn(1.0f, raise);
    UNROLL for (uint i = 0u; i < BLOCKS; i++) {
      split(from[i * 8u] * p.scale * raise, from[i * 8u + 1u] * p.scale * raise, &query[0][i / 2u][i % 2u * 2u + half], STEPS * 4u);
    }
  }

  float mean[BLOCKS][4];
  UNROLL for (uint i = 0u; i < BLOCKS * 4u; i++) mean[i / 4u][i % 4u] = 0.0f;
  fetch_tile(tile_k, k, kv, 0u, end, p.kv_token);
  end_group();
  for (uint first = 0u; first < end; first += KEYS) {
    fetch_tile(tile_v, v, kv, first, end, p.kv_token);
    end_group();
    await<1u>();
    __syncthreads();
    float score[KEY_BLOCKS][4];
    UNROLL for (uint j = 0u; j < KEY_BLOCKS; j += 2u) {
      UNROLL for (uint e = 0u; e < 8u; e++) score[j + e / 4u][e % 4u] = 0.0f;
      UNROLL for (uint step = 0u; step < STEPS; step++) {
        uint key[4];
        matrices(tile_k + in_tile(j * 8u + lane / 16u * 8u + lane % 8u, step * 2u + lane / 8u % 2u), key);
        UNROLL for (uint piece = 0u; piece < PIECES; piece++) {
          multiply(score[j], query[piece][step], key);
          multiply(score[j + 1u], query[piece][step], key + 2);
        }
      }
    }
    __syncthreads();
    if (first + KEYS < end) fetch_tile(tile_k, k, kv, first + KEYS, end, p.kv_token);
    end_group();

    UNROLL for (uint half = 0u; half < 2u; half++) {
      Row& row = rows[half];
      float next = row.top;
      UNROLL for (uint i = 0u; i < KEY_BLOCKS * 2u; i++) {
        float& s = score[i / 2u][half * 2u + i % 2u];
        s = hidden_or(p, mask, row, first + i / 2u * 8u + t * 2u + i % 2u, s * lower[half]);
        next = fmaxf(next, s);
      }
      next = of_four(next);
      float base = base_of(next), keep = exp_of(row.top - base);
      row.top = next;
      row.sum = row.sum * keep;
      UNROLL for (uint i = 0u; i < KEY_BLOCKS * 2u; i++) {
        float& s = score[i / 2u][half * 2u + i % 2u];
        s = exp_of(s - base);
        row.sum = row.sum + s;
      }
      UNROLL for (uint i = 0u; i < BLOCKS * 2u; i++) mean[i / 2u][half * 2u + i % 2u] = mean[i / 2u][half * 2u + i % 2u] * keep;
    }
    await<1u>();
    __syncthreads();
    UNROLL for (uint step = 0u; step < KEYS / 16u; step++) {
      uint weight[PIECES][4];
      UNROLL for (uint i = 0u; i < 4u; i++) {
        const float* s = &score[step * 2u + i / 2u][i % 2u * 2u];
        split(s[0], s[1], &weight[0][i], 4u);
      }
      UNROLL for (uint j = 0u; j < BLOCKS; j += 2u) {
        uint value[4];
        matrices_turned(tile_v + in_tile(step * 16u + lane % 16u, j + lane / 16u), value);
        UNROLL for (uint piece = 0u; piece < PIECES; piece++) {
          multiply(mean[j], weight[piece], value);
          multiply(mean[j + 1u], weight[piece], value + 2);
        }
      }
    }
    __syncthreads();
  }
  await<0u>();

  uint again[2];                             // rows with a result that is not a number
  UNROLL for (uint half = 0u; half < 2u; half++) {
    float sum = sum_of_four(rows[half].sum), inverse = sum == 0.0f ? 0.0f : __fdiv_rn(1.0f, sum);
    bool mine = first_query + warp * 16u + half * 8u + lane / 4u < p.queries, bad = is_nan(sum);
    UNROLL for (uint i = 0u; i < BLOCKS * 2u; i++) bad = bad || is_nan(mean[i / 2u][half * 2u + i % 2u]);
    again[half] = __ballot_sync(0xffffffffu, bad && mine);
    if (mine && (again[half] >> (lane & 28u) & 15u) == 0u) {
      UNROLL for (uint i = 0u; i < BLOCKS; i++) {
        store(out, rows[half].at + i * 8u + t * 2u, mean[i][half * 2u] * inverse, mean[i][half * 2u + 1u] * inverse);
      }
      if (t == 0u && p.with_lse != 0u) lse[rows[half].at / DIM] = sum == 0.0f ? NEG_INF : rows[half].top + log_of(sum);
    }
  }
  UNROLL for (uint half = 0u; half < 2u; half++) {
    if (again[half] != 0u) plainly(p, q, k, v, mask, out, lse, kv, end, rows[half], (again[half] >> (lane & 28u) & 15u) != 0u);
  }
}
#endif
