package io.gllm.kernels.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.checkpoint.SqueezeMatrix.FullRows;
import io.gllm.kernels.safetensors.SafetensorsException;
import io.gllm.kernels.safetensors.SafetensorsFile;
import io.gllm.kernels.safetensors.SafetensorsWriter;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SqueezeLLM: tables, outliers, full rows. */
class SqueezeMatrixTest {
  @TempDir
  Path folder;

  @ParameterizedTest
  @CsvSource({"3,7,33", "3,32,96", "3,1,11", "4,9,37", "4,16,64", "4,1,1"})
  void decodesTablesOutliersAndFullRows(int bits, int rows, int columns) {
    Random random = new Random(bits * 100 + rows);
    byte[] codes = new byte[rows * columns];
    float[] table = new float[rows << bits];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << bits);
    }
    for (int i = 0; i < table.length; i++) {
      table[i] = (float) random.nextGaussian();
    }
    float[] dense = new float[rows * columns];
    for (int i = 0; i < dense.length; i++) {
      dense[i] = table[(i / columns << bits) + codes[i]];
    }
    assertArrayEquals(dense, ScaledWeights.decode(SqueezeMatrix.pack(bits, rows, columns, codes, table, null, null)));

    int[] starts = new int[rows + 1];
    for (int n = 0; n < rows; n++) {
      starts[n + 1] = starts[n] + (n % 3 == 0 ? 0 : 1 + (columns > 4 ? 1 : 0));
    }
    int[] cols = new int[starts[rows]];
    float[] vals = new float[starts[rows]];
    for (int n = 0; n < rows; n++) {
      for (int e = starts[n]; e < starts[n + 1]; e++) {
        cols[e] = e == starts[n] ? n % 3 % columns : columns - 1;
        vals[e] = (float) random.nextGaussian() * 10;
        dense[n * columns + cols[e]] += vals[e];
      }
    }
    int[] outputs = {rows - 1};
    float[] full = new float[columns];
    for (int k = 0; k < columns; k++) {
      full[k] = (float) random.nextGaussian();
      dense[(rows - 1) * columns + k] += full[k];
    }
    SqueezeMatrix whole = SqueezeMatrix.pack(bits, rows, columns, codes, table, new SparseRows(starts, cols, vals),
        new FullRows(outputs, MemorySegment.ofArray(full)));
    assertArrayEquals(dense, ScaledWeights.decode(whole));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 5, 8})
  void otherBitsAreRefused(int bits) {
    assertThrows(IllegalArgumentException.class,
        () -> SqueezeMatrix.pack(bits, 1, 1, new byte[1], new float[1 << bits], null, null));
  }

  @Test
  void whatDoesNotFitIsRefused() {
    refused("lookup_table has", new float[31], null, null);
    refused("do not fit each other", new float[32], new SparseRows(new int[2], new int[0], new float[0]), null);
    refused("do not fit each other", new float[32], new SparseRows(new int[]{0, 1, 1}, new int[1], new float[0]), null);
    refused("do not fit each other", new float[32], new SparseRows(new int[]{0, 0, 2}, new int[1], new float[1]), null);
    refused("rows[1] is -1", new float[32], new SparseRows(new int[]{0, -1, 1}, new int[1], new float[1]), null);
    refused("rows[1] is 5", new float[32], new SparseRows(new int[]{0, 5, 1}, new int[1], new float[1]), null);
    refused("cols[0] is 8", new float[32], new SparseRows(new int[]{0, 0, 1}, new int[]{8}, new float[1]), null);
    refused("cols[0] is -1", new float[32], new SparseRows(new int[]{0, 0, 1}, new int[]{-1}, new float[1]), null);
    refused("cols[1] is 3", new float[32], new SparseRows(new int[]{0, 2, 2}, new int[]{3, 3}, new float[2]), null);
    refused("full_rows has", new float[32], null, new FullRows(new int[]{1}, MemorySegment.ofArray(new float[7])));
    refused("full_row_indices holds 2", new float[32], null, new FullRows(new int[]{2}, MemorySegment.ofArray(new float[8])));
  }

  private static void refused(String expected, float[] table, SparseRows outliers, FullRows full) {
    var e = assertThrows(IllegalArgumentException.class, () -> SqueezeMatrix.pack(4, 2, 8, new byte[16], table, outliers, full));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  @Test
  void loadsFromAFile() {
    SafetensorsWriter writer = new SafetensorsWriter().ints("s.qweight", new int[]{0x10, 0x02}, 1, 2)
        .floats("s.lookup_table", new float[32], 2, 16).ints("s.rows", new int[]{0, 1, 1}, 3).ints("s.cols", new int[]{5}, 1)
        .floats("s.vals", new float[]{2.5f}, 1).floats("s.full_rows", new float[]{1, 2, 3, 4, 5, 6, 7, 8}, 8, 1)
        .ints("s.full_row_indices", new int[]{1}, 1);
    try (SafetensorsFile file = SafetensorsFile.open(writer.write(folder.resolve("s.safetensors")))) {
      SqueezeMatrix matrix = SqueezeMatrix.load(file, "s", 4, 8);
      assertEquals("squeezellm 4 bit[2, 8]", matrix.toString());
      assertArrayEquals(new float[]{0, 0, 0, 0, 0, 2.5f, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}, ScaledWeights.decode(matrix));
      assertThrows(SafetensorsException.class, () -> SqueezeMatrix.load(file, "s", 4, 9));
      assertThrows(SafetensorsException.class, () -> SqueezeMatrix.load(file, "s", 3, 8));
      assertThrows(IllegalArgumentException.class, () -> SqueezeMatrix.load(file, "s", 2, 8));
    }
  }
}
