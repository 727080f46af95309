/** The contract of gllm-kernels: operators, element types, buffers, and what a backend implements. */
module io.gllm.kernels.api {
  exports io.gllm.kernels.api;
  exports io.gllm.kernels.api.op;
  exports io.gllm.kernels.api.spi;
  exports io.gllm.kernels.api.blob;
  exports io.gllm.kernels.api.portable;
}
