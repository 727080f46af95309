package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.api.op.KvAppend;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.PagedShape;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Mismatch;
import io.gllm.kernels.testkit.Skipped;
import io.gllm.kernels.testkit.Suite;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Set;

/**
 * Offsets beyond 2^31 elements, in a mapped sparse file of which only a few pages are touched. Only for devices that use host memory;
 * others would need as much real memory.
 */
final class LargeCases {
  private static final long HALF = (1L << 31) + (1 << 18); // elements of f32 of one operand
  private static final long FAR = (1L << 31) + 1024;

  private interface Body {
    void run(Harness h, Buffer first, Buffer second, Arena arena);
  }

  private LargeCases() {}

  static void addTo(Suite suite) {
    suite.add(Embedding.OP, DType.F32, "rows beyond 2^31 elements", h -> h.onEach(() -> sparse(h, LargeCases::embedding)));
    suite.add(KvAppend.OP, DType.F32, "slots beyond 2^31 elements", h -> h.onEach(() -> sparse(h, LargeCases::append)));
    suite.add(PagedAttention.OP, DType.F32, "blocks beyond 2^31 elements", h -> h.onEach(() -> sparse(h, LargeCases::paged)));
    suite.add(BinaryOp.ADD, DType.F32, "operands beyond 2^31 elements", h -> h.onEach(() -> sparse(h, LargeCases::add)));
  }

  private static void sparse(Harness h, Body body) {
    if (!h.device().usesHostMemory()) {
      throw new Skipped("the device copies host memory; the case needs 16 GiB of address space", null);
    }
    Path file = null;
    try (Arena arena = Arena.ofShared()) {
      file = Files.createTempFile("gllm-sparse", ".bin");
      Files.delete(file);
      Set<StandardOpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.SPARSE, StandardOpenOption.READ,
          StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
      try (FileChannel channel = FileChannel.open(file, options)) {
        Buffer all = Buffer.wrap(channel.map(FileChannel.MapMode.READ_WRITE, 0, 8 * HALF, arena), DType.F32);
        body.run(h, all.slice(0, HALF), all.slice(HALF, HALF), arena);
      }
    } catch (IOException | UnsupportedOperationException e) {
      throw new Skipped("no sparse file of " + 8 * HALF + " bytes: " + e.getMessage(), e);
    }
  }

  private static Buffer floats(Arena arena, float... values) {
    MemorySegment segment = arena.allocate(4L * values.length, 64);
    MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_FLOAT, 0, values.length);
    return Buffer.wrap(segment, DType.F32);
  }

  private static Buffer ints(Arena arena, int... values) {
    MemorySegment segment = arena.allocate(4L * values.length, 64);
    MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_INT, 0, values.length);
    return Buffer.wrap(segment, DType.I32);
  }

  private static float[] ramp(int n) {
    float[] out = new float[n];
    for (int i = 0; i < n; i++) {
      out[i] = i + 0.5f;
    }
    return out;
  }

  private static void put(Buffer memory, long element, float[] values) {
    MemorySegment.copy(values, 0, memory.segment(), ValueLayout.JAVA_FLOAT, 4 * element, values.length);
  }

  private static void same(String what, Buffer actual, float... expected) {
    float[] values = actual.toFloatArray();
    if (!Arrays.equals(values, expected)) {
      int at = Arrays.mismatch(values, expected);
      throw new Mismatch(what + "[" + at + "] is " + values[at] + ", expected " + expected[at]);
    }
  }

  private static void launch(Harness h, Runnable launch) {
    h.queue().begin();
    try {
      launch.run();
      h.queue().sync();
    } finally {
      h.queue().end();
    }
  }

  private static void embedding(Harness h, Buffer table, Buffer unused, Arena arena) {
    int dim = 1024;
    int id = (int) (FAR / dim);
    put(table, (long) id * dim, ramp(dim));
    Buffer out = floats(arena, new float[dim]);
    Buffer ids = ints(arena, id);
    Embedding.check(table, ids, out, 1, id + 1, dim);
    launch(h, () -> h.kernel(Embedding.OP, DType.F32).run(table, ids, out, 1, id + 1, dim));
    same("out", out, ramp(dim));
  }

  private static void append(Harness h, Buffer kCache, Buffer vCache, Arena arena) {
    int dim = 512;
    int slot = (int) (FAR / dim);
    Buffer k = floats(arena, ramp(dim));
    Buffer slots = ints(arena, slot);
    KvAppend.check(k, k, slots, kCache, vCache, 1, dim);
    launch(h, () -> h.kernel(KvAppend.OP, DType.F32).run(k, k, slots, kCache, vCache, 1, dim));
    same("kCache slot " + slot, kCache.slice((long) slot * dim, dim), ramp(dim));
    same("vCache slot " + slot, vCache.slice((long) slot * dim, dim), ramp(dim));
  }

  /** A query of zeros weighs all tokens alike, so the result is the mean of the values. */
  private static void paged(Harness h, Buffer kCache, Buffer vCache, Arena arena) {
    PagedShape shape = new PagedShape(1, 1, 1, 1, 64, 16, 1, 1);
    put(kCache, FAR, ramp(4 * 64));
    put(vCache, FAR, ramp(4 * 64));
    Buffer q = floats(arena, new float[64]);
    Buffer out = floats(arena, new float[64]);
    Buffer table = ints(arena, (int) (FAR / 1024));
    Buffer lengths = ints(arena, 4);
    PagedAttention.check(q, kCache, vCache, table, lengths, out, null, shape);
    launch(h, () -> h.kernel(PagedAttention.OP, DType.F32).run(q, kCache, vCache, table, lengths, out, null, shape));
    for (int d = 0; d < 64; d++) {
      float mean = d + 96.5f;
      if (!(Math.abs(out.toFloatArray()[d] - mean) < 1e-4f * mean)) {
        throw new Mismatch("out[" + d + "] is " + out.toFloatArray()[d] + ", expected " + mean);
      }
    }
  }

  private static void add(Harness h, Buffer first, Buffer second, Arena arena) {
    float[] ones = new float[1000];
    Arrays.fill(ones, 1);
    float[] sums = ramp(1000);
    for (int i = 0; i < 1000; i++) {
      sums[i] += 1;
    }
    Buffer a = first.slice(FAR, 1000);
    Buffer b = second.slice(FAR, 1000);
    Buffer out = second.slice(FAR + 5001, 1000);
    put(a, 0, ramp(1000));
    put(b, 0, ones);
    BinaryOp.check(a, b, out, 1000);
    launch(h, () -> h.kernel(BinaryOp.ADD, DType.F32).run(a, b, out, 1000));
    same("out", out, sums);
  }
}
