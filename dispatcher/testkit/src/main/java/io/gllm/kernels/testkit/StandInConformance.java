package io.gllm.kernels.testkit;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.SelfTestReport;
import java.util.Map;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/** The conformance tests of shipped device code that runs without its device, in an interpreter or on the processor. */
public abstract class StandInConformance extends BackendConformance {
  /** For subclasses. */
  protected StandInConformance() {}

  @Override
  protected final Device openReference() {
    return InstalledBackends.scalarTier();
  }

  @Override
  protected final boolean isSlow() {
    return true;
  }

  @Test
  void everyKernelPassesItsSelfTest() {
    try (Device device = open()) {
      SelfTestReport report = device.testKernels();
      Assertions.assertEquals(Map.of(), report.quarantined());
      Assertions.assertTrue(report.passed() > 0);
    }
  }
}
