package io.gllm.kernels.api.spi;

/**
 * Why a backend, a tier or a kernel is not used.
 *
 * @param code stable short name of the reason, for programs: {@code no-driver}, {@code no-library}, {@code native-access-denied} ...
 * @param seen what was found on this machine, for people
 * @param fix what to do about it, for people
 */
public record Rejection(String code, String seen, String fix) {}
