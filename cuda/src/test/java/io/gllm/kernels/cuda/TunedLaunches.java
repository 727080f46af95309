package io.gllm.kernels.cuda;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.portable.GoldenLaunch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A small launch of every tuned kernel, without its answer: more units than lanes of a warp, rows that end within a group, blocks that
 * start within a word.
 */
final class TunedLaunches {
  private static final int[] GROUP = {1, 1, 1};
  private static final int UNITS = 33;
  private static final int GELU = Activation.GELU.ordinal();

  /** A format: the size of its blocks, where they have halves that scale them, and a place for them within a word, if they need none. */
  private record Blocks(String format, int elements, int bytes, int late, int... scales) {}

  private static final List<Blocks> BLOCKS = List.of(new Blocks("q4_0", 32, 18, 2, 0), new Blocks("q8_0", 32, 34, 2, 0),
      new Blocks("q4_k", 256, 144, 0, 0, 2), new Blocks("q6_k", 256, 210, 2, 208), new Blocks("q4_1", 32, 20, 2, 0, 2),
      new Blocks("q5_0", 32, 22, 2, 0), new Blocks("q5_1", 32, 24, 2, 0, 2), new Blocks("q2_k", 256, 84, 2, 80, 82),
      new Blocks("q3_k", 256, 110, 2, 108), new Blocks("q5_k", 256, 176, 0, 0, 2), new Blocks("iq4_nl", 32, 18, 2, 0),
      new Blocks("iq4_xs", 256, 136, 2, 0), new Blocks("mxfp4", 32, 17, 1, -1), new Blocks("nvfp4", 64, 36, 2),
      new Blocks("tq1_0", 256, 54, 2, 52), new Blocks("tq2_0", 256, 66, 2, 64), new Blocks("q1_0", 128, 18, 2, 0),
      new Blocks("q2_0", 64, 18, 2, 0));

  private final Map<String, GoldenLaunch> all = new TreeMap<>();
  private final Random random = new Random(7);

  private TunedLaunches() {}

  /** The launches by kernel; the same every time. */
  static Map<String, GoldenLaunch> all() {
    TunedLaunches launches = new TunedLaunches();
    launches.floats("activations_f32_32", 160);
    launches.floats("activations_f32_256", 1280);
    launches.coded("activations_q8_0", 160, 2, launches.blocks(5, 34, 0));
    launches.coded("activations_q8_k", 1280, 0, launches.blocks(5, 292, 2));
    for (Blocks format : BLOCKS) {
      launches.gemv("quant_gemv_", 1, format);
      launches.gemv("quant_gemv_rows_", 3, format);
      launches.gemm("mma_quant_", 70, format);
      launches.gemm("mma_quant_small_", 37, format);
    }
    for (DType type : List.of(DType.F32, DType.F16, DType.BF16)) {
      launches.rows("rms_norm_rows_", type, 1, 1);
      launches.rows("rms_norm_residual_rows_", type, 2, 1);
      launches.rows("layer_norm_rows_", type, 1, 2);
      launches.rows("softmax_rows_", type, 1, 0);
      launches.rows("softmax_masked_rows_", type, 1, 0);
      launches.paged(type);
      launches.floats("float_gemv_", 1, type);
      launches.floats("float_gemv_rows_", 3, type);
    }
    for (DType type : List.of(DType.F16, DType.BF16)) {
      for (String size : new String[]{"", "small_"}) {
        launches.integers("mma_gemm_bt_" + size, type);
        launches.integers("mma_gemm_" + size, type);
      }
      launches.pieces(type);
      for (int dim : new int[]{64, 80, 96, 128}) {
        launches.attention(type, dim);
      }
    }
    return launches.all;
  }

  /**
   * A product of small integers, exact in any order of sums: that of tensor cores is their own. More rows than half a tile, more steps
   * than are under way at once.
   */
  private void integers(String kernel, DType type) {
    int m = 70;
    int n = 40;
    int k = 104;
    int groups = kernel.contains("small") ? 16 : 8;
    List<byte[]> before = List.of(integers(type, m * k), integers(type, n * k), integers(DType.F32, n), new byte[2 * m * n]);
    add(kernel + type.label(), new int[]{groups, 1, 1}, new int[]{m, n, k, 1, 1, GELU}, before);

    byte[] pieces = integers(type, 2 * m * k);
    before = List.of(new byte[4 * m * k], ones(m), pieces, before.get(1), before.get(2), new byte[4 * m * n]);
    add(kernel + "f32_" + type.label(), new int[]{groups, 1, 1}, new int[]{m, n, k, 1, 1, GELU, 2}, before);
  }

  private static byte[] ones(int count) {
    float[] values = new float[count];
    Arrays.fill(values, 1);
    return bytes(DType.F32, values);
  }

  /** Rows of very different sizes, longer than a warp. */
  private void pieces(DType type) {
    int m = 5;
    int k = 72;
    float[] x = new float[m * k];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) (random.nextGaussian() * Math.pow(10, i / k * 9 - 18));
    }
    List<byte[]> before = List.of(bytes(DType.F32, x), new byte[3 * 2 * m * k], new byte[4 * m]);
    add("pieces_" + type.label(), new int[]{2, 1, 1}, new int[]{m, k, 3}, before);
  }

  /**
   * Attention whose weights are 1 or 0 and whose values are small integers, exact in any order of sums: a key gives every query a score
   * of 0, or one too low to count. More keys than a tile, seen one more by each query.
   */
  private void attention(DType type, int dim) {
    int queries = 20;
    int keys = 70;
    float[] q = new float[2 * queries * dim];
    float[] k = new float[keys * dim];
    float[] mask = new float[queries * keys];
    for (int i = 0; i < q.length; i++) {
      q[i] = i % dim == 0 ? 1 : random.nextInt(4);
    }
    for (int i = 0; i < k.length; i++) {
      k[i] = i / dim % 3 == 1 ? -128 : 0;
    }
    for (int i = 0; i < mask.length; i++) {
      mask[i] = i % keys % 5 == 4 ? Float.NEGATIVE_INFINITY : 0;
    }
    List<byte[]> before = List.of(bytes(DType.F32, q), bytes(type, k), integers(type, keys * dim), bytes(DType.F32, mask),
        new byte[2 * queries * dim * 4], new byte[2 * queries * 4]);
    int[] parameters = {queries, keys, 2, 1, 1, 1, 2 * queries * dim, queries * dim, dim, keys * dim, keys * dim, dim,
      Float.floatToRawIntBits(1)};
    add("mma_attention_" + dim + "_" + type.label(), new int[]{1, 2, 1}, parameters, before);
  }

  /** A product of more than one panel of rows of tiles, with neither m nor n a multiple of a tile. */
  static GoldenLaunch product(String kernel, int tile) {
    TunedLaunches launches = new TunedLaunches();
    int m = 1090;
    int n = 136;
    int k = 40;
    List<byte[]> before = List.of(launches.numbers(DType.BF16, m * k), launches.numbers(DType.BF16, n * k), new byte[4],
        new byte[2 * m * n]);
    int groups = ((m + tile - 1) / tile + 7) / 8 * 8 * ((n + tile - 1) / tile);
    return new GoldenLaunch(kernel, new int[]{groups, 1, 1}, new int[]{m, n, k, 1, 0, 0}, before, before);
  }

  /** A product with blocks of Q4_0, with neither m nor n a multiple of a tile. */
  static GoldenLaunch blockProduct(String kernel, int tile) {
    TunedLaunches launches = new TunedLaunches();
    launches.integerProduct(kernel, 130, 72, 96, BLOCKS.getFirst());
    GoldenLaunch all = launches.all.get(kernel + "q4_0");
    return new GoldenLaunch(all.symbol(), new int[]{8 * ((72 + tile - 1) / tile), 1, 1}, all.parameters(), all.before(), all.before());
  }

  private byte[] integers(DType type, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextInt(9) - 4;
    }
    return bytes(type, values);
  }

  /** Two rows of whole 16 bytes for a group each, whose last warps have little to do. */
  private void rows(String kernel, DType type, int inputs, int weights) {
    int cols = 520;
    boolean softmax = kernel.startsWith("softmax");
    List<byte[]> before = new ArrayList<>();
    for (int i = 0; i < inputs; i++) {
      before.add(numbers(type, 2 * cols));
    }
    for (int i = 0; i < weights; i++) {
      before.add(numbers(type, cols));
    }
    if (kernel.contains("masked")) {
      before.add(numbers(DType.F32, 2 * cols));
    }
    for (int i = 0; i < inputs; i++) {
      before.add(new byte[2 * cols * type.blockBytes()]);
    }
    int number = Float.floatToRawIntBits(softmax ? 0.5f : 1e-5f);
    add(kernel + type.label(), new int[]{2, 1, 1}, new int[]{2, cols, number, 256}, before);
  }

  /** Two queries of four heads on one key head, of two sequences, the second of which ends in the first of two spans. */
  private void paged(DType type) {
    int dim = 32;
    int page = 16;
    int columns = 6;
    List<Integer> blocks = new ArrayList<>();
    for (int i = 0; i < 2 * columns; i++) {
      blocks.add(i);
    }
    Collections.shuffle(blocks, random);
    List<byte[]> before = new ArrayList<>();
    before.add(numbers(2 * 2 * 4 * dim, 1));
    before.add(numbers(type, 2 * columns * page * dim));
    before.add(numbers(type, 2 * columns * page * dim));
    before.add(words(blocks.stream().mapToInt(Integer::intValue).toArray()));
    before.add(words(Arrays.copyOf(new int[]{83, 20}, 10)));
    before.add(new byte[2 * 2 * 4 * 2 * dim * 4]);
    before.add(new byte[2 * 2 * 4 * 2 * 8]);
    before.add(new byte[16]);
    int[] parameters = {2, 4, 4, dim, Float.floatToRawIntBits(0.2f), 2, page, columns, 64, 2};
    add("paged_decode_" + type.label(), new int[]{1, 2, 2}, parameters, before);
  }

  private static byte[] words(int... words) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(words);
    return bytes.array();
  }

  private byte[] numbers(DType type, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return bytes(type, values);
  }

  private static byte[] bytes(DType type, float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * type.blockBytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (float v : values) {
      switch (type) {
        case F16 -> bytes.putShort(Float.floatToFloat16(v));
        case BF16 -> bytes.putShort((short) (Float.floatToRawIntBits(v) >>> 16));
        default -> bytes.putFloat(v);
      }
    }
    return bytes.array();
  }

  /** Random blocks whose half words at {@code scales} are small positive numbers; the upper half of an f32 as well. */
  private byte[] blocks(int count, int size, int... scales) {
    byte[] blocks = new byte[count * size];
    random.nextBytes(blocks);
    for (int block = 0; block < blocks.length; block += size) {
      for (int scale : scales) {
        blocks[block + scale + 1] = 0x2c;
      }
    }
    return blocks;
  }

  private static byte[] late(byte[] bytes, int late) {
    return ByteBuffer.allocate((late + bytes.length + 3) / 4 * 4).put(late, bytes).array();
  }

  private byte[] numbers(int count, float scale) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putFloat(scale * (float) random.nextGaussian());
    }
    return bytes.array();
  }

  private void add(String symbol, int[] parameters, List<byte[]> before) {
    add(symbol, GROUP, parameters, before);
  }

  private void add(String symbol, int[] grid, int[] parameters, List<byte[]> before) {
    all.put(symbol, new GoldenLaunch(symbol, grid, parameters, before, before));
  }

  private void floats(String symbol, int n) {
    byte[] x = numbers(n, 3);
    Arrays.fill(x, 0, 128, (byte) 0); // a block of zeros
    add(symbol, new int[]{n, 0}, planes(x, n));
  }

  private void coded(String symbol, int n, int late, byte[] blocks) {
    add(symbol, new int[]{n, late}, planes(late(blocks, late), n));
  }

  private static List<byte[]> planes(byte[] x, int n) {
    return List.of(x, new byte[n], new byte[n / 8], new byte[n / 8]);
  }

  /** More than the lanes of a warp read at once, rows that end within a group. */
  private void floats(String kernel, int m, DType type) {
    int n = 3;
    int k = 33 * 16 / type.blockBytes();
    List<byte[]> before = List.of(numbers(type, n * k), numbers(m * k, 1), new byte[4 * m * n]);
    add(kernel + type.label(), new int[]{m, n, k}, before);
  }

  /** More units than lanes, rows that end within a group. */
  private void gemv(String kernel, int m, Blocks format) {
    int k = (UNITS * 64 + format.elements - 1) / format.elements * format.elements;
    integerProduct(kernel, m, 3, k, format);
  }

  /** Rows and columns that end within a tile, runs within a step where the blocks allow it. */
  private void gemm(String kernel, int m, Blocks format) {
    int k = format.elements * (format.elements == 32 ? 5 : Math.max(2, 128 / format.elements));
    integerProduct(kernel, m, 36, k, format);
  }

  private void integerProduct(String kernel, int m, int n, int k, Blocks format) {
    byte[] blocks = late(blocks(n * k / format.elements, format.bytes, format.scales), format.late);
    byte[] codes = codes(m, k);
    List<byte[]> before = List.of(blocks, codes, numbers(m * k / 32, 0.01f), sums(codes), new byte[4 * m * n]);
    int[] grid = {kernel.startsWith("mma") ? 8 : 1, 1, 1};
    int wide = kernel.startsWith("mma") || format.late == 0 ? 1 : 0;
    add(kernel + format.format, grid, new int[]{m, n, k, format.late, wide}, before);
  }

  /** Each row is the one before it, later by one: the file of all launches is compressed. */
  private byte[] codes(int m, int k) {
    byte[] once = new byte[m + k];
    random.nextBytes(once);
    byte[] codes = new byte[m * k];
    for (int i = 0; i < m; i++) {
      System.arraycopy(once, i, codes, i * k, k);
    }
    return codes;
  }

  private static byte[] sums(byte[] codes) {
    ByteBuffer sums = ByteBuffer.allocate(codes.length / 8).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < codes.length; i += 16) {
      int sum = 0;
      for (int e = 0; e < 16; e++) {
        sum += codes[i + e];
      }
      sums.putShort((short) sum);
    }
    return sums.array();
  }
}
