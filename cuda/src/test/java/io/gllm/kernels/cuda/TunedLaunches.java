package io.gllm.kernels.cuda;

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
 * A small launch of every tuned kernel, without its answer: more units than lanes of a warp, rows that end within a group, blocks that
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
    return launches.all;
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
    all.put(symbol, new GoldenLaunch(symbol, GROUP, parameters, before, before));
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
