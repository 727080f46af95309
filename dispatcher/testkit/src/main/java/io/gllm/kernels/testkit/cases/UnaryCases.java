package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.UnaryOp;
import io.gllm.kernels.testkit.Call;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Expected;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Operand;
import io.gllm.kernels.testkit.Suite;
import io.gllm.kernels.testkit.oracle.Floats;
import io.gllm.kernels.testkit.oracle.Special;
import java.util.List;

/** exp, silu, gelu, gelu_erf, relu, tanh. */
final class UnaryCases {
  private final Op<UnaryOp.Kernel> op;
  private final DType type;

  private UnaryCases(Op<UnaryOp.Kernel> op, DType type) {
    this.op = op;
    this.type = type;
  }

  static void addTo(Suite suite) {
    for (Op<UnaryOp.Kernel> op : List.of(UnaryOp.EXP, UnaryOp.SILU, UnaryOp.GELU, UnaryOp.GELU_ERF, UnaryOp.RELU, UnaryOp.TANH)) {
      for (ElementType type : op.types()) {
        new UnaryCases(op, (DType) type).add(suite);
      }
    }
  }

  private void add(Suite suite) {
    suite.add(op, type, "lengths", h -> {
      for (int n = 0; n <= Source.TAILS; n++) {
        check(h, "n=" + n, Data.of(type, Source.primes(n, 0.125, true)), 0, false);
      }
    });
    suite.add(op, type, "chunk borders", h -> {
      for (int n : new int[]{127, 1003, 16383, 16384, 16385, 65537}) {
        check(h, "n=" + n, new Source(op + "" + n).normal(type, n, 4), 0, false);
      }
    });
    suite.add(op, type, "unaligned", h -> {
      for (int n : new int[]{1, 7, 15, 16, 17, 33, 67, 1003}) {
        check(h, "n=" + n, Data.of(type, Source.primes(n, 0.125, true)), 1, false);
      }
    });
    suite.add(op, type, "in place", h -> {
      for (int n : new int[]{1, 15, 16, 17, 31, 67, 1003, 16385}) {
        check(h, "n=" + n, Data.of(type, Source.primes(n, 0.01, true)), 0, true);
      }
    });
    suite.add(op, type, "NaN in each lane", h -> {
      for (int i = 0; i < Source.TAILS; i++) {
        double[] x = Source.primes(Source.TAILS, 0.01, false);
        x[i] = Double.NaN;
        check(h, "NaN at " + i, Data.of(type, x), 0, false);
      }
    });
    suite.add(op, type, "special values", h -> {
      double[] specials = Source.specials(type);
      for (int first = 0; first < specials.length; first++) {
        double[] x = new double[specials.length];
        for (int i = 0; i < x.length; i++) {
          x[i] = specials[(first + i) % x.length];
        }
        check(h, "rotated by " + first, Data.of(type, x), 0, false);
      }
    });
    suite.add(op, type, type == DType.F32 ? "sweep" : "every bit pattern",
        h -> check(h, "sweep", type == DType.F32 ? Data.of(type, sweep()) : Source.everyPattern(type), 0, false));
  }

  /** Arguments of all magnitudes, and densely where the functions bend. */
  private static double[] sweep() {
    double[] x = new double[40_000];
    for (int i = 0; i < 20_000; i++) {
      x[i] = -110 + i * 0.01 + i * 1e-7;
      x[20_000 + i] = (i % 2 == 0 ? 1 : -1) * Math.pow(2, -130 + i * 0.0129);
    }
    return x;
  }

  private void check(Harness h, String label, Data x, int shift, boolean inPlace) {
    double[] values = x.values();
    double[] exact = new double[values.length];
    double[] bound = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      exact[i] = Special.unary(op, values[i]);
      bound[i] = bound(values[i], exact[i]);
    }
    Call<UnaryOp.Kernel> call = new Call<UnaryOp.Kernel>(label).shift(shift);
    Expected expected = Expected.near(type, exact, bound);
    Operand in = inPlace ? call.inOut("x", x, expected) : call.in("x", x);
    Operand out = inPlace ? in : call.out("out", type, expected);
    long n = values.length;
    h.check(op, type, call.launch(k -> {
      UnaryOp.check(in.buffer(), out.buffer(), n);
      k.run(in.buffer(), out.buffer(), n);
    }));
  }

  private double bound(double x, double exact) {
    if (op == UnaryOp.RELU) {
      return Source.isSubnormal(x) ? Math.abs(x) : 0;
    }
    boolean product = op == UnaryOp.SILU || op == UnaryOp.GELU || op == UnaryOp.GELU_ERF;
    if (Double.isInfinite(x)) {
      return x < 0 && product ? Double.POSITIVE_INFINITY : 0x1p-125; // x * 0 is NaN for infinite x, though the limit is 0
    }
    if (op == UnaryOp.EXP && x > 88.72 && exact < Floats.overflow(type)) {
      return Double.POSITIVE_INFINITY;
    }
    return UnaryOp.bound(op, type, x, exact);
  }
}
