package io.gllm.kernels.cpu;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.BackendConformance;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** AVX2 on processors that would choose AVX-512. */
@EnabledIfSystemProperty(named = "os.arch", matches = "amd64|x86_64")
class Avx2ConformanceTest extends BackendConformance {
  @Override
  protected Device open() {
    return CpuDevices.machineCode("avx2", 3);
  }

  @Override
  protected Device openReference() {
    return CpuDevices.scalar(1);
  }
}
