// Kernels for tests of the host code, with the interface of the portable ones. probe-gfx90a.hsaco and probe-gfx1100.hsaco are made by
//   clang-19 -x hip --offload-device-only --no-gpu-bundle-output -nogpulib -nogpuinc --offload-arch=gfx90a -std=c++17 -O3 \
//     -mcode-object-version=5 -fuse-cuid=none -c probe.hip -o probe-gfx90a.hsaco && llvm-strip-19 --strip-all probe-gfx90a.hsaco
#define KERNEL(threads) extern "C" __attribute__((global, amdgpu_flat_work_group_size(threads, threads))) void

struct Scale {
  unsigned n;
  float factor;
};

KERNEL(64) scale_f32(const float* x, float* y, Scale p) {
  unsigned i = __builtin_amdgcn_workgroup_id_x() * 64 + __builtin_amdgcn_workitem_id_x();
  if (i < p.n) {
    y[i] = x[i] * p.factor;
  }
}

struct Fault {
  unsigned what, position, value, limit;
};

KERNEL(1) fault_u32(unsigned* faults, Fault p) {
  faults[0] = p.what;
  faults[1] = p.position;
  faults[2] = p.value;
  faults[3] = p.limit;
}

struct Wild {
  unsigned at;
};

KERNEL(1) wild_u32(unsigned* x, Wild p) {
  x[p.at] = 1;
}
