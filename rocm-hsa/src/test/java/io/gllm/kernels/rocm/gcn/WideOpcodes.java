package io.gllm.kernels.rocm.gcn;

import java.util.Map;

/** The vector instructions with a result of two registers. */
final class WideOpcodes {
  private WideOpcodes() {}

  static void addTo(Map<String, Decode> table) {
    table.put("v_lshlrev_b64", o -> new ShiftLeft(o.result(0, 2), o.source(1), o.pair(2)));
    table.put("v_mad_u64_u32", o -> new MultiplyAdd(o.result(0, 2), o.mask(1), o.source(2), o.source(3), o.pair(4)));
    table.put("v_pk_add_f32", o -> packed(o, Float::sum));
    table.put("v_pk_mul_f32", o -> packed(o, (a, b) -> a * b));
    table.put("v_pk_mov_b32", WideOpcodes::move);
  }

  private static Op packed(Operands o, Loops.Float2 op) {
    int result = o.result(0, 2);
    Source[][] pairs = {o.pair(1), o.pair(2)};
    int low = o.bits("op_sel", 0);
    int high = o.bits("op_sel_hi", 3);
    int negativeLow = o.bits("neg_lo", 0);
    int negativeHigh = o.bits("neg_hi", 0);
    Source[] lows = new Source[2];
    Source[] highs = new Source[2];
    for (int i = 0; i < 2; i++) {
      lows[i] = pairs[i][low >> i & 1].negated((negativeLow >> i & 1) != 0);
      highs[i] = pairs[i][high >> i & 1].negated((negativeHigh >> i & 1) != 0);
    }
    return new Loops.Pairs(op, result, lows, highs);
  }

  /** The lower result is a word of the first operand, the upper one a word of the second. */
  private static Op move(Operands o) {
    int result = o.result(0, 2);
    int choice = o.bits("op_sel", 0);
    if (o.bits("op_sel_hi", 3) != 3) {
      throw new GcnFault("has op_sel_hi, which is not modelled here");
    }
    return new Move(result, o.pair(1)[choice & 1], o.pair(2)[choice >> 1]);
  }

  private static final class Move extends Op {
    private final int result;
    private final Source low;
    private final Source high;

    Move(int result, Source low, Source high) {
      this.result = result;
      this.low = low;
      this.high = high;
    }

    @Override
    void run(Wave w) {
      int[] x = low.lanes(w, 0);
      int[] y = high.lanes(w, 1);
      long knownLow = low.known(w);
      long knownHigh = high.known(w);
      int[] first = w.v[result];
      int[] second = w.v[result + 1];
      int[] active = w.masks();
      for (int l = 0; l < first.length; l++) {
        int up = y[l];
        first[l] = first[l] & ~active[l] | x[l] & active[l];
        second[l] = second[l] & ~active[l] | up & active[l];
      }
      w.wrote(result, knownLow);
      w.wrote(result + 1, knownHigh);
    }
  }

  private static final class ShiftLeft extends Op {
    private final int result;
    private final Source by;
    private final Source low;
    private final Source high;

    ShiftLeft(int result, Source by, Source[] value) {
      this.result = result;
      this.by = by;
      low = value[0];
      high = value[1];
    }

    @Override
    void run(Wave w) {
      if (w.exec() == 0) {
        return;
      }
      int[] n = by.lanes(w, 0);
      int[] x = low.lanes(w, 1);
      int[] y = high.lanes(w, 2);
      long known = by.known(w) & low.known(w);
      long knownHigh = known & high.known(w);
      int[] first = w.v[result];
      int[] second = w.v[result + 1];
      int[] active = w.masks();
      for (int l = 0; l < first.length; l++) {
        long value = (x[l] & 0xffffffffL | (long) y[l] << 32) << n[l];
        first[l] = first[l] & ~active[l] | (int) value & active[l];
        second[l] = second[l] & ~active[l] | (int) (value >>> 32) & active[l];
      }
      w.wrote(result, known);
      w.wrote(result + 1, knownHigh);
    }
  }

  /** The carry out of 64 bits goes into a mask. */
  private static final class MultiplyAdd extends Op {
    private final int result;
    private final int carries;
    private final Source a;
    private final Source b;
    private final Source low;
    private final Source high;

    MultiplyAdd(int result, int carries, Source a, Source b, Source[] c) {
      this.result = result;
      this.carries = carries;
      this.a = a;
      this.b = b;
      low = c[0];
      high = c[1];
    }

    @Override
    void run(Wave w) {
      int[] x = a.lanes(w, 0);
      int[] y = b.lanes(w, 1);
      int[] z = low.lanes(w, 2);
      int[] up = high.lanes(w, 3);
      long known = a.known(w) & b.known(w) & low.known(w);
      long knownHigh = known & high.known(w); // the compiler multiplies 32 bits with any upper half
      int[] first = w.v[result];
      int[] second = w.v[result + 1];
      int[] active = w.masks();
      long carry = 0;
      for (int l = 0; l < first.length; l++) {
        long add = z[l] & 0xffffffffL | (long) up[l] << 32;
        long sum = (x[l] & 0xffffffffL) * (y[l] & 0xffffffffL) + add;
        carry |= (Long.compareUnsigned(sum, add) < 0 ? 1L : 0) << l;
        first[l] = first[l] & ~active[l] | (int) sum & active[l];
        second[l] = second[l] & ~active[l] | (int) (sum >>> 32) & active[l];
      }
      w.wrote(result, known);
      w.wrote(result + 1, knownHigh);
      w.writeMask(carries, carry & w.exec(), knownHigh | ~w.exec());
    }
  }
}
