package io.gllm.kernels.testkit.oracle;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.QuantFormat;

/** Activations encoded as Q8_0 or Q8_K, in f32 as the contract of quantize says. */
public final class Quantized {
  private Quantized() {}

  /** Encodes whole blocks. */
  public static byte[] encode(QuantFormat format, double[] x) {
    int size = format.blockElements();
    byte[] out = new byte[x.length / size * format.blockBytes()];
    for (int b = 0; b < x.length / size; b++) {
      block(format, x, b * size, out, b * format.blockBytes());
    }
    return out;
  }

  private static void block(QuantFormat format, double[] x, int from, byte[] out, int to) {
    int size = format.blockElements();
    float largest = 0;
    boolean nan = false;
    for (int i = from; i < from + size; i++) {
      largest = Math.max(largest, Math.abs((float) x[i]));
      nan |= Double.isNaN(x[i]);
    }
    boolean finite = !nan && largest <= Float.MAX_VALUE;
    float d = nan ? Float.NaN : largest / 127;
    float up = largest < 0x1p-100f ? 0x1p100f : 1; // keeps the quotient finite
    float inverse = largest == 0 ? 0 : 127 / (largest * up);
    int codes = to + (format == QuantFormat.Q8_0 ? 2 : 4);
    System.arraycopy(Floats.encode(format == QuantFormat.Q8_0 ? DType.F16 : DType.F32, d), 0, out, to, codes - to);
    for (int i = 0; i < size; i++) {
      out[codes + i] = finite ? (byte) Math.rint((float) x[from + i] * up * inverse) : 0;
    }
    for (int run = 0; format == QuantFormat.Q8_K && run < 16; run++) {
      int sum = 0;
      for (int i = 0; i < 16; i++) {
        sum += out[codes + 16 * run + i];
      }
      out[to + 260 + 2 * run] = (byte) sum;
      out[to + 261 + 2 * run] = (byte) (sum >> 8);
    }
  }
}
