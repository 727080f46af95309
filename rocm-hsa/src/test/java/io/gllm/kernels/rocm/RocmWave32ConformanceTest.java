package io.gllm.kernels.rocm;

/** On RDNA, with waves of 32 lanes. */
class RocmWave32ConformanceTest extends RocmConformance {
  RocmWave32ConformanceTest() {
    super("gfx1100");
  }
}
