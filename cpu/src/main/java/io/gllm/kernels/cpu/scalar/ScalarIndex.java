package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import java.lang.foreign.MemorySegment;

/** Checks of indices that come as data: they are verified before any of them is used. */
public final class ScalarIndex {
  private ScalarIndex() {}

  /**
   * Checks that the first {@code count} integers of {@code indices} are in [0, limit).
   *
   * @throws IndexOutOfBoundsException naming the first that is not
   */
  public static void check(String name, Buffer indices, long count, long limit) {
    check(name, indices.segment(), count, limit);
  }

  /** As {@link #check(String, Buffer, long, long)}, for integers in any memory. */
  public static void check(String name, MemorySegment indices, long count, long limit) {
    for (long i = 0; i < count; i++) {
      int v = Elements.i32(indices, i);
      if (v < 0 || v >= limit) {
        throw new IndexOutOfBoundsException(name + " [" + i + "] = " + v + " is not in 0.." + (limit - 1));
      }
    }
  }
}
