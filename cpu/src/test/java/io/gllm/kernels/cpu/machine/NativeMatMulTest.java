package io.gllm.kernels.cpu.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Cast;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.PackB;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.Queue;
import io.gllm.kernels.cpu.CpuBackendProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Native matrix products against scalar ones: ordered sums bit for bit, fast ones within their bound, both with equal bits for one
 * and three threads, for every form and instruction set.
 */
class NativeMatMulTest {
  /** In place, few rows, many rows, several passes, odd sizes, and nothing to add up. */
  private static final int[][] SHAPES = {{1, 1, 1}, {1, 300, 2100}, {2, 37, 129}, {3, 65, 40}, {4, 129, 1000}, {5, 33, 31}, {17, 100, 2085},
    {115, 70, 96}, {130, 2090, 40}, {201, 45, 1100}, {6, 20, 0}, {1, 20, 0}, {0, 5, 5}, {130, 3, 0}};

  private enum Way {
    GEMV, COLUMNS, ROWS, PACKED, BIAS, SILU, GELU, RELU
  }

  private record Operands(Buffer a, Buffer b, Buffer bias, int m, int n, int k) {}

  private static Device open(String tier, int threads, String isa) {
    Map<String, String> options = new HashMap<>(Map.of("cpu.tier", tier, "cpu.threads", Integer.toString(threads)));
    if (isa != null) {
      options.put("cpu.isa", isa);
    }
    BackendConfig config = new BackendConfig(options);
    CpuBackendProvider provider = new CpuBackendProvider();
    return provider.open(provider.probe(config).devices().getFirst(), config);
  }

  private static Buffer empty(Arena arena, DType type, long n) {
    MemorySegment segment = arena.allocate(n * type.blockBytes() + 4, 64).fill((byte) 0xff);
    return Buffer.wrap(segment.asSlice(type.blockBytes(), n * type.blockBytes()), type);
  }

  private static Buffer random(Queue queue, Arena arena, DType type, long n, long seed) {
    Random random = new Random(seed);
    Buffer wide = empty(arena, DType.F32, n);
    for (long i = 0; i < n; i++) {
      wide.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, i * 4, random.nextFloat() * 2 - 1);
    }
    Buffer out = empty(arena, type, n);
    queue.kernel(Cast.OP, DType.F32).run(wide, out, n);
    return out;
  }

  private static Operands operands(Queue queue, Arena arena, DType activations, DType weights, int[] shape) {
    long m = shape[0];
    long n = shape[1];
    long k = shape[2];
    return new Operands(random(queue, arena, activations, m * k, 1), random(queue, arena, weights, n * k, 2),
        random(queue, arena, DType.F32, n, 3), shape[0], shape[1], shape[2]);
  }

  private static float[] multiply(Queue queue, Arena arena, Way way, Operands o) {
    DType type = (DType) o.b().type();
    Buffer c = empty(arena, (DType) o.a().type(), way == Way.GEMV ? o.n() : (long) o.m() * o.n());
    switch (way) {
      case GEMV -> queue.kernel(MatMul.GEMV, type).run(o.b(), o.a().slice(0, o.k()), c, o.n(), o.k());
      case COLUMNS -> queue.kernel(MatMul.GEMM, type).run(o.a(), o.b(), c, o.m(), o.n(), o.k());
      case ROWS -> queue.kernel(MatMul.GEMM_BT, type).run(o.a(), o.b(), c, o.m(), o.n(), o.k());
      case PACKED -> {
        PackB.Kernel pack = queue.kernel(PackB.OP, type);
        MemorySegment memory = arena.allocate(pack.packedBytes(o.n(), o.k()), 64);
        Buffer packed = Buffer.packed(Buffer.wrap(memory, DType.I8).memory(), type, o.n(), o.k());
        pack.run(o.b(), packed, o.n(), o.k(), false);
        queue.kernel(MatMul.GEMM_PREPACKED, type).run(o.a(), packed, c, o.m(), o.n(), o.k());
      }
      case BIAS -> queue.kernel(MatMul.GEMM_BIAS, type).run(o.a(), o.b(), o.bias(), c, o.m(), o.n(), o.k());
      default -> {
        MatMul.GemmBiasAct kernel = queue.kernel(MatMul.GEMM_BIAS_ACT, type);
        kernel.run(o.a(), o.b(), o.bias(), Activation.valueOf(way.name()), c, o.m(), o.n(), o.k());
      }
    }
    Buffer wide = empty(arena, DType.F32, c.length());
    queue.kernel(Cast.OP, c.type()).run(c, wide, c.length());
    return wide.toFloatArray();
  }

  private static float[] run(Device device, Numerics numerics, Way way, DType activations, DType weights, int[] shape) {
    try (Arena arena = Arena.ofShared(); Queue queue = device.openQueue(numerics)) {
      return multiply(queue, arena, way, operands(queue, arena, activations, weights, shape));
    }
  }

  private static void compare(String what, float[] want, float[] got, double tolerance) {
    assertEquals(want.length, got.length);
    for (int i = 0; i < want.length; i++) {
      int at = i;
      boolean close = tolerance == 0
          ? Float.floatToRawIntBits(want[i]) == Float.floatToRawIntBits(got[i])
          : Math.abs((double) want[i] - got[i]) <= tolerance * (1 + Math.abs(want[i]));
      assertTrue(close, () -> what + " [" + at + "] = " + got[at] + ", scalar " + want[at]);
    }
  }

  private static void check(Way way, DType activations, DType weights, int[] shape) {
    float[] want;
    try (Device scalar = open("scalar", 1, null)) {
      want = run(scalar, Numerics.REPRODUCIBLE, way, activations, weights, shape);
    }
    for (String isa : new String[]{null, "avx2"}) {
      if (NativeTier.load(isa).code() == null) {
        continue;
      }
      try (Device one = open("native", 1, isa); Device three = open("native", 3, isa)) {
        String what = way + " " + activations + " " + weights + " " + Arrays.toString(shape) + " " + isa;
        compare(what + " ordered", want, run(one, Numerics.REPRODUCIBLE, way, activations, weights, shape), 0);
        compare(what + " ordered, 3 threads", want, run(three, Numerics.REPRODUCIBLE, way, activations, weights, shape), 0);
        float[] fast = run(one, Numerics.FAST, way, activations, weights, shape);
        compare(what, want, fast, 2 * activations.unitRoundoff() + 2e-5 + shape[2] * 1e-7);
        compare(what + " 3 threads", fast, run(three, Numerics.FAST, way, activations, weights, shape), 0);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void everyFormInF32(Way way) {
    for (int[] shape : SHAPES) {
      if (way != Way.GEMV || shape[0] > 0) {
        check(way, DType.F32, DType.F32, shape);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"F32,F16", "F32,BF16", "F16,F16", "BF16,BF16"})
  void everyTypeAndForm(DType activations, DType weights) {
    for (int[] shape : new int[][]{{1, 70, 600}, {4, 129, 70}, {17, 100, 2085}, {130, 40, 1100}}) {
      for (Way way : new Way[]{Way.GEMV, Way.COLUMNS, Way.ROWS, Way.PACKED, Way.GELU}) {
        check(way, activations, weights, shape);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void weightsOfAnotherTierAreRefused(DType type) {
    try (Arena arena = Arena.ofShared(); Device scalar = open("scalar", 1, null); Device machine = open("native", 1, null)) {
      try (Queue packer = scalar.openQueue(Numerics.FAST); Queue user = machine.openQueue(Numerics.FAST)) {
        Operands o = operands(packer, arena, DType.F32, type, new int[]{2, 3, 4});
        PackB.Kernel pack = packer.kernel(PackB.OP, type);
        Buffer packed = Buffer.packed(Buffer.wrap(arena.allocate(pack.packedBytes(3, 4), 64), DType.I8).memory(), type, 3, 4);
        pack.run(o.b(), packed, 3, 4, true);
        MatMul.Gemm kernel = user.kernel(MatMul.GEMM_PREPACKED, type);
        Buffer c = empty(arena, DType.F32, 6);
        assertThrows(IllegalArgumentException.class, () -> kernel.run(o.a(), packed, c, 2, 3, 4));
      }
    }
  }
}
