/** CPU backend: scalar reference, Vector API kernels and machine-code kernels behind one table. */
module io.gllm.kernels.cpu {
  requires io.gllm.kernels.api;
  requires jdk.incubator.vector;

  provides io.gllm.kernels.api.spi.BackendProvider with
      io.gllm.kernels.cpu.CpuBackendProvider;
}
