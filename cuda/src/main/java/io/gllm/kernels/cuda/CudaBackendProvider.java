package io.gllm.kernels.cuda;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Probe;
import java.util.List;

/** The CUDA backend: NVIDIA GPUs on Linux and Windows, through the driver library alone. */
public final class CudaBackendProvider implements BackendProvider {
  /** For the service loader. */
  public CudaBackendProvider() {}

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public Probe probe(BackendConfig config) {
    return new Probe(List.of(), CudaProbe.ofThisMachine().look());
  }

  /**
   * Always throws: this version carries no CUDA kernels.
   *
   * @throws BackendUnavailableException with what a probe sees now
   */
  @Override
  public Device open(DeviceInfo device, BackendConfig config) {
    throw new BackendUnavailableException(name(), CudaProbe.ofThisMachine().look());
  }
}
