package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.VecAxpy;
import io.gllm.kernels.api.op.VecScale;
import io.gllm.kernels.testkit.Call;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Expected;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Operand;
import io.gllm.kernels.testkit.Suite;

/** vec_scale and vec_axpy, both in place. */
final class ScaleCases {
  private static final int[] LONG = {127, 1003, 16383, 16384, 16385, 65537};
  private static final int[] UNALIGNED = {1, 7, 15, 16, 17, 33, 67, 1003};
  private static final float[] FACTORS = {0, -1, 0.3f, 1e20f, Float.NaN, Float.POSITIVE_INFINITY};

  private ScaleCases() {}

  static void addTo(Suite suite) {
    for (ElementType element : VecScale.OP.types()) {
      DType type = (DType) element;
      suite.add(VecScale.OP, type, "lengths", h -> {
        for (int n = 0; n <= Source.TAILS; n++) {
          scale(h, Data.of(type, Source.primes(n, 0.125, true)), 0.3f, 0);
        }
      });
      suite.add(VecScale.OP, type, "chunk borders and unaligned", h -> {
        for (int n : LONG) {
          scale(h, new Source("scale" + n).normal(type, n, 4), -1.7f, 0);
        }
        for (int n : UNALIGNED) {
          scale(h, Data.of(type, Source.primes(n, 0.125, true)), 0.3f, 1);
        }
      });
      suite.add(VecScale.OP, type, "special values", h -> {
        for (float factor : FACTORS) {
          scale(h, Data.of(type, Source.specials(type)), factor, 0);
        }
      });
      axpy(suite, type);
    }
  }

  private static void axpy(Suite suite, DType type) {
    suite.add(VecAxpy.OP, type, "lengths", h -> {
      for (int n = 0; n <= Source.TAILS; n++) {
        Source s = new Source("axpy" + n);
        axpy(h, s.normal(type, n, 1), 0.7f, Data.of(type, Source.primes(n, 0.125, true)), 0);
      }
    });
    suite.add(VecAxpy.OP, type, "chunk borders and unaligned", h -> {
      for (int n : LONG) {
        Source s = new Source("axpy" + n);
        axpy(h, s.normal(type, n, 2), -1.7f, s.normal(type, n, 4), 0);
      }
      for (int n : UNALIGNED) {
        axpy(h, Data.of(type, Source.primes(n, 1, false)), 0.3f, Data.of(type, Source.primes(n, 0.125, true)), 1);
      }
    });
    suite.add(VecAxpy.OP, type, "NaN in each lane", h -> {
      for (int i = 0; i < Source.TAILS; i++) {
        double[] x = Source.primes(Source.TAILS, 1, false);
        double[] y = x.clone();
        (i % 2 == 0 ? x : y)[i] = Double.NaN;
        axpy(h, Data.of(type, y), 0.5f, Data.of(type, x), 0);
      }
    });
    suite.add(VecAxpy.OP, type, "special values", h -> {
      double[] specials = Source.specials(type);
      double[] reversed = new double[specials.length];
      for (int i = 0; i < specials.length; i++) {
        reversed[i] = specials[(i * 7 + 3) % specials.length];
      }
      for (float a : FACTORS) {
        axpy(h, Data.of(type, specials), a, Data.of(type, reversed), 0);
      }
    });
    suite.add(VecAxpy.OP, type, "x is y", h -> {
      for (int n : new int[]{1, 16, 17, 67, 16385}) {
        axpy(h, Data.of(type, Source.primes(n, 0.125, true)), 0.7f, null, 0);
      }
    });
  }

  private static void scale(Harness h, Data x, float s, int shift) {
    DType type = (DType) x.type();
    double[] exact = x.values();
    double[] bound = new double[exact.length];
    for (int i = 0; i < exact.length; i++) {
      double product = exact[i] * s;
      bound[i] = BinaryOp.bound(type, product) + (Source.isSubnormal(exact[i]) ? Math.abs(product) : 0);
      exact[i] = product;
    }
    Call<VecScale.Kernel> call = new Call<VecScale.Kernel>("n=" + exact.length + " s=" + s).shift(shift);
    Operand operand = call.inOut("x", x, Expected.near(type, exact, bound));
    h.check(VecScale.OP, type, call.launch(k -> {
      VecScale.check(operand.buffer(), exact.length);
      k.run(operand.buffer(), s, exact.length);
    }));
  }

  /** x is y if null. */
  private static void axpy(Harness h, Data y, float a, Data x, int shift) {
    DType type = (DType) y.type();
    double[] old = y.values();
    double[] other = x == null ? old : x.values();
    double[] exact = new double[old.length];
    double[] bound = new double[old.length];
    for (int i = 0; i < old.length; i++) {
      double product = a * other[i];
      exact[i] = old[i] + product;
      boolean flushed = Source.isSubnormal(other[i]) && Math.abs(a) > 1;
      boolean overflow = Math.abs(product) > Float.MAX_VALUE && !Double.isInfinite(product);
      bound[i] = flushed || overflow ? Double.POSITIVE_INFINITY : VecAxpy.bound(type, old[i], product, exact[i]) + 3 * 0x1p-126;
    }
    Call<VecAxpy.Kernel> call = new Call<VecAxpy.Kernel>("n=" + exact.length + " a=" + a + (x == null ? " x is y" : "")).shift(shift);
    Operand out = call.inOut("y", y, Expected.near(type, exact, bound));
    Operand in = x == null ? out : call.in("x", x);
    h.check(VecAxpy.OP, type, call.launch(k -> {
      VecAxpy.check(out.buffer(), in.buffer(), exact.length);
      k.run(out.buffer(), a, in.buffer(), exact.length);
    }));
  }
}
