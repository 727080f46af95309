package io.gllm.kernels.cpu;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.BackendConformance;
import java.util.List;

class NativeConformanceTest extends BackendConformance {
  @Override
  protected Device open() {
    return CpuDevices.open("native", 2);
  }

  @Override
  protected List<Device> openVariants() {
    return CpuDevices.variants("native");
  }

  @Override
  protected Device openReference() {
    return CpuDevices.open("scalar", 1);
  }
}
