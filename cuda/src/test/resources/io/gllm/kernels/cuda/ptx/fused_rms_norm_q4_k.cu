// y[n] = sum over k of W[n][k] * (x[k] * gamma[k] / rms(x)): RMSNorm in the kernel of the product, W in Q4_K; one group for a row.
// The fused kernel that is known to be wrong keeps 1/rms in element 0 of the cached input (SLOT), and reads it there without a
// barrier (RACE). The .ptx beside this file:
//   nvcc -std=c++17 -O3 -ptx -arch=compute_80 -o fused_rms_norm_q4_k.ptx fused_rms_norm_q4_k.cu      .version 9.0 -> 7.0, also with
//   -DSLOT -o fused_rms_norm_q4_k_slot.ptx      and      -DSLOT -DRACE -o fused_rms_norm_q4_k_race.ptx
#include <cuda_fp16.h>
#define THREADS 128
#define MOST 1024

struct Params { unsigned rows, cols; float eps; };

__device__ inline float half_at(unsigned bits) { return __half2float(__ushort_as_half((unsigned short)bits)); }

extern "C" __global__ void __launch_bounds__(THREADS)
fused(const unsigned* __restrict__ w, const float* __restrict__ x, const float* __restrict__ gamma, float* y, const Params p) {
  __shared__ float cached[MOST];
  __shared__ float parts[THREADS / 32];
  __shared__ float slot[1];
  unsigned tid = threadIdx.x, row = blockIdx.x;
  float sum = 0;
  for (unsigned i = tid; i < p.cols; i += THREADS) {
    float v = x[i];
    cached[i] = v;
    sum += v * v;
  }
  for (int n = 16; n > 0; n >>= 1) sum += __shfl_down_sync(0xffffffffu, sum, n);
  if (tid % 32 == 0) parts[tid / 32] = sum;
  __syncthreads();
#ifdef SLOT
  float* inverse = cached;
#else
  float* inverse = slot;
#endif
  if (tid == 0) *inverse = rsqrtf((parts[0] + parts[1] + parts[2] + parts[3]) / (float)p.cols + p.eps);
#ifndef RACE
  __syncthreads();
#endif
  float scale = *(volatile float*)inverse;
  float dot = 0;
  for (unsigned unit = tid; unit < p.cols / 8; unit += THREADS) {      // a word of nibbles: 4 + 4 weights
    const unsigned* block = w + (row * (p.cols / 256) + unit / 32) * 36;
    unsigned pair = unit % 32 / 8, q = block[4 + unit % 32];
    const unsigned char* s = (const unsigned char*)(block + 1);
    float d = half_at(block[0]), dmin = half_at(block[0] >> 16);
    for (unsigned h = 0; h < 2; h++) {
      unsigned j = 2 * pair + h;
      unsigned sc = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | (s[j - 4] >> 6 << 4);
      unsigned mn = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | (s[j] >> 6 << 4);
      for (unsigned i = 0; i < 4; i++) {
        unsigned k = unit / 32 * 256 + j * 32 + unit % 8 * 4 + i;
        float weight = d * sc * (q >> (8 * i + 4 * h) & 15) - dmin * mn;
        dot += weight * cached[k] * gamma[k];
      }
    }
  }
  for (int n = 16; n > 0; n >>= 1) dot += __shfl_down_sync(0xffffffffu, dot, n);
  __syncthreads();
  if (tid % 32 == 0) parts[tid / 32] = dot;
  __syncthreads();
  if (tid == 0) y[row] = (parts[0] + parts[1] + parts[2] + parts[3]) * scale;
}
