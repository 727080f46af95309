package io.gllm.kernels.cpu.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.gllm.kernels.api.AttentionLayout;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.RopeLayout;
import io.gllm.kernels.api.op.AttentionShape;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.Cast;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.op.KvAppend;
import io.gllm.kernels.api.op.LayerNorm;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.PagedShape;
import io.gllm.kernels.api.op.ReduceOp;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.api.op.Rope;
import io.gllm.kernels.api.op.RopeShape;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.api.op.Softmax;
import io.gllm.kernels.api.op.UnaryOp;
import io.gllm.kernels.api.op.VecAxpy;
import io.gllm.kernels.api.op.VecDot;
import io.gllm.kernels.api.op.VecScale;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.Queue;
import io.gllm.kernels.cpu.CpuBackendProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Native kernels against scalar ones through the same queue interface: equal bits where the native one says so, close otherwise; and
 * equal bits for one and three threads. Sizes are large enough that the team divides the work.
 */
class NativeAgainstScalarTest {
  private static final int N = 300_007;

  /** Runs an operator on a queue and returns its output. */
  private interface Run extends BiFunction<Queue, Arena, Buffer> {}

  private static Device open(String tier, int threads, String isa) {
    Map<String, String> options = new HashMap<>(Map.of("cpu.tier", tier, "cpu.threads", Integer.toString(threads)));
    if (isa != null) {
      options.put("cpu.isa", isa);
    }
    BackendConfig config = new BackendConfig(options);
    CpuBackendProvider provider = new CpuBackendProvider();
    return provider.open(provider.probe(config).devices().getFirst(), config);
  }

  private static float[] floats(Device device, Run run, Numerics numerics) {
    try (Arena arena = Arena.ofShared(); Queue queue = device.openQueue(numerics)) {
      Buffer out = run.apply(queue, arena);
      Buffer wide = buffer(arena, DType.F32, out.length());
      if (out.type() == DType.I32) {
        return toFloats(out.toIntArray());
      }
      queue.kernel(Cast.OP, out.type()).run(out, wide, out.length());
      return wide.toFloatArray();
    }
  }

  private static float[] toFloats(int[] ints) {
    float[] result = new float[ints.length];
    for (int i = 0; i < ints.length; i++) {
      result[i] = ints[i];
    }
    return result;
  }

  private static Buffer buffer(Arena arena, DType type, long n) {
    MemorySegment segment = arena.allocate(n * type.blockBytes() + 4, 64);
    segment.fill((byte) 0xff);
    return Buffer.wrap(segment.asSlice(type.blockBytes() % 4 == 2 ? 2 : 4, n * type.blockBytes()), type);
  }

  private static Buffer ints(Arena arena, int... values) {
    return Buffer.wrap(arena.allocateFrom(ValueLayout.JAVA_INT, values), DType.I32);
  }

  private static Buffer random(Queue queue, Arena arena, DType type, long n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Buffer wide = buffer(arena, DType.F32, n);
    for (long i = 0; i < n; i++) {
      wide.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, i * 4, (random.nextInt() >> 8) * 0x1p-21f);
    }
    Buffer out = buffer(arena, type, n);
    queue.kernel(Cast.OP, DType.F32).run(wide, out, n);
    return out;
  }

  private void check(Op<?> op, DType type, double tolerance, Run run) {
    float[] want = null;
    try (Device scalar = open("scalar", 1, null)) {
      want = floats(scalar, run, Numerics.FAST);
    }
    for (String isa : new String[]{null, "avx2"}) {
      if (NativeTier.load(isa).code() == null) {
        continue;
      }
      float[] alone = null;
      for (int threads = 1; threads <= 3; threads += 2) {
        try (Device device = open("native", threads, isa)) {
          assertTrue(device.explain(op, type, Numerics.FAST).getFirst().chosen(), () -> op + " is not native");
          boolean exact = device.explain(op, type, Numerics.REPRODUCIBLE).getFirst().chosen();
          float[] got = floats(device, run, Numerics.FAST);
          compare(op + " " + type + " " + isa, want, got, exact ? 0 : tolerance);
          if (alone != null) {
            compare(op + " " + type + " with " + threads + " threads", alone, got, 0);
          }
          alone = got;
        }
      }
    }
  }

  private static void compare(String what, float[] want, float[] got, double tolerance) {
    assertEquals(want.length, got.length);
    for (int i = 0; i < want.length; i++) {
      double bound = tolerance * Math.max(1, Math.abs(want[i]));
      boolean close = Float.compare(want[i], got[i]) == 0 || tolerance > 0 && Math.abs((double) want[i] - got[i]) <= bound;
      if (!close) {
        fail(what + " [" + i + "] = " + got[i] + ", scalar " + want[i]);
      }
    }
  }

  private static double tolerance(DType type) {
    return 4 * type.unitRoundoff() + 2e-6;
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void maps(DType type) {
    for (Op<UnaryOp.Kernel> op : List.of(UnaryOp.EXP, UnaryOp.SILU, UnaryOp.GELU, UnaryOp.GELU_ERF, UnaryOp.RELU, UnaryOp.TANH)) {
      check(op, type, tolerance(type), (q, a) -> {
        Buffer x = random(q, a, type, N, 1);
        q.kernel(op, type).run(x, x, N);
        return x;
      });
    }
    for (Op<BinaryOp.Kernel> op : List.of(BinaryOp.ADD, BinaryOp.SUB, BinaryOp.MUL, BinaryOp.SWIGLU)) {
      check(op, type, tolerance(type), (q, a) -> {
        Buffer out = buffer(a, type, N);
        q.kernel(op, type).run(random(q, a, type, N, 1), random(q, a, type, N, 2), out, N);
        return out;
      });
    }
    check(VecScale.OP, type, 0, (q, a) -> {
      Buffer x = random(q, a, type, N, 3);
      q.kernel(VecScale.OP, type).run(x, 0.3f, N);
      return x;
    });
    check(VecAxpy.OP, type, 0, (q, a) -> {
      Buffer y = random(q, a, type, N, 3);
      q.kernel(VecAxpy.OP, type).run(y, -1.7f, random(q, a, type, N, 4), N);
      return y;
    });
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void reductions(DType type) {
    for (int n : new int[]{0, 1, 37, 16384, N}) {
      check(VecDot.OP, type, 2e-4, (q, a) -> {
        Buffer out = buffer(a, DType.F32, 1);
        q.kernel(VecDot.OP, type).run(random(q, a, type, n, 5), random(q, a, type, n, 6), out, n);
        return out;
      });
      for (Op<ReduceOp.Kernel> op : List.of(ReduceOp.SUM, ReduceOp.SUM_SQUARES, ReduceOp.MAX)) {
        if (n == 0 && op == ReduceOp.MAX) {
          continue;
        }
        check(op, type, 2e-4, (q, a) -> {
          Buffer out = buffer(a, DType.F32, 1);
          q.kernel(op, type).run(random(q, a, type, n, 5), out, n);
          return out;
        });
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void rows(DType type) {
    int rows = 301;
    int cols = 1003;
    int n = rows * cols;
    check(Softmax.OP, type, tolerance(type), (q, a) -> {
      Buffer out = buffer(a, type, n);
      q.kernel(Softmax.OP, type).run(random(q, a, type, n, 1), random(q, a, DType.F32, n, 2), out, rows, cols, 0.7f);
      return out;
    });
    check(RmsNorm.OP, type, tolerance(type), (q, a) -> {
      Buffer out = buffer(a, type, n);
      q.kernel(RmsNorm.OP, type).run(random(q, a, type, n, 1), random(q, a, type, cols, 2), out, rows, cols, 1e-5f);
      return out;
    });
    check(RmsNorm.RESIDUAL, type, tolerance(type), (q, a) -> {
      Buffer x = random(q, a, type, n, 1);
      Buffer r = random(q, a, type, n, 3);
      q.kernel(RmsNorm.RESIDUAL, type).run(x, r, random(q, a, type, cols, 2), x, r, rows, cols, 1e-5f);
      return r;
    });
    check(LayerNorm.OP, type, tolerance(type), (q, a) -> {
      Buffer out = buffer(a, type, n);
      Buffer gamma = random(q, a, type, cols, 2);
      q.kernel(LayerNorm.OP, type).run(random(q, a, type, n, 1), gamma, random(q, a, type, cols, 3), out, rows, cols, 1e-5f);
      return out;
    });
    check(Sampling.ARGMAX, type, 0, (q, a) -> {
      Buffer out = buffer(a, DType.I32, rows);
      q.kernel(Sampling.ARGMAX, type).run(random(q, a, type, n, 1), out, rows, cols);
      return out;
    });
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void positionsAndCaches(DType type) {
    int tokens = 200;
    for (RopeLayout layout : RopeLayout.values()) {
      RopeShape shape = new RopeShape(5, 80, 62, layout);
      check(Rope.OP, type, 0, (q, a) -> {
        Buffer x = random(q, a, type, tokens * 400L, 1);
        Buffer c = random(q, a, DType.F32, 31L * 300, 2);
        q.kernel(Rope.OP, type).run(x, c, random(q, a, DType.F32, 31L * 300, 3), tokens, shape, 99);
        return x;
      });
      check(Rope.WITH_POSITIONS, type, 0, (q, a) -> {
        Buffer x = random(q, a, type, tokens * 400L, 1);
        Buffer c = random(q, a, DType.F32, 31L * 300, 2);
        Buffer positions = ints(a, new Random(4).ints(tokens, 0, 300).toArray());
        q.kernel(Rope.WITH_POSITIONS, type).run(x, positions, c, random(q, a, DType.F32, 31L * 300, 3), tokens, shape);
        return x;
      });
    }
    check(KvAppend.OP, type, 0, (q, a) -> {
      Buffer cache = random(q, a, type, 50 * 33, 1);
      Buffer values = random(q, a, type, 50 * 33, 2);
      q.kernel(KvAppend.OP, type).run(random(q, a, DType.F32, 99, 3), random(q, a, DType.F32, 99, 4), ints(a, 49, 0, 7), cache, values, 3,
          33);
      return cache;
    });
    check(Embedding.OP, type, 0, (q, a) -> {
      Buffer out = buffer(a, DType.F32, 4 * 33);
      q.kernel(Embedding.OP, type).run(random(q, a, type, 50 * 33, 1), ints(a, 49, 0, 7, 7), out, 4, 50, 33);
      return out;
    });
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void attention(DType type) {
    for (AttentionLayout layout : AttentionLayout.values()) {
      for (boolean withMask : new boolean[]{false, true}) {
        AttentionShape s = new AttentionShape(2, 6, 2, 45, 101, 72, layout, !withMask, 0.11f);
        for (boolean lse : new boolean[]{false, true}) {
          check(FlashAttention.OP, type, 2e-5, (q, a) -> flash(q, a, type, s, withMask, lse));
        }
      }
    }
    for (int queries : new int[]{1, 9, 30}) {
      PagedShape s = new PagedShape(3, queries, 6, 2, 72, 16, 9, 0.11f);
      for (boolean lse : new boolean[]{false, true}) {
        check(PagedAttention.OP, type, 2e-5, (q, a) -> paged(q, a, type, s, lse));
      }
    }
  }

  private static Buffer flash(Queue q, Arena a, DType type, AttentionShape s, boolean withMask, boolean wantLse) {
    long n = (long) s.batch() * s.heads() * s.queries();
    long kv = (long) s.batch() * s.kvHeads() * s.keys() * s.headDim();
    Buffer out = buffer(a, DType.F32, n * s.headDim());
    Buffer lse = buffer(a, DType.F32, n);
    Buffer mask = withMask ? random(q, a, DType.F32, (long) s.queries() * s.keys(), 9) : null;
    Buffer query = random(q, a, DType.F32, n * s.headDim(), 1);
    q.kernel(FlashAttention.OP, type).run(query, random(q, a, type, kv, 2), random(q, a, type, kv, 3), mask, out, lse, s);
    return wantLse ? lse : out;
  }

  private static Buffer paged(Queue q, Arena a, DType type, PagedShape s, boolean wantLse) {
    long n = (long) s.sequences() * s.heads() * s.queries();
    long kv = 28L * s.page() * s.kvHeads() * s.headDim();
    Buffer out = buffer(a, DType.F32, n * s.headDim());
    Buffer lse = buffer(a, DType.F32, n);
    Buffer query = random(q, a, DType.F32, n * s.headDim(), 1);
    Buffer table = ints(a, new Random(5).ints((long) s.sequences() * s.tableColumns(), 0, 28).toArray());
    Buffer lengths = ints(a, 5, 140, 77);
    q.kernel(PagedAttention.OP, type).run(query, random(q, a, type, kv, 2), random(q, a, type, kv, 3), table, lengths, out, lse, s);
    return wantLse ? lse : out;
  }

  @Test
  void streamedStoresGiveTheSameBits() {
    int n = 17 << 20;
    int cols = 4112; // whole cache lines, as streamed rows are; four of them at a time leave three
    check(UnaryOp.RELU, DType.F32, 0, (q, a) -> {
      Buffer x = random(q, a, DType.F32, n, 1);
      q.kernel(UnaryOp.RELU, DType.F32).run(x, x, n);
      return x;
    });
    check(RmsNorm.OP, DType.F32, 2e-6, (q, a) -> {
      Buffer out = Buffer.wrap(a.allocate(n * 4L, 64), DType.F32);
      q.kernel(RmsNorm.OP, DType.F32).run(random(q, a, DType.F32, n, 1), random(q, a, DType.F32, cols, 2), out, n / cols, cols, 1e-5f);
      return out.slice(0, n / cols * cols);
    });
    check(Softmax.OP, DType.F32, 2e-6, (q, a) -> {
      Buffer out = Buffer.wrap(a.allocate(n * 4L, 64), DType.F32);
      q.kernel(Softmax.OP, DType.F32).run(random(q, a, DType.F32, n, 1), null, out, n / cols, cols, 1.5f);
      return out.slice(0, n / cols * cols);
    });
  }
}
