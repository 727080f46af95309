package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.scalar.ScalarIndex;
import java.lang.foreign.MemorySegment;

/**
 * Indices that come as data, copied before they are checked: machine code does not look at bounds, and another thread may write the
 * caller's buffer between the check and the use.
 */
final class NativeIndices {
  private NativeIndices() {}

  /**
   * Address of a private copy of the first {@code count} integers, all of them in [0, limit).
   *
   * @throws IndexOutOfBoundsException naming the first that is not
   */
  static long checked(CpuContext context, String name, Buffer indices, long count, long limit) {
    MemorySegment copy = context.indices().require(count * Integer.BYTES);
    MemorySegment.copy(indices.segment(), 0, copy, 0, count * Integer.BYTES);
    ScalarIndex.check(name, copy, count, limit);
    return copy.address();
  }
}
