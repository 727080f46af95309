package io.gllm.kernels.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.safetensors.SafetensorsException;
import io.gllm.kernels.safetensors.SafetensorsFile;
import io.gllm.kernels.safetensors.SafetensorsWriter;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** GPTQ: known words, all bits with odd shapes, and what is refused. */
class GptqMatrixTest {
  private static final short ONE = Float.floatToFloat16(1);

  @TempDir
  Path folder;

  /** A column of 32 codes in words that were packed by hand, scale 1, with a stored zero of 0 in a V2 file: the codes come back. */
  private static float[] column(int bits, int... words) {
    int columns = words.length * 32 / bits;
    GptqConfig config = new GptqConfig(bits, -1, GptqVariant.V2, false);
    return ScaledWeights.decode(new GptqMatrix(config, 1, columns, MemorySegment.ofArray(words), MemorySegment.ofArray(new int[1]),
        MemorySegment.ofArray(new short[]{ONE}), null));
  }

  @Test
  void codesLieLowestBitsFirst() {
    assertArrayEquals(new float[]{0, 1, 2, 3, 4, 5, 6, 7}, column(4, 0x76543210));
    assertArrayEquals(new float[]{0, 1, 2, 3, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2}, column(2, 0x80001be4));
    assertArrayEquals(new float[]{1, 2, 128, 255}, column(8, 0xff800201));
  }

  /** Of 32 codes in three words, the 11th has two bits in the first word and the 22nd one in the second. */
  @Test
  void codesOfThreeBitsCrossWords() {
    int first = 5 << 27 | 0b10 << 30;
    int second = 1 | 7 << 1 | 4 << 28 | 1 << 31;
    int third = 0b11 | 3 << 2 | 6 << 29;
    float[] expected = new float[32];
    expected[9] = 5;
    expected[10] = 6;
    expected[11] = 7;
    expected[20] = 4;
    expected[21] = 7;
    expected[22] = 3;
    expected[31] = 6;
    assertArrayEquals(expected, column(3, first, second, third));
  }

  @Test
  void zeroPointsAreStoredMinusOneByV1Alone() {
    for (int stored = 0; stored < 16; stored++) {
      for (GptqVariant variant : GptqVariant.values()) {
        GptqMatrix matrix = new GptqMatrix(new GptqConfig(4, -1, variant, false), 1, 1, MemorySegment.ofArray(new int[]{9}),
            MemorySegment.ofArray(new int[]{stored}), MemorySegment.ofArray(new short[]{ONE}), null);
        int zero = variant == GptqVariant.V2 ? stored : (stored + 1) % 16;
        assertEquals(9 - zero, ScaledWeights.decode(matrix)[0], variant + " " + stored);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"2,7,33,8", "2,32,64,32", "3,7,33,8", "3,33,61,16", "3,32,96,-1", "4,9,37,16", "4,16,64,32", "4,3,5,-1", "8,5,7,3",
    "8,6,64,32",
    "8,1,1,128"})
  void decodesWhatWasPacked(int bits, int rows, int columns, int groupSize) {
    for (int form = 0; form < 8; form++) {
      boolean actOrder = (form & 1) != 0;
      boolean symmetric = (form & 2) != 0;
      GptqVariant variant = (form & 4) != 0 ? GptqVariant.V1 : GptqVariant.V2;
      ScaledWeights weights = ScaledWeights.random(form, bits, rows, columns, groupSize, actOrder, symmetric);
      GptqMatrix matrix = weights.gptq(variant, symmetric);
      assertArrayEquals(weights.expected(), ScaledWeights.decode(matrix), matrix + " form " + form);
      float[] row = new float[columns];
      matrix.decode(rows - 1, 1, row);
      assertArrayEquals(Arrays.copyOfRange(weights.expected(), (rows - 1) * columns, rows * columns), row, "the last row alone");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aSymmetricCheckpointTellsTheVariants(GptqVariant variant) {
    for (int bits : new int[]{2, 3, 4, 8}) {
      ScaledWeights weights = ScaledWeights.random(1, bits, 5, 16, 8, false, true);
      GptqVariant wrong = variant == GptqVariant.V1 ? GptqVariant.V2 : GptqVariant.V1;
      int[] zeros = zeroWords(weights, variant);
      int[] codes = new int[5 * (16 * bits / 32 + (bits == 3 ? 1 : 0))];
      var e = assertThrows(IllegalArgumentException.class, () -> new GptqMatrix(new GptqConfig(bits, 8, wrong, true), 5, 16,
          MemorySegment.ofArray(codes), MemorySegment.ofArray(zeros), MemorySegment.ofArray(weights.scales()), null));
      assertTrue(e.getMessage().contains("as " + variant + " they are: the variant is wrong"), e.getMessage());
    }
    ScaledWeights uneven = ScaledWeights.random(1, 4, 5, 16, 8, false, false);
    var e = assertThrows(IllegalArgumentException.class, () -> uneven.gptq(variant, true));
    assertTrue(e.getMessage().endsWith("though the checkpoint is symmetric"), e.getMessage());
  }

  /** Middle zero points of two groups, five outputs each, by the definition of the variant. */
  private static int[] zeroWords(ScaledWeights weights, GptqVariant variant) {
    int bits = weights.bits();
    long stored = (1L << bits - 1) - (variant == GptqVariant.V1 ? 1 : 0);
    long row = 0;
    for (int n = 0; n < 5; n++) {
      row |= stored << n * bits;
    }
    int words = bits == 8 ? 2 : 1;
    int[] zeros = new int[2 * words];
    for (int i = 0; i < zeros.length; i++) {
      zeros[i] = (int) (row >>> 32 * (i % words));
    }
    return zeros;
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 1, 5, 6, 7, 16, 32})
  void otherBitsAreRefused(int bits) {
    assertThrows(IllegalArgumentException.class, () -> new GptqConfig(bits, 128, GptqVariant.V1, false));
  }

  @Test
  void whatDoesNotFitIsRefused() {
    GptqConfig config = new GptqConfig(4, 8, GptqVariant.V1, false);
    assertThrows(IllegalArgumentException.class, () -> new GptqConfig(4, 0, GptqVariant.V1, false));
    assertThrows(NullPointerException.class, () -> new GptqConfig(4, 8, null, false));
    refused("qweight has", config, 8, 16, 17, 2, 16, null);
    refused("qzeros has", config, 8, 16, 16, 3, 16, null);
    refused("scales has", config, 8, 16, 16, 2, 15, null);
    refused("g_idx has 15 entries", config, 8, 16, 16, 2, 16, new int[15]);
    refused("g_idx[3] is 2", config, 8, 16, 16, 2, 16, new int[]{0, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    refused("g_idx[0] is -1", config, 8, 16, 16, 2, 16, new int[]{-1, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    refused("has no elements", config, 0, 16, 0, 0, 0, null);
  }

  private static void refused(String expected, GptqConfig config, int rows, int columns, int qweight, int qzeros, int scales, int[] order) {
    var e = assertThrows(IllegalArgumentException.class,
        () -> new GptqMatrix(config, rows, columns, MemorySegment.ofArray(new int[qweight]),
            MemorySegment.ofArray(new int[qzeros]), MemorySegment.ofArray(new short[scales]), order));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  private SafetensorsFile file(int[] order, int qweightRows, int groups) {
    SafetensorsWriter writer = new SafetensorsWriter().ints("q.qweight", new int[qweightRows * 8], qweightRows, 8)
        .ints("q.qzeros", new int[groups], groups, 1).add("q.scales", "F16", MemorySegment.ofArray(new short[groups * 8]), groups, 8);
    if (order != null) {
      writer.ints("q.g_idx", order, order.length);
    }
    return SafetensorsFile.open(writer.write(folder.resolve("model.safetensors")));
  }

  @Test
  void loadsFromAFileWithAndWithoutOrder() {
    GptqConfig config = new GptqConfig(4, 8, GptqVariant.V1, false);
    try (SafetensorsFile inOrder = file(null, 2, 2)) {
      assertEquals("gptq 4 bit V1[8, 16]", GptqMatrix.load(inOrder, "q", config).toString());
    }
    try (SafetensorsFile ordered = file(new int[13], 2, 2)) {
      assertEquals(13, GptqMatrix.load(ordered, "q", config).columns());
    }
  }

  @Test
  void aFileWithOtherShapesIsRejected() {
    GptqConfig config = new GptqConfig(4, 8, GptqVariant.V1, false);
    rejected("expected", config, null, 2, 2, "nothing");
    rejected("the other tensors of the matrix need [3, 8]", config, new int[17], 2, 3, "q");
    rejected("the other tensors of the matrix need [2, 1]", config, null, 2, 3, "q");
    rejected("g_idx[0] is 9", config, new int[]{9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 2, 2, "q");
    rejected("though the checkpoint is symmetric", new GptqConfig(4, 8, GptqVariant.V1, true), null, 2, 2, "q");
  }

  private void rejected(String expected, GptqConfig config, int[] order, int qweightRows, int groups, String prefix) {
    try (SafetensorsFile file = file(order, qweightRows, groups)) {
      var e = assertThrows(SafetensorsException.class, () -> GptqMatrix.load(file, prefix, config));
      String wanted = prefix.equals("q") ? expected : "no tensor 'nothing.qweight'";
      assertTrue(e.getMessage().contains(wanted), e.getMessage());
    }
  }
}
