package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * TQ2_0, 256 numbers in 66 bytes, value d (q - 1); ternary, but a code of 3 stands for 2 d.
 * <pre>
 *   0  64 bytes of 2-bit codes: 32 bytes for each 128 elements, element j in bits 2 (j / 32) of byte j % 32
 *  64  f16 d
 * </pre>
 * The encoder is {@link ScaleFit} on the three ternary levels with f from 0.5 to 8.
 */
enum FormatTQ2_0 implements BlockCodec {
  INSTANCE;

  /** Shared with TQ1_0. */
  static final Levels TERNARY = Levels.range(-1, 1);

  @Override
  public QuantFormat format() {
    return QuantFormat.TQ2_0;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at + 64);
    for (int j = 0; j < 256; j++) {
      int q = Fields.u8(blocks, at + j / 128 * 32 + j % 32) >> j % 128 / 32 * 2 & 3;
      out[to + j] = d * (q - 1);
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    double d = new ScaleFit(TERNARY, 0.5, 8, Fields::roundToHalf).fit(x, from, 256);
    int[] q = TERNARY.nearest(x, from, 256, d);
    for (int i = 0; i < 64; i++) {
      int j = i / 32 * 128 + i % 32;
      Fields.u8(blocks, at + i, q[j] | q[j + 32] << 2 | q[j + 64] << 4 | q[j + 96] << 6);
    }
    Fields.half(blocks, at + 64, (float) d);
  }
}
