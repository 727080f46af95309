package io.gllm.kernels.cpu.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Cast;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.Queue;
import io.gllm.kernels.cpu.CpuBackendProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Random;

/** Runs an operator in the scalar and in the vector tier, with one and with three threads, and compares what they write. */
final class Harness {
  /** Runs an operator on a queue and returns the buffers it wrote. */
  interface Run {
    Buffer[] on(Queue queue, Arena arena);
  }

  private Harness() {}

  static Device open(String tier, int threads) {
    BackendConfig config = new BackendConfig(Map.of("cpu.tier", tier, "cpu.threads", Integer.toString(threads)));
    CpuBackendProvider provider = new CpuBackendProvider();
    return provider.open(provider.probe(config).devices().getFirst(), config);
  }

  /** Equal bits, and so flagged. */
  static void same(Op<?> op, ElementType type, String what, Run run) {
    compare(op, type, what, true, 0, 0, run);
  }

  /** Within |got - want| at most relative |want| + absolute, and flagged as not reproducible. */
  static void close(Op<?> op, ElementType type, String what, double relative, double absolute, Run run) {
    compare(op, type, what, false, relative, absolute, run);
  }

  private static void compare(Op<?> op, ElementType type, String what, boolean flagged, double relative, double absolute, Run run) {
    try (Arena arena = Arena.ofShared(); Device scalar = open("scalar", 1)) {
      Buffer[] want = outputs(scalar, arena, run);
      Buffer[] alone = null;
      for (int threads = 1; threads <= 3; threads += 2) {
        try (Device vector = open("vector", threads)) {
          assertTrue(candidate(vector, op, type, Numerics.FAST).chosen(), op + " " + type + " is not a vector kernel");
          assertEquals(flagged, candidate(vector, op, type, Numerics.REPRODUCIBLE).chosen(), op + " " + type + " flag");
          Buffer[] got = outputs(vector, arena, run);
          for (int i = 0; i < want.length; i++) {
            String name = op + " " + type.label() + " " + what + " output " + i + ", " + threads + " threads";
            if (flagged) {
              equal(name, want[i], got[i]);
            } else {
              near(name, want[i], got[i], relative, absolute);
            }
            if (alone != null) {
              equal(name + " against one", alone[i], got[i]);
            }
          }
          alone = got;
        }
      }
    }
  }

  private static Candidate candidate(Device device, Op<?> op, ElementType type, Numerics numerics) {
    return device.explain(op, type, numerics).stream().filter(c -> c.kernel().startsWith("vector_")).findFirst().orElseThrow();
  }

  private static Buffer[] outputs(Device device, Arena arena, Run run) {
    try (Queue queue = device.openQueue(Numerics.FAST)) {
      return run.on(queue, arena);
    }
  }

  private static void equal(String what, Buffer want, Buffer got) {
    assertEquals(want.byteSize(), got.byteSize());
    long at = want.segment().mismatch(got.segment());
    if (at < 0) {
      return;
    }
    if (!(want.type() instanceof DType type && type.isFloat())) {
      fail(what + ": byte " + at + " of " + want.byteSize());
    }
    float[] w = values(want);
    float[] g = values(got);
    for (int i = 0; i < w.length; i++) {
      if (Float.floatToIntBits(w[i]) != Float.floatToIntBits(g[i])) {
        fail(what + " [" + i + "] of " + w.length + " = " + g[i] + ", expected " + w[i]);
      }
    }
  }

  private static void near(String what, Buffer want, Buffer got, double relative, double absolute) {
    float[] w = values(want);
    float[] g = values(got);
    for (int i = 0; i < w.length; i++) {
      double bound = relative * Math.abs(w[i]) + absolute;
      boolean close = Float.compare(w[i], g[i]) == 0 || Math.abs((double) w[i] - g[i]) <= bound;
      if (!close) {
        fail(what + " [" + i + "] of " + w.length + " = " + g[i] + ", expected " + w[i]);
      }
    }
  }

  /** The elements as floats. */
  static float[] values(Buffer b) {
    float[] result = new float[Math.toIntExact(b.length())];
    for (int i = 0; i < result.length; i++) {
      result[i] = switch ((DType) b.type()) {
        case F32 -> b.segment().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
        case F16 -> Float.float16ToFloat(b.segment().get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
        case BF16 -> Float.intBitsToFloat(b.segment().get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i) << 16);
        default -> throw new IllegalArgumentException(b.toString());
      };
    }
    return result;
  }

  /** Not a number in every element, at an odd multiple of the element size. */
  static Buffer buffer(Arena arena, ElementType type, long n) {
    long bytes = type.bytesFor(n);
    MemorySegment segment = arena.allocate(bytes + 8, 64);
    segment.fill((byte) 0xff);
    return Buffer.wrap(segment.asSlice(type.blockBytes() == 4 ? 4 : 2, bytes), type);
  }

  static Buffer ints(Arena arena, int... values) {
    return Buffer.wrap(arena.allocateFrom(ValueLayout.JAVA_INT, values), DType.I32);
  }

  /** Numbers in [-4, 4). */
  static Buffer random(Queue queue, Arena arena, DType type, long n, long seed) {
    Random random = new Random(seed);
    float[] values = new float[Math.toIntExact(n)];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() * 8 - 4;
    }
    return of(queue, arena, type, values);
  }

  /** Values of every kind: random bits, so every exponent, infinities and what is no number. */
  static Buffer wild(Queue queue, Arena arena, DType type, long n, long seed) {
    Random random = new Random(seed);
    float[] values = new float[Math.toIntExact(n)];
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 3 == 0 ? (random.nextFloat() - 0.5f) * 200 : Float.intBitsToFloat(random.nextInt());
      values[i] = Float.isNaN(values[i]) ? Float.NaN : values[i];
    }
    float[] special = {0.0f, -0.0f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, -86.9f, 88.72f,
      65519.996f,
      65520.0f, 0x1p-24f, 0x1p-25f, 0x1.8p-25f};
    for (int i = 0; i < special.length && i < n; i++) {
      values[(int) (i * 7L % n)] = special[i];
    }
    return of(queue, arena, type, values);
  }

  static Buffer of(Queue queue, Arena arena, DType type, float... values) {
    Buffer wide = buffer(arena, DType.F32, values.length);
    MemorySegment.copy(values, 0, wide.segment(), ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values.length);
    Buffer out = buffer(arena, type, values.length);
    try (Device scalar = open("scalar", 1); Queue exact = scalar.openQueue(Numerics.FAST)) {
      exact.kernel(Cast.OP, DType.F32).run(wide, out, values.length);
    }
    return out;
  }

  /** Blocks of random bytes whose scales are small numbers. */
  static Buffer blocks(Arena arena, QuantFormat format, long n, long seed) {
    Random random = new Random(seed);
    Buffer b = buffer(arena, format, n);
    byte[] bytes = new byte[Math.toIntExact(b.byteSize())];
    random.nextBytes(bytes);
    MemorySegment.copy(bytes, 0, b.segment(), ValueLayout.JAVA_BYTE, 0, bytes.length);
    for (long at = 0; at < b.byteSize(); at += format.blockBytes()) {
      short scale = Float.floatToFloat16((random.nextFloat() - 0.3f) * 0.01f);
      switch (format) {
        case Q6_K -> b.segment().set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 208, scale);
        case Q8_K -> b.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, random.nextFloat());
        case Q4_K -> {
          b.segment().set(ValueLayout.JAVA_SHORT_UNALIGNED, at, scale);
          b.segment().set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2, Float.floatToFloat16(random.nextFloat() * 0.01f));
        }
        default -> b.segment().set(ValueLayout.JAVA_SHORT_UNALIGNED, at, scale);
      }
    }
    return b;
  }
}
