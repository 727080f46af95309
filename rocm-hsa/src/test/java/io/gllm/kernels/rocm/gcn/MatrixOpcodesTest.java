package io.gllm.kernels.rocm.gcn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Products of matrices. The places of elements are written down from the tables of the instruction set documents (CDNA2 and 3,
 * sections on matrix arithmetic; RDNA3 and 4, sections on wave matrix operations): half {@code h} of A or B, register {@code r} of D, in some lane.
 */
class MatrixOpcodesTest {
  /** What these tests show to work. */
  static final Set<String> OPCODES = Set.of("v_mfma_f32_16x16x4_f32", "v_mfma_f32_16x16x16_f16", "v_mfma_f32_16x16x16_bf16",
      "v_wmma_f32_16x16x16_f16",
      "v_wmma_f32_16x16x16_bf16", "ds_bpermute_b32");
  private static final int N = 16;

  /** One instruction: 16 words for A, 16 for B and 16 for C of each lane, of which it takes as many as it wants. */
  private static int[] run(String chip, String instruction, int[] words, long exec) {
    int lanes = Chip.of(chip).lanes();
    StringBuilder text = new StringBuilder("s_load_b128 s[4:7], s[0:1], 0x0\nv_mul_u32_u24 v1, 0xc0, v0\ns_waitcnt lgkmcnt(0)\n");
    for (int i = 0; i < 48; i += 4) {
      text.append("global_load_b128 v[%d:%d], v1, s[6:7] offset:%d%n".formatted(4 + i, 7 + i, 4 * i));
    }
    text.append("s_waitcnt vmcnt(0)\n");
    if (exec != -1) {
      text.append(lanes == 64 ? "s_mov_b64 exec, " : "s_mov_b32 exec_lo, ").append(exec).append('\n');
    }
    text.append(instruction).append("\nv_lshlrev_b32 v1, 5, v0\nglobal_store_b128 v1, v[36:39], s[4:5]\n")
        .append("global_store_b128 v1, v[40:43], s[4:5] offset:16\ns_endpgm\n");
    Program p = new Program(chip);
    long out = p.words(new int[8 * lanes]);
    boolean gfx12 = Chip.of(chip).generation() == 12;
    String code = text.toString();
    if (gfx12) {
      code = code.replace("waitcnt lgkmcnt(0)", "wait_kmcnt 0x0").replace("waitcnt vmcnt(0)", "wait_loadcnt 0x0");
    }
    p.run(code, 1, lanes, out, p.words(words));
    return p.read(out, 8 * lanes);
  }

  private static String instruction(String chip, String type) {
    return switch (chip) {
      case "gfx90a" -> "v_mfma_f32_16x16x16" + (type.equals("f16") ? "f16" : "bf16_1k") + " v[36:39], v[4:5], v[20:21], v[36:39]";
      case "gfx942" -> "v_mfma_f32_16x16x16_" + type + " v[36:39], v[4:5], v[20:21], v[36:39]";
      case "gfx1201" -> "v_wmma_f32_16x16x16_" + type + " v[36:43], v[4:7], v[20:23], v[36:43]";
      default -> "v_wmma_f32_16x16x16_" + type + " v[36:43], v[4:11], v[20:27], v[36:43]";
    };
  }

  private static void put(int[] words, int lane, int base, int half, int bits) {
    words[48 * lane + base + half / 2] |= bits << half % 2 * 16;
  }

  private static int bits(String type, float value) {
    return type.equals("f16") ? Float.floatToFloat16(value) & 0xffff : Float.floatToRawIntBits(value) >>> 16;
  }

  /** A[row][k] = 3 and B[k][column] = 5 alone: D[row][column] is 15 more than C. */
  @ParameterizedTest
  @CsvSource(textBlock = """
      gfx90a,  0,  0,  0,   '0,0 0,0 0,0'
      gfx90a,  3,  6,  9,  '19,2 25,2 9,3'
      gfx90a,  5, 15,  2,  '53,3 50,3 18,1'
      gfx90a, 15,  8, 12,  '47,0 44,0 60,3'
      gfx1100, 0,  0,  0,   '0,0 0,0 0,0'
      gfx1100, 3,  6,  9,   '3,6 9,6 25,1'
      gfx1100, 5, 15,  2,   '5,15 2,15 18,2'
      gfx942,  5, 15,  2, '53,3 50,3 18,1'
      gfx1201, 3,  6,  9, '3,6 9,6 9,3'
      gfx1201, 9, 13,  2, '25,5 18,5 18,1'
      gfx1100,14,  8, 12,  '14,8 12,8 12,7'
      """)
  void elementsLieInTheLanesThatTheDocumentsSay(String chip, int row, int k, int column, String places) {
    place(chip, "f16", places);
    place(chip, "bf16", places);
  }

  private static void place(String chip, String type, String places) {
    String[] at = places.trim().split("\\s+");
    int lanes = Chip.of(chip).lanes();
    int[] words = new int[48 * lanes];
    for (int operand = 0; operand < 2; operand++) {
      int lane = Integer.parseInt(at[operand].split(",")[0]);
      int half = Integer.parseInt(at[operand].split(",")[1]);
      put(words, lane, 16 * operand, half, bits(type, operand == 0 ? 3 : 5));
      if (chip.equals("gfx1100")) {
        put(words, lane + 16, 16 * operand, half, bits(type, operand == 0 ? 3 : 5));
      }
    }
    int[] got = run(chip, instruction(chip, type), words, -1);
    int result = Integer.parseInt(at[2].split(",")[0]) * 8 + Integer.parseInt(at[2].split(",")[1]);
    int[] expected = new int[got.length];
    expected[result] = Float.floatToRawIntBits(15);
    for (int i = 0; i < got.length; i++) {
      boolean written = lanes == 32 || i % 8 < 4;
      assertEquals(written ? expected[i] : 0, got[i], "lane " + i / 8 + " register " + i % 8);
    }
  }

  /** Of small integers: exact in any order of sums. */
  @ParameterizedTest
  @CsvSource({"gfx90a,f16", "gfx90a,bf16", "gfx1100,f16", "gfx1100,bf16"})
  void productsAreThoseOfMatrices(String chip, String type) {
    Random random = new Random(3);
    int lanes = Chip.of(chip).lanes();
    int[][] a = new int[N][N];
    int[][] b = new int[N][N];
    int[] words = new int[48 * lanes];
    for (int i = 0; i < N * N; i++) {
      a[i / N][i % N] = random.nextInt(17) - 8;
      b[i / N][i % N] = random.nextInt(17) - 8;
    }
    for (int lane = 0; lane < lanes; lane++) {
      for (int half = 0; half < (lanes == 64 ? 4 : 16); half++) {
        int k = lanes == 64 ? lane / 16 * 4 + half : half;
        put(words, lane, 0, half, bits(type, a[lane % 16][k]));
        put(words, lane, 16, half, bits(type, b[k][lane % 16]));
      }
      for (int r = 0; r < 8; r++) {
        words[48 * lane + 32 + r] = Float.floatToRawIntBits(100 * lane + r);
      }
    }
    int[] got = run(chip, instruction(chip, type), words, -1);
    List<String> wrong = new ArrayList<>();
    for (int lane = 0; lane < lanes; lane++) {
      for (int r = 0; r < (lanes == 64 ? 4 : 8); r++) {
        int row = lanes == 64 ? lane / 16 * 4 + r : 2 * r + lane / 16;
        float sum = 100 * lane + r;
        for (int k = 0; k < N; k++) {
          sum += a[row][k] * b[k][lane % 16];
        }
        if (Float.intBitsToFloat(got[8 * lane + r]) != sum) {
          wrong.add(lane + "," + r);
        }
      }
    }
    assertEquals(List.of(), wrong);
  }

  @Test
  void theSumsMayBeginWithAConstant() {
    int[] words = new int[48 * 64];
    put(words, 7, 0, 0, bits("f16", 2));
    put(words, 4, 16, 0, bits("f16", 2));
    int[] got = run("gfx90a", "v_mfma_f32_16x16x16f16 v[36:39], v[4:5], v[20:21], 1.0", words, -1);
    assertEquals(5f, Float.intBitsToFloat(got[(4 + 16) * 8 + 3]));
    assertEquals(1f, Float.intBitsToFloat(got[0]));
  }

  /** As ROCm's documents say of MI200; later chips and RDNA3 keep them. */
  @ParameterizedTest
  @CsvSource({"gfx90a,0", "gfx942,0x1p-20", "gfx1100,0x1p-20"})
  void subnormalOperandsAreZeroOnOneChip(String chip, String expected) {
    int lanes = Chip.of(chip).lanes();
    int[] words = new int[48 * lanes];
    for (int copy = 0; copy < (lanes == 64 ? 16 : 32); copy += 16) {
      put(words, copy, 0, 0, bits("f16", 0x1p-20f));
      put(words, copy, 16, 0, bits("f16", 1));
    }
    assertEquals(Float.parseFloat(expected), Float.intBitsToFloat(run(chip, instruction(chip, "f16"), words, -1)[0]));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gfx90a", "gfx1100"})
  void lanesThatDoNotExecuteAreReported(String chip) {
    int[] words = new int[48 * 64];
    String message = assertThrows(GcnFault.class, () -> run(chip, instruction(chip, "f16"), words, 7)).getMessage();
    assertTrue(message.contains("thread 3: does not execute, which a product of matrices needs"), message);
  }

  @Test
  void bothHalvesOfAWaveHaveTheSameRowsOnRdna3() {
    int[] words = new int[48 * 32];
    put(words, 2, 0, 3, bits("f16", 1));
    String message = assertThrows(GcnFault.class, () -> run("gfx1100", instruction("gfx1100", "f16"), words, -1)).getMessage();
    assertTrue(message.contains("thread 18: has another row of a matrix than the lane 16 below it"), message);
  }

  /** Numbers of f32, four of k: A[3][2] lies in lane 35, B[2][9] in lane 41, D[3][9] in register 3 of lane 9; subnormal ones count. */
  @Test
  void thereIsOneForF32() {
    int[] words = new int[48 * 64];
    words[48 * 35] = Float.floatToRawIntBits(0x1p-130f);
    words[48 * 41 + 16] = Float.floatToRawIntBits(5);
    int[] got = run("gfx90a", "v_mfma_f32_16x16x4f32 v[36:39], v4, v20, v[36:39]", words, -1);
    assertEquals(5 * 0x1p-130f, Float.intBitsToFloat(got[8 * 9 + 3]));
    got[8 * 9 + 3] = 0;
    assertEquals(List.of(0), Arrays.stream(got).distinct().boxed().toList());
  }

  /** Lane l receives what lane 5 l + 1 has, 4 bytes on. */
  @ParameterizedTest
  @ValueSource(strings = {"gfx90a", "gfx1100"})
  void lanesReceiveWhatOthersHave(String chip) {
    int lanes = Chip.of(chip).lanes();
    int[] got = run(chip, "v_mul_u32_u24 v2, 20, v0\nv_add_nc_u32 v3, 0x64, v0\nds_bpermute_b32 v36, v2, v3 offset:4\ns_waitcnt lgkmcnt(0)",
        new int[48 * lanes], -1);
    for (int lane = 0; lane < lanes; lane++) {
      assertEquals(100 + (5 * lane + 1) % lanes, got[8 * lane], "lane " + lane);
    }
  }

  @Test
  void aLaneThatDoesNotExecuteHasNothing() {
    String text = "v_mov_b32 v2, 16\ns_mov_b64 exec, 3\nds_bpermute_b32 v36, v2, v0\ns_waitcnt lgkmcnt(0)";
    String message = assertThrows(GcnFault.class, () -> run("gfx90a", text, new int[48 * 64], -1)).getMessage();
    assertTrue(message.contains("stores a value that nothing has written"), message);
  }
}
