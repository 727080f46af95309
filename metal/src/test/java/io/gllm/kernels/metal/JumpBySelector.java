package io.gllm.kernels.metal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Machine code of x86-64 that leaves all arguments where they are and jumps to one of two functions, by a mark in the second argument. */
final class JumpBySelector {
  /** Set in a selector whose message gives a double. */
  static final long MARK = 1;

  /** mov rax,plain; mov r11,marked; test sil,1; cmovne rax,r11; jmp rax. */
  private static final byte[] CODE = {0x48, (byte) 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0x49, (byte) 0xbb, 0, 0, 0, 0, 0, 0, 0, 0, 0x40,
    (byte) 0xf6, (byte) 0xc6, 0x01, 0x49, 0x0f, 0x45, (byte) 0xc3, (byte) 0xff, (byte) 0xe0};
  private static final int PLAIN_AT = 2;
  private static final int MARKED_AT = 12;
  private static final int PAGE = 4096;
  private static final int READ_WRITE_EXECUTE = 7;
  private static final int PRIVATE_ANONYMOUS = 0x22;

  private JumpBySelector() {}

  static MemorySegment between(MemorySegment plain, MemorySegment marked) {
    Linker linker = Linker.nativeLinker();
    MethodHandle map = linker.downcallHandle(linker.defaultLookup().findOrThrow("mmap"),
        FunctionDescriptor.of(ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    try {
      MemorySegment page = ((MemorySegment) map.invokeExact(0L, (long) PAGE, READ_WRITE_EXECUTE, PRIVATE_ANONYMOUS, -1, 0L))
          .reinterpret(PAGE);
      MemorySegment.copy(CODE, 0, page, JAVA_BYTE, 0, CODE.length);
      page.set(JAVA_LONG_UNALIGNED, PLAIN_AT, plain.address());
      page.set(JAVA_LONG_UNALIGNED, MARKED_AT, marked.address());
      return page;
    } catch (Throwable t) {
      throw new IllegalStateException("no memory for code", t);
    }
  }
}
