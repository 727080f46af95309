// Metal: clang-14 for spir64, whose address spaces and calling convention are AIR's; scripts/kernels/airify.py does the rest. The
// names of the last two parameters select AIR's built-ins. No product and sum are contracted, neither here (-ffp-contract=off) nor
// by the driver (the module says fast_math_disable).
typedef unsigned int uint;
typedef uint uint3 __attribute__((ext_vector_type(3)));
#define DEVICE __attribute__((address_space(1)))
#define CONSTANT __attribute__((address_space(2)))
#define FN inline __attribute__((always_inline))
#define KERNEL extern "C" __attribute__((convergent)) void NAME(BUFFERS CONSTANT const Params& p, \
    uint3 threadgroup_position_in_grid, uint thread_index_in_threadgroup)
#define IN_F32(b) DEVICE const float* b,
#define IN_U32(b) DEVICE const uint* b,
#define OUT_F32(b) DEVICE float* b,
#define OUT_U32(b) DEVICE uint* b,
#define INOUT_F32(b) DEVICE float* b,
#define INOUT_U32(b) DEVICE uint* b,
#define ARG_F32(b) DEVICE const float* b,
#define ARG_U32(b) DEVICE const uint* b,
#define PASS(b) b,
#define LD(b, i) b[i]
#define ST(b, i, v) b[i] = (v)
#define SHARED(type, name, n) extern __attribute__((address_space(3), aligned(16))) type name[n]
#define THREAD thread_index_in_threadgroup
#define GROUP_X threadgroup_position_in_grid.x
#define GROUP_Y threadgroup_position_in_grid.y
#define GROUP_Z threadgroup_position_in_grid.z
#define UNROLL _Pragma("unroll")
extern "C" void air_barrier(uint flags, uint scope) __asm("air.wg.barrier") __attribute__((nothrow, convergent));
FN void barrier() { air_barrier(2u, 1u); }  // orders threadgroup memory
FN uint min(uint a, uint b) { return a < b ? a : b; }
FN uint as_uint(float x) { return __builtin_bit_cast(uint, x); }
FN float as_float(uint x) { return __builtin_bit_cast(float, x); }
FN uint mul_hi(uint a, uint b) { return uint((unsigned long)a * b >> 32); }
FN float half_to_float(uint w) { return float(__builtin_bit_cast(_Float16, (unsigned short)w)); }
FN float mad(float a, float b, float c) { return a * b + c; }
struct Params { PARAMS };
