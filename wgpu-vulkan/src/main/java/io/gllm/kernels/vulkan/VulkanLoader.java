package io.gllm.kernels.vulkan;

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
import java.util.Locale;

/**
 * The few functions of the Vulkan loader that describe devices. Each is looked up when it is called, so that a loader that lacks
 * one says which. Structs are written by the offsets of their 64-bit layout. Failures are {@link BackendUnavailableException}
 * with the code's name.
 */
final class VulkanLoader {
  private static final int INCOMPLETE = 5;
  private static final int INCOMPATIBLE_DRIVER = -9;
  private static final int API_VERSION_1_2 = 1 << 22 | 2 << 12;
  private static final int MAX_DEVICES = 64;
  private static final int DEVICE_TYPE_CPU = 4;
  private static final List<String> DEVICE_TYPES = List.of("other", "integrated", "discrete", "virtual", "software");
  private static final int HEAP_DEVICE_LOCAL = 1;

  private static final int APPLICATION_INFO_BYTES = 48;
  private static final int APPLICATION_API_VERSION = 44;
  private static final int INSTANCE_INFO_BYTES = 64;
  private static final int INSTANCE_INFO_TYPE = 1;
  private static final int INSTANCE_APPLICATION = 24;
  private static final int PROPERTIES_BYTES = 824;
  private static final int PROPERTIES_TYPE = 16;
  private static final int PROPERTIES_NAME = 20;
  private static final int MEMORY_BYTES = 520;
  private static final int MEMORY_HEAP_COUNT = 260;
  private static final int MEMORY_HEAPS = 264;
  private static final int HEAP_BYTES = 16;
  private static final int MAX_HEAPS = 16;

  private final String library;
  private final SymbolLookup symbols;

  VulkanLoader(String library, SymbolLookup symbols) {
    this.library = library;
    this.symbols = symbols;
  }

  /** Opens an instance, describes each device by name, kind, memory and Vulkan version, and closes it; never empty. */
  List<String> describeDevices() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment instance = openInstance(arena);
      try {
        List<String> devices = new ArrayList<>();
        for (MemorySegment device : devices(arena, instance)) {
          devices.add(describe(arena, device));
        }
        if (devices.isEmpty()) {
          throw noDevice("vkEnumeratePhysicalDevices gave no device");
        }
        return devices;
      } finally {
        call(false, "vkDestroyInstance", instance, MemorySegment.NULL);
      }
    }
  }

  private MemorySegment openInstance(Arena arena) {
    MemorySegment application = arena.allocate(APPLICATION_INFO_BYTES, Long.BYTES);
    application.set(JAVA_INT, APPLICATION_API_VERSION, API_VERSION_1_2);
    MemorySegment info = arena.allocate(INSTANCE_INFO_BYTES, Long.BYTES);
    info.set(JAVA_INT, 0, INSTANCE_INFO_TYPE);
    info.set(ADDRESS, INSTANCE_APPLICATION, application);
    MemorySegment out = arena.allocate(ADDRESS);
    check("vkCreateInstance", call(true, "vkCreateInstance", info, MemorySegment.NULL, out));
    return out.get(ADDRESS, 0);
  }

  private List<MemorySegment> devices(Arena arena, MemorySegment instance) {
    MemorySegment count = arena.allocateFrom(JAVA_INT, MAX_DEVICES);
    MemorySegment handles = arena.allocate(ADDRESS, MAX_DEVICES);
    int result = call(true, "vkEnumeratePhysicalDevices", instance, count, handles);
    check("vkEnumeratePhysicalDevices", result == INCOMPLETE ? 0 : result);
    List<MemorySegment> devices = new ArrayList<>();
    for (int i = 0; i < Math.clamp(count.get(JAVA_INT, 0), 0, MAX_DEVICES); i++) {
      devices.add(handles.getAtIndex(ADDRESS, i));
    }
    return devices;
  }

  private String describe(Arena arena, MemorySegment device) {
    MemorySegment properties = arena.allocate(PROPERTIES_BYTES, Long.BYTES);
    call(false, "vkGetPhysicalDeviceProperties", device, properties);
    int version = properties.get(JAVA_INT, 0);
    int type = properties.get(JAVA_INT, PROPERTIES_TYPE);
    String kind = DEVICE_TYPES.get(type < 0 || type > DEVICE_TYPE_CPU ? 0 : type);
    return String.format(Locale.ROOT, "%s (%s, %.1f GiB, Vulkan %d.%d)", properties.getString(PROPERTIES_NAME), kind,
        memory(arena, device) / (double) (1L << 30), version >>> 22 & 0x7F, version >>> 12 & 0x3FF);
  }

  /** Bytes of the heaps that are local to the device. */
  private long memory(Arena arena, MemorySegment device) {
    MemorySegment memory = arena.allocate(MEMORY_BYTES, Long.BYTES);
    call(false, "vkGetPhysicalDeviceMemoryProperties", device, memory);
    long bytes = 0;
    for (int i = 0; i < Math.clamp(memory.get(JAVA_INT, MEMORY_HEAP_COUNT), 0, MAX_HEAPS); i++) {
      long heap = MEMORY_HEAPS + (long) i * HEAP_BYTES;
      bytes += (memory.get(JAVA_INT, heap + Long.BYTES) & HEAP_DEVICE_LOCAL) != 0 ? memory.get(JAVA_LONG, heap) : 0;
    }
    return bytes;
  }

  private static void check(String function, int result) {
    if (result == INCOMPATIBLE_DRIVER) {
      throw noDevice(function + " answered -9 (VK_ERROR_INCOMPATIBLE_DRIVER): no driver is installed for a device of this machine");
    }
    if (result != 0) {
      throw failure("driver-error", function + " answered " + result + name(result), "check vulkaninfo, and update the GPU's driver");
    }
  }

  private static String name(int result) {
    return switch (result) {
      case -1 -> " (VK_ERROR_OUT_OF_HOST_MEMORY)";
      case -2 -> " (VK_ERROR_OUT_OF_DEVICE_MEMORY)";
      case -3 -> " (VK_ERROR_INITIALIZATION_FAILED)";
      case -4 -> " (VK_ERROR_DEVICE_LOST)";
      case -6 -> " (VK_ERROR_LAYER_NOT_PRESENT)";
      case -7 -> " (VK_ERROR_EXTENSION_NOT_PRESENT)";
      default -> "";
    };
  }

  /**
   * Calls a function with pointer arguments. Binds on every call: for probes only, never for kernels.
   *
   * @return its result, or 0 if it has none
   */
  private int call(boolean hasResult, String function, MemorySegment... arguments) {
    MemorySegment address = symbols.find(function).orElseThrow(() -> failure("missing-symbol", library + " has no function " + function,
        "update the Vulkan loader"));
    MemoryLayout[] layouts = new MemoryLayout[arguments.length];
    Arrays.fill(layouts, ADDRESS);
    FunctionDescriptor descriptor = hasResult ? FunctionDescriptor.of(JAVA_INT, layouts) : FunctionDescriptor.ofVoid(layouts);
    try {
      Object result = Linker.nativeLinker().downcallHandle(address, descriptor).invokeWithArguments((Object[]) arguments);
      return hasResult ? (int) result : 0;
    } catch (Throwable t) {
      throw new AssertionError(function, t); // a downcall throws only if its arguments do not match the descriptor above
    }
  }

  private static BackendUnavailableException noDevice(String seen) {
    return failure("no-device", seen, "install the GPU's Vulkan driver (vulkaninfo shows what the loader finds)");
  }

  private static BackendUnavailableException failure(String code, String seen, String fix) {
    return new BackendUnavailableException("vulkan", new Rejection(code, seen, fix));
  }
}
