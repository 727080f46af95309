package io.gllm.kernels.rocm.gcn;

import static java.lang.Float.intBitsToFloat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.DoubleBinaryOperator;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Arithmetic of f32 is rounded once, and keeps subnormal numbers: it equals the exact result in {@link BigDecimal}, rounded. Where an
 * operand is not finite or the exact result is zero, double arithmetic says what comes out, sign and all.
 */
class FloatOpcodesTest {
  private static final long[][] TWO = Values.floats(2);
  private static final long[][] ONE = Values.floats(1);
  private static final long[][] WORDS = Values.words(1);

  static OpcodeTests all() {
    OpcodeTests t = new OpcodeTests();
    t.anyNaN = true;
    exact(t, "add", BigDecimal::add, (a, b) -> a + b);
    exact(t, "sub", BigDecimal::subtract, (a, b) -> a - b);
    exact(t, "mul", BigDecimal::multiply, (a, b) -> a * b);
    t.word("v_subrev_f32 %d, %a, %b", TWO, (a, b, c) -> rounded(b, a, BigDecimal::subtract, (x, y) -> x - y));
    t.word("v_max_f32 %d, %a, %b", TWO, (a, b, c) -> greater(a, b) ? a : b);
    t.word("v_min_f32 %d, %a, %b", TWO, (a, b, c) -> greater(a, b) && !isNaN(b) || isNaN(a) ? b : a);
    t.word("v_max3_f32 %d, %a, |%b|, %c", Values.floats(3), (a, b, c) -> greatest(a, b & 0x7fffffff, c));
    modifiers(t);
    packed(t);
    conversions(t);
    t.word("v_rcp_iflag_f32 %d, %a", ONE, (a, b, c) -> bits(VectorOpcodes.reciprocal(intBitsToFloat((int) a))));
    return t;
  }

  @TestFactory
  List<DynamicTest> opcodes() {
    return all().tests;
  }

  private static void exact(OpcodeTests t, String name, BinaryOperator<BigDecimal> exact, DoubleBinaryOperator special) {
    t.word("v_" + name + "_f32 %d, %a, %b", TWO, (a, b, c) -> rounded(a, b, exact, special));
  }

  private static long rounded(long a, long b, BinaryOperator<BigDecimal> exact, DoubleBinaryOperator special) {
    float x = intBitsToFloat((int) a);
    float y = intBitsToFloat((int) b);
    if (Float.isFinite(x) && Float.isFinite(y)) {
      BigDecimal e = exact.apply(new BigDecimal(x), new BigDecimal(y));
      if (e.signum() != 0) {
        return bits(e.floatValue());
      }
    }
    return bits((float) special.applyAsDouble(x, y));
  }

  private static long bits(float value) {
    return Float.floatToIntBits(value) & 0xffffffffL;
  }

  static boolean isNaN(long bits) {
    return Float.isNaN(intBitsToFloat((int) bits));
  }

  /** In the order of numbers, with -0 before 0 and NaN before all. */
  static boolean greater(long a, long b) {
    float x = intBitsToFloat((int) a);
    float y = intBitsToFloat((int) b);
    return !isNaN(a) && (isNaN(b) || Float.compare(x, y) > 0);
  }

  private static long greatest(long a, long b, long c) {
    long first = greater(a, b) ? a : b;
    return greater(first, c) ? first : c;
  }

  private static void modifiers(OpcodeTests t) {
    t.word("v_mul_f32_e64 %d, -%a, |%b|", TWO,
        (a, b, c) -> rounded(a ^ 0x80000000L, b & 0x7fffffff, BigDecimal::multiply, (x, y) -> x * y));
    t.word("v_add_f32 %d, -|%a|, %b", TWO, (a, b, c) -> rounded(a | 0x80000000L, b, BigDecimal::add, (x, y) -> x + y));
    t.word("v_add_f32 %d, -0.5, %a", TWO, (a, b, c) -> rounded(0xbf000000L, a, BigDecimal::add, (x, y) -> x + y));
  }

  /** Two numbers at once; their halves may be crossed or negated. */
  private static void packed(OpcodeTests t) {
    long[][] pairs = {TWO[0].clone(), TWO[1].clone()};
    for (int i = 0; i < pairs[0].length; i++) {
      pairs[0][i] |= TWO[1][pairs[0].length - 1 - i] << 32;
      pairs[1][i] |= TWO[0][i / 2] << 32;
    }
    List<String> gfx9 = List.of("gfx90a");
    t.vector("v_pk_add_f32 %D, %A, %B", pairs, -1, gfx9, (a, b, c) -> sum(a, b) | sum(a >>> 32, b >>> 32) << 32);
    t.vector("v_pk_mul_f32 %D, %A, %B", pairs, -1, gfx9, (a, b, c) -> product(a, b) | product(a >>> 32, b >>> 32) << 32);
    t.vector("v_pk_mul_f32 %D, %A, %B op_sel_hi:[0,1]", pairs, -1, gfx9, (a, b, c) -> product(a, b) | product(a, b >>> 32) << 32);
    t.vector("v_pk_add_f32 %D, %A, %B op_sel:[1,0] op_sel_hi:[1,0]", pairs, -1, gfx9,
        (a, b, c) -> sum(a >>> 32, b) | sum(a >>> 32, b) << 32);
    t.vector("v_pk_add_f32 %D, %A, %B neg_lo:[0,1] neg_hi:[1,0]", pairs, -1, gfx9,
        (a, b, c) -> sum(a, b ^ 0x80000000L) | sum(a >>> 32 ^ 0x80000000L, b >>> 32) << 32);
    t.vector("v_pk_add_f32 %D, %A, 0.5 op_sel_hi:[1,0]", pairs, -1, gfx9,
        (a, b, c) -> sum(a, 0x3f000000) | sum(a >>> 32, 0x3f000000) << 32);
  }

  private static long sum(long a, long b) {
    return rounded(a, b, BigDecimal::add, (x, y) -> x + y);
  }

  private static long product(long a, long b) {
    return rounded(a, b, BigDecimal::multiply, (x, y) -> x * y);
  }

  private static void conversions(OpcodeTests t) {
    t.word("v_cvt_f32_i32 %d, %a", WORDS, (a, b, c) -> bits(new BigDecimal((int) a).floatValue()));
    t.word("v_cvt_f32_u32 %d, %a", WORDS, (a, b, c) -> bits(new BigDecimal(a).floatValue()));
    for (int i = 0; i < 4; i++) {
      int byteNumber = i;
      t.word("v_cvt_f32_ubyte" + i + " %d, %a", WORDS, (a, b, c) -> bits(new BigDecimal(a >> 8 * byteNumber & 255).floatValue()));
    }
    t.word("v_cvt_f32_i32_sdwa %d, sext(%a) dst_sel:DWORD dst_unused:UNUSED_PAD src0_sel:BYTE_2", WORDS,
        (a, b, c) -> bits((byte) (a >> 16)));
    t.word("v_cvt_i32_f32 %d, %a", ONE, (a, b, c) -> integer(a, Integer.MIN_VALUE, Integer.MAX_VALUE));
    t.word("v_cvt_u32_f32 %d, %a", ONE, (a, b, c) -> integer(a, 0, 0xffffffffL));
    long[][] halves = Values.halves(1);
    t.word("v_cvt_f32_f16 %d, %a", halves, (a, b, c) -> half(a));
    t.word("v_cvt_f32_f16 %d, -|%a|", halves, (a, b, c) -> half(a | 0x8000));
    long[][] words = {halves[0].clone()};
    for (int i = 0; i < words[0].length; i++) {
      words[0][i] = halves[0][i] << 16 | i;
    }
    toHalf(t);
    t.word("v_cvt_f32_f16_sdwa %d, %a dst_sel:DWORD dst_unused:UNUSED_PAD src0_sel:WORD_1", words, (a, b, c) -> half(a >> 16));
  }

  private static void toHalf(OpcodeTests t) {
    long[][] edges = {ONE[0].clone()};
    long[] ties = {0x3f801000, 0x3f803000, 0x477fefff, 0x477ff000, 0x33000000, 0x33000001, 0xb3800000L, 0x38800000, 0x387fffff, 0x387fe000};
    System.arraycopy(ties, 0, edges[0], 64, ties.length);
    t.anyNaN = false;
    t.vector("v_cvt_f16_f32 %d, %a", edges, 0xffffffffL, List.of("gfx90a"), (a, b, c) -> nearestHalf(a));
    t.vector("v_cvt_f16_f32 %d, %a", edges, 0xffff, List.of("gfx1100"), (a, b, c) -> nearestHalf(a));
    t.vector("v_cvt_f16_f32_sdwa %d, %a dst_sel:WORD_1 dst_unused:UNUSED_PAD src0_sel:DWORD", edges, 0xffffffffL, List.of("gfx90a"),
        (a, b, c) -> nearestHalf(a) << 16);
    t.anyNaN = true;
  }

  /** By search among the numbers that there are, ties to the even one. */
  private static long nearestHalf(long a) {
    float x = Math.abs(intBitsToFloat((int) a));
    long sign = a >> 16 & 0x8000;
    if (Float.isNaN(x)) {
      return Float.floatToFloat16(intBitsToFloat((int) a)) & 0xffff; // which NaN is not said
    }
    int low = 0;
    int high = 0x7c00;
    while (high - low > 1) {
      int middle = (low + high) / 2;
      if (size(middle) <= x) {
        low = middle;
      } else {
        high = middle;
      }
    }
    double below = x - size(low);
    double above = (high == 0x7c00 ? 65536 : size(high)) - x;
    return sign | (x >= 65520 ? 0x7c00 : below < above || below == above && low % 2 == 0 ? low : high);
  }

  private static double size(int bits) {
    return intBitsToFloat((int) half(bits));
  }

  /** Towards zero, and no further than the ends. */
  private static long integer(long a, long low, long high) {
    float x = intBitsToFloat((int) a);
    if (Float.isNaN(x)) {
      return 0;
    }
    if (Float.isInfinite(x)) {
      return x < 0 ? low : high;
    }
    BigDecimal whole = new BigDecimal(x).setScale(0, RoundingMode.DOWN);
    return whole.max(BigDecimal.valueOf(low)).min(BigDecimal.valueOf(high)).longValue();
  }

  private static long half(long bits) {
    int exponent = (int) bits >> 10 & 31;
    int fraction = (int) bits & 0x3ff;
    long sign = (bits & 0x8000) << 16;
    if (exponent == 31) {
      return sign | 0x7f800000 | (long) fraction << 13;
    }
    double value = exponent == 0 ? fraction * 0x1p-24 : (1024 + fraction) * Math.pow(2, exponent - 25);
    return sign | bits((float) value);
  }

  /** An integer quotient through this reciprocal must not depend on which neighbour of the exact one it is. */
  @Test
  void theReciprocalIsEitherNeighbourOfTheExactOne() {
    int far = 0;
    for (int i = 1; i < 1000; i++) {
      BigDecimal exact = BigDecimal.ONE.divide(BigDecimal.valueOf(i), new MathContext(60));
      float got = VectorOpcodes.reciprocal(i);
      BigDecimal error = new BigDecimal(got).subtract(exact).abs();
      assertTrue(error.compareTo(new BigDecimal(Math.ulp(got))) < 0);
      far += got != 1 / (float) i ? 1 : 0;
    }
    assertTrue(far > 300);
    assertEquals(Float.POSITIVE_INFINITY, VectorOpcodes.reciprocal(0));
  }
}
