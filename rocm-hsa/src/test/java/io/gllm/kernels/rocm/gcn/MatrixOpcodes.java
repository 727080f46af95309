package io.gllm.kernels.rocm.gcn;

import static java.lang.Float.floatToRawIntBits;
import static java.lang.Float.intBitsToFloat;

import java.util.Map;

/**
 * Products of matrices of 16 x 16, spread over the lanes of a wave as the instruction sets of MI200 and RDNA3 say: D = A B + C, with
 * sums in f32 in the order of k (that of hardware is its own).
 *
 * <pre>
 * v_mfma  lane l has A[l % 16][4 (l / 16) + 0..3], B[the same][l % 16] and D[4 (l / 16) + 0..3][l % 16]
 * v_wmma  lane l has A[l % 16][0..15], as lane l - 16 does, B[0..15][l % 16] likewise, and D[2 i + l / 16][l % 16] in register i
 * </pre>
 *
 * Lanes that do not execute would give what no document says. MI200 takes subnormal 16-bit operands for zero.
 */
final class MatrixOpcodes {
  private static final int N = 16;

  /** The number in 16 bits. */
  private interface Numbers {
    float of(int bits);
  }

  private MatrixOpcodes() {}

  static void addTo(Map<String, Decode> table) {
    table.put("v_mfma_f32_16x16x16_f16", o -> mfma(o, MatrixOpcodes::half));
    table.put("v_mfma_f32_16x16x16_bf16", o -> mfma(o, MatrixOpcodes::bfloat));
    table.put("v_wmma_f32_16x16x16_f16", o -> wmma(o, MatrixOpcodes::half));
    table.put("v_wmma_f32_16x16x16_bf16", o -> wmma(o, MatrixOpcodes::bfloat));
  }

  private static float half(int bits) {
    return Float.float16ToFloat((short) bits);
  }

  private static float bfloat(int bits) {
    return intBitsToFloat(bits << 16);
  }

  private static Op mfma(Operands o, Numbers numbers) {
    Numbers flushed = bits -> {
      float value = numbers.of(bits);
      boolean subnormal = numbers.of(0x3c00) == 1f ? (bits & 0x7c00) == 0 : (bits & 0x7f80) == 0;
      return subnormal ? Math.copySign(0f, value) : value;
    };
    return new Product(o, 2, 4, 4, o.chip.name().equals("gfx90a") ? flushed : numbers);
  }

  private static Op wmma(Operands o, Numbers numbers) {
    if (o.chip.generation() != 11) {
      throw new GcnFault("is not modelled on " + o.chip.name());
    }
    return new Product(o, 8, 8, 1, numbers);
  }

  private static final class Product extends Op {
    private final int result;
    private final int a;
    private final int b;
    /** The first register of C, or the row of a constant. */
    private final int c;
    private final boolean constant;
    private final int words;
    private final int sums;
    private final boolean shared;
    private final Numbers numbers;
    private final float[] x = new float[N * N];
    private final float[] y = new float[N * N];
    private final float[] z = new float[N * N];

    /** With {@code words} registers for A and for B, {@code sums} for C and D; k is shared among {@code parts} lanes. */
    Product(Operands o, int words, int sums, int parts, Numbers numbers) {
      this.words = words;
      this.sums = sums;
      this.shared = parts > 1;
      this.numbers = numbers;
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
        for (int k = 0; k < N; k++) {
          float factor = x[i * N + k];
          for (int j = 0; j < N; j++) {
            z[i * N + j] += factor * y[j * N + k];
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
      return i % N + (shared ? row / 4 : row % 2) * N;
    }

    private int register(int i) {
      int row = i / N;
      return shared ? row % 4 : row / 2;
    }

    /** Rows of A, or columns of B. */
    private void load(Wave w, int first, float[] to) {
      for (int l = 0; l < w.lanes; l++) {
        for (int e = 0; e < 2 * words; e++) {
          int bits = w.v[first + e / 2][l] >>> e % 2 * 16 & 0xffff;
          if (!shared && l >= N) {
            require(bits == (w.v[first + e / 2][l - N] >>> e % 2 * 16 & 0xffff), l);
          }
          to[l % N * N + (shared ? l / N * 4 : 0) + e] = numbers.of(bits);
        }
      }
    }

    private static void require(boolean condition, int lane) {
      if (!condition) {
        throw new LaneFault(lane, "has another row of a matrix than the lane 16 below it");
      }
    }
  }
}
