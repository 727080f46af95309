package io.gllm.kernels.api.spi;

import java.util.List;

/**
 * A device that a probe found.
 *
 * @param backend the backend's name
 * @param index number of the device within its backend, from 0
 * @param name the device's own name
 * @param software whether a GPU interface is emulated on the CPU; such devices rank below the CPU backend
 * @param memory bytes of memory, or -1 if unknown
 * @param features what the device can do, as far as kernels depend on it
 * @param notes remarks for people: tiers that were skipped and why, what never ran on such hardware
 */
public record DeviceInfo(
    String backend, int index, String name, boolean software, long memory, List<String> features, List<String> notes) {
  /** Copies the lists. */
  public DeviceInfo {
    features = List.copyOf(features);
    notes = List.copyOf(notes);
  }
}
