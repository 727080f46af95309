package io.gllm.kernels.rocm.gcn;

import static java.lang.Float.floatToRawIntBits;
import static java.lang.Float.intBitsToFloat;

import java.util.Map;

/**
 * Products of matrices of 16 rows and columns, spread over the lanes of a wave as the instruction sets of MI200, MI300, RDNA3 and RDNA4
 * say: D = A B + C, with sums in f32 in the order of k (that of hardware is its own).
 *
 * <pre>
 * v_mfma 16x16x16  lane l has A[l % 16][4 (l / 16) + 0..3], B[the same][l % 16] and D[4 (l / 16) + r][l % 16] in register r
 * v_mfma 16x16x4   the same with one number of f32: A[l % 16][l / 16]
 * v_wmma, RDNA3    lane l has A[l % 16][0..15], as lane l - 16 does, B[0..15][l % 16] likewise, and D[2 r + l / 16][l % 16]
 * v_wmma, RDNA4    lane l has A[l % 16][8 (l / 16) + 0..7], B likewise, and D[8 (l / 16) + r][l % 16]
 * </pre>
 *
 * Lanes that do not execute would give what no document says. MI200 takes subnormal 16-bit operands for zero.
 */
final class MatrixOpcodes {
  private static final int N = 16;

  /** The number in bits. */
  private interface Numbers {
    float of(int bits);
  }

  private MatrixOpcodes() {}

  static void addTo(Map<String, Decode> table) {
    table.put("v_mfma_f32_16x16x4_f32", o -> new Product(o, 1, 1, 4, Float::intBitsToFloat));
    table.put("v_mfma_f32_16x16x16_f16", o -> new Product(o, 2, 2, 4, flushed(o, MatrixOpcodes::half, 0x7c00)));
    table.put("v_mfma_f32_16x16x16_bf16", o -> new Product(o, 2, 2, 4, flushed(o, MatrixOpcodes::bfloat, 0x7f80)));
    table.put("v_wmma_f32_16x16x16_f16", o -> new Product(o, o.chip.generation() == 12 ? 4 : 8, 2, 8, MatrixOpcodes::half));
    table.put("v_wmma_f32_16x16x16_bf16", o -> new Product(o, o.chip.generation() == 12 ? 4 : 8, 2, 8, MatrixOpcodes::bfloat));
  }

  private static float half(int bits) {
    return Float.float16ToFloat((short) bits);
  }

  private static float bfloat(int bits) {
    return intBitsToFloat(bits << 16);
  }

  private static Numbers flushed(Operands o, Numbers numbers, int exponent) {
    return o.chip.name().equals("gfx90a") ? bits -> (bits & exponent) == 0 ? 0 : numbers.of(bits) : numbers;
  }

  private static final class Product extends Op {
    private final int result;
    private final int a;
    private final int b;
    /** The first register of C, or the row of a constant. */
    private final int c;
    private final boolean constant;
    private final int words;
    /** Numbers in a word. */
    private final int inWord;
    private final int sums;
    private final int k;
    /** Whether both halves of a wave have whole rows, and every other row of the result. */
    private final boolean doubled;
    private final Numbers numbers;
    private final float[] x;
    private final float[] y;
    private final float[] z = new float[N * N];

    /** With {@code words} registers for A and for B, {@code sums} for C and D. */
    Product(Operands o, int words, int inWord, int sums, Numbers numbers) {
      this.words = words;
      this.inWord = inWord;
      this.sums = sums;
      this.numbers = numbers;
      doubled = words == 8;
      k = doubled ? N : words * inWord * o.chip.lanes() / N;
      x = new float[N * k];
      y = new float[N * k];
      result = o.result(0, sums);
      a = o.vectors(1, words);
      b = o.vectors(2, words);
      constant = !o.isRegister(3);
      c = constant ? o.source(3).row : o.vectors(3, sums);
    }

    @Override
    void run(Wave w) {
      if (w.exec() != w.all) {
        throw new LaneFault(Long.numberOfTrailingZeros(~w.exec()), "does not execute, which a product of matrices needs");
      }
      load(w, a, x);
      load(w, b, y);
      long known = known(w, a, words) & known(w, b, words) & known(w, c, constant ? 1 : sums);
      for (int i = 0; i < N * N; i++) {
        z[i] = intBitsToFloat(w.v[constant ? c : c + register(i)][lane(i)]);
      }
      for (int i = 0; i < N; i++) {
        for (int e = 0; e < k; e++) {
          float factor = x[i * k + e];
          for (int j = 0; j < N; j++) {
            z[i * N + j] += factor * y[j * k + e];
          }
        }
      }
      for (int i = 0; i < N * N; i++) {
        w.v[result + register(i)][lane(i)] = floatToRawIntBits(z[i]);
      }
      for (int i = 0; i < sums; i++) {
        w.wrote(result + i, known);
      }
    }

    private static long known(Wave w, int first, int n) {
      for (int i = first; i < first + n; i++) {
        if ((w.vectorKnown[i] & w.all) != w.all) {
          return 0;
        }
      }
      return -1;
    }

    /** The lane of element {@code i} of D, which counts rows of 16. */
    private int lane(int i) {
      int row = i / N;
      return i % N + (doubled ? row % 2 : row / sums) * N;
    }

    private int register(int i) {
      int row = i / N;
      return doubled ? row / 2 : row % sums;
    }

    /** Rows of A, or columns of B. */
    private void load(Wave w, int first, float[] to) {
      for (int l = 0; l < w.lanes; l++) {
        int at = l % N * k + (doubled ? 0 : l / N * words * inWord);
        for (int i = 0; i < words; i++) {
          int word = w.v[first + i][l];
          if (doubled && l >= N && word != w.v[first + i][l - N]) {
            throw new LaneFault(l, "has another row of a matrix than the lane 16 below it");
          }
          if (inWord == 1) {
            to[at + i] = numbers.of(word);
          } else {
            to[at + 2 * i] = numbers.of(word & 0xffff);
            to[at + 2 * i + 1] = numbers.of(word >>> 16);
          }
        }
      }
    }
  }
}
