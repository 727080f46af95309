/** The entry of gllm-kernels: {@link io.gllm.kernels.KernelDispatcher} finds the best device and runs every kernel there. */
package io.gllm.kernels;
