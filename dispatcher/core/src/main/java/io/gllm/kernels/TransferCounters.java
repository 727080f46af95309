package io.gllm.kernels;

/**
 * What crossed between host and device since the dispatcher was made.
 *
 * @param hostToDevice bytes written to device buffers
 * @param deviceToHost bytes read from device buffers
 * @param stagedCopies how many operands lay on the host and had to be copied for one call; a number that grows means that some
 *     buffer should have been uploaded
 */
public record TransferCounters(long hostToDevice, long deviceToHost, long stagedCopies) {}
