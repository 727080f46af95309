package io.gllm.kernels.cuda;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Probe;
import io.gllm.kernels.api.spi.Rejection;
import java.util.List;

/** The CUDA backend: NVIDIA GPUs on Linux and Windows, through the driver library alone. */
public final class CudaBackendProvider implements BackendProvider {
  private final CudaProbe probe;

  /** For the service loader. */
  public CudaBackendProvider() {
    this(CudaProbe.ofThisMachine());
  }

  CudaBackendProvider(CudaProbe probe) {
    this.probe = probe;
  }

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public List<String> notes() {
    return List.of(CudaProbe.STANDING);
  }

  @Override
  public Probe probe(BackendConfig config) {
    return probe.probe();
  }

  /**
   * Opens a GPU by its index, looking at the machine again.
   *
   * @throws BackendUnavailableException if it is not usable any more
   * @throws io.gllm.kernels.api.KernelException if the driver refuses
   */
  @Override
  public Device open(DeviceInfo device, BackendConfig config) {
    CudaProbe.Usable found = probe.look().stream().filter(usable -> usable.gpu().ordinal() == device.index()).findFirst()
        .orElseThrow(() -> new BackendUnavailableException(name(), new Rejection("no-device",
            "there is no usable GPU with index " + device.index(), "open a device that a probe found")));
    JCudaLibrary.load();
    return CudaDevice.open(found);
  }
}
