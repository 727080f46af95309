// y = x / sqrt(mean(x^2) + eps) * w, row by row; y may be x. With RESIDUAL the row is x + r, which is stored to s as well; s and y may
// be x or r. `lanes` threads share a row (rows.inc).
#ifdef RESIDUAL
#define BUFFERS IN(x) IN(r) IN(w) OUT(s) OUT(y)
#else
#define BUFFERS IN(x) IN(w) OUT(y)
#endif
#define PARAMS uint rows; uint cols; float eps; uint lanes;
#define THREADS 256
#include "tuned.cuh"
#include "rows.inc"

#ifndef GK_MANIFEST
#ifdef RESIDUAL
#define ROW(i) sum_at(x, r, row + i)
FN Part sum_at(const Word* x, const Word* r, size_t at) {
  Part a = part_at(x, at), b = part_at(r, at);
  UNROLL for (uint e = 0u; e < PER; e++) a.v[e] = a.v[e] + b.v[e];
  return a;
}
#else
#define ROW(i) part_at(x, row + i)
#endif

FN float squares(const Part& part, float sum) {
  UNROLL for (uint e = 0u; e < PER; e++) sum = __fmaf_rn(part.v[e], part.v[e], sum);
  return sum;
}

FN Part normed(Part part, float scale, const Part& weights) {
  UNROLL for (uint e = 0u; e < PER; e++) part.v[e] = part.v[e] * scale * weights.v[e];
  return part;
}

KERNEL {
  FIND_ROW
  Part held[HELD];
  float sum = 0.0f;
  EACH_HELD {
    held[j] = ROW(i);
    sum = squares(held[j], sum);
  }
  EACH_OTHER sum = squares(ROW(i), sum);
  sum = joined<sum_of>(sum, p.lanes);
  float scale = rsqrt_of(__fdiv_rn(sum, (float)p.cols) + p.eps);
  EACH_HELD {
#ifdef RESIDUAL
    store_part(s, row + i, held[j]);
#endif
    store_part(y, row + i, normed(held[j], scale, part_at(w, i)));
  }
  EACH_OTHER {
    Part part = ROW(i);                                             // before a store, which may be to x or r
#ifdef RESIDUAL
    store_part(s, row + i, part);
#endif
    store_part(y, row + i, normed(part, scale, part_at(w, i)));
  }
}
#endif
