package io.gllm.kernels.rocm;

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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The shipped machine code of a chip, run in the interpreter behind the whole backend, gives the bits of the scalar tier. */
abstract class RocmConformance extends BackendConformance {
  private final List<StandInHsa> runtimes = new ArrayList<>();
  private final String chip;

  RocmConformance(String chip) {
    this.chip = chip;
  }

  @Override
  protected Device open() {
    StandInHsa runtime = StandInGpu.runtime(StandInGpu.listing(chip));
    runtimes.add(runtime);
    return StandInGpu.open(runtime);
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

  @AfterEach
  void theRuntimeSawNoMisuse() {
    for (StandInHsa runtime : runtimes) {
      assertEquals(List.of(), runtime.failures);
      assertEquals(List.of(), runtime.leaks);
      assertTrue(runtime.isIdle());
    }
  }

  @Override
  protected boolean modesDiffer() {
    return false;
  }

  @Override
  protected boolean isSlow() {
    return true;
  }
}
