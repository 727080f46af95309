package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.testkit.Mismatch;
import java.util.Arrays;

/** Comparisons of results with each other. */
final class Equal {
  private Equal() {}

  /** Rows of a batch, computed together; the result holds whole rows. */
  interface Batch {
    byte[] run(int from, int count);
  }

  /**
   * Each row has the same bits in batches of every size.
   *
   * @throws Mismatch naming the batch and the row
   */
  static void rows(int total, int[] sizes, Batch batch) {
    byte[] alone = null;
    int rowBytes = 0;
    for (int row = 0; row < total; row++) {
      byte[] one = batch.run(row, 1);
      alone = alone == null ? new byte[one.length * total] : alone;
      rowBytes = one.length;
      System.arraycopy(one, 0, alone, row * rowBytes, rowBytes);
    }
    for (int size : sizes) {
      byte[] together = batch.run(0, size);
      int at = Arrays.mismatch(alone, 0, together.length, together, 0, together.length);
      if (at >= 0) {
        throw new Mismatch("row " + at / rowBytes + " of " + size + " has other bits than alone, at byte " + at % rowBytes);
      }
    }
  }

  static void bytes(String what, byte[] first, byte[] second) {
    if (!Arrays.equals(first, second)) {
      throw new Mismatch(what + " differ at byte " + Arrays.mismatch(first, second));
    }
  }
}
