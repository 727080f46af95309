package io.gllm.kernels.testkit.reference;

import static io.gllm.kernels.testkit.reference.Values.ints;
import static io.gllm.kernels.testkit.reference.Values.read;
import static io.gllm.kernels.testkit.reference.Values.write;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.RopeLayout;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.Cast;
import io.gllm.kernels.api.op.LayerNorm;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.ReduceOp;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.api.op.Rope;
import io.gllm.kernels.api.op.RopeShape;
import io.gllm.kernels.api.op.Softmax;
import io.gllm.kernels.api.op.UnaryOp;
import io.gllm.kernels.api.op.VecAxpy;
import io.gllm.kernels.api.op.VecDot;
import io.gllm.kernels.api.op.VecScale;
import io.gllm.kernels.testkit.oracle.Rows;
import io.gllm.kernels.testkit.oracle.Special;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.IntStream;

/** Elementwise operators, reductions, norms and rope. */
final class RowKernels {
  private RowKernels() {}

  static void addTo(Map<Op<?>, Object> all) {
    all.put(VecDot.OP, (VecDot.Kernel) (a, b, out, n) -> write(out, 0, sum(zip((x, y) -> x * y, read(a, n), read(b, n)))));
    all.put(ReduceOp.SUM, (ReduceOp.Kernel) (x, out, n) -> write(out, 0, sum(read(x, n))));
    all.put(ReduceOp.MAX, (ReduceOp.Kernel) (x, out, n) -> write(out, 0, Arrays.stream(read(x, n)).reduce(Math::max).orElseThrow()));
    all.put(ReduceOp.SUM_SQUARES, (ReduceOp.Kernel) (x, out, n) -> write(out, 0, sum(zip((v, w) -> v * w, read(x, n), read(x, n)))));
    all.put(BinaryOp.ADD, binary(Double::sum));
    all.put(BinaryOp.SUB, binary((a, b) -> a - b));
    all.put(BinaryOp.MUL, binary((a, b) -> a * b));
    all.put(BinaryOp.SWIGLU, binary((a, b) -> Special.silu(a) * b));
    all.put(VecScale.OP, (VecScale.Kernel) (x, s, n) -> write(x, 0, Arrays.stream(read(x, n)).map(v -> v * s).toArray()));
    all.put(VecAxpy.OP, (VecAxpy.Kernel) (y, a, x, n) -> binary((v, w) -> v + a * w).run(y, x, y, n));
    for (Op<UnaryOp.Kernel> op : List.of(UnaryOp.EXP, UnaryOp.SILU, UnaryOp.GELU, UnaryOp.GELU_ERF, UnaryOp.RELU, UnaryOp.TANH)) {
      all.put(op, (UnaryOp.Kernel) (x, out, n) -> write(out, 0, Arrays.stream(read(x, n)).map(v -> Special.unary(op, v)).toArray()));
    }
    all.put(Cast.OP, (Cast.Kernel) (x, out, n) -> write(out, 0, read(x, n)));
    all.put(Softmax.OP, (Softmax.Kernel) (x, mask, out, rows, cols, scale) -> write(out, 0, Rows.softmax(DType.F32, read(x, rows * cols),
        mask == null ? null : read(mask, rows * cols), (int) rows, (int) cols, scale).exact()));
    all.put(RmsNorm.OP, (RmsNorm.Kernel) (x, w, out, rows, cols, eps) -> write(out, 0,
        Rows.rmsNorm(DType.F32, read(x, rows * cols), read(w, cols), (int) rows, (int) cols, eps).exact()));
    all.put(RmsNorm.RESIDUAL, (RmsNorm.Residual) (x, residual, w, sum, out, rows, cols, eps) -> {
      double[] v = zip(Double::sum, read(x, rows * cols), read(residual, rows * cols));
      write(out, 0, Rows.rmsNorm(DType.F32, v, read(w, cols), (int) rows, (int) cols, eps).exact());
      write(sum, 0, v);
    });
    all.put(LayerNorm.OP, (LayerNorm.Kernel) (x, g, b, out, rows, cols, eps) -> write(out, 0,
        Rows.layerNorm(DType.F32, read(x, rows * cols), read(g, cols), read(b, cols), (int) rows, (int) cols, eps).exact()));
    all.put(Rope.OP, (Rope.Kernel) (x, cosines, sines, tokens, shape, offset) -> rotate(x,
        IntStream.range((int) offset, (int) (offset + tokens)).toArray(), cosines, sines, shape));
    all.put(Rope.WITH_POSITIONS, (Rope.WithPositions) (x, positions, cosines, sines, tokens, shape) -> {
      int[] p = ints(positions, tokens);
      requireBelow(p, shape.rotaryDim() == 0 ? Integer.MAX_VALUE : 2 * cosines.length() / shape.rotaryDim());
      rotate(x, p, cosines, sines, shape);
    });
  }

  static double sum(double[] values) {
    double sum = 0;
    for (double v : values) {
      sum += v;
    }
    return sum;
  }

  static double[] zip(DoubleBinaryOperator f, double[] a, double[] b) {
    double[] out = new double[a.length];
    Arrays.setAll(out, i -> f.applyAsDouble(a[i], b[i]));
    return out;
  }

  static BinaryOp.Kernel binary(DoubleBinaryOperator f) {
    return (a, b, out, n) -> write(out, 0, zip(f, read(a, n), read(b, n)));
  }

  static void requireBelow(int[] indices, long limit) {
    for (int index : indices) {
      if (index < 0 || index >= limit) {
        throw new IndexOutOfBoundsException(index + " is not below " + limit);
      }
    }
  }

  static void rotate(Buffer x, int[] positions, Buffer cosines, Buffer sines, RopeShape s) {
    int half = s.rotaryDim() / 2;
    double[] values = read(x, (long) positions.length * s.heads() * s.headDim());
    for (int head = 0; head < positions.length * s.heads(); head++) {
      for (int i = 0; i < half; i++) {
        int a = head * s.headDim() + (s.layout() == RopeLayout.INTERLEAVED ? 2 * i : i);
        int b = a + (s.layout() == RopeLayout.INTERLEAVED ? 1 : half);
        long at = (long) positions[head / s.heads()] * half + i;
        double cosine = read(cosines, at, 1)[0];
        double sine = read(sines, at, 1)[0];
        double first = values[a];
        values[a] = first * cosine - values[b] * sine;
        values[b] = first * sine + values[b] * cosine;
      }
    }
    write(x, 0, values);
  }
}
