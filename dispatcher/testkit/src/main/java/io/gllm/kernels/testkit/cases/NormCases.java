package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.LayerNorm;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.testkit.Call;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Expected;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Operand;
import io.gllm.kernels.testkit.Suite;
import io.gllm.kernels.testkit.oracle.Floats;
import io.gllm.kernels.testkit.oracle.Rows;

/** rms_norm, rms_norm_residual, layer_norm. */
final class NormCases {
  private static final int[][] SHAPES = {{0, 5}, {1, 1}, {3, 1}, {2, 255}, {1, 256}, {3, 257}, {2, 1025}, {1, 4099}, {2, 16385}, {300, 64},
    {3, 2056}, {2, 9608}};
  private static final float EPS = 1e-5f;

  /** One normalisation of rows; place 0: out apart, 1: out (or sum) is x, 2: sum is the residual. */
  private interface Norm {
    void check(Harness h, DType type, Data x, int rows, int cols, float eps, int place, int shift);
  }

  private NormCases() {}

  static void addTo(Suite suite) {
    for (ElementType element : RmsNorm.OP.types()) {
      DType type = (DType) element;
      add(suite, RmsNorm.OP, type, 1, NormCases::rms);
      add(suite, RmsNorm.RESIDUAL, type, 3, NormCases::residual);
      add(suite, LayerNorm.OP, type, 1, NormCases::layer);
    }
  }

  private static void add(Suite suite, Op<?> op, DType type, int places, Norm norm) {
    suite.add(op, type, "every width", h -> {
      for (int cols = 1; cols <= Source.TAILS; cols++) {
        norm.check(h, type, Data.of(type, Source.primes(2 * cols, 0.25, true)), 2, cols, EPS, 0, 0);
      }
    });
    suite.add(op, type, "shapes", h -> {
      for (int[] s : SHAPES) {
        norm.check(h, type, new Source("norm" + s[1]).normal(type, s[0] * s[1], 1), s[0], s[1], EPS, 0, 0);
      }
    });
    suite.add(op, type, "unaligned", h -> {
      for (int cols : new int[]{1, 15, 17, 64, 259}) {
        norm.check(h, type, new Source("norm" + cols).normal(type, 3 * cols, 1), 3, cols, EPS, 0, 1);
      }
    });
    suite.add(op, type, "in place", h -> {
      for (int place = 1; place <= places; place++) {
        for (int cols : new int[]{1, 16, 67, 259, 1024}) {
          norm.check(h, type, new Source("norm" + cols).normal(type, 3 * cols, 1), 3, cols, EPS, place, 0);
        }
      }
    });
    suite.add(op, type, "NaN in each lane", h -> {
      for (int i = 0; i < Source.TAILS; i++) {
        double[] x = new Source("norm").normal(3 * Source.TAILS, 1);
        x[Source.TAILS + i] = Double.NaN;
        norm.check(h, type, Data.of(type, x), 3, Source.TAILS, EPS, 0, 0);
      }
    });
    suite.add(op, type, "eps and magnitudes", h -> {
      for (float eps : new float[]{0, 1e-12f, 1e-6f, 1, 100}) {
        norm.check(h, type, new Source("eps").normal(type, 3 * 100, 1), 3, 100, eps, 0, 0);
        norm.check(h, type, new Source("eps").normal(type, 2 * 33, 0.03), 2, 33, eps, 0, 0);
      }
      norm.check(h, type, new Source("big").normal(type, 2 * 65, type == DType.F16 ? 8000 : 1e17), 2, 65, EPS, 0, 0);
      if (type != DType.F16) {
        norm.check(h, type, new Source("beyond").normal(type, 2 * 65, 1e25), 2, 65, EPS, 0, 0); // squares are infinite in f32
      }
      norm.check(h, type, new Source("tiny").normal(type, 2 * 65, 1e-5), 2, 65, EPS, 0, 0);
      norm.check(h, type, Data.of(type, new double[2 * 65]), 2, 65, EPS, 0, 0);
      double[] far = new Source("far").normal(2 * 100, 1);
      for (int i = 0; i < far.length; i++) {
        far[i] += 1000; // the square of the mean is a million times the variance
      }
      norm.check(h, type, Data.of(type, far), 2, 100, EPS, 0, 0);
    });
  }

  private static String label(int rows, int cols, float eps, int place) {
    return rows + " x " + cols + " eps=" + eps + (place == 0 ? "" : " in place " + place);
  }

  private static Expected near(DType type, Rows rows) {
    return Expected.near(type, rows.exact(), rows.bound());
  }

  private static void rms(Harness h, DType type, Data x, int rows, int cols, float eps, int place, int shift) {
    Data weight = new Source("weight" + cols).normal(type, cols, 1);
    Expected expected = near(type, Rows.rmsNorm(type, x.values(), weight.values(), rows, cols, eps));
    Call<RmsNorm.Kernel> call = new Call<RmsNorm.Kernel>(label(rows, cols, eps, place)).shift(shift);
    Operand in = place == 1 ? call.inOut("x", x, expected) : call.in("x", x);
    Operand w = call.in("weight", weight);
    Operand out = place == 1 ? in : call.out("out", type, expected);
    h.check(RmsNorm.OP, type, call.launch(k -> {
      RmsNorm.check(in.buffer(), w.buffer(), out.buffer(), rows, cols, eps);
      k.run(in.buffer(), w.buffer(), out.buffer(), rows, cols, eps);
    }));
  }

  private static void layer(Harness h, DType type, Data x, int rows, int cols, float eps, int place, int shift) {
    if (cols == 1 && eps == 0) {
      return;
    }
    Data gamma = new Source("gamma" + cols).normal(type, cols, 1);
    Data beta = new Source("beta" + cols).normal(type, cols, 1);
    Rows rowsExpected = Rows.layerNorm(type, x.values(), gamma.values(), beta.values(), rows, cols, eps);
    Call<LayerNorm.Kernel> call = new Call<LayerNorm.Kernel>(label(rows, cols, eps, place)).shift(shift);
    Operand in = place == 1 ? call.inOut("x", x, near(type, rowsExpected)) : call.in("x", x);
    Operand g = call.in("gamma", gamma);
    Operand b = call.in("beta", beta);
    Operand out = place == 1 ? in : call.out("out", type, near(type, rowsExpected));
    h.check(LayerNorm.OP, type, call.launch(k -> {
      LayerNorm.check(in.buffer(), g.buffer(), b.buffer(), out.buffer(), rows, cols, eps);
      k.run(in.buffer(), g.buffer(), b.buffer(), out.buffer(), rows, cols, eps);
    }));
  }

  /** place 1: sum is x; 2: sum is the residual; 3: out is x, and sum apart. */
  private static void residual(Harness h, DType type, Data x, int rows, int cols, float eps, int place, int shift) {
    Data residual = new Source("residual" + cols).normal(type, rows * cols, 1);
    Data weight = new Source("weight" + cols).normal(type, cols, 1);
    double[] sums = x.values();
    double[] others = residual.values();
    double[] sumBound = new double[sums.length];
    for (int i = 0; i < sums.length; i++) {
      sums[i] += others[i];
      sumBound[i] = Math.abs(sums[i]) * (0x1p-24 + type.unitRoundoff()) + 2 * 0x1p-126 + type.subnormalRoundoff();
    }
    Expected sumExpected = type == DType.F32 ? Expected.near(type, rounded(sums)) : Expected.near(type, sums, sumBound);
    Expected expected = near(type, Rows.rmsNorm(type, sums, weight.values(), rows, cols, eps));
    Call<RmsNorm.Residual> call = new Call<RmsNorm.Residual>(label(rows, cols, eps, place)).shift(shift);
    Operand in = place == 1 ? call.inOut("x", x, sumExpected) : place == 3 ? call.inOut("x", x, expected) : call.in("x", x);
    Operand r = place == 2 ? call.inOut("residual", residual, sumExpected) : call.in("residual", residual);
    Operand w = call.in("weight", weight);
    Operand sum = place == 1 ? in : place == 2 ? r : call.out("sum", type, sumExpected);
    Operand out = place == 3 ? in : call.out("out", type, expected);
    h.check(RmsNorm.RESIDUAL, type, call.launch(k -> {
      RmsNorm.checkResidual(in.buffer(), r.buffer(), w.buffer(), sum.buffer(), out.buffer(), rows, cols, eps);
      k.run(in.buffer(), r.buffer(), w.buffer(), sum.buffer(), out.buffer(), rows, cols, eps);
    }));
  }

  private static double[] rounded(double[] values) {
    double[] out = new double[values.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = Floats.round(DType.F32, values[i]);
    }
    return out;
  }
}
