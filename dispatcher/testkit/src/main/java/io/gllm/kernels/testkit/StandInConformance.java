package io.gllm.kernels.testkit;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.SelfTestReport;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * The conformance tests of shipped device code that runs without its device, in an interpreter or on the processor. All of them share one
 * device, which tests each kernel once.
 */
@SuppressWarnings("exports") // JUnit reads the annotation; who extends this has it anyway
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class StandInConformance extends BackendConformance {
  private Device device;

  /** For subclasses. */
  protected StandInConformance() {}

  /** Opens the device on its stand-in; called once. */
  protected abstract Device openStandIn();

  /** What the stand-in saw go wrong, or stay behind, once the device is closed. */
  protected abstract List<String> mistakes();

  @Override
  protected final Device open() {
    if (device == null) {
      device = openStandIn();
    }
    return device;
  }

  @Override
  protected final void close(Device opened) {
    if (opened != device) {
      opened.close();
    }
  }

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
    SelfTestReport report = open().testKernels();
    Assertions.assertEquals(Map.of(), report.quarantined());
    Assertions.assertTrue(report.passed() > 0);
  }

  @AfterAll
  void theStandInSawNoMisuse() {
    if (device != null) {
      device.close();
      Assertions.assertEquals(List.of(), mistakes());
    }
  }
}
