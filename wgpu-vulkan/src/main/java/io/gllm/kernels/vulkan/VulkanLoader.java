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

/**
 * The few functions of the Vulkan loader that describe devices, so that a machine without a usable one never loads LWJGL. Each is
 * looked up when it is called, so that a loader that lacks one says which. Structs are read and written by the offsets of their
 * 64-bit layout. Failures are {@link BackendUnavailableException} with the code's name.
 */
final class VulkanLoader {
  private static final int API_VERSION_1_2 = 1 << 22 | 2 << 12;
  private static final int MAX_DEVICES = 64;
  private static final int HEAP_DEVICE_LOCAL = 1;
  private static final int QUEUE_COMPUTE = 2;

  private static final int APPLICATION_INFO_BYTES = 48;
  private static final int APPLICATION_API_VERSION = 44;
  private static final int INSTANCE_INFO_BYTES = 64;
  private static final int INSTANCE_INFO_TYPE = 1;
  private static final int INSTANCE_APPLICATION = 24;
  private static final int PROPERTIES_BYTES = 824;
  private static final int PROPERTIES_DEVICE_ID = 12;
  private static final int PROPERTIES_TYPE = 16;
  private static final int PROPERTIES_NAME = 20;
  private static final int PROPERTIES_PUSH_CONSTANTS = 328;
  private static final int PROPERTIES_STORAGE_BUFFERS = 372;
  private static final int PROPERTIES_SHARED_MEMORY = 512;
  private static final int PROPERTIES_INVOCATIONS = 528;
  private static final int MEMORY_BYTES = 520;
  private static final int MEMORY_HEAP_COUNT = 260;
  private static final int MEMORY_HEAPS = 264;
  private static final int HEAP_BYTES = 16;
  private static final int MAX_HEAPS = 16;
  private static final int FAMILY_BYTES = 24;
  private static final int MAX_FAMILIES = 64;
  private static final int FEATURES_BYTES = 240;
  private static final int FEATURES_TYPE = 1000059000;
  private static final int FEATURES_NEXT = 8;
  private static final int TIMELINE_BYTES = 24;
  private static final int TIMELINE_TYPE = 1000207000;
  private static final int TIMELINE_SUPPORTED = 16;

  private final String library;
  private final SymbolLookup symbols;

  VulkanLoader(String library, SymbolLookup symbols) {
    this.library = library;
    this.symbols = symbols;
  }

  /** Opens an instance, describes each device, and closes it; never empty. */
  List<PhysicalDevice> devices() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment instance = openInstance(arena);
      try {
        List<PhysicalDevice> devices = new ArrayList<>();
        for (MemorySegment device : handles(arena, instance)) {
          devices.add(describe(arena, devices.size(), device));
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

  private List<MemorySegment> handles(Arena arena, MemorySegment instance) {
    MemorySegment count = arena.allocateFrom(JAVA_INT, MAX_DEVICES);
    MemorySegment handles = arena.allocate(ADDRESS, MAX_DEVICES);
    int result = call(true, "vkEnumeratePhysicalDevices", instance, count, handles);
    check("vkEnumeratePhysicalDevices", result == VulkanResult.INCOMPLETE ? 0 : result);
    List<MemorySegment> devices = new ArrayList<>();
    for (int i = 0; i < Math.clamp(count.get(JAVA_INT, 0), 0, MAX_DEVICES); i++) {
      devices.add(handles.getAtIndex(ADDRESS, i));
    }
    return devices;
  }

  private PhysicalDevice describe(Arena arena, int ordinal, MemorySegment device) {
    MemorySegment properties = arena.allocate(PROPERTIES_BYTES, Long.BYTES);
    call(false, "vkGetPhysicalDeviceProperties", device, properties);
    List<String> missing = new ArrayList<>();
    int version = properties.get(JAVA_INT, 0);
    if (Integer.compareUnsigned(version, API_VERSION_1_2) < 0) {
      missing.add("Vulkan 1.2");
    } else if (!hasTimelineSemaphores(arena, device)) {
      missing.add("timeline semaphores");
    }
    require(missing, properties, PROPERTIES_STORAGE_BUFFERS, VulkanCalls.BINDINGS, "storage buffers of a kernel");
    require(missing, properties, PROPERTIES_PUSH_CONSTANTS, VulkanCalls.PUSH_BYTES, "bytes of push constants");
    require(missing, properties, PROPERTIES_SHARED_MEMORY, 16 << 10, "bytes of shared memory");
    require(missing, properties, PROPERTIES_INVOCATIONS, 256, "threads of a work group");
    if (!hasComputeQueue(arena, device)) {
      missing.add("a compute queue");
    }
    return new PhysicalDevice(ordinal, properties.getString(PROPERTIES_NAME), properties.get(JAVA_INT, PROPERTIES_TYPE), version,
        properties.get(JAVA_INT, PROPERTIES_DEVICE_ID), memory(arena, device), missing);
  }

  private static void require(List<String> missing, MemorySegment properties, int offset, int least, String what) {
    int has = properties.get(JAVA_INT, offset);
    if (Integer.compareUnsigned(has, least) < 0) {
      missing.add(least + " " + what + " (it has " + Integer.toUnsignedString(has) + ")");
    }
  }

  private boolean hasTimelineSemaphores(Arena arena, MemorySegment device) {
    MemorySegment timeline = arena.allocate(TIMELINE_BYTES, Long.BYTES);
    timeline.set(JAVA_INT, 0, TIMELINE_TYPE);
    MemorySegment features = arena.allocate(FEATURES_BYTES, Long.BYTES);
    features.set(JAVA_INT, 0, FEATURES_TYPE);
    features.set(ADDRESS, FEATURES_NEXT, timeline);
    call(false, "vkGetPhysicalDeviceFeatures2", device, features);
    return timeline.get(JAVA_INT, TIMELINE_SUPPORTED) != 0;
  }

  private boolean hasComputeQueue(Arena arena, MemorySegment device) {
    MemorySegment count = arena.allocateFrom(JAVA_INT, MAX_FAMILIES);
    MemorySegment families = arena.allocate((long) FAMILY_BYTES * MAX_FAMILIES, Long.BYTES);
    call(false, "vkGetPhysicalDeviceQueueFamilyProperties", device, count, families);
    for (int i = 0; i < Math.clamp(count.get(JAVA_INT, 0), 0, MAX_FAMILIES); i++) {
      if ((families.get(JAVA_INT, (long) i * FAMILY_BYTES) & QUEUE_COMPUTE) != 0) {
        return true;
      }
    }
    return false;
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
    if (result == VulkanResult.INCOMPATIBLE_DRIVER) {
      throw noDevice(VulkanResult.describe(function, result) + ": no driver is installed for a device of this machine");
    }
    if (result != 0) {
      throw failure("driver-error", VulkanResult.describe(function, result), "check vulkaninfo, and update the GPU's driver");
    }
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
