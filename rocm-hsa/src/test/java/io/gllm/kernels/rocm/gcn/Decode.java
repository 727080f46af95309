package io.gllm.kernels.rocm.gcn;

/** Makes an operation from the operands of an instruction. */
interface Decode {
  Op of(Operands o);
}
