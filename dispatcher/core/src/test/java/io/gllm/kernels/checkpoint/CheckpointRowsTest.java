package io.gllm.kernels.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.checkpoint.PackedIntMatrix.Order;
import io.gllm.kernels.testkit.oracle.Blocks;
import io.gllm.kernels.testkit.oracle.Floats;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Conversion to plain rows and to block formats: exact where it is said, within the stated bound elsewhere. */
class CheckpointRowsTest {
  /** Writes all rows and reads them back by the conformance kit's own decoders. */
  private static float[] roundTrip(CheckpointMatrix matrix, ElementType type) {
    CheckpointRows rows = new CheckpointRows(matrix, type);
    byte[] bytes = new byte[Math.toIntExact(matrix.rows() * rows.rowBytes())];
    rows.write(0, matrix.rows(), MemorySegment.ofArray(bytes));
    float[] out = new float[matrix.rows() * matrix.columns()];
    ByteBuffer plain = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    double[] decoded = type instanceof QuantFormat format ? Blocks.decode(format, bytes) : null;
    for (int i = 0; i < out.length; i++) {
      out[i] = decoded != null
          ? (float) decoded[i]
          : type == DType.F32 ? plain.getFloat(4 * i) : (float) Floats.fromHalf(plain.getShort(2 * i));
    }
    return out;
  }

  private static void requireExact(CheckpointMatrix matrix, ElementType expected) {
    assertEquals(expected, CheckpointRows.exactType(matrix), matrix.toString());
    assertArrayEquals(ScaledWeights.decode(matrix), roundTrip(matrix, expected), matrix + " as " + expected);
  }

  @ParameterizedTest
  @CsvSource({"2,true,q4_0", "2,false,q4_0", "3,true,q4_0", "3,false,q4_0", "4,true,q4_0", "4,false,q5_0", "8,true,q8_0", "8,false,f32"})
  void gptqInOrderFitsABlockFormatExactly(int bits, boolean symmetric, String expected) {
    for (int groupSize : new int[]{32, 64, -1}) {
      ScaledWeights weights = ScaledWeights.random(bits, bits, 19, 128, groupSize, false, symmetric);
      CheckpointMatrix matrix = weights.gptq(GptqVariant.V1, symmetric);
      assertEquals(expected, CheckpointRows.exactType(matrix).label());
      assertArrayEquals(weights.expected(), roundTrip(matrix, CheckpointRows.exactType(matrix)));
      assertArrayEquals(weights.expected(), roundTrip(matrix, DType.F32));
      if (bits < 8) {
        assertArrayEquals(weights.expected(), roundTrip(matrix, QuantFormat.Q8_0), "exact in q8_0 too");
      }
    }
  }

  @Test
  void theSmallestFormatIsTaken() {
    requireExact(ScaledWeights.random(1, 4, 17, 96, 32, false, false).awq(), QuantFormat.Q5_0);
    requireExact(ScaledWeights.random(1, 4, 17, 96, 32, false, true).awq(), QuantFormat.Q4_0);
    byte[] ones = new byte[5];
    Arrays.fill(ones, (byte) 1);
    ScaledWeights two = ScaledWeights.random(3, 2, 5, 64, -1, false, true);
    GptqConfig config = new GptqConfig(2, -1, GptqVariant.V2, false);
    requireExact(GptqMatrix.pack(config, 5, 64, two.codes(), ones, two.scales(), null), QuantFormat.Q2_0);
  }

  @Test
  void odderMatricesStayExactInF32() {
    requireExact(ScaledWeights.random(1, 4, 5, 64, 32, true, true).gptq(GptqVariant.V2, true), DType.F32);
    requireExact(ScaledWeights.random(1, 4, 5, 60, 32, false, true).gptq(GptqVariant.V2, true), DType.F32);
    requireExact(ScaledWeights.random(1, 4, 5, 64, 16, false, true).gptq(GptqVariant.V2, true), DType.F32);
    requireExact(PackedIntMatrix.encode(8, Order.ROWS, 3, 64, gaussians(3 * 64)), DType.F32);
    requireExact(SqueezeMatrix.pack(4, 2, 32, new byte[64], gaussians(32), null, null), DType.F32);
  }

  @Test
  void actOrderWithinAGroupIsStillExact() {
    ScaledWeights weights = ScaledWeights.random(1, 4, 5, 64, 32, false, true);
    int[] swapped = new int[64];
    Arrays.fill(swapped, 0, 32, 1);
    GptqConfig config = new GptqConfig(4, 32, GptqVariant.V2, true);
    requireExact(GptqMatrix.pack(config, 5, 64, weights.codes(), weights.zeros(), weights.scales(), swapped), QuantFormat.Q4_0);
  }

  @Test
  void packedIntegersAndOldBlocksFitToo() {
    float[] halves = {0.5f, -0.25f, 3};
    requireExact(new PackedIntMatrix(8, Order.ROWS, 3, 64, MemorySegment.ofArray(bytes(192)), halves), QuantFormat.Q8_0);
    requireExact(new PackedIntMatrix(4, Order.COLUMNS, 3, 64, MemorySegment.ofArray(bytes(128)), halves), QuantFormat.Q4_0);
    requireExact(new PackedIntMatrix(1, Order.ROWS, 3, 64, MemorySegment.ofArray(bytes(24)), halves), QuantFormat.Q2_0);
    requireExact(SeedBlockMatrix.encode(SeedFormat.SQUEEZE, 2, 256, gaussians(512)), QuantFormat.Q4_0);
    requireExact(SeedBlockMatrix.encode(SeedFormat.AWQ4, 2, 128, gaussians(256)), DType.F32);
    byte[] block = bytes(72);
    ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN).putShort(0, Float.floatToFloat16(0.1f)).putShort(4, Float.floatToFloat16(6));
    requireExact(new SeedBlockMatrix(SeedFormat.GPTQ4, 1, 128, MemorySegment.ofArray(block)), QuantFormat.Q5_0);
  }

  @ParameterizedTest
  @CsvSource({"f16", "q8_0"})
  void roundedRowsKeepTheStatedBound(String label) {
    ElementType type = label.equals("f16") ? DType.F16 : QuantFormat.Q8_0;
    for (CheckpointMatrix matrix : new CheckpointMatrix[]{ScaledWeights.random(1, 4, 21, 96, 32, true, false).gptq(GptqVariant.V1, false),
      ScaledWeights.random(1, 8, 21, 96, 32, true, false).gptq(GptqVariant.V2, false),
      SqueezeMatrix.pack(4, 2, 64, bytes(128, 15), gaussians(32), null, null),
      SqueezeMatrix.pack(3, 1, 32, bytes(32, 7), new float[]{0, 1e-7f, -2e-7f, 3e-9f, 0, 4e-6f, 1e-8f, -1e-6f}, null, null),
      SeedBlockMatrix.encode(SeedFormat.AWQ4, 2, 128, gaussians(256))}) {
      float[] exact = ScaledWeights.decode(matrix);
      float[] rounded = roundTrip(matrix, type);
      int differing = 0;
      for (int i = 0; i < exact.length; i++) {
        double largest = 0;
        for (int j = i & -32; j < (i & -32) + 32; j++) {
          largest = Math.max(largest, Math.abs(exact[j]));
        }
        double error = Math.abs((double) rounded[i] - exact[i]);
        assertTrue(error <= CheckpointRows.bound(type, exact[i], largest), matrix + " " + i + ": " + exact[i] + " became " + rounded[i]);
        differing += error > 0 ? 1 : 0;
      }
      assertTrue(differing > 0, "this test is about rounding");
    }
  }

  @Test
  void rowsMayBeWrittenInParts() {
    CheckpointMatrix matrix = ScaledWeights.random(1, 4, 45, 64, 32, false, false).awq();
    CheckpointRows rows = new CheckpointRows(matrix, QuantFormat.Q5_0);
    byte[] whole = new byte[(int) (45 * rows.rowBytes())];
    rows.write(0, 45, MemorySegment.ofArray(whole));
    byte[] parts = new byte[whole.length];
    for (int first = 0; first < 45; first += 9) {
      rows.write(first, 9, MemorySegment.ofArray(parts).asSlice(first * rows.rowBytes()));
    }
    assertArrayEquals(whole, parts);
  }

  @Test
  void whatCannotBeConvertedIsRefused() {
    CheckpointMatrix odd = ScaledWeights.random(1, 4, 5, 60, 32, false, true).awq();
    refused("no whole number of q8_0 blocks", () -> new CheckpointRows(odd, QuantFormat.Q8_0));
    refused("cannot become q4_k", () -> new CheckpointRows(odd, QuantFormat.Q4_K));
    refused("cannot become bf16", () -> new CheckpointRows(odd, DType.BF16));
    CheckpointMatrix wide = ScaledWeights.random(1, 4, 5, 64, 32, false, false).awq();
    refused("q4_0 does not hold exactly", () -> roundTrip(wide, QuantFormat.Q4_0));
    float[] large = new float[16];
    large[0] = 70_000;
    refused("column 0, is beyond f16", () -> roundTrip(SqueezeMatrix.pack(4, 1, 1, new byte[1], large, null, null), DType.F16));
    large[0] = 1e30f;
    refused("q8_0 cannot scale", () -> roundTrip(SqueezeMatrix.pack(4, 1, 32, new byte[32], large, null, null), QuantFormat.Q8_0));
    large[0] = Float.NaN;
    refused("q8_0 cannot scale", () -> roundTrip(SqueezeMatrix.pack(4, 1, 32, new byte[32], large, null, null), QuantFormat.Q8_0));
  }

  private static void refused(String expected, Runnable conversion) {
    var e = assertThrows(IllegalArgumentException.class, conversion::run);
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  private static float[] gaussians(int count) {
    Random random = new Random(count);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  private static byte[] bytes(int count) {
    return bytes(count, -1);
  }

  private static byte[] bytes(int count, int mask) {
    byte[] bytes = new byte[count];
    new Random(count).nextBytes(bytes);
    for (int i = 0; i < count; i++) {
      bytes[i] &= (byte) mask;
    }
    return bytes;
  }
}
