package io.gllm.kernels.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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

/** AWQ in the GEMM layout. */
class AwqMatrixTest {
  @TempDir
  Path folder;

  private static short[] ones(int count) {
    short[] ones = new short[count];
    Arrays.fill(ones, Float.floatToFloat16(1));
    return ones;
  }

  /** Nibble i of a word belongs to output 0 2 4 6 1 3 5 7, in zero points too. */
  @Test
  void nibblesInterleaveOutputs() {
    AwqMatrix codes = new AwqMatrix(-1, 8, 1, MemorySegment.ofArray(new int[]{0x75316420}), MemorySegment.ofArray(new int[1]),
        MemorySegment.ofArray(ones(8)));
    assertArrayEquals(new float[]{0, 1, 2, 3, 4, 5, 6, 7}, ScaledWeights.decode(codes));
    AwqMatrix zeros = new AwqMatrix(-1, 8, 1, MemorySegment.ofArray(new int[1]), MemorySegment.ofArray(new int[]{0xf531642e}),
        MemorySegment.ofArray(ones(8)));
    assertArrayEquals(new float[]{-14, -1, -2, -3, -4, -5, -6, -15}, ScaledWeights.decode(zeros));
  }

  @ParameterizedTest
  @CsvSource({"8,16,8", "7,33,8", "9,37,16", "16,64,-1", "1,1,128", "19,40,13"})
  void decodesWhatWasPacked(int rows, int columns, int groupSize) {
    for (boolean symmetric : new boolean[]{false, true}) {
      ScaledWeights weights = ScaledWeights.random(rows, 4, rows, columns, groupSize, false, symmetric);
      assertArrayEquals(weights.expected(), ScaledWeights.decode(weights.awq()));
      float[] row = new float[columns];
      weights.awq().decode(rows - 1, 1, row);
      assertArrayEquals(Arrays.copyOfRange(weights.expected(), (rows - 1) * columns, rows * columns), row);
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    refused("qweight has", 8, 15, 2, 16);
    refused("qzeros has", 8, 16, 3, 16);
    refused("scales has", 8, 16, 2, 17);
    refused("a group of 0", 0, 16, 2, 16);
    ScaledWeights eight = ScaledWeights.random(1, 8, 8, 16, 8, false, false);
    assertThrows(IllegalArgumentException.class, eight::awq, "codes of 8 bits");
  }

  private static void refused(String expected, int groupSize, int qweight, int qzeros, int scales) {
    var e = assertThrows(IllegalArgumentException.class, () -> new AwqMatrix(groupSize, 8, 16, MemorySegment.ofArray(new int[qweight]),
        MemorySegment.ofArray(new int[qzeros]), MemorySegment.ofArray(new short[scales])));
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  @Test
  void loadsFromAFileAndRejectsGptq() {
    SafetensorsWriter awq = new SafetensorsWriter().ints("a.qweight", new int[32], 16, 2).ints("a.qzeros", new int[4], 2, 2)
        .add("a.scales", "F16", MemorySegment.ofArray(ones(26)), 2, 13);
    try (SafetensorsFile file = SafetensorsFile.open(awq.write(folder.resolve("awq.safetensors")))) {
      assertTrue(AwqMatrix.load(file, "a", 8).toString().equals("awq 4 bit[13, 16]"));
      assertThrows(SafetensorsException.class, () -> AwqMatrix.load(file, "a", 4));
      assertThrows(SafetensorsException.class, () -> GptqMatrix.load(file, "a", new GptqConfig(4, 8, GptqVariant.V1, false)));
    }
    SafetensorsWriter gptq = new SafetensorsWriter().ints("a.qweight", new int[32], 2, 16).ints("a.qzeros", new int[4], 2, 2)
        .add("a.scales", "F16", MemorySegment.ofArray(ones(32)), 2, 16);
    try (SafetensorsFile file = SafetensorsFile.open(gptq.write(folder.resolve("gptq.safetensors")))) {
      assertThrows(SafetensorsException.class, () -> AwqMatrix.load(file, "a", 8));
    }
  }
}
