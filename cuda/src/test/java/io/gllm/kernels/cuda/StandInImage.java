package io.gllm.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.gllm.kernels.cuda.ptx.PtxEntry;
import io.gllm.kernels.cuda.ptx.PtxParameter;
import java.lang.foreign.MemorySegment;

/** Code and arguments as the stand-in for the driver gets them. */
final class StandInImage {
  private static final int CUDA_ELF = 190;

  private StandInImage() {}

  /** The result of loading machine code: it is looked at, but cannot be run here. */
  static int cubin(MemorySegment head, int sm) {
    int machine = head.get(JAVA_BYTE, 18) & 0xff;
    int flags = head.get(JAVA_INT_UNALIGNED, 48);
    int target = head.get(JAVA_BYTE, 8) >= 8 ? flags >> 8 & 0xff : flags & 0xff;
    if (machine != CUDA_ELF) {
      return StandInResult.INVALID_IMAGE;
    }
    return target / 10 == sm / 10 && target <= sm ? StandInResult.INVALID_IMAGE : StandInResult.NO_BINARY_FOR_GPU;
  }

  /** The parameters of a launch as the kernel sees them; at {@code list} is a pointer to each. */
  static MemorySegment parameters(PtxEntry entry, MemorySegment all, long list) {
    MemorySegment block = MemorySegment.ofArray(new long[(entry.parameterBytes() + 7) / 8]).asSlice(0, entry.parameterBytes());
    int number = 0;
    for (PtxParameter parameter : entry.parameters()) {
      long value = all.get(JAVA_LONG_UNALIGNED, list + 8L * number++);
      MemorySegment.copy(all, value, block, parameter.offset(), parameter.bytes());
    }
    return block;
  }
}
