// y = softmax(scale * x), or with MASK softmax(scale * x + mask), row by row; y may be x. A row that is hidden everywhere (-inf) gives
// zeros. `lanes` threads share a row (rows.inc).
#ifdef MASK
#define BUFFERS IN(x) IN_F32(mask) OUT(y)
#define ROW(i) scaled(x, mask, row + i, p.scale)
#else
#define BUFFERS IN(x) OUT(y)
#define ROW(i) scaled(x, row + i, p.scale)
#endif
#define PARAMS uint rows; uint cols; float scale; uint lanes;
#define THREADS 256
#include "tuned.cuh"
#include "rows.inc"

#ifndef GK_MANIFEST
FN Part times(Part part, float factor) {
  UNROLL for (uint e = 0u; e < PER; e++) part.v[e] = part.v[e] * factor;
  return part;
}

#ifdef MASK
FN Part scaled(const Word* x, const float* mask, size_t at, float scale) {
  Part part = part_at(x, at);
  UNROLL for (uint e = 0u; e < PER; e += 4u) {
    float4 m = *(const float4*)(mask + at + e);
    part.v[e] = part.v[e] * scale + m.x;
    part.v[e + 1u] = part.v[e + 1u] * scale + m.y;
    part.v[e + 2u] = part.v[e + 2u] * scale + m.z;
    part.v[e + 3u] = part.v[e + 3u] * scale + m.w;
  }
  return part;
}
#else
FN Part scaled(const Word* x, size_t at, float scale) { return times(part_at(x, at), scale); }
#endif

FN float largest(const Part& part, float top) {
  UNROLL for (uint e = 0u; e < PER; e++) top = larger(top, part.v[e]);
  return top;
}

FN Part weighed(Part part, float top) {
  UNROLL for (uint e = 0u; e < PER; e++) part.v[e] = exp_of(part.v[e] - top);
  return part;
}

FN float sums(const Part& part, float sum) {
  UNROLL for (uint e = 0u; e < PER; e++) sum = sum + part.v[e];
  return sum;
}

KERNEL {
  FIND_ROW
  Part held[HELD];
  float top = NEG_INF;
  EACH_HELD {
    held[j] = ROW(i);
    top = largest(held[j], top);
  }
  EACH_OTHER top = largest(ROW(i), top);
  top = joined<larger>(top, p.lanes);
  if (top == NEG_INF) top = 0.0f;
  float sum = 0.0f;
  EACH_HELD {
    held[j] = weighed(held[j], top);
    sum = sums(held[j], sum);
  }
  EACH_OTHER sum = sums(weighed(ROW(i), top), sum);
  sum = joined<sum_of>(sum, p.lanes);
  float inverse = sum == 0.0f ? 0.0f : __fdiv_rn(1.0f, sum);
  EACH_HELD store_part(y, row + i, times(held[j], inverse));
  EACH_OTHER store_part(y, row + i, times(weighed(ROW(i), top), inverse));
}
#endif
