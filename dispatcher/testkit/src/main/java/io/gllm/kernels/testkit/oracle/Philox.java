package io.gllm.kernels.testkit.oracle;

/** Philox4x32-10 (Salmon et al., 2011). */
public final class Philox {
  private Philox() {}

  /** Four random words for a counter of four and a key of two words. */
  public static int[] block(int[] counter, int key0, int key1) {
    int[] c = counter.clone();
    for (int round = 0; round < 10; round++) {
      long first = (c[0] & 0xffffffffL) * 0xD2511F53L;
      long second = (c[2] & 0xffffffffL) * 0xCD9E8D57L;
      c = new int[]{(int) (second >>> 32) ^ c[1] ^ key0, (int) second, (int) (first >>> 32) ^ c[3] ^ key1, (int) first};
      key0 += 0x9E3779B9;
      key1 += 0xBB67AE85;
    }
    return c;
  }

  /** What the operator philox stores. */
  public static int[] words(int n, int row, int step, long key) {
    int[] out = new int[n];
    for (int i = 0; i < n; i += 4) {
      int[] four = block(new int[]{i / 4, row, step, 0}, (int) key, (int) (key >>> 32));
      System.arraycopy(four, 0, out, i, Math.min(4, n - i));
    }
    return out;
  }
}
