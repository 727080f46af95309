// Attention over contiguous keys and values of TYPE with matrix instructions and an online softmax (Dao et al., 2022). A group has 64
// queries of a head, a wave 16 of them, of which each lane has one: scores are keys x queries, results numbers x queries, so that the sums
// of the first product are, lane by lane, what the second one takes. Values are turned on their way into shared memory, their keys in the
// order in which a lane has its scores. Queries and weights are f32: each is multiplied as the sum of PIECES numbers of TYPE, so that
// nothing is lost but the last bits. Heads are DIM numbers. Not yet measured on hardware.
#define BUFFERS IN_F32(q) IN_U32(k) IN_U32(v) IN_F32(mask) OUT_F32(out) OUT_F32(lse)
#define PARAMS uint queries; uint keys; uint group; uint causal; uint masked; uint with_lse; uint q_batch; uint q_head; uint q_token; \
  uint kv_batch; uint kv_head; uint kv_token; float scale;
#define THREADS (4u * LANES)
#define TILE 64u                             // queries
#define KEYS 32u                             // of a tile
#include "tuned.h"
#include "matrix.inc"

SHARED(uint, tile_k, KEYS * DIM / 2u);
SHARED(uint, tile_v, KEYS * DIM / 2u);
#if TYPE == F16
#define PIECES 2u                            // 11 bits each
#else
#define PIECES 3u                            // 8 bits each
#endif
#ifdef WMMA                                  // a lane has half of a row or all of it, too much for its registers
SHARED(uint, tile_q, TILE * PIECES * DIM / 2u);
#endif

#ifndef GK_MANIFEST
#undef BOUNDS
#define BOUNDS , amdgpu_waves_per_eu(2)
#define STEPS (DIM / STEP)                   // of a product along a head
#ifdef WMMA
#define EACH_STEP _Pragma("nounroll")        // the compiler would rather spill than not load what all steps need at once
#else
#define EACH_STEP UNROLL
#endif
#define BLOCKS (DIM / 16u)                   // of 16 numbers of a head
#define SHARING (LANES / 16u)                // lanes that have the same query
#define WORDS (DIM / 2u / SHARING)           // of a head, for each of these lanes

FN uint place_k(uint r, uint c) { return (r * (DIM / CHUNK) + (c ^ (r & 7u))) * 4u; }
FN uint place_v(uint r, uint c) { return (r * (KEYS / CHUNK) + (c ^ (r / 2u & 3u))) * 4u; }

// The key of number e of chunk c of a row of turned values.
FN uint key_of(uint c, uint e) {
#ifdef MFMA
  return e / 4u * 16u + c * 4u + e % 4u;
#elif WMMA == 11
  return c / 2u * 16u + e * 2u + c % 2u;
#else
  return c * CHUNK + e;
#endif
}

FN void fetch_keys(const uint* b, uint at, uint first, uint end, uint token) {
  UNROLL for (uint i = 0u; i < KEYS * DIM / CHUNK / THREADS; i++) {
    uint r = (i * THREADS + thread()) / (DIM / CHUNK), c = thread() % (DIM / CHUNK);
    Words4 words = {0u, 0u, 0u, 0u};
    if (first + r < end) words = *(const Words4*)(b + (at + (first + r) * token + c * CHUNK) / 2u);
    *(Words4*)(tile_k + place_k(r, c)) = words;
  }
}

// Two numbers of eight keys at a time become two chunks.
FN void fetch_values(const uint* b, uint at, uint first, uint end, uint token) {
  UNROLL for (uint i = 0u; i < (KEYS * DIM / 16u + THREADS - 1u) / THREADS; i++) {
    uint unit = i * THREADS + thread(), d = unit % (DIM / 2u) * 2u, c = unit / (DIM / 2u), pair[CHUNK];
    if (unit >= KEYS * DIM / 16u) return;
    UNROLL for (uint e = 0u; e < CHUNK; e++) {
      uint key = first + key_of(c, e);
      pair[e] = 0u;
      if (key < end) pair[e] = b[(at + key * token + d) / 2u];
    }
    Words4 low, high;
    UNROLL for (uint e = 0u; e < 4u; e++) {
      low[e] = (pair[2u * e] & 0xffffu) | pair[2u * e + 1u] << 16;
      high[e] = pair[2u * e] >> 16 | (pair[2u * e + 1u] & 0xffff0000u);
    }
    *(Words4*)(tile_v + place_v(d, c)) = low;
    *(Words4*)(tile_v + place_v(d + 1u, c)) = high;
  }
}

// Joins what the lanes of a query have.
FN float largest_of(float v) {
  v = __builtin_fmaxf(v, from_lane(v, 16u));
  return LANES == 64u ? __builtin_fmaxf(v, from_lane(v, 32u)) : v;
}
FN float sum_of(float v) {
  v = v + from_lane(v, 16u);
  return LANES == 64u ? v + from_lane(v, 32u) : v;
}

// 2^n that brings the largest of a row to 2^14 .. 2^15, where f16 has all its bits, and back; bf16 has the range of f32.
FN uint exponent_of(float largest) {
#if TYPE == F16
  uint exponent = as_uint(largest) >> 23;
  return exponent < 15u || exponent > 240u ? 127u : 268u - exponent;
#else
  return 127u;
#endif
}

// Two numbers in a word of each piece, the largest piece first.
FN void split(float a, float b, uint* pieces, uint stride) {
  asm("" : "+v"(a), "+v"(b));                // else gfx11 would round a product once, not twice (v_fma_mixlo_f16)
  UNROLL for (uint i = 0u; i < PIECES; i++) {
    uint x = to_16(a), y = to_16(b);
    pieces[i * stride] = (x & 0xffffu) | y << 16;
    a = a - from_16(x);
    b = b - from_16(y);
  }
}

#define NEG_INF as_float(0xff800000u)

// e^x for x <= 0 (portable exp_of, without a branch): zero below -86.9.
FN float exp_of(float x) {
  float y = x < -87.0f ? -87.0f : x;
  int n = (int)(y * 1.44269504f - 0.5f);
  float m = (float)n, r = m * 2.12194440e-4f + (m * -0.693359375f + y);
  float e = 1.9875691500e-4f * r + 1.3981999507e-3f;
  e = e * r + 8.3334519073e-3f;
  e = e * r + 4.1665795894e-2f;
  e = e * r + 1.6666665459e-1f;
  e = e * r + 5.0000001201e-1f;
  e = (e * (r * r) + r + 1.0f) * as_float((uint)(n + 127) << 23);
  return x >= -86.9f ? e : x < -86.9f ? 0.0f : x;
}

// Natural logarithm of a normal x > 0 (portable log_of).
FN float log_of(float x) {
  if (!(x <= 3.402823466e38f)) return x;
  int n = (int)(as_uint(x) >> 23) - 126;
  float m = as_float((as_uint(x) & 0x007fffffu) | 0x3f000000u);
  if (m < 0.707106781f) {
    n = n - 1;
    m = m + m;
  }
  m = m - 1.0f;
  float z = m * m, e = 7.0376836292e-2f * m - 1.1514610310e-1f;
  e = e * m + 1.1676998740e-1f;
  e = e * m - 1.2420140846e-1f;
  e = e * m + 1.4249322787e-1f;
  e = e * m - 1.6668057665e-1f;
  e = e * m + 2.0000714765e-1f;
  e = e * m - 2.4999993993e-1f;
  e = e * m + 3.3333331174e-1f;
  float f = (float)n, y = m * z * e + f * -2.12194440e-4f;
  return m - 0.5f * z + y + f * 0.693359375f;
}

struct Row {                                 // the query of a lane
  uint at;                                   // of it, and of its result
  uint number;
  uint seen;                                 // keys
  float top;
  float sum;
};

FN float base_of(float top) { return top == NEG_INF ? 0.0f : top; }

FN float hidden_or(const Params& p, const float* mask, const Row& row, uint key, float score) {
  if (key >= row.seen) return NEG_INF;
  return p.masked != 0u ? score + mask[(size_t)row.number * p.keys + key] : score;
}

// Of a query and a key: of their pairs of numbers, a lane takes every one of so many as lanes share the query.
FN float product_of(const float* x, const uint* key, float scale) {
  float sum = 0.0f;
  _Pragma("nounroll") for (uint i = 0u; i < WORDS; i++) {
    uint word = key[i * SHARING];
    sum = sum + x[2u * i * SHARING] * scale * from_16(word);
    sum = sum + x[2u * i * SHARING + 1u] * scale * from_16(word >> 16);
  }
  return sum_of(sum);
}

// The same without matrix instructions, for a row with a result that is not a number: a piece of infinity is none, and a key that the row
// does not see may hold anything. All lanes call, of which the wanted ones store; a store may be to q, so it comes last.
FN void plainly(const Params& p, const float* q, const uint* k, const uint* v, const float* mask, float* out, float* lse, uint kv,
                uint end, const Row& row, bool wanted) {
  uint part = lane() / 16u;
  float top = NEG_INF, sum = 0.0f, mean[2u * WORDS];
  UNROLL for (uint i = 0u; i < 2u * WORDS; i++) mean[i] = 0.0f;
  for (uint pass = 0u; pass < 2u; pass++) {                            // first the largest score
    for (uint key = 0u; key < end; key++) {
      uint at = (kv + key * p.kv_token) / 2u + part;
      float score = hidden_or(p, mask, row, key, product_of(q + row.at + part * 2u, k + at, p.scale));
      if (pass == 0u) {
        top = score > top ? score : top;
      } else if (score != NEG_INF) {
        float w = exp_of(score - base_of(top));
        sum = sum + w;
        UNROLL for (uint i = 0u; i < WORDS; i++) {
          uint word = v[at + i * SHARING];
          mean[2u * i] = mean[2u * i] + w * from_16(word);
          mean[2u * i + 1u] = mean[2u * i + 1u] + w * from_16(word >> 16);
        }
      }
    }
  }
  float inverse = sum == 0.0f ? 0.0f : recip(sum);
  if (!wanted) return;
  UNROLL for (uint i = 0u; i < 2u * WORDS; i++) out[row.at + (i / 2u * SHARING + part) * 2u + i % 2u] = mean[i] * inverse;
  if (part == 0u && p.with_lse != 0u) lse[row.at / DIM] = sum == 0.0f ? NEG_INF : top + log_of(sum);
}

// The queries of a wave as pieces.
struct Queries {
#ifdef WMMA
  FN uint* place(uint piece, uint step) const {
    return tile_q + (((wave() * PIECES + piece) * STEPS + step) * 16u + lane() % 16u) * 8u + (PARTS == 1u ? lane() / 16u * 4u : 0u);
  }
  FN Fragment get(uint piece, uint step) const {
    Fragment f;
    UNROLL for (uint i = 0u; i < PARTS; i++) four_words(place(piece, step) + i * 4u, f.words + i * 4u);
    return f;
  }
  FN void set(uint step, uint part, const uint (*words)[4]) {
    UNROLL for (uint piece = 0u; piece < PIECES; piece++) {
      Words4 four = {words[piece][0], words[piece][1], words[piece][2], words[piece][3]};
      if (lane() < 16u || PARTS == 1u) *(Words4*)(place(piece, step) + part * 4u) = four;
    }
  }
#else
  Fragment all[PIECES][STEPS];
  FN Fragment get(uint piece, uint step) const { return all[piece][step]; }
  FN void set(uint step, uint part, const uint (*words)[4]) {
    UNROLL for (uint i = 0u; i < PIECES * 4u; i++) all[i / 4u][step].words[i % 4u] = words[i / 4u][i % 4u];
  }
#endif
};

// Weights of a step of keys as what the second product takes; f counts steps.
FN void weights_of(const Sums* score, uint f, Fragment* pieces) {
#ifdef MFMA
  UNROLL for (uint i = 0u; i < 4u; i++) {
    split(score[i / 2u][i % 2u * 2u], score[i / 2u][i % 2u * 2u + 1u], &pieces[0].words[i], PARTS * 4u);
  }
#else
  UNROLL for (uint i = 0u; i < 4u; i++) split(score[f][2u * i], score[f][2u * i + 1u], &pieces[0].words[i], PARTS * 4u);
#if WMMA == 11
  UNROLL for (uint i = 0u; i < PIECES * 4u; i++) {
    uint* words = pieces[i / 4u].words;
    uint mine = words[i % 4u], other = from_lane(mine, 16u);
    words[i % 4u] = lane() < 16u ? mine : other;
    words[4u + i % 4u] = lane() < 16u ? other : mine;
  }
#endif
#endif
}

KERNEL {
  uint head = __builtin_amdgcn_workgroup_id_y(), batch = __builtin_amdgcn_workgroup_id_z();
  uint first_query = __builtin_amdgcn_workgroup_id_x() * TILE, last = min(first_query + TILE, p.queries);
  uint kv = batch * p.kv_batch + (head / p.group) * p.kv_head;
  int ahead = (int)p.keys - (int)p.queries;
  uint end = p.causal == 0u ? p.keys : (uint)(ahead + (int)last < 0 ? 0 : ahead + (int)last);
  uint mine = first_query + wave() * 16u + lane() % 16u;
  Row row;
  row.number = min(mine, p.queries - 1u);                              // past the end: computed, never stored
  row.at = batch * p.q_batch + head * p.q_head + row.number * p.q_token;
  int sees = ahead + (int)row.number + 1;
  row.seen = p.causal == 0u ? p.keys : (uint)(sees < 0 ? 0 : sees);
  row.top = NEG_INF;
  row.sum = 0.0f;

  Queries queries;
  float largest = 0.0f;
  EACH_STEP for (uint i = 0u; i < STEPS * PARTS; i++) {
    const float* from = q + row.at + (chunk_of(i / PARTS) + i % PARTS) * CHUNK;
    UNROLL for (uint e = 0u; e < CHUNK; e++) largest = __builtin_fmaxf(largest, __builtin_fabsf(from[e] * p.scale));
  }
  uint exponent = exponent_of(largest_of(largest));
  float raise = as_float(exponent << 23), lower = as_float((254u - exponent) << 23);
  EACH_STEP for (uint i = 0u; i < STEPS * PARTS; i++) {
    const float* from = q + row.at + (chunk_of(i / PARTS) + i % PARTS) * CHUNK;
    uint words[PIECES][4];
    UNROLL for (uint e = 0u; e < 4u; e++) split(from[2u * e] * p.scale * raise, from[2u * e + 1u] * p.scale * raise, &words[0][e], 4u);
    queries.set(i / PARTS, i % PARTS, words);
  }

  Sums mean[BLOCKS];
  UNROLL for (uint i = 0u; i < BLOCKS; i++) mean[i] = no_sums();
  for (uint first = 0u; first < end; first += KEYS) {
    fetch_keys(k, kv, first, end, p.kv_token);
    fetch_values(v, kv, first, end, p.kv_token);
    barrier();
    Sums score[KEYS / 16u];
    UNROLL for (uint f = 0u; f < KEYS / 16u; f++) {
      score[f] = no_sums();
      EACH_STEP for (uint step = 0u; step < STEPS; step++) {
        Fragment key;
        UNROLL for (uint i = 0u; i < PARTS; i++) {
          four_words(tile_k + place_k(f * 16u + lane() % 16u, chunk_of(step) + i), key.words + i * 4u);
        }
        UNROLL for (uint piece = 0u; piece < PIECES; piece++) score[f] = multiply(score[f], key, queries.get(piece, step));
      }
    }
    float next = row.top;
    uint key_0 = first + SUM_ROW(0u);
    asm volatile("" : "+v"(key_0));          // else the numbers of all keys would be kept in registers, and spilled
    UNROLL for (uint i = 0u; i < KEYS / 16u * SUMS; i++) {
      float s = hidden_or(p, mask, row, key_0 + i / SUMS * 16u + SUM_ROW(i % SUMS) - SUM_ROW(0u), score[i / SUMS][i % SUMS] * lower);
      score[i / SUMS][i % SUMS] = s;
      next = __builtin_fmaxf(next, s);
    }
    next = largest_of(next);
    float base = base_of(next), keep = exp_of(row.top - base);
    row.top = next;
    row.sum = row.sum * keep;
    UNROLL for (uint i = 0u; i < KEYS / 16u * SUMS; i++) {
      float w = exp_of(score[i / SUMS][i % SUMS] - base);
      score[i / SUMS][i % SUMS] = w;
      row.sum = row.sum + w;
    }
    UNROLL for (uint i = 0u; i < BLOCKS; i++) mean[i] = mean[i] * keep;
    UNROLL for (uint f = 0u; f < KEYS / STEP; f++) {
      Fragment weight[PIECES];
      weights_of(score, f, weight);
      UNROLL for (uint i = 0u; i < BLOCKS; i++) {
        Fragment value;
        UNROLL for (uint part = 0u; part < PARTS; part++) {
          four_words(tile_v + place_v(i * 16u + lane() % 16u, chunk_of(f) + part), value.words + part * 4u);
        }
        UNROLL for (uint piece = 0u; piece < PIECES; piece++) mean[i] = multiply(mean[i], value, weight[piece]);
      }
    }
    barrier();
  }

  float sum = sum_of(row.sum), inverse = sum == 0.0f ? 0.0f : recip(sum);
  float good = sum - sum;                                              // zero, or not a number
  UNROLL for (uint i = 0u; i < BLOCKS * SUMS; i++) good = good + mean[i / SUMS][i % SUMS] * 0.0f;
  bool again = mine < p.queries && sum_of(good) != 0.0f;
  if (mine < p.queries && !again) {
    UNROLL for (uint i = 0u; i < BLOCKS * SUMS; i++) out[row.at + i / SUMS * 16u + SUM_ROW(i % SUMS)] = mean[i / SUMS][i % SUMS] * inverse;
    if (lane() < 16u && p.with_lse != 0u) lse[row.at / DIM] = sum == 0.0f ? NEG_INF : row.top + log_of(sum);
  }
  if (__builtin_amdgcn_ballot_w64(again) != 0u) plainly(p, q, k, v, mask, out, lse, kv, end, row, again);
}
#endif
