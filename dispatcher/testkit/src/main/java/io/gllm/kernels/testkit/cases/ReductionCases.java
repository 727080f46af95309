package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.ReduceOp;
import io.gllm.kernels.api.op.VecDot;
import io.gllm.kernels.testkit.Call;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Expected;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Operand;
import io.gllm.kernels.testkit.Suite;
import java.util.Arrays;
import java.util.List;

/** vec_dot, vec_sum, vec_max, vec_sum_squares. */
final class ReductionCases {
  private static final int[] LONG = {127, 255, 1003, 4099, 16383, 16384, 16385, 65537, 300_007};
  private static final int[] UNALIGNED = {1, 7, 15, 16, 17, 33, 67, 1003, 5001};

  /** One reduction, of x alone or of x and a second operand. */
  private interface Reduction {
    void check(Harness h, String label, DType type, double[] x, double[] second, int shift);
  }

  private ReductionCases() {}

  static void addTo(Suite suite) {
    for (ElementType type : VecDot.OP.types()) {
      add(suite, VecDot.OP, (DType) type, 0, ReductionCases::dot);
      for (Op<ReduceOp.Kernel> op : List.of(ReduceOp.SUM, ReduceOp.MAX, ReduceOp.SUM_SQUARES)) {
        add(suite, op, (DType) type, op == ReduceOp.MAX ? 1 : 0, (h, label, t, x, second, shift) -> reduce(h, op, label, t, x, shift));
      }
    }
    for (ElementType type : ReduceOp.MAX.types()) {
      addMax(suite, (DType) type);
    }
  }

  private static void add(Suite suite, Op<?> op, DType type, int least, Reduction reduction) {
    suite.add(op, type, "lengths", h -> {
      for (int n = least; n <= Source.TAILS; n++) {
        reduction.check(h, "n=" + n, type, Source.primes(n, 1, false), Source.primes(n, 1, false), 0);
        reduction.check(h, "signed n=" + n, type, Source.primes(n, 1, true), ones(n), 0);
      }
    });
    suite.add(op, type, "chunk borders", h -> {
      for (int n : LONG) {
        Source s = new Source(op + "" + n);
        reduction.check(h, "n=" + n, type, s.normal(n, 1), s.normal(n, 1), 0);
      }
    });
    suite.add(op, type, "unaligned", h -> {
      for (int n : UNALIGNED) {
        reduction.check(h, "n=" + n, type, Source.primes(n, 0.25, true), ones(n), 1);
      }
    });
    suite.add(op, type, "NaN and infinity in each lane", h -> {
      for (int i = 0; i < Source.TAILS; i++) {
        for (double special : new double[]{Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
          double[] x = Source.primes(Source.TAILS, 0.01, false);
          x[i] = special;
          reduction.check(h, special + " at " + i, type, x, ones(x.length), 0);
        }
      }
    });
    suite.add(op, type, "magnitudes", h -> {
      double big = type == DType.F16 ? 30000 : 1e18;
      for (int n : new int[]{2, 17, 64, 1001}) {
        double[] x = new Source("magnitudes" + n).normal(n, 1);
        x[0] = big;
        x[n - 1] = -big;
        reduction.check(h, "cancelling n=" + n, type, x, ones(n), 0);
        reduction.check(h, "tiny n=" + n, type, new Source("tiny" + n).normal(n, type == DType.F16 ? 1e-7 : 1e-15), ones(n), 0);
        reduction.check(h, "subnormal n=" + n, type, new Source("sub" + n).normal(n, 1e-41), ones(n), 0);
      }
      double[] opposite = {Double.POSITIVE_INFINITY, 1, Double.NEGATIVE_INFINITY};
      reduction.check(h, "opposite infinities", type, opposite, ones(3), 0);
    });
  }

  private static void addMax(Suite suite, DType type) {
    suite.add(ReduceOp.MAX, type, "signs and ties", h -> {
      for (int n : new int[]{1, 2, 15, 16, 17, 33, 67, 1003}) {
        double[] negative = Source.primes(n, -1, false);
        reduce(h, ReduceOp.MAX, "all negative n=" + n, type, negative, 0);
        double[] equal = new double[n];
        Arrays.fill(equal, Double.NEGATIVE_INFINITY);
        reduce(h, ReduceOp.MAX, "all -inf n=" + n, type, equal, 0);
        for (int at = 0; at < n; at += Math.max(1, n / 40)) {
          double[] one = negative.clone();
          one[at] = -0.5;
          reduce(h, ReduceOp.MAX, "largest at " + at + " of " + n, type, one, 0);
        }
      }
    });
  }

  /** Alternately 1 and -1. */
  private static double[] ones(int n) {
    double[] out = new double[n];
    Arrays.setAll(out, i -> i % 2 == 0 ? 1 : -1);
    return out;
  }

  private static void reduce(Harness h, Op<ReduceOp.Kernel> op, String label, DType type, double[] x, int shift) {
    Data data = Data.of(type, x);
    double sum = op == ReduceOp.MAX ? Double.NEGATIVE_INFINITY : 0;
    double sumAbs = 0;
    for (double v : data.values()) {
      double term = op == ReduceOp.SUM_SQUARES ? v * v : v;
      sum = op == ReduceOp.MAX ? Math.max(sum, v) : sum + term;
      sumAbs += Math.abs(term);
    }
    double bound = op == ReduceOp.MAX ? subnormal(sum) : ReduceOp.bound(x.length, sumAbs) + x.length * 0x1p-126;
    Call<ReduceOp.Kernel> call = new Call<ReduceOp.Kernel>(label).shift(shift);
    Operand in = call.in("x", data);
    Operand out = call.out("out", DType.F32, Expected.near(DType.F32, new double[]{sum}, new double[]{bound}));
    h.check(op, type, call.launch(k -> {
      ReduceOp.check(op, in.buffer(), out.buffer(), x.length);
      k.run(in.buffer(), out.buffer(), x.length);
    }));
  }

  private static double subnormal(double x) {
    return Source.isSubnormal(x) ? Math.abs(x) : 0;
  }

  private static void dot(Harness h, String label, DType type, double[] a, double[] b, int shift) {
    Data first = Data.of(type, a);
    Data second = Data.of(type, b);
    double[] x = first.values();
    double[] y = second.values();
    double sum = 0;
    double sumAbs = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
      sumAbs += Math.abs(x[i] * y[i]);
    }
    double bound = VecDot.bound(x.length, sumAbs) + x.length * 0x1p-126;
    Call<VecDot.Kernel> call = new Call<VecDot.Kernel>(label).shift(shift);
    Operand left = call.in("a", first);
    Operand right = call.in("b", second);
    Operand out = call.out("out", DType.F32, Expected.near(DType.F32, new double[]{sum}, new double[]{bound}));
    h.check(VecDot.OP, type, call.launch(k -> {
      VecDot.check(left.buffer(), right.buffer(), out.buffer(), a.length);
      k.run(left.buffer(), right.buffer(), out.buffer(), a.length);
    }));
  }
}
