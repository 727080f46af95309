package io.gllm.kernels.cpu.machine;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/**
 * Calls of machine code by address. Pointers and sizes are longs, floats come last: which is how entries must be declared,
 * because the calling convention of Windows counts positions. The handles are constants, so that the JIT compiler
 * inlines the transition; each is made when it is first needed.
 *
 * <p>{@code brief} calls skip the transition of the thread state (5 instead of 15 ns), and a safepoint waits for them: only for what
 * returns within some 50 microseconds. {@link #BRIEF_BYTES} is a fair limit for kernels at memory speed.
 */
public final class NativeCall {
  /** What a kernel moves in about 50 microseconds at 10 GB/s. */
  public static final long BRIEF_BYTES = 512 * 1024;

  private NativeCall() {}

  private static MethodHandle handle(MemoryLayout result, int longs, int floats, boolean brief) {
    MemoryLayout[] arguments = new MemoryLayout[longs + floats];
    Arrays.fill(arguments, 0, longs, ValueLayout.JAVA_LONG);
    Arrays.fill(arguments, longs, longs + floats, ValueLayout.JAVA_FLOAT);
    FunctionDescriptor type = result == null ? FunctionDescriptor.ofVoid(arguments) : FunctionDescriptor.of(result, arguments);
    Linker linker = Linker.nativeLinker();
    return brief ? linker.downcallHandle(type, Linker.Option.critical(false)) : linker.downcallHandle(type);
  }

  private static Error failure(Throwable t) {
    return new AssertionError("machine code does not throw", t);
  }

  /** 1 pointer or size. */
  public static void run(MemorySegment code, boolean brief, long a) {
    try {
      if (brief) {
        Longs1.BRIEF.invokeExact(code, a);
      } else {
        Longs1.LASTING.invokeExact(code, a);
      }
    } catch (Throwable t) {
      throw failure(t);
    }
  }

  private static final class Longs1 {
    static final MethodHandle BRIEF = handle(null, 1, 0, true);
    static final MethodHandle LASTING = handle(null, 1, 0, false);
  }

  /** 2 pointers or sizes. */
  public static void run(MemorySegment code, boolean brief, long a, long b) {
    try {
      if (brief) {
        Longs2.BRIEF.invokeExact(code, a, b);
      } else {
        Longs2.LASTING.invokeExact(code, a, b);
      }
    } catch (Throwable t) {
      throw failure(t);
    }
  }

  private static final class Longs2 {
    static final MethodHandle BRIEF = handle(null, 2, 0, true);
    static final MethodHandle LASTING = handle(null, 2, 0, false);
  }

  /** 3 pointers or sizes. */
  public static void run(MemorySegment code, boolean brief, long a, long b, long c) {
    try {
      if (brief) {
        Longs3.BRIEF.invokeExact(code, a, b, c);
      } else {
        Longs3.LASTING.invokeExact(code, a, b, c);
      }
    } catch (Throwable t) {
      throw failure(t);
    }
  }

  private static final class Longs3 {
    static final MethodHandle BRIEF = handle(null, 3, 0, true);
    static final MethodHandle LASTING = handle(null, 3, 0, false);
  }

  /** 4 pointers or sizes. */
  public static void run(MemorySegment code, boolean brief, long a, long b, long c, long d) {
    try {
      if (brief) {
        Longs4.BRIEF.invokeExact(code, a, b, c, d);
      } else {
        Longs4.LASTING.invokeExact(code, a, b, c, d);
      }
    } catch (Throwable t) {
      throw failure(t);
    }
  }

  private static final class Longs4 {
    static final MethodHandle BRIEF = handle(null, 4, 0, true);
    static final MethodHandle LASTING = handle(null, 4, 0, false);
  }

  /** 5 pointers or sizes. */
  public static void run(MemorySegment code, boolean brief, long a, long b, long c, long d, long e) {
    try {
      if (brief) {
        Longs5.BRIEF.invokeExact(code, a, b, c, d, e);
      } else {
        Longs5.LASTING.invokeExact(code, a, b, c, d, e);
      }
    } catch (Throwable t) {
      throw failure(t);
    }
  }

  private static final class Longs5 {
    static final MethodHandle BRIEF = handle(null, 5, 0, true);
    static final MethodHandle LASTING = handle(null, 5, 0, false);
  }

  /** 6 pointers or sizes. */
  public static void run(MemorySegment code, boolean brief, long a, long b, long c, long d, long e, long f) {
    try {
      if (brief) {
        Longs6.BRIEF.invokeExact(code, a, b, c, d, e, f);
      } else {
        Longs6.LASTING.invokeExact(code, a, b, c, d, e, f);
      }
    } catch (Throwable t) {
      throw failure(t);
    }
  }

  private static final class Longs6 {
    static final MethodHandle BRIEF = handle(null, 6, 0, true);
    static final MethodHandle LASTING = handle(null, 6, 0, false);
  }

  /** 7 pointers or sizes. */
  public static void run(MemorySegment code, boolean brief, long a, long b, long c, long d, long e, long f, long g) {
    try {
      if (brief) {
        Longs7.BRIEF.invokeExact(code, a, b, c, d, e, f, g);
      } else {
        Longs7.LASTING.invokeExact(code, a, b, c, d, e, f, g);
      }
    } catch (Throwable t) {
      throw failure(t);
    }
  }

  private static final class Longs7 {
    static final MethodHandle BRIEF = handle(null, 7, 0, true);
    static final MethodHandle LASTING = handle(null, 7, 0, false);
  }

  /** 8 pointers or sizes. */
  public static void run(MemorySegment code, boolean brief, long a, long b, long c, long d, long e, long f, long g, long h) {
    try {
      if (brief) {
        Longs8.BRIEF.invokeExact(code, a, b, c, d, e, f, g, h);
      } else {
        Longs8.LASTING.invokeExact(code, a, b, c, d, e, f, g, h);
      }
    } catch (Throwable t) {
      throw failure(t);
    }
  }

  private static final class Longs8 {
    static final MethodHandle BRIEF = handle(null, 8, 0, true);
    static final MethodHandle LASTING = handle(null, 8, 0, false);
  }

  /** 1 pointer or size and 1 float. */
  public static void run(MemorySegment code, boolean brief, long a, float x) {
    try {
      if (brief) {
        Longs1Floats1.BRIEF.invokeExact(code, a, x);
      } else {
        Longs1Floats1.LASTING.invokeExact(code, a, x);
      }
    } catch (Throwable t) {
      throw failure(t);
    }
  }

  private static final class Longs1Floats1 {
    static final MethodHandle BRIEF = handle(null, 1, 1, true);
    static final MethodHandle LASTING = handle(null, 1, 1, false);
  }

  /** 3 pointers or sizes and 1 float. */
  public static void run(MemorySegment code, boolean brief, long a, long b, long c, float x) {
    try {
      if (brief) {
        Longs3Floats1.BRIEF.invokeExact(code, a, b, c, x);
      } else {
        Longs3Floats1.LASTING.invokeExact(code, a, b, c, x);
      }
    } catch (Throwable t) {
      throw failure(t);
    }
  }

  private static final class Longs3Floats1 {
    static final MethodHandle BRIEF = handle(null, 3, 1, true);
    static final MethodHandle LASTING = handle(null, 3, 1, false);
  }

  /** 5 pointers or sizes and 1 float. */
  public static void run(MemorySegment code, boolean brief, long a, long b, long c, long d, long e, float x) {
    try {
      if (brief) {
        Longs5Floats1.BRIEF.invokeExact(code, a, b, c, d, e, x);
      } else {
        Longs5Floats1.LASTING.invokeExact(code, a, b, c, d, e, x);
      }
    } catch (Throwable t) {
      throw failure(t);
    }
  }

  private static final class Longs5Floats1 {
    static final MethodHandle BRIEF = handle(null, 5, 1, true);
    static final MethodHandle LASTING = handle(null, 5, 1, false);
  }

  /** 6 pointers or sizes and 1 float. */
  public static void run(MemorySegment code, boolean brief, long a, long b, long c, long d, long e, long f, float x) {
    try {
      if (brief) {
        Longs6Floats1.BRIEF.invokeExact(code, a, b, c, d, e, f, x);
      } else {
        Longs6Floats1.LASTING.invokeExact(code, a, b, c, d, e, f, x);
      }
    } catch (Throwable t) {
      throw failure(t);
    }
  }

  private static final class Longs6Floats1 {
    static final MethodHandle BRIEF = handle(null, 6, 1, true);
    static final MethodHandle LASTING = handle(null, 6, 1, false);
  }

  /** 7 pointers or sizes and 1 float. */
  public static void run(MemorySegment code, boolean brief, long a, long b, long c, long d, long e, long f, long g, float x) {
    try {
      if (brief) {
        Longs7Floats1.BRIEF.invokeExact(code, a, b, c, d, e, f, g, x);
      } else {
        Longs7Floats1.LASTING.invokeExact(code, a, b, c, d, e, f, g, x);
      }
    } catch (Throwable t) {
      throw failure(t);
    }
  }

  private static final class Longs7Floats1 {
    static final MethodHandle BRIEF = handle(null, 7, 1, true);
    static final MethodHandle LASTING = handle(null, 7, 1, false);
  }

  /** 2 pointers or sizes, a float back. */
  public static float number(MemorySegment code, boolean brief, long a, long b) {
    try {
      if (brief) {
        return (float) Longs2Float.BRIEF.invokeExact(code, a, b);
      } else {
        return (float) Longs2Float.LASTING.invokeExact(code, a, b);
      }
    } catch (Throwable t) {
      throw failure(t);
    }
  }

  private static final class Longs2Float {
    static final MethodHandle BRIEF = handle(ValueLayout.JAVA_FLOAT, 2, 0, true);
    static final MethodHandle LASTING = handle(ValueLayout.JAVA_FLOAT, 2, 0, false);
  }

  /** 3 pointers or sizes, a float back. */
  public static float number(MemorySegment code, boolean brief, long a, long b, long c) {
    try {
      if (brief) {
        return (float) Longs3Float.BRIEF.invokeExact(code, a, b, c);
      } else {
        return (float) Longs3Float.LASTING.invokeExact(code, a, b, c);
      }
    } catch (Throwable t) {
      throw failure(t);
    }
  }

  private static final class Longs3Float {
    static final MethodHandle BRIEF = handle(ValueLayout.JAVA_FLOAT, 3, 0, true);
    static final MethodHandle LASTING = handle(ValueLayout.JAVA_FLOAT, 3, 0, false);
  }
}
