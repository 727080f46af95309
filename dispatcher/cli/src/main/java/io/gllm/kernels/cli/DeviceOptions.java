package io.gllm.kernels.cli;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.spi.Device;
import picocli.CommandLine.Option;

/** The options that choose a device, shared by the commands. */
final class DeviceOptions {
  @Option(names = "--backend", paramLabel = "B", description = "cuda, rocm, metal, vulkan or cpu; the best by default.")
  private String backend;

  @Option(names = "--tier", paramLabel = "T", description = "Best tier of the CPU backend to use: native, vector or scalar.")
  private String tier;

  @Option(names = "--isa", paramLabel = "I", description = "Instruction set of the native tier: avx512, avx2 or neon; the best by default.")
  private String isa;

  @Option(names = "--threads", paramLabel = "N", description = "Threads of the CPU backend; one for each core by default.")
  private Integer threads;

  KernelDispatcher open(boolean reproducible) {
    return builder().numerics(reproducible ? Numerics.REPRODUCIBLE : Numerics.FAST).create();
  }

  Device openDevice() {
    return builder().openDevice();
  }

  private KernelDispatcher.Builder builder() {
    KernelDispatcher.Builder builder = KernelDispatcher.builder();
    if (backend != null) {
      builder.backend(backend);
    }
    if (tier != null) {
      builder.option("cpu.tier", tier);
    }
    if (isa != null) {
      builder.option("cpu.isa", isa);
    }
    if (threads != null) {
      builder.option("cpu.threads", threads.toString());
    }
    return builder;
  }
}
