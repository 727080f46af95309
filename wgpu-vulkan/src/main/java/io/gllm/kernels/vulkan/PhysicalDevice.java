package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.spi.DeviceInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * A device as the Vulkan loader describes it.
 *
 * @param ordinal its place in the loader's list
 * @param name its own name
 * @param type Vulkan's number of its kind
 * @param version the Vulkan version it supports, in Vulkan's packing
 * @param deviceId the maker's number of the model
 * @param memory bytes of the heaps that are local to it
 * @param missing what it lacks of the backend's needs, for people; empty if it can be used
 */
record PhysicalDevice(int ordinal, String name, int type, int version, int deviceId, long memory, List<String> missing) {
  private static final List<String> TYPES = List.of("other", "integrated", "discrete", "virtual", "software");
  private static final List<String> RANKS = List.of("discrete", "integrated", "virtual", "other", "software");

  /** Copies the list. */
  PhysicalDevice {
    missing = List.copyOf(missing);
  }

  private String kind() {
    return TYPES.get(type < 0 || type >= TYPES.size() ? 0 : type);
  }

  private boolean isSoftware() {
    return kind().equals("software");
  }

  /** One line for people: name, kind, memory, Vulkan version, and what is missing. */
  String describe() {
    String text = String.format(Locale.ROOT, "%s (%s, %.1f GiB, Vulkan %d.%d)", name, kind(), memory / (double) (1L << 30), major(),
        minor());
    return missing.isEmpty() ? text : text + " lacks " + String.join(", ", missing);
  }

  private int major() {
    return version >>> 22 & 0x7F;
  }

  private int minor() {
    return version >>> 12 & 0x3FF;
  }

  /** Usable devices, best first: by kind, then by memory, then as the loader lists them. */
  static List<PhysicalDevice> ranked(List<PhysicalDevice> all) {
    Comparator<PhysicalDevice> byKind = Comparator.comparingInt(device -> RANKS.indexOf(device.kind()));
    return all.stream().filter(device -> device.missing.isEmpty())
        .sorted(byKind.thenComparing(Comparator.comparingLong(PhysicalDevice::memory).reversed())).toList();
  }

  /** Device {@code index} of the backend, with remarks on the devices of {@code all} that cannot be used. */
  DeviceInfo info(int index, List<PhysicalDevice> all) {
    List<String> notes = new ArrayList<>();
    if (!isSoftware()) {
      notes.add("the Vulkan backend was tested on Mesa's llvmpipe, never on a GPU");
    }
    all.stream().filter(device -> !device.missing.isEmpty()).forEach(device -> notes.add("left out: " + device.describe()));
    return new DeviceInfo("vulkan", index, name, isSoftware(), memory, List.of("vulkan " + major() + "." + minor()), notes);
  }
}
