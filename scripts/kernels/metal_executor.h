// What scripts/kernels/metal-executor writes about each kernel, and metal_executor.c runs.
#pragma once
#include <stdint.h>

enum { GLLM_MOST_ARGUMENTS = 16 };
enum { GLLM_BUFFER, GLLM_PARAMETERS, GLLM_GROUP, GLLM_THREAD, GLLM_LANE, GLLM_SIMD };

struct gllm_shared { uint64_t address, bytes; };

struct gllm_kernel {
  void (*call)(uint64_t* arguments);           // unpacks the arguments
  uint32_t arguments, parameter_bytes, shared_count;
  const struct gllm_shared* shared;            // threadgroup arrays
  uint8_t kinds[GLLM_MOST_ARGUMENTS], locations[GLLM_MOST_ARGUMENTS], writable[GLLM_MOST_ARGUMENTS];
};

int gllm_run(const struct gllm_kernel*, void** buffers, const uint64_t* bytes, const void* parameters, uint32_t gx, uint32_t gy, uint32_t gz, uint32_t threads);
