package io.gllm.kernels.cuda.ptx;

import static java.lang.Float.intBitsToFloat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** {@code setp} and {@code selp}. */
class ComparisonsTest {
  private static final Map<String, IntPredicate> SIGNED = Map.of("eq", c -> c == 0, "ne", c -> c != 0, "lt", c -> c < 0, "le",
      c -> c <= 0, "gt", c -> c > 0, "ge", c -> c >= 0);
  private static final Map<String, IntPredicate> UNSIGNED = Map.of("lo", c -> c < 0, "ls", c -> c <= 0, "hi", c -> c > 0, "hs",
      c -> c >= 0);

  private final List<DynamicTest> tests = new ArrayList<>();

  @TestFactory
  List<DynamicTest> integersCompareAsNumbers() {
    for (int width : new int[]{16, 32, 64}) {
      SIGNED.forEach((name, test) -> {
        integers(name, "s" + width, width, test);
        integers(name, "u" + width, width, test);
      });
      UNSIGNED.forEach((name, test) -> integers(name, "u" + width, width, test));
      integers("eq", "b" + width, width, c -> c == 0);
      integers("ne", "b" + width, width, c -> c != 0);
    }
    return tests;
  }

  private void integers(String name, String type, int width, IntPredicate test) {
    tests.add(dynamicTest("setp." + name + "." + type, () -> {
      long[][] in = Values.of(2, width);
      char c = width == 16 ? 'h' : width == 32 ? 'w' : 'd';
      long[] got = Snippet.run("setp." + name + "." + type + " %d, %a, %b;", "p" + c + c, in);
      for (int i = 0; i < got.length; i++) {
        int order = number(in[0][i], width, type).compareTo(number(in[1][i], width, type));
        assertEquals(test.test(order) ? 1 : 0, got[i], in[0][i] + " " + in[1][i]);
      }
    }));
  }

  private static BigInteger number(long bits, int width, String type) {
    BigInteger v = new BigInteger(Long.toUnsignedString(bits));
    return type.startsWith("s") && v.testBit(width - 1) ? v.subtract(BigInteger.TWO.pow(width)) : v;
  }

  @TestFactory
  List<DynamicTest> floatsCompareAndNaNIsUnordered() {
    SIGNED.forEach((name, test) -> {
      floats(name, test, false);
      floats(name + "u", test, true);
    });
    floats("num", c -> true, false);
    floats("nan", c -> false, true);
    return tests;
  }

  private void floats(String name, IntPredicate test, boolean unordered) {
    tests.add(dynamicTest("setp." + name + ".f32", () -> {
      long[][] in = Values.floats(2);
      long[] got = Snippet.run("setp." + name + ".f32 %d, %a, %b;", "pww", in);
      for (int i = 0; i < got.length; i++) {
        float a = intBitsToFloat((int) in[0][i]);
        float b = intBitsToFloat((int) in[1][i]);
        boolean expected = Float.isNaN(a) || Float.isNaN(b) ? unordered : test.test(a < b ? -1 : a > b ? 1 : 0);
        assertEquals(expected ? 1 : 0, got[i], a + " " + b);
      }
    }));
  }

  @Test
  void aComparisonIsCombinedWithAPredicate() {
    long[] a = {1, 1, 2, 2};
    long[] c = {0, 1, 0, 1};
    combined("setp.eq.and.s32 %d, %a, 1, %b;", a, c, 0, 1, 0, 0);
    combined("setp.eq.or.s32 %d, %a, 1, %b;", a, c, 1, 1, 0, 1);
    combined("setp.eq.xor.s32 %d, %a, 1, %b;", a, c, 1, 0, 0, 1);
    combined("setp.eq.and.s32 %d, %a, 1, !%b;", a, c, 1, 0, 0, 0);
    combined("setp.eq.and.s32 %p0|%d, %a, 1, %b;", a, c, 0, 0, 0, 1);
    combined("setp.eq.s32 %p0|%d, %a, 1;", a, c, 0, 0, 1, 1);
  }

  private static void combined(String code, long[] a, long[] c, long... expected) {
    org.junit.jupiter.api.Assertions.assertArrayEquals(expected, Snippet.run(code, "pwp", a, c), code);
  }

  @Test
  void aSelectionTakesTheFirstWhereThePredicateHolds() {
    long[] a = {1, 2, 3, 4};
    long[] p = {1, 0, 1, 0};
    for (char c : new char[]{'h', 'w', 'd'}) {
      int width = c == 'h' ? 16 : c == 'w' ? 32 : 64;
      long[] got = Snippet.run("selp.b" + width + " %d, %a, 9, %b;", "" + c + c + "p", a, p);
      org.junit.jupiter.api.Assertions.assertArrayEquals(new long[]{1, 9, 3, 9}, got);
    }
  }

  @Test
  void predicatesAreLogic() {
    long[] a = {0, 0, 1, 1};
    long[] b = {0, 1, 0, 1};
    combined("and.pred %d, %a, %b;", a, b);
    combined("or.pred %d, %a, %b;", a, b);
  }

  private static void combined(String code, long[] a, long[] b) {
    long[] got = Snippet.run(code, "ppp", a, b);
    for (int i = 0; i < 4; i++) {
      assertEquals(code.startsWith("and") ? a[i] & b[i] : a[i] | b[i], got[i], code);
    }
  }
}
