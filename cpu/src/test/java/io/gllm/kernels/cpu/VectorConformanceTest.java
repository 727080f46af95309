package io.gllm.kernels.cpu;

import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.BackendConformance;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The Vector API, in the largest shape of this processor. */
class VectorConformanceTest extends BackendConformance {
  @Override
  protected Device open() {
    return CpuDevices.vector(2);
  }

  @Override
  protected List<Device> openVariants() {
    return List.of(CpuDevices.vector(1), CpuDevices.vector(3));
  }

  @Override
  protected Set<Numerics> modes() {
    return EnumSet.of(Numerics.FAST); // the other mode: ReproducibleConformanceTest
  }
}
