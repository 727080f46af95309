package io.gllm.kernels;

/**
 * What was launched since the dispatcher was made.
 *
 * @param operators operators that were called one by one; those of a recording do not count
 * @param replays replays of recordings
 */
public record LaunchCounters(long operators, long replays) {}
