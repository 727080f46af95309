// Kernels for tests of the host code, with the interface of the portable ones. probe.ptx is made from this text by
//   nvcc -std=c++17 -O3 -fmad=false -ptx -arch=compute_80 probe.cu
// with .version lowered to 7.0 and comments removed.
struct Scale {
  unsigned n;
  float factor;
};

extern "C" __global__ void __launch_bounds__(64) scale_f32(const float* x, float* y, const Scale p) {
  unsigned i = blockIdx.x * 64 + threadIdx.x;
  if (i < p.n) {
    y[i] = x[i] * p.factor;
  }
}

struct Fault {
  unsigned what, position, value, limit;
};

extern "C" __global__ void __launch_bounds__(1) fault_u32(unsigned* faults, const Fault p) {
  faults[0] = p.what;
  faults[1] = p.position;
  faults[2] = p.value;
  faults[3] = p.limit;
}

struct Wild {
  unsigned at;
};

extern "C" __global__ void __launch_bounds__(1) wild_u32(unsigned* x, const Wild p) {
  x[p.at] = 1;
}
