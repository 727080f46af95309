package io.gllm.kernels.metal;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.spi.Rejection;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The messages that this backend sends to Metal. {@code objc_msgSend} is called with the exact signature of each method, never as a
 * variadic function, whose convention differs on arm64. Objects are their addresses, which costs no allocation; 0 is nil. Callers check
 * every size and index first: an exception of Objective-C would end the process. What {@code new...} gives is owned by the caller, all
 * else belongs to the pool around the call.
 */
final class MetalCalls {
  /** Three long numbers passed by value: the sizes of a dispatch. */
  static final StructLayout SIZE = MemoryLayout.structLayout(JAVA_LONG, JAVA_LONG, JAVA_LONG);
  /** Status of a command buffer that ran without an error. */
  static final long COMPLETED = 4;

  private static final long SHARED_STORAGE = 0;
  private static final int MAX_TEXT = 4096;
  private static final Linker LINKER = Linker.nativeLinker();

  private final SymbolLookup symbols;
  private final MethodHandle poolPush;
  private final MethodHandle poolPop;
  private final MethodHandle systemDevice;
  private final MethodHandle createData;
  private final MethodHandle releaseData;
  private final MethodHandle send;
  private final MethodHandle sendOne;
  private final MethodHandle sendTwo;
  private final MethodHandle sendFour;
  private final MethodHandle sendForSeconds;
  private final MethodHandle ask;
  private final MethodHandle tell;
  private final MethodHandle tellOne;
  private final MethodHandle tellThree;
  private final MethodHandle tellSizes;
  private final Selectors selectors;
  private final long stringClass;
  private final long pageSize;

  /**
   * Finds all functions and selectors.
   *
   * @throws BackendUnavailableException naming a function that is missing
   */
  MetalCalls(SymbolLookup symbols) {
    this.symbols = symbols;
    poolPush = function("objc_autoreleasePoolPush", JAVA_LONG);
    poolPop = function("objc_autoreleasePoolPop", null, JAVA_LONG);
    systemDevice = function("MTLCreateSystemDefaultDevice", JAVA_LONG);
    createData = function("dispatch_data_create", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    releaseData = function("dispatch_release", null, JAVA_LONG);
    send = message(JAVA_LONG);
    sendOne = message(JAVA_LONG, JAVA_LONG);
    sendTwo = message(JAVA_LONG, JAVA_LONG, JAVA_LONG);
    sendFour = message(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    sendForSeconds = message(JAVA_DOUBLE);
    ask = message(JAVA_BYTE, JAVA_LONG);
    tell = message(null);
    tellOne = message(null, JAVA_LONG);
    tellThree = message(null, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    tellSizes = message(null, SIZE, SIZE);
    MethodHandle register = function("sel_registerName", JAVA_LONG, JAVA_LONG);
    selectors = new Selectors(name -> byName(register, name));
    stringClass = byName(function("objc_getClass", JAVA_LONG, JAVA_LONG), "NSString");
    pageSize = pageSize(function("getpagesize", JAVA_INT));
  }

  private MethodHandle function(String name, MemoryLayout result, MemoryLayout... arguments) {
    MemorySegment address = symbols.find(name).orElseThrow(() -> new BackendUnavailableException("metal",
        new Rejection("missing-symbol", "Metal has no function " + name, "use macOS 13 or later")));
    return LINKER.downcallHandle(address,
        result == null ? FunctionDescriptor.ofVoid(arguments) : FunctionDescriptor.of(result, arguments));
  }

  private MethodHandle message(MemoryLayout result, MemoryLayout... arguments) {
    MemoryLayout[] all = new MemoryLayout[arguments.length + 2];
    all[0] = JAVA_LONG;
    all[1] = JAVA_LONG;
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return function("objc_msgSend", result, all);
  }

  /** A selector of 0 would end the process when it is sent. */
  private static long byName(MethodHandle handle, String name) {
    long found;
    try (Arena arena = Arena.ofConfined()) {
      found = (long) handle.invokeExact(arena.allocateFrom(name).address());
    } catch (Throwable t) {
      throw broken(t);
    }
    if (found == 0) {
      throw new BackendUnavailableException("metal",
          new Rejection("missing-symbol", "the Objective-C runtime does not know " + name, "use macOS 13 or later"));
    }
    return found;
  }

  private static long pageSize(MethodHandle function) {
    try {
      return (int) function.invokeExact();
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  /** A downcall throws only if its arguments do not match its descriptor. */
  private static AssertionError broken(Throwable t) {
    return new AssertionError("a call of Metal", t);
  }

  /** Opens an autorelease pool on this thread. */
  long push() {
    try {
      return (long) poolPush.invokeExact();
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  /** Closes a pool on the thread that opened it. */
  void pop(long pool) {
    try {
      poolPop.invokeExact(pool);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  /** The default device, owned by the caller, or nil. */
  long systemDevice() {
    try {
      return (long) systemDevice.invokeExact();
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  private long get(long object, long selector) {
    try {
      return (long) send.invokeExact(object, selector);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  private long get(long object, long selector, long argument) {
    try {
      return (long) sendOne.invokeExact(object, selector, argument);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  private long get(long object, long selector, long first, long second) {
    try {
      return (long) sendTwo.invokeExact(object, selector, first, second);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  private void tell(long object, long selector) {
    try {
      tell.invokeExact(object, selector);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  private void tell(long object, long selector, long first, long second, long third) {
    try {
      tellThree.invokeExact(object, selector, first, second, third);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  private String text(long string) {
    long characters = string == 0 ? 0 : get(string, selectors.utf8String);
    return characters == 0 ? "" : MemorySegment.ofAddress(characters).reinterpret(MAX_TEXT).getString(0);
  }

  private String description(long error) {
    String text = error == 0 ? "" : text(get(error, selectors.localizedDescription));
    return text.isEmpty() ? "Metal gave no reason" : text;
  }

  String name(long device) {
    return text(get(device, selectors.name));
  }

  boolean supports(long device, long family) {
    try {
      return (byte) ask.invokeExact(device, selectors.supportsFamily, family) != 0;
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  /** Bytes that the device may use without being slow. */
  long workingSet(long device) {
    return get(device, selectors.recommendedMaxWorkingSetSize);
  }

  long maxBufferLength(long device) {
    return get(device, selectors.maxBufferLength);
  }

  /**
   * A library of kernels, owned by the caller.
   *
   * @throws KernelException with Metal's words if it refuses
   */
  long newLibrary(long device, byte[] bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      long data = (long) createData.invokeExact(copy.address(), copy.byteSize(), 0L, 0L); // no destructor: the bytes are copied
      if (data == 0) {
        throw new KernelException("no memory for a library of " + bytes.length + " bytes");
      }
      try {
        MemorySegment error = arena.allocate(JAVA_LONG);
        long library = get(device, selectors.newLibraryWithData, data, error.address());
        if (library == 0) {
          throw new KernelException("Metal refuses the library of kernels: " + description(error.get(JAVA_LONG, 0)));
        }
        return library;
      } finally {
        releaseData.invokeExact(data);
      }
    } catch (KernelException e) {
      throw e;
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  /** A function of a library, owned by the caller, or nil. */
  long newFunction(long library, String name) {
    try (Arena arena = Arena.ofConfined()) {
      long string = get(stringClass, selectors.stringWithUtf8String, arena.allocateFrom(name).address());
      return string == 0 ? 0 : get(library, selectors.newFunctionWithName, string);
    }
  }

  /**
   * The compiled form of a function, owned by the caller.
   *
   * @throws KernelException with Metal's words if it refuses
   */
  long newPipeline(long device, long function) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment error = arena.allocate(JAVA_LONG);
      long pipeline = get(device, selectors.newComputePipelineState, function, error.address());
      if (pipeline == 0) {
        throw new KernelException("Metal cannot compile it for this GPU: " + description(error.get(JAVA_LONG, 0)));
      }
      return pipeline;
    }
  }

  long maxThreads(long pipeline) {
    return get(pipeline, selectors.maxTotalThreadsPerThreadgroup);
  }

  long simdWidth(long pipeline) {
    return get(pipeline, selectors.threadExecutionWidth);
  }

  /** A queue, owned by the caller, or nil. */
  long newQueue(long device) {
    return get(device, selectors.newCommandQueue);
  }

  /** Memory that processor and GPU share, owned by the caller, or nil; {@code bytes} is above zero and at most the device's limit. */
  long newBuffer(long device, long bytes) {
    return get(device, selectors.newBufferWithLength, bytes, SHARED_STORAGE);
  }

  /** Bytes of a page of memory, a power of two. */
  long pageSize() {
    return pageSize;
  }

  /** Whole pages of the processor's memory as a buffer, owned by the caller, or nil; nothing is freed with it. */
  long newBufferOver(long device, long address, long bytes) {
    try {
      return (long) sendFour.invokeExact(device, selectors.newBufferWithBytesNoCopy, address, bytes, SHARED_STORAGE, 0L);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  /** The first byte of a buffer as the processor sees it. */
  long contents(long buffer) {
    return get(buffer, selectors.contents);
  }

  /** A command buffer of the pool, or nil; it retains what its commands use. */
  long commandBuffer(long queue) {
    return get(queue, selectors.commandBuffer);
  }

  /** The encoder, of the pool, whose dispatches run one after the other; or nil. */
  long encoder(long commands) {
    return get(commands, selectors.computeCommandEncoder);
  }

  void setPipeline(long encoder, long pipeline) {
    try {
      tellOne.invokeExact(encoder, selectors.setComputePipelineState, pipeline);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  void setBuffer(long encoder, long buffer, long offset, int index) {
    tell(encoder, selectors.setBuffer, buffer, offset, index);
  }

  /** Copies at most 4096 bytes. */
  void setBytes(long encoder, long address, long bytes, int index) {
    tell(encoder, selectors.setBytes, address, bytes, index);
  }

  /** Groups of the grid and threads of a group, both of layout {@link #SIZE} and above zero. */
  void dispatch(long encoder, MemorySegment groups, MemorySegment threads) {
    try {
      tellSizes.invokeExact(encoder, selectors.dispatchThreadgroups, groups, threads);
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  void endEncoding(long encoder) {
    tell(encoder, selectors.endEncoding);
  }

  void commit(long commands) {
    tell(commands, selectors.commit);
  }

  void await(long commands) {
    tell(commands, selectors.waitUntilCompleted);
  }

  /** {@link #COMPLETED}, or another number after an error. */
  long status(long commands) {
    return get(commands, selectors.status);
  }

  /** How long the GPU worked on a command buffer that has completed; 0 if Metal does not know. */
  long gpuNanos(long commands) {
    try {
      double start = (double) sendForSeconds.invokeExact(commands, selectors.gpuStartTime);
      double end = (double) sendForSeconds.invokeExact(commands, selectors.gpuEndTime);
      return start > 0 && end > start ? (long) ((end - start) * 1e9) : 0;
    } catch (Throwable t) {
      throw broken(t);
    }
  }

  /** Why a command buffer failed. */
  String failure(long commands) {
    return description(get(commands, selectors.error));
  }

  void retain(long object) {
    get(object, selectors.retain); // answers the object itself
  }

  void release(long object) {
    tell(object, selectors.release);
  }
}
