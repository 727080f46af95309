package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.testkit.Call;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Expected;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Operand;
import io.gllm.kernels.testkit.Suite;
import io.gllm.kernels.testkit.oracle.Sampler;
import java.util.Arrays;

/** argmax, top_k, top_p: exact. */
final class SamplingCases {
  private static final double HIDDEN = Double.NEGATIVE_INFINITY;
  private static final int[] WIDE = {255, 256, 257, 1003, 32003};

  private SamplingCases() {}

  static void addTo(Suite suite) {
    for (ElementType element : Sampling.ARGMAX.types()) {
      DType type = (DType) element;
      suite.add(Sampling.ARGMAX, type, "largest in each place", h -> {
        for (int cols = 1; cols <= Source.TAILS; cols++) {
          argmax(h, Data.of(type, peaks(cols)), cols, cols, 0);
        }
      });
      suite.add(Sampling.ARGMAX, type, "ties, NaN, infinities", h -> {
        for (int cols : new int[]{1, 2, 15, 16, 17, 33, 67, 1003}) {
          argmax(h, Data.of(type, hostile(cols)), hostile(cols).length / cols, cols, 0);
        }
      });
      suite.add(Sampling.ARGMAX, type, "wide, many rows, unaligned", h -> {
        for (int cols : WIDE) {
          argmax(h, new Source("argmax" + cols).normal(type, 3 * cols, 5), 3, cols, 0);
        }
        argmax(h, new Source("argmax").normal(type, 300 * 61, 5), 300, 61, 0);
        argmax(h, new Source("argmax").normal(type, 3 * 61, 5), 3, 61, 1);
        argmax(h, Data.of(type), 0, 5, 0);
      });
    }
    addTopK(suite);
    addTopP(suite);
  }

  private static void addTopK(Suite suite) {
    suite.add(Sampling.TOP_K, DType.F32, "every k", h -> {
      for (int cols : new int[]{1, 2, 16, 17, 40, 67}) {
        for (int k = 1; k <= cols; k++) {
          topK(h, Data.of(DType.F32, peaks(cols)), cols, cols, k, 0);
        }
      }
    });
    suite.add(Sampling.TOP_K, DType.F32, "ties, NaN, infinities", h -> {
      for (int cols : new int[]{1, 2, 16, 17, 67, 300}) {
        for (int k : new int[]{1, 2, 7, cols}) {
          topK(h, Data.of(DType.F32, hostile(cols)), hostile(cols).length / cols, cols, Math.min(k, cols), 0);
        }
      }
    });
    suite.add(Sampling.TOP_K, DType.F32, "wide and unaligned", h -> {
      for (int cols : WIDE) {
        topK(h, new Source("top" + cols).normal(DType.F32, 3 * cols, 5), 3, cols, 40, 0);
        topK(h, Data.of(DType.F32, new Source("top" + cols).random.ints(3L * cols, 0, 50).asDoubleStream().toArray()), 3, cols, 200, 0);
      }
      topK(h, new Source("top").normal(DType.F32, 5 * 61, 5), 5, 61, 10, 1);
    });
  }

  private static void addTopP(Suite suite) {
    float[] portions = {1e-9f, 0.1f, 0.5f, 0.9f, 0.999f, Math.nextDown(1f), 1};
    suite.add(Sampling.TOP_P, DType.F32, "portions", h -> {
      for (float p : portions) {
        for (int cols : new int[]{1, 2, 15, 16, 17, 67, 257, 1003}) {
          topP(h, new Source("top_p" + cols).normal(DType.F32, 3 * cols, 2), 3, cols, p, false, 0);
        }
      }
    });
    suite.add(Sampling.TOP_P, DType.F32, "ties, NaN, infinities", h -> {
      for (float p : portions) {
        for (int cols : new int[]{1, 2, 16, 17, 67, 300}) {
          topP(h, Data.of(DType.F32, hostile(cols)), hostile(cols).length / cols, cols, p, false, 0);
        }
      }
    });
    suite.add(Sampling.TOP_P, DType.F32, "wide, in place, unaligned", h -> {
      for (int cols : WIDE) {
        topP(h, new Source("top_p" + cols).normal(DType.F32, 2 * cols, 1.5), 2, cols, 0.95f, true, 0);
        topP(h, new Source("top_p" + cols).normal(DType.F32, 2 * cols, 8), 2, cols, 0.8f, false, 1);
      }
      topP(h, new Source("top_p").normal(DType.F32, 100 * 50, 3), 100, 50, 0.7f, true, 0);
    });
  }

  /** Row i has its largest element at i; all are negative. */
  private static double[] peaks(int cols) {
    double[] x = new double[cols * cols];
    for (int i = 0; i < x.length; i++) {
      x[i] = i / cols == i % cols ? -0.5 : -1 - i % 7;
    }
    return x;
  }

  /** Rows of equal elements, of two equal largest ones, of zeros with both signs, of nothing, and with NaN before and after. */
  static double[] hostile(int cols) {
    double[][] rows = new double[10][cols];
    for (int i = 0; i < cols; i++) {
      rows[0][i] = 3;
      rows[1][i] = i == cols / 3 || i == cols - 1 ? 2 : -1;
      rows[2][i] = i % 2 == 0 ? -0.0 : 0.0;
      rows[3][i] = HIDDEN;
      rows[4][i] = Double.NaN;
      rows[5][i] = i == 0 ? Double.NaN : i % 5;
      rows[6][i] = i == cols - 1 ? Double.NaN : -i % 5;
      rows[7][i] = i % 3 == 0 ? HIDDEN : i % 3 == 1 ? Double.NaN : -100 - i;
      rows[8][i] = i == cols / 2 ? Double.POSITIVE_INFINITY : i;
      rows[9][i] = i >= cols / 2 ? Double.POSITIVE_INFINITY : i % 2 == 0 ? HIDDEN : Double.NaN;
    }
    return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
  }

  static float[] row(double[] values, int row, int cols) {
    float[] out = new float[cols];
    for (int i = 0; i < cols; i++) {
      out[i] = (float) values[row * cols + i];
    }
    return out;
  }

  private static void argmax(Harness h, Data x, int rows, int cols, int shift) {
    double[] values = x.values();
    int[] expected = new int[rows];
    Arrays.setAll(expected, r -> Sampler.argmax(Arrays.copyOfRange(values, r * cols, (r + 1) * cols)));
    Call<Sampling.Argmax> call = new Call<Sampling.Argmax>(rows + " x " + cols).shift(shift);
    Operand in = call.in("x", x);
    Operand out = call.out("out", DType.I32, Expected.ints(expected));
    h.check(Sampling.ARGMAX, x.type(), call.launch(k -> {
      Sampling.checkArgmax(in.buffer(), out.buffer(), rows, cols);
      k.run(in.buffer(), out.buffer(), rows, cols);
    }));
  }

  private static void topK(Harness h, Data x, int rows, int cols, int k, int shift) {
    double[] all = x.values();
    double[] values = new double[rows * k];
    int[] indices = new int[rows * k];
    for (int r = 0; r < rows; r++) {
      float[] row = row(all, r, cols);
      int[] order = Sampler.descending(row);
      for (int i = 0; i < k; i++) {
        indices[r * k + i] = order[i];
        values[r * k + i] = Sampler.rank(row[order[i]]);
      }
    }
    Call<Sampling.TopK> call = new Call<Sampling.TopK>(rows + " x " + cols + " k=" + k).shift(shift);
    Operand in = call.in("x", x);
    Operand outValues = call.out("values", DType.F32, Expected.bits(DType.F32, Data.of(DType.F32, values).bytes()));
    Operand outIndices = call.out("indices", DType.I32, Expected.ints(indices));
    h.check(Sampling.TOP_K, DType.F32, call.launch(kernel -> {
      Sampling.checkTopK(in.buffer(), outValues.buffer(), outIndices.buffer(), rows, cols, k);
      kernel.run(in.buffer(), outValues.buffer(), outIndices.buffer(), rows, cols, k);
    }));
  }

  private static void topP(Harness h, Data x, int rows, int cols, float p, boolean inPlace, int shift) {
    double[] all = x.values();
    double[] kept = new double[rows * cols];
    for (int r = 0; r < rows; r++) {
      float[] row = Sampler.topP(row(all, r, cols), p);
      for (int i = 0; i < cols; i++) {
        kept[r * cols + i] = row[i];
      }
    }
    Expected expected = Expected.bits(DType.F32, Data.of(DType.F32, kept).bytes());
    Call<Sampling.TopP> call = new Call<Sampling.TopP>(rows + " x " + cols + " p=" + p).shift(shift);
    Operand in = inPlace ? call.inOut("x", x, expected) : call.in("x", x);
    Operand out = inPlace ? in : call.out("out", DType.F32, expected);
    h.check(Sampling.TOP_P, DType.F32, call.launch(k -> {
      Sampling.checkTopP(in.buffer(), out.buffer(), rows, cols, p);
      k.run(in.buffer(), out.buffer(), rows, cols, p);
    }));
  }
}
