package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Harness.buffer;
import static io.gllm.kernels.cpu.vector.Harness.random;
import static io.gllm.kernels.cpu.vector.Harness.same;
import static io.gllm.kernels.cpu.vector.Harness.wild;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.op.LayerNorm;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.ReduceOp;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.api.op.Softmax;
import io.gllm.kernels.api.op.VecDot;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sums over rows keep the order, and so the bits, of the scalar tier. */
class VectorRowsTest {
  private static final int[] LENGTHS = {1, 2, 15, 16, 17, 67, 255, 256, 257, 1003, 4096, 16384, 16385, 300_007};

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void reductions(DType type) {
    for (int n : LENGTHS) {
      same(VecDot.OP, type, "n=" + n, (q, a) -> {
        Buffer out = buffer(a, DType.F32, 1);
        q.kernel(VecDot.OP, type).run(random(q, a, type, n, 5), random(q, a, type, n, 6), out, n);
        return new Buffer[]{out};
      });
      for (Op<ReduceOp.Kernel> op : List.of(ReduceOp.SUM, ReduceOp.SUM_SQUARES, ReduceOp.MAX)) {
        same(op, type, "n=" + n, (q, a) -> {
          Buffer out = buffer(a, DType.F32, 1);
          q.kernel(op, type).run(random(q, a, type, n, 5), out, n);
          Buffer wild = buffer(a, DType.F32, 1);
          q.kernel(op, type).run(wild(q, a, type, n, 6), wild, n);
          return new Buffer[]{out, wild};
        });
      }
    }
    same(VecDot.OP, type, "n=0", (q, a) -> {
      Buffer out = buffer(a, DType.F32, 1);
      q.kernel(VecDot.OP, type).run(buffer(a, type, 0), buffer(a, type, 0), out, 0);
      return new Buffer[]{out};
    });
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void softmax(DType type) {
    for (int cols : new int[]{0, 1, 3, 64, 257, 1003}) {
      int rows = 31;
      int n = rows * cols;
      same(Softmax.OP, type, "cols=" + cols, (q, a) -> {
        Buffer out = buffer(a, type, n);
        Buffer x = random(q, a, type, n, 1);
        Buffer mask = random(q, a, DType.F32, n, 2);
        for (int i = 0; i < n; i++) {
          boolean hidden = i / cols == 7 || i % 3 == 0;
          mask.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, hidden ? Float.NEGATIVE_INFINITY : i % 5);
        }
        q.kernel(Softmax.OP, type).run(x, mask, out, rows, cols, 0.7f);
        Buffer wild = wild(q, a, type, n, 4);
        q.kernel(Softmax.OP, type).run(wild, null, wild, rows, cols, 1.0f);
        q.kernel(Softmax.OP, type).run(x, null, x, rows, cols, 1.0f);
        return new Buffer[]{out, x, wild};
      });
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void norms(DType type) {
    for (int cols : new int[]{1, 3, 64, 257, 1003, 4096}) {
      int rows = 31;
      int n = rows * cols;
      same(RmsNorm.OP, type, "cols=" + cols, (q, a) -> {
        Buffer out = buffer(a, type, n);
        q.kernel(RmsNorm.OP, type).run(random(q, a, type, n, 1), random(q, a, type, cols, 2), out, rows, cols, 1e-5f);
        return new Buffer[]{out};
      });
      same(RmsNorm.RESIDUAL, type, "cols=" + cols, (q, a) -> {
        Buffer x = random(q, a, type, n, 1);
        Buffer r = random(q, a, type, n, 3);
        q.kernel(RmsNorm.RESIDUAL, type).run(x, r, random(q, a, type, cols, 2), x, r, rows, cols, 1e-5f);
        return new Buffer[]{x, r};
      });
      same(LayerNorm.OP, type, "cols=" + cols, (q, a) -> {
        Buffer x = random(q, a, type, n, 1);
        Buffer gamma = random(q, a, type, cols, 2);
        q.kernel(LayerNorm.OP, type).run(x, gamma, random(q, a, type, cols, 3), x, rows, cols, 1e-5f);
        return new Buffer[]{x};
      });
    }
  }
}
