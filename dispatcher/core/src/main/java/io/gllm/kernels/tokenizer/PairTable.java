package io.gllm.kernels.tokenizer;

import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/** A fixed-capacity hash table from pairs of token ids to a long, without boxing; open addressing, at most half full. */
final class PairTable {
  private static final long EMPTY = -1;

  private final long[] keys;
  private final long[] values;
  private final int shift;

  /** Drawn anew for each table, so that no file can be made whose pairs all meet in one slot. */
  private final long multiplier = ThreadLocalRandom.current().nextLong() | 1;

  PairTable(int entries) {
    int bits = 33 - Integer.numberOfLeadingZeros(Math.max(entries, 8));
    this.keys = new long[1 << bits];
    this.values = new long[1 << bits];
    this.shift = 64 - bits;
    Arrays.fill(keys, EMPTY);
  }

  /** Stores a value unless the pair has one. */
  void putIfAbsent(int left, int right, long value) {
    long key = key(left, right);
    int slot = slot(key);
    if (keys[slot] == EMPTY) {
      keys[slot] = key;
      values[slot] = value;
    }
  }

  /** The value of a pair, or {@code otherwise}. */
  long get(int left, int right, long otherwise) {
    long key = key(left, right);
    int slot = slot(key);
    return keys[slot] == key ? values[slot] : otherwise;
  }

  private static long key(int left, int right) {
    return (long) left << 32 | right;
  }

  /** The slot that holds the key, or the free one where it belongs; multiply-shift hashing (Dietzfelbinger, 1997). */
  private int slot(long key) {
    int slot = (int) ((key ^ key >>> 29) * multiplier >>> shift);
    while (keys[slot] != EMPTY && keys[slot] != key) {
      slot = slot + 1 & keys.length - 1;
    }
    return slot;
  }
}
