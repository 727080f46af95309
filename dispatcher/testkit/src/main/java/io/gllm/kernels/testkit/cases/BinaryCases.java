package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.testkit.Call;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Expected;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Operand;
import io.gllm.kernels.testkit.Suite;
import io.gllm.kernels.testkit.oracle.Special;
import java.util.List;

/** vec_add, vec_sub, vec_mul, swiglu. */
final class BinaryCases {
  private enum Place {
    APART, IN_A, IN_B, ALL_ONE
  }

  private final Op<BinaryOp.Kernel> op;
  private final DType type;

  private BinaryCases(Op<BinaryOp.Kernel> op, DType type) {
    this.op = op;
    this.type = type;
  }

  static void addTo(Suite suite) {
    for (Op<BinaryOp.Kernel> op : List.of(BinaryOp.ADD, BinaryOp.SUB, BinaryOp.MUL, BinaryOp.SWIGLU)) {
      for (ElementType type : op.types()) {
        new BinaryCases(op, (DType) type).add(suite);
      }
    }
  }

  private void add(Suite suite) {
    suite.add(op, type, "lengths", h -> {
      for (int n = 0; n <= Source.TAILS; n++) {
        check(h, "n=" + n, Data.of(type, Source.primes(n, 0.125, true)), small(n), 0, Place.APART);
      }
    });
    suite.add(op, type, "chunk borders", h -> {
      for (int n : new int[]{127, 1003, 16383, 16384, 16385, 65537}) {
        Source s = new Source(op + "" + n);
        check(h, "n=" + n, s.normal(type, n, 4), s.normal(type, n, 3), 0, Place.APART);
      }
    });
    suite.add(op, type, "unaligned", h -> {
      for (int n : new int[]{1, 7, 15, 16, 17, 33, 67, 1003}) {
        check(h, "n=" + n, Data.of(type, Source.primes(n, 0.125, true)), small(n), 1, Place.APART);
      }
    });
    suite.add(op, type, "in place", h -> {
      for (Place place : List.of(Place.IN_A, Place.IN_B, Place.ALL_ONE)) {
        for (int n : new int[]{1, 15, 16, 17, 31, 67, 1003, 16385}) {
          check(h, place + " n=" + n, Data.of(type, Source.primes(n, 0.01, true)), small(n), 0, place);
        }
      }
    });
    suite.add(op, type, "NaN in each lane", h -> {
      for (int i = 0; i < Source.TAILS; i++) {
        double[] a = Source.primes(Source.TAILS, 0.01, false);
        double[] b = a.clone();
        (i % 2 == 0 ? a : b)[i] = Double.NaN;
        check(h, "NaN at " + i, Data.of(type, a), Data.of(type, b), 0, Place.APART);
      }
    });
    suite.add(op, type, "special values", this::specials);
  }

  private void specials(Harness h) {
    double[] specials = Source.specials(type);
    int n = specials.length;
    double[] a = new double[n * n];
    double[] b = new double[n * n];
    for (int i = 0; i < n * n; i++) {
      a[i] = specials[i / n];
      b[i] = specials[i % n];
    }
    check(h, "every pair", Data.of(type, a), Data.of(type, b), 0, Place.APART);
  }

  /** Numbers from -1.5 to 1.5, not zero. */
  private Data small(int n) {
    double[] out = new double[n];
    for (int i = 0; i < n; i++) {
      out[i] = (i % 4 - 1.5) * (1 + i % 7 / 8.0);
    }
    return Data.of(type, out);
  }

  private void check(Harness h, String label, Data a, Data b, int shift, Place place) {
    Data second = place == Place.ALL_ONE ? a : b;
    Expected expected = expected(a.values(), second.values());
    Call<BinaryOp.Kernel> call = new Call<BinaryOp.Kernel>(label).shift(shift);
    boolean inA = place == Place.IN_A || place == Place.ALL_ONE;
    Operand first = inA ? call.inOut("a", a, expected) : call.in("a", a);
    Operand other = switch (place) {
      case ALL_ONE -> first;
      case IN_B -> call.inOut("b", b, expected);
      default -> call.in("b", b);
    };
    Operand out = place == Place.APART ? call.out("out", type, expected) : inA ? first : other;
    long n = a.length();
    h.check(op, type, call.launch(k -> {
      BinaryOp.check(first.buffer(), other.buffer(), out.buffer(), n);
      k.run(first.buffer(), other.buffer(), out.buffer(), n);
    }));
  }

  private Expected expected(double[] a, double[] b) {
    double[] exact = new double[a.length];
    double[] bound = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      if (op == BinaryOp.SWIGLU) {
        double silu = Special.silu(a[i]);
        exact[i] = silu * b[i];
        boolean limits = a[i] == Double.NEGATIVE_INFINITY || Double.isInfinite(b[i]) && Math.abs(silu) < 0x1p-100;
        boolean overflow = Math.abs(a[i]) > 0x1p120 || Math.abs(b[i]) > 0x1p120;
        bound[i] = limits || overflow && !Double.isNaN(a[i] + b[i])
            ? Double.POSITIVE_INFINITY
            : BinaryOp.swigluBound(type, a[i], b[i], silu);
      } else {
        exact[i] = op == BinaryOp.ADD ? a[i] + b[i] : op == BinaryOp.SUB ? a[i] - b[i] : a[i] * b[i];
        // A subnormal operand may count as zero; what that changes is bounded by its size.
        double flushed = op == BinaryOp.MUL
            ? Source.isSubnormal(a[i]) || Source.isSubnormal(b[i]) ? Math.abs(exact[i]) : 0
            : 2 * 0x1p-126;
        bound[i] = BinaryOp.bound(type, exact[i]) + flushed;
      }
    }
    return Expected.near(type, exact, bound);
  }
}
