package io.gllm.kernels.rocm;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Probe;
import io.gllm.kernels.api.spi.Rejection;
import java.util.List;

/** The ROCm backend: AMD GPUs on Linux, through the HSA runtime library alone. */
public final class RocmBackendProvider implements BackendProvider {
  private final RocmProbe probe;

  /** For the service loader. */
  public RocmBackendProvider() {
    this(RocmProbe.ofThisMachine());
  }

  RocmBackendProvider(RocmProbe probe) {
    this.probe = probe;
  }

  @Override
  public String name() {
    return "rocm";
  }

  @Override
  public List<String> notes() {
    return List.of(RocmProbe.STANDING);
  }

  @Override
  public Probe probe(BackendConfig config) {
    return probe.probe(config.isDiagnosis());
  }

  /**
   * Opens a GPU by its index, looking at the machine again.
   *
   * @throws BackendUnavailableException if it is not usable any more
   * @throws io.gllm.kernels.api.KernelException if the runtime refuses
   */
  @Override
  public Device open(DeviceInfo device, BackendConfig config) {
    RocmProbe.Usable found = probe.look().stream().filter(usable -> usable.gpu().ordinal() == device.index()).findFirst()
        .orElseThrow(() -> new BackendUnavailableException(name(), new Rejection("no-device",
            "there is no usable GPU with index " + device.index(), "open a device that a probe found")));
    return RocmDevice.open(found);
  }
}
