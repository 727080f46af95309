package io.gllm.kernels.cuda.ptx;

import java.util.List;

/** What the lanes of a warp do together. The mask of an instruction must name exactly the lanes that execute it. */
final class WarpOpcodes {
  private WarpOpcodes() {}

  static void define(Opcodes t) {
    for (String mode : List.of("up", "down", "bfly", "idx")) {
      t.put("shfl.sync." + mode + ".b32", o -> new Shuffle(o, mode));
    }
    for (String mode : List.of("all", "any", "uni")) {
      t.put("vote.sync." + mode + ".pred", o -> vote(o, mode));
    }
    t.put("vote.sync.ballot.b32", o -> vote(o, "ballot"));
    t.put("activemask.b32", WarpOpcodes::activeMask);
    t.put("bar.warp.sync", WarpOpcodes::sync);
    reduce(t, "add", "s32", (a, b) -> a + b);
    reduce(t, "add", "u32", (a, b) -> a + b);
    reduce(t, "min", "s32", Math::min);
    reduce(t, "max", "s32", Math::max);
    reduce(t, "min", "u32", (a, b) -> Integer.compareUnsigned(a, b) < 0 ? a : b);
    reduce(t, "max", "u32", (a, b) -> Integer.compareUnsigned(a, b) > 0 ? a : b);
    reduce(t, "and", "b32", (a, b) -> a & b);
    reduce(t, "or", "b32", (a, b) -> a | b);
    reduce(t, "xor", "b32", (a, b) -> a ^ b);
  }

  /** All lanes that the mask names must be here, with the same mask, and no others. */
  private static void together(Warp w, int members, int mask) {
    w.uses(members, mask);
    for (int m = mask; m != 0; m &= m - 1) {
      int l = Integer.numberOfTrailingZeros(m);
      int named = w.words[members][l];
      if (named != mask) {
        throw new LaneFault(l, "mask " + String.format("0x%08x", named) + " of a warp operation, executed by lanes "
            + String.format("0x%08x", mask));
      }
    }
  }

  /** Every lane of the warp, as instructions {@code .aligned} want it. */
  static void whole(int mask) {
    if (mask != Warp.ALL) {
      throw new LaneFault(Integer.numberOfTrailingZeros(~mask), "is not among the lanes " + String.format("0x%08x", mask)
          + " that execute an operation of the whole warp");
    }
  }

  private static final class Shuffle extends Step {
    private final String mode;
    private final int d;
    private final int p;
    private final int a;
    private final int b;
    private final int c;
    private final int members;

    Shuffle(Operands o, String mode) {
      o.count(5, 5);
      this.mode = mode;
      String[] results = o.text(0).split("\\|");
      d = o.write(results[0].strip(), 32, 32);
      p = results.length > 1 ? o.write(results[1].strip(), 1, 1) : -1;
      a = o.read(1, 32);
      b = o.read(2, 32);
      c = o.read(3, 32);
      members = o.read(4, 32);
    }

    @Override
    void run(Warp w, int mask) {
      together(w, members, mask);
      w.uses(a, mask);
      w.uses(b, mask);
      w.uses(c, mask);
      int[] from = w.words[a].clone();
      int inside = 0;
      for (int m = mask; m != 0; m &= m - 1) {
        int l = Integer.numberOfTrailingZeros(m);
        int source = source(l, w.words[b][l] & 31, w.words[c][l]);
        inside |= source >= 0 ? 1 << l : 0;
        int j = source >= 0 ? source : l;
        if ((mask >> j & 1) == 0) {
          throw new LaneFault(l, "takes a value from lane " + j + ", which is not here");
        }
        if (d >= 0) {
          w.words[d][l] = from[j];
        }
      }
      if (d >= 0) {
        w.defined[d] |= mask;
      }
      if (p >= 0) {
        w.wrotePredicate(p, inside, mask);
      }
    }

    /** The lane to take from, -1 where it lies outside of the segment. */
    private int source(int lane, int by, int limits) {
      int segment = limits >> 8 & 31;
      int most = lane & segment | limits & 31 & ~segment;
      int j = switch (mode) {
        case "up" -> lane - by;
        case "down" -> lane + by;
        case "bfly" -> lane ^ by;
        default -> lane & segment | by & ~segment;
      };
      return (mode.equals("up") ? j >= most : j <= most) ? j : -1;
    }
  }

  private static Step vote(Operands o, String mode) {
    o.count(3, 3);
    boolean ballot = mode.equals("ballot");
    int d = o.write(0, ballot ? 32 : 1);
    boolean negated = o.text(1).startsWith("!");
    int a = o.read(negated ? o.text(1).substring(1) : o.text(1), 1, 1);
    int members = o.read(2, 32);
    return new Step() {
      @Override
      void run(Warp w, int mask) {
        together(w, members, mask);
        w.uses(a, mask);
        int yes = (negated ? ~w.predicates[a] : w.predicates[a]) & mask;
        boolean result = switch (mode) {
          case "all" -> yes == mask;
          case "any" -> yes != 0;
          default -> yes == mask || yes == 0;
        };
        if (ballot) {
          fill(w, d, yes, mask);
        } else {
          w.wrotePredicate(d, result ? -1 : 0, mask);
        }
      }
    };
  }

  private static void fill(Warp w, int d, int value, int mask) {
    for (int m = mask; m != 0; m &= m - 1) {
      w.words[d][Integer.numberOfTrailingZeros(m)] = value;
    }
    w.defined[d] |= mask;
  }

  private static Step activeMask(Operands o) {
    o.count(1, 1);
    int d = o.write(0, 32);
    return new Step() {
      @Override
      void run(Warp w, int mask) {
        fill(w, d, mask, mask);
      }
    };
  }

  private static Step sync(Operands o) {
    o.count(1, 1);
    int members = o.read(0, 32);
    return new Step() {
      @Override
      void run(Warp w, int mask) {
        together(w, members, mask);
        if (mask != w.live) {
          throw new LaneFault(Integer.numberOfTrailingZeros(w.live & ~mask), "is not at this bar.warp.sync");
        }
        w.group.syncWarp(w);
      }
    };
  }

  private static void reduce(Opcodes t, String op, String type, Loops.Int2 f) {
    t.put("redux.sync." + op + "." + type, o -> {
      o.count(3, 3);
      int d = o.write(0, 32);
      int a = o.read(1, 32);
      int members = o.read(2, 32);
      return new Step() {
        @Override
        void run(Warp w, int mask) {
          together(w, members, mask);
          w.uses(a, mask);
          int first = Integer.numberOfTrailingZeros(mask);
          int result = w.words[a][first];
          for (int m = mask & mask - 1; m != 0; m &= m - 1) {
            result = f.of(result, w.words[a][Integer.numberOfTrailingZeros(m)]);
          }
          fill(w, d, result, mask);
        }
      };
    });
  }
}
