package io.gllm.kernels.cuda.ptx;

import static java.lang.Float.intBitsToFloat;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
  void halvesCompareAsTheirFloatsAndFlushedSubnormalsAreZero() {
    long[] one = {0x3c00, 0xbc00, 0x7e00, 0x8000};
    long[] other = {0x3c01, 0x3c00, 0x3c00, 0};
    combined("setp.lt.f16 %d, %a, %b;", "phh", one, other, 1, 1, 0, 0);
    combined("setp.geu.f16 %d, %a, %b;", "phh", one, other, 0, 0, 1, 1);
    long[] small = {1, 0x80000001L, 0x00800000, 0};
    long[] zero = {0, 0, 0, 0};
    combined("setp.eq.ftz.f32 %d, %a, %b;", "pww", small, zero, 1, 1, 0, 1);
    combined("setp.gt.and.ftz.f32 %d, %a, %b, 1;", "pww", small, zero, 0, 0, 1, 0);
  }

  private static void combined(String code, String signature, long[] a, long[] b, long... expected) {
    assertArrayEquals(expected, Snippet.run(code, signature, a, b), code);
  }

  @Test
  void movesPackAndUnpack() {
    long[] low = {0x1111, 0x8000};
    long[] high = {0x2222, 0xffff};
    assertArrayEquals(new long[]{0x22221111L, 0xffff8000L}, Snippet.run("mov.b32 %d, {%a, %b};", "whh", low, high));
    assertArrayEquals(new long[]{0x2222_00001111L, 0xffff_00008000L}, Snippet.run("mov.b64 %d, {%a, %b};", "dww", low, high));
    long[] whole = {0x12345678_9abcdef0L, -2};
    assertArrayEquals(new long[]{0x12345678L, 0xffffffffL}, Snippet.run("mov.b64 {_, %d}, %a;", "wd", whole));
    assertArrayEquals(new long[]{0x9abcdef0L, 0xfffffffeL}, Snippet.run("mov.b64 {%d, _}, %a;", "wd", whole));
    assertArrayEquals(new long[]{0x9abcL, 0xffffL}, Snippet.run("cvt.u32.u64 %w0, %a;\nmov.b32 {%h0, %d}, %w0;", "hd", whole));
    assertArrayEquals(whole, Snippet.run("mov.b64 %d, %a;", "dd", whole));
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
    assertArrayEquals(expected, Snippet.run(code, "pwp", a, c), code);
  }

  @Test
  void aSelectionTakesTheFirstWhereThePredicateHolds() {
    long[] a = {1, 2, 3, 4};
    long[] p = {1, 0, 1, 0};
    for (char c : new char[]{'h', 'w', 'd'}) {
      int width = c == 'h' ? 16 : c == 'w' ? 32 : 64;
      long[] got = Snippet.run("selp.b" + width + " %d, %a, 9, %b;", "" + c + c + "p", a, p);
      assertArrayEquals(new long[]{1, 9, 3, 9}, got);
    }
  }

  @Test
  void predicatesAreLogic() {
    long[] a = {0, 0, 1, 1};
    long[] b = {0, 1, 0, 1};
    combined("and.pred %d, %a, %b;", a, b);
    combined("or.pred %d, %a, %b;", a, b);
    combined("xor.pred %d, %a, %b;", a, b);
    combined("not.pred %d, %a;", a, b);
    combined("mov.pred %d, %b;", a, b);
    assertArrayEquals(new long[]{1, 1, 1, 1}, Snippet.run("mov.pred %d, -1;", "pp", a), "true, as nvcc writes it");
    assertArrayEquals(new long[]{0, 0, 0, 0}, Snippet.run("mov.pred %d, 0;", "pp", a));
  }

  private static void combined(String code, long[] a, long[] b) {
    long[] got = Snippet.run(code, "ppp", a, b);
    for (int i = 0; i < 4; i++) {
      long expected = switch (code.substring(0, 3)) {
        case "and" -> a[i] & b[i];
        case "or." -> a[i] | b[i];
        case "xor" -> a[i] ^ b[i];
        case "not" -> 1 - a[i];
        default -> b[i];
      };
      assertEquals(expected, got[i], code);
    }
  }
}
