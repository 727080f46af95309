package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;

/**
 * out = softmax(scale * q k^T + mask) v over contiguous keys and values, for prefill; tiled with an online softmax (Dao et al.,
 * 2022). q and out are f32; k and v are of one floating-point type, dispatched on it. Groups of heads/kvHeads query heads
 * share a key head. The mask, f32 [queries][keys], is added, or null. A causal query i sees keys up to keys - queries + i.
 * The log-sum-exp is f32 in the order of out, one for each row of head_dim elements, or null. Keys that a causal query does not see
 * are not read. A query that sees nothing gives zeros and a log-sum-exp of -inf; a NaN among what it sees gives NaN.
 */
public final class FlashAttention {
  /** The operator. */
  public static final Op<Kernel> OP = new Op<>("flash_attention", Kernel.class, Op.FLOATS);

  private FlashAttention() {}

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments; mask and lse may be null. */
    void run(Buffer q, Buffer k, Buffer v, Buffer mask, Buffer out, Buffer lse, AttentionShape shape);
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if a buffer is too short or of a wrong type, or an output overlaps something
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Buffer q, Buffer k, Buffer v, Buffer mask, Buffer out, Buffer lse, AttentionShape s) {
    long rows = Check.times(Check.times(s.batch(), s.heads()), s.queries());
    long kv = Check.times(Check.times(Check.times(s.batch(), s.kvHeads()), s.keys()), s.headDim());
    Check.holds("q", q, Check.times(rows, s.headDim()));
    Check.type("q", q, DType.F32);
    Check.holds("k", k, kv);
    Check.floatType("k", k);
    Check.holds("v", v, kv);
    Check.type("v", v, k.type());
    Check.holds("out", out, rows * s.headDim());
    Check.type("out", out, DType.F32);
    if (mask != null) {
      Check.holds("mask", mask, Check.times(s.queries(), s.keys()));
      Check.type("mask", mask, DType.F32);
      Check.disjoint("out", out, "mask", mask);
      if (lse != null) {
        Check.disjoint("lse", lse, "mask", mask);
      }
    }
    outputs(q, k, v, out, lse, rows);
  }

  static void outputs(Buffer q, Buffer k, Buffer v, Buffer out, Buffer lse, long rows) {
    Check.sameOrDisjoint("out", out, "q", q);
    Check.disjoint("out", out, "k", k);
    Check.disjoint("out", out, "v", v);
    if (lse != null) {
      Check.holds("lse", lse, rows);
      Check.type("lse", lse, DType.F32);
      Check.disjoint("lse", lse, "q", q);
      Check.disjoint("lse", lse, "k", k);
      Check.disjoint("lse", lse, "v", v);
      Check.disjoint("lse", lse, "out", out);
    }
  }

  /** Floating-point operations of the two products, for all pairs (causal or not). */
  public static long flops(AttentionShape s) {
    return 4L * s.batch() * s.heads() * s.queries() * s.keys() * s.headDim();
  }

  /**
   * Largest error allowed of one element of out.
   *
   * @param keys number of keys seen
   * @param headDim length of the products
   * @param score largest scale * sum |q k| (+ |mask|) over the keys seen
   * @param maxV largest |v| of this dimension over the keys seen
   */
  public static double bound(long keys, long headDim, double score, double maxV) {
    return maxV * 0x1p-24 * (2 * (headDim + 8) * score + 2 * keys + 64) + 0x1p-126;
  }

  /** Largest error allowed of a log-sum-exp, see {@link #bound}. */
  public static double lseBound(long keys, long headDim, double score, double exact) {
    return 0x1p-24 * ((headDim + 8) * score + keys + 32 + 2 * Math.abs(exact));
  }
}
