package io.gllm.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.SelfTestReport;
import io.gllm.kernels.cpu.CpuBackendProvider;
import io.gllm.kernels.testkit.BackendConformance;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The shipped PTX, run in the interpreter behind the whole backend, gives the bits of the scalar tier. */
class CudaConformanceTest extends BackendConformance {
  private static final List<StandInDriver> DRIVERS = new ArrayList<>();

  @Override
  protected Device open() {
    StandInDriver driver = new StandInDriver();
    driver.total = 8L << 30;
    DRIVERS.add(driver);
    CudaBackendProvider provider = new CudaBackendProvider(StandInLibcuda.install(driver, CudaBlobs.onClassPath()));
    return provider.open(provider.probe(BackendConfig.DEFAULT).devices().getFirst(), BackendConfig.DEFAULT);
  }

  @Override
  protected Device openReference() {
    BackendConfig config = new BackendConfig(Map.of("cpu.tier", "scalar", "cpu.threads", "1"));
    CpuBackendProvider provider = new CpuBackendProvider();
    return provider.open(provider.probe(config).devices().getFirst(), config);
  }

  @Test
  void everyKernelPassesItsSelfTest() {
    try (Device device = open()) {
      SelfTestReport report = device.testKernels();
      assertEquals(Map.of(), report.quarantined());
      assertTrue(report.passed() > 0);
    }
  }

  @AfterAll
  static void theDriverSawNoMisuse() {
    for (StandInDriver driver : DRIVERS) {
      assertEquals(List.of(), driver.failures);
      assertEquals(List.of(), driver.leaks);
      assertTrue(driver.isIdle());
    }
  }

  @Override
  protected boolean isSlow() {
    return true;
  }
}
