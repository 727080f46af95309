package io.gllm.kernels.cpu;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.BackendConformance;
import java.util.List;

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
  protected Device openReference() {
    return CpuDevices.scalar(1);
  }
}
