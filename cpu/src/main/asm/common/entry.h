// What every source of the CPU blobs starts with: fixed-width types and the mark of an entry point.
#pragma once
#include <stdint.h>

typedef uint16_t half_t;      // IEEE binary16 bits
typedef uint16_t bfloat_t;    // bfloat16 bits

#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))

// Windows x86-64 passes arguments in other registers; only entries differ, everything inside stays System V.
#ifdef GLLM_WIN64
#define GLLM_ABI __attribute__((ms_abi))
#else
#define GLLM_ABI
#endif

// ENTRY("pppl>v") void add_f32(const float* a, const float* b, float* out, int64_t n)
// Arguments: p pointer, l int64_t, f float; result: v void, l int64_t, f float. At most eight p and l and two f.
// The signature travels in the section name, so that scripts/build-cpu-blobs reads it from the object file and macros may
// generate entries freely.
#define ENTRY(signature) __attribute__((used, visibility("hidden"), section(".text.entry." signature))) GLLM_ABI

// Hand-written assembly is always System V and only ever called from C.
#if defined(__x86_64__)
#define ASM_CALL __attribute__((sysv_abi, visibility("hidden")))
#else
#define ASM_CALL __attribute__((visibility("hidden")))
#endif
