// The tuned kernels for Metal are in the portable dialect (SPEC/dialect.md) and use in addition what every Apple GPU since M1 has: SIMD
// groups of 32 lanes, which exchange numbers, and matrices of 8 x 8, which a SIMD group holds together. Which lane has which element
// of a matrix is nobody's business: they are loaded from threadgroup memory, multiplied and stored as a whole, by all lanes at once.
#include "gk.h"

#ifdef GK_AIR
#undef KERNEL
#define KERNEL extern "C" __attribute__((convergent)) void NAME(BUFFERS CONSTANT const Params& p, uint3 threadgroup_position_in_grid, \
    uint thread_index_in_threadgroup, uint thread_index_in_simdgroup, uint simdgroup_index_in_threadgroup)
#define LANE thread_index_in_simdgroup
#define SIMD simdgroup_index_in_threadgroup
#define LANES 32u
#define THREADGROUP __attribute__((address_space(3)))
#define AIR(name) __asm("air." name) __attribute__((nothrow, convergent))

typedef _Float16 half;
typedef unsigned short ushort;
typedef uint uint4 __attribute__((ext_vector_type(4)));
typedef float float4 __attribute__((ext_vector_type(4)));
typedef long long2 __attribute__((ext_vector_type(2)));
typedef float Floats __attribute__((ext_vector_type(64)));   // matrices
typedef half Halves __attribute__((ext_vector_type(64)));

extern "C" {
float fma(float, float, float) __asm("air.fma.f32") __attribute__((nothrow, const));
float simd_sum(float) AIR("simd_sum.f32");
float simd_shuffle_xor(float, ushort) AIR("simd_shuffle_xor.f32");
void air_simd_barrier(uint flags, uint scope) AIR("simdgroup.barrier");
Floats air_filled(float) AIR("simdgroup_matrix_8x8_init_filled.v64f32.f32");
Floats air_load(THREADGROUP const float*, long, long2, bool) AIR("simdgroup_matrix_8x8_load.v64f32.p3f32") __attribute__((pure));
Halves air_load_half(THREADGROUP const half*, long, long2, bool) AIR("simdgroup_matrix_8x8_load.v64f16.p3f16") __attribute__((pure));
void air_store(Floats, THREADGROUP float*, long, long2, bool) AIR("simdgroup_matrix_8x8_store.v64f32.p3f32");
Floats air_mac(Floats, Floats, Floats) AIR("simdgroup_matrix_8x8_multiply_accumulate.v64f32.v64f32.v64f32.v64f32");
Floats air_mac_fh(Floats, Halves, Floats) AIR("simdgroup_matrix_8x8_multiply_accumulate.v64f32.v64f32.v64f16.v64f32");
Floats air_mac_hh(Halves, Halves, Floats) AIR("simdgroup_matrix_8x8_multiply_accumulate.v64f32.v64f16.v64f16.v64f32");
}

FN void simd_barrier() { air_simd_barrier(2u, 1u); }         // orders threadgroup memory among the lanes of a SIMD group
FN Floats multiply(Floats a, Floats b, Floats sum) { return air_mac(a, b, sum); }
FN Floats multiply(Floats a, Halves b, Floats sum) { return air_mac_fh(a, b, sum); }
FN Floats multiply(Halves a, Halves b, Floats sum) { return air_mac_hh(a, b, sum); }

// Matrices of a tile of words: f16 stays f16, other types are f32 there (AIR 2.5 has no matrices of bf16).
template <bool HALF> struct Tile;
template <> struct Tile<false> {
  typedef Floats Matrix;
  static FN Floats at(THREADGROUP const uint* tile, uint element, uint pitch, bool turned) {
    return air_load((THREADGROUP const float*)tile + element, pitch, long2{0, 0}, turned);
  }
};
template <> struct Tile<true> {
  typedef Halves Matrix;
  static FN Halves at(THREADGROUP const uint* tile, uint element, uint pitch, bool turned) {
    return air_load_half((THREADGROUP const half*)tile + element, pitch, long2{0, 0}, turned);
  }
};

FN void store(Floats m, THREADGROUP uint* tile, uint element, uint pitch) {
  air_store(m, (THREADGROUP float*)tile + element, pitch, long2{0, 0}, false);
}

template <uint TYPE_OF> FN uint bits_of(DEVICE const uint* b, uint i) {
  return TYPE_OF == F32 ? b[i] : b[i / 2u] >> i % 2u * 16u & 0xffffu;
}

template <uint TYPE_OF> FN uint widened(uint bits) {
  return TYPE_OF == F32 ? bits : as_uint(TYPE_OF == F16 ? half_to_float(bits) : bfloat_to_float(bits));
}

FN uint4 four(const uint* w) { return uint4{w[0], w[1], w[2], w[3]}; }

// Eight numbers of TYPE_OF, of which `count` exist, the others zero, to run `run` of a tile. If `wide`, all or none exist, and they begin
// a whole 16 bytes.
template <uint TYPE_OF, bool HALF> FN void fetch(THREADGROUP uint* tile, uint run, DEVICE const uint* b, uint at, uint count, bool wide) {
  uint word[8];
  UNROLL for (uint i = 0u; i < 8u; i++) word[i] = 0u;
  if (wide) {
    if (count != 0u) {
      UNROLL for (uint half = 0u; half < (TYPE_OF == F32 ? 2u : 1u); half++) {
        uint4 q = ((DEVICE const uint4*)b)[(TYPE_OF == F32 ? at / 4u : at / 8u) + half];
        uint w[4] = {q.x, q.y, q.z, q.w};
        UNROLL for (uint i = 0u; i < 8u; i++) {
          if (TYPE_OF == F32) {
            if (i / 4u == half) word[i] = w[i % 4u];
          } else if (!HALF) {
            word[i] = widened<TYPE_OF>(w[i / 2u] >> i % 2u * 16u & 0xffffu);
          } else if (i < 4u) {
            word[i] = w[i];
          }
        }
      }
    }
  } else {
    UNROLL for (uint i = 0u; i < 8u; i++) {
      if (i < count) {
        uint bits = bits_of<TYPE_OF>(b, at + i);
        if (HALF) word[i / 2u] |= bits << i % 2u * 16u; else word[i] = widened<TYPE_OF>(bits);
      }
    }
  }
  if (HALF) {
    ((THREADGROUP uint4*)tile)[run] = four(word);
  } else {
    ((THREADGROUP uint4*)tile)[run * 2u] = four(word);
    ((THREADGROUP uint4*)tile)[run * 2u + 1u] = four(word + 4);
  }
}

// How many of eight numbers from `from` on are below `all`.
FN uint left(uint from, uint all) { return from < all ? min(8u, all - from) : 0u; }
#endif
