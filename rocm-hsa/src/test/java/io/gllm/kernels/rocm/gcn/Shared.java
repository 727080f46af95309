package io.gllm.kernels.rocm.gcn;

import java.util.Arrays;

/**
 * The memory that a group's waves share, in words, with who wrote and who read each of them last. Two waves that touch a word, of which
 * one writes, race unless a barrier lies between; the lanes of a wave keep their order, unless one instruction writes a word twice.
 */
final class Shared {
  final int bytes;
  final int[] words;
  private final int[] written;
  private final int[] writer;
  private final int[] writeStep;
  private final int[] read;
  private final int[] readers;
  private int now;
  private int groupStart;

  Shared(int bytes) {
    this.bytes = bytes;
    int n = (bytes + 3) / 4;
    words = new int[n];
    written = new int[n];
    writer = new int[n];
    writeStep = new int[n];
    read = new int[n];
    readers = new int[n];
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
    if (written[word] == now && writer[word] != w.index) {
      throw new LaneFault(lane,
          "race: reads shared memory that wave " + writer[word] + " wrote, with no barrier between: byte " + 4 * word);
    }
    if (read[word] != now) {
      read[word] = now;
      readers[word] = 0;
    }
    readers[word] |= 1 << w.index;
    return written[word] >= groupStart;
  }

  void write(Wave w, int lane, int word, int value) {
    if (written[word] == now) {
      if (writer[word] != w.index) {
        throw new LaneFault(lane,
            "race: writes shared memory that wave " + writer[word] + " wrote, with no barrier between: byte " + 4 * word);
      }
      if (writeStep[word] == w.step) {
        throw new LaneFault(lane, "race: writes shared memory that another lane of the instruction writes: byte " + 4 * word);
      }
    }
    if (read[word] == now && (readers[word] & ~(1 << w.index)) != 0) {
      throw new LaneFault(lane, "race: writes shared memory that wave " + Integer.numberOfTrailingZeros(readers[word] & ~(1 << w.index))
          + " read, with no barrier between: byte " + 4 * word);
    }
    written[word] = now;
    writer[word] = w.index;
    writeStep[word] = w.step;
    words[word] = value;
  }
}
