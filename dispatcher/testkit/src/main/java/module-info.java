/** Conformance kit: an independent double-precision oracle and cases for every operator, for any backend. */
module io.gllm.kernels.testkit {
  requires transitive io.gllm.kernels.api;
  requires static org.junit.jupiter.api;

  exports io.gllm.kernels.testkit;
  exports io.gllm.kernels.testkit.oracle;

  uses io.gllm.kernels.api.spi.BackendProvider;
}
