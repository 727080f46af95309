package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;

/**
 * Attention over a paged cache (Kwon et al., 2023), for decoding and prefill in blocks. Caches are [block][page][kvHeads][headDim]
 * of one floating-point type, dispatched on it; {@code table} is i32 [sequences][tableColumns], the block that holds each page of a
 * sequence; {@code lengths} is i32 [sequences], the tokens in the cache, the new ones included. q and out are f32
 * [sequences][queries][heads][headDim]; query i of a sequence sees its first length - queries + i + 1 tokens. The log-sum-exp,
 * f32 [sequences][queries][heads], may be null. A length that exceeds the table, or a block outside the cache, is an
 * {@link IndexOutOfBoundsException}, never zeros.
 */
public final class PagedAttention {
  /** The operator. */
  public static final Op<Kernel> OP = new Op<>("paged_attention", Kernel.class, Op.FLOATS);

  private PagedAttention() {}

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments; lse may be null. */
    void run(Buffer q, Buffer kCache, Buffer vCache, Buffer table, Buffer lengths, Buffer out, Buffer lse, PagedShape shape);
  }

  /**
   * Checks the arguments; lengths and table entries are checked by the kernel.
   *
   * @throws IllegalArgumentException if a buffer is too short or of a wrong type, or an output overlaps something
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(
      Buffer q, Buffer kCache, Buffer vCache, Buffer table, Buffer lengths, Buffer out, Buffer lse, PagedShape s) {
    long rows = Check.times(Check.times(s.sequences(), s.queries()), s.heads());
    Check.holds("q", q, Check.times(rows, s.headDim()));
    Check.type("q", q, DType.F32);
    Check.holds("kCache", kCache, 0);
    Check.floatType("kCache", kCache);
    Check.holds("vCache", vCache, kCache.length());
    Check.type("vCache", vCache, kCache.type());
    Check.holds("table", table, Check.times(s.sequences(), s.tableColumns()));
    Check.type("table", table, DType.I32);
    Check.holds("lengths", lengths, s.sequences());
    Check.type("lengths", lengths, DType.I32);
    Check.holds("out", out, rows * s.headDim());
    Check.type("out", out, DType.F32);
    Check.disjoint("out", out, "table", table);
    Check.disjoint("out", out, "lengths", lengths);
    if (lse != null) {
      Check.disjoint("lse", lse, "table", table);
      Check.disjoint("lse", lse, "lengths", lengths);
    }
    FlashAttention.outputs(q, kCache, vCache, out, lse, rows);
  }

  /** Floating-point operations for sequences of {@code length} tokens. */
  public static long flops(PagedShape s, long length) {
    return 4L * s.sequences() * s.queries() * s.heads() * length * s.headDim();
  }

  /** Bytes of keys and values read for sequences of {@code length} tokens. */
  public static long bytes(DType type, PagedShape s, long length) {
    return 2L * s.sequences() * length * s.kvHeads() * s.headDim() * type.blockBytes();
  }
}
