package io.gllm.kernels.rocm;

/**
 * A kernel of a loaded executable.
 *
 * @param object the handle of its code
 * @param groupBytes bytes of memory shared by a work group
 * @param privateBytes bytes of memory of each thread
 */
record RocmKernel(long object, int groupBytes, int privateBytes) {}
