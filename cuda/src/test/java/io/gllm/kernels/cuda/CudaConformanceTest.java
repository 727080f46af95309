package io.gllm.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.StandInConformance;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;

/** The shipped PTX, run in the interpreter behind the whole backend, gives the bits of the scalar tier. */
class CudaConformanceTest extends StandInConformance {
  private static final List<StandInDriver> DRIVERS = new ArrayList<>();

  @Override
  protected Device open() {
    StandInDriver driver = new StandInDriver();
    driver.total = 8L << 30;
    DRIVERS.add(driver);
    CudaBackendProvider provider = new CudaBackendProvider(StandInLibcuda.install(driver, CudaBlobs.onClassPath()));
    return provider.open(provider.probe(BackendConfig.DEFAULT).devices().getFirst(), BackendConfig.DEFAULT);
  }

  @AfterAll
  static void theDriverSawNoMisuse() {
    for (StandInDriver driver : DRIVERS) {
      assertEquals(List.of(), driver.failures);
      assertEquals(List.of(), driver.leaks);
      assertTrue(driver.isIdle());
    }
  }
}
