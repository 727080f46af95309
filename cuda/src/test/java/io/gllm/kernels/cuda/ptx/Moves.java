package io.gllm.kernels.cuda.ptx;

/** {@code mov}, {@code cvta}, {@code selp}, and the logic of predicates. */
final class Moves {
  /** Where the shared memory of a group lies among the generic addresses. */
  static final long SHARED_WINDOW = 1L << 56;

  private Moves() {}

  static void define(Opcodes t) {
    for (String type : new String[]{"u", "s", "b", "f"}) {
      if (!type.equals("f")) {
        t.int1("mov." + type + "16", "hh", a -> a);
      }
      if (!type.equals("b")) {
        t.int1("mov." + type + "32", "ww", a -> a);
        t.long1("mov." + type + "64", "dd", a -> a);
      }
    }
    t.put("mov.b32", o -> o.isVector(0) || o.isVector(1) ? pack(o, 32, 16, 2) : selection(o, 32));
    t.put("mov.b64", o -> o.isVector(0) || o.isVector(1) ? pack(o, 64, 32, 2) : selection(o, 64));
    for (String type : new String[]{"b", "u", "s", "f"}) {
      for (int width : new int[]{16, 32, 64}) {
        if (width > 16 || !type.equals("f")) {
          t.put("selp." + type + width, o -> select(o, width));
        }
      }
    }
    addresses(t);
    predicates(t);
  }

  private static void addresses(Opcodes t) {
    for (String space : new String[]{"global", "const"}) {
      t.long1("cvta." + space + ".u64", "dd", a -> a);
      t.long1("cvta.to." + space + ".u64", "dd", a -> a);
    }
    t.long1("cvta.shared.u64", "dd", a -> a + SHARED_WINDOW);
    t.long1("cvta.to.shared.u64", "dd", a -> a - SHARED_WINDOW);
  }

  /** {@code mov.b32} and {@code mov.b64} of whole registers. */
  private static Step selection(Operands o, int width) {
    o.count(2, 2);
    int always = o.entry.registers.constant(1, 1);
    int a = o.read(1, width);
    return new Select(o.write(0, width), a, a, always, width);
  }

  private static Step select(Operands o, int width) {
    o.count(4, 4);
    return new Select(o.write(0, width), o.read(1, width), o.read(2, width), o.read(3, 1), width);
  }

  private static final class Select extends Step {
    private final int d;
    private final int a;
    private final int b;
    private final int p;
    private final int width;

    Select(int d, int a, int b, int p, int width) {
      this.d = d;
      this.a = a;
      this.b = b;
      this.p = p;
      this.width = width;
    }

    @Override
    void run(Warp w, int mask) {
      w.uses(p, mask);
      int which = w.predicates[p];
      w.uses(a, mask & which);
      w.uses(b, mask & ~which);
      if (width == 64) {
        longs(w, mask, which);
      } else {
        words(w, mask, which);
      }
    }

    private void words(Warp w, int mask, int which) {
      int[] x = w.words[a];
      int[] y = w.words[b];
      int[] r = w.wordTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = (which >> l & 1) != 0 ? x[l] : y[l];
      }
      w.wroteWords(d, mask);
    }

    private void longs(Warp w, int mask, int which) {
      long[] x = w.longs[a];
      long[] y = w.longs[b];
      long[] r = w.longTarget(d, mask);
      for (int l = 0; l < Warp.LANES; l++) {
        r[l] = (which >> l & 1) != 0 ? x[l] : y[l];
      }
      w.wroteLongs(d, mask);
    }
  }

  /** Parts to a whole, lowest first, or a whole to its parts. */
  private static Step pack(Operands o, int width, int part, int count) {
    o.count(2, 2);
    if (o.isVector(0)) {
      return unpack(o.writeAll(0, part, count), o.read(1, width), width, part);
    }
    int d = o.write(0, width);
    int[] parts = o.readAll(1, part, count);
    return new Step() {
      @Override
      void run(Warp w, int mask) {
        for (int p : parts) {
          w.uses(p, mask);
        }
        for (int m = mask; m != 0; m &= m - 1) {
          int l = Integer.numberOfTrailingZeros(m);
          if (width == 64) {
            w.longs[d][l] = (long) w.words[parts[1]][l] << 32 | w.words[parts[0]][l] & 0xffff_ffffL;
          } else {
            w.words[d][l] = w.words[parts[1]][l] << 16 | w.words[parts[0]][l] & 0xffff;
          }
        }
        w.defined[d] |= mask;
      }
    };
  }

  private static Step unpack(int[] parts, int a, int width, int part) {
    return new Step() {
      @Override
      void run(Warp w, int mask) {
        w.uses(a, mask);
        for (int i = 0; i < parts.length; i++) {
          if (parts[i] >= 0) {
            int[] r = w.wordTarget(parts[i], mask);
            for (int l = 0; l < Warp.LANES; l++) {
              long v = width == 64 ? w.longs[a][l] : w.words[a][l];
              r[l] = (int) (v >>> part * i) & (part == 16 ? 0xffff : -1);
            }
            w.wroteWords(parts[i], mask);
          }
        }
      }
    };
  }

  private interface Logic {
    int of(int a, int b);
  }

  private static void predicates(Opcodes t) {
    logic(t, "and.pred", "ppp", (a, b) -> a & b);
    logic(t, "or.pred", "ppp", (a, b) -> a | b);
    logic(t, "xor.pred", "ppp", (a, b) -> a ^ b);
    logic(t, "not.pred", "pp", (a, b) -> ~a);
    logic(t, "mov.pred", "pp", (a, b) -> a);
  }

  private static void logic(Opcodes t, String opcode, String signature, Logic op) {
    t.put(opcode, o -> {
      int[] ids = Opcodes.ids(o, signature);
      int last = ids[ids.length - 1];
      return new Step() {
        @Override
        void run(Warp w, int mask) {
          w.uses(ids[1], mask);
          w.uses(last, mask);
          w.wrotePredicate(ids[0], op.of(w.predicates[ids[1]], w.predicates[last]), mask);
        }
      };
    });
  }
}
