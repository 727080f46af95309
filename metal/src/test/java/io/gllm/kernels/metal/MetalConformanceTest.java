package io.gllm.kernels.metal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.StandInConformance;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;

/**
 * The shipped bitcode, run on the processor behind the whole backend: portable kernels give the bits of the scalar tier, tuned ones results
 * within the bounds.
 */
class MetalConformanceTest extends StandInConformance {
  private static final List<StandInMetal> METALS = new ArrayList<>();

  @TempDir
  private static Path root;

  @Override
  protected Device open() {
    StandInMetal metal = new StandInMetal(MetalExecutor.open()::run);
    METALS.add(metal);
    return StandInMac.open(metal, root);
  }

  @AfterAll
  static void metalSawNoMisuse() {
    for (StandInMetal metal : METALS) {
      assertEquals(List.of(), metal.failures);
      assertEquals(List.of(), metal.live());
      assertEquals(0, metal.openPools());
    }
  }
}
