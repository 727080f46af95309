package io.gllm.kernels.cpu;

import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.BackendConformance;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The best instruction set of this processor. */
class NativeConformanceTest extends BackendConformance {
  @Override
  protected Device open() {
    return CpuDevices.machineCode(null, 2);
  }

  @Override
  protected List<Device> openVariants() {
    return List.of(CpuDevices.machineCode(null, 1), CpuDevices.machineCode(null, 3));
  }

  @Override
  protected Set<Numerics> modes() {
    return EnumSet.of(Numerics.FAST); // the other mode: ReproducibleConformanceTest
  }
}
