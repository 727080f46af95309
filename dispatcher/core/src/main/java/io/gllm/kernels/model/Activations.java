package io.gllm.kernels.model;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.QuantFormat;

/**
 * The input of one or more matrix products: f32, and encoded for integer products at most once per format, however many weight
 * matrices share it. A dispatcher that promises {@link Numerics#REPRODUCIBLE} gets f32 always: its products do not encode.
 */
final class Activations {
  private final KernelDispatcher kernels;
  private final int cols;
  private final boolean encodes;
  private final Buffer plain;
  private final Buffer q8;
  private final Buffer q8k;
  private boolean q8Ready;
  private boolean q8kReady;
  private long rows;

  Activations(KernelDispatcher kernels, OwnedBuffers memory, int maxRows, int cols) {
    this.kernels = kernels;
    this.cols = cols;
    this.encodes = kernels.numerics() == Numerics.FAST;
    long elements = (long) maxRows * cols;
    this.plain = memory.allocate(DType.F32, elements);
    this.q8 = encodes && cols % QuantFormat.Q8_0.blockElements() == 0 ? memory.allocate(QuantFormat.Q8_0, elements) : null;
    this.q8k = encodes && cols % QuantFormat.Q8_K.blockElements() == 0 ? memory.allocate(QuantFormat.Q8_K, elements) : null;
  }

  /** The f32 elements, about to be overwritten with {@code count} rows. */
  Buffer overwrite(long count) {
    rows = count;
    q8Ready = false;
    q8kReady = false;
    return plain;
  }

  Buffer plain() {
    return plain;
  }

  /** The rows as weights of {@code format} want them. */
  Buffer inputFor(QuantFormat format) {
    if (!encodes) {
      return plain;
    }
    if (format.activationFormat() == QuantFormat.Q8_K) {
      if (!q8kReady) {
        kernels.quantize(plain, q8k, rows * cols);
        q8kReady = true;
      }
      return q8k;
    }
    if (!q8Ready) {
      kernels.quantize(plain, q8, rows * cols);
      q8Ready = true;
    }
    return q8;
  }
}
