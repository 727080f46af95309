package io.gllm.kernels.api.spi;

/**
 * One kernel that a backend considered for an operator and element type.
 *
 * @param kernel the kernel's name
 * @param chosen whether it is the one that runs
 * @param reason why it was chosen or skipped
 */
public record Candidate(String kernel, boolean chosen, String reason) {}
