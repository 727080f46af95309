package io.gllm.kernels.cuda.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Integer arithmetic equals that of {@link BigInteger}, reduced to the width of the result. */
class IntegerOpcodesTest {
  private interface Exact {
    BigInteger of(BigInteger... x);
  }

  private final List<DynamicTest> tests = new ArrayList<>();

  @TestFactory
  List<DynamicTest> integersAreExact() {
    for (String s : new String[]{"s16", "u16", "s32", "u32", "s64", "u64"}) {
      sums(s);
      products(s);
      if (!s.startsWith("u64")) {
        divisions(s);
      }
    }
    divisions("u64");
    test("add.sat.s32", "s32", "www", x -> saturated(x[0].add(x[1])));
    test("sub.sat.s32", "s32", "www", x -> saturated(x[0].subtract(x[1])));
    test("sad.s32", "s32", "wwww", x -> x[2].add(x[0].subtract(x[1]).abs()));
    test("sad.u32", "u32", "wwww", x -> x[2].add(x[0].subtract(x[1]).abs()));
    test("mul24.lo.s32", "s32", "www", x -> low24(x[0], true).multiply(low24(x[1], true)));
    test("mul24.lo.u32", "u32", "www", x -> low24(x[0], false).multiply(low24(x[1], false)));
    for (String a : new String[]{"s32", "u32"}) {
      for (String b : new String[]{"s32", "u32"}) {
        test("dp4a." + a + "." + b, "u32", "wwww", x -> x[2].add(dot(x[0], x[1], a.equals("s32"), b.equals("s32"))));
      }
    }
    return tests;
  }

  private static String letter(String type, boolean twice) {
    int width = Integer.parseInt(type.substring(1)) * (twice ? 2 : 1);
    return width == 16 ? "h" : width == 32 ? "w" : "d";
  }

  private void sums(String s) {
    String l = letter(s, false);
    test("add." + s, s, l + l + l, x -> x[0].add(x[1]));
    test("sub." + s, s, l + l + l, x -> x[0].subtract(x[1]));
    test("min." + s, s, l + l + l, x -> x[0].min(x[1]));
    test("max." + s, s, l + l + l, x -> x[0].max(x[1]));
    if (s.startsWith("s")) {
      test("neg." + s, s, l + l, x -> x[0].negate());
      test("abs." + s, s, l + l, x -> x[0].abs());
    }
  }

  private void products(String s) {
    String l = letter(s, false);
    int width = Integer.parseInt(s.substring(1));
    test("mul.lo." + s, s, l + l + l, x -> x[0].multiply(x[1]));
    test("mul.hi." + s, s, l + l + l, x -> x[0].multiply(x[1]).shiftRight(width));
    test("mad.lo." + s, s, l + l + l + l, x -> x[0].multiply(x[1]).add(x[2]));
    if (width == 32) {
      test("mad.hi." + s, s, "wwww", x -> x[0].multiply(x[1]).shiftRight(width).add(x[2]));
    }
    if (width < 64) {
      String w = letter(s, true);
      test("mul.wide." + s, s, w + l + l, x -> x[0].multiply(x[1]));
      test("mad.wide." + s, s, w + l + l + w, x -> x[0].multiply(x[1]).add(x[2]));
    }
  }

  private void divisions(String s) {
    String l = letter(s, false);
    test("div." + s, s, l + l + l, x -> x[1].signum() == 0 ? null : x[0].divide(x[1]));
    test("rem." + s, s, l + l + l, x -> x[1].signum() == 0 ? null : x[0].remainder(x[1]));
  }

  private static BigInteger saturated(BigInteger v) {
    return v.min(BigInteger.valueOf(Integer.MAX_VALUE)).max(BigInteger.valueOf(Integer.MIN_VALUE));
  }

  private static BigInteger low24(BigInteger v, boolean signed) {
    BigInteger low = v.mod(BigInteger.TWO.pow(24));
    return signed && low.testBit(23) ? low.subtract(BigInteger.TWO.pow(24)) : low;
  }

  private static BigInteger dot(BigInteger a, BigInteger b, boolean signedA, boolean signedB) {
    BigInteger sum = BigInteger.ZERO;
    for (int i = 0; i < 4; i++) {
      sum = sum.add(value(a.longValue() >>> 8 * i, 8, signedA).multiply(value(b.longValue() >>> 8 * i, 8, signedB)));
    }
    return sum;
  }

  private static BigInteger value(long bits, int width, boolean signed) {
    BigInteger v = new BigInteger(Long.toUnsignedString(bits)).mod(BigInteger.TWO.pow(width));
    return signed && v.testBit(width - 1) ? v.subtract(BigInteger.TWO.pow(width)) : v;
  }

  /** One opcode on all combinations of edges; where the expectation is null, the operands are replaced. */
  private void test(String opcode, String type, String signature, Exact exact) {
    tests.add(dynamicTest(opcode, () -> {
      int inputs = signature.length() - 1;
      int[] widths = signature.substring(1).chars().map(c -> c == 'h' ? 16 : c == 'w' ? 32 : 64).toArray();
      long[][] in = Values.of(inputs, widths);
      BigInteger[] expected = new BigInteger[in[0].length];
      for (int i = 0; i < expected.length; i++) {
        expected[i] = exact.of(operands(in, i, widths, type));
        if (expected[i] == null) {
          in[1][i] = 3;
          expected[i] = exact.of(operands(in, i, widths, type));
        }
      }
      String registers = " %d, %a, %b, %c".substring(0, 3 + 4 * inputs);
      long[] got = Snippet.run(opcode + registers + ";", signature, in);
      int width = signature.charAt(0) == 'h' ? 16 : signature.charAt(0) == 'w' ? 32 : 64;
      for (int i = 0; i < got.length; i++) {
        assertEquals(expected[i].mod(BigInteger.TWO.pow(width)), value(got[i], 64, false), opcode + " value " + i);
      }
    }));
  }

  private static BigInteger[] operands(long[][] in, int i, int[] widths, String type) {
    BigInteger[] x = new BigInteger[in.length];
    for (int j = 0; j < x.length; j++) {
      x[j] = value(in[j][i], widths[j], type.startsWith("s"));
    }
    return x;
  }
}
