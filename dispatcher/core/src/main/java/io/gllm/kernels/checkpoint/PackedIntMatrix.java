package io.gllm.kernels.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * Integers of 1, 2, 4 or 8 bits with one f32 scale per output, {@code w[n][k] = scale[n] * level}. Codes lie lowest bits first; every
 * line starts at a byte.
 * <pre>
 * bits  level
 *    8  i8
 *    4  code - 8     element 2 i in the low nibble
 *    2  code - 2
 *    1  1 or -1      -1 for code 0
 * </pre>
 */
public final class PackedIntMatrix extends ScaledMatrix {
  private final int bits;
  private final Order order;
  private final MemorySegment codes;
  private final float[] scales;

  /** Which lines the codes form. */
  public enum Order {
    /** [N][K], packed along the inputs. */
    ROWS,
    /** [K][N], packed along the outputs. */
    COLUMNS;

    long lineBytes(int rows, int columns, int bits) {
      return ((long) (this == ROWS ? columns : rows) * bits + 7) / 8;
    }

    long bytes(int rows, int columns, int bits) {
      return lineBytes(rows, columns, bits) * (this == ROWS ? rows : columns);
    }
  }

  /**
   * The matrix in these codes, which are used in place.
   *
   * @throws IllegalArgumentException if the bits are none of 1, 2, 4 and 8, or a size does not fit
   */
  public PackedIntMatrix(int bits, Order order, int rows, int columns, MemorySegment codes, float[] scales) {
    super(rows, columns);
    requireBits(bits);
    if (scales.length != rows) {
      throw new IllegalArgumentException(scales.length + " scales for " + rows + " outputs");
    }
    long bytes = order.bytes(rows, columns, bits);
    PackedWords.requireBytes("codes", codes, bytes, rows + " x " + columns + " codes of " + bits + " bits, packed by " + order + ",");
    this.bits = bits;
    this.order = Objects.requireNonNull(order, "order");
    this.codes = codes;
    this.scales = scales.clone();
  }

  private static void requireBits(int bits) {
    if (bits != 1 && bits != 2 && bits != 4 && bits != 8) {
      throw new IllegalArgumentException("packed integers have 1, 2, 4 or 8 bits, not " + bits);
    }
  }

  /**
   * Encodes numbers [N][K]. The scale of an output is its largest absolute value over 127, 7 or 1, so that no number is off by more than
   * half a scale; with 1 bit it is the mean absolute value, which gives the least squares.
   *
   * @throws IllegalArgumentException if a number is not finite or the sizes do not fit
   */
  public static PackedIntMatrix encode(int bits, Order order, int rows, int columns, float[] weights) {
    requireBits(bits);
    if (weights.length != (long) rows * columns) {
      throw new IllegalArgumentException(weights.length + " weights for " + rows + " x " + columns);
    }
    MemorySegment codes = MemorySegment.ofArray(new byte[Math.toIntExact(order.bytes(rows, columns, bits))]);
    float[] scales = new float[rows];
    PackedIntMatrix matrix = new PackedIntMatrix(bits, order, rows, columns, codes, scales);
    for (int n = 0; n < rows; n++) {
      float scale = scale(bits, weights, n * columns, columns);
      matrix.scales[n] = scale;
      for (int k = 0; k < columns; k++) {
        matrix.put(n, k, code(bits, weights[n * columns + k], scale));
      }
    }
    return matrix;
  }

  private static float scale(int bits, float[] weights, int from, int count) {
    double largest = 0;
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      if (!Float.isFinite(weights[i])) {
        throw new IllegalArgumentException("weight " + i + " is " + weights[i]);
      }
      largest = Math.max(largest, Math.abs(weights[i]));
      sum += Math.abs(weights[i]);
    }
    return (float) (bits == 1 ? sum / count : largest / (bits == 2 ? 1 : (1 << bits - 1) - 1));
  }

  private static int code(int bits, float weight, float scale) {
    if (bits == 1) {
      return weight < 0 ? 0 : 1;
    }
    int top = bits == 2 ? 1 : (1 << bits - 1) - 1;
    int level = scale == 0 ? 0 : (int) Math.clamp(Math.rint((double) weight / scale), -top, top);
    return bits == 8 ? level : level + (1 << bits - 1);
  }

  private long bit(int row, int column) {
    long line = order == Order.ROWS ? row : column;
    long place = order == Order.ROWS ? column : row;
    return 8 * line * order.lineBytes(rows(), columns(), bits) + place * bits;
  }

  private int level(int row, int column) {
    long bit = bit(row, column);
    byte raw = codes.get(ValueLayout.JAVA_BYTE, bit >> 3);
    int code = raw >> (bit & 7) & (1 << bits) - 1;
    return switch (bits) {
      case 8 -> raw;
      case 1 -> 2 * code - 1;
      default -> code - (1 << bits - 1);
    };
  }

  private void put(int row, int column, int code) {
    long bit = bit(row, column);
    int mask = (1 << bits) - 1;
    byte old = codes.get(ValueLayout.JAVA_BYTE, bit >> 3);
    codes.set(ValueLayout.JAVA_BYTE, bit >> 3, (byte) (old | (code & mask) << (bit & 7)));
  }

  /** The scale of each output. */
  public float[] scales() {
    return scales.clone();
  }

  /** The packed codes. */
  public MemorySegment codes() {
    return codes.asReadOnly();
  }

  @Override
  public boolean levels(int first, int count, int[] levels, float[] scalesOut) {
    int columns = columns();
    for (int i = 0; i < count; i++) {
      for (int k = 0; k < columns; k++) {
        levels[i * columns + k] = level(first + i, k);
        scalesOut[i * columns + k] = scales[first + i];
      }
    }
    return true;
  }

  @Override
  public String format() {
    return "int" + bits + " by " + order;
  }
}
