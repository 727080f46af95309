package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.BackendConformance;
import io.gllm.kernels.testkit.InstalledBackends;

/** The kernels of the library on llvmpipe, with the bits of the CPU's scalar tier. */
class VulkanConformanceTest extends BackendConformance {
  @Override
  protected Device open() {
    return Llvmpipe.open(KernelStore.shipped(), Llvmpipe.PLAIN);
  }

  @Override
  protected Device openReference() {
    return InstalledBackends.scalarTier();
  }

  @Override
  protected boolean modesDiffer() {
    return false;
  }
}
