// The portable kernel dialect: one text for CUDA, ROCm, Metal, Vulkan and the checked host build. Its rules are in SPEC/dialect.md.
// A kernel file defines BUFFERS, PARAMS and THREADS, includes this file, then writes helpers and KERNEL { ... }. The build
// defines NAME, one GK_<target>, and the kernel's own switches (TYPE, FORMAT, ...) from kernels.list.
#define F32 1
#define F16 2
#define BF16 3

#include "types.inc"

#if defined(GK_CUDA)
#include "gk_cuda.h"
#elif defined(GK_HIP)
#include "gk_hip.h"
#elif defined(GK_AIR)
#include "gk_air.h"
#elif defined(GK_GLSL)
#include "gk_glsl.h"
#elif defined(GK_HOST)
#include "gk_host.h"
#elif defined(GK_MANIFEST)
#include "gk_manifest.h"
#endif

// One-dimensional launches fold into two dimensions, since no target promises more than 65535 groups in x (Launch.FOLD).
#define GROUP (GROUP_Y * 32768u + GROUP_X)

#ifndef GK_MANIFEST
#include "math.inc"
#endif
