package io.gllm.kernels.checkpoint;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.QuantMatMul;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;

/**
 * A matrix of a checkpoint as the rows W[N][K] that operators take.
 * <ul>
 * <li>F32: exactly the decoded numbers.
 * <li>F16: each rounded to nearest, an error of at most 2^-11 of it or 2^-25.
 * <li>Q2_0, Q4_0, Q5_0, Q8_0: exactly the decoded numbers where each block has one f16 scale and levels in the range of the format.
 * This is always so for AWQ and for GPTQ in order, if groups are whole blocks: 2 and 3 bits fit Q4_0, 4 bits fit Q5_0, and Q4_0 where the
 * zero points are in the middle, 8 bits fit Q8_0 with the zero point in the middle.
 * <li>Q8_0 takes any other block with a step of its largest absolute value / 127, an error of at most {@link #bound}.
 * </ul>
 */
public final class CheckpointRows {
  /** Rows that are decoded together: a cache line of 32-bit words, few enough for the memory of wide matrices. */
  private static final int TILE = 16;

  private final CheckpointMatrix matrix;
  private final ElementType type;
  private final long rowBytes;

  /**
   * Rows of this type.
   *
   * @throws IllegalArgumentException if there is no conversion to the type, or K is no whole number of its blocks
   */
  public CheckpointRows(CheckpointMatrix matrix, ElementType type) {
    boolean known = type == DType.F32 || type == DType.F16 || type instanceof QuantFormat format && LevelBlocks.of(format) != null;
    if (!known) {
      throw new IllegalArgumentException(matrix + " cannot become " + type.label() + "; there are f32, f16, q2_0, q4_0, q5_0 and q8_0");
    }
    if (matrix.columns() % type.blockElements() != 0) {
      throw new IllegalArgumentException(
          matrix + " has rows that are no whole number of " + type.label() + " blocks of " + type.blockElements());
    }
    this.matrix = matrix;
    this.type = type;
    this.rowBytes = type.bytesFor(matrix.columns());
  }

  /** The smallest type that holds every number exactly: a block format, or F32. */
  public static ElementType exactType(CheckpointMatrix matrix) {
    int holding = holding(matrix, 0); // often tells already that nothing holds it
    if (holding != 0) {
      holding &= IntStream.range(1, Math.ceilDiv(matrix.rows(), TILE)).parallel().map(tile -> holding(matrix, tile)).reduce(-1,
          (a, b) -> a & b);
    }
    return holding == 0 ? DType.F32 : LevelBlocks.values()[Integer.numberOfTrailingZeros(holding)].format();
  }

  /** A bit for each constant that holds a tile. */
  private static int holding(CheckpointMatrix matrix, int tile) {
    int first = tile * TILE;
    int count = Math.min(TILE, matrix.rows() - first);
    int[] levels = new int[Math.multiplyExact(count, matrix.columns())];
    float[] scales = new float[levels.length];
    if (!matrix.levels(first, count, levels, scales)) {
      return 0;
    }
    int holding = 0;
    for (LevelBlocks blocks : LevelBlocks.values()) {
      if (matrix.columns() % blocks.elements() == 0 && holdsAll(blocks, levels, scales, levels.length)) {
        holding |= 1 << blocks.ordinal();
      }
    }
    return holding;
  }

  private static boolean holdsAll(LevelBlocks blocks, int[] levels, float[] scales, int count) {
    for (int from = 0; from < count; from += blocks.elements()) {
      if (!blocks.holds(levels, scales, from)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Largest difference between a decoded number and its place in rows of {@code type} that do not hold it exactly.
   *
   * @param number the decoded number
   * @param largest the largest absolute value of its block, for Q8_0
   */
  public static double bound(ElementType type, double number, double largest) {
    if (type == DType.F16) {
      return Math.max(Math.abs(number) * 0x1p-11, 0x1p-25);
    }
    return type == QuantFormat.Q8_0 ? QuantMatMul.activationError(QuantFormat.Q8_0, largest) : 0;
  }

  /** What the elements are. */
  public ElementType type() {
    return type;
  }

  /** Bytes of a row. */
  public long rowBytes() {
    return rowBytes;
  }

  /**
   * Writes rows [first, first + count), on several threads.
   *
   * @param out memory that every thread may write
   * @throws IllegalArgumentException if a number does not fit the type: the message names it
   */
  public void write(int first, int count, MemorySegment out) {
    IntStream.range(0, Math.ceilDiv(count, TILE)).parallel().forEach(index -> {
      int done = index * TILE;
      int rows = Math.min(TILE, count - done);
      MemorySegment tile = out.asSlice(done * rowBytes, rows * rowBytes);
      if (type instanceof QuantFormat format) {
        writeBlocks(LevelBlocks.of(format), first + done, rows, tile);
      } else {
        writeFloats(first + done, rows, tile);
      }
    });
  }

  private float[] decoded(int first, int rows) {
    float[] numbers = new float[Math.multiplyExact(rows, matrix.columns())];
    matrix.decode(first, rows, numbers);
    return numbers;
  }

  private void writeFloats(int first, int rows, MemorySegment out) {
    float[] numbers = decoded(first, rows);
    for (int i = 0; i < numbers.length; i++) {
      if (type == DType.F32) {
        out.setAtIndex(PackedWords.FLOAT, i, numbers[i]);
        continue;
      }
      short half = Float.floatToFloat16(numbers[i]);
      if (Float.isInfinite(Float.float16ToFloat(half)) && !Float.isInfinite(numbers[i])) {
        throw bad(first, i, numbers[i], "is beyond f16");
      }
      out.setAtIndex(PackedWords.SHORT, i, half);
    }
  }

  private void writeBlocks(LevelBlocks blocks, int first, int rows, MemorySegment out) {
    int[] levels = new int[Math.multiplyExact(rows, matrix.columns())];
    float[] scales = new float[levels.length];
    boolean leveled = matrix.levels(first, rows, levels, scales);
    float[] numbers = null;
    for (int from = 0; from < levels.length; from += blocks.elements()) {
      long at = (long) from / blocks.elements() * blocks.format().blockBytes();
      if (leveled && blocks.holds(levels, scales, from)) {
        blocks.write(levels, from, scales[from], out, at);
      } else if (blocks == LevelBlocks.Q8_0) {
        numbers = numbers == null ? decoded(first, rows) : numbers;
        round(first, numbers, from, levels, out, at);
      } else {
        throw bad(first, from, scales[from], "starts a block that " + type.label() + " does not hold exactly");
      }
    }
  }

  /** A Q8_0 block of numbers that are no levels of one scale; {@code levels} is overwritten. */
  private void round(int first, float[] numbers, int from, int[] levels, MemorySegment out, long at) {
    float largest = 0;
    for (int i = from; i < from + 32; i++) {
      largest = Math.max(largest, Math.abs(numbers[i]));
    }
    float scale = Float.float16ToFloat(Float.floatToFloat16(largest / 127));
    if (!Float.isFinite(scale)) { // of a NaN too: Math.max keeps it
      throw bad(first, from, largest, "is the largest of a block that q8_0 cannot scale");
    }
    for (int i = from; i < from + 32; i++) {
      levels[i] = scale == 0 ? 0 : (int) Math.clamp(Math.rint((double) numbers[i] / scale), -127, 127);
    }
    LevelBlocks.Q8_0.write(levels, from, scale, out, at);
  }

  private IllegalArgumentException bad(int first, int index, float number, String problem) {
    int columns = matrix.columns();
    return new IllegalArgumentException(
        matrix + ": " + number + " in row " + (first + index / columns) + ", column " + index % columns + ", " + problem);
  }
}
