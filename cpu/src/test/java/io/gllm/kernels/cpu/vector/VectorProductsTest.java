package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Harness.blocks;
import static io.gllm.kernels.cpu.vector.Harness.buffer;
import static io.gllm.kernels.cpu.vector.Harness.close;
import static io.gllm.kernels.cpu.vector.Harness.ints;
import static io.gllm.kernels.cpu.vector.Harness.random;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.AttentionLayout;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.AttentionShape;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.PackB;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.PagedShape;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.op.Quantize;
import io.gllm.kernels.api.spi.DeviceMemory;
import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Products and attention sum in another order than the scalar tier: close to it, and the same for any number of threads. */
class VectorProductsTest {
  private static final int[][] SHAPES = {{1, 1, 1}, {1, 7, 0}, {2, 3, 5}, {3, 17, 31}, {5, 33, 64}, {7, 259, 100}, {1, 301, 1041},
    {17, 66, 2060}, {131, 300, 72}};

  /** Twice the bound of the contract for a sum of k products of numbers below 4, since both sides have errors; then the type. */
  private static double absolute(long k) {
    return 2 * (k + 8) * 0x1p-24 * 16 * k + 1e-6;
  }

  private static double relative(DType type) {
    return 2 * type.unitRoundoff();
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void matrices(DType type) {
    for (int[] s : SHAPES) {
      int m = s[0];
      int n = s[1];
      int k = s[2];
      String what = m + "x" + n + "x" + k;
      for (DType io : EnumSet.of(DType.F32, type)) {
        close(MatMul.GEMV, type, what, relative(io), absolute(k), (q, a) -> {
          Buffer y = buffer(a, io, n);
          q.kernel(MatMul.GEMV, type).run(random(q, a, type, n * k, 1), random(q, a, io, k, 2), y, n, k);
          return new Buffer[]{y};
        });
        close(MatMul.GEMM, type, what, relative(io), absolute(k), (q, a) -> {
          Buffer c = buffer(a, io, m * n);
          q.kernel(MatMul.GEMM, type).run(random(q, a, io, m * k, 1), random(q, a, type, n * k, 2), c, m, n, k);
          return new Buffer[]{c};
        });
        close(MatMul.GEMM_BT, type, what, relative(io), absolute(k), (q, a) -> {
          Buffer c = buffer(a, io, m * n);
          q.kernel(MatMul.GEMM_BT, type).run(random(q, a, io, m * k, 1), random(q, a, type, n * k, 2), c, m, n, k);
          return new Buffer[]{c};
        });
        close(MatMul.GEMM_PREPACKED, type, what, relative(io), absolute(k), (q, a) -> {
          Buffer c = buffer(a, io, m * n);
          Buffer packed = pack(q, a, random(q, a, type, n * k, 2), n, k, false);
          q.kernel(MatMul.GEMM_PREPACKED, type).run(random(q, a, io, m * k, 1), packed, c, m, n, k);
          return new Buffer[]{c};
        });
      }
      close(MatMul.GEMM_BIAS, type, what, relative(DType.F32), absolute(k), (q, a) -> {
        Buffer c = buffer(a, DType.F32, m * n);
        Buffer bias = random(q, a, DType.F32, n, 3);
        q.kernel(MatMul.GEMM_BIAS, type).run(random(q, a, DType.F32, m * k, 1), random(q, a, type, n * k, 2), bias, c, m, n, k);
        return new Buffer[]{c};
      });
      for (Activation activation : Activation.values()) {
        close(MatMul.GEMM_BIAS_ACT, type, what + " " + activation, 1e-6, 1.2 * absolute(k), (q, a) -> {
          Buffer c = buffer(a, DType.F32, m * n);
          Buffer bias = random(q, a, DType.F32, n, 3);
          Buffer x = random(q, a, DType.F32, m * k, 1);
          q.kernel(MatMul.GEMM_BIAS_ACT, type).run(x, random(q, a, type, n * k, 2), bias, activation, c, m, n, k);
          return new Buffer[]{c};
        });
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = QuantFormat.class, names = {"Q4_0", "Q8_0", "Q4_K", "Q6_K"})
  void quantised(QuantFormat format) {
    for (int[] s : new int[][]{{1, 1, 256}, {1, 301, 1280}, {3, 17, 2304}, {17, 66, 512}, {131, 30, 256}}) {
      int m = s[0];
      int n = s[1];
      int k = s[2];
      String what = m + "x" + n + "x" + k;
      for (ElementType io : new ElementType[]{DType.F32, format.activationFormat()}) {
        for (boolean packed : new boolean[]{false, true}) {
          close(QuantMatMul.OP, format, what, 1e-6, absolute(k), (q, a) -> {
            Buffer w = blocks(a, format, n * k, 1);
            Buffer y = buffer(a, DType.F32, m * n);
            q.kernel(QuantMatMul.OP, format).run(packed ? pack(q, a, w, n, k, true) : w, activations(q, a, io, m * k), y, m, n, k);
            return new Buffer[]{y};
          });
        }
      }
    }
  }

  private static Buffer activations(Queue q, Arena a, ElementType type, int n) {
    Buffer x = random(q, a, DType.F32, n, 2);
    if (type == DType.F32) {
      return x;
    }
    Buffer blocks = buffer(a, type, n);
    q.kernel(Quantize.OP, type).run(x, blocks, n);
    return blocks;
  }

  private static Buffer pack(Queue q, Arena a, Buffer b, long n, long k, boolean transposed) {
    PackB.Kernel kernel = q.kernel(PackB.OP, b.type());
    Buffer packed = Buffer.packed(memory(a, kernel.packedBytes(n, k)), b.type(), n, k);
    kernel.run(b, packed, n, k, transposed);
    return packed;
  }

  private static DeviceMemory memory(Arena a, long bytes) {
    MemorySegment segment = a.allocate(Math.max(1, bytes), 64);
    return Buffer.wrap(segment, DType.I8).memory();
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void attention(DType type) {
    for (AttentionLayout layout : AttentionLayout.values()) {
      for (boolean withMask : new boolean[]{false, true}) {
        for (int headDim : new int[]{2, 64, 72, 256}) {
          AttentionShape s = new AttentionShape(2, 6, 2, 21, 77, headDim, layout, !withMask, 0.5f / headDim);
          close(FlashAttention.OP, type, s.toString(), 2e-6, 2e-5, (q, a) -> flash(q, a, type, s, withMask));
        }
      }
    }
    AttentionShape more = new AttentionShape(1, 2, 2, 9, 5, 16, AttentionLayout.BHSD, true, 0.1f);
    close(FlashAttention.OP, type, more.toString(), 2e-6, 2e-5, (q, a) -> flash(q, a, type, more, true));
    for (int queries : new int[]{1, 9, 40}) {
      for (int heads : new int[]{2, 6}) {
        PagedShape s = new PagedShape(3, queries, heads, 2, 72, 16, 9, 0.01f);
        close(PagedAttention.OP, type, s.toString(), 2e-6, 2e-5, (q, a) -> paged(q, a, type, s));
      }
    }
  }

  private static Buffer[] flash(Queue q, Arena a, DType type, AttentionShape s, boolean withMask) {
    long n = (long) s.batch() * s.heads() * s.queries();
    long kv = (long) s.batch() * s.kvHeads() * s.keys() * s.headDim();
    Buffer out = buffer(a, DType.F32, n * s.headDim());
    Buffer lse = buffer(a, DType.F32, n);
    Buffer mask = withMask ? mask(q, a, s) : null;
    Buffer values = random(q, a, type, kv, 3);
    if (withMask) {
      hide(values, s);
    }
    Buffer query = random(q, a, DType.F32, n * s.headDim(), 1);
    q.kernel(FlashAttention.OP, type).run(query, random(q, a, type, kv, 2), values, mask, out, lse, s);
    return new Buffer[]{out, lse};
  }

  /** Every third key is hidden, and everything from query 4. */
  private static Buffer mask(Queue q, Arena a, AttentionShape s) {
    Buffer mask = random(q, a, DType.F32, (long) s.queries() * s.keys(), 9);
    for (int i = 0; i < s.queries(); i++) {
      for (int j = 0; j < s.keys(); j++) {
        if (i == 4 || j % 3 == 1) {
          mask.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * (i * s.keys() + j), Float.NEGATIVE_INFINITY);
        }
      }
    }
    return mask;
  }

  /** What the mask hides is not a number: it must not be touched. */
  private static void hide(Buffer values, AttentionShape s) {
    for (int token = 1; token < s.keys(); token += 3) {
      for (int b = 0; b < s.batch(); b++) {
        for (int h = 0; h < s.kvHeads(); h++) {
          long row = s.layout() == AttentionLayout.BHSD
              ? (b * s.kvHeads() + h) * s.keys() + token
              : (b * s.keys() + token) * s.kvHeads() + h;
          long bytes = (long) s.headDim() * values.type().blockBytes();
          values.segment().asSlice(row * bytes, bytes).fill((byte) 0xff);
        }
      }
    }
  }

  private static Buffer[] paged(Queue q, Arena a, DType type, PagedShape s) {
    long n = (long) s.sequences() * s.heads() * s.queries();
    long kv = 28L * s.page() * s.kvHeads() * s.headDim();
    Buffer out = buffer(a, DType.F32, n * s.headDim());
    Buffer lse = buffer(a, DType.F32, n);
    Buffer query = random(q, a, DType.F32, n * s.headDim(), 1);
    Buffer table = ints(a, new Random(5).ints((long) s.sequences() * s.tableColumns(), 0, 28).toArray());
    Buffer lengths = ints(a, 5, 140, 77);
    q.kernel(PagedAttention.OP, type).run(query, random(q, a, type, kv, 2), random(q, a, type, kv, 3), table, lengths, out, lse, s);
    return new Buffer[]{out, lse};
  }
}
