package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Probe;
import io.gllm.kernels.api.spi.Rejection;
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
  public List<String> notes() {
    return List.of("the Vulkan backend ran on Mesa's llvmpipe, not yet run on hardware");
  }

  @Override
  public Probe probe(BackendConfig config) {
    return VulkanProbe.ofThisMachine().look();
  }

  /**
   * Opens a device. Options: {@code vulkan.cache=off} keeps no compiled kernels between runs; {@code vulkan.validation=true} logs what
   * Khronos' validation layer says.
   *
   * @throws BackendUnavailableException with what a probe sees now, if the device is no longer there
   * @throws io.gllm.kernels.api.KernelException if the driver refuses
   */
  @Override
  public Device open(DeviceInfo device, BackendConfig config) {
    VulkanOptions options = VulkanOptions.of(config, System.getenv());
    VulkanProbe.Found found = VulkanProbe.ofThisMachine().search();
    int index = device.index();
    if (index >= found.usable().size() || !found.usable().get(index).name().equals(device.name())) {
      throw new BackendUnavailableException(name(), new Rejection("no-device",
          "device " + index + " is not " + device.name() + " but one of " + found.infos().stream().map(DeviceInfo::name).toList(),
          "look for devices again"));
    }
    KernelStore store = KernelStore.shipped();
    Lwjgl.start(found.library());
    return new VulkanDevice(device, found.usable().get(index), new LwjglCalls(), store, options);
  }
}
