package io.gllm.kernels.rocm;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Probe;
import java.util.List;

/** The ROCm backend: AMD GPUs on Linux, through the HSA runtime library alone. */
public final class RocmBackendProvider implements BackendProvider {
  /** For the service loader. */
  public RocmBackendProvider() {}

  @Override
  public String name() {
    return "rocm";
  }

  @Override
  public Probe probe(BackendConfig config) {
    return new Probe(List.of(), RocmProbe.ofThisMachine().look());
  }

  /**
   * Always throws: this version carries no ROCm kernels.
   *
   * @throws BackendUnavailableException with what a probe sees now
   */
  @Override
  public Device open(DeviceInfo device, BackendConfig config) {
    throw new BackendUnavailableException(name(), RocmProbe.ofThisMachine().look());
  }
}
