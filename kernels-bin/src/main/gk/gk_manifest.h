// The interface of a kernel as data: the build reads name, threads, buffers, parameters and shared memory from here.
#define IN_F32(b) f32 in b |
#define IN_U32(b) u32 in b |
#define OUT_F32(b) f32 out b |
#define OUT_U32(b) u32 out b |
#define INOUT_F32(b) f32 inout b |
#define INOUT_U32(b) u32 inout b |
@interface NAME THREADS @ BUFFERS @ PARAMS @
#define FN
#define KERNEL
#define SHARED(type, name, n) @shared n @
