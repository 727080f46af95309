package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import java.util.List;

/**
 * From logits to a token, on the device. All but argmax work on f32 rows [rows][cols]. Apart from the scaling, results are the same
 * on every backend, bit for bit: comparisons are exact, ties take the first index, and sums have one order.
 *
 * <p><b>The order of the sums</b> of top_p and sample, all in f32 with separate multiplications and additions: {@code top} is the
 * largest element, NaN passed over; the weight of an element is {@code e[i] = exp_of(x[i] - top)} with the portable {@code exp_of}
 * below, and 0 where that is NaN (x is NaN, or x and top are infinite). The row is cut into 256 runs of {@code ceil(cols / 256)}
 * consecutive elements, the last ones shorter or empty. Each run is summed in order of its elements, starting from zero; the run
 * sums are added in order of the runs, starting from zero, to {@code total}.
 *
 * <p>{@code exp_of(v)} is 0 for v &lt; -86.9f, infinity for v &gt; 88.72f, and otherwise, every operation rounded to f32:
 * {@code n = trunc(v * 1.44269504f + (v < 0 ? -0.5f : 0.5f))}, {@code r = n * 2.12194440e-4f + (n * -0.693359375f + v)},
 * {@code q = 1.9875691500e-4f}, then {@code q = q * r + c} for c = 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f,
 * 1.6666665459e-1f, 5.0000001201e-1f, then {@code q = (q * (r * r) + r) + 1}; the result is {@code (q * 2^(n-1)) * 2}.
 */
public final class Sampling {
  /** What argmax and sample store for a row in which nothing exceeds -inf: an error that the caller must raise. */
  public static final int NO_TOKEN = 0xffffffff;

  /** Index of the first largest element of each row; NaN is passed over; {@link #NO_TOKEN} if nothing exceeds -inf. */
  public static final Op<Argmax> ARGMAX = new Op<>("argmax", Argmax.class, Op.FLOATS);

  /**
   * The k largest elements of each row in descending order, and their indices; equal elements in order of their index. NaN counts
   * as -inf and is stored as -inf.
   */
  public static final Op<TopK> TOP_K = new Op<>("top_k", TopK.class, List.of(DType.F32));

  /**
   * Hides all but the nucleus: the fewest elements, largest first, whose probabilities reach p. Hidden elements become -inf, the
   * others are copied. The largest element always stays.
   *
   * <p>Exactly: with e and total as above, elements are taken in descending order of x, equal ones in order of their index, NaN as
   * -inf. Each one taken is kept and its e added to a running sum that starts from zero, until that sum is at least
   * {@code p * total}; so one element is always taken, and all are if rounding keeps the sum below. NaN is hidden even if taken.
   */
  public static final Op<TopP> TOP_P = new Op<>("top_p", TopP.class, List.of(DType.F32));

  /** out = x / t, computed as x * (1 / t) in f32; t is positive. */
  public static final Op<Temperature> TEMPERATURE = new Op<>("temperature", Temperature.class, List.of(DType.F32));

  /**
   * Random words: element i is word i mod 4 of Philox4x32-10 (Salmon et al., 2011) at counter (i / 4, row, step, 0) under the key,
   * whose low 32 bits are the first key word.
   */
  public static final Op<Philox> PHILOX = new Op<>("philox", Philox.class, List.of(DType.I32));

  /**
   * Draws one token for each row from softmax(x): the uniform number of row r is the upper 24 bits of Philox word 0 at counter
   * (0, r, step, 0) under the seed as key. {@link #NO_TOKEN} if no element has a weight above zero.
   *
   * <p>Exactly: with e and total as above, {@code u = (word >>> 8) * 2^-24} and {@code threshold = u * total}. The running sum at
   * element i is the sum of the run sums before its run, added in order from zero, plus the sum of its run up to and including i,
   * added in order from zero. The token is the first element whose running sum exceeds the threshold, and if rounding leaves none,
   * the last element with e &gt; 0.
   */
  public static final Op<Sample> SAMPLE = new Op<>("sample", Sample.class, List.of(DType.F32));

  private Sampling() {}

  /** A bound kernel of argmax. */
  public interface Argmax {
    /** Runs on checked arguments. */
    void run(Buffer x, Buffer out, long rows, long cols);
  }

  /** A bound kernel of top_k. */
  public interface TopK {
    /** Runs on checked arguments. */
    void run(Buffer x, Buffer values, Buffer indices, long rows, long cols, int k);
  }

  /** A bound kernel of top_p. */
  public interface TopP {
    /** Runs on checked arguments. */
    void run(Buffer x, Buffer out, long rows, long cols, float p);
  }

  /** A bound kernel of temperature. */
  public interface Temperature {
    /** Runs on checked arguments. */
    void run(Buffer x, Buffer out, long n, float t);
  }

  /** A bound kernel of philox. */
  public interface Philox {
    /** Runs on checked arguments. */
    void run(Buffer out, long n, int row, int step, long key);
  }

  /** A bound kernel of sample. */
  public interface Sample {
    /** Runs on checked arguments. */
    void run(Buffer x, Buffer out, long rows, long cols, long seed, int step);
  }

  /**
   * Checks the arguments of argmax.
   *
   * @throws IllegalArgumentException if a buffer is too short or of a wrong type, or there are no columns
   * @throws IllegalStateException if a buffer is closed
   */
  public static void checkArgmax(Buffer x, Buffer out, long rows, long cols) {
    rows(x, rows, cols);
    Check.floatType("x", x);
    tokens(x, out, rows);
  }

  /** Checks the arguments of top_k: 1 to cols elements. */
  public static void checkTopK(Buffer x, Buffer values, Buffer indices, long rows, long cols, int k) {
    rows(x, rows, cols);
    Check.type("x", x, DType.F32);
    if (k < 1 || k > cols) {
      throw new IllegalArgumentException("k must be in 1.." + cols + ": " + k);
    }
    Check.holds("values", values, Check.times(rows, k));
    Check.type("values", values, DType.F32);
    Check.holds("indices", indices, rows * k);
    Check.type("indices", indices, DType.I32);
    Check.disjoint("values", values, "x", x);
    Check.disjoint("indices", indices, "x", x);
    Check.disjoint("indices", indices, "values", values);
  }

  /** Checks the arguments of top_p: p in (0, 1]; out may be x. */
  public static void checkTopP(Buffer x, Buffer out, long rows, long cols, float p) {
    rows(x, rows, cols);
    Check.type("x", x, DType.F32);
    Check.holds("out", out, rows * cols);
    Check.type("out", out, DType.F32);
    Check.sameOrDisjoint("out", out, "x", x);
    if (!(p > 0 && p <= 1)) {
      throw new IllegalArgumentException("p must be in (0, 1]: " + p);
    }
  }

  /** Checks the arguments of temperature: t positive and finite; out may be x. */
  public static void checkTemperature(Buffer x, Buffer out, long n, float t) {
    Check.size("n", n);
    Check.holds("x", x, n);
    Check.type("x", x, DType.F32);
    Check.holds("out", out, n);
    Check.type("out", out, DType.F32);
    Check.sameOrDisjoint("out", out, "x", x);
    if (!(t > 0 && t < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("temperature must be positive and finite: " + t);
    }
  }

  /** Checks the arguments of philox. */
  public static void checkPhilox(Buffer out, long n) {
    Check.size("n", n);
    if (n > 1L << 34) {
      throw new IllegalArgumentException("one counter reaches 2^34 words: " + n);
    }
    Check.holds("out", out, n);
    Check.type("out", out, DType.I32);
  }

  /** Checks the arguments of sample. */
  public static void checkSample(Buffer x, Buffer out, long rows, long cols) {
    rows(x, rows, cols);
    Check.type("x", x, DType.F32);
    tokens(x, out, rows);
  }

  private static void rows(Buffer x, long rows, long cols) {
    Check.size("rows", rows);
    Check.positive("cols", cols);
    if (cols > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("an index is an i32, so cols is at most 2^31-1: " + cols);
    }
    Check.holds("x", x, Check.times(rows, cols));
  }

  private static void tokens(Buffer x, Buffer out, long rows) {
    Check.holds("out", out, rows);
    Check.type("out", out, DType.I32);
    Check.disjoint("out", out, "x", x);
  }
}
