package io.gllm.kernels.rocm.gcn;

import static java.lang.Float.floatToRawIntBits;
import static java.lang.Float.intBitsToFloat;

import java.util.List;
import java.util.Map;

/** The vector instructions with a result of two registers. */
final class WideOpcodes {
  private WideOpcodes() {}

  static void addTo(Map<String, Decode> table) {
    table.put("v_lshlrev_b64", o -> new ShiftLeft(o.result(0, 2), o.source(1), o.pair(2)));
    table.put("v_mad_u64_u32", o -> new MultiplyAdd(o.result(0, 2), o.mask(1), o.source(2), o.source(3), o.pair(4)));
    packed(table, "v_pk_add_f32", (a, b) -> floatToRawIntBits(intBitsToFloat(a) + intBitsToFloat(b)));
    packed(table, "v_pk_mul_f32", (a, b) -> floatToRawIntBits(intBitsToFloat(a) * intBitsToFloat(b)));
    table.put("v_pk_mov_b32", WideOpcodes::move);
    table.put("v_mov_b64", o -> {
      Source[] from = o.pair(1);
      return copy(o.result(0, 2), from[0], from[1], o.spare());
    });
    table.put("v_lshl_add_u64", o -> new ShiftAdd(o.result(0, 2), o.pair(1), o.source(2), o.pair(3)));
  }

  private static void packed(Map<String, Decode> table, String opcode, Loops.Int2 op) {
    Loops.Maker maker = Loops.specialise(Loops.Loop2.class, Loops.Int2.class, op);
    table.put(opcode, o -> packed(o, maker));
  }

  /** Two numbers at once, in two registers each; an operand may have its words crossed, doubled or negated. */
  private static Op packed(Operands o, Loops.Maker maker) {
    int result = o.result(0, 2);
    Source[][] pairs = {o.pair(1), o.pair(2)};
    Sequence.Pair low = half(result, pairs, o.bits("op_sel", 0), o.bits("neg_lo", 0), maker);
    Sequence.Pair high = half(result + 1, pairs, o.bits("op_sel_hi", 3), o.bits("neg_hi", 0), maker);
    return Sequence.together(low, high, o.spare());
  }

  private static Sequence.Pair half(int result, Source[][] pairs, int words, int negative, Loops.Maker maker) {
    Source a = pairs[0][words & 1].negated((negative & 1) != 0);
    Source b = pairs[1][words >> 1 & 1].negated((negative >> 1 & 1) != 0);
    return new Sequence.Pair(result, List.of(a.row, b.row), to -> maker.of(new Loops.Registers(to, 0, a, b, null)));
  }

  /** The lower result is a word of the first operand, the upper one a word of the second. */
  private static Op move(Operands o) {
    int result = o.result(0, 2);
    int choice = o.bits("op_sel", 0);
    if (o.bits("op_sel_hi", 3) != 3) {
      throw new GcnFault("has op_sel_hi, which is not modelled here");
    }
    Source low = o.pair(1)[choice & 1];
    Source high = o.pair(2)[choice >> 1];
    return copy(result, low, high, o.spare());
  }

  private static Op copy(int result, Source low, Source high, int spare) {
    return Sequence.together(new Sequence.Pair(result, List.of(low.row), to -> VectorOpcodes.copy(to, low)),
        new Sequence.Pair(result + 1, List.of(high.row), to -> VectorOpcodes.copy(to, high)), spare);
  }

  private static final class ShiftAdd extends Op {
    private final int result;
    private final Source[] a;
    private final Source by;
    private final Source[] b;

    ShiftAdd(int result, Source[] a, Source by, Source[] b) {
      this.result = result;
      this.a = a;
      this.by = by;
      this.b = b;
    }

    @Override
    void run(Wave w) {
      if (w.exec() == 0) {
        return;
      }
      int[] x = a[0].lanes(w, 0);
      int[] up = a[1].lanes(w, 1);
      int[] n = by.lanes(w, 2);
      int[] y = b[0].lanes(w, 3);
      int[] add = b[1].lanes(w, 4);
      long known = by.known(w) & a[0].known(w) & b[0].known(w);
      long knownHigh = known & a[1].known(w) & b[1].known(w);
      int[] first = w.v[result];
      int[] second = w.v[result + 1];
      int[] active = w.masks();
      for (int l = 0; l < first.length; l++) {
        long sum = ((x[l] & 0xffffffffL | (long) up[l] << 32) << n[l]) + (y[l] & 0xffffffffL | (long) add[l] << 32);
        first[l] = first[l] & ~active[l] | (int) sum & active[l];
        second[l] = second[l] & ~active[l] | (int) (sum >>> 32) & active[l];
      }
      w.wrote(result, known);
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
