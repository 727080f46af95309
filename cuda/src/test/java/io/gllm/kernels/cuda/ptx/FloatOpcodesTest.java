package io.gllm.kernels.cuda.ptx;

import static java.lang.Float.intBitsToFloat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Arithmetic of f32 is rounded once: it equals the exact result in {@link BigDecimal}, rounded. Where an operand is not finite or
 * the exact result is zero, double arithmetic says what comes out, sign and all. Every NaN is 0x7fffffff.
 */
class FloatOpcodesTest {
  private static final MathContext MANY = new MathContext(60);

  private interface Exact {
    /** Null where the exact result is not a decimal. */
    BigDecimal of(BigDecimal... x);
  }

  private interface Special {
    double of(double... x);
  }

  private final List<DynamicTest> tests = new ArrayList<>();

  private void test(String opcode, int inputs, Exact exact, Special special) {
    tests.add(dynamicTest(opcode, () -> {
      long[][] in = Values.floats(inputs);
      String registers = " %d, %a, %b, %c".substring(0, 3 + 4 * inputs);
      long[] got = Snippet.run(opcode + registers + ";", "wwww".substring(0, inputs + 1), in);
      for (int i = 0; i < got.length; i++) {
        float[] x = new float[inputs];
        for (int j = 0; j < inputs; j++) {
          x[j] = intBitsToFloat((int) in[j][i]);
        }
        assertEquals(bits(expected(exact, special, x)), (int) got[i], opcode + Arrays.toString(x));
      }
    }));
  }

  private static float expected(Exact exact, Special special, float... x) {
    BigDecimal[] decimals = new BigDecimal[x.length];
    double[] doubles = new double[x.length];
    boolean finite = true;
    for (int i = 0; i < x.length; i++) {
      doubles[i] = x[i];
      finite &= Float.isFinite(x[i]);
      decimals[i] = Float.isFinite(x[i]) ? new BigDecimal(x[i]) : null;
    }
    BigDecimal e = finite ? exact.of(decimals) : null;
    return e == null || e.signum() == 0 ? (float) special.of(doubles) : e.floatValue();
  }

  private static int bits(float v) {
    return Float.isNaN(v) ? 0x7fffffff : Float.floatToRawIntBits(v);
  }

  @TestFactory
  List<DynamicTest> everyResultIsRoundedOnce() {
    for (String rn : new String[]{".rn", ""}) {
      test("add" + rn + ".f32", 2, x -> x[0].add(x[1]), x -> x[0] + x[1]);
      test("sub" + rn + ".f32", 2, x -> x[0].subtract(x[1]), x -> x[0] - x[1]);
      test("mul" + rn + ".f32", 2, x -> x[0].multiply(x[1]), x -> x[0] * x[1]);
    }
    test("fma.rn.f32", 3, x -> x[0].multiply(x[1]).add(x[2]), x -> x[0] * x[1] + x[2]);
    test("div.rn.f32", 2, x -> x[1].signum() == 0 ? null : x[0].divide(x[1], MANY), x -> x[0] / x[1]);
    test("rcp.rn.f32", 1, x -> x[0].signum() == 0 ? null : BigDecimal.ONE.divide(x[0], MANY), x -> 1 / x[0]);
    test("sqrt.rn.f32", 1, x -> x[0].signum() < 0 ? null : x[0].sqrt(MANY), x -> Math.sqrt(x[0]));
    return tests;
  }

  private void bitwise(String opcode, int inputs, ToIntFunction<int[]> expected) {
    tests.add(dynamicTest(opcode, () -> {
      long[][] in = Values.floats(inputs);
      long[] got = Snippet.run(opcode + " %d, %a, %b".substring(0, 3 + 4 * inputs) + ";", "www".substring(0, inputs + 1), in);
      for (int i = 0; i < got.length; i++) {
        int[] x = new int[inputs];
        for (int j = 0; j < inputs; j++) {
          x[j] = (int) in[j][i];
        }
        assertEquals(expected.applyAsInt(x), (int) got[i], opcode + Arrays.toString(x));
      }
    }));
  }

  private static boolean nan(int bits) {
    return (bits & 0x7fffffff) > 0x7f800000;
  }

  /** The order of floats that are not NaN: by sign and size, -0 below +0. */
  private static int order(int bits) {
    return bits < 0 ? bits ^ 0x7fffffff : bits;
  }

  private static int least(int a, int b, boolean poison) {
    if (nan(a) || nan(b)) {
      return poison || nan(a) && nan(b) ? 0x7fffffff : nan(a) ? b : a;
    }
    return order(a) < order(b) ? a : b;
  }

  @TestFactory
  List<DynamicTest> signsAndExtremesLookAtBits() {
    bitwise("neg.f32", 1, x -> x[0] ^ 1 << 31);
    bitwise("abs.f32", 1, x -> x[0] & ~(1 << 31));
    bitwise("copysign.f32", 2, x -> x[0] & 1 << 31 | x[1] & ~(1 << 31));
    bitwise("min.f32", 2, x -> least(x[0], x[1], false));
    bitwise("max.f32", 2, x -> nan(x[0]) || nan(x[1]) ? least(x[0], x[1], false) : order(x[0]) > order(x[1]) ? x[0] : x[1]);
    bitwise("min.NaN.f32", 2, x -> least(x[0], x[1], true));
    return tests;
  }

  @TestFactory
  List<DynamicTest> flushedResultsHaveNoSubnormals() {
    bitwise("add.rn.ftz.f32", 2, x -> flushed(bits(intBitsToFloat(flushed(x[0])) + intBitsToFloat(flushed(x[1])))));
    bitwise("mul.rn.ftz.f32", 2, x -> flushed(bits(intBitsToFloat(flushed(x[0])) * intBitsToFloat(flushed(x[1])))));
    bitwise("sub.ftz.f32", 2, x -> flushed(bits(intBitsToFloat(flushed(x[0])) - intBitsToFloat(flushed(x[1])))));
    bitwise("min.ftz.f32", 2, x -> least(flushed(x[0]), flushed(x[1]), false));
    bitwise("neg.ftz.f32", 1, x -> flushed(x[0]) ^ 1 << 31);
    bitwise("cvt.ftz.f32.f32", 1, x -> flushed(x[0]));
    return tests;
  }

  private static int flushed(int bits) {
    float v = intBitsToFloat(bits);
    return Math.abs(v) < Float.MIN_NORMAL ? bits & 1 << 31 : bits;
  }

  @Test
  void approximationsAreNearTheFunctionAndMarked() {
    long[] in = {Float.floatToRawIntBits(0.1f), Float.floatToRawIntBits(2), Float.floatToRawIntBits(7.25f), 0x3f800000L};
    near("ex2.approx.f32", in, x -> Math.exp(x * Math.log(2)));
    near("ex2.approx.ftz.f32", in, x -> Math.exp(x * Math.log(2)));
    near("lg2.approx.f32", in, x -> Math.log10(x) / Math.log10(2));
    near("rsqrt.approx.f32", in, x -> Math.pow(x, -0.5));
    near("rcp.approx.ftz.f32", in, x -> Math.pow(x, -1));
    near("sqrt.approx.f32", in, x -> Math.pow(x, 0.5));
    near("sin.approx.f32", in, x -> Math.cos(x - Math.PI / 2));
    near("cos.approx.f32", in, x -> Math.sin(x + Math.PI / 2));
    near("tanh.approx.f32", in, x -> 1 - 2 / (Math.exp(2 * x) + 1));
  }

  private static void near(String opcode, long[] in, DoubleUnaryOperator f) {
    long[] got = Snippet.run(opcode + " %d, %a;", "ww", in);
    for (int i = 0; i < in.length; i++) {
      double expected = f.applyAsDouble(intBitsToFloat((int) in[i]));
      assertEquals(expected, intBitsToFloat((int) got[i]), 1e-6 * Math.max(1, Math.abs(expected)), opcode);
    }
  }

  @Test
  void quotientsMayBeApproximate() {
    long[] a = {Float.floatToRawIntBits(7), Float.floatToRawIntBits(-1)};
    long[] b = {Float.floatToRawIntBits(2), Float.floatToRawIntBits(8)};
    for (String form : List.of("approx", "full", "approx.ftz", "full.ftz")) {
      long[] got = Snippet.run("div." + form + ".f32 %d, %a, %b;", "www", a, b);
      assertEquals(3.5f, intBitsToFloat((int) got[0]));
      assertEquals(-0.125f, intBitsToFloat((int) got[1]));
    }
  }

  @TestFactory
  List<DynamicTest> floatsAreRoundedToWholeOnes() {
    bitwise("cvt.rni.f32.f32", 1, x -> bits((float) Math.rint(intBitsToFloat(x[0]))));
    bitwise("cvt.rmi.f32.f32", 1, x -> bits((float) Math.floor(intBitsToFloat(x[0]))));
    bitwise("cvt.rpi.f32.f32", 1, x -> bits((float) Math.ceil(intBitsToFloat(x[0]))));
    bitwise("cvt.rzi.f32.f32", 1, x -> bits(Math.copySign((float) Math.floor(Math.abs(intBitsToFloat(x[0]))), intBitsToFloat(x[0]))));
    bitwise("cvt.sat.f32.f32", 1, x -> nan(x[0]) || x[0] <= 0 ? 0 : Math.min(x[0], 0x3f800000));
    return tests;
  }

  @Test
  void signsAndExtremesOfHalvesLookAtBits() {
    long[][] in = Values.of(2, 16);
    for (String type : List.of("f16", "bf16")) {
      Halves h = type.equals("f16") ? Halves.F16 : Halves.BF16;
      long[] negative = Snippet.run("neg." + type + " %d, %a;", "hh", in[0]);
      long[] size = Snippet.run("abs." + type + " %d, %a;", "hh", in[0]);
      long[] least = Snippet.run("min." + type + " %d, %a, %b;", "hhh", in);
      long[] most = Snippet.run("max." + type + " %d, %a, %b;", "hhh", in);
      for (int i = 0; i < negative.length; i++) {
        int a = (int) in[0][i];
        int b = (int) in[1][i];
        assertEquals(a ^ 0x8000, negative[i]);
        assertEquals(a & 0x7fff, size[i]);
        assertEquals(h.extreme(a, b, -1), least[i], type + " min " + a + " " + b);
        assertEquals(h.extreme(a, b, 1), most[i], type + " max " + a + " " + b);
      }
    }
  }

  @Test
  void pairsOfHalvesAreTwoHalves() {
    long[][] in = Values.of(2, 32);
    for (String op : List.of("add.rn.f16", "sub.rn.f16", "mul.rn.f16", "min.f16", "max.bf16", "add.f16", "sub.f16", "mul.f16")) {
      long[] pairs = Snippet.run(op + "x2 %d, %a, %b;", "www", in);
      long[] low = Snippet.run(op + " %d, %a, %b;", "hhh", halves(in[0], 0), halves(in[1], 0));
      long[] high = Snippet.run(op + " %d, %a, %b;", "hhh", halves(in[0], 16), halves(in[1], 16));
      for (int i = 0; i < pairs.length; i++) {
        assertEquals(high[i] << 16 | low[i], pairs[i], op);
      }
    }
  }

  private static long[] halves(long[] words, int shift) {
    return Arrays.stream(words).map(w -> w >>> shift & 0xffff).toArray();
  }

  @Test
  void halvesAreRoundedOnceInAllPairs() {
    long[][] in = Values.of(3, 32);
    for (String type : new String[]{"f16x2", "bf16x2"}) {
      long[] got = Snippet.run("fma.rn." + type + " %d, %a, %b, %c;", "wwww", in);
      for (int i = 0; i < got.length; i++) {
        for (int shift = 0; shift < 32; shift += 16) {
          int s = shift;
          int[] x = Arrays.stream(new int[]{0, 1, 2}).toArray();
          for (int j = 0; j < 3; j++) {
            x[j] = (int) (in[j][i] >>> s) & 0xffff;
          }
          Halves h = type.equals("f16x2") ? Halves.F16 : Halves.BF16;
          assertEquals(h.fma(x[0], x[1], x[2]), (int) (got[i] >>> s) & 0xffff, type + Arrays.toString(x));
        }
      }
    }
  }

  @Test
  void sumsAndProductsOfHalvesAreRoundedOnce() {
    long[][] in = Values.of(2, 16);
    int one = Halves.F16.encode(BigDecimal.ONE, 1);
    long[] sum = Snippet.run("add.rn.f16 %d, %a, %b;", "hhh", in);
    long[] product = Snippet.run("mul.rn.f16 %d, %a, %b;", "hhh", in);
    for (int i = 0; i < sum.length; i++) {
      int a = (int) in[0][i];
      int b = (int) in[1][i];
      assertEquals(Halves.F16.fma(a, one, b), (int) sum[i]);
      assertEquals(Halves.F16.product(a, b), (int) product[i]);
    }
    assertTrue(one == 0x3c00);
  }
}
