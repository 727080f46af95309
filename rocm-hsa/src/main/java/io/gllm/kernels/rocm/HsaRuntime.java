package io.gllm.kernels.rocm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.Rejection;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The few functions of the HSA runtime that describe devices. Each is looked up when it is called, so that a runtime that lacks
 * one says which. Agents and instruction sets are structs of one 64-bit handle, which the System V convention passes as a long.
 * Failures are {@link BackendUnavailableException} with the runtime's code and words.
 */
final class HsaRuntime {
  private static final int OUT_OF_RESOURCES = 0x1008;
  private static final int AGENT_NAME = 0;
  private static final int AGENT_DEVICE_TYPE = 17;
  private static final int AGENT_PRODUCT_NAME = 0xA009;
  private static final int DEVICE_TYPE_GPU = 1;
  private static final int ISA_NAME_LENGTH = 0;
  private static final int ISA_NAME = 1;
  private static final int NAME_BYTES = 64;
  private static final int MAX_ISA_NAME_BYTES = 4096;
  private static final int MAX_WORDS_BYTES = 1024;

  private final String library;
  private final SymbolLookup symbols;

  HsaRuntime(String library, SymbolLookup symbols) {
    this.library = library;
    this.symbols = symbols;
  }

  /** Starts the runtime, describes each GPU by product name and instruction sets, and stops the runtime; never empty. */
  List<String> describeDevices() {
    check("hsa_init", call("hsa_init"));
    try (Arena arena = Arena.ofConfined()) {
      List<String> devices = new ArrayList<>();
      for (long agent : handles(arena, "hsa_iterate_agents")) {
        if (number(arena, "hsa_agent_get_info", agent, AGENT_DEVICE_TYPE) == DEVICE_TYPE_GPU) {
          devices.add(describe(arena, agent));
        }
      }
      if (devices.isEmpty()) {
        throw failure("no-device", "the HSA runtime runs but reports no GPU", "check ROCR_VISIBLE_DEVICES and rocminfo");
      }
      return devices;
    } finally {
      call("hsa_shut_down");
    }
  }

  private String describe(Arena arena, long agent) {
    String isas = handles(arena, "hsa_agent_iterate_isas", agent).stream().map(isa -> isaName(arena, isa))
        .collect(Collectors.joining(", "));
    return agentText(arena, agent, AGENT_PRODUCT_NAME) + " (" + agentText(arena, agent, AGENT_NAME) + ": " + isas + ")";
  }

  private String agentText(Arena arena, long agent, int attribute) {
    MemorySegment text = arena.allocate(NAME_BYTES + 1); // a name of full length has no zero byte of its own
    check("hsa_agent_get_info", call("hsa_agent_get_info", agent, attribute, text));
    return text.getString(0);
  }

  private String isaName(Arena arena, long isa) {
    int length = Math.clamp(number(arena, "hsa_isa_get_info_alt", isa, ISA_NAME_LENGTH), 0, MAX_ISA_NAME_BYTES);
    MemorySegment text = arena.allocate(length + 1);
    check("hsa_isa_get_info_alt", call("hsa_isa_get_info_alt", isa, ISA_NAME, text));
    return text.getString(0, StandardCharsets.US_ASCII);
  }

  private int number(Arena arena, String function, long handle, int attribute) {
    MemorySegment out = arena.allocate(JAVA_LONG);
    check(function, call(function, handle, attribute, out));
    return out.get(JAVA_INT, 0);
  }

  /** Calls a function that hands handles to a callback one by one, and gathers them. */
  private List<Long> handles(Arena arena, String function, Object... arguments) {
    List<Long> found = new ArrayList<>();
    MethodHandle add;
    try {
      add = MethodHandles.lookup().findStatic(HsaRuntime.class, "add", MethodType.methodType(int.class, List.class, long.class,
          MemorySegment.class)).bindTo(found);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
    FunctionDescriptor descriptor = FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS);
    List<Object> all = new ArrayList<>(List.of(arguments));
    all.add(Linker.nativeLinker().upcallStub(add, descriptor, arena));
    all.add(MemorySegment.NULL);
    check(function, call(function, all.toArray()));
    return found;
  }

  /** The callback; must not throw, since native code cannot unwind. */
  private static int add(List<Long> found, long handle, MemorySegment data) {
    found.add(handle);
    return 0;
  }

  private void check(String function, int result) {
    if (result == OUT_OF_RESOURCES) {
      throw failure("no-device", function + " answered " + explain(result) + ", which means that there is no usable AMD GPU",
          "check that the GPU is visible to this process (rocminfo, ROCR_VISIBLE_DEVICES, container settings)");
    }
    if (result != 0) {
      throw failure("driver-error", function + " answered " + explain(result), "check rocminfo and the kernel log (dmesg)");
    }
  }

  /** The code and, if the runtime has them, its own words. */
  private String explain(int result) {
    String code = "0x" + Integer.toHexString(result);
    if (symbols.find("hsa_status_string").isEmpty()) {
      return code;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ADDRESS);
      boolean known = call("hsa_status_string", result, out) == 0 && out.get(JAVA_LONG, 0) != 0;
      return known ? code + ": " + out.get(ADDRESS, 0).reinterpret(MAX_WORDS_BYTES).getString(0) : code;
    }
  }

  /** Calls a function with int, long and pointer arguments. Boxes and binds on every call: for probes only, never for kernels. */
  private int call(String function, Object... arguments) {
    MemorySegment address = symbols.find(function).orElseThrow(() -> failure("missing-symbol", library + " has no function " + function,
        "update the HSA runtime"));
    MemoryLayout[] layouts = Arrays.stream(arguments).map(HsaRuntime::layout).toArray(MemoryLayout[]::new);
    try {
      return (int) Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(JAVA_INT, layouts)).invokeWithArguments(arguments);
    } catch (Throwable t) {
      throw new AssertionError(function, t); // a downcall throws only if its arguments do not match the descriptor above
    }
  }

  private static MemoryLayout layout(Object argument) {
    return switch (argument) {
      case Integer _ -> JAVA_INT;
      case Long _ -> JAVA_LONG;
      default -> ADDRESS;
    };
  }

  private static BackendUnavailableException failure(String code, String seen, String fix) {
    return new BackendUnavailableException("rocm", new Rejection(code, seen, fix));
  }
}
