/**
 * The host side of the portable kernels: for each operator one class that puts arguments in order and launches, for any device that
 * can launch. A GPU backend supplies a {@link io.gllm.kernels.api.portable.Launcher} and has every operator.
 */
package io.gllm.kernels.api.portable;
