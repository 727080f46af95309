// y = (x - mean) / sqrt(variance + eps) * gamma + beta, row by row, the variance in a second pass; y may be x. `lanes` threads share a
// row (rows.inc).
#define BUFFERS IN(x) IN(gamma) IN(beta) OUT(y)
#define PARAMS uint rows; uint cols; float eps; uint lanes;
#define THREADS 256
#include "tuned.cuh"
#include "rows.inc"

#ifndef GK_MANIFEST
#define ROW(i) part_at(x, row + i)

FN float sums(const Part& part, float sum) {
  UNROLL for (uint e = 0u; e < PER; e++) sum = sum + part.v[e];
  return sum;
}

FN float squares(const Part& part, float mean, float sum) {
  UNROLL for (uint e = 0u; e < PER; e++) sum = __fmaf_rn(part.v[e] - mean, part.v[e] - mean, sum);
  return sum;
}

FN Part normed(Part part, float mean, float scale, const Part& gamma, const Part& beta) {
  UNROLL for (uint e = 0u; e < PER; e++) part.v[e] = __fmaf_rn((part.v[e] - mean) * scale, gamma.v[e], beta.v[e]);
  return part;
}

KERNEL {
  FIND_ROW
  Part held[HELD];
  float sum = 0.0f;
  EACH_HELD {
    held[j] = ROW(i);
    sum = sums(held[j], sum);
  }
  EACH_OTHER sum = sums(ROW(i), sum);
  float mean = __fdiv_rn(joined<sum_of>(sum, p.lanes), (float)p.cols);
  float square = 0.0f;
  EACH_HELD square = squares(held[j], mean, square);
  EACH_OTHER square = squares(ROW(i), mean, square);
  float scale = rsqrt_of(__fdiv_rn(joined<sum_of>(square, p.lanes), (float)p.cols) + p.eps);
#define STORE(part) store_part(y, row + i, normed(part, mean, scale, part_at(gamma, i), part_at(beta, i)))
  EACH_HELD STORE(held[j]);
  EACH_OTHER STORE(ROW(i));
}
#endif
