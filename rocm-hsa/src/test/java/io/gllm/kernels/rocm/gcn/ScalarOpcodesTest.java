package io.gllm.kernels.rocm.gcn;

import static java.lang.Float.intBitsToFloat;
import static java.lang.Integer.toUnsignedLong;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Scalar instructions; scc shows through a selection. */
class ScalarOpcodesTest {
  private static final long[][] TWO = Values.words(2);
  private static final long[][] WIDE = Values.doubles(2);
  private static final String SCC = "\ns_cselect_b32 %d, 1, 0";

  static OpcodeTests all() {
    OpcodeTests t = new OpcodeTests();
    sums(t);
    others(t);
    comparisons(t);
    logic(t, "and", (a, b, c) -> a & b);
    logic(t, "or", (a, b, c) -> a | b);
    logic(t, "xor", (a, b, c) -> a ^ b);
    logic(t, "and_not1", (a, b, c) -> a & ~b);
    logic(t, "or_not1", (a, b, c) -> a | ~b);
    logic(t, "nand", (a, b, c) -> ~(a & b));
    logic(t, "nor", (a, b, c) -> ~(a | b));
    logic(t, "xnor", (a, b, c) -> ~(a ^ b));
    wide(t);
    floats(t);
    return t;
  }

  @TestFactory
  List<DynamicTest> opcodes() {
    return all().tests;
  }

  /** A result, and the scc that comes with it. */
  private static void both(OpcodeTests t, String opcode, OpcodeTests.Word result, OpcodeTests.Word scc) {
    t.scalar(opcode + " %d, %a, %b", false, TWO, result);
    t.scalar(opcode + " %c, %a, %b" + SCC, false, TWO, scc);
  }

  private static void sums(OpcodeTests t) {
    both(t, "s_add_u32", (a, b, c) -> a + b, (a, b, c) -> a + b >> 32);
    both(t, "s_sub_u32", (a, b, c) -> a - b, (a, b, c) -> a < b ? 1 : 0);
    both(t, "s_add_i32", (a, b, c) -> a + b, (a, b, c) -> overflows((long) (int) a + (int) b));
    both(t, "s_sub_i32", (a, b, c) -> a - b, (a, b, c) -> overflows((long) (int) a - (int) b));
    for (String carry : List.of("0", "1")) {
      String before = "s_cmp_eq_u32 1, " + carry + "\n";
      int in = Integer.parseInt(carry);
      t.scalar(before + "s_addc_u32 %d, %a, %b", false, TWO, (a, b, c) -> a + b + in);
      t.scalar(before + "s_addc_u32 %c, %a, %b" + SCC, false, TWO, (a, b, c) -> a + b + in >> 32);
      t.scalar(before + "s_subb_u32 %d, %a, %b", false, TWO, (a, b, c) -> a - b - in);
      t.scalar(before + "s_subb_u32 %c, %a, %b" + SCC, false, TWO, (a, b, c) -> a - b - in < 0 ? 1 : 0);
    }
    t.scalar("s_mov_b32 %d, %a\ns_addk_i32 %d, 0xfff0", false, TWO, (a, b, c) -> a - 16);
    t.scalar("s_addk_i32 %a, 0x7000" + SCC, false, TWO, (a, b, c) -> overflows((int) a + 0x7000L));
    t.scalar("s_mov_b32 %d, %a\ns_mulk_i32 %d, 0xff00", false, TWO, (a, b, c) -> a * -256);
    t.scalar("s_movk_i32 %d, 0xff00", false, TWO, (a, b, c) -> -256);
  }

  private static long overflows(long sum) {
    return sum != (int) sum ? 1 : 0;
  }

  private static void others(OpcodeTests t) {
    t.scalar("s_mul_i32 %d, %a, %b", false, TWO, (a, b, c) -> a * b);
    t.scalar("s_mul_hi_u32 %d, %a, %b", false, TWO,
        (a, b, c) -> BigInteger.valueOf(a).multiply(BigInteger.valueOf(b)).shiftRight(32).longValue());
    both(t, "s_lshl_b32", (a, b, c) -> a << b % 32, (a, b, c) -> (int) (a << b % 32) != 0 ? 1 : 0);
    both(t, "s_lshr_b32", (a, b, c) -> a >> b % 32, (a, b, c) -> a >> b % 32 != 0 ? 1 : 0);
    both(t, "s_ashr_i32", (a, b, c) -> (long) (int) a >> b % 32, (a, b, c) -> (int) a >> b % 32 != 0 ? 1 : 0);
    both(t, "s_min_u32", (a, b, c) -> Math.min(a, b), (a, b, c) -> a < b ? 1 : 0);
    both(t, "s_max_u32", (a, b, c) -> Math.max(a, b), (a, b, c) -> a > b ? 1 : 0);
    both(t, "s_min_i32", (a, b, c) -> Math.min((int) a, (int) b), (a, b, c) -> (int) a < (int) b ? 1 : 0);
    both(t, "s_max_i32", (a, b, c) -> Math.max((int) a, (int) b), (a, b, c) -> (int) a > (int) b ? 1 : 0);
    t.scalar("s_bfe_u32 %d, %a, 0x80004", false, TWO, (a, b, c) -> a >> 4 & 255);
    t.scalar("s_bfe_u32 %d, %a, 0x200001" + SCC, false, TWO, (a, b, c) -> a >> 1 != 0 ? 1 : 0);
    t.scalar("s_brev_b32 %d, %a", false, TWO, (a, b, c) -> Integer.reverse((int) a));
    t.scalar("s_mov_b32 %d, %a\ns_bitset1_b32 %d, %b", false, TWO, (a, b, c) -> a | 1L << b % 32);
    t.scalar("s_mov_b32 %d, %a\ns_bitset0_b32 %d, %b", false, TWO, (a, b, c) -> a & ~(1L << b % 32));
    t.scalar("s_bitcmp0_b32 %a, %b" + SCC, false, TWO, (a, b, c) -> 1 - (a >> b % 32 & 1));
    t.scalar("s_bitcmp1_b32 %a, %b" + SCC, false, TWO, (a, b, c) -> a >> b % 32 & 1);
  }

  private static void comparisons(OpcodeTests t) {
    Map<String, OpcodeTests.Word> tests = Map.of("eq", (a, b, c) -> a == b ? 1 : 0, "lg", (a, b, c) -> a != b ? 1 : 0, "gt",
        (a, b, c) -> a > b ? 1 : 0, "ge", (a, b, c) -> a >= b ? 1 : 0, "lt", (a, b, c) -> a < b ? 1 : 0, "le", (a, b, c) -> a <= b ? 1 : 0);
    tests.forEach((name, test) -> {
      t.scalar("s_cmp_" + name + "_u32 %a, %b" + SCC, false, TWO, test);
      t.scalar("s_cmp_" + name + "_i32 %a, %b" + SCC, false, TWO, (a, b, c) -> test.of((int) a, (int) b, 0));
      t.scalar("s_cmpk_" + name + "_u32 %a, 0xffff" + SCC, false, TWO, (a, b, c) -> test.of(a, 0xffff, 0));
      t.scalar("s_cmpk_" + name + "_i32 %a, 0xffff" + SCC, false, TWO, (a, b, c) -> test.of((int) a, -1, 0));
    });
  }

  private static void logic(OpcodeTests t, String name, OpcodeTests.Word logic) {
    t.scalar("s_" + name + "_b32 %d, %a, %b", false, TWO, logic);
    t.scalar("s_" + name + "_b64 %D, %A, %B", true, WIDE, logic);
    t.scalar("s_" + name + "_b64 %C, %A, %B" + SCC, false, WIDE, (a, b, c) -> logic.of(a, b, c) != 0 ? 1 : 0);
    saveExec(t, "gfx1100", name, 32, logic);
    saveExec(t, "gfx90a", name, 64, logic);
  }

  /** The old mask is kept; the new one shows in which lanes execute. Lanes of the mask that are not threads would be a fault. */
  private static void saveExec(OpcodeTests t, String chip, String name, int lanes, OpcodeTests.Word logic) {
    long mask = 0x7f0f_00f3_ff00_0f3cL;
    String code = (lanes == 64
        ? "s_mov_b32 s20, 0xff000f3c\ns_mov_b32 s21, 0x7f0f00f3\ns_%s_saveexec_b64 s[22:23], s[20:21]"
        : "s_mov_b32 s20, 0xff000f3c\ns_%s_saveexec_b32 s22, s20").formatted(name);
    t.opcodes.add("s_" + name + "_saveexec_b" + lanes);
    t.tests.add(dynamicTest(chip + " s_" + name + "_saveexec", () -> {
      long all = lanes == 64 ? -1 : 0xffffffffL;
      for (long exec : new long[]{-1, 0x6666_5555_0f0f_3333L}) {
        long expected = logic.of(mask, exec, 0) & all;
        long[] got = Snippet.vector(chip, code + "\nv_mov_b32 %d, 1", exec, Values.words(1));
        String restore = lanes == 64 ? "\ns_mov_b64 exec, s[22:23]" : "\ns_mov_b32 exec_lo, s22";
        long[] restored = Snippet.vector(chip, code + restore + "\nv_mov_b32 %d, 1", exec, Values.words(1));
        for (int i = 0; i < got.length; i++) {
          assertEquals((expected >>> i % lanes & 1) != 0, (int) got[i] == 1, "lane " + i % lanes);
          assertEquals((exec >>> i % lanes & 1) != 0, (int) restored[i] == 1, "lane " + i % lanes);
        }
      }
    }));
  }

  private static void wide(OpcodeTests t) {
    t.scalar("s_mov_b32 %d, %a", false, TWO, (a, b, c) -> a);
    t.scalar("s_mov_b64 %D, %A", true, WIDE, (a, b, c) -> a);
    t.scalar("s_mov_b64 %D, -5", true, WIDE, (a, b, c) -> -5);
    t.scalar("s_mov_b64 %D, 0xff800000", true, WIDE, (a, b, c) -> 0xff800000L);
    t.scalar("s_not_b32 %d, %a", false, TWO, (a, b, c) -> ~a);
    t.scalar("s_not_b64 %D, %A", true, WIDE, (a, b, c) -> ~a);
    t.scalar("s_lshl_b64 %D, %A, %b", true, WIDE, (a, b, c) -> a << b % 64);
    t.scalar("s_lshr_b64 %D, %A, %b", true, WIDE, (a, b, c) -> a >>> b % 64);
    t.scalar("s_lshr_b64 %C, %A, %b" + SCC, false, WIDE, (a, b, c) -> a >>> b % 64 != 0 ? 1 : 0);
    t.scalar("s_add_nc_u64 %D, %A, %B", true, WIDE, (a, b, c) -> a + b);
    t.scalar("s_mul_u64 %D, %A, %B", true, WIDE, (a, b, c) -> a * b);
    t.scalar("s_cmp_lt_u32 %a, %b\ns_cselect_b64 %D, %A, %B", true, WIDE,
        (a, b, c) -> toUnsignedLong((int) a) < toUnsignedLong((int) b) ? a : b);
    t.scalar("s_cmp_lt_u32 %a, %b\ns_cselect_b32 %d, %a, %b", false, TWO, (a, b, c) -> Math.min(a, b));
  }

  private static void floats(OpcodeTests t) {
    long[][] floats = Values.floats(2);
    t.anyNaN = true;
    t.scalar("s_add_f32 %d, %a, %b", false, floats, (a, b, c) -> bits(intBitsToFloat((int) a) + intBitsToFloat((int) b)));
    t.scalar("s_sub_f32 %d, %a, %b", false, floats, (a, b, c) -> bits(intBitsToFloat((int) a) - intBitsToFloat((int) b)));
    t.scalar("s_mul_f32 %d, %a, %b", false, floats, (a, b, c) -> bits(intBitsToFloat((int) a) * intBitsToFloat((int) b)));
    t.scalar("s_max_num_f32 %d, %a, %b", false, floats, (a, b, c) -> FloatOpcodesTest.greater(a, b) ? a : b);
    t.scalar("s_min_num_f32 %d, %a, %b", false, floats,
        (a, b, c) -> FloatOpcodesTest.greater(a, b) && !FloatOpcodesTest.isNaN(b) || FloatOpcodesTest.isNaN(a) ? b : a);
    MaskOpcodesTest.FLOAT_TESTS.forEach((name, test) -> t.scalar("s_cmp_" + name + "_f32 %a, %b" + SCC, false, floats, test));
    t.scalar("s_cvt_f32_i32 %d, %a", false, TWO, (a, b, c) -> bits((int) a));
    t.scalar("s_cvt_f32_u32 %d, %a", false, TWO, (a, b, c) -> bits(a));
    t.scalar("s_cvt_i32_f32 %d, %a", false, floats, (a, b, c) -> (int) intBitsToFloat((int) a));
    t.scalar("s_cvt_u32_f32 %d, %a", false, floats,
        (a, b, c) -> Math.max(0, Math.min(0xffffffffL, (long) intBitsToFloat((int) a))));
  }

  private static long bits(float value) {
    return Float.floatToIntBits(value);
  }
}
