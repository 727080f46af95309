package io.gllm.kernels.rocm;

/** On CDNA, with waves of 64 lanes. */
class RocmConformanceTest extends RocmConformance {
  RocmConformanceTest() {
    super("gfx90a");
  }
}
