package io.gllm.kernels.cuda;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Probe;
import java.util.ArrayList;
import java.util.List;

/** The CUDA backend with its shipped kernels on the stand-in for the driver, for the tests of other modules; in a JVM of its own. */
public final class StandInGpu implements BackendProvider {
  private final StandInDriver driver = new StandInDriver();
  private final CudaBackendProvider provider = new CudaBackendProvider(StandInLibcuda.install(driver, CudaBlobs.onClassPath()));

  @Override
  public String name() {
    return provider.name();
  }

  @Override
  public Probe probe(BackendConfig config) {
    return provider.probe(config);
  }

  @Override
  public Device open(DeviceInfo device, BackendConfig config) {
    return provider.open(device, config);
  }

  /** What the driver saw that no program may do, or found left when all was closed; empty if all was well. */
  public List<String> misuse() {
    List<String> seen = new ArrayList<>(driver.leaks);
    driver.failures.forEach(failure -> seen.add(failure.toString()));
    return seen;
  }
}
