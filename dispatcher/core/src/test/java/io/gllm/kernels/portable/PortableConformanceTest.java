package io.gllm.kernels.portable;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.BackendConformance;
import java.util.List;

/** The portable kernels in their checked host build: three orders of threads give the bits of the scalar tier. */
class PortableConformanceTest extends BackendConformance {
  private static final long WINDOW = 128 << 20;

  @Override
  protected Device open() {
    return new HostDevice(HostLibrary.get(), 0, WINDOW);
  }

  @Override
  protected List<Device> openVariants() {
    return List.of(new HostDevice(HostLibrary.get(), 1, WINDOW), new HostDevice(HostLibrary.get(), 2, HostDevice.SMALL_WINDOW));
  }

  @Override
  protected Device openReference() {
    return KernelDispatcher.builder().backend("cpu").option("cpu.tier", "scalar").option("cpu.threads", "1").openDevice();
  }

  @Override
  protected boolean modesDiffer() {
    return false;
  }

  @Override
  protected boolean isSlow() {
    return true;
  }
}
