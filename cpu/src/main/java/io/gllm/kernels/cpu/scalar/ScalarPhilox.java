package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.cpu.CpuContext;

/** The counter-based generator Philox4x32-10 (Salmon et al., 2011). */
final class ScalarPhilox implements Sampling.Philox {
  private static final int MULTIPLIER_0 = 0xD2511F53;
  private static final int MULTIPLIER_1 = 0xCD9E8D57;
  private static final int WEYL_0 = 0x9E3779B9;
  private static final int WEYL_1 = 0xBB67AE85;

  private final int[] words = new int[4];

  ScalarPhilox(CpuContext context, ElementType type) {}

  @Override
  public void run(Buffer out, long n, int row, int step, long key) {
    for (long i = 0; i < n; i++) {
      if (i % 4 == 0) {
        generate(words, (int) (i / 4), row, step, key);
      }
      Elements.i32(out.segment(), i, words[(int) (i % 4)]);
    }
  }

  /** Four words at counter (c0, c1, c2, 0). */
  static void generate(int[] out, int c0, int c1, int c2, long key) {
    int c3 = 0;
    int k0 = (int) key;
    int k1 = (int) (key >>> 32);
    for (int round = 0; round < 10; round++) {
      long p0 = (MULTIPLIER_0 & 0xffffffffL) * (c0 & 0xffffffffL);
      long p1 = (MULTIPLIER_1 & 0xffffffffL) * (c2 & 0xffffffffL);
      c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      c1 = (int) p1;
      c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c3 = (int) p0;
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
  }
}
