package io.gllm.kernels.cuda.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The kernel that normalises and multiplies in one, as nvcc compiles it, right and with the known fault: 1/rms in element 0 of the
 * cached input, with a barrier behind it (a wrong result) and without (a race).
 */
class FusedRmsNormTest {
  private static final int ROWS = 3;
  private static final int COLS = 512;
  private static final float EPS = 1e-5f;

  private final byte[] weights = new byte[ROWS * COLS / 256 * 144];
  private final float[] x = new float[COLS];
  private final float[] gamma = new float[COLS];

  FusedRmsNormTest() {
    Random random = new Random(5);
    random.nextBytes(weights);
    for (int block = 0; block < weights.length; block += 144) {
      weights[block] = 0x11;
      weights[block + 1] = 0x20;
      weights[block + 2] = 0x22;
      weights[block + 3] = 0x1c;
    }
    for (int i = 0; i < COLS; i++) {
      x[i] = random.nextFloat() * 2 - 1;
      gamma[i] = random.nextFloat() + 0.5f;
    }
  }

  private static String text(String name) {
    try (InputStream in = FusedRmsNormTest.class.getResourceAsStream(name + ".ptx")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private float[] run(String name) {
    Program p = new Program(text(name));
    int[] words = new int[weights.length / 4];
    ByteBuffer.wrap(weights).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(words);
    long y = p.floats(new float[ROWS]);
    p.run("fused", ROWS, 128, p.words(words), p.floats(x), p.floats(gamma), y, ROWS, COLS, EPS);
    return p.readFloats(y, ROWS);
  }

  /** In double, weight by weight. */
  private double expected(int row) {
    double squares = 0;
    for (float v : x) {
      squares += (double) v * v;
    }
    double dot = 0;
    for (int k = 0; k < COLS; k++) {
      dot += weight(row * COLS / 256 + k / 256, k % 256) * x[k] * gamma[k];
    }
    return dot / Math.sqrt(squares / COLS + EPS);
  }

  private double weight(int block, int i) {
    int at = block * 144;
    int sub = i / 32;
    int q = weights[at + 16 + sub / 2 * 32 + i % 32] >> sub % 2 * 4 & 15;
    return half(at) * six(at + 4, sub, 0) * q - half(at + 2) * six(at + 4, sub, 4);
  }

  private double half(int at) {
    return Float.float16ToFloat((short) (weights[at] & 255 | weights[at + 1] << 8));
  }

  /** Scale (from 0) or minimum (from 4) of a sub-block: 6 bits, of the last four in two places. */
  private int six(int at, int sub, int from) {
    if (sub < 4) {
      return weights[at + sub + from] & 63;
    }
    int low = from == 0 ? weights[at + sub + 4] & 15 : weights[at + sub + 4] >> 4 & 15;
    return low | (weights[at + sub - 4 + from] & 255) >> 6 << 4;
  }

  @Test
  void theKernelWithASlotOfItsOwnIsRight() {
    float[] y = run("fused_rms_norm_q4_k");
    for (int row = 0; row < ROWS; row++) {
      assertEquals(expected(row), y[row], 1e-4 * Math.abs(expected(row)) + 1e-4);
    }
  }

  @Test
  void theFactorOverTheFirstElementGivesWrongResults() {
    float[] y = run("fused_rms_norm_q4_k_slot");
    for (int row = 0; row < ROWS; row++) {
      assertTrue(Math.abs(expected(row) - y[row]) > 1e-2, "row " + row + ": " + y[row] + ", not " + expected(row));
    }
  }

  @Test
  void withoutTheBarrierItIsARace() {
    String message = assertThrows(PtxFault.class, () -> run("fused_rms_norm_q4_k_race")).getMessage();
    assertTrue(message.contains("race: reads what thread 0 wrote, with no barrier between: _ZZ5fusedE6cached+0"), message);
    assertTrue(message.contains("ld.volatile.shared.f32"), message);
  }

  @Test
  void itsBitsAreNotPromised() {
    PtxEntry entry = PtxModule.parse(text("fused_rms_norm_q4_k")).entry("fused");
    assertFalse(entry.irreproducible().isEmpty());
    assertTrue(entry.irreproducible().stream().anyMatch(i -> i.contains("rsqrt.approx.f32")));
    assertTrue(entry.irreproducible().stream().anyMatch(i -> i.contains("mul.f32")));
  }
}
