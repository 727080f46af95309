package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.testkit.Data;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Numbers for operands: the same ones for the same seed, always. */
final class Source {
  /** Every length up to four vectors of the widest lanes (16 of f32) and three more. */
  static final int TAILS = 4 * 16 + 3;

  private static final int[] PRIMES = primesBelow(1 << 13);

  final SplittableRandom random;

  Source(String seed) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < seed.length(); i++) {
      hash = (hash ^ seed.charAt(i)) * 0x100000001b3L;
    }
    random = new SplittableRandom(hash);
  }

  private static int[] primesBelow(int limit) {
    return IntStream.range(2, limit)
        .filter(p -> IntStream.rangeClosed(2, (int) Math.sqrt(p)).allMatch(d -> p % d != 0)).toArray();
  }

  /** Distinct primes times {@code factor}, with alternating signs if {@code signed}: a lost or doubled lane shows. */
  static double[] primes(int n, double factor, boolean signed) {
    double[] out = new double[n];
    for (int i = 0; i < n; i++) {
      out[i] = PRIMES[i % PRIMES.length] * (signed && i % 2 == 1 ? -factor : factor);
    }
    return out;
  }

  /** Normal numbers with mean zero and deviation {@code scale}. */
  double[] normal(int n, double scale) {
    double[] out = new double[n];
    for (int i = 0; i < n; i++) {
      out[i] = random.nextGaussian(0, scale);
    }
    return out;
  }

  /** Numbers between two limits. */
  double[] uniform(int n, double low, double high) {
    double[] out = new double[n];
    for (int i = 0; i < n; i++) {
      out[i] = random.nextDouble(low, high);
    }
    return out;
  }

  Data normal(DType type, int n, double scale) {
    return Data.of(type, normal(n, scale));
  }

  /** Distinct numbers 0..n-1 in random order. */
  int[] permutation(int n) {
    int[] out = new int[n];
    for (int i = 0; i < n; i++) {
      int j = random.nextInt(i + 1);
      out[i] = out[j];
      out[j] = i;
    }
    return out;
  }

  /** Every 16-bit pattern of a type of two bytes. */
  static Data everyPattern(DType type) {
    byte[] bytes = new byte[1 << 17];
    for (int i = 0; i < 1 << 16; i++) {
      bytes[2 * i] = (byte) i;
      bytes[2 * i + 1] = (byte) (i >> 8);
    }
    return new Data(type, bytes);
  }

  /** Zeros, ones, limits, subnormals, infinities, NaN and arguments at which exponentials change regime. */
  static double[] specials(DType type) {
    double least = type == DType.F16 ? 0x1p-24 : type == DType.BF16 ? 0x1p-133 : Float.MIN_VALUE;
    double normal = type == DType.F16 ? 0x1p-14 : 0x1p-126;
    double max = type == DType.F16 ? 65504 : type == DType.BF16 ? 0x1.fep127 : Float.MAX_VALUE;
    return new double[]{0, -0.0, 1, -1, 0.5, -0.5, 2, -3, least, -least, 3 * least, normal, -normal, normal - least, max, -max, max / 2,
      Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN, 1e-5, -1e-5, 1e-3, 9.5, -9.5, 20, -20, 87, -86.5, -87.5, 90, -90,
      -104,
      1e4, -1e4, Math.sqrt(max), -Math.sqrt(max)};
  }

  /** Whether a number is so small that a device may treat it as zero. */
  static boolean isSubnormal(double x) {
    return x != 0 && Math.abs(x) < 0x1p-126;
  }
}
