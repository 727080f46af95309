/** The gllm command line. */
module io.gllm.kernels.cli {
  requires info.picocli;
  requires io.gllm.kernels;
  requires io.gllm.kernels.bench;
  requires io.gllm.kernels.testkit;
  requires java.logging;

  opens io.gllm.kernels.cli to
      info.picocli;
}
