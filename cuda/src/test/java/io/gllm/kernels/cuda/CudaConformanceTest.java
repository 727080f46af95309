package io.gllm.kernels.cuda;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.StandInConformance;
import java.util.ArrayList;
import java.util.List;

/** The shipped PTX, run in the interpreter behind the whole backend, gives the bits of the scalar tier. */
class CudaConformanceTest extends StandInConformance {
  private final StandInDriver driver = new StandInDriver();

  @Override
  protected Device openStandIn() {
    driver.total = 8L << 30;
    CudaBackendProvider provider = new CudaBackendProvider(StandInLibcuda.install(driver, CudaBlobs.onClassPath()));
    return provider.open(provider.probe(BackendConfig.DEFAULT).devices().getFirst(), BackendConfig.DEFAULT);
  }

  @Override
  protected List<String> mistakes() {
    List<String> all = new ArrayList<>(driver.failures.stream().map(Throwable::toString).toList());
    all.addAll(driver.leaks);
    if (!driver.isIdle()) {
      all.add("work is left on the device");
    }
    return all;
  }
}
