package io.gllm.kernels.cpu;

import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.BackendConformance;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** AVX2 on processors that would choose AVX-512. */
@EnabledIfSystemProperty(named = "os.arch", matches = "amd64|x86_64")
class Avx2ConformanceTest extends BackendConformance {
  @Override
  protected Device open() {
    return CpuDevices.machineCode("avx2", 3);
  }

  @Override
  protected Set<Numerics> modes() {
    return EnumSet.of(Numerics.FAST); // the other mode: ReproducibleConformanceTest
  }
}
