package io.gllm.kernels.testkit.reference;

import static io.gllm.kernels.testkit.reference.Values.read;
import static io.gllm.kernels.testkit.reference.Values.write;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.RopeLayout;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.Cast;
import io.gllm.kernels.api.op.LayerNorm;
import io.gllm.kernels.api.op.ReduceOp;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.api.op.Rope;
import io.gllm.kernels.api.op.RopeShape;
import io.gllm.kernels.api.op.Softmax;
import io.gllm.kernels.api.op.UnaryOp;
import io.gllm.kernels.api.op.VecDot;
import io.gllm.kernels.api.op.VecScale;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/** Bugs of elementwise operators, reductions, norms and rope. */
final class VectorMutants {
  private VectorMutants() {}

  static List<Mutant<?>> all() {
    return List.of(
        new Mutant<>("half-lane loads: a vector of 16 takes its upper eight from the lower", VecDot.OP, DType.F32,
            good -> (a, b, out, n) -> write(out, 0, RowKernels.sum(RowKernels.zip((x, y) -> x * y, halves(read(a, n)), read(b, n))))),
        new Mutant<>("half-lane loads", BinaryOp.ADD, DType.F32,
            good -> (a, b, out, n) -> write(out, 0, RowKernels.zip(Double::sum, halves(read(a, n)), read(b, n)))),
        new Mutant<>("the tail after the last whole vector is left out", ReduceOp.SUM_SQUARES, DType.BF16,
            good -> (x, out, n) -> good.run(x, out, n / 16 * 16)),
        new Mutant<>("NaN in the upper lanes is dropped by max", ReduceOp.MAX, DType.F32, good -> VectorMutants::maxWithoutUpperNan),
        new Mutant<>("the maximum starts from zero", ReduceOp.MAX, DType.F16,
            good -> (x, out, n) -> write(out, 0, Arrays.stream(read(x, n)).reduce(0, Math::max))),
        new Mutant<>("NaN becomes zero: max(NaN, 0) of SSE", UnaryOp.RELU, DType.BF16, good -> unary(v -> v > 0 ? v : 0)),
        new Mutant<>("one element past the tail is written", UnaryOp.SILU, DType.F32, good -> (x, out, n) -> {
          good.run(x, out, n);
          poke(out, out.byteSize());
        }),
        new Mutant<>("one byte before the output is written", VecScale.OP, DType.F16, good -> (x, s, n) -> {
          good.run(x, s, n);
          poke(x, -1);
        }),
        new Mutant<>("the tail of the output is not written", UnaryOp.EXP, DType.F16, good -> (x, out, n) -> good.run(x, out, n / 16 * 16)),
        new Mutant<>("an element past the end is read", ReduceOp.SUM, DType.F32, good -> (x, out, n) -> {
          Buffer longer = Buffer.wrap(x.memory().segment().asSlice(x.byteOffset(), x.byteSize() + 4), DType.F32);
          good.run(longer, out, n % 16 == 15 ? n + 1 : n);
        }),
        new Mutant<>("the input is used as scratch", UnaryOp.TANH, DType.F32, good -> (x, out, n) -> {
          good.run(x, out, n);
          good.run(x, x, n);
        }),
        new Mutant<>("in place, a later element reads what an earlier one wrote", BinaryOp.SWIGLU, DType.F32,
            good -> VectorMutants::swigluInPlaceHazard),
        new Mutant<>("the error function in its tanh form", UnaryOp.GELU_ERF, DType.F32, good -> Kernels.of(UnaryOp.GELU, DType.F32)),
        new Mutant<>("truncated instead of rounded", Cast.OP, DType.F32, good -> VectorMutants::truncated),
        new Mutant<>("subnormal halves flushed to zero", Cast.OP, DType.F16,
            good -> (x, out, n) -> write(out, 0, Arrays.stream(read(x, n)).map(v -> Math.abs(v) < 0x1p-14 ? 0 * v : v).toArray())),
        new Mutant<>("a run differs from the next", ReduceOp.SUM, DType.F16, good -> (x, out, n) -> {
          good.run(x, out, n);
          write(out, 0, Math.nextAfter((float) read(out, 1)[0], System.nanoTime() % 3 - 1.0));
        }),
        new Mutant<>("weights of bf16 are read with the stride of f32", RmsNorm.OP, DType.BF16,
            good -> (x, w, out, rows, cols, eps) -> norm(x, stride(read(w, cols)), out, rows, cols, eps, 0)),
        new Mutant<>("eps outside of the root", RmsNorm.OP, DType.F32,
            good -> (x, w, out, rows, cols, eps) -> norm(x, read(w, cols), out, rows, cols, 0, eps)),
        new Mutant<>("the sum with the residual is not stored", RmsNorm.RESIDUAL, DType.F32,
            good -> (x, r, w, sum, out, rows, cols, eps) -> good.run(x, r, w, sum == x || sum == r ? sum : scratch(sum), out, rows, cols,
                eps)),
        new Mutant<>("variance as the mean of squares minus the squared mean", LayerNorm.OP, DType.F32,
            good -> VectorMutants::onePassVariance),
        new Mutant<>("softmax without subtracting the maximum", Softmax.OP, DType.F32, good -> VectorMutants::bareSoftmax),
        new Mutant<>("a row hidden everywhere gives NaN", Softmax.OP, DType.F16, good -> (x, mask, out, rows, cols, scale) -> {
          good.run(x, mask, out, rows, cols, scale);
          write(out, 0, nanForZeros(read(out, rows * cols), (int) cols));
        }),
        new Mutant<>("pairs of the other layout", Rope.OP, DType.F32, good -> (x, c, s, tokens, shape, offset) -> good.run(x, c, s, tokens,
            new RopeShape(shape.heads(), shape.headDim(), shape.rotaryDim(), RopeLayout.INTERLEAVED), offset)),
        new Mutant<>("the second element of a pair uses the rotated first", Rope.WITH_POSITIONS, DType.F32,
            good -> VectorMutants::ropeHazard));
  }

  static double[] halves(double[] x) {
    double[] out = x.clone();
    for (int i = 0; i + 16 <= x.length; i += 16) {
      System.arraycopy(x, i, out, i + 8, 8);
    }
    return out;
  }

  private static UnaryOp.Kernel unary(DoubleUnaryOperator f) {
    return (x, out, n) -> write(out, 0, Arrays.stream(read(x, n)).map(f).toArray());
  }

  private static void poke(Buffer buffer, long at) {
    MemorySegment whole = buffer.memory().segment();
    whole.set(ValueLayout.JAVA_BYTE, buffer.byteOffset() + at, (byte) 7);
  }

  private static Buffer scratch(Buffer like) {
    return Buffer.wrap(Arena.ofAuto().allocate(like.byteSize(), 64), like.type());
  }

  private static void maxWithoutUpperNan(Buffer x, Buffer out, long n) {
    double[] values = read(x, n);
    double top = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      top = i % 16 >= 8 && Double.isNaN(values[i]) ? top : Math.max(top, values[i]);
    }
    write(out, 0, top);
  }

  private static void swigluInPlaceHazard(Buffer a, Buffer b, Buffer out, long n) {
    BinaryOp.Kernel good = Kernels.of(BinaryOp.SWIGLU, DType.F32);
    for (long i = 0; i < n; i++) { // blocks of eight that overlap by one
      long from = i == 0 || i % 8 != 0 ? i : i - 1;
      good.run(a.slice(from, i + 1 - from), b.slice(from, i + 1 - from), out.slice(from, i + 1 - from), i + 1 - from);
    }
  }

  private static void truncated(Buffer x, Buffer out, long n) {
    double[] values = read(x, n);
    for (int i = 0; out.type() == DType.BF16 && i < n; i++) {
      values[i] = Float.intBitsToFloat(Float.floatToRawIntBits((float) values[i]) & 0xffff0000);
    }
    write(out, 0, values);
  }

  private static double[] stride(double[] weights) {
    return IntStream.range(0, weights.length).mapToDouble(i -> weights[Math.min(2 * i, weights.length - 1)]).toArray();
  }

  private static void norm(Buffer x, double[] weight, Buffer out, long rows, long cols, float inside, float outside) {
    double[] values = read(x, rows * cols);
    double[] result = new double[values.length];
    for (int r = 0; r < rows; r++) {
      double squares = 0;
      for (int i = r * (int) cols; i < (r + 1) * cols; i++) {
        squares += values[i] * values[i];
      }
      for (int c = 0; c < cols; c++) {
        int i = r * (int) cols + c;
        result[i] = values[i] * weight[c] / (Math.sqrt(squares / cols + inside) + outside);
      }
    }
    write(out, 0, result);
  }

  private static void onePassVariance(Buffer x, Buffer gamma, Buffer beta, Buffer out, long rows, long cols, float eps) {
    double[] values = read(x, rows * cols);
    double[] g = read(gamma, cols);
    double[] b = read(beta, cols);
    for (int r = 0; r < rows; r++) {
      float sum = 0;
      float squares = 0;
      for (int i = r * (int) cols; i < (r + 1) * cols; i++) {
        sum += (float) values[i];
        squares += (float) (values[i] * values[i]);
      }
      float mean = sum / cols;
      double inverse = 1 / Math.sqrt(squares / cols - mean * mean + eps);
      for (int c = 0; c < cols; c++) {
        int i = r * (int) cols + c;
        values[i] = (values[i] - mean) * inverse * g[c] + b[c];
      }
    }
    write(out, 0, values);
  }

  private static void bareSoftmax(Buffer x, Buffer mask, Buffer out, long rows, long cols, float scale) {
    double[] values = read(x, rows * cols);
    double[] added = mask == null ? new double[values.length] : read(mask, rows * cols);
    for (int r = 0; r < rows; r++) {
      float sum = 0;
      for (int i = r * (int) cols; i < (r + 1) * cols; i++) {
        values[i] = (float) Math.exp(values[i] * scale + added[i]);
        sum += (float) values[i];
      }
      for (int i = r * (int) cols; i < (r + 1) * cols; i++) {
        values[i] = sum == 0 ? 0 : (float) values[i] / sum;
      }
    }
    write(out, 0, values);
  }

  private static double[] nanForZeros(double[] values, int cols) {
    for (int from = 0; from < values.length; from += cols) {
      if (Arrays.stream(values, from, from + cols).allMatch(v -> v == 0)) {
        Arrays.fill(values, from, from + cols, Double.NaN);
      }
    }
    return values;
  }

  private static void ropeHazard(Buffer x, Buffer positions, Buffer cosines, Buffer sines, long tokens, RopeShape s) {
    int[] p = Values.ints(positions, tokens);
    int half = s.rotaryDim() / 2;
    double[] v = read(x, tokens * s.heads() * s.headDim());
    for (int head = 0; head < tokens * s.heads(); head++) {
      for (int i = 0; i < half; i++) {
        int a = head * s.headDim() + i;
        long at = (long) p[head / s.heads()] * half + i;
        double cosine = read(cosines, at, 1)[0];
        double sine = read(sines, at, 1)[0];
        v[a] = v[a] * cosine - v[a + half] * sine;
        v[a + half] = v[a] * sine + v[a + half] * cosine;
      }
    }
    write(x, 0, v);
  }
}
