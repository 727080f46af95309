package io.gllm.kernels.cpu;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.BackendConformance;
import java.util.List;

class ScalarConformanceTest extends BackendConformance {
  @Override
  protected Device open() {
    return CpuDevices.open("scalar", 2);
  }

  @Override
  protected List<Device> openVariants() {
    return CpuDevices.variants("scalar");
  }
}
