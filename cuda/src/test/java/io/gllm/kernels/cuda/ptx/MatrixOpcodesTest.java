package io.gllm.kernels.cuda.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * {@code mma.sync} and {@code ldmatrix}: the fragments as the PTX manual lists them, element by element, with small integers as
 * values so that every sum is exact.
 */
class MatrixOpcodesTest {
  /** Where element i of lane's fragment lies. */
  private interface Place {
    int of(int group, int thread, int i);
  }

  /** The shape of an instruction: elements of A and B in a lane, their bits, and the manual's formulas. */
  private record Shape(String name, int k, int bits, int countA, int countB, Place rowA, Place columnA, Place rowB) {}

  private static final Place LOW_ROWS = (g, t, i) -> i < 2 || i >= 4 && i < 6 ? g : g + 8;
  private static final Shape K16 = new Shape("m16n8k16", 16, 16, 8, 4, LOW_ROWS, (g, t, i) -> t * 2 + (i & 1) + (i >= 4 ? 8 : 0),
      (g, t, i) -> t * 2 + (i & 1) + (i >= 2 ? 8 : 0));
  private static final Shape K8 = new Shape("m16n8k8", 8, 16, 4, 2, (g, t, i) -> i < 2 ? g : g + 8, (g, t, i) -> t * 2 + (i & 1),
      (g, t, i) -> t * 2 + i);
  private static final Shape TF32 = new Shape("m16n8k8", 8, 32, 4, 2, (g, t, i) -> i == 0 || i == 2 ? g : g + 8,
      (g, t, i) -> i < 2 ? t : t + 4, (g, t, i) -> i == 0 ? t : t + 4);
  private static final Shape K32 = new Shape("m16n8k32", 32, 8, 16, 8, (g, t, i) -> i < 4 || i >= 8 && i < 12 ? g : g + 8,
      (g, t, i) -> t * 4 + (i & 3) + (i < 8 ? 0 : 16), (g, t, i) -> t * 4 + (i & 3) + (i < 4 ? 0 : 16));

  private static final Shape K16_BYTES = new Shape("m16n8k16", 16, 8, 8, 4, (g, t, i) -> i < 4 ? g : g + 8, (g, t, i) -> t * 4 + (i & 3),
      (g, t, i) -> t * 4 + i);
  private static final Shape K4 = new Shape("m16n8k4", 4, 32, 2, 1, (g, t, i) -> i == 0 ? g : g + 8, (g, t, i) -> t, (g, t, i) -> t);

  private interface Encoding {
    int of(int value);
  }

  @Test
  void halvesMultiply() {
    for (Shape s : new Shape[]{K16, K8}) {
      check(s, "f32.f16.f16.f32", v -> Float.floatToFloat16(v) & 0xffff, true, -8, 8, -8, 8);
      check(s, "f32.bf16.bf16.f32", v -> Float.floatToRawIntBits(v) >>> 16, true, -8, 8, -8, 8);
    }
    for (Shape s : new Shape[]{TF32, K4}) {
      check(s, "f32.tf32.tf32.f32", v -> Float.floatToRawIntBits(v) | 0xfff, true, 1, 8, 1, 8);
    }
  }

  @Test
  void bytesMultiply() {
    for (Shape s : new Shape[]{K32, K16_BYTES}) {
      check(s, "s32.s8.s8.s32", v -> v & 255, false, -128, 127, -128, 127);
      check(s, "s32.u8.u8.s32", v -> v & 255, false, 0, 255, 0, 255);
      check(s, "s32.s8.u8.s32", v -> v & 255, false, -128, 127, 0, 255);
      check(s, "s32.u8.s8.s32", v -> v & 255, false, 0, 255, -128, 127);
    }
  }

  private static void check(Shape s, String types, Encoding encoding, boolean floats, int leastA, int mostA, int leastB, int mostB) {
    Random random = new Random(3);
    int[][] a = new int[16][s.k];
    int[][] b = new int[s.k][8];
    int[][] c = new int[16][8];
    fill(a, random, leastA, mostA);
    fill(b, random, leastB, mostB);
    fill(c, random, -1000, 1000);
    int regsA = s.countA * s.bits / 32;
    int regsB = s.countB * s.bits / 32;
    int[] fragA = new int[32 * regsA];
    int[] fragB = new int[32 * regsB];
    int[] fragC = new int[128];
    for (int lane = 0; lane < 32; lane++) {
      int g = lane >> 2;
      int t = lane % 4;
      for (int i = 0; i < s.countA; i++) {
        put(fragA, lane * regsA, i, s.bits, encoding.of(a[s.rowA.of(g, t, i)][s.columnA.of(g, t, i)]));
      }
      for (int i = 0; i < s.countB; i++) {
        put(fragB, lane * regsB, i, s.bits, encoding.of(b[s.rowB.of(g, t, i)][g]));
      }
      for (int i = 0; i < 4; i++) {
        int v = c[i < 2 ? g : g + 8][t * 2 + (i & 1)];
        fragC[4 * lane + i] = floats ? Float.floatToRawIntBits(v) : v;
      }
    }
    int[] got = multiply(s, types, regsA, regsB, fragA, fragB, fragC);
    for (int lane = 0; lane < 32; lane++) {
      for (int i = 0; i < 4; i++) {
        int row = lane / 4 + (i < 2 ? 0 : 8);
        int column = lane % 4 * 2 + (i & 1);
        int sum = c[row][column];
        for (int k = 0; k < s.k; k++) {
          sum += a[row][k] * b[k][column];
        }
        int bits = got[4 * lane + i];
        assertEquals(sum, floats ? (int) Float.intBitsToFloat(bits) : bits, types + " row " + row + " column " + column);
      }
    }
  }

  private static void fill(int[][] matrix, Random random, int least, int most) {
    for (int[] row : matrix) {
      Arrays.setAll(row, i -> random.nextInt(least, most + 1));
    }
  }

  private static void put(int[] words, int from, int i, int bits, int value) {
    words[from + i * bits / 32] |= value << i * bits % 32;
  }

  private static String list(String prefix, int from, int n) {
    StringBuilder s = new StringBuilder("{");
    for (int i = 0; i < n; i++) {
      s.append(i == 0 ? "" : ", ").append(prefix).append(from + i);
    }
    return s + "}";
  }

  private static int[] multiply(Shape s, String types, int regsA, int regsB, int[] a, int[] b, int[] c) {
    StringBuilder code = new StringBuilder();
    int[] counts = {regsA, regsB, 4};
    for (int i = 0; i < 3; i++) {
      code.append("mul.wide.u32 %l9, %r0, ").append(4 * counts[i]).append(";\nadd.u64 %l10, %l9, %l").append(i).append(";\n");
      for (int r = 0; r < counts[i]; r++) {
        code.append("ld.global.u32 %r").append(10 + 4 * i + r).append(", [%l10+").append(4 * r).append("];\n");
      }
    }
    code.append("mma.sync.aligned.").append(s.name).append(".row.col.").append(types).append(" ").append(list("%r", 1, 4)).append(", ")
        .append(list("%r", 10, regsA)).append(", ").append(list("%r", 14, regsB)).append(", ").append(list("%r", 18, 4))
        .append(";\nadd.u64 %l10, %l9, %l3;\nst.global.v4.u32 [%l10], ").append(list("%r", 1, 4)).append(";\n");
    Program p = Program.of(4, code.toString());
    long out = p.words(new int[128]);
    p.run("k", 1, 32, p.words(a), p.words(b), p.words(c), out);
    return p.read(out, 128);
  }

  /** Each lane writes its 16 bytes of four 8 x 8 matrices to shared memory, row after row, and takes its part back. */
  @Test
  void matricesAreSpreadOverTheLanes() {
    for (boolean transposed : new boolean[]{false, true}) {
      int[] got = loadMatrix("x4" + (transposed ? ".trans" : "") + ".shared.b16 {%r10, %r11, %r12, %r13}, [%r2];");
      for (int lane = 0; lane < 32; lane++) {
        for (int m = 0; m < 4; m++) {
          int row = lane / 4;
          int column = lane % 4 * 2;
          int first = 64 * m + (transposed ? 8 * column + row : 8 * row + column);
          int second = first + (transposed ? 8 : 1);
          assertEquals(second << 16 | first, got[4 * lane + m], "lane " + lane + " matrix " + m);
        }
      }
    }
  }

  private static int[] loadMatrix(String load) {
    Program p = Program.of(2, """
        mul.wide.u32 %l9, %r0, 16;
        add.u64 %l10, %l0, %l9;
        ld.global.v4.u32 {%r4, %r5, %r6, %r7}, [%l10];
        mov.u32 %r1, buffer;
        shl.b32 %r3, %r0, 4;
        add.u32 %r2, %r1, %r3;
        st.shared.v4.u32 [%r2], {%r4, %r5, %r6, %r7};
        bar.warp.sync -1;
        mov.u32 %r13, 0;
        mov.u32 %r12, 0;
        mov.u32 %r11, 0;
        ldmatrix.sync.aligned.m8n8.""" + load + """

        add.u64 %l10, %l1, %l9;
        st.global.v4.u32 [%l10], {%r10, %r11, %r12, %r13};
        """);
    int[] in = new int[128];
    Arrays.setAll(in, i -> 2 * i + 1 << 16 | 2 * i);
    long out = p.words(new int[128]);
    p.run("k", 1, 32, p.words(in), out);
    return p.read(out, 128);
  }

  @Test
  void oneMatrixTakesTheAddressesOfEightLanes() {
    int[] got = loadMatrix("x1.shared.b16 {%r10}, [%r2];");
    assertEquals(8 * 5 + 3 << 16 | 8 * 5 + 2, got[4 * (5 * 4 + 1)]);
  }

  @Test
  void aRowThatIsNotAlignedIsRefused() {
    String message = assertThrows(PtxFault.class, () -> loadMatrix("x1.shared.b16 {%r10}, [%r2+8];")).getMessage();
    assertTrue(message.contains("misaligned: 16 bytes"), message);
  }

  @Test
  void aLaneThatIsMissingIsReported() {
    Program p = Program.of(0, "setp.ne.u32 %p0, %r0, 3;\nmov.u32 %r1, 0;\n@%p0 mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 "
        + "{%r1, %r2, %r3, %r4}, {%r1, %r1}, {%r1}, {%r1, %r1, %r1, %r1};");
    String message = assertThrows(PtxFault.class, () -> p.run("k", 1, 32)).getMessage();
    assertTrue(message.contains("thread (3,0,0): is not among the lanes 0xfffffff7"), message);
  }
}
