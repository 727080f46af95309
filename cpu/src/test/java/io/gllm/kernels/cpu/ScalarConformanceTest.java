package io.gllm.kernels.cpu;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.BackendConformance;
import java.util.List;

class ScalarConformanceTest extends BackendConformance {
  @Override
  protected Device open() {
    return CpuDevices.scalar(2);
  }

  @Override
  protected List<Device> openVariants() {
    return List.of(CpuDevices.scalar(1), CpuDevices.scalar(3));
  }
}
