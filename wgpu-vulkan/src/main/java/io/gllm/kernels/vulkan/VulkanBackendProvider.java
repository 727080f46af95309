package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Probe;
import java.util.List;

/** The Vulkan backend: GPUs of any maker on Linux and Windows, and software devices such as llvmpipe. */
public final class VulkanBackendProvider implements BackendProvider {
  /** For the service loader. */
  public VulkanBackendProvider() {}

  @Override
  public String name() {
    return "vulkan";
  }

  @Override
  public Probe probe(BackendConfig config) {
    return new Probe(List.of(), VulkanProbe.ofThisMachine().look());
  }

  /**
   * Always throws: this version carries no Vulkan kernels.
   *
   * @throws BackendUnavailableException with what a probe sees now
   */
  @Override
  public Device open(DeviceInfo device, BackendConfig config) {
    throw new BackendUnavailableException(name(), VulkanProbe.ofThisMachine().look());
  }
}
