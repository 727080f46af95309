/** The block formats of quantised tensors, one class for each: layout, decoding, and encoding where it is defined. */
package io.gllm.kernels.cpu.format;
