package io.gllm.kernels.metal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.Rejection;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The few messages to Metal that describe a device. {@code objc_msgSend} is called with the exact signature of each method, never
 * as a variadic function, whose convention differs on arm64. Failures are {@link BackendUnavailableException}.
 */
final class MetalRuntime {
  private static final long FAMILY_APPLE_7 = 1007;
  private static final long FAMILY_METAL_3 = 5001;
  private static final int NAME_BYTES = 256;

  private final SymbolLookup symbols;

  MetalRuntime(SymbolLookup symbols) {
    this.symbols = symbols;
  }

  /** The default device by name, families and memory that it may use without being slow. */
  String describeDevice() {
    MemorySegment pool = (MemorySegment) call(ADDRESS, "objc_autoreleasePoolPush");
    try {
      MemorySegment device = (MemorySegment) call(ADDRESS, "MTLCreateSystemDefaultDevice");
      if (device.address() == 0) {
        throw failure("no-device", "MTLCreateSystemDefaultDevice gave no device", "run in a login session of a Mac with a Metal GPU");
      }
      try {
        return describe(device);
      } finally {
        send(null, device, "release");
      }
    } finally {
      call(null, "objc_autoreleasePoolPop", pool);
    }
  }

  private String describe(MemorySegment device) {
    MemorySegment text = (MemorySegment) send(ADDRESS, (MemorySegment) send(ADDRESS, device, "name"), "UTF8String");
    String name = text.address() == 0 ? "unnamed device" : text.reinterpret(NAME_BYTES).getString(0);
    List<String> families = new ArrayList<>();
    if (supports(device, FAMILY_APPLE_7)) {
      families.add("Apple7");
    }
    if (supports(device, FAMILY_METAL_3)) {
      families.add("Metal3");
    }
    long memory = (long) send(JAVA_LONG, device, "recommendedMaxWorkingSetSize");
    return String.format(Locale.ROOT, "%s (families: %s, %.1f GiB)", name, families.isEmpty() ? "older" : String.join(", ", families),
        memory / (double) (1L << 30));
  }

  private boolean supports(MemorySegment device, long family) {
    return (byte) send(JAVA_BYTE, device, "supportsFamily:", family) != 0;
  }

  /** Sends a message; a message to nil gives zero. */
  private Object send(MemoryLayout result, MemorySegment receiver, String selector, Object... arguments) {
    try (Arena arena = Arena.ofConfined()) {
      List<Object> all = new ArrayList<>(List.of(receiver, call(ADDRESS, "sel_registerName", arena.allocateFrom(selector))));
      all.addAll(List.of(arguments));
      return call(result, "objc_msgSend", all.toArray());
    }
  }

  /**
   * Calls a function with long and pointer arguments. Boxes and binds on every call: for probes only, never for kernels.
   *
   * @param result the layout of the result, or null if there is none
   */
  private Object call(MemoryLayout result, String function, Object... arguments) {
    MemorySegment address = symbols.find(function)
        .orElseThrow(() -> failure("missing-symbol", "Metal has no function " + function, "use macOS 13 or later"));
    MemoryLayout[] layouts = Arrays.stream(arguments).map(a -> a instanceof Long ? JAVA_LONG : ADDRESS).toArray(MemoryLayout[]::new);
    FunctionDescriptor descriptor = result == null ? FunctionDescriptor.ofVoid(layouts) : FunctionDescriptor.of(result, layouts);
    try {
      return Linker.nativeLinker().downcallHandle(address, descriptor).invokeWithArguments(arguments);
    } catch (Throwable t) {
      throw new AssertionError(function, t); // a downcall throws only if its arguments do not match the descriptor above
    }
  }

  private static BackendUnavailableException failure(String code, String seen, String fix) {
    return new BackendUnavailableException("metal", new Rejection(code, seen, fix));
  }
}
