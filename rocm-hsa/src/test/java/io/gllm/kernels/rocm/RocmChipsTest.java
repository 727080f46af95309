package io.gllm.kernels.rocm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.SelfTestReport;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The code of every chip gives the recorded bits of every kernel: each night, from a disassembly made then. */
class RocmChipsTest {
  @TestFactory
  Stream<DynamicTest> everyKernelOfEveryChipPassesItsSelfTest() {
    assumeTrue(StandInGpu.disassembles(), "runs with -Pnightly, which needs llvm-objdump-19");
    return BlobManifest.of("rocm").blobs().keySet().stream().map(chip -> DynamicTest.dynamicTest(chip, () -> passes(chip)));
  }

  private static void passes(String chip) {
    StandInHsa runtime = StandInGpu.runtime(StandInGpu.listing(chip));
    try (Device device = StandInGpu.open(runtime)) {
      SelfTestReport report = device.testKernels();
      assertEquals(Map.of(), report.quarantined());
      assertTrue(report.passed() > 0);
    }
    assertEquals(List.of(), runtime.failures);
    assertEquals(List.of(), runtime.leaks);
  }
}
