package io.gllm.kernels.cpu.machine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.api.op.PackB;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.op.Quantize;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.Queue;
import io.gllm.kernels.cpu.CpuBackendProvider;
import io.gllm.kernels.cpu.PackedLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Quantised kernels of every instruction set here, against the scalar tier: ordered products, decoding and encoding to the bit, fast
 * products within their bound; a row has the same bits alone, in a batch, packed, raw, and for any number of threads.
 */
class NativeQuantTest {
  private static final long PATIENCE = 20_000_000_000L;

  private static final int[] TOKENS = {1, 2, 3, 4, 5, 16, 17, 64};

  private static Device open(String tier, int threads, String isa) {
    Map<String, String> options = new HashMap<>(Map.of("cpu.tier", tier, "cpu.threads", Integer.toString(threads)));
    if (isa != null) {
      options.put("cpu.isa", isa);
    }
    BackendConfig config = new BackendConfig(options);
    CpuBackendProvider provider = new CpuBackendProvider();
    return provider.open(provider.probe(config).devices().getFirst(), config);
  }

  static Stream<Arguments> formatsAndSets() {
    return Stream.of("avx512", "avx2", "neon").filter(isa -> NativeTier.load(isa).code() != null)
        .flatMap(isa -> QuantMatMul.FORMATS.stream().map(format -> Arguments.of(format, isa)));
  }

  private static Buffer floats(Arena arena, long n) {
    MemorySegment segment = arena.allocate(n * 4 + 4, 64).asSlice(4);
    segment.fill((byte) 0xff);
    return Buffer.wrap(segment, DType.F32);
  }

  private static Buffer randomFloats(Arena arena, long n, long seed) {
    Buffer buffer = floats(arena, n);
    Random random = new Random(seed);
    for (long i = 0; i < n; i++) {
      buffer.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, i * 4, (float) random.nextGaussian());
    }
    return buffer;
  }

  private static Buffer bytes(Arena arena, ElementType type, long n) {
    return Buffer.wrap(arena.allocate(type.bytesFor(n) + 2, 2).asSlice(2), type);
  }

  /** Random blocks with scales that keep the products in range. */
  private static Buffer randomWeights(Arena arena, QuantFormat format, long n, long seed) {
    Buffer buffer = bytes(arena, format, n);
    Random random = new Random(seed);
    byte[] all = new byte[(int) buffer.byteSize()];
    random.nextBytes(all);
    for (int at = 0; at < all.length; at += format.blockBytes()) {
      for (int field : halves(format)) {
        scale(all, at + field, random);
      }
      calm(format, all, at);
    }
    MemorySegment.copy(all, 0, buffer.segment(), ValueLayout.JAVA_BYTE, 0, all.length);
    return buffer;
  }

  /** Where the f16 numbers of a block are. */
  private static int[] halves(QuantFormat format) {
    return switch (format) {
      case Q4_1, Q5_1, Q4_K, Q5_K -> new int[]{0, 2};
      case Q2_K -> new int[]{80, 82};
      case Q3_K -> new int[]{108};
      case Q6_K -> new int[]{208};
      case TQ1_0 -> new int[]{52};
      case TQ2_0 -> new int[]{64};
      case IQ1_M, MXFP4, NVFP4 -> new int[0];
      default -> new int[]{0};
    };
  }

  /** Scales that are no f16 in one piece: exponents around 1 in 100. */
  private static void calm(QuantFormat format, byte[] bytes, int at) {
    switch (format) {
      case IQ1_M -> {
        for (int i = 0; i < 4; i++) { // 0x2?00 .. 0x2?ff: 0.008 to 0.03
          bytes[at + 49 + 2 * i] = (byte) (bytes[at + 49 + 2 * i] & 15 | (i == 3 ? 2 : i == 2 ? 4 : bytes[at + 49 + 2 * i] & 15) << 4);
        }
      }
      case MXFP4 -> bytes[at] = (byte) (118 + (bytes[at] & 7));
      case NVFP4 -> {
        for (int i = 0; i < 4; i++) {
          bytes[at + i] = (byte) (bytes[at + i] & 63);
        }
      }
      default -> {
      }
    }
  }

  private static void scale(byte[] bytes, int at, Random random) {
    short half = Float.floatToFloat16(random.nextFloat() * 0.02f - 0.01f);
    bytes[at] = (byte) half;
    bytes[at + 1] = (byte) (half >> 8);
  }

  private static Buffer pack(Device device, Queue queue, Buffer w, long n, long k) {
    PackB.Kernel kernel = queue.kernel(PackB.OP, w.type());
    Buffer packed = Buffer.packed(device.allocate(kernel.packedBytes(n, k)), w.type(), n, k);
    kernel.run(w, packed, n, k, true);
    return packed;
  }

  private static float[] product(Queue queue, Buffer w, Buffer x, long m, long n, long k) {
    try (Arena arena = Arena.ofShared()) {
      Buffer y = floats(arena, m * n);
      QuantMatMul.check(w, x, y, m, n, k);
      queue.kernel(QuantMatMul.OP, w.type()).run(w, x, y, m, n, k);
      return y.toFloatArray();
    }
  }

  @ParameterizedTest
  @MethodSource("formatsAndSets")
  void orderedProductsAreThoseOfTheScalarTier(QuantFormat format, String isa) {
    int n = 37;
    int k = format.blockElements() > 32 ? 768 : 800;
    try (Arena arena = Arena.ofShared(); Device scalar = open("scalar", 1, null); Device device = open("native", 2, isa)) {
      Buffer w = randomWeights(arena, format, (long) n * k, 1);
      try (Queue reference = scalar.openQueue(Numerics.REPRODUCIBLE); Queue queue = device.openQueue(Numerics.REPRODUCIBLE)) {
        for (int m : TOKENS) {
          Buffer x = randomFloats(arena, (long) m * k, m);
          Buffer q = bytes(arena, format.activationFormat(), (long) m * k);
          queue.kernel(Quantize.OP, q.type()).run(x, q, (long) m * k);
          for (Buffer in : List.of(x, q)) {
            float[] want = product(reference, w, in, m, n, k);
            assertArrayEquals(want, product(queue, w, in, m, n, k));
            assertArrayEquals(want, product(queue, pack(device, queue, w, n, k), in, m, n, k));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("formatsAndSets")
  void fastProductsStayWithinTheirBound(QuantFormat format, String isa) {
    int n = 150;
    int k = 1024;
    try (Arena arena = Arena.ofShared(); Device one = open("native", 1, isa); Device three = open("native", 3, isa)) {
      Buffer w = randomWeights(arena, format, (long) n * k, 2);
      Buffer decoded = floats(arena, (long) n * k);
      try (Queue queue = one.openQueue(Numerics.FAST); Queue team = three.openQueue(Numerics.FAST)) {
        queue.kernel(Dequant.OP, format).run(w, decoded, (long) n * k);
        float[] weights = decoded.toFloatArray();
        Buffer x = randomFloats(arena, 600L * k, 3);
        float[] all = product(queue, w, x, 600, n, k);
        within(format, weights, x.toFloatArray(), all, 600, n, k);
        for (int m : TOKENS) {
          float[] part = product(team, pack(three, team, w, n, k), x.slice(0, (long) m * k), m, n, k);
          assertArrayEquals(Arrays.copyOf(all, part.length), part);
        }
      }
    }
  }

  private static void within(QuantFormat format, float[] w, float[] x, float[] y, int m, int n, int k) {
    int block = format.activationFormat().blockElements();
    for (int i = 0; i < m; i += 7) {
      for (int j = 0; j < n; j++) {
        double exact = 0;
        double sumAbs = 0;
        double step = 0;
        for (int from = 0; from < k; from += block) {
          double largest = 0;
          double abs = 0;
          for (int e = from; e < from + block; e++) {
            double p = (double) w[j * k + e] * x[i * k + e];
            exact += p;
            sumAbs += Math.abs(p);
            largest = Math.max(largest, Math.abs(x[i * k + e]));
            abs += Math.abs(w[j * k + e]);
          }
          step += largest / 254 * abs;
        }
        assertEquals(exact, y[i * n + j], QuantMatMul.bound(k, sumAbs, step));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("formatsAndSets")
  void blocksDecodeAsInTheScalarTier(QuantFormat format, String isa) {
    int rows = 90;
    int k = 768;
    try (Arena arena = Arena.ofShared(); Device scalar = open("scalar", 1, null); Device device = open("native", 3, isa)) {
      Buffer w = randomWeights(arena, format, (long) rows * k, 4);
      Buffer ids = Buffer.wrap(arena.allocateFrom(ValueLayout.JAVA_INT, 5, 0, 89, 88, 5, 17), DType.I32);
      try (Queue reference = scalar.openQueue(Numerics.FAST); Queue queue = device.openQueue(Numerics.FAST)) {
        Buffer want = floats(arena, (long) rows * k);
        Buffer got = floats(arena, (long) rows * k);
        reference.kernel(Dequant.OP, format).run(w, want, (long) rows * k);
        queue.kernel(Dequant.OP, format).run(w, got, (long) rows * k);
        assertArrayEquals(want.toFloatArray(), got.toFloatArray());
        reference.kernel(Embedding.OP, format).run(w, ids, want, 6, rows, k);
        queue.kernel(Embedding.OP, format).run(w, ids, got, 6, rows, k);
        assertArrayEquals(want.toFloatArray(), got.toFloatArray());
        Buffer bad = Buffer.wrap(arena.allocateFrom(ValueLayout.JAVA_INT, 0, 90), DType.I32);
        assertThrows(IndexOutOfBoundsException.class, () -> queue.kernel(Embedding.OP, format).run(w, bad, got, 2, rows, k));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("formatsAndSets")
  void activationsEncodeAsInTheScalarTier(QuantFormat weights, String isa) {
    QuantFormat format = weights.activationFormat();
    int n = 256 * 40;
    float[] special = {0, -0.0f, 1e-40f, -3e-37f, 5e-31f, 2.5f, 127, 3e38f, Float.POSITIVE_INFINITY, Float.NaN, Float.MIN_VALUE};
    try (Arena arena = Arena.ofShared(); Device scalar = open("scalar", 1, null); Device device = open("native", 1, isa)) {
      Buffer x = randomFloats(arena, n, 5);
      for (int i = 0; i < n; i++) {
        float scale = i / 256 < 20 ? 1 : special[i / 256 % special.length];
        float v = x.segment().get(ValueLayout.JAVA_FLOAT_UNALIGNED, i * 4L);
        x.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, i * 4L, i % 97 == 0 ? scale : Float.isFinite(v * scale) ? v * scale : v);
      }
      byte[][] blocks = new byte[2][];
      int next = 0;
      for (Device d : List.of(scalar, device)) {
        try (Queue queue = d.openQueue(Numerics.FAST)) {
          Buffer out = bytes(arena, format, n);
          queue.kernel(Quantize.OP, format).run(x, out, n);
          blocks[next++] = out.segment().toArray(ValueLayout.JAVA_BYTE);
        }
      }
      assertArrayEquals(blocks[0], blocks[1]);
    }
  }

  @Test
  void steadyCallsAllocateNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Arena arena = Arena.ofShared(); Device device = open("native", 1, null); Queue queue = device.openQueue(Numerics.FAST)) {
      Buffer w = randomWeights(arena, QuantFormat.Q4_K, 256 * 64, 6);
      Buffer x = randomFloats(arena, 256 * 8, 7);
      Buffer y = floats(arena, 64 * 8);
      QuantMatMul.Kernel kernel = queue.kernel(QuantMatMul.OP, QuantFormat.Q4_K);
      long bytes = 1;
      for (long start = System.nanoTime(); bytes != 0 && System.nanoTime() - start < PATIENCE;) { // the compiler may wait for a core
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 10_000; i++) {
          kernel.run(w, x, y, 1 + i % 8, 64, 256);
        }
        bytes = threads.getCurrentThreadAllocatedBytes() - before;
      }
      assertEquals(0, bytes);
    }
  }

  @Test
  void weightsOfAnotherTierAreRefused() {
    try (Arena arena = Arena.ofShared(); Device scalar = open("scalar", 1, null); Device device = open("native", 1, null)) {
      try (Queue packer = scalar.openQueue(Numerics.FAST); Queue queue = device.openQueue(Numerics.FAST)) {
        Buffer packed = pack(scalar, packer, randomWeights(arena, QuantFormat.Q8_0, 32 * 32, 8), 32, 32);
        Buffer x = randomFloats(arena, 32, 9);
        assertThrows(IllegalArgumentException.class, () -> product(queue, packed, x, 1, 32, 32));
      }
      assertTrue(device.explain(QuantMatMul.OP, QuantFormat.Q8_0, Numerics.REPRODUCIBLE).stream()
          .anyMatch(c -> c.chosen() && c.kernel().equals("native_quant_matmul_q8_0_ordered")));
    }
  }

  /** Ternary weights are packed more tightly where the processor takes them apart quickly, which code for others cannot read. */
  @Test
  void ternaryWeightsOfAnotherInstructionSetAreRefused() {
    assumeTrue(NativeTier.load("avx512").code() != null, "this processor has no AVX-512");
    try (Arena arena = Arena.ofShared(); Device first = open("native", 1, "avx512"); Device second = open("native", 1, "avx2")) {
      try (Queue wide = first.openQueue(Numerics.FAST); Queue narrow = second.openQueue(Numerics.FAST)) {
        Buffer w = randomWeights(arena, QuantFormat.TQ1_0, 256 * 32, 10);
        Buffer x = randomFloats(arena, 256, 11);
        Buffer tight = pack(first, wide, w, 32, 256);
        Buffer plain = pack(second, narrow, w, 32, 256);
        assumeTrue(PackedLayout.ROWS_16_TRITS.is(tight), "this processor has no AVX512-VBMI");
        assertTrue(PackedLayout.ROWS_16.is(plain));
        assertThrows(IllegalArgumentException.class, () -> product(narrow, tight, x, 1, 32, 256));
        assertThrows(IllegalArgumentException.class, () -> product(wide, plain, x, 1, 32, 256));
      }
    }
  }
}
