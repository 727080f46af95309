package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;

/**
 * How the rows of attention, one for each query and head, are spread over groups: a group goes through all spans of 1024 keys of its
 * row, or, where rows are few, spans are worked on side by side and joined by a second kernel. The bits are the same. States of spans
 * are in scratch memory 0 and 1.
 */
final class AttentionSpans {
  static final int SPAN = 1024;
  /** Keys of a tile; windows of keys begin at tiles. */
  static final int TILE = 16;
  /** Groups in y and z of a launch. */
  static final int MOST_GROUPS = 65535;
  /** Rows from which on a GPU is busy without spans side by side. */
  private static final int MANY_ROWS = 512;

  private final Launcher launcher;
  private final Launch join;
  private Buffer mean;
  private Buffer state;

  AttentionSpans(Launcher launcher) {
    this.launcher = launcher;
    join = launcher.prepare("attention_join");
  }

  /** Spans of so many keys, at least one. */
  static long count(long keys) {
    return Math.max(1, (keys + SPAN - 1) / SPAN);
  }

  /** Whether spans of so many rows should be worked on side by side. */
  boolean pays(long rows, long spans, int headDim) {
    return spans > 1 && rows < MANY_ROWS && spans <= MOST_GROUPS && rows * spans * headDim * 4 <= launcher.windowBytes();
  }

  /** Makes room for the states of rows whose spans are worked on side by side. */
  void keep(long rows, long spans, int headDim) {
    mean = launcher.scratch(0, rows * spans * headDim * 4);
    state = launcher.scratch(1, rows * spans * 8);
  }

  /** Hands on the room for states. */
  Launch states(Launch launch, long rows, long spans, int headDim) {
    launch.words(mean.memory(), mean.byteOffset(), rows * spans * headDim);
    return launch.words(state.memory(), state.byteOffset(), rows * spans * 2);
  }

  /** Hands on a part of a buffer, or a word that is not used where there is no buffer. */
  Launch part(Launch launch, Buffer buffer, long from, long elements) {
    if (buffer != null) {
      return launch.part(buffer, from, elements);
    }
    Buffer word = launcher.scratch(2, 4);
    return launch.words(word.memory(), word.byteOffset(), 1);
  }

  /** The parameters on spans for keys {@code key} to {@code end}; returns how many groups a row has. */
  long values(Launch launch, long spans, long key, long end, boolean split, Buffer lse) {
    long first = split ? key / SPAN : 0;
    long beside = split ? (end - 1) / SPAN - first + 1 : 0;
    launch.value(spans).value(first).value(beside).value(key).value(end).value(lse == null ? 0 : 1);
    return Math.max(1, beside);
  }

  /**
   * Joins the spans into rows of out from element {@code from} on.
   *
   * @param checked the lengths of {@code sequences} sequences, see checked.inc; null if there are none
   */
  void join(AttentionRows rows, long spans, Buffer out, Buffer lse, Buffer checked, long sequences) {
    states(join, rows.count(), spans, rows.headDim);
    if (checked == null) {
      part(join, null, 0, 0);
    } else {
      join.words(checked.memory(), checked.byteOffset(), sequences * 5);
    }
    rows.part(join, out);
    rows.lse(join, lse, this);
    join.value(rows.heads).value(rows.queries).value(rows.headDim);
    join.value(rows.batchStride).value(rows.headStride).value(rows.queryStride);
    join.value(spans).value(lse == null ? 0 : 1).value(sequences);
    join.grid((int) rows.heads, (int) rows.queries, (int) rows.batch);
  }
}
