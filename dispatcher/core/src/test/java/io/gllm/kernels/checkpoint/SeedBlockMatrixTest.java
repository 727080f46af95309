package io.gllm.kernels.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The blocks of the first drafts. */
class SeedBlockMatrixTest {
  private static float[] decode(SeedFormat format, byte[] block) {
    float[] out = new float[format.blockElements()];
    format.decode(MemorySegment.ofArray(block), 0, out, 0);
    return out;
  }

  @ParameterizedTest
  @EnumSource(names = {"AWQ4", "GPTQ4"})
  void nibblesHaveScaleAndZero(SeedFormat format) {
    byte[] block = new byte[72];
    new Random(1).nextBytes(block);
    ByteBuffer fields = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
    fields.putShort(0, Float.floatToFloat16(0.1f)).putShort(4, Float.floatToFloat16(7.3f));
    double scale = Float.float16ToFloat(fields.getShort(0));
    double zero = Float.float16ToFloat(fields.getShort(4));
    float[] expected = new float[128];
    for (int j = 0; j < 128; j++) {
      int code = block[8 + j / 2] >> (j % 2 == 0 ? 0 : 4) & 15;
      expected[j] = (float) (scale * (code - zero));
    }
    assertArrayEquals(expected, decode(format, block));
  }

  @Test
  void squeezeHasAStreamOfThreeBits() {
    byte[] block = new byte[130];
    new Random(2).nextBytes(block);
    ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN).putShort(0, Float.floatToFloat16(0.25f));
    float[] expected = new float[256];
    for (int j = 0; j < 256; j++) {
      int code = 0;
      for (int i = 0; i < 3; i++) {
        int bit = 3 * j + i;
        code |= (block[2 + bit / 8] >> bit % 8 & 1) << i;
      }
      expected[j] = 0.25f * (code - 4);
    }
    assertArrayEquals(expected, decode(SeedFormat.SQUEEZE, block));
  }

  @ParameterizedTest
  @EnumSource
  void encodesWithinHalfAScale(SeedFormat format) {
    Random random = new Random(3);
    float[] weights = new float[3 * 2 * format.blockElements()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) random.nextGaussian() + (i < format.blockElements() ? 9 : 0);
    }
    SeedBlockMatrix matrix = SeedBlockMatrix.encode(format, 3, 2 * format.blockElements(), weights);
    float[] decoded = ScaledWeights.decode(matrix);
    for (int i = 0; i < weights.length; i++) {
      int at = i / format.blockElements() * format.blockBytes();
      float scale = format.scale(matrix.blocks(), at);
      assertEquals(weights[i], decoded[i], Math.abs(scale) * 0.52, matrix + " " + i);
    }
    for (int pad : format == SeedFormat.SQUEEZE ? new int[]{98, 129} : new int[]{2, 3, 6, 7}) {
      assertEquals(0, matrix.blocks().get(ValueLayout.JAVA_BYTE, pad));
    }
    float[] row = new float[2 * format.blockElements()];
    matrix.decode(2, 1, row);
    assertEquals(decoded[4 * format.blockElements()], row[0]);
  }

  @ParameterizedTest
  @EnumSource
  void zerosStayZeroAndOddInputIsRefused(SeedFormat format) {
    int n = format.blockElements();
    assertArrayEquals(new float[n], ScaledWeights.decode(SeedBlockMatrix.encode(format, 1, n, new float[n])));
    float[] nan = new float[n];
    nan[5] = Float.NaN;
    assertThrows(IllegalArgumentException.class, () -> SeedBlockMatrix.encode(format, 1, n, nan));
    float[] huge = new float[n];
    huge[5] = 1e30f;
    var e = assertThrows(IllegalArgumentException.class, () -> SeedBlockMatrix.encode(format, 1, n, huge));
    assertTrue(e.getMessage().contains("beyond f16"), e.getMessage());
    MemorySegment blocks = MemorySegment.ofArray(new byte[format.blockBytes()]);
    assertThrows(IllegalArgumentException.class, () -> new SeedBlockMatrix(format, 1, n - 1, blocks));
    assertThrows(IllegalArgumentException.class, () -> new SeedBlockMatrix(format, 2, n, blocks));
  }
}
