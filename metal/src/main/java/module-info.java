/** Metal backend: GPUs of Macs through Metal and the Objective-C runtime. */
module io.gllm.kernels.metal {
  requires io.gllm.kernels.api;

  provides io.gllm.kernels.api.spi.BackendProvider with
      io.gllm.kernels.metal.MetalBackendProvider;
}
