package io.gllm.kernels.rocm;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.portable.GoldenLaunch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A small launch of every tuned kernel, without its answer: more units than lanes of a team, rows that end within a group, blocks that
 * start within a word.
 */
final class TunedLaunches {
  private static final int[] GROUP = {1, 1, 1};
  private static final int UNITS = 33;

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
    for (String rows : new String[]{"", "rows_"}) {
      int m = rows.isEmpty() ? 1 : 3;
      launches.product("quant_gemv_" + rows + "q4_0", m, UNITS * 32, 2, launches.blocks(3 * UNITS, 18, 0));
      launches.product("quant_gemv_" + rows + "q8_0", m, UNITS * 32, 2, launches.blocks(3 * UNITS, 34, 0));
      launches.product("quant_gemv_" + rows + "q4_k", m, 9 * 256, 0, launches.blocks(3 * 9, 144, 0, 2));
      launches.product("quant_gemv_" + rows + "q6_k", m, 9 * 256, 2, launches.blocks(3 * 9, 210, 208));
    }
    for (DType type : List.of(DType.F16, DType.BF16)) {
      for (String size : new String[]{"", "small_"}) {
        launches.integers("matrix_gemm_bt_" + size, type);
        launches.integers("matrix_gemm_" + size, type);
      }
      launches.attention(type, 64);
      launches.attention(type, 128);
    }
    return launches.all;
  }

  /**
   * A product of small integers, exact in any order of sums: that of matrix instructions is their own. More rows than half a tile, more
   * steps than are under way at once, ends that are no multiples.
   */
  private void integers(String kernel, DType type) {
    int m = 70;
    int n = 40;
    int k = 72;
    List<byte[]> before = List.of(integers(type, m * k), integers(type, n * k), new byte[2 * m * n]);
    add(kernel + type.label(), new int[]{8, 1, 1}, new int[]{m, n, k, 7}, before);
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
    add("matrix_attention_" + dim + "_" + type.label(), new int[]{1, 2, 1}, parameters, before);
  }

  /** A product of more than one panel of rows of tiles, with no size a multiple of a tile or of 16 bytes. */
  static GoldenLaunch product(String kernel, int tile) {
    TunedLaunches launches = new TunedLaunches();
    int m = 530;
    int n = 131;
    int k = 35;
    List<byte[]> before = List.of(launches.numbers(DType.BF16, m * k), launches.numbers(DType.BF16, n * k + 1), new byte[2 * m * n]);
    int groups = ((m + tile - 1) / tile + 7) / 8 * 8 * ((n + tile - 1) / tile);
    return new GoldenLaunch(kernel, new int[]{groups, 1, 1}, new int[]{m, n, k, 0}, before, before);
  }

  private byte[] numbers(DType type, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return bytes(type, values);
  }

  private byte[] integers(DType type, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextInt(9) - 4;
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

  private void product(String symbol, int m, int k, int late, byte[] blocks) {
    int n = 3;
    List<byte[]> before = new ArrayList<>();
    byte[] codes = new byte[m * k];
    random.nextBytes(codes);
    before.add(late(blocks, late));
    before.add(codes);
    before.add(numbers(m * k / 32, 0.01f));
    before.add(sums(codes));
    before.add(new byte[4 * m * n]);
    add(symbol, new int[]{m, n, k, late, late == 0 ? 1 : 0}, before);
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
