package io.gllm.kernels.rocm.gcn;

import static java.lang.Float.floatToRawIntBits;
import static java.lang.Float.intBitsToFloat;

import java.util.Map;

/** The scalar instructions on 32 bits: a result is known if all of its operands are. */
final class ScalarOpcodes {
  /** Set in what an operation gives back for scc. */
  private static final long SCC = 1L << 32;

  private interface Compute {
    /** The result in the lower half, scc above it. */
    long of(int a, int b, int scc);
  }

  private interface Test {
    boolean of(int a, int b);
  }

  private ScalarOpcodes() {}

  static void addTo(Map<String, Decode> table) {
    sums(table);
    others(table);
    constants(table);
    tests(table);
    floats(table);
    floatTests(table);
  }

  private static long word(int value, boolean scc) {
    return value & 0xffffffffL | (scc ? SCC : 0);
  }

  private static long word(int value) {
    return word(value, value != 0);
  }

  private static void sums(Map<String, Decode> table) {
    two(table, "s_add_u32", true, (a, b, c) -> (a & 0xffffffffL) + (b & 0xffffffffL));
    table.put("s_addc_u32", o -> new Word(o.scalarResult(0, 1), o.scalar(1, 1), o.scalar(2, 1), true, true,
        (a, b, c) -> (a & 0xffffffffL) + (b & 0xffffffffL) + c));
    two(table, "s_sub_u32", true, (a, b, c) -> word(a - b, a + 0x80000000 < b + 0x80000000));
    table.put("s_subb_u32", o -> new Word(o.scalarResult(0, 1), o.scalar(1, 1), o.scalar(2, 1), true, true,
        (a, b, c) -> (a & 0xffffffffL) - (b & 0xffffffffL) - c & (SCC << 1) - 1));
    two(table, "s_add_i32", true, (a, b, c) -> add(a, b));
    two(table, "s_sub_i32", true, (a, b, c) -> word(a - b, ((a ^ b) & (a ^ a - b)) < 0));
  }

  private static long add(int a, int b) {
    return word(a + b, ((a ^ a + b) & (b ^ a + b)) < 0);
  }

  private static void others(Map<String, Decode> table) {
    two(table, "s_mul_i32", false, (a, b, c) -> word(a * b));
    two(table, "s_mul_hi_u32", false, (a, b, c) -> (a & 0xffffffffL) * (b & 0xffffffffL) >>> 32);
    two(table, "s_lshl_b32", true, (a, b, c) -> word(a << b));
    two(table, "s_lshr_b32", true, (a, b, c) -> word(a >>> b));
    two(table, "s_ashr_i32", true, (a, b, c) -> word(a >> b));
    two(table, "s_min_u32", true, (a, b, c) -> a + 0x80000000 < b + 0x80000000 ? word(a, true) : word(b, false));
    two(table, "s_max_u32", true, (a, b, c) -> a + 0x80000000 > b + 0x80000000 ? word(a, true) : word(b, false));
    two(table, "s_min_i32", true, (a, b, c) -> a < b ? word(a, true) : word(b, false));
    two(table, "s_max_i32", true, (a, b, c) -> a > b ? word(a, true) : word(b, false));
    two(table, "s_bfe_u32", true, (a, b, c) -> word(field(a, b & 31, b >>> 16 & 127)));
    table.put("s_brev_b32",
        o -> new Word(o.scalarResult(0, 1), o.scalar(1, 1), Wave.NULL, false, false, (a, b, c) -> word(Integer.reverse(a))));
    table.put("s_bitset1_b32", o -> inPlace(o, false, (a, b, c) -> word(a | 1 << b)));
    table.put("s_bitset0_b32", o -> inPlace(o, false, (a, b, c) -> word(a & ~(1 << b))));
  }

  private static int field(int a, int at, int width) {
    return width >= 32 ? a >>> at : a >>> at & (1 << width) - 1;
  }

  private static void constants(Map<String, Decode> table) {
    table.put("s_movk_i32",
        o -> new Word(o.scalarResult(0, 1), o.scalar(1, 1), Wave.NULL, false, false, (a, b, c) -> word((short) a)));
    table.put("s_addk_i32", o -> inPlace(o, true, (a, b, c) -> add(a, (short) b)));
    table.put("s_mulk_i32", o -> inPlace(o, false, (a, b, c) -> word(a * (short) b)));
  }

  private static void two(Map<String, Decode> table, String opcode, boolean setsScc, Compute compute) {
    table.put(opcode, o -> new Word(o.scalarResult(0, 1), o.scalar(1, 1), o.scalar(2, 1), false, setsScc, compute));
  }

  private static Op inPlace(Operands o, boolean setsScc, Compute compute) {
    int register = o.scalarResult(0, 1);
    return new Word(register, register, o.scalar(1, 1), false, setsScc, compute);
  }

  private static void tests(Map<String, Decode> table) {
    test(table, "eq_i32", (a, b) -> a == b);
    test(table, "lg_i32", (a, b) -> a != b);
    test(table, "gt_i32", (a, b) -> a > b);
    test(table, "ge_i32", (a, b) -> a >= b);
    test(table, "lt_i32", (a, b) -> a < b);
    test(table, "le_i32", (a, b) -> a <= b);
    test(table, "eq_u32", (a, b) -> a == b);
    test(table, "lg_u32", (a, b) -> a != b);
    test(table, "gt_u32", (a, b) -> a + 0x80000000 > b + 0x80000000);
    test(table, "ge_u32", (a, b) -> a + 0x80000000 >= b + 0x80000000);
    test(table, "lt_u32", (a, b) -> a + 0x80000000 < b + 0x80000000);
    test(table, "le_u32", (a, b) -> a + 0x80000000 <= b + 0x80000000);
    table.put("s_bitcmp0_b32", o -> new Compare(o.scalar(0, 1), o.scalar(1, 1), (a, b) -> (a >>> b & 1) == 0));
    table.put("s_bitcmp1_b32", o -> new Compare(o.scalar(0, 1), o.scalar(1, 1), (a, b) -> (a >>> b & 1) == 1));
  }

  /** With a constant in 16 bits it is one more instruction. */
  private static void test(Map<String, Decode> table, String name, Test test) {
    table.put("s_cmp_" + name, o -> new Compare(o.scalar(0, 1), o.scalar(1, 1), test));
    boolean unsigned = name.endsWith("u32");
    table.put("s_cmpk_" + name,
        o -> new Compare(o.scalar(0, 1), o.scalar(1, 1), (a, b) -> test.of(a, unsigned ? b & 0xffff : (short) b)));
  }

  /** GFX11.5 and GFX12 have scalar floating point instructions. */
  private static void floats(Map<String, Decode> table) {
    twoFloats(table, "s_add_f32", Float::sum);
    twoFloats(table, "s_sub_f32", (a, b) -> a - b);
    twoFloats(table, "s_mul_f32", (a, b) -> a * b);
    two(table, "s_max_num_f32", false, (a, b, c) -> word(VectorOpcodes.greater(a, b) ? a : b));
    two(table, "s_min_num_f32", false, (a, b, c) -> word(VectorOpcodes.less(a, b) ? a : b));
    table.put("s_cvt_f32_i32", o -> one(o, a -> floatToRawIntBits(a)));
    table.put("s_cvt_f32_u32", o -> one(o, a -> floatToRawIntBits(a & 0xffffffffL)));
    table.put("s_cvt_i32_f32", o -> one(o, a -> (int) intBitsToFloat(a)));
    table.put("s_cvt_u32_f32", o -> one(o, a -> (int) Math.min((long) Math.max(intBitsToFloat(a), 0f), 0xffffffffL)));
  }

  private interface FloatTest {
    boolean of(float a, float b);
  }

  private static void floatTests(Map<String, Decode> table) {
    floatTest(table, "lt", (a, b) -> a < b);
    floatTest(table, "le", (a, b) -> a <= b);
    floatTest(table, "gt", (a, b) -> a > b);
    floatTest(table, "ge", (a, b) -> a >= b);
    floatTest(table, "eq", (a, b) -> a == b);
    floatTest(table, "neq", (a, b) -> a != b);
    floatTest(table, "lg", (a, b) -> a < b || a > b);
    floatTest(table, "nlt", (a, b) -> !(a < b));
    floatTest(table, "nle", (a, b) -> !(a <= b));
    floatTest(table, "ngt", (a, b) -> !(a > b));
    floatTest(table, "nge", (a, b) -> !(a >= b));
    floatTest(table, "o", (a, b) -> a == a && b == b);
    floatTest(table, "u", (a, b) -> a != a || b != b);
  }

  private static void floatTest(Map<String, Decode> table, String name, FloatTest test) {
    table.put("s_cmp_" + name + "_f32",
        o -> new Compare(o.scalar(0, 1), o.scalar(1, 1), (a, b) -> test.of(intBitsToFloat(a), intBitsToFloat(b))));
  }

  private static void twoFloats(Map<String, Decode> table, String opcode, Loops.Float2 op) {
    two(table, opcode, false, (a, b, c) -> word(floatToRawIntBits(op.of(intBitsToFloat(a), intBitsToFloat(b)))));
  }

  private static Op one(Operands o, Loops.Int1 op) {
    return new Word(o.scalarResult(0, 1), o.scalar(1, 1), Wave.NULL, false, false, (a, b, c) -> word(op.of(a)));
  }

  private static final class Word extends Op {
    private final int result;
    private final int a;
    private final int b;
    private final boolean readsScc;
    private final boolean setsScc;
    private final Compute compute;

    Word(int result, int a, int b, boolean readsScc, boolean setsScc, Compute compute) {
      this.result = result;
      this.a = a;
      this.b = b;
      this.readsScc = readsScc;
      this.setsScc = setsScc;
      this.compute = compute;
    }

    @Override
    void run(Wave w) {
      long out = compute.of(w.s[a], w.s[b], readsScc && w.scc() ? 1 : 0);
      boolean known = (w.scalarKnown[a] & w.scalarKnown[b]) == -1;
      w.write32(result, (int) out, known ? -1 : 0);
      if (setsScc) {
        w.setScc((out & SCC) != 0, known);
      }
    }
  }

  private static final class Compare extends Op {
    private final int a;
    private final int b;
    private final Test test;

    Compare(int a, int b, Test test) {
      this.a = a;
      this.b = b;
      this.test = test;
    }

    @Override
    void run(Wave w) {
      w.setScc(test.of(w.s[a], w.s[b]), (w.scalarKnown[a] & w.scalarKnown[b]) == -1);
    }
  }
}
