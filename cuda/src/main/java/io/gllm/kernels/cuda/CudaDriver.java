package io.gllm.kernels.cuda;

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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The few functions of the CUDA driver that describe devices. Each is looked up when it is called, so that a driver that lacks
 * one says which. Failures are {@link BackendUnavailableException} with the driver's code and words.
 */
final class CudaDriver {
  /** The first driver that reads the kernels: their PTX has version 7.0. */
  static final int OLDEST = 11000;

  private static final int NO_DEVICE = 100;
  private static final int COMPUTE_MODE = 20;
  private static final int COMPUTE_MODE_PROHIBITED = 2;
  private static final int COMPUTE_CAPABILITY_MAJOR = 75;
  private static final int COMPUTE_CAPABILITY_MINOR = 76;
  private static final int NAME_BYTES = 256;

  private final String library;
  private final SymbolLookup symbols;

  CudaDriver(String library, SymbolLookup symbols) {
    this.library = library;
    this.symbols = symbols;
  }

  /** Starts the driver and describes each GPU; never empty. */
  List<CudaGpu> devices() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      int version = number(out, "cuDriverGetVersion", out); // the one function that works before cuInit
      if (version < OLDEST) {
        throw failure("driver-too-old", "the NVIDIA driver is for CUDA " + CudaGpu.version(version) + ", kernels need CUDA "
            + CudaGpu.version(OLDEST), "update the NVIDIA driver to 450 or later");
      }
      check("cuInit", call("cuInit", 0));
      int count = number(out, "cuDeviceGetCount", out);
      List<CudaGpu> devices = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        devices.add(describe(i, version, out, arena.allocate(NAME_BYTES)));
      }
      if (devices.isEmpty()) {
        throw failure("no-device", "the NVIDIA driver runs but reports no GPU", "check CUDA_VISIBLE_DEVICES and nvidia-smi");
      }
      return devices;
    }
  }

  /** Throws if one of {@code functions} is missing: JCuda binds lazily, and a call of a missing one would end the process. */
  void require(List<String> functions) {
    functions.forEach(this::address);
  }

  /** Whether the driver has all of {@code functions}. */
  boolean has(List<String> functions) {
    return functions.stream().allMatch(function -> symbols.find(function).isPresent());
  }

  private CudaGpu describe(int index, int version, MemorySegment out, MemorySegment name) {
    int device = number(out, "cuDeviceGet", out, index);
    check("cuDeviceGetName", call("cuDeviceGetName", name, NAME_BYTES, device));
    int major = number(out, "cuDeviceGetAttribute", out, COMPUTE_CAPABILITY_MAJOR, device);
    int minor = number(out, "cuDeviceGetAttribute", out, COMPUTE_CAPABILITY_MINOR, device);
    int mode = number(out, "cuDeviceGetAttribute", out, COMPUTE_MODE, device);
    check("cuDeviceTotalMem_v2", call("cuDeviceTotalMem_v2", out, device));
    long memory = out.get(JAVA_LONG, 0);
    return new CudaGpu(index, name.getString(0), major, minor, memory, version, mode == COMPUTE_MODE_PROHIBITED);
  }

  /** Calls a function that writes an int to {@code out}. */
  private int number(MemorySegment out, String function, Object... arguments) {
    check(function, call(function, arguments));
    return out.get(JAVA_INT, 0);
  }

  private void check(String function, int result) {
    if (result == NO_DEVICE) {
      throw failure("no-device", function + " answered " + explain(result),
          "check that the GPU is visible to this process (nvidia-smi, CUDA_VISIBLE_DEVICES, container settings)");
    }
    if (result != 0) {
      throw failure("driver-error", function + " answered " + explain(result),
          "check nvidia-smi; after an update of the driver restart the machine");
    }
  }

  /** The driver's own name and words for a result; the number alone if it has none. */
  private String explain(int result) {
    return result + text("cuGetErrorName", result).map(name -> " (" + name + ")").orElse("")
        + text("cuGetErrorString", result).map(words -> ": " + words).orElse("");
  }

  private Optional<String> text(String function, int result) {
    if (symbols.find(function).isEmpty()) {
      return Optional.empty();
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ADDRESS);
      if (call(function, result, out) != 0) {
        return Optional.empty();
      }
      MemorySegment text = out.get(ADDRESS, 0);
      return text.equals(MemorySegment.NULL) ? Optional.empty() : Optional.of(text.reinterpret(NAME_BYTES).getString(0));
    }
  }

  private MemorySegment address(String function) {
    return symbols.find(function).orElseThrow(() -> failure("missing-symbol", library + " has no function " + function,
        "update the NVIDIA driver"));
  }

  /** Calls a function with int and pointer arguments. Boxes and binds on every call: for probes only, never for kernels. */
  private int call(String function, Object... arguments) {
    MemoryLayout[] layouts = Arrays.stream(arguments).map(a -> a instanceof Integer ? JAVA_INT : ADDRESS).toArray(MemoryLayout[]::new);
    FunctionDescriptor descriptor = FunctionDescriptor.of(JAVA_INT, layouts);
    MemorySegment address = address(function);
    try {
      return (int) Linker.nativeLinker().downcallHandle(address, descriptor).invokeWithArguments(arguments);
    } catch (Throwable t) {
      throw new AssertionError(function, t); // a downcall throws only if its arguments do not match the descriptor above
    }
  }

  private static BackendUnavailableException failure(String code, String seen, String fix) {
    return new BackendUnavailableException("cuda", new Rejection(code, seen, fix));
  }
}
