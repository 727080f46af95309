package io.gllm.kernels.metal;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Probe;
import java.util.List;

/** The Metal backend: GPUs of Macs, through Metal and the Objective-C runtime. */
public final class MetalBackendProvider implements BackendProvider {
  private final MetalProbe probe;

  /** For the service loader. */
  public MetalBackendProvider() {
    this(MetalProbe.ofThisMachine());
  }

  MetalBackendProvider(MetalProbe probe) {
    this.probe = probe;
  }

  @Override
  public String name() {
    return "metal";
  }

  @Override
  public List<String> notes() {
    return List.of(MetalProbe.STANDING);
  }

  @Override
  public Probe probe(BackendConfig config) {
    try {
      return Probe.found(List.of(probe.look().info()));
    } catch (BackendUnavailableException e) {
      return new Probe(List.of(), e.rejection());
    }
  }

  /**
   * Opens the default device, looking at the machine again.
   *
   * @throws BackendUnavailableException if it is not usable any more
   * @throws io.gllm.kernels.api.KernelException if Metal refuses
   */
  @Override
  public Device open(DeviceInfo device, BackendConfig config) {
    return MetalDevice.open(probe.look());
  }
}
