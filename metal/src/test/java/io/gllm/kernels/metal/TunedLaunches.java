package io.gllm.kernels.metal;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.portable.GoldenLaunch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A small launch of every tuned kernel, without its answer: of small integers, exact in any order of sums, since that of the hardware is
 * its own; with ends within tiles, groups and the lanes of a SIMD group.
 */
final class TunedLaunches {
  private static final int[] GROUP = {1, 1, 1};
  private static final int SIXTEENTH = 0x2c00; // as f16

  private final Map<String, GoldenLaunch> all = new TreeMap<>();
  private final Random random = new Random(7);

  private TunedLaunches() {}

  /** The launches by kernel; the same every time. */
  static Map<String, GoldenLaunch> all() {
    TunedLaunches launches = new TunedLaunches();
    for (DType type : List.of(DType.F32, DType.F16, DType.BF16)) {
      MetalTable.activations(type).forEach(activations -> launches.product(activations, type));
      MetalFlashAttention.symbols(type).forEach(symbol -> launches.attention(symbol, type));
    }
    launches.blocks(QuantFormat.Q4_0, 34 * 32, 0);
    launches.blocks(QuantFormat.Q8_0, 34 * 32, 0);
    launches.blocks(QuantFormat.Q4_K, 3 * 256, 0, 2);
    launches.blocks(QuantFormat.Q6_K, 3 * 256, 208);
    return launches.all;
  }

  /** More rows and columns than a tile, and more of both orders of weights; with columns a bias and relu. */
  private void product(DType activations, DType type) {
    int m = 37;
    int n = 70;
    int k = 45;
    byte[] a = integers(activations, m * k);
    byte[] w = integers(type, n * k);
    String types = activations.label() + "_" + type.label();
    byte[] c = zeros(activations, m * n);
    add("simd_gemm_bt_" + types, new int[]{4, 1, 1}, List.of(a, w, c), m, n, k, 0, 0, 0);
    add("simd_gemm_" + types, new int[]{4, 1, 1}, List.of(a, w, integers(DType.F32, n), c), m, n, k, 0, 0, 0, 2);
  }

  /** Three rows of weights, of which a lane or two have more units than the others, with one, six and eleven rows of activations. */
  private void blocks(QuantFormat format, int k, int... scales) {
    int n = 11;
    byte[] blocks = new byte[(int) format.bytesFor((long) n * k)];
    random.nextBytes(blocks);
    for (int block = 0; block < blocks.length; block += format.blockBytes()) {
      for (int scale : scales) {
        ByteBuffer.wrap(blocks).order(ByteOrder.LITTLE_ENDIAN).putShort(block + scale, (short) SIXTEENTH);
      }
    }
    int late = format == QuantFormat.Q4_K ? 0 : 2;
    byte[] w = ByteBuffer.allocate((late + blocks.length + 3) / 4 * 4).put(late, blocks).array();
    add("simd_gemv_" + format.label(), new int[]{2, 1, 1}, List.of(w, integers(DType.F32, k), zeros(DType.F32, n)), 1, n, k, late);
    add("simd_gemv_rows_" + format.label(), new int[]{2, 1, 1}, List.of(w, integers(DType.F32, 6 * k), zeros(DType.F32, 6 * n)), 6, n, k,
        late);
    add("simd_gemm_bt_" + format.label(), GROUP, List.of(integers(DType.F32, 11 * k), w, zeros(DType.F32, 11 * n)), 11, n, k, late, 1, 0);
  }

  /**
   * Attention whose weights are 1 or 0: a key gives every query a score of 0, or one too low to count. More keys than a tile, seen one
   * more by each query.
   */
  private void attention(String symbol, DType type) {
    int dim = Integer.parseInt(symbol.split("_")[2]);
    int queries = 20;
    int keys = 42;
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
        zeros(DType.F32, 2 * queries * dim), zeros(DType.F32, 2 * queries));
    add(symbol, new int[]{1, 2, 1}, before, queries, keys, 2, 1, 1, 1, 2 * queries * dim, queries * dim, dim, keys * dim, keys * dim, dim,
        Float.floatToRawIntBits(1));
  }

  private byte[] integers(DType type, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextInt(9) - 4;
    }
    return bytes(type, values);
  }

  private static byte[] zeros(DType type, int count) {
    return new byte[(count * type.blockBytes() + 3) / 4 * 4];
  }

  private static byte[] bytes(DType type, float[] values) {
    ByteBuffer bytes = ByteBuffer.wrap(zeros(type, values.length)).order(ByteOrder.LITTLE_ENDIAN);
    for (float v : values) {
      switch (type) {
        case F16 -> bytes.putShort(Float.floatToFloat16(v));
        case BF16 -> bytes.putShort((short) (Float.floatToRawIntBits(v) >>> 16));
        default -> bytes.putFloat(v);
      }
    }
    return bytes.array();
  }

  private void add(String symbol, int[] grid, List<byte[]> before, int... parameters) {
    all.put(symbol, new GoldenLaunch(symbol, grid, parameters, before, before));
  }
}
