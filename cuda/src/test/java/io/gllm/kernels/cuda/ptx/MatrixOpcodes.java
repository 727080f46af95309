package io.gllm.kernels.cuda.ptx;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Map;

/** {@code mma.sync} of 16 x 8 x k, and {@code ldmatrix}, with the fragments of the PTX manual. */
final class MatrixOpcodes {
  /** Element {@code i} of a register. */
  private interface Element {
    double of(int register, int i);
  }

  private static final Map<String, Element> FLOATS = Map.of("f16", (r, i) -> HalfOpcodes.fromHalf(r >>> 16 * i & 0xffff), "bf16",
      (r, i) -> HalfOpcodes.fromBfloat(r >>> 16 * i & 0xffff), "tf32", (r, i) -> Float.intBitsToFloat(r & ~0x1fff));
  private static final Map<String, Element> BYTES = Map.of("s8", (r, i) -> (byte) (r >>> 8 * i), "u8", (r, i) -> r >>> 8 * i & 255);

  private MatrixOpcodes() {}

  static void define(Opcodes t) {
    for (String type : new String[]{"f16", "bf16"}) {
      for (int k : new int[]{8, 16}) {
        floats(t, k, type, 2);
      }
    }
    floats(t, 4, "tf32", 1);
    floats(t, 8, "tf32", 1);
    BYTES.forEach((a, first) -> BYTES.forEach((b, second) -> {
      for (int k : new int[]{16, 32}) {
        t.put("mma.sync.aligned.m16n8k" + k + ".row.col.s32." + a + "." + b + ".s32",
            o -> new Multiply(o, k, 4, first, second, false));
      }
    }));
    for (int count : new int[]{1, 2, 4}) {
      t.put("ldmatrix.sync.aligned.m8n8.x" + count + ".shared.b16", o -> new LoadMatrix(o, count, false));
      t.put("ldmatrix.sync.aligned.m8n8.x" + count + ".trans.shared.b16", o -> new LoadMatrix(o, count, true));
    }
  }

  private static void floats(Opcodes t, int k, String type, int perRegister) {
    String opcode = "mma.sync.aligned.m16n8k" + k + ".row.col.f32." + type + "." + type + ".f32";
    Element e = FLOATS.get(type);
    t.put(opcode, o -> new Multiply(o, k, perRegister, e, e, true));
    t.approximate(opcode);
  }

  /**
   * Row and column of a fragment: lane = 4 g + t. Register i of A holds row g + 8 (i mod 2), columns from 4 e (i / 2) + e t, where
   * e elements fit a register; of B rows from 4 e i + e t, column g; of C row g + 8 (i / 2), column 2 t + i mod 2. The order of
   * a sum is the hardware's own: here it is exact but for one rounding.
   */
  private static final class Multiply extends Step {
    private final int k;
    private final int perRegister;
    private final Element first;
    private final Element second;
    private final boolean floats;
    private final int[] d;
    private final int[] a;
    private final int[] b;
    private final int[] c;

    Multiply(Operands o, int k, int perRegister, Element first, Element second, boolean floats) {
      o.count(4, 4);
      this.k = k;
      this.perRegister = perRegister;
      this.first = first;
      this.second = second;
      this.floats = floats;
      d = o.writeAll(0, 32, 4);
      a = o.readAll(1, 32, 2 * k / (4 * perRegister));
      b = o.readAll(2, 32, k / (4 * perRegister));
      c = o.readAll(3, 32, 4);
    }

    @Override
    void run(Warp w, int mask) {
      WarpOpcodes.whole(mask);
      double[][] left = new double[16][k];
      double[][] right = new double[8][k];
      gather(w, a, 2, first, left);
      gather(w, b, 1, second, right);
      for (int r : c) {
        w.uses(r, mask);
      }
      int[][] result = new int[4][Warp.LANES];
      for (int l = 0; l < Warp.LANES; l++) {
        for (int i = 0; i < 4; i++) {
          double[] row = left[l / 4 + 8 * (i / 2)];
          double[] column = right[l % 4 * 2 + i % 2];
          int start = w.words[c[i]][l];
          result[i][l] = floats ? sum(row, column, Float.intBitsToFloat(start)) : start + (int) dot(row, column);
        }
      }
      for (int i = 0; i < 4; i++) {
        System.arraycopy(result[i], 0, w.words[d[i]], 0, Warp.LANES);
        w.defined[d[i]] = Warp.ALL;
      }
    }

    private void gather(Warp w, int[] registers, int rows, Element element, double[][] matrix) {
      for (int i = 0; i < registers.length; i++) {
        w.uses(registers[i], Warp.ALL);
        int[] words = w.words[registers[i]];
        for (int l = 0; l < Warp.LANES; l++) {
          for (int e = 0; e < perRegister; e++) {
            matrix[l / 4 + 8 * (i % rows)][(i / rows * 4 + l % 4) * perRegister + e] = element.of(words[l], e);
          }
        }
      }
    }

    private static double dot(double[] row, double[] column) {
      double s = 0;
      for (int i = 0; i < row.length; i++) {
        s += row[i] * column[i];
      }
      return s;
    }

    private static int sum(double[] row, double[] column, float start) {
      return FloatOpcodes.bits((float) (start + dot(row, column)));
    }
  }

  /** Lane 8 m + r gives the address of row r of matrix m; lane 4 r + t takes elements 2 t and 2 t + 1 of row r, or of column r. */
  private static final class LoadMatrix extends Step {
    private final int[] targets;
    private final Access access;
    private final boolean transposed;

    LoadMatrix(Operands o, int count, boolean transposed) {
      o.count(2, 2);
      targets = o.writeAll(0, 32, count);
      access = new Access(o, 1, Access.Space.SHARED, 16);
      this.transposed = transposed;
    }

    @Override
    void run(Warp w, int mask) {
      WarpOpcodes.whole(mask);
      long[] rows = new long[8 * targets.length];
      access.begin(w, rows.length == Warp.LANES ? mask : (1 << rows.length) - 1);
      for (int l = 0; l < rows.length; l++) {
        access.read(w, l);
        rows[l] = w.group.offset;
      }
      MemorySegment memory = w.group.shared;
      for (int i = 0; i < targets.length; i++) {
        for (int l = 0; l < Warp.LANES; l++) {
          w.words[targets[i]][l] = transposed
              ? half(memory, rows, i, l, 0) | half(memory, rows, i, l, 1) << 16
              : memory.get(JAVA_INT_UNALIGNED, rows[8 * i + l / 4] + l % 4 * 4);
        }
        w.defined[targets[i]] = Warp.ALL;
      }
    }

    private static int half(MemorySegment memory, long[] rows, int matrix, int lane, int which) {
      return memory.get(JAVA_SHORT_UNALIGNED, rows[8 * matrix + lane % 4 * 2 + which] + lane / 4 * 2) & 0xffff;
    }
  }
}
