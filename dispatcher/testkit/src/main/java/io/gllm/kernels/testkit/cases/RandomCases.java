package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.testkit.Call;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Expected;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Mismatch;
import io.gllm.kernels.testkit.Operand;
import io.gllm.kernels.testkit.Suite;
import io.gllm.kernels.testkit.oracle.Philox;
import io.gllm.kernels.testkit.oracle.Sampler;
import java.util.Arrays;

/** temperature, philox, sample. */
final class RandomCases {
  private RandomCases() {}

  static void addTo(Suite suite) {
    addTemperature(suite);
    suite.add(Sampling.PHILOX, DType.I32, "known answer", h -> {
      // The first vector of Random123's kat_vectors for philox4x32-10; the others have counters that the operator cannot form.
      philox(h, 4, 0, 0, 0, 0, new int[]{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    });
    suite.add(Sampling.PHILOX, DType.I32, "lengths", h -> {
      for (int n = 0; n <= Source.TAILS; n++) {
        philox(h, n, 3, 5, 0x0123456789abcdefL, 0, Philox.words(n, 3, 5, 0x0123456789abcdefL));
      }
      philox(h, 65537, 0, 1, -1, 1, Philox.words(65537, 0, 1, -1));
    });
    suite.add(Sampling.PHILOX, DType.I32, "rows, steps, keys", h -> {
      for (int row : new int[]{0, 1, -1, Integer.MIN_VALUE}) {
        for (int step : new int[]{0, 1, Integer.MAX_VALUE, -7}) {
          for (long key : new long[]{0, 1, 1L << 32, -1, 0x8000000080000000L}) {
            philox(h, 9, row, step, key, 0, Philox.words(9, row, step, key));
          }
        }
      }
    });
    addSample(suite);
  }

  private static void addTemperature(Suite suite) {
    suite.add(Sampling.TEMPERATURE, DType.F32, "lengths", h -> {
      for (int n = 0; n <= Source.TAILS; n++) {
        temperature(h, Data.of(DType.F32, Source.primes(n, 0.125, true)), 0.7f, false, 0);
      }
      temperature(h, new Source("temperature").normal(DType.F32, 65537, 5), 1.3f, false, 0);
    });
    suite.add(Sampling.TEMPERATURE, DType.F32, "in place, unaligned, special values", h -> {
      for (float t : new float[]{1e-6f, 0.1f, 1, 3, 1e6f}) {
        temperature(h, Data.of(DType.F32, Source.primes(67, 0.125, true)), t, true, 0);
        temperature(h, Data.of(DType.F32, Source.primes(35, 0.125, true)), t, false, 1);
        temperature(h, Data.of(DType.F32, Source.specials(DType.F32)), t, false, 0);
      }
    });
  }

  private static void addSample(Suite suite) {
    suite.add(Sampling.SAMPLE, DType.F32, "widths", h -> {
      for (int cols = 1; cols <= Source.TAILS; cols++) {
        sample(h, new Source("sample" + cols).normal(DType.F32, 20 * cols, 2), 20, cols, 42, 7, 0);
      }
      for (int cols : new int[]{255, 256, 257, 511, 512, 513, 1003, 32003, 128_257}) {
        sample(h, new Source("sample" + cols).normal(DType.F32, 4 * cols, 2), 4, cols, -1, 0, 1);
      }
    });
    suite.add(Sampling.SAMPLE, DType.F32, "seeds and steps", h -> {
      Data x = new Source("sample").normal(DType.F32, 64 * 300, 1);
      for (long seed : new long[]{0, 1, 1L << 32, -1, 0x8000000080000000L}) {
        for (int step : new int[]{0, 1, -1, Integer.MAX_VALUE}) {
          sample(h, x, 64, 300, seed, step, 0);
        }
      }
    });
    suite.add(Sampling.SAMPLE, DType.F32, "hidden elements, NaN, infinities, nothing", h -> {
      for (int cols : new int[]{1, 2, 17, 67, 300, 1003}) {
        double[] x = SamplingCases.hostile(cols);
        sample(h, Data.of(DType.F32, x), x.length / cols, cols, 5, 9, 0);
        double[] one = new double[3 * cols];
        Arrays.fill(one, Double.NEGATIVE_INFINITY);
        one[cols / 2] = -1e30;
        one[2 * cols - 1] = 4;
        one[2 * cols] = 0;
        sample(h, Data.of(DType.F32, one), 3, cols, 5, 9, 0);
      }
    });
    suite.add(Sampling.SAMPLE, DType.F32, "distribution", RandomCases::distribution);
  }

  private static void temperature(Harness h, Data x, float t, boolean inPlace, int shift) {
    float inverse = 1 / t;
    double[] exact = x.values();
    double[] bound = new double[exact.length];
    for (int i = 0; i < exact.length; i++) {
      double product = exact[i] * inverse;
      bound[i] = BinaryOp.bound(DType.F32, product) + (Source.isSubnormal(exact[i]) ? Math.abs(product) : 0);
      exact[i] = product;
    }
    Expected expected = Expected.near(DType.F32, exact, bound);
    Call<Sampling.Temperature> call = new Call<Sampling.Temperature>("n=" + exact.length + " t=" + t).shift(shift);
    Operand in = inPlace ? call.inOut("x", x, expected) : call.in("x", x);
    Operand out = inPlace ? in : call.out("out", DType.F32, expected);
    h.check(Sampling.TEMPERATURE, DType.F32, call.launch(k -> {
      Sampling.checkTemperature(in.buffer(), out.buffer(), exact.length, t);
      k.run(in.buffer(), out.buffer(), exact.length, t);
    }));
  }

  private static void philox(Harness h, int n, int row, int step, long key, int shift, int[] expected) {
    Call<Sampling.Philox> call = new Call<Sampling.Philox>("n=" + n + " row=" + row + " step=" + step + " key=" + key).shift(shift);
    Operand out = call.out("out", DType.I32, Expected.ints(expected));
    h.check(Sampling.PHILOX, DType.I32, call.launch(k -> {
      Sampling.checkPhilox(out.buffer(), n);
      k.run(out.buffer(), n, row, step, key);
    }));
  }

  private static int[] sample(Harness h, Data x, int rows, int cols, long seed, int step, int shift) {
    double[] all = x.values();
    int[] expected = new int[rows];
    Arrays.setAll(expected, r -> Sampler.sample(SamplingCases.row(all, r, cols), r, seed, step));
    Call<Sampling.Sample> call = new Call<Sampling.Sample>(rows + " x " + cols + " seed=" + seed + " step=" + step).shift(shift);
    Operand in = call.in("x", x);
    Operand out = call.out("out", DType.I32, Expected.ints(expected));
    h.check(Sampling.SAMPLE, DType.F32, call.launch(k -> {
      Sampling.checkSample(in.buffer(), out.buffer(), rows, cols);
      k.run(in.buffer(), out.buffer(), rows, cols, seed, step);
    }));
    return expected;
  }

  /** 20,000 draws from eight known probabilities: chi-square with 7 degrees of freedom, below its 99.9 % point. */
  private static void distribution(Harness h) {
    int draws = 20_000;
    double[] weights = {1, 2, 3, 4, 5, 10, 25, 50};
    double[] x = new double[draws * 8];
    Arrays.setAll(x, i -> Math.log(weights[i % 8]));
    int[] counts = new int[8];
    for (int token : sample(h, Data.of(DType.F32, x), draws, 8, 2024, 1, 0)) {
      counts[token]++;
    }
    double chi = 0;
    for (int i = 0; i < 8; i++) {
      double expected = draws * weights[i] / 100;
      chi += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    if (chi > 24.32) {
      throw new Mismatch("draws do not follow the probabilities: chi-square " + chi);
    }
  }
}
