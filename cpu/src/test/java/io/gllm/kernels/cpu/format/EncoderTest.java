package io.gllm.kernels.cpu.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Encoders: close to the best that one scale for the block can do, exact where that is possible, and safe with odd blocks. */
class EncoderTest {
  private static final Set<QuantFormat> ENCODED = EnumSet.of(QuantFormat.Q4_0, QuantFormat.Q4_1, QuantFormat.Q5_0, QuantFormat.Q5_1,
      QuantFormat.Q8_0, QuantFormat.Q8_1, QuantFormat.Q2_K, QuantFormat.Q3_K, QuantFormat.Q4_K, QuantFormat.Q5_K, QuantFormat.Q6_K,
      QuantFormat.Q8_K, QuantFormat.IQ4_NL, QuantFormat.IQ4_XS, QuantFormat.MXFP4, QuantFormat.NVFP4, QuantFormat.TQ1_0, QuantFormat.TQ2_0,
      QuantFormat.Q1_0, QuantFormat.Q2_0);

  /** The square of the rounding of a scale to f16, in relation to the square of what it scales. */
  private static final double HALF_ROUNDING = 0x1p-22;

  private static BlockCodec codec(QuantFormat format) {
    return (BlockCodec) BlockFormat.of(format);
  }

  static Stream<QuantFormat> encoded() {
    return ENCODED.stream();
  }

  @Test
  void gridFormatsAreOnlyDecoded() {
    for (QuantFormat format : QuantFormat.values()) {
      assertEquals(ENCODED.contains(format), BlockFormat.of(format) instanceof BlockCodec, format.label());
      assertEquals(format, BlockFormat.of(format).format());
    }
  }

  private static float[] roundTrip(BlockCodec codec, float[] x) {
    MemorySegment blocks = MemorySegment.ofArray(new byte[(int) codec.format().bytesFor(x.length)]);
    codec.encodeRow(x, x.length, blocks, 0);
    float[] out = new float[x.length];
    codec.decodeRow(blocks, 0, out, x.length);
    return out;
  }

  private static double error(float[] x, float[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += ((double) x[i] - y[i]) * ((double) x[i] - y[i]);
    }
    return sum;
  }

  /** Blocks of many shapes, the same for every run. */
  private static List<float[]> blocks(int n, double... sizes) {
    List<float[]> all = new ArrayList<>();
    Random random = new Random(n);
    for (double size : sizes) {
      for (int i = 0; i < 3; i++) {
        float[][] block = new float[11][n];
        for (int j = 0; j < n; j++) {
          double g = random.nextGaussian() * size;
          block[0][j] = (float) g;
          block[1][j] = (float) (random.nextDouble(-1, 1) * size);
          block[2][j] = (float) (g * Math.abs(random.nextGaussian() * random.nextGaussian()));
          block[3][j] = (float) (random.nextInt(6) == 0 ? g : 0);
          block[4][j] = (float) (j == i * 5 % n ? 20 * size : g);
          block[5][j] = (float) (Math.abs(g) + size);
          block[6][j] = (float) -Math.abs(g);
          block[7][j] = (float) (size * (j - n / 2));
          block[8][j] = (float) (random.nextInt(-2, 3) * size);
          block[9][j] = (float) (g * Math.pow(4, j / 16 % 8 - 4));
          block[10][j] = (float) ((j & 1) == 0 ? size : -size / (1 + i));
        }
        all.addAll(List.of(block));
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("encoded")
  void noWorseThanTheBestSingleScale(QuantFormat format) {
    for (float[] x : blocks(format.blockElements(), 1, 0.02, 1e3)) {
      double best = SingleScale.leastError(format, x);
      double size = error(x, new float[x.length]);
      double error = error(x, roundTrip(codec(format), x));
      assertTrue(error <= 1.02 * best + HALF_ROUNDING * size,
          () -> format.label() + " has error " + error + " where one scale has " + best + ": " + Arrays.toString(x));
    }
  }

  /** What a format has decoded is encoded with no more loss than the first time. */
  @ParameterizedTest
  @MethodSource("encoded")
  void decodedBlocksKeepTheirValues(QuantFormat format) {
    for (float[] x : blocks(format.blockElements(), 1)) {
      float[] once = roundTrip(codec(format), x);
      float[] twice = roundTrip(codec(format), once);
      assertTrue(error(once, twice) <= 1.02 * error(x, once) + HALF_ROUNDING * error(x, new float[x.length]),
          () -> format.label() + Arrays.toString(x));
    }
  }

  @ParameterizedTest
  @MethodSource("encoded")
  void zerosStayZero(QuantFormat format) {
    float[] x = new float[3 * format.blockElements()];
    for (float v : roundTrip(codec(format), x)) {
      assertEquals(0.0f, Math.abs(v), format.label());
    }
  }

  /** Too large and too small for the scales: finite all the same, of the same sign or zero. */
  @ParameterizedTest
  @MethodSource("encoded")
  void extremeNumbersStayFinite(QuantFormat format) {
    for (float size : new float[]{Float.MAX_VALUE, 1e30f, 1e6f, 1e-7f, 1e-9f, 1e-30f, Float.MIN_NORMAL, Float.MIN_VALUE}) {
      float[] x = new float[2 * format.blockElements()];
      for (int i = 0; i < x.length; i++) {
        x[i] = i % 3 == 0 ? size : i % 3 == 1 ? -size : 0;
      }
      float[] y = roundTrip(codec(format), x);
      for (int i = 0; i < x.length; i++) {
        assertTrue(Float.isFinite(y[i]) && Math.abs(y[i]) <= 2.1 * size, format.label() + ": " + size + " became " + y[i]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("encoded")
  void infinityAndNaNAreRefused(QuantFormat format) {
    for (float bad : new float[]{Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] x = new float[2 * format.blockElements()];
      x[format.blockElements() + 3] = bad;
      MemorySegment blocks = MemorySegment.ofArray(new byte[2 * format.blockBytes()]);
      String message = assertThrows(IllegalArgumentException.class, () -> codec(format).encodeRow(x, x.length, blocks, 0)).getMessage();
      assertTrue(message.contains("element " + (format.blockElements() + 3)) && message.contains(format.label()), message);
      assertArrayEquals(new byte[2 * format.blockBytes()], (byte[]) blocks.heapBase().orElseThrow(), "nothing was written");
    }
  }

  /** Sums that integer products read instead of the codes. */
  @Test
  void activationFormatsStoreTheirSums() {
    for (float[] x : blocks(256, 1)) {
      MemorySegment k = MemorySegment.ofArray(new byte[292]);
      codec(QuantFormat.Q8_K).encode(x, 0, k, 0);
      for (int group = 0; group < 16; group++) {
        int sum = 0;
        for (int j = 0; j < 16; j++) {
          sum += Fields.i8(k, 4 + group * 16 + j);
        }
        assertEquals((short) sum, (short) Fields.u16(k, 260 + group * 2));
      }
      MemorySegment one = MemorySegment.ofArray(new byte[36]);
      codec(QuantFormat.Q8_1).encode(x, 64, one, 0);
      int sum = 0;
      for (int j = 0; j < 32; j++) {
        sum += Fields.i8(one, 4 + j);
      }
      assertEquals(Fields.roundToHalf((double) Fields.half(one, 0) * sum), Fields.half(one, 2));
    }
  }
}
