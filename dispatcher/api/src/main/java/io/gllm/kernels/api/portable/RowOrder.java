package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;

/**
 * The first elements of rows in descending order, as sortable keys and tokens: chunks of 256 are sorted, then neighbouring lists are
 * merged until one is left (order_chunks.gk, order_merge.gk). Lists never grow beyond what is asked for, so that few elements cost one
 * pass over the row. Scratch memory 3 to 6.
 */
final class RowOrder {
  private static final int GROUP = 256;
  /** Bounds the scratch memory, four words for each entry. */
  private static final long MOST_ENTRIES = 1 << 24;

  private final Launcher launcher;
  private final Windows windows;
  private final Launch sort;
  private final Launch merge;
  private Buffer keys;
  private Buffer tokens;

  RowOrder(Launcher launcher) {
    this.launcher = launcher;
    windows = new Windows(launcher);
    sort = launcher.prepare("order_chunks");
    merge = launcher.prepare("order_merge");
  }

  /**
   * The most rows that {@link #find} takes.
   *
   * @throws IllegalArgumentException if a row exceeds what a launch sees of a buffer
   */
  long rows(long cols) {
    return Math.min(windows.rows(cols * 4), Math.max(1, MOST_ENTRIES / cols));
  }

  /** Brings the first {@code count} elements of rows {@code first} to {@code first + rows} into order. */
  void find(Buffer x, long first, long rows, long cols, long count) {
    long covered = GROUP;
    long entries = entries(cols, count, covered);
    long lists = (cols + covered - 1) / covered;
    keys = launcher.scratch(3, rows * entries * 4);
    tokens = launcher.scratch(4, rows * entries * 4);
    keys(sort.part(x, first * cols, rows * cols), rows * entries);
    tokens(sort, rows * entries).value(rows).value(cols).value(lists).value(Math.min(count, covered)).value(entries);
    sort.groups(rows * lists);
    boolean turn = true;
    for (; covered < cols; covered *= 2) {
      long merged = entries(cols, count, 2 * covered);
      tokens(keys(merge, rows * entries), rows * entries);
      keys = launcher.scratch(turn ? 5 : 3, rows * merged * 4);
      tokens = launcher.scratch(turn ? 6 : 4, rows * merged * 4);
      tokens(keys(merge, rows * merged), rows * merged);
      merge.value(rows * entries).value(cols).value(count).value(covered).value(entries).value(merged);
      merge.groups((rows * entries + GROUP - 1) / GROUP);
      entries = merged;
      turn = !turn;
    }
  }

  /** Hands on the keys of all rows found. */
  Launch keys(Launch launch, long entries) {
    return hand(launch, keys, entries);
  }

  /** Hands on the tokens of all rows found. */
  Launch tokens(Launch launch, long entries) {
    return hand(launch, tokens, entries);
  }

  private static Launch hand(Launch launch, Buffer buffer, long entries) {
    return launch.words(buffer.memory(), buffer.byteOffset(), entries);
  }

  /** Entries of the lists of a row that cover so many columns each. */
  private static long entries(long cols, long count, long covered) {
    long before = (cols - 1) / covered;
    return before * Math.min(count, covered) + Math.min(count, cols - before * covered);
  }
}
