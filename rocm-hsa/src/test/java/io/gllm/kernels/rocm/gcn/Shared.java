package io.gllm.kernels.rocm.gcn;

import java.util.Arrays;

/**
 * The memory that a group's waves share, in words, with who wrote and who read each of them last. Two waves that touch a word, of which
 * one writes, race unless a barrier lies between; the lanes of a wave keep their order, unless one instruction writes a word twice.
 */
final class Shared {
  private static final int WAVE = 27;
  private static final int STEPS = (1 << WAVE) - 1;

  final int bytes;
  final int[] words;
  /** The time, the wave, and the lowest bits of its step. */
  private final long[] written;
  /** The time, and a bit for each wave. */
  private final long[] read;
  private long now;
  private long groupStart;

  Shared(int bytes) {
    this.bytes = bytes;
    words = new int[(bytes + 3) / 4];
    written = new long[words.length];
    read = new long[words.length];
  }

  /** A new group: nothing has been written. */
  void reset() {
    if (now > Integer.MAX_VALUE / 2) {
      Arrays.fill(written, 0);
      Arrays.fill(read, 0);
      now = 0;
    }
    groupStart = ++now;
  }

  /** A barrier that all waves have passed. */
  void barrier() {
    now++;
  }

  /** Whether a word has been written by this group; faults if another wave has just written it. */
  boolean read(Wave w, int lane, int word) {
    long last = written[word];
    if (last >>> 32 == now && wave(last) != w.index) {
      throw new LaneFault(lane, "race: reads shared memory that wave " + wave(last) + " wrote, with no barrier between: byte " + 4 * word);
    }
    long others = read[word];
    read[word] = (others >>> 32 == now ? others : now << 32) | 1L << w.index;
    return last >>> 32 >= groupStart;
  }

  /** Reads for all lanes at once: the words that start {@code i} further than {@code at}; false if one of them needs a closer look. */
  boolean readAll(Wave w, int[] at, int i, int[] out) {
    long mine = now << 32 | 1L << w.index;
    long time = now;
    int me = w.index;
    boolean good = true;
    for (int l = 0; l < out.length; l++) {
      int word = at[l] + i;
      long last = written[word];
      good &= last >>> 32 >= groupStart & (last >>> 32 != time | wave(last) == me);
      long others = read[word];
      read[word] = others >>> 32 == time ? others | mine : mine;
      out[l] = words[word];
    }
    return good;
  }

  private static int wave(long mark) {
    return (int) mark >>> WAVE;
  }

  void write(Wave w, int lane, int word, int value) {
    long last = written[word];
    if (last >>> 32 == now) {
      if (wave(last) != w.index) {
        throw new LaneFault(lane,
            "race: writes shared memory that wave " + wave(last) + " wrote, with no barrier between: byte " + 4 * word);
      }
      if (((int) last & STEPS) == (w.step & STEPS)) {
        throw new LaneFault(lane, "race: writes shared memory that another lane of the instruction writes: byte " + 4 * word);
      }
    }
    int readers = (int) read[word] & ~(1 << w.index);
    if (read[word] >>> 32 == now && readers != 0) {
      throw new LaneFault(lane, "race: writes shared memory that wave " + Integer.numberOfTrailingZeros(readers)
          + " read, with no barrier between: byte " + 4 * word);
    }
    written[word] = now << 32 | (w.index << WAVE | w.step & STEPS) & 0xffffffffL;
    words[word] = value;
  }
}
