/** Text out of a model file: the llama architecture, written on the operators of {@link io.gllm.kernels.KernelDispatcher} only. */
package io.gllm.kernels.model;
