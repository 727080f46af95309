/** Benchmarks of gllm-kernels: kernels against the peaks of the machine, measured in the same run. */
module io.gllm.kernels.bench {
  requires transitive io.gllm.kernels;
  requires jdk.management;

  exports io.gllm.kernels.bench;
}
