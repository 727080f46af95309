package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Softmax;
import io.gllm.kernels.testkit.Call;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Expected;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Operand;
import io.gllm.kernels.testkit.Suite;
import io.gllm.kernels.testkit.oracle.Rows;
import java.util.Arrays;

/** softmax. */
final class SoftmaxCases {
  private static final double HIDDEN = Double.NEGATIVE_INFINITY;
  private static final int[][] SHAPES = {{0, 5}, {4, 0}, {1, 1}, {3, 1}, {2, 255}, {1, 256}, {3, 257}, {2, 1025}, {1, 4099}, {2, 16385},
    {300, 64}, {3, 2056}, {2, 9608}};

  private SoftmaxCases() {}

  static void addTo(Suite suite) {
    for (ElementType element : Softmax.OP.types()) {
      DType type = (DType) element;
      suite.add(Softmax.OP, type, "every width", h -> {
        for (int cols = 0; cols <= Source.TAILS; cols++) {
          check(h, Data.of(type, Source.primes(2 * cols, 1 / 64.0, true)), null, 2, cols, 1, false, 0);
        }
      });
      suite.add(Softmax.OP, type, "shapes", h -> {
        for (int[] s : SHAPES) {
          check(h, new Source("soft" + s[1]).normal(type, s[0] * s[1], 3), null, s[0], s[1], 0.7f, false, 0);
          check(h, new Source("soft" + s[1]).normal(type, s[0] * s[1], 3), mask(s[0], s[1]), s[0], s[1], 1, false, 0);
        }
      });
      suite.add(Softmax.OP, type, "in place and unaligned", h -> {
        for (int cols : new int[]{1, 15, 17, 67, 259}) {
          check(h, new Source("soft" + cols).normal(type, 3 * cols, 2), mask(3, cols), 3, cols, 1.5f, true, 0);
          check(h, new Source("soft" + cols).normal(type, 3 * cols, 2), mask(3, cols), 3, cols, 1.5f, false, 1);
        }
      });
      suite.add(Softmax.OP, type, "large arguments", h -> {
        for (int cols : new int[]{2, 17, 64, 1001}) {
          check(h, new Source("large" + cols).normal(type, 2 * cols, 3000), null, 2, cols, 1, false, 0);
          check(h, new Source("large" + cols).normal(type, 2 * cols, 3), null, 2, cols, -100, false, 0);
          check(h, new Source("flat" + cols).normal(type, 2 * cols, 3), null, 2, cols, 0, false, 0);
        }
      });
      suite.add(Softmax.OP, type, "NaN in each lane", h -> {
        for (int i = 0; i < Source.TAILS; i++) {
          double[] x = new Source("soft").normal(3 * Source.TAILS, 1);
          x[Source.TAILS + i] = Double.NaN;
          check(h, Data.of(type, x), null, 3, Source.TAILS, 1, false, 0);
        }
      });
      hidden(suite, type);
    }
  }

  private static void hidden(Suite suite, DType type) {
    suite.add(Softmax.OP, type, "hidden elements and rows", h -> {
      for (int cols : new int[]{1, 2, 16, 17, 67, 300}) {
        double[] x = new Source("hidden" + cols).normal(4 * cols, 2);
        double[] mask = new double[4 * cols];
        Arrays.fill(mask, cols, 2 * cols, HIDDEN);
        Arrays.fill(mask, 2 * cols, 3 * cols - 1, HIDDEN);
        check(h, Data.of(type, x), Data.of(DType.F32, mask), 4, cols, 1, false, 0);
        double[] inf = x.clone();
        Arrays.fill(inf, 0, cols, HIDDEN);
        Arrays.fill(inf, cols + 1, 2 * cols, HIDDEN);
        check(h, Data.of(type, inf), null, 4, cols, 1, false, 0);
        check(h, Data.of(type, inf), Data.of(DType.F32, mask), 4, cols, 0.5f, true, 0);
      }
    });
  }

  /** Slopes, and every third element hidden. */
  private static Data mask(int rows, int cols) {
    double[] mask = new double[rows * cols];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = i % 3 == 1 ? HIDDEN : -(i % 11) / 8.0;
    }
    return Data.of(DType.F32, mask);
  }

  private static void check(Harness h, Data x, Data mask, int rows, int cols, float scale, boolean inPlace, int shift) {
    DType type = (DType) x.type();
    Rows exact = Rows.softmax(type, x.values(), mask == null ? null : mask.values(), rows, cols, scale);
    Expected expected = Expected.near(type, exact.exact(), exact.bound());
    String label = rows + " x " + cols + " scale=" + scale + (mask == null ? "" : " masked") + (inPlace ? " in place" : "");
    Call<Softmax.Kernel> call = new Call<Softmax.Kernel>(label).shift(shift);
    Operand in = inPlace ? call.inOut("x", x, expected) : call.in("x", x);
    Operand added = mask == null ? null : call.in("mask", mask);
    Operand out = inPlace ? in : call.out("out", type, expected);
    h.check(Softmax.OP, type, call.launch(k -> {
      Softmax.check(in.buffer(), added == null ? null : added.buffer(), out.buffer(), rows, cols);
      k.run(in.buffer(), added == null ? null : added.buffer(), out.buffer(), rows, cols, scale);
    }));
  }
}
