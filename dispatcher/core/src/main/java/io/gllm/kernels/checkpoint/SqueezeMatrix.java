package io.gllm.kernels.checkpoint;

import io.gllm.kernels.safetensors.SafetensorsSource;
import io.gllm.kernels.safetensors.SafetensorsTensor;
import io.gllm.kernels.safetensors.SafetensorsType;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * SqueezeLLM: each output has a table of its own, {@code w[n][k] = table[n][q[k][n]]}, to which outliers and full rows are added, each
 * sum rounded to f32, outliers first.
 * <pre>
 * qweight           i32 [ceil(K bits / 32)][N]   3 or 4 bits, packed down a column as GPTQ does
 * lookup_table      f32 [N][2^bits]
 * rows cols vals    i32 [N + 1], i32, f32        optional outliers as compressed rows
 * full_rows         f32 [K][X]                   optional: X outputs whose additions are stored for every input
 * full_row_indices  i32 [X]                      which outputs these are
 * </pre>
 */
public final class SqueezeMatrix implements CheckpointMatrix {
  private final int bits;
  private final int rows;
  private final int columns;
  private final PackedWords qweight;
  private final MemorySegment table;
  private final SparseRows outliers;
  private final FullRows full;

  /**
   * Outputs with an addition for every input.
   *
   * @param outputs X outputs
   * @param values f32 [K][X]
   */
  public record FullRows(int[] outputs, MemorySegment values) {
    static final FullRows NONE = new FullRows(new int[0], MemorySegment.ofArray(new float[0]));

    private void require(int rows, int columns) {
      PackedWords.requireBytes("full_rows", values, 4L * outputs.length * columns, columns + " x " + outputs.length + " f32");
      for (int output : outputs) {
        if (output < 0 || output >= rows) {
          throw new IllegalArgumentException("full_row_indices holds " + output + ", there are " + rows + " outputs");
        }
      }
    }

    private void addTo(int row, float[] out, int at, int columns) {
      for (int x = 0; x < outputs.length; x++) {
        for (int k = 0; outputs[x] == row && k < columns; k++) {
          out[at + k] += values.getAtIndex(PackedWords.FLOAT, (long) k * outputs.length + x);
        }
      }
    }
  }

  /**
   * The matrix in these tensors, which are used in place.
   *
   * @param outliers additions to single elements, or null
   * @param full additions to whole outputs, or null
   * @throws IllegalArgumentException if the sizes do not fit or an index is out of range
   */
  public SqueezeMatrix(int bits, int rows, int columns, MemorySegment qweight, MemorySegment table, SparseRows outliers, FullRows full) {
    requireBits(bits);
    if (rows < 1 || columns < 1) {
      throw new IllegalArgumentException("a matrix of " + rows + " x " + columns + " has no elements");
    }
    this.bits = bits;
    this.rows = rows;
    this.columns = columns;
    this.qweight = new PackedWords("qweight", qweight, PackedWords.wordsFor(columns, bits), rows, bits);
    PackedWords.requireBytes("lookup_table", table, 4L * rows << bits, rows + " x " + (1 << bits) + " f32");
    this.table = table;
    this.outliers = Objects.requireNonNullElse(outliers, SparseRows.none(rows));
    this.full = Objects.requireNonNullElse(full, FullRows.NONE);
    this.outliers.require(rows, columns);
    this.full.require(rows, columns);
  }

  private static void requireBits(int bits) {
    if (bits != 3 && bits != 4) {
      throw new IllegalArgumentException("SqueezeLLM has 3 or 4 bits, not " + bits);
    }
  }

  /**
   * The matrix of the tensors {@code prefix + ".qweight"}, {@code ".lookup_table"} and those of outliers and full rows where they exist.
   *
   * @throws IllegalArgumentException if there is no such number of bits
   * @throws io.gllm.kernels.safetensors.SafetensorsException if a tensor is missing or does not fit
   */
  public static SqueezeMatrix load(SafetensorsSource source, String prefix, int bits, int columns) {
    requireBits(bits);
    CheckpointTensors tensors = new CheckpointTensors(source, prefix);
    SafetensorsTensor qweight = tensors.matrix("qweight", SafetensorsType.I32);
    SafetensorsTensor table = tensors.matrix("lookup_table", SafetensorsType.F32);
    int rows = CheckpointTensors.size(qweight, 1);
    tensors.requireShape(qweight, PackedWords.wordsFor(columns, bits), rows);
    tensors.requireShape(table, rows, 1 << bits);
    SparseRows outliers = tensors.has("rows")
        ? new SparseRows(tensors.ints("rows"), tensors.ints("cols"),
            tensors.vector("vals", SafetensorsType.F32).segment().toArray(PackedWords.FLOAT))
        : null;
    FullRows full = tensors.has("full_rows")
        ? new FullRows(tensors.ints("full_row_indices"), tensors.matrix("full_rows", SafetensorsType.F32).segment())
        : null;
    return CheckpointTensors.checked(qweight,
        () -> new SqueezeMatrix(bits, rows, columns, qweight.segment(), table.segment(), outliers, full));
  }

  /**
   * Packs codes into new memory.
   *
   * @param codes [N][K]
   * @param table [N][2^bits]
   */
  public static SqueezeMatrix pack(int bits, int rows, int columns, byte[] codes, float[] table, SparseRows outliers, FullRows full) {
    requireBits(bits);
    int words = PackedWords.wordsFor(columns, bits);
    MemorySegment qweight = MemorySegment.ofArray(new int[Math.multiplyExact(words, rows)]);
    PackedWords down = new PackedWords("qweight", qweight, words, rows, bits);
    for (int n = 0; n < rows; n++) {
      for (int k = 0; k < columns; k++) {
        down.putDown(k, n, codes[n * columns + k]);
      }
    }
    return new SqueezeMatrix(bits, rows, columns, qweight, MemorySegment.ofArray(table.clone()), outliers, full);
  }

  @Override
  public void decode(int first, int count, float[] out) {
    int[] codes = new int[Math.multiplyExact(count, columns)];
    qweight.columns(first, count, columns, codes);
    for (int i = 0; i < codes.length; i++) {
      out[i] = table.getAtIndex(PackedWords.FLOAT, ((long) first + i / columns << bits) + codes[i]);
    }
    for (int i = 0; i < count; i++) {
      outliers.addTo(first + i, out, i * columns);
      full.addTo(first + i, out, i * columns, columns);
    }
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int columns() {
    return columns;
  }

  @Override
  public String format() {
    return "squeezellm " + bits + " bit";
  }

  @Override
  public String toString() {
    return format() + "[" + rows + ", " + columns + "]";
  }
}
