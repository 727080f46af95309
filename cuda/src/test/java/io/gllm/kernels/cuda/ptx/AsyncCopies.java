package io.gllm.kernels.cuda.ptx;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** The {@code cp.async} of a warp that are under way, by lane and group. The bytes arrive when their lane waits for them, not before. */
final class AsyncCopies {
  private record Copy(long shared, byte[] bytes) {}

  private static final class Lane {
    final List<Copy> open = new ArrayList<>();
    final Deque<List<Copy>> groups = new ArrayDeque<>();
  }

  private final Warp warp;
  private Lane[] lanes;

  AsyncCopies(Warp warp) {
    this.warp = warp;
  }

  void reset() {
    lanes = null;
  }

  private Lane lane(int l) {
    if (lanes == null) {
      lanes = new Lane[Warp.LANES];
      for (int i = 0; i < Warp.LANES; i++) {
        lanes[i] = new Lane();
      }
    }
    return lanes[l];
  }

  void start(int l, long shared, byte[] bytes) {
    lane(l).open.add(new Copy(shared, bytes));
  }

  void commit(int l) {
    Lane lane = lane(l);
    lane.groups.add(List.copyOf(lane.open));
    lane.open.clear();
  }

  /** Waits until at most {@code pending} of the latest groups are under way. */
  void await(int l, int pending) {
    Lane lane = lane(l);
    while (lane.groups.size() > pending) {
      lane.groups.remove().forEach(c -> arrive(l, c));
    }
  }

  void awaitAll(int l) {
    commit(l);
    await(l, 0);
  }

  private void arrive(int l, Copy c) {
    MemorySegment.copy(c.bytes, 0, warp.group.shared, ValueLayout.JAVA_BYTE, c.shared, c.bytes.length);
    warp.group.sharedShadow.copied(warp, l, c.shared, c.bytes.length);
  }
}
