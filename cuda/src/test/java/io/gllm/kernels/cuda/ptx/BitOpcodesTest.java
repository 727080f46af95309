package io.gllm.kernels.cuda.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Logic, shifts and fields, bit by bit as the PTX manual's pseudocode has them. */
class BitOpcodesTest {
  private interface Expected {
    long of(long... x);
  }

  private final List<DynamicTest> tests = new ArrayList<>();

  private void test(String code, String signature, Expected expected, long[]... in) {
    tests.add(dynamicTest(code, () -> {
      long[] got = Snippet.run(code + " %d, %a, %b, %c, %e".substring(0, 3 + 4 * in.length) + ";", signature, in);
      check(code, signature, expected, got, in);
    }));
  }

  private static void check(String code, String signature, Expected expected, long[] got, long[]... in) {
    int width = width(signature.charAt(0));
    for (int i = 0; i < got.length; i++) {
      long[] x = new long[in.length];
      for (int j = 0; j < x.length; j++) {
        x[j] = in[j][i];
      }
      assertEquals(low(expected.of(x), width), got[i], code + Arrays.toString(x));
    }
  }

  private static int width(char c) {
    return c == 'h' ? 16 : c == 'w' ? 32 : 64;
  }

  private static long low(long v, int width) {
    return width == 64 ? v : v & (1L << width) - 1;
  }

  private static boolean bit(long v, long i) {
    return (v >>> i & 1) != 0;
  }

  @TestFactory
  List<DynamicTest> logicAndCounts() {
    for (char c : new char[]{'h', 'w', 'd'}) {
      int n = width(c);
      long[][] in = Values.of(2, n, n);
      String three = "" + c + c + c;
      test("and.b" + n, three, x -> x[0] & x[1], in);
      test("or.b" + n, three, x -> x[0] | x[1], in);
      test("xor.b" + n, three, x -> x[0] ^ x[1], in);
      test("not.b" + n, three.substring(1), x -> -1 - x[0], in[0]);
    }
    long[] w = Values.of(1, 32)[0];
    test("cnot.b32", "ww", x -> x[0] == 0 ? 1 : 0, w);
    test("brev.b32", "ww", x -> reversed(x[0], 32), w);
    test("popc.b32", "ww", x -> count(x[0]), w);
    test("clz.b32", "ww", x -> 31 - highest(x[0]), w);
    test("bfind.u32", "ww", x -> highest(x[0]), w);
    test("bfind.s32", "ww", x -> highest(bit(x[0], 31) ? ~x[0] & 0xffffffffL : x[0]), w);
    long[] d = Values.of(1, 64)[0];
    test("brev.b64", "dd", x -> reversed(x[0], 64), d);
    test("popc.b64", "wd", x -> count(x[0]), d);
    test("clz.b64", "wd", x -> 63 - highest(x[0]), d);
    return tests;
  }

  private static long reversed(long v, int width) {
    long r = 0;
    for (int i = 0; i < width; i++) {
      r |= bit(v, i) ? 1L << width - 1 - i : 0;
    }
    return r;
  }

  private static long count(long v) {
    long n = 0;
    for (int i = 0; i < 64; i++) {
      n += bit(v, i) ? 1 : 0;
    }
    return n;
  }

  private static long highest(long v) {
    for (int i = 63; i >= 0; i--) {
      if (bit(v, i)) {
        return i;
      }
    }
    return -1;
  }

  @TestFactory
  List<DynamicTest> shiftsClampTheirCount() {
    for (char c : new char[]{'h', 'w', 'd'}) {
      int n = width(c);
      long[] values = {0, 1, 1L << n - 1, n == 64 ? -1 : (1L << n) - 1, 0x123456789abcdefL & (n == 64 ? -1 : (1L << n) - 1)};
      long[][] in = Values.combinations(new long[][]{values, Values.amounts()}, n, 32);
      String s = "" + c + c + "w";
      test("shl.b" + n, s, x -> shifted(x[0], -x[1], n, false), in);
      test("shr.u" + n, s, x -> shifted(x[0], x[1], n, false), in);
      test("shr.b" + n, s, x -> shifted(x[0], x[1], n, false), in);
      test("shr.s" + n, s, x -> shifted(x[0], x[1], n, true), in);
    }
    return tests;
  }

  /** Bit i of the result is bit i + by of the value; above it zero or the sign. */
  private static long shifted(long v, long by, int width, boolean signed) {
    long r = 0;
    for (int i = 0; i < width; i++) {
      long from = i + by;
      boolean b = from >= 0 && from < width ? bit(v, from) : from >= width && signed && bit(v, width - 1);
      r |= b ? 1L << i : 0;
    }
    return r;
  }

  @TestFactory
  List<DynamicTest> funnelShiftsJoinTwoWords() {
    long[] values = {0, 1, 0x80000000L, 0xffffffffL, 0x12345678L};
    long[][] in = Values.combinations(new long[][]{values, values, Values.amounts()}, 32, 32, 32);
    test("shf.l.wrap.b32", "wwww", x -> funnel(x[0], x[1], 32 - x[2] % 32), in);
    test("shf.r.wrap.b32", "wwww", x -> funnel(x[0], x[1], x[2] % 32), in);
    test("shf.l.clamp.b32", "wwww", x -> funnel(x[0], x[1], 32 - Math.min(x[2], 32)), in);
    test("shf.r.clamp.b32", "wwww", x -> funnel(x[0], x[1], Math.min(x[2], 32)), in);
    return tests;
  }

  /** The 32 bits from bit {@code at} of the pair, a below b. */
  private static long funnel(long a, long b, long at) {
    long r = 0;
    for (long i = 0; i < 32; i++) {
      long from = i + at;
      r |= (from < 32 ? bit(a, from) : from < 64 && bit(b, from - 32)) ? 1L << i : 0;
    }
    return r;
  }

  @TestFactory
  List<DynamicTest> fieldsAsInTheManual() {
    long[] values = {0, 1, 0x80000000L, 0xffffffffL, 0x12345678L, 0xdeadbeefL};
    long[][] in = Values.combinations(new long[][]{values, Values.amounts(), Values.amounts()}, 32, 32, 32);
    test("bfe.u32", "wwww", x -> extracted(x[0], x[1] & 255, x[2] & 255, 31, false), in);
    test("bfe.s32", "wwww", x -> extracted(x[0], x[1] & 255, x[2] & 255, 31, true), in);
    long[] wide = {0, 1, -1, Long.MIN_VALUE, 0x123456789abcdef0L, 0xfedcba9876543210L};
    long[][] longs = Values.combinations(new long[][]{wide, Values.amounts(), Values.amounts()}, 64, 32, 32);
    test("bfe.u64", "ddww", x -> extracted(x[0], x[1] & 255, x[2] & 255, 63, false), longs);
    test("bfe.s64", "ddww", x -> extracted(x[0], x[1] & 255, x[2] & 255, 63, true), longs);
    long[] few = {0x12345678L, 0xdeadbeefL, 0xffffffffL};
    long[][] four = Values.combinations(new long[][]{few, few, Values.amounts(), Values.amounts()}, 32, 32, 32, 32);
    test("bfi.b32", "wwwww", x -> {
      long f = x[1];
      for (long i = 0; i < (x[3] & 255) && (x[2] & 255) + i <= 31; i++) {
        long at = (x[2] & 255) + i;
        f = f & ~(1L << at) | (bit(x[0], i) ? 1L << at : 0);
      }
      return f;
    }, four);
    return tests;
  }

  @TestFactory
  List<DynamicTest> masksOfBits() {
    long[][] in = Values.combinations(new long[][]{Values.amounts(), Values.amounts()}, 32, 32);
    test("bmsk.clamp.b32", "www", x -> ones(Math.min(x[0], 32), Math.min(x[1], 32)), in);
    test("bmsk.wrap.b32", "www", x -> ones(x[0] % 32, x[1] % 32), in);
    return tests;
  }

  private static long ones(long at, long n) {
    long r = 0;
    for (long i = at; i < Math.min(32, at + n); i++) {
      r |= 1L << i;
    }
    return r;
  }

  private static long extracted(long a, long at, long n, int top, boolean signed) {
    boolean sign = signed && n != 0 && bit(a, Math.min(at + n - 1, top));
    long d = 0;
    for (long i = 0; i <= top; i++) {
      d |= (i < n && at + i <= top ? bit(a, at + i) : sign) ? 1L << i : 0;
    }
    return d;
  }

  @TestFactory
  List<DynamicTest> permutationsAsInTheManual() {
    long[] values = {0x83828180L, 0x07060504L, 0xff00ff7fL};
    long[] selectors = {0x3210, 0x7654, 0x5410, 0x89ab, 0xfedc, 0x0000, 0xba98, 0x4321, 0x12345, 0xffff0123L};
    long[][] in = Values.combinations(new long[][]{values, values, selectors}, 32, 32, 32);
    test("prmt.b32", "wwww", x -> bytes(x[0], x[1], x[2] & 15, x[2] >> 4 & 15, x[2] >> 8 & 15, x[2] >> 12 & 15), in);
    long[][] modes = Values.combinations(new long[][]{values, values, {0, 1, 2, 3}}, 32, 32, 32);
    test("prmt.b32.f4e", "wwww", x -> mode(x, "3210 4321 5432 6543"), modes);
    test("prmt.b32.b4e", "wwww", x -> mode(x, "5670 6701 7012 0123"), modes);
    test("prmt.b32.rc8", "wwww", x -> mode(x, "0000 1111 2222 3333"), modes);
    test("prmt.b32.ecl", "wwww", x -> mode(x, "3210 3211 3222 3333"), modes);
    test("prmt.b32.ecr", "wwww", x -> mode(x, "0000 1110 2210 3210"), modes);
    test("prmt.b32.rc16", "wwww", x -> mode(x, "1010 3232 1010 3232"), modes);
    return tests;
  }

  /** The table of the manual: for each value of the selector the bytes, highest first. */
  private static long mode(long[] x, String table) {
    String row = table.split(" ")[(int) x[2] & 3];
    return bytes(x[0], x[1], row.charAt(3) - '0', row.charAt(2) - '0', row.charAt(1) - '0', row.charAt(0) - '0');
  }

  private static long bytes(long a, long b, long... selectors) {
    long r = 0;
    for (int i = 0; i < 4; i++) {
      long s = selectors[i];
      long v = ((s & 7) < 4 ? a >>> 8 * (s & 7) : b >>> 8 * ((s & 7) - 4)) & 255;
      r |= (s >= 8 ? v >= 128 ? 255 : 0 : v) << 8 * i;
    }
    return r;
  }

  @TestFactory
  List<DynamicTest> threeInputLogicIsItsTable() {
    long[][] in = Values.of(3, 32);
    for (int table : new int[]{0, 0x80, 0xfe, 0x96, 0xe8, 0xca, 0x1b, 0xff}) {
      tests.add(dynamicTest("lop3.b32 " + table, () -> {
        long[] got = Snippet.run("lop3.b32 %d, %a, %b, %c, " + table + ";", "wwww", in);
        check("lop3", "wwww", x -> {
          long r = 0;
          for (int i = 0; i < 32; i++) {
            int index = (bit(x[0], i) ? 4 : 0) + (bit(x[1], i) ? 2 : 0) + (bit(x[2], i) ? 1 : 0);
            r |= bit(table, index) ? 1L << i : 0;
          }
          return r;
        }, got, in);
      }));
    }
    return tests;
  }

  @Test
  void aTableOfMoreThanEightBitsIsRefused() {
    assertThrows(PtxFault.class, () -> Snippet.run("lop3.b32 %d, %a, %a, %a, 256;", "ww", new long[32]));
  }
}
