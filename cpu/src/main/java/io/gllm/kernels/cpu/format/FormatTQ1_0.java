package io.gllm.kernels.cpu.format;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/**
 * TQ1_0, 256 numbers in 54 bytes, value d (t - 1) with ternary digits t.
 * <pre>
 *   0  32 bytes of five digits: digit i of byte j is element 32 i + j
 *  32  16 bytes of five digits: digit i of byte j is element 160 + 16 i + j
 *  48  4 bytes of four digits: digit i of byte j is element 240 + 4 i + j
 *  52  f16 d
 * </pre>
 * A byte is a fraction of 256 in base 3: digit i is the integer part of 3 times the fraction that is left after i digits.
 * The encoder is that of {@link FormatTQ2_0}.
 */
enum FormatTQ1_0 implements BlockCodec {
  INSTANCE;

  private static final int[] POWERS = {1, 3, 9, 27, 81};
  private static final int[] BYTES = {0, 32, 48};
  private static final int[] WIDTH = {32, 16, 4};
  private static final int[] FIRST = {0, 160, 240};

  @Override
  public QuantFormat format() {
    return QuantFormat.TQ1_0;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Fields.half(blocks, at + 52);
    for (int run = 0; run < 3; run++) {
      for (int digit = 0; digit < (run < 2 ? 5 : 4); digit++) {
        for (int j = 0; j < WIDTH[run]; j++) {
          int left = Fields.u8(blocks, at + BYTES[run] + j) * POWERS[digit] & 255;
          out[to + FIRST[run] + digit * WIDTH[run] + j] = d * ((left * 3 >> 8) - 1);
        }
      }
    }
  }

  @Override
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    double d = new ScaleFit(FormatTQ2_0.TERNARY, 0.5, 8, Fields::roundToHalf).fit(x, from, 256);
    int[] t = FormatTQ2_0.TERNARY.nearest(x, from, 256, d);
    for (int run = 0; run < 3; run++) {
      for (int j = 0; j < WIDTH[run]; j++) {
        int number = 0;
        for (int digit = 0; digit < 5; digit++) {
          number = number * 3 + (run == 2 && digit == 4 ? 0 : t[FIRST[run] + digit * WIDTH[run] + j]);
        }
        Fields.u8(blocks, at + BYTES[run] + j, (number * 256 + 242) / 243); // rounded up, so that every digit comes out whole
      }
    }
    Fields.half(blocks, at + 52, (float) d);
  }
}
