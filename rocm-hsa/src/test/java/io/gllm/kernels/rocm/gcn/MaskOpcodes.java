package io.gllm.kernels.rocm.gcn;

import static java.lang.Float.float16ToFloat;
import static java.lang.Float.intBitsToFloat;

import java.util.HashMap;
import java.util.Map;

/** The instructions between lanes and masks of lanes: comparisons, carries, choices, and the first lane. */
final class MaskOpcodes {
  private MaskOpcodes() {}

  static void addTo(Map<String, Decode> table) {
    integers(table);
    floats(table);
    halves(table);
    table.put("v_cndmask_b32", MaskOpcodes::choice);
    table.put("v_add_co_u32", o -> new Carry(o.result(0, 1), o.mask(1), o.source(2), o.source(3), -1));
    table.put("v_add_co_ci_u32", o -> new Carry(o.result(0, 1), o.mask(1), o.source(2), o.source(3), o.mask(4)));
    table.put("v_readfirstlane_b32", o -> new FirstLane(o.scalarResult(0, 1), o.source(1)));
  }

  private static void integers(Map<String, Decode> table) {
    compare(table, "eq_u32", false, (a, b) -> a == b);
    compare(table, "ne_u32", false, (a, b) -> a != b);
    compare(table, "eq_i32", false, (a, b) -> a == b);
    compare(table, "ne_i32", false, (a, b) -> a != b);
    compare(table, "lt_i32", false, (a, b) -> a < b);
    compare(table, "le_i32", false, (a, b) -> a <= b);
    compare(table, "gt_i32", false, (a, b) -> a > b);
    compare(table, "ge_i32", false, (a, b) -> a >= b);
    compare(table, "lt_u32", false, (a, b) -> a + 0x80000000 < b + 0x80000000);
    compare(table, "le_u32", false, (a, b) -> a + 0x80000000 <= b + 0x80000000);
    compare(table, "gt_u32", false, (a, b) -> a + 0x80000000 > b + 0x80000000);
    compare(table, "ge_u32", false, (a, b) -> a + 0x80000000 >= b + 0x80000000);
  }

  /** Each written out: a loop is fast if all it calls is of one kind. */
  private static void floats(Map<String, Decode> table) {
    compare(table, "lt_f32", false, (a, b) -> intBitsToFloat(a) < intBitsToFloat(b));
    compare(table, "le_f32", false, (a, b) -> intBitsToFloat(a) <= intBitsToFloat(b));
    compare(table, "gt_f32", false, (a, b) -> intBitsToFloat(a) > intBitsToFloat(b));
    compare(table, "ge_f32", false, (a, b) -> intBitsToFloat(a) >= intBitsToFloat(b));
    compare(table, "eq_f32", false, (a, b) -> intBitsToFloat(a) == intBitsToFloat(b));
    compare(table, "neq_f32", false, (a, b) -> intBitsToFloat(a) != intBitsToFloat(b));
    compare(table, "lg_f32", false, (a, b) -> intBitsToFloat(a) < intBitsToFloat(b) || intBitsToFloat(a) > intBitsToFloat(b));
    compare(table, "nlt_f32", false, (a, b) -> !(intBitsToFloat(a) < intBitsToFloat(b)));
    compare(table, "nle_f32", false, (a, b) -> !(intBitsToFloat(a) <= intBitsToFloat(b)));
    compare(table, "ngt_f32", false, (a, b) -> !(intBitsToFloat(a) > intBitsToFloat(b)));
    compare(table, "nge_f32", false, (a, b) -> !(intBitsToFloat(a) >= intBitsToFloat(b)));
    compare(table, "o_f32", false, (a, b) -> intBitsToFloat(a) == intBitsToFloat(a) && intBitsToFloat(b) == intBitsToFloat(b));
    compare(table, "u_f32", false, (a, b) -> intBitsToFloat(a) != intBitsToFloat(a) || intBitsToFloat(b) != intBitsToFloat(b));
  }

  private interface FloatTest {
    boolean of(float a, float b);
  }

  private static void halves(Map<String, Decode> table) {
    Map<String, FloatTest> tests = new HashMap<>();
    tests.put("lt", (a, b) -> a < b);
    tests.put("le", (a, b) -> a <= b);
    tests.put("gt", (a, b) -> a > b);
    tests.put("ge", (a, b) -> a >= b);
    tests.put("eq", (a, b) -> a == b);
    tests.put("neq", (a, b) -> a != b);
    tests.put("lg", (a, b) -> a < b || a > b);
    tests.put("nlt", (a, b) -> !(a < b));
    tests.put("nle", (a, b) -> !(a <= b));
    tests.put("ngt", (a, b) -> !(a > b));
    tests.put("nge", (a, b) -> !(a >= b));
    tests.put("o", (a, b) -> a == a && b == b);
    tests.put("u", (a, b) -> a != a || b != b);
    tests.forEach((name, test) -> compare(table, name + "_f16", true,
        (a, b) -> test.of(float16ToFloat((short) a), float16ToFloat((short) b))));
  }

  private static void compare(Map<String, Decode> table, String name, boolean half, Loops.Test2 test) {
    Loops.Maker maker = Loops.specialise(Loops.Compare.class, Loops.Test2.class, test);
    table.put("v_cmp_" + name, o -> {
      int result = o.mask(0);
      return maker.of(new Loops.Registers(result, 0, o.source(1, half), o.source(2, half), null));
    });
    table.put("v_cmpx_" + name, o -> {
      if (!o.chip.comparesIntoMaskAlone()) {
        throw new GcnFault("is not modelled on " + o.chip.name());
      }
      return maker.of(new Loops.Registers(Wave.EXEC, 0, o.source(0, half), o.source(1, half), null));
    });
  }

  private static Op choice(Operands o) {
    return new Choice(o.result(0, 1), o.source(1), o.source(2), o.count() > 3 ? o.mask(3) : o.vcc());
  }

  /** The second operand in lanes of the mask, the first in others. */
  private static final class Choice extends Op {
    private final int result;
    private final Source otherwise;
    private final Source chosen;
    private final int mask;

    Choice(int result, Source otherwise, Source chosen, int mask) {
      this.result = result;
      this.otherwise = otherwise;
      this.chosen = chosen;
      this.mask = mask;
    }

    @Override
    void run(Wave w) {
      long exec = w.exec();
      if (exec == 0) {
        return;
      }
      long bits = w.readMask(mask);
      long known = w.knownMask(mask) & (bits & chosen.known(w) | ~bits & otherwise.known(w));
      int[] x = otherwise.lanes(w, 0);
      int[] y = chosen.lanes(w, 1);
      int[] out = w.v[result];
      int[] active = w.masks();
      for (int l = 0; l < out.length; l++) {
        int choose = -(int) (bits >>> l & 1);
        int value = x[l] & ~choose | y[l] & choose;
        out[l] = out[l] & ~active[l] | value & active[l];
      }
      w.wrote(result, known);
    }
  }

  /** A sum, and which lanes carry. */
  private static final class Carry extends Op {
    private final int result;
    private final int carries;
    private final Source a;
    private final Source b;
    private final int in;

    Carry(int result, int carries, Source a, Source b, int in) {
      this.result = result;
      this.carries = carries;
      this.a = a;
      this.b = b;
      this.in = in;
    }

    @Override
    void run(Wave w) {
      long exec = w.exec();
      int[] x = a.lanes(w, 0);
      int[] y = b.lanes(w, 1);
      long carried = in < 0 ? 0 : w.readMask(in);
      long known = a.known(w) & b.known(w) & (in < 0 ? -1 : w.knownMask(in));
      int[] out = w.v[result];
      int[] active = w.masks();
      long carry = 0;
      for (int l = 0; l < out.length; l++) {
        long sum = (x[l] & 0xffffffffL) + (y[l] & 0xffffffffL) + (carried >>> l & 1);
        carry |= (sum >>> 32) << l;
        out[l] = out[l] & ~active[l] | (int) sum & active[l];
      }
      w.wrote(result, known);
      w.writeMask(carries, carry & exec, known | ~exec);
    }
  }

  /** The lowest executing lane, or lane 0 if none does. */
  private static final class FirstLane extends Op {
    private final int result;
    private final Source a;

    FirstLane(int result, Source a) {
      this.result = result;
      this.a = a;
    }

    @Override
    void run(Wave w) {
      int lane = w.exec() == 0 ? 0 : Long.numberOfTrailingZeros(w.exec());
      w.write32(result, a.lanes(w, 0)[lane], (a.known(w) >>> lane & 1) != 0 ? -1 : 0);
    }
  }
}
