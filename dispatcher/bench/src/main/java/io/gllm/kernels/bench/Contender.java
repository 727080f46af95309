package io.gllm.kernels.bench;

import java.util.List;

/**
 * Who ran the cases of a report: one of our devices as it was opened, or a foreign library beside it.
 *
 * @param label its name in this report, the same in every run with the same options
 * @param peer whether it is a foreign library
 * @param backend the backend, or the name of the library
 * @param device the device's name, or what the library says of itself
 * @param features what the device can do
 * @param tier the tier that was asked for, or {@code best}
 * @param isa the instruction set of the native tier that was asked for, or {@code best}
 * @param threads threads of the CPU that took part
 * @param firstKernel seconds from opening the device to the result of its first kernel; the first device of a run loads the classes
 *     as well. NaN for a library
 */
public record Contender(String label, boolean peer, String backend, String device, List<String> features, String tier, String isa,
    int threads, double firstKernel) {
  /** Copies the list. */
  public Contender {
    features = List.copyOf(features);
  }
}
