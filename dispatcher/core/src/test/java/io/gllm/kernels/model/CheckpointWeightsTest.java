package io.gllm.kernels.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.checkpoint.CheckpointMatrix;
import io.gllm.kernels.checkpoint.CheckpointRows;
import io.gllm.kernels.checkpoint.GptqConfig;
import io.gllm.kernels.checkpoint.GptqMatrix;
import io.gllm.kernels.checkpoint.GptqVariant;
import io.gllm.kernels.checkpoint.PackedIntMatrix;
import io.gllm.kernels.checkpoint.ScaledWeights;
import io.gllm.kernels.checkpoint.SeedBlockMatrix;
import io.gllm.kernels.checkpoint.SeedFormat;
import io.gllm.kernels.checkpoint.SparseRows;
import io.gllm.kernels.checkpoint.SqueezeMatrix;
import io.gllm.kernels.safetensors.SafetensorsFile;
import io.gllm.kernels.safetensors.SafetensorsWriter;
import io.gllm.kernels.testkit.oracle.Product;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Products with checkpoint matrices against the f64 product of the decoded weights, within the bound of the operator. */
class CheckpointWeightsTest {
  private static KernelDispatcher kernels;

  @TempDir
  Path folder;

  @BeforeAll
  static void open() {
    kernels = KernelDispatcher.builder().backend("cpu").create();
  }

  @AfterAll
  static void close() {
    assertEquals(0, kernels.memoryInUse());
    kernels.close();
  }

  private static float[] gaussians(int count) {
    Random random = new Random(count);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  private static double[] doubles(float[] x) {
    return IntStream.range(0, x.length).mapToDouble(i -> x[i]).toArray();
  }

  /** Whether the product with {@code matrix}, loaded as {@code type}, is that of {@code expected} within the bound, for some m. */
  private static boolean multiplies(CheckpointMatrix matrix, ElementType type, float[] expected) {
    return multiplies(kernels, matrix, type, expected);
  }

  private static boolean multiplies(KernelDispatcher kernels, CheckpointMatrix matrix, ElementType type, float[] expected) {
    int n = matrix.rows();
    int k = matrix.columns();
    boolean good = true;
    try (CheckpointWeights weights = CheckpointWeights.load(kernels, matrix, type)) {
      assertEquals(type, weights.type());
      for (int m : new int[]{1, 3, 17}) {
        float[] x = gaussians(m * k);
        Product product = Product.of(doubles(x), doubles(expected), m, n, k);
        try (Buffer in = kernels.upload(x); Buffer out = kernels.allocate(DType.F32, (long) m * n)) {
          weights.apply(in, out, m);
          float[] y = kernels.readFloats(out);
          for (int i = 0; i < y.length; i++) {
            double bound = bound(type, x, i / n, expected, i % n, k, product.sumAbs()[i], product.exact()[i]);
            good &= Math.abs(y[i] - product.exact()[i]) <= bound;
          }
        }
      }
    }
    return good;
  }

  /** The bound of the operator, with what rounding the weights to {@code type} adds. */
  private static double bound(ElementType type, float[] x, int row, float[] w, int column, int k, double sumAbs, double exact) {
    double step = 0;
    double rounding = 0;
    for (int from = 0; from < k; from += 32) {
      double largestX = 0;
      double largestW = 0;
      double sumW = 0;
      for (int j = from; j < Math.min(k, from + 32); j++) {
        largestX = Math.max(largestX, Math.abs(x[row * k + j]));
        largestW = Math.max(largestW, Math.abs(w[column * k + j]));
        sumW += Math.abs(w[column * k + j]);
      }
      for (int j = from; j < Math.min(k, from + 32); j++) {
        rounding += Math.abs(x[row * k + j]) * CheckpointRows.bound(type, w[column * k + j], largestW);
      }
      step += QuantMatMul.activationError(QuantFormat.Q8_0, largestX) * sumW;
    }
    // Rounded weights may be larger than the exact ones by the same: 1.02 covers it in the terms that are relative to them.
    return type instanceof QuantFormat
        ? QuantMatMul.bound(k, sumAbs, 1.02 * step) + rounding
        : MatMul.bound(DType.F32, k, 1.02 * sumAbs, exact) + rounding;
  }

  private static void requireProducts(CheckpointMatrix matrix, float[] expected) {
    assertTrue(multiplies(matrix, CheckpointRows.exactType(matrix), expected), matrix + " without loss");
    assertTrue(multiplies(matrix, DType.F32, expected), matrix + " in f32");
    assertTrue(multiplies(matrix, DType.F16, expected), matrix + " in f16");
    if (matrix.columns() % 32 == 0) {
      assertTrue(multiplies(matrix, QuantFormat.Q8_0, expected), matrix + " in q8_0");
    }
  }

  /** On every tier of the CPU and on a device behind a queue; a device that is not there is a skip with its reason. */
  @ParameterizedTest
  @ValueSource(strings = {"cpu scalar", "cpu vector", "cpu native", "vulkan"})
  void everyBackendMultiplies(String where) {
    try (KernelDispatcher there = dispatcher(where)) {
      for (boolean actOrder : new boolean[]{false, true}) {
        ScaledWeights weights = ScaledWeights.random(3, 4, 33, 128, 32, actOrder, false);
        CheckpointMatrix matrix = weights.gptq(GptqVariant.V1, false);
        assertEquals(actOrder ? DType.F32 : QuantFormat.Q5_0, CheckpointRows.exactType(matrix));
        assertTrue(multiplies(there, matrix, CheckpointRows.exactType(matrix), weights.expected()), matrix + " on " + where);
      }
      assertEquals(0, there.memoryInUse());
    }
  }

  private static KernelDispatcher dispatcher(String where) {
    KernelDispatcher.Builder builder = KernelDispatcher.builder().backend(where.split(" ")[0]);
    try {
      return where.startsWith("cpu") ? builder.option("cpu.tier", where.split(" ")[1]).create() : builder.strict().create();
    } catch (BackendUnavailableException e) {
      return abort(e.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 8})
  void gptqProducts(int bits) {
    int[][] shapes = {{33, 61, 16}, {32, 128, 64}, {7, 96, 32}, {5, 37, -1}};
    for (int[] shape : shapes) {
      for (int form = 0; form < 8; form++) {
        boolean symmetric = (form & 2) != 0;
        ScaledWeights weights = ScaledWeights.random(form, bits, shape[0], shape[1], shape[2], (form & 1) != 0, symmetric);
        requireProducts(weights.gptq((form & 4) != 0 ? GptqVariant.V1 : GptqVariant.V2, symmetric), weights.expected());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"33,61,16", "32,128,64", "7,96,32", "5,37,-1"})
  void awqProducts(int rows, int columns, int groupSize) {
    for (boolean symmetric : new boolean[]{false, true}) {
      ScaledWeights weights = ScaledWeights.random(rows, 4, rows, columns, groupSize, false, symmetric);
      requireProducts(weights.awq(), weights.expected());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4})
  void squeezeProducts(int bits) {
    for (int columns : new int[]{64, 61}) {
      byte[] codes = new byte[9 * columns];
      new Random(bits).nextBytes(codes);
      float[] table = gaussians(9 << bits);
      float[] expected = new float[codes.length];
      for (int i = 0; i < codes.length; i++) {
        codes[i] &= (byte) ((1 << bits) - 1);
        expected[i] = table[(i / columns << bits) + codes[i]];
      }
      requireProducts(SqueezeMatrix.pack(bits, 9, columns, codes, table, null, null), expected);
      int[] starts = {0, 1, 1, 1, 2, 2, 2, 2, 2, 2};
      expected[60] += 5;
      expected[3 * columns + 2] -= 7;
      requireProducts(
          SqueezeMatrix.pack(bits, 9, columns, codes, table, new SparseRows(starts, new int[]{60, 2}, new float[]{5, -7}), null),
          expected);
    }
  }

  @Test
  void packedIntegersAndOldBlocksMultiply() {
    for (int bits : new int[]{1, 2, 4, 8}) {
      for (PackedIntMatrix.Order order : PackedIntMatrix.Order.values()) {
        PackedIntMatrix matrix = PackedIntMatrix.encode(bits, order, 11, 61, gaussians(11 * 61));
        requireProducts(matrix, ScaledWeights.decode(matrix));
      }
    }
    for (SeedFormat format : SeedFormat.values()) {
      SeedBlockMatrix matrix = SeedBlockMatrix.encode(format, 3, 256, gaussians(3 * 256));
      requireProducts(matrix, ScaledWeights.decode(matrix));
    }
  }

  /** Every weight is off by a scale, which no bound of a product covers; the right variant passes the same check. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 8})
  void theWrongVariantIsSeenInTheProduct(int bits) {
    ScaledWeights weights = ScaledWeights.random(5, bits, 16, 64, 32, false, true);
    for (GptqVariant right : GptqVariant.values()) {
      SafetensorsWriter writer = new SafetensorsWriter();
      int zeroWords = 16 * bits / 32 + (bits == 3 ? 1 : 0);
      int stored = (1 << bits - 1) - (right == GptqVariant.V1 ? 1 : 0);
      writer.ints("q.qweight", codeWords(weights), 64 * bits / 32, 16).ints("q.qzeros", zeroWords(bits, zeroWords, stored), 2, zeroWords)
          .add("q.scales", "F16", MemorySegment.ofArray(weights.scales()), 2, 16);
      try (SafetensorsFile file = SafetensorsFile.open(writer.write(folder.resolve("v.safetensors")))) {
        for (GptqVariant read : GptqVariant.values()) {
          GptqMatrix matrix = GptqMatrix.load(file, "q", new GptqConfig(bits, 32, read, false));
          assertEquals(read == right, multiplies(matrix, DType.F32, weights.expected()), right + " read as " + read);
        }
      }
    }
  }

  /** Codes packed bit by bit, apart from the class under test. */
  private static int[] codeWords(ScaledWeights weights) {
    int[] words = new int[64 * weights.bits() / 32 * 16];
    for (int n = 0; n < 16; n++) {
      for (int bit = 0; bit < 64 * weights.bits(); bit++) {
        int code = Byte.toUnsignedInt(weights.codes()[n * 64 + bit / weights.bits()]);
        words[bit / 32 * 16 + n] |= (code >> bit % weights.bits() & 1) << bit % 32;
      }
    }
    return words;
  }

  private static int[] zeroWords(int bits, int perGroup, int stored) {
    int[] words = new int[2 * perGroup];
    for (int bit = 0; bit < 16 * bits; bit++) {
      words[bit / 32] |= (stored >> bit % bits & 1) << bit % 32;
      words[perGroup + bit / 32] |= (stored >> bit % bits & 1) << bit % 32;
    }
    return words;
  }

  /** More rows than are staged at once: a unit vector picks a column of the matrix, each number of it exactly. */
  @Test
  void loadsInPieces() {
    ScaledWeights weights = ScaledWeights.random(1, 4, 900, 5120, 128, false, true);
    try (CheckpointWeights loaded = CheckpointWeights.load(kernels, weights.awq(), DType.F32)) {
      assertEquals(900, loaded.rows());
      assertEquals(5120, loaded.columns());
      float[] expected = weights.expected();
      float[] x = new float[5120];
      x[77] = 1;
      try (Buffer in = kernels.upload(x); Buffer out = kernels.allocate(DType.F32, 900)) {
        loaded.apply(in, out, 1);
        float[] y = kernels.readFloats(out);
        for (int n = 0; n < 900; n++) {
          assertEquals(expected[n * 5120 + 77] + 0f, y[n], "a sum of zeros is +0");
        }
      }
    }
  }

  @Test
  void loadsWithoutLossByDefault() {
    try (CheckpointWeights loaded = CheckpointWeights.load(kernels, ScaledWeights.random(1, 4, 5, 64, 32, false, true).awq())) {
      assertEquals(QuantFormat.Q4_0, loaded.type());
    }
  }

  @Test
  void misuseLeavesNothingBehind() {
    CheckpointMatrix odd = ScaledWeights.random(1, 4, 5, 60, 32, false, true).awq();
    assertThrows(IllegalArgumentException.class, () -> CheckpointWeights.load(kernels, odd, QuantFormat.Q8_0));
    CheckpointMatrix wide = ScaledWeights.random(1, 4, 5, 64, 32, false, false).awq();
    assertThrows(IllegalArgumentException.class, () -> CheckpointWeights.load(kernels, wide, QuantFormat.Q4_0));
    CheckpointWeights closed = CheckpointWeights.load(kernels, wide);
    closed.close();
    closed.close();
    try (Buffer x = kernels.upload(new float[64]); Buffer y = kernels.allocate(DType.F32, 5)) {
      assertThrows(IllegalStateException.class, () -> closed.apply(x, y, 1));
      try (CheckpointWeights open = CheckpointWeights.load(kernels, wide)) {
        assertThrows(IllegalArgumentException.class, () -> open.apply(x, y, 2));
        assertFalse(open.type() == DType.F32);
      }
    }
  }
}
