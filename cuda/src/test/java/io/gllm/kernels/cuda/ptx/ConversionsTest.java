package io.gllm.kernels.cuda.ptx;

import static java.lang.Float.intBitsToFloat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** {@code cvt}: rounding by {@link BigDecimal}, ranges by {@link BigInteger}. */
class ConversionsTest {
  private static final String[] TYPES = {"u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"};
  private static final Map<String, RoundingMode> ROUNDINGS = Map.of("rni", RoundingMode.HALF_EVEN, "rzi", RoundingMode.DOWN, "rmi",
      RoundingMode.FLOOR, "rpi", RoundingMode.CEILING);

  private static int bits(String type) {
    return Integer.parseInt(type.substring(1));
  }

  private static char letter(int bits) {
    return bits <= 16 ? 'h' : bits == 32 ? 'w' : 'd';
  }

  private static int register(String type) {
    return Math.max(16, bits(type));
  }

  private static BigInteger least(String type) {
    return type.startsWith("u") ? BigInteger.ZERO : BigInteger.TWO.pow(bits(type) - 1).negate();
  }

  private static BigInteger most(String type) {
    return BigInteger.TWO.pow(bits(type) - (type.startsWith("u") ? 0 : 1)).subtract(BigInteger.ONE);
  }

  /** The number that the low bits of {@code v} are in that type. */
  private static BigInteger number(BigInteger v, String type) {
    BigInteger low = v.mod(BigInteger.TWO.pow(bits(type)));
    return low.compareTo(most(type)) > 0 ? low.subtract(BigInteger.TWO.pow(bits(type))) : low;
  }

  private static void same(BigInteger expected, int width, long got, String what) {
    assertEquals(expected.mod(BigInteger.TWO.pow(width)), new BigInteger(Long.toUnsignedString(got)), what);
  }

  @TestFactory
  List<DynamicTest> integersKeepTheirLowBitsAndAreExtendedByTheirSign() {
    List<DynamicTest> tests = new ArrayList<>();
    for (String to : TYPES) {
      for (String from : TYPES) {
        tests.add(dynamicTest("cvt." + to + "." + from, () -> integers("cvt." + to + "." + from, to, from, false)));
        if (bits(to) <= 32 && !from.equals("u64")) {
          tests.add(dynamicTest("cvt.sat." + to + "." + from, () -> integers("cvt.sat." + to + "." + from, to, from, true)));
        }
      }
    }
    return tests;
  }

  private static void integers(String opcode, String to, String from, boolean saturated) {
    long[] in = Values.of(1, register(from))[0];
    long[] got = Snippet.run(opcode + " %d, %a;", "" + letter(bits(to)) + letter(bits(from)), in);
    for (int i = 0; i < in.length; i++) {
      BigInteger v = number(BigInteger.valueOf(in[i]), from);
      BigInteger result = saturated ? v.max(least(to)).min(most(to)) : number(v, to);
      same(result, register(to), got[i], opcode + " " + v);
    }
  }

  @Test
  void aWiderRegisterIsExtended() {
    assertEquals(0xffff_ffff_ffff_ff80L, Snippet.run("cvt.s8.s32 %d, %a;", "dw", new long[]{0x180})[0]);
    assertEquals(0x80, Snippet.run("cvt.u8.u32 %d, %a;", "dw", new long[]{0x180})[0]);
    assertEquals(0xffff_ff80L, Snippet.run("cvt.s32.s8 %d, %a;", "wd", new long[]{0x180})[0]);
  }

  @TestFactory
  List<DynamicTest> floatsBecomeIntegersWithinTheRange() {
    List<DynamicTest> tests = new ArrayList<>();
    long[] in = Values.floats(1)[0];
    for (String to : TYPES) {
      ROUNDINGS.forEach((name, mode) -> tests.add(dynamicTest("cvt." + name + "." + to + ".f32", () -> {
        String opcode = "cvt." + name + "." + to + ".f32";
        long[] got = Snippet.run(opcode + " %d, %a;", letter(bits(to)) + "w", in);
        for (int i = 0; i < in.length; i++) {
          float v = intBitsToFloat((int) in[i]);
          same(rounded(v, mode, to), register(to), got[i], opcode + " " + v);
        }
      })));
    }
    return tests;
  }

  private static BigInteger rounded(float v, RoundingMode mode, String to) {
    if (Float.isNaN(v)) {
      return bits(to) == 64 ? BigInteger.TWO.pow(63) : BigInteger.ZERO;
    }
    if (Float.isInfinite(v)) {
      return v > 0 ? most(to) : least(to);
    }
    return new BigDecimal(v).setScale(0, mode).toBigInteger().max(least(to)).min(most(to));
  }

  @TestFactory
  List<DynamicTest> integersBecomeTheNearestFloat() {
    List<DynamicTest> tests = new ArrayList<>();
    for (String from : TYPES) {
      tests.add(dynamicTest("cvt.rn.f32." + from, () -> {
        long[][] in = Values.combinations(new long[][]{{0, 1, 0x1000001, 0x1000002, 0x1000003, 0x3000001, 0x7fffffc0, 0x80000040L,
          0xffffff7fL, 0xffffffffL, 1L << 62, (1L << 63) + (1L << 39), (1L << 63) + (1L << 39) + 1, -1}}, register(from));
        long mask = register(from) == 64 ? -1 : (1L << register(from)) - 1;
        for (int i = 0; i < in[0].length; i++) {
          in[0][i] &= mask;
        }
        long[] got = Snippet.run("cvt.rn.f32." + from + " %d, %a;", "w" + letter(bits(from)), in);
        for (int i = 0; i < got.length; i++) {
          BigInteger v = number(BigInteger.valueOf(in[0][i]), from);
          assertEquals(new BigDecimal(v).floatValue(), intBitsToFloat((int) got[i]), "" + v);
        }
      }));
    }
    return tests;
  }

  @Test
  void floatsAreRoundedToWholeFloats() {
    long[] in = Values.floats(1)[0];
    long[] got = Snippet.run("cvt.rni.f32.f32 %d, %a;", "ww", in);
    for (int i = 0; i < in.length; i++) {
      assertEquals((float) Math.rint(intBitsToFloat((int) in[i])), intBitsToFloat((int) got[i]));
    }
  }

  @Test
  void everyHalfBecomesItsFloat() {
    long[] in = new long[65536];
    Arrays.setAll(in, i -> i);
    check(Halves.F16, in, Snippet.run("cvt.f32.f16 %d, %a;", "wh", in));
    check(Halves.BF16, in, Snippet.run("cvt.f32.bf16 %d, %a;", "wh", in));
  }

  private static void check(Halves h, long[] in, long[] got) {
    for (int i = 0; i < in.length; i++) {
      float expected = (float) h.special((int) in[i]);
      assertEquals(Float.isNaN(expected) ? 0x7fffffff : Float.floatToRawIntBits(expected), (int) got[i], "half " + i);
    }
  }

  @Test
  void floatsBecomeTheNearestHalf() {
    long[] in = Values.floats(1)[0];
    long[] half = Snippet.run("cvt.rn.f16.f32 %d, %a;", "hw", in);
    long[] bfloat = Snippet.run("cvt.rn.bf16.f32 %d, %a;", "hw", in);
    long[] pair = Snippet.run("cvt.rn.f16x2.f32 %d, %a, %b;", "www", in, in);
    long[] swapped = Snippet.run("mov.b32 %w0, 0f3F800000;\ncvt.rn.bf16x2.f32 %d, %w0, %a;", "ww", in);
    for (int i = 0; i < in.length; i++) {
      float v = intBitsToFloat((int) in[i]);
      assertEquals(nearest(Halves.F16, v, 0x7c00), (int) half[i], "f16 " + v);
      assertEquals(nearest(Halves.BF16, v, 0x7f80), (int) bfloat[i], "bf16 " + v);
      assertEquals(half[i] << 16 | half[i], pair[i]);
      assertEquals(0x3f80L << 16 | bfloat[i], swapped[i], "the first operand is the upper half");
    }
  }

  private static int nearest(Halves h, float v, int infinity) {
    if (Float.isNaN(v)) {
      return 0x7fff;
    }
    return Float.isInfinite(v) ? v > 0 ? infinity : 0x8000 | infinity : h.encode(new BigDecimal(v), v);
  }

  @TestFactory
  List<DynamicTest> halvesAndIntegers() {
    List<DynamicTest> tests = new ArrayList<>();
    for (String type : List.of("u8", "s8", "u16", "s16", "u32", "s32")) {
      tests.add(dynamicTest(type, () -> {
        long[] in = Values.of(1, register(type))[0];
        long[] got = Snippet.run("cvt.rn.f16." + type + " %d, %a;", "h" + letter(bits(type)), in);
        for (int i = 0; i < in.length; i++) {
          BigInteger v = number(BigInteger.valueOf(in[i]), type);
          assertEquals(Halves.F16.encode(new BigDecimal(v), 0.0), (int) got[i], "" + v);
        }
        long[] halves = new long[65536];
        Arrays.setAll(halves, i -> i);
        long[] back = Snippet.run("cvt.rzi." + type + ".f16 %d, %a;", letter(bits(type)) + "h", halves);
        for (int i = 0; i < halves.length; i++) {
          same(rounded((float) Halves.F16.special(i), RoundingMode.DOWN, type), register(type), back[i], "half " + i);
        }
      }));
    }
    return tests;
  }

  @Test
  void aRoundingThatIsNotKnownIsRefused() {
    assertThrows(PtxFault.class, () -> Snippet.run("cvt.rz.f32.s32 %d, %a;", "ww", new long[32]));
    assertThrows(PtxFault.class, () -> Snippet.run("cvt.f32.s32 %d, %a;", "ww", new long[32]));
  }
}
