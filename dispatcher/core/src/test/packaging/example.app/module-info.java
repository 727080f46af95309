module example.app {
  requires io.gllm.kernels;
}
