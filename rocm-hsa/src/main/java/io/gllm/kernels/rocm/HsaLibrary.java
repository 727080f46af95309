package io.gllm.kernels.rocm;

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
import java.util.Map;

/**
 * The functions of the HSA runtime that the backend calls, found by an injected look-up. Pointers, sizes and handles (structs of one
 * 64-bit word, which the calling convention passes as that word) are longs, so that no call puts anything on the heap.
 */
final class HsaLibrary {
  /** Result, then arguments: i for 32 bits, l for 64 bits, v for none. */
  static final Map<String, String> FUNCTIONS = Map.ofEntries(Map.entry("hsa_init", "i"), Map.entry("hsa_shut_down", "i"),
      Map.entry("hsa_iterate_agents", "ill"), Map.entry("hsa_agent_get_info", "ilil"), Map.entry("hsa_agent_iterate_isas", "illl"),
      Map.entry("hsa_isa_get_info_alt", "ilil"), Map.entry("hsa_amd_agent_iterate_memory_pools", "illl"),
      Map.entry("hsa_amd_memory_pool_get_info", "ilil"), Map.entry("hsa_amd_memory_pool_allocate", "illil"),
      Map.entry("hsa_amd_memory_pool_free", "il"), Map.entry("hsa_amd_agents_allow_access", "iilll"),
      Map.entry("hsa_amd_memory_fill", "ilil"), Map.entry("hsa_amd_memory_async_copy", "illlllill"),
      Map.entry("hsa_queue_create", "iliilliil"), Map.entry("hsa_queue_destroy", "il"),
      Map.entry("hsa_queue_add_write_index_relaxed", "lll"), Map.entry("hsa_queue_load_read_index_scacquire", "ll"),
      Map.entry("hsa_signal_create", "ilill"), Map.entry("hsa_signal_destroy", "il"), Map.entry("hsa_signal_store_screlease", "vll"),
      Map.entry("hsa_signal_wait_scacquire", "llilli"), Map.entry("hsa_code_object_reader_create_from_memory", "illl"),
      Map.entry("hsa_code_object_reader_destroy", "il"), Map.entry("hsa_executable_create_alt", "iiill"),
      Map.entry("hsa_executable_load_agent_code_object", "illlll"), Map.entry("hsa_executable_freeze", "ill"),
      Map.entry("hsa_executable_destroy", "il"), Map.entry("hsa_executable_get_symbol_by_name", "illll"),
      Map.entry("hsa_executable_symbol_get_info", "ilil"));

  private final String name;
  private final SymbolLookup symbols;

  /**
   * The library called {@code name}.
   *
   * @throws BackendUnavailableException if it lacks a function
   */
  HsaLibrary(String name, SymbolLookup symbols) {
    this.name = name;
    this.symbols = symbols;
    FUNCTIONS.keySet().stream().sorted().forEach(this::address);
  }

  /** A function of {@link #FUNCTIONS}. */
  MethodHandle function(String function) {
    return handle(address(function), FUNCTIONS.get(function));
  }

  /** Finds words for results, {@code ill}; null if the library has no such function. */
  MethodHandle words() {
    return symbols.find("hsa_status_string").map(address -> handle(address, "iil")).orElse(null);
  }

  private MemorySegment address(String function) {
    return symbols.find(function).orElseThrow(() -> new BackendUnavailableException("rocm",
        new Rejection("missing-symbol", name + " has no function " + function, "update the HSA runtime")));
  }

  private static MethodHandle handle(MemorySegment address, String signature) {
    return Linker.nativeLinker().downcallHandle(address, descriptor(signature));
  }

  private static FunctionDescriptor descriptor(String signature) {
    MemoryLayout[] arguments = signature.chars().skip(1).mapToObj(HsaLibrary::layout).toArray(MemoryLayout[]::new);
    return signature.charAt(0) == 'v'
        ? FunctionDescriptor.ofVoid(arguments)
        : FunctionDescriptor.of(layout(signature.charAt(0)), arguments);
  }

  private static MemoryLayout layout(int letter) {
    return letter == 'i' ? JAVA_INT : JAVA_LONG;
  }

  /** The address of a native function that calls {@code target}, which must not throw, as long as {@code arena} is open. */
  static long callback(MethodHandle target, String signature, Arena arena) {
    return Linker.nativeLinker().upcallStub(target, descriptor(signature), arena).address();
  }

  /** A static method of the class that {@code lookup} sees. */
  static MethodHandle method(MethodHandles.Lookup lookup, String method, MethodType type) {
    try {
      return lookup.findStatic(lookup.lookupClass(), method, type);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }
}
