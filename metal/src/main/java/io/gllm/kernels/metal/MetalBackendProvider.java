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
  /** For the service loader. */
  public MetalBackendProvider() {}

  @Override
  public String name() {
    return "metal";
  }

  @Override
  public Probe probe(BackendConfig config) {
    return new Probe(List.of(), MetalProbe.ofThisMachine().look());
  }

  /**
   * Always throws: this version carries no Metal kernels.
   *
   * @throws BackendUnavailableException with what a probe sees now
   */
  @Override
  public Device open(DeviceInfo device, BackendConfig config) {
    throw new BackendUnavailableException(name(), MetalProbe.ofThisMachine().look());
  }
}
