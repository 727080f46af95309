/** CUDA backend: NVIDIA GPUs through the driver library. */
module io.gllm.kernels.cuda {
  requires io.gllm.kernels.api;

  provides io.gllm.kernels.api.spi.BackendProvider with
      io.gllm.kernels.cuda.CudaBackendProvider;
}
