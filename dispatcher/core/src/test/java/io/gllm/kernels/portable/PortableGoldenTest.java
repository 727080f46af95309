package io.gllm.kernels.portable;

import io.gllm.kernels.api.spi.Device;

/** The device text on the golden blocks. */
class PortableGoldenTest extends GoldenConformance {
  @Override
  protected Device open() {
    return new HostDevice(HostLibrary.get(), 0, HostDevice.SMALL_WINDOW);
  }
}
