package io.gllm.kernels.cpu;

import io.gllm.kernels.api.ElementType;

/**
 * A kernel of one tier for one operator and element type.
 *
 * @param <K> the operator's kernel interface
 * @param name its name in reports, for example {@code native_rms_norm_f32}
 * @param tier the tier it belongs to
 * @param reproducible whether it keeps the portable order of every sum and the portable functions, shown by a test
 * @param factory makes one for a queue
 */
public record CpuKernel<K>(String name, Tier tier, boolean reproducible, Factory<K> factory) {
  /** Makes a kernel for a queue. */
  @FunctionalInterface
  public interface Factory<K> {
    /** A kernel for the type, using what the queue shares. */
    K create(CpuContext context, ElementType type);
  }
}
