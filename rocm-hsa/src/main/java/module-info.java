/** ROCm backend: AMD GPUs through the HSA runtime. */
module io.gllm.kernels.rocm {
  requires io.gllm.kernels.api;

  provides io.gllm.kernels.api.spi.BackendProvider with
      io.gllm.kernels.rocm.RocmBackendProvider;
}
