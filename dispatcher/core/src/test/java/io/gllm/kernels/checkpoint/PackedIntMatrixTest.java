package io.gllm.kernels.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.checkpoint.PackedIntMatrix.Order;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Packed integers of 1, 2, 4 and 8 bits. */
class PackedIntMatrixTest {
  private static float[] row(int bits, int columns, int... bytes) {
    byte[] codes = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      codes[i] = (byte) bytes[i];
    }
    return ScaledWeights.decode(new PackedIntMatrix(bits, Order.ROWS, 1, columns, MemorySegment.ofArray(codes), new float[]{0.5f}));
  }

  @Test
  void codesLieLowestBitsFirst() {
    assertArrayEquals(new float[]{0.5f, -64, -0.5f}, row(8, 3, 1, 128, 255));
    assertArrayEquals(new float[]{-4, -3.5f, 3.5f}, row(4, 3, 0x10, 0x0f));
    assertArrayEquals(new float[]{-1, -0.5f, 0, 0.5f, 0}, row(2, 5, 0b11100100, 0b10));
    assertArrayEquals(new float[]{0.5f, -0.5f, -0.5f, -0.5f, -0.5f, -0.5f, -0.5f, 0.5f, -0.5f}, row(1, 9, 0x81, 0));
  }

  @Test
  void columnsArePackedAlongTheOutputs() {
    PackedIntMatrix matrix = new PackedIntMatrix(4, Order.COLUMNS, 3, 2,
        MemorySegment.ofArray(new byte[]{(byte) 0x98, 0x0a, (byte) 0xcb, 0x0d}),
        new float[]{1, 10, 100});
    assertArrayEquals(new float[]{0, 3, 10, 40, 200, 500}, ScaledWeights.decode(matrix));
  }

  @ParameterizedTest
  @CsvSource({"1,5,13", "2,5,13", "4,5,13", "8,5,13", "1,8,32", "2,8,32", "4,8,32", "8,8,32", "4,1,1"})
  void encodesWithinHalfAScaleAndAgainWithoutChange(int bits, int rows, int columns) {
    Random random = new Random(bits);
    float[] weights = new float[rows * columns];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) random.nextGaussian();
    }
    for (Order order : Order.values()) {
      PackedIntMatrix matrix = PackedIntMatrix.encode(bits, order, rows, columns, weights);
      float[] decoded = ScaledWeights.decode(matrix);
      for (int i = 0; i < weights.length; i++) {
        float scale = matrix.scales()[i / columns];
        double error = Math.abs((double) decoded[i] - weights[i]);
        assertTrue(bits == 1 ? Math.signum(decoded[i]) == Math.signum(weights[i]) : error <= scale * 0.500001,
            matrix + " " + i + ": " + error);
      }
      PackedIntMatrix again = PackedIntMatrix.encode(bits, order, rows, columns, decoded);
      for (int i = 0; i < decoded.length; i++) {
        assertEquals(decoded[i], ScaledWeights.decode(again)[i], Math.abs(decoded[i]) * 0x1p-22f);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 5, 6, 7, 16})
  void otherBitsAreRefused(int bits) {
    assertThrows(IllegalArgumentException.class,
        () -> new PackedIntMatrix(bits, Order.ROWS, 1, 1, MemorySegment.ofArray(new byte[1]), new float[1]));
  }

  @Test
  void whatDoesNotFitIsRefused() {
    assertThrows(IllegalArgumentException.class,
        () -> new PackedIntMatrix(4, Order.ROWS, 3, 3, MemorySegment.ofArray(new byte[5]), new float[3]), "a row starts at a byte");
    assertThrows(IllegalArgumentException.class,
        () -> new PackedIntMatrix(4, Order.ROWS, 3, 3, MemorySegment.ofArray(new byte[6]), new float[2]));
    assertThrows(IllegalArgumentException.class, () -> PackedIntMatrix.encode(4, Order.ROWS, 1, 2, new float[]{1, Float.NaN}));
    assertThrows(IllegalArgumentException.class, () -> PackedIntMatrix.encode(4, Order.ROWS, 1, 2, new float[3]));
  }

  @Test
  void zerosStayZero() {
    assertArrayEquals(new float[4], ScaledWeights.decode(PackedIntMatrix.encode(4, Order.ROWS, 2, 2, new float[4])));
  }
}
