package io.gllm.kernels.tokenizer;

import java.util.Arrays;

/**
 * A text as a chain of symbols whose neighbours are joined, best pair first and leftmost among equals, until no pair can be
 * joined. A heap of candidates makes that O(n log n) for a word of n symbols; candidates that have become stale are recognised
 * when they are taken.
 */
final class SymbolChain {
  /** Says that two symbols cannot be joined. */
  static final long NONE = -1;

  /** Which symbols can be joined. */
  interface Pairs {
    /** {@code order << 32 | id of the joined symbol}, the smallest order first, or {@link #NONE}. */
    long join(SymbolChain chain, int left, int right);
  }

  private int[] ids = new int[32];
  private int[] starts = new int[32];
  private int[] ends = new int[32];
  private int[] previous = new int[32];
  private int[] next = new int[32];
  private int size;
  private long[] heap = new long[64];
  private int heapSize;

  void clear() {
    size = 0;
    heapSize = 0;
  }

  /** Appends a symbol that covers {@code [start, end)} of the text. */
  void add(int id, int start, int end) {
    if (size == ids.length) {
      grow();
    }
    ids[size] = id;
    starts[size] = start;
    ends[size] = end;
    previous[size] = size - 1;
    next[size] = -1;
    if (size > 0) {
      next[size - 1] = size;
    }
    size++;
  }

  private void grow() {
    int capacity = 2 * size;
    ids = Arrays.copyOf(ids, capacity);
    starts = Arrays.copyOf(starts, capacity);
    ends = Arrays.copyOf(ends, capacity);
    previous = Arrays.copyOf(previous, capacity);
    next = Arrays.copyOf(next, capacity);
  }

  /** The first symbol, or -1; the first one never moves. */
  int first() {
    return size == 0 ? -1 : 0;
  }

  /** The symbol after {@code symbol}, or -1. */
  int next(int symbol) {
    return next[symbol];
  }

  int id(int symbol) {
    return ids[symbol];
  }

  int start(int symbol) {
    return starts[symbol];
  }

  int end(int symbol) {
    return ends[symbol];
  }

  void joinAll(Pairs pairs) {
    for (int left = 0; left + 1 < size; left++) {
      offer(pairs, left);
    }
    while (heapSize > 0) {
      long best = poll();
      int left = (int) best;
      int right = ends[left] < 0 ? -1 : next[left];
      long joined = right < 0 ? NONE : pairs.join(this, left, right);
      if (joined != NONE && joined >>> 32 == best >>> 32) {
        join(left, right, (int) joined);
        offer(pairs, left);
        if (previous[left] >= 0) {
          offer(pairs, previous[left]);
        }
      }
    }
  }

  private void join(int left, int right, int id) {
    ids[left] = id;
    ends[left] = ends[right];
    ends[right] = -1;
    next[left] = next[right];
    if (next[right] >= 0) {
      previous[next[right]] = left;
    }
  }

  private void offer(Pairs pairs, int left) {
    long joined = next[left] < 0 ? NONE : pairs.join(this, left, next[left]);
    if (joined != NONE) {
      push(joined >>> 32 << 32 | left);
    }
  }

  private void push(long item) {
    if (heapSize == heap.length) {
      heap = Arrays.copyOf(heap, 2 * heapSize);
    }
    int at = heapSize++;
    while (at > 0 && heap[(at - 1) / 2] > item) {
      heap[at] = heap[(at - 1) / 2];
      at = (at - 1) / 2;
    }
    heap[at] = item;
  }

  private long poll() {
    long top = heap[0];
    long item = heap[--heapSize];
    int at = 0;
    for (int child = 1; child < heapSize; child = 2 * at + 1) {
      if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= item) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = item;
    return top;
  }
}
