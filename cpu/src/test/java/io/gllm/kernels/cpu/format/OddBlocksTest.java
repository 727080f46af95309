package io.gllm.kernels.cpu.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.testkit.oracle.Blocks;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Blocks that no encoder writes: scales that are infinite, NaN, subnormal or zero. Decoding agrees with the definition on all. */
class OddBlocksTest {
  private static float[] checked(QuantFormat format, byte[] bytes) {
    int n = bytes.length / format.blockBytes() * format.blockElements();
    float[] values = new float[n];
    BlockFormat.of(format).decodeRow(MemorySegment.ofArray(bytes), 0, values, n);
    double[] expected = Blocks.decode(format, bytes);
    for (int i = 0; i < n; i++) {
      assertEquals((float) expected[i], values[i], format.label() + " element " + i);
    }
    return values;
  }

  @ParameterizedTest
  @EnumSource(QuantFormat.class)
  void zeros(QuantFormat format) {
    for (float v : checked(format, new byte[3 * format.blockBytes()])) {
      assertEquals(0.0f, Math.abs(v));
    }
  }

  @ParameterizedTest
  @EnumSource(QuantFormat.class)
  void everyBitSet(QuantFormat format) {
    byte[] bytes = new byte[2 * format.blockBytes()];
    Arrays.fill(bytes, (byte) -1);
    checked(format, bytes);
  }

  /** The same two bytes everywhere: among them every scale that is infinite, NaN, subnormal or negative zero. */
  @ParameterizedTest
  @EnumSource(QuantFormat.class)
  void scalesOfEveryKind(QuantFormat format) {
    int special = 0;
    for (int half : new int[]{0x7c00, 0xfc00, 0x7e01, 0xfdff, 0x0001, 0x8001, 0x03ff, 0x8000, 0x7bff, 0x0400, 0x3c00}) {
      byte[] bytes = new byte[4 * format.blockBytes()];
      new Random(half).nextBytes(bytes);
      for (int block = 0; block < 4; block++) {
        for (int at = 0; at + 1 < format.blockBytes() && block > 0; at += 2) {
          if (block == 3 || at < 8 || at + 8 >= format.blockBytes()) {
            bytes[block * format.blockBytes() + at] = (byte) half;
            bytes[block * format.blockBytes() + at + 1] = (byte) (half >> 8);
          }
        }
      }
      for (float v : checked(format, bytes)) {
        special += Float.isFinite(v) ? 0 : 1;
      }
    }
    boolean finite = format == QuantFormat.MXFP4 || format == QuantFormat.NVFP4;
    assertTrue(special > 0 || finite, "no scale was infinite or NaN");
  }

  @ParameterizedTest
  @EnumSource(QuantFormat.class)
  void randomBits(QuantFormat format) {
    byte[] bytes = new byte[500 * format.blockBytes()];
    new Random(format.ordinal()).nextBytes(bytes);
    checked(format, bytes);
  }
}
