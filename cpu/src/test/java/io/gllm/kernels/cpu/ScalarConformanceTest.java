package io.gllm.kernels.cpu;

import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.BackendConformance;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

class ScalarConformanceTest extends BackendConformance {
  @Override
  protected Device open() {
    return CpuDevices.scalar(2);
  }

  @Override
  protected List<Device> openVariants() {
    return List.of(CpuDevices.scalar(1), CpuDevices.scalar(3));
  }

  @Override
  protected Set<Numerics> modes() {
    return EnumSet.of(Numerics.FAST); // the other mode: ReproducibleConformanceTest
  }

  @Override
  protected boolean modesDiffer() {
    return false;
  }
}
