package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.BackendConformance;
import java.util.Map;
import java.util.ServiceLoader;

/** The kernels of the library on llvmpipe, with the bits of the CPU's scalar tier. */
class VulkanConformanceTest extends BackendConformance {
  @Override
  protected Device open() {
    return Llvmpipe.open(KernelStore.shipped(), Llvmpipe.PLAIN);
  }

  @Override
  protected Device openReference() {
    BackendProvider cpu = ServiceLoader.load(BackendProvider.class).stream().map(ServiceLoader.Provider::get)
        .filter(provider -> provider.name().equals("cpu")).findFirst().orElseThrow();
    BackendConfig scalar = new BackendConfig(Map.of("cpu.tier", "scalar", "cpu.threads", "1"));
    return cpu.open(cpu.probe(scalar).devices().getFirst(), scalar);
  }

  @Override
  protected boolean modesDiffer() {
    return false;
  }
}
