package io.gllm.kernels.cuda.ptx;

/** A parameter of an entry: where it lies in the block of parameters, in bytes. */
public record PtxParameter(String name, int offset, int bytes, int alignment) {}
