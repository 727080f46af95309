// Host: the same text as C++, one fiber for each thread, for tests. Every access to a buffer or to shared memory is checked:
// bounds, uninitialised reads, and races (two threads on one word with no barrier between). Each kernel is a file of its own;
// names recur with other meanings, so all of them are local to their file.
#include "gk_host_run.h"
using gk::uint;
#define FN static inline
#define KERNEL static void NAME(BUFFERS const Params p); \
    static gk::Registered registered(GK_TEXT(NAME), THREADS, sizeof(Params), NAME); static void NAME(BUFFERS const Params p)
#define GK_TEXT(x) GK_TEXT_(x)
#define GK_TEXT_(x) #x
#define IN_F32(b) gk::View<float> b,
#define IN_U32(b) gk::View<uint> b,
#define OUT_F32(b) gk::View<float> b,
#define OUT_U32(b) gk::View<uint> b,
#define INOUT_F32(b) gk::View<float> b,
#define INOUT_U32(b) gk::View<uint> b,
#define ARG_F32(b) gk::View<float> b,
#define ARG_U32(b) gk::View<uint> b,
#define PASS(b) b,
#define LD(b, i) b.load(i)
#define ST(b, i, v) b.store(i, v)
#define SHARED(type, name, n) static gk::Shared<type, n> name(#name)
#define THREAD gk::thread
#define GROUP_X gk::group[0]
#define GROUP_Y gk::group[1]
#define GROUP_Z gk::group[2]
#define UNROLL
FN void barrier() { gk::barrier(__builtin_return_address(0)); }
FN uint min(uint a, uint b) { return a < b ? a : b; }
FN uint as_uint(float x) { return __builtin_bit_cast(uint, x); }
FN float as_float(uint x) { return __builtin_bit_cast(float, x); }
FN uint mul_hi(uint a, uint b) { return uint((unsigned long long)a * b >> 32); }
FN float half_to_float(uint w) { return float(__builtin_bit_cast(_Float16, (unsigned short)w)); }
FN float mad(float a, float b, float c) { return a * b + c; }
namespace { struct Params { PARAMS }; }
