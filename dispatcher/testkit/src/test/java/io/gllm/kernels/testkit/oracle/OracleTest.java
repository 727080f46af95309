package io.gllm.kernels.testkit.oracle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.DType;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The oracle against sources other than itself. */
class OracleTest {
  @Test
  void philoxGivesTheKnownAnswersOfRandom123() {
    assertArrayEquals(new int[]{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, Philox.block(new int[4], 0, 0));
    assertArrayEquals(new int[]{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, Philox.block(new int[]{-1, -1, -1, -1}, -1, -1));
    assertArrayEquals(new int[]{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
        Philox.block(new int[]{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0));
  }

  /** Values of Abramowitz and Stegun, table 7.1, and of erfc from its asymptotic tables. */
  @Test
  void errorFunctionToFifteenDigits() {
    assertEquals(0.112462916018285, Special.erf(0.1), 1e-15);
    assertEquals(0.520499877813047, Special.erf(0.5), 1e-15);
    assertEquals(0.842700792949715, Special.erf(1), 1e-15);
    assertEquals(0.995322265018953, Special.erf(2), 1e-15);
    assertEquals(-0.999977909503001, Special.erf(-3), 1e-15);
    assertEquals(4.677734981047266e-3, Special.erfc(2), 1e-17);
    assertEquals(2.209049699858544e-5, Special.erfc(3), 1e-19);
    assertEquals(1.537459794428035e-12, Special.erfc(5), 1e-26);
    assertEquals(2.088487583762545e-45, Special.erfc(10), 1e-58);
  }

  @Test
  void halvesAgreeWithThePlatformInBothDirections() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float platform = Float.float16ToFloat((short) bits);
      assertEquals(platform, (float) Floats.fromHalf(bits));
      if (!Float.isNaN(platform)) {
        assertEquals(bits, Floats.toHalf(platform));
      }
    }
    Random random = new Random(1);
    for (int i = 0; i < 2_000_000; i++) {
      float x = Float.intBitsToFloat(random.nextInt());
      if (!Float.isNaN(x)) {
        assertEquals(Float.floatToFloat16(x), (short) Floats.toHalf(x));
      }
    }
  }

  @Test
  void bfloatsRoundToNearestEven() {
    Random random = new Random(2);
    for (int i = 0; i < 1_000_000; i++) {
      int bits = random.nextInt();
      float x = Float.intBitsToFloat(bits);
      if (!Float.isNaN(x)) {
        assertEquals(bits + 0x7fff + (bits >>> 16 & 1) >>> 16, Floats.toBfloat(x));
      }
    }
    assertTrue(Double.isNaN(Floats.round(DType.BF16, Double.NaN)));
    assertEquals(Double.POSITIVE_INFINITY, Floats.round(DType.BF16, Floats.overflow(DType.BF16)));
    assertEquals(0x1.fep127, Floats.round(DType.BF16, Math.nextDown(Floats.overflow(DType.BF16))));
  }

  @Test
  void thePortableExponentialIsCloseToTheRealOne() {
    for (float x = -86.8f; x < 88.7f; x += 0.0137f) {
      assertEquals(1, Sampler.expOf(x) / Math.exp(x), 2 * 0x1p-23, () -> "exp");
    }
    assertEquals(1, Sampler.expOf(0));
    assertEquals(0, Sampler.expOf(-87));
    assertEquals(Float.POSITIVE_INFINITY, Sampler.expOf(89));
  }
}
