package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The argument of {@code attention_<type>}: attention_t of attention.h, fields of eight bytes in the same order. One for each
 * thread, filled anew for every block of rows.
 */
final class AttentionArguments {
  /** Rows of a block: what is worth one call, and what scratch is made for. */
  static final int BLOCK = 64;

  private static final int TILE = 64;
  private static final int FIELDS = 25;

  private final MemorySegment fields = Arena.ofAuto().allocate(FIELDS * 8L, 64);
  private int next;

  /** Bytes of scratch of a thread. */
  static long scratchBytes(int headDim) {
    return BLOCK * (2L * headDim + TILE) * Float.BYTES;
  }

  private AttentionArguments add(long value) {
    fields.setAtIndex(ValueLayout.JAVA_LONG, next++, value);
    return this;
  }

  /** Operands, by address; mask, lse and table may be 0. */
  AttentionArguments operands(long q, long k, long v, long mask, long out, long lse, long scratch, long table) {
    next = 0;
    return add(q).add(k).add(v).add(mask).add(out).add(lse).add(scratch).add(table);
  }

  /** Which rows of each of {@code kvHeads} key heads: row r is head r % group of query r / group. */
  AttentionArguments rows(long first, long last, long group, long headDim, long kvHeads) {
    return add(first).add(last).add(group).add(headDim).add(kvHeads);
  }

  /** Elements between queries and between heads of q and out, between keys and between key heads. */
  AttentionArguments strides(long query, long head, long key, long kvHead) {
    return add(query).add(head).add(key).add(kvHead);
  }

  /** Tokens of a page, and elements of a block; 0 where keys are contiguous. */
  AttentionArguments pages(long page, long block) {
    return add(page).add(block);
  }

  /** Query i sees the first seen + i * step of the keys. */
  AttentionArguments sees(long seen, long step, long keys, long maskStride) {
    return add(seen).add(step).add(keys).add(maskStride);
  }

  /** Elements between queries and heads of the log-sum-exp; the last fields. */
  AttentionArguments lse(long query, long head) {
    return add(query).add(head);
  }

  void call(MemorySegment code, boolean brief, float scale) {
    NativeCall.run(code, brief, fields.address(), scale);
  }

  /** Address of an optional operand. */
  static long address(Buffer buffer) {
    return buffer == null ? 0 : buffer.address();
  }

  static MemorySegment entry(NativeKernels kernels, ElementType type) {
    return kernels.entry("attention", type, "pf>v");
  }

  static AttentionArguments[] forThreads(int count) {
    AttentionArguments[] all = new AttentionArguments[count];
    for (int i = 0; i < count; i++) {
      all[i] = new AttentionArguments();
    }
    return all;
  }
}
