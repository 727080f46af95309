package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.KernelException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;

/**
 * Puts machine code into memory that is first writable and then executable, never both. The memory stays until the process
 * ends.
 *
 * <p>macOS on arm64 goes the same way as Linux: the java launcher may run unsigned executable memory. MAP_JIT memory is no choice
 * here, because switching its write protection switches the whole thread, and then the thread cannot execute the code cache of the
 * JVM from which it was called.
 */
abstract sealed class ExecutableMemory permits ExecutableMemory.Posix, ExecutableMemory.Windows {
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

  /** The way of this operating system. */
  static ExecutableMemory ofThisSystem() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    return os.startsWith("windows") ? new Windows() : new Posix(os.startsWith("mac"));
  }

  /**
   * The code, ready to be called.
   *
   * @throws KernelException if the system refuses
   */
  abstract MemorySegment map(byte[] code);

  static MethodHandle function(SymbolLookup symbols, String name, FunctionDescriptor type) {
    MemorySegment address = symbols.find(name).orElseThrow(() -> new KernelException("the system has no function " + name));
    return Linker.nativeLinker().downcallHandle(address, type);
  }

  private static MemorySegment filled(long address, byte[] code) {
    MemorySegment segment = MemorySegment.ofAddress(address).reinterpret(code.length);
    segment.copyFrom(MemorySegment.ofArray(code));
    return segment;
  }

  private static RuntimeException failure(Throwable t) {
    return t instanceof RuntimeException e ? e : new KernelException("calling the system failed", t);
  }

  /** mmap and mprotect, on Linux and macOS. */
  static final class Posix extends ExecutableMemory {
    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int EXECUTE = 4;
    private static final int PRIVATE = 2;

    private final boolean mac;

    Posix(boolean mac) {
      this.mac = mac;
    }

    @Override
    MemorySegment map(byte[] code) {
      SymbolLookup libc = Linker.nativeLinker().defaultLookup();
      FunctionDescriptor mmapType = FunctionDescriptor.of(LONG, LONG, LONG, INT, INT, INT, LONG);
      MethodHandle mmap = function(libc, "mmap", mmapType);
      MethodHandle mprotect = function(libc, "mprotect", FunctionDescriptor.of(INT, LONG, LONG, INT));
      int anonymous = mac ? 0x1000 : 0x20;
      try {
        long address = (long) mmap.invokeExact(0L, (long) code.length, READ | WRITE, PRIVATE | anonymous, -1, 0L);
        if (address == -1) {
          throw new KernelException("mmap gave no memory for " + code.length + " bytes of code");
        }
        MemorySegment segment = filled(address, code);
        if ((int) mprotect.invokeExact(address, (long) code.length, READ | EXECUTE) != 0) {
          throw new KernelException("mprotect refused to make memory executable");
        }
        if (mac) {
          flush(libc, address, code.length);
        }
        return segment; // Linux makes the instruction cache coherent when a page becomes executable for the first time
      } catch (Throwable t) {
        throw failure(t);
      }
    }

    private static void flush(SymbolLookup libc, long address, long bytes) throws Throwable {
      function(libc, "sys_icache_invalidate", FunctionDescriptor.ofVoid(LONG, LONG)).invokeExact(address, bytes);
    }
  }

  /** VirtualAlloc and VirtualProtect. */
  static final class Windows extends ExecutableMemory {
    private static final int COMMIT_RESERVE = 0x3000;
    private static final int READ_WRITE = 0x04;
    private static final int EXECUTE_READ = 0x20;

    @Override
    MemorySegment map(byte[] code) {
      SymbolLookup kernel32 = SymbolLookup.libraryLookup("kernel32", Arena.global());
      MethodHandle allocate = function(kernel32, "VirtualAlloc", FunctionDescriptor.of(LONG, LONG, LONG, INT, INT));
      MethodHandle protect = function(kernel32, "VirtualProtect", FunctionDescriptor.of(INT, LONG, LONG, INT, ValueLayout.ADDRESS));
      MethodHandle process = function(kernel32, "GetCurrentProcess", FunctionDescriptor.of(LONG));
      MethodHandle flush = function(kernel32, "FlushInstructionCache", FunctionDescriptor.of(INT, LONG, LONG, LONG));
      try (Arena arena = Arena.ofConfined()) {
        long address = (long) allocate.invokeExact(0L, (long) code.length, COMMIT_RESERVE, READ_WRITE);
        if (address == 0) {
          throw new KernelException("VirtualAlloc gave no memory for " + code.length + " bytes of code");
        }
        MemorySegment segment = filled(address, code);
        if ((int) protect.invokeExact(address, (long) code.length, EXECUTE_READ, arena.allocate(INT)) == 0) {
          throw new KernelException("VirtualProtect refused to make memory executable");
        }
        int ignored = (int) flush.invokeExact((long) process.invokeExact(), address, (long) code.length);
        return segment;
      } catch (Throwable t) {
        throw failure(t);
      }
    }
  }
}
