package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Cast;
import io.gllm.kernels.testkit.Call;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Expected;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Operand;
import io.gllm.kernels.testkit.Suite;

/** cast: exact for every pair of types. */
final class CastCases {
  private CastCases() {}

  static void addTo(Suite suite) {
    for (ElementType from : Cast.OP.types()) {
      for (ElementType to : Cast.OP.types()) {
        add(suite, (DType) from, (DType) to);
      }
    }
  }

  private static void add(Suite suite, DType from, DType to) {
    String target = "to " + to.label() + " ";
    suite.add(Cast.OP, from, target + "lengths", h -> {
      for (int n = 0; n <= Source.TAILS; n++) {
        check(h, "n=" + n, Data.of(from, Source.primes(n, 0.1, true)), to, 0);
      }
      for (int n : new int[]{1, 7, 16, 17, 67, 1003}) {
        check(h, "unaligned n=" + n, Data.of(from, Source.primes(n, 0.1, true)), to, 1);
      }
      for (int n : new int[]{16383, 16385, 65537}) {
        check(h, "n=" + n, new Source("cast" + n).normal(from, n, 100), to, 0);
      }
    });
    suite.add(Cast.OP, from, target + "values",
        h -> check(h, "values", from == DType.F32 ? Data.of(from, ties()) : Source.everyPattern(from), to, 0));
  }

  /** For every 16-bit number of both types the middle to the next one, and its neighbours: where rounding decides. */
  private static double[] ties() {
    double[] out = new double[3 * (1 << 17)];
    int at = 0;
    for (DType type : new DType[]{DType.F16, DType.BF16}) {
      double[] values = Source.everyPattern(type).values();
      for (int i = 0; i < values.length; i++) {
        float middle = (float) ((values[i] + values[Math.min(i + 1, values.length - 1)]) / 2);
        out[at++] = middle;
        out[at++] = Math.nextUp(middle);
        out[at++] = Math.nextDown(middle);
      }
    }
    return out;
  }

  private static void check(Harness h, String label, Data x, DType to, int shift) {
    Call<Cast.Kernel> call = new Call<Cast.Kernel>(label).shift(shift);
    Operand in = call.in("x", x);
    Operand out = call.out("out", to, Expected.bits(to, Data.of(to, x.values()).bytes()));
    h.check(Cast.OP, x.type(), call.launch(k -> {
      Cast.check(in.buffer(), out.buffer(), x.length());
      k.run(in.buffer(), out.buffer(), x.length());
    }));
  }
}
