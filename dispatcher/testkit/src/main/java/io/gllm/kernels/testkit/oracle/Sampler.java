package io.gllm.kernels.testkit.oracle;

import io.gllm.kernels.api.op.Sampling;
import java.util.Arrays;

/** From logits to tokens, in f32 and in the order that {@link Sampling} defines. */
public final class Sampler {
  private static final int RUNS = 256;

  private Sampler() {}

  /** Index of the first largest element. */
  public static int argmax(double[] row) {
    int best = Sampling.NO_TOKEN;
    double top = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < row.length; i++) {
      if (row[i] > top) {
        top = row[i];
        best = i;
      }
    }
    return best;
  }

  /** Indices in descending order of the elements, equal ones ascending, NaN as -inf. */
  public static int[] descending(float[] row) {
    long[] keys = new long[row.length];
    for (int i = 0; i < row.length; i++) {
      int bits = Float.floatToRawIntBits(rank(row[i]) + 0.0f); // -0 becomes 0, which it equals
      int ascending = bits < 0 ? bits ^ Integer.MAX_VALUE : bits;
      keys[i] = (long) ~ascending << 32 | i;
    }
    Arrays.sort(keys);
    int[] order = new int[row.length];
    Arrays.setAll(order, i -> (int) keys[i]);
    return order;
  }

  /** The element as top_k and top_p order it. */
  public static float rank(float x) {
    return Float.isNaN(x) ? Float.NEGATIVE_INFINITY : x;
  }

  /** The portable exponential of {@link Sampling}. */
  public static float expOf(float v) {
    if (Float.isNaN(v)) {
      return v;
    }
    if (v < -86.9f) {
      return 0;
    }
    if (v > 88.72f) {
      return Float.POSITIVE_INFINITY;
    }
    float n = (int) (v * 1.44269504f + (v < 0 ? -0.5f : 0.5f));
    float r = n * 2.12194440e-4f + (n * -0.693359375f + v);
    float q = 1.9875691500e-4f;
    for (float c : new float[]{1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f}) {
      q = q * r + c;
    }
    q = (q * (r * r) + r) + 1;
    return q * Math.scalb(1f, (int) n - 1) * 2;
  }

  /** The weights of a row: exp_of(x - top), 0 for NaN. */
  public static float[] weights(float[] row) {
    float top = Float.NEGATIVE_INFINITY;
    for (float x : row) {
      top = x > top ? x : top;
    }
    float[] e = new float[row.length];
    for (int i = 0; i < row.length; i++) {
      float w = expOf(row[i] - top);
      e[i] = Float.isNaN(w) ? 0 : w;
    }
    return e;
  }

  /** For each run, the sum of the runs before it; the last entry is the total. */
  private static float[] prefixes(float[] e, int length) {
    float[] before = new float[RUNS + 1];
    for (int run = 0; run < RUNS; run++) {
      float sum = 0;
      for (long i = (long) run * length; i < Math.min(e.length, (run + 1L) * length); i++) {
        sum += e[(int) i];
      }
      before[run + 1] = before[run] + sum;
    }
    return before;
  }

  /** The row with all but the nucleus hidden. */
  public static float[] topP(float[] row, float p) {
    float[] e = weights(row);
    float threshold = p * prefixes(e, (row.length + RUNS - 1) / RUNS)[RUNS];
    float[] out = new float[row.length];
    Arrays.fill(out, Float.NEGATIVE_INFINITY);
    float sum = 0;
    for (int i : descending(row)) {
      out[i] = rank(row[i]);
      sum += e[i];
      if (sum >= threshold) {
        break;
      }
    }
    return out;
  }

  /** The token of a row. */
  public static int sample(float[] row, int index, long seed, int step) {
    float[] e = weights(row);
    int length = (row.length + RUNS - 1) / RUNS;
    float[] before = prefixes(e, length);
    int word = Philox.block(new int[]{0, index, step, 0}, (int) seed, (int) (seed >>> 32))[0];
    float threshold = (word >>> 8) * 0x1p-24f * before[RUNS];
    int last = Sampling.NO_TOKEN;
    float partial = 0;
    for (int i = 0; i < row.length; i++) {
      partial = (i % length == 0 ? 0 : partial) + e[i];
      if (before[i / length] + partial > threshold) {
        return i;
      }
      last = e[i] > 0 ? i : last;
    }
    return last;
  }
}
