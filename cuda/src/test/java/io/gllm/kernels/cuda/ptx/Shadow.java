package io.gllm.kernels.cuda.ptx;

/**
 * Who wrote and who read each granule of a memory last. An access carries a stamp: the group, the time (which advances at each
 * barrier), and the thread. Two accesses to one granule of which one writes are a race, unless a barrier lies between them: of
 * the group, or {@code bar.warp.sync} if both are of one warp. Nothing orders two groups.
 */
final class Shadow {
  static final int GROUP_SHIFT = 34;
  static final int TIME_SHIFT = 14;
  private static final int THREAD = 1023;
  private static final int TIME = (1 << GROUP_SHIFT - TIME_SHIFT) - 1;
  /** The reader stands for several lanes of its warp, or for several warps. */
  private static final int LANES = 1 << 10;
  private static final int WARPS = 1 << 11;
  /** The writer was an atomic operation, or is a copy that is still under way. */
  private static final int ATOMIC = 1 << 12;
  private static final int COPYING = 1 << 13;

  private final long[] writer;
  private final long[] reader;
  private final int shift;
  private final boolean common;

  /** Of a memory that all groups have in common, or that each has for itself. */
  Shadow(long bytes, int granule, boolean common) {
    this.common = common;
    shift = Integer.numberOfTrailingZeros(granule);
    int n = Math.toIntExact((bytes + granule - 1) >>> shift);
    writer = new long[n];
    reader = new long[n];
  }

  /** The first byte of the access that this group has not written, -1 if none. */
  long unwritten(Warp w, long at, int bytes) {
    long group = w.group.stamp >>> GROUP_SHIFT;
    for (int i = (int) (at >>> shift), last = (int) (at + bytes - 1 >>> shift); i <= last; i++) {
      if (writer[i] >>> GROUP_SHIFT != group) {
        return (long) i << shift;
      }
    }
    return -1;
  }

  /**
   * Whether a read of this group's own memory is in order at first sight: the group wrote every granule, before the last barrier or in
   * the same thread. Then it is recorded as {@link #read} would; what else there may be, {@link #unwritten} and {@link #read} find.
   */
  boolean reads(Warp w, long now, long at, int bytes) {
    Group g = w.group;
    long own = g.stamp >>> GROUP_SHIFT << GROUP_SHIFT;
    int first = (int) (at >>> shift);
    int last = (int) (at + bytes - 1 >>> shift);
    for (int i = first; i <= last; i++) {
      long p = writer[i];
      boolean written = p >= own && (p < g.ordered || p == now) && (p & COPYING) == 0;
      if (!written || w.synced != 0) {
        return false;
      }
    }
    for (int i = first; i <= last; i++) {
      long q = reader[i];
      boolean alone = q < g.ordered || ((q ^ now) & (THREAD | LANES | WARPS)) == 0;
      reader[i] = alone ? now : now | together(q, w);
    }
    return true;
  }

  /** A lane reads. Returns null, or what is wrong with it. */
  String read(Warp w, int lane, long at, int bytes) {
    long now = w.group.stamp | w.thread(lane);
    for (int i = (int) (at >>> shift), last = (int) (at + bytes - 1 >>> shift); i <= last; i++) {
      long p = writer[i];
      if (p != 0 && p != now && unordered(p, now, w)) {
        return race(p, now, "reads what", "wrote");
      }
      long q = reader[i];
      if (q != now) {
        reader[i] = q == 0 || !unorderedRead(q, now, w) ? now : now | together(q, w);
      }
    }
    return null;
  }

  private static long together(long q, Warp w) {
    boolean sameWarp = (q & THREAD) / Warp.LANES == w.index && (q & WARPS) == 0;
    return sameWarp ? LANES : WARPS;
  }

  /** A lane writes. Returns null, or what is wrong with it. */
  String write(Warp w, int lane, long at, int bytes) {
    return write(w, lane, at, bytes, 0);
  }

  /** A lane reads and writes in one operation. */
  String atomic(Warp w, int lane, long at, int bytes) {
    return write(w, lane, at, bytes, ATOMIC);
  }

  /** A lane starts a copy to here, which may come at any time before it waits for it. */
  String copying(Warp w, int lane, long at, int bytes) {
    return write(w, lane, at, bytes, COPYING);
  }

  /** The copy has come. */
  void copied(Warp w, int lane, long at, int bytes) {
    for (int i = (int) (at >>> shift), last = (int) (at + bytes - 1 >>> shift); i <= last; i++) {
      writer[i] = w.group.stamp | w.thread(lane);
    }
  }

  private String write(Warp w, int lane, long at, int bytes, int kind) {
    long now = w.group.stamp | w.thread(lane);
    for (int i = (int) (at >>> shift), last = (int) (at + bytes - 1 >>> shift); i <= last; i++) {
      long p = writer[i];
      if (p != 0 && (p & kind & ATOMIC) == 0 && unordered(p, now, w)) {
        return race(p, now, "writes what", "wrote");
      }
      long q = reader[i];
      if (q != 0 && unorderedRead(q, now, w)) {
        return race(q, now, "writes what", "read");
      }
      writer[i] = now | kind;
    }
    return null;
  }

  private boolean unorderedRead(long q, long now, Warp w) {
    if ((q & (LANES | WARPS)) == 0) {
      return unordered(q, now, w);
    }
    if (q >>> GROUP_SHIFT != now >>> GROUP_SHIFT) {
      return common;
    }
    int time = (int) (q >>> TIME_SHIFT) & TIME;
    boolean sameWarp = (q & THREAD) / Warp.LANES == w.index && (q & WARPS) == 0;
    return time >= w.group.barrierTime && !(sameWarp && time < w.synced);
  }

  private boolean unordered(long p, long now, Warp w) {
    if (p >>> GROUP_SHIFT != now >>> GROUP_SHIFT) {
      return common;
    }
    if ((p & COPYING) != 0) {
      return true;
    }
    if ((p & THREAD) == (now & THREAD)) {
      return false;
    }
    int time = (int) (p >>> TIME_SHIFT) & TIME;
    boolean sameWarp = (p & THREAD) / Warp.LANES == w.index;
    return time >= w.group.barrierTime && !(sameWarp && time < w.synced);
  }

  private static String race(long other, long now, String does, String did) {
    String who = (other & WARPS) != 0
        ? "other threads"
        : (other & LANES) != 0 ? "other threads of its warp" : "thread " + (other & THREAD);
    if (other >>> GROUP_SHIFT != now >>> GROUP_SHIFT) {
      return "race: " + does + " " + who + " of group " + ((other >>> GROUP_SHIFT) - 1) + " " + did + " in the same launch";
    }
    if ((other & COPYING) != 0) {
      return "race: " + does + " an unfinished cp.async of " + who + " writes";
    }
    return "race: " + does + " " + who + " " + did + ", with no barrier between";
  }
}
