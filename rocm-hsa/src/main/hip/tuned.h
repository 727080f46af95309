// The tuned kernels are HIP C++ for clang without any SDK, -ffp-contract=off. A file defines BUFFERS, PARAMS and THREADS, includes this
// one, then writes KERNEL { ... }. The build defines NAME, the switches of kernels.list and those of the chip: LANES of a wave, and
// MFMA=..., WMMA=... and DOT=..., the instructions that it has. With GK_MANIFEST the preprocessor prints the interface.
// Products and sums are rounded one by one, in a fixed order, by teams of 32 lanes: the bits are the same for waves of 32 and of 64.
#define F16 2
#define BF16 3
#ifndef THREADS
#define THREADS 256
#endif

#ifdef GK_MANIFEST
#define IN_F32(b) f32 in b |
#define IN_U32(b) u32 in b |
#define OUT_F32(b) f32 out b |
#define OUT_U32(b) u32 out b |
@interface NAME THREADS @ BUFFERS @ PARAMS @
#define SHARED(type, name, n) @shared n @
#define KERNEL
#else
typedef unsigned int uint;
typedef unsigned long size_t;
typedef uint Words2 __attribute__((ext_vector_type(2)));
typedef uint Words4 __attribute__((ext_vector_type(4)));
#define IN_F32(b) const float* b,
#define IN_U32(b) const uint* b,
#define OUT_F32(b) float* b,
#define OUT_U32(b) uint* b,
#define FN inline __attribute__((device, always_inline))
#define KERNEL extern "C" __attribute__((global, amdgpu_flat_work_group_size(THREADS, THREADS) BOUNDS)) void NAME(BUFFERS const Params p)
#define BOUNDS
#define UNROLL _Pragma("unroll")
#define SHARED(type, name, n) __attribute__((shared, aligned(16))) type name[n]
struct Params { PARAMS };

FN uint thread() { return __builtin_amdgcn_workitem_id_x(); }
// One-dimensional launches fold into two dimensions (Launch.FOLD).
FN uint group() { return __builtin_amdgcn_workgroup_id_y() * 32768u + __builtin_amdgcn_workgroup_id_x(); }
FN uint min(uint a, uint b) { return a < b ? a : b; }
FN uint max(uint a, uint b) { return a > b ? a : b; }
FN uint as_uint(float x) { return __builtin_bit_cast(uint, x); }
FN float as_float(uint x) { return __builtin_bit_cast(float, x); }
FN float half_to_float(uint bits) { return float(__builtin_bit_cast(_Float16, (unsigned short)bits)); }
FN float bfloat_to_float(uint bits) { return as_float(bits << 16); }
FN uint byte_of(uint word, uint i) { return word >> 8u * i & 255u; }
FN uint shifted(uint low, uint high, uint bits) { return __builtin_amdgcn_alignbit(high, low, bits); }

FN void barrier() {                          // a bare s_barrier would not wait for the stores to shared memory
  __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup", "local");
  __builtin_amdgcn_s_barrier();
  __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup", "local");
}

// What another lane of the wave has, the one whose number differs in the bits of `by`.
FN uint from_lane(uint v, uint by) { return (uint)__builtin_amdgcn_ds_bpermute((int)(((thread() % LANES) ^ by) * 4u), (int)v); }
FN float from_lane(float v, uint by) { return as_float(from_lane(as_uint(v), by)); }
FN int from_lane(int v, uint by) { return (int)from_lane((uint)v, by); }

// sum + a0 b0 + a1 b1 + a2 b2 + a3 b3 of signed bytes.
FN int dot4(uint a, uint b, int sum) {
#if DOT == 11
  return __builtin_amdgcn_sudot4(true, (int)a, true, (int)b, sum, false);
#else
  return __builtin_amdgcn_sdot4((int)a, (int)b, sum, false);
#endif
}

// 1/x for x in 2^-126 .. 2^126 (portable recip): no instruction's approximation, so that the bits are the same on every chip.
FN float recip(float x) {
  float y = as_float(0x7ef311c7u - as_uint(x));
  UNROLL for (uint i = 0u; i < 3u; i++) y = y * (-x * y + 2.0f);
  return (-x * y + 1.0f) * y + y;
}

FN void four_words(const uint* words, uint* to) {
  Words4 v = *(const Words4*)words;
  to[0] = v.x, to[1] = v.y, to[2] = v.z, to[3] = v.w;
}
#endif
