package io.gllm.kernels.bench;

import io.gllm.kernels.api.spi.PeakKind;

/**
 * A limit of the device as it was measured in this run.
 *
 * @param contender label of the device
 * @param kind what it limits
 * @param bytes size of each buffer of a memory loop, else 0
 * @param probe the loop that was timed
 * @param median operations or bytes in a second, over all cases that were compared with it
 * @param best the highest of them
 * @param spread distance of the quartiles relative to the median
 */
public record PeakResult(String contender, PeakKind kind, long bytes, String probe, double median, double best, double spread) {}
