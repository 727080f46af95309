package io.gllm.kernels.cuda.ptx;

/**
 * 32 lanes with their registers. A register is 32 ints or 32 longs, a predicate one int with a bit for each lane, and so is what
 * is known of a register: which lanes have written it.
 */
final class Warp {
  static final int LANES = 32;
  static final int ALL = -1;

  final Group group;
  final int index;
  final PtxEntry entry;
  final int[][] words;
  final long[][] longs;
  final int[] predicates;
  final int[] defined;
  final int[] wordScratch = new int[LANES];
  final long[] longScratch = new long[LANES];
  final AsyncCopies copies;

  /** The lanes that exist, and those that have not ended. */
  int all;
  int live;
  /** The lanes that run now, at {@code pc}; the others wait at {@code pcs}, lowest last. */
  int mask;
  int pc;
  int waiting;
  final int[] pcs = new int[LANES];
  final int[] masks = new int[LANES];
  /** For each lane of {@code spreadMask} all ones, else zero: what a lane keeps is then chosen without a branch, in vectors. */
  private final int[] spread = new int[LANES];
  private int spreadMask;
  /** The time of this warp's last {@code bar.warp.sync}; see {@link Shadow}. */
  int synced;

  Warp(Group group, int index, PtxEntry entry) {
    this.group = group;
    this.index = index;
    this.entry = entry;
    Registers r = entry.registers;
    words = new int[r.count()][];
    longs = new long[r.count()][];
    predicates = new int[r.count()];
    defined = new int[r.count()];
    for (int id = 0; id < r.count(); id++) {
      if (r.constant(id)) {
        words[id] = r.words(id);
        longs[id] = r.longs(id);
        predicates[id] = r.predicate(id);
      } else if (r.width(id) == 64) {
        longs[id] = new long[LANES];
      } else if (r.width(id) > 1) {
        words[id] = new int[LANES];
      }
    }
    copies = new AsyncCopies(this);
  }

  /** At the entry again, nothing written. */
  void reset(int threads) {
    all = threads >= LANES ? ALL : (1 << threads) - 1;
    live = all;
    mask = all;
    pc = 0;
    waiting = 0;
    synced = 0;
    Registers r = entry.registers;
    for (int id = 0; id < defined.length; id++) {
      defined[id] = r.constant(id) ? ALL : 0;
    }
    copies.reset();
  }

  /** Lanes {@code mask} read a register. */
  void uses(int id, int mask) {
    if ((defined[id] & mask) != mask) {
      throw new LaneFault(Integer.numberOfTrailingZeros(mask & ~defined[id]),
          "reads register " + entry.registers.name(id) + " that it has not written");
    }
  }

  /** The values of a register that lanes {@code mask} read. */
  int[] words(int id, int mask) {
    uses(id, mask);
    return words[id];
  }

  long[] longs(int id, int mask) {
    uses(id, mask);
    return longs[id];
  }

  int[] wordTarget(int id, int mask) {
    return mask == ALL ? words[id] : wordScratch;
  }

  long[] longTarget(int id, int mask) {
    return mask == ALL ? longs[id] : longScratch;
  }

  private int[] spread(int mask) {
    if (mask != spreadMask) {
      for (int l = 0; l < LANES; l++) {
        spread[l] = -(mask >>> l & 1);
      }
      spreadMask = mask;
    }
    return spread;
  }

  /** The word target now holds the values of lanes {@code mask}. */
  void wroteWords(int id, int mask) {
    if (mask != ALL) {
      int[] d = words[id];
      int[] s = wordScratch;
      int[] chosen = spread(mask);
      for (int l = 0; l < LANES; l++) {
        d[l] ^= (d[l] ^ s[l]) & chosen[l];
      }
    }
    defined[id] |= mask;
  }

  /** The long target now holds the values of lanes {@code mask}. */
  void wroteLongs(int id, int mask) {
    if (mask != ALL) {
      long[] d = longs[id];
      long[] s = longScratch;
      int[] chosen = spread(mask);
      for (int l = 0; l < LANES; l++) {
        d[l] ^= (d[l] ^ s[l]) & (long) chosen[l];
      }
    }
    defined[id] |= mask;
  }

  /** Lanes {@code mask} of a predicate take the bits of {@code value}. */
  void wrotePredicate(int id, int value, int mask) {
    predicates[id] = predicates[id] & ~mask | value & mask;
    defined[id] |= mask;
  }

  /** The index of a lane's thread in its group. */
  int thread(int lane) {
    return index * LANES + lane;
  }

  /** Lanes {@code lanes} wait at {@code at} until the others come there. */
  void park(int at, int lanes) {
    int i = waiting;
    while (i > 0 && pcs[i - 1] < at) {
      i--;
    }
    if (i > 0 && pcs[i - 1] == at) {
      masks[i - 1] |= lanes;
      return;
    }
    System.arraycopy(pcs, i, pcs, i + 1, waiting - i);
    System.arraycopy(masks, i, masks, i + 1, waiting - i);
    pcs[i] = at;
    masks[i] = lanes;
    waiting++;
  }

  /** Runs the lanes that are furthest behind, so that those which parted meet again. */
  void converge() {
    int lowest = pcs[waiting - 1];
    if (mask != 0 && lowest > pc) {
      return;
    }
    int lanes = masks[--waiting];
    if (mask != 0 && pc == lowest) {
      mask |= lanes;
      return;
    }
    if (mask != 0) {
      park(pc, mask);
    }
    pc = lowest;
    mask = lanes;
  }
}
