package io.gllm.kernels.testkit.oracle;

import io.gllm.kernels.api.AttentionLayout;
import io.gllm.kernels.api.op.AttentionShape;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.op.PagedShape;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;

/** softmax(scale * q k^T + mask) v, one query after the other. */
public final class Attention {
  /** Results in the order of the operator. */
  public final double[] out;

  /** Largest errors allowed of the results. */
  public final double[] outBound;

  /** Log-sum-exps. */
  public final double[] lse;

  /** Largest errors allowed of the log-sum-exps. */
  public final double[] lseBound;

  private final int headDim;
  private final float scale;
  private final double[] q;
  private final double[] k;
  private final double[] v;

  private Attention(int rows, int headDim, float scale, double[] q, double[] k, double[] v) {
    this.headDim = headDim;
    this.scale = scale;
    this.q = q;
    this.k = k;
    this.v = v;
    out = new double[rows * headDim];
    outBound = new double[rows * headDim];
    lse = new double[rows];
    lseBound = new double[rows];
  }

  /** Contiguous keys and values; mask may be null. */
  public static Attention flash(AttentionShape s, double[] q, double[] k, double[] v, double[] mask) {
    Attention result = new Attention(s.batch() * s.heads() * s.queries(), s.headDim(), s.scale(), q, k, v);
    for (int b = 0; b < s.batch(); b++) {
      for (int head = 0; head < s.heads(); head++) {
        int kvHead = head * s.kvHeads() / s.heads();
        int batch = b;
        for (int i = 0; i < s.queries(); i++) {
          int seen = s.causal() ? Math.max(0, Math.min(s.keys(), s.keys() - s.queries() + i + 1)) : s.keys();
          int maskRow = i * s.keys();
          result.row(row(s.layout(), b, s.heads(), head, s.queries(), i), seen,
              t -> row(s.layout(), batch, s.kvHeads(), kvHead, s.keys(), t),
              t -> mask == null ? 0 : mask[maskRow + t]);
        }
      }
    }
    return result;
  }

  private static int row(AttentionLayout layout, int batch, int heads, int head, int tokens, int token) {
    return layout == AttentionLayout.BHSD ? (batch * heads + head) * tokens + token : (batch * tokens + token) * heads + head;
  }

  /** Keys and values in pages. */
  public static Attention paged(PagedShape s, double[] q, double[] kCache, double[] vCache, int[] table, int[] lengths) {
    Attention result = new Attention(s.sequences() * s.queries() * s.heads(), s.headDim(), s.scale(), q, kCache, vCache);
    for (int sequence = 0; sequence < s.sequences(); sequence++) {
      int first = sequence * s.tableColumns();
      for (int i = 0; i < s.queries(); i++) {
        for (int head = 0; head < s.heads(); head++) {
          int kvHead = head * s.kvHeads() / s.heads();
          int seen = Math.max(0, lengths[sequence] - s.queries() + i + 1);
          result.row((sequence * s.queries() + i) * s.heads() + head, seen,
              t -> (table[first + t / s.page()] * s.page() + t % s.page()) * s.kvHeads() + kvHead, t -> 0);
        }
      }
    }
    return result;
  }

  /** One query over the first {@code seen} keys, whose rows are given by {@code at}. */
  private void row(int row, int seen, IntUnaryOperator at, IntToDoubleFunction mask) {
    double[] scores = new double[seen];
    double top = Double.NEGATIVE_INFINITY;
    double size = 0;
    int visible = 0;
    for (int t = 0; t < seen; t++) {
      double sum = 0;
      double abs = 0;
      for (int d = 0; d < headDim; d++) {
        double term = q[row * headDim + d] * k[at.applyAsInt(t) * headDim + d];
        sum += term;
        abs += Math.abs(term);
      }
      scores[t] = scale * sum + mask.applyAsDouble(t);
      top = Math.max(top, scores[t]);
      if (scores[t] != Double.NEGATIVE_INFINITY) {
        visible++;
        size = Math.max(size, Math.abs(scale) * abs + Math.abs(mask.applyAsDouble(t)));
      }
    }
    store(row, scores, top, size, visible, at);
  }

  private void store(int row, double[] scores, double top, double size, int visible, IntUnaryOperator at) {
    double sum = 0;
    for (double score : scores) {
      sum += visible == 0 ? 0 : Math.exp(score - top);
    }
    lse[row] = visible == 0 ? Double.NEGATIVE_INFINITY : top + Math.log(sum);
    lseBound[row] = FlashAttention.lseBound(visible, headDim, size, lse[row]);
    double[] largest = new double[headDim];
    for (int t = 0; t < scores.length; t++) {
      if (scores[t] == Double.NEGATIVE_INFINITY) {
        continue;
      }
      double p = Math.exp(scores[t] - top) / sum;
      for (int d = 0; d < headDim; d++) {
        double value = v[at.applyAsInt(t) * headDim + d];
        out[row * headDim + d] += p * value;
        largest[d] = Math.max(largest[d], Math.abs(value));
      }
    }
    Arrays.setAll(largest, d -> FlashAttention.bound(visible, headDim, size, largest[d]));
    System.arraycopy(largest, 0, outBound, row * headDim, headDim);
  }
}
