/** CUDA backend: NVIDIA GPUs through the driver library. */
module io.gllm.kernels.cuda {
  requires io.gllm.kernels.api;
  requires static jcuda; // an automatic module, which jlink would refuse; without it the probe says what to add

  provides io.gllm.kernels.api.spi.BackendProvider with
      io.gllm.kernels.cuda.CudaBackendProvider;
}
