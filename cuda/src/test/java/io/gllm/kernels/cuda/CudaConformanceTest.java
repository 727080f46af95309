package io.gllm.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.SelfTestReport;
import io.gllm.kernels.cpu.CpuBackendProvider;
import io.gllm.kernels.testkit.BackendConformance;
import io.gllm.kernels.testkit.Case;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The shipped PTX, run in the interpreter behind the whole backend, gives the bits of the scalar tier. */
class CudaConformanceTest extends BackendConformance {
  private static final Set<QuantFormat> EVERYDAY = EnumSet.of(QuantFormat.Q4_0, QuantFormat.Q8_0, QuantFormat.Q4_K, QuantFormat.Q6_K);

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
  protected boolean modesDiffer() {
    return false;
  }

  /** Each product of the interpreted or checked code takes a hundred times as long as on a device; Vulkan runs all of them. */
  @Override
  protected String leftOut(Case test) {
    boolean rare = test.type() instanceof QuantFormat format && !EVERYDAY.contains(format) && test.op() != Dequant.OP;
    return rare && !Boolean.getBoolean("gllm.conformance.all") ? "runs with -Dgllm.conformance.all=true" : null;
  }
}
