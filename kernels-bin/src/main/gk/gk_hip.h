// AMD: clang -x hip without any SDK, -ffp-contract=off. The wave size is the target's: 64 lanes on GCN and CDNA, 32 on RDNA.
typedef unsigned int uint;
#define FN inline __attribute__((device, always_inline))
#define KERNEL extern "C" __attribute__((global, amdgpu_flat_work_group_size(THREADS, THREADS))) void NAME(BUFFERS const Params p)
#define IN_F32(b) const float* b,
#define IN_U32(b) const uint* b,
#define OUT_F32(b) float* b,
#define OUT_U32(b) uint* b,
#define INOUT_F32(b) float* b,
#define INOUT_U32(b) uint* b,
#define ARG_F32(b) const float* b,
#define ARG_U32(b) const uint* b,
#define PASS(b) b,
#define LD(b, i) b[i]
#define ST(b, i, v) b[i] = (v)
#define SHARED(type, name, n) __attribute__((shared, aligned(16))) type name[n]
#define THREAD __builtin_amdgcn_workitem_id_x()
#define GROUP_X __builtin_amdgcn_workgroup_id_x()
#define GROUP_Y __builtin_amdgcn_workgroup_id_y()
#define GROUP_Z __builtin_amdgcn_workgroup_id_z()
#define UNROLL _Pragma("unroll")
FN void barrier() {  // a bare s_barrier would not wait for the stores to shared memory
  __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup", "local");
  __builtin_amdgcn_s_barrier();
  __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup", "local");
}
FN uint min(uint a, uint b) { return a < b ? a : b; }
FN uint as_uint(float x) { return __builtin_bit_cast(uint, x); }
FN float as_float(uint x) { return __builtin_bit_cast(float, x); }
FN uint mul_hi(uint a, uint b) { return uint((unsigned long long)a * b >> 32); }
FN float half_to_float(uint w) { return float(__builtin_bit_cast(_Float16, (unsigned short)w)); }
FN float mad(float a, float b, float c) { return a * b + c; }
struct Params { PARAMS };
