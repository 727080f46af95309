package io.gllm.kernels.metal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.SelfTestReport;
import io.gllm.kernels.cpu.CpuBackendProvider;
import io.gllm.kernels.testkit.BackendConformance;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shipped metallib's bitcode, run on the processor behind the whole backend, gives the bits of the scalar tier. */
class MetalConformanceTest extends BackendConformance {
  private static final List<StandInMetal> METALS = new ArrayList<>();

  @TempDir
  private static Path root;

  @Override
  protected Device open() {
    StandInMetal metal = new StandInMetal(MetalExecutor.open()::run);
    METALS.add(metal);
    return StandInMac.open(metal, root);
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
  static void metalSawNoMisuse() {
    for (StandInMetal metal : METALS) {
      assertEquals(List.of(), metal.failures);
      assertEquals(List.of(), metal.live());
      assertEquals(0, metal.openPools());
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
