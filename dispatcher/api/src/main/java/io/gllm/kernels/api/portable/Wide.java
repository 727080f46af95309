package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Cast;

/**
 * The detour through f32 for 16-bit operands that do not fall on whole words: rows of odd length, or a start in the middle of a word.
 * Threads of portable kernels own whole words of their output. Kernels compute in f32 and round at the end, so the bits are the same.
 * The detour allocates a view for each operand; nothing that a model does needs it.
 */
final class Wide {
  private final Launcher launcher;
  private final Cast.Kernel widen;
  private final Cast.Kernel narrow;

  /** For operands of {@code type}; nothing is prepared for f32. */
  Wide(Launcher launcher, ElementType type) {
    this.launcher = launcher;
    this.widen = type == DType.F32 ? null : new PortableCast(launcher, type);
    this.narrow = type == DType.F32 ? null : new PortableCast(launcher, DType.F32);
  }

  /** Whether rows of {@code cols} elements of the buffer do not start at whole words. */
  static boolean needed(Buffer buffer, long cols) {
    return splitsWord(buffer) || buffer.type() != DType.F32 && cols % 2 != 0;
  }

  /** Whether the buffer is of 16 bits and starts in the middle of a word. */
  static boolean splitsWord(Buffer buffer) {
    return buffer.type() != DType.F32 && (buffer.byteOffset() & 3) != 0;
  }

  /** Scratch memory for n numbers. */
  Buffer scratch(int number, long n) {
    return launcher.scratch(number, n * 4).as(DType.F32).slice(0, n);
  }

  /** The first n elements as f32, in scratch memory; an operand that is f32 already comes back as it is. */
  Buffer widen(int number, Buffer buffer, long n) {
    if (buffer.type() == DType.F32) {
      return buffer;
    }
    Buffer wide = scratch(number, n);
    widen.run(buffer, wide, n);
    return wide;
  }

  /** Rounds n numbers into an operand. */
  void narrow(Buffer wide, Buffer out, long n) {
    narrow.run(wide, out, n);
  }
}
