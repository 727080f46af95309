package io.gllm.kernels.metal;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.StandInConformance;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/**
 * The shipped bitcode, run on the processor behind the whole backend: portable kernels give the bits of the scalar tier, tuned ones results
 * within the bounds.
 */
class MetalConformanceTest extends StandInConformance {
  @TempDir
  private static Path root;

  private StandInMetal metal;

  @Override
  protected Device openStandIn() {
    metal = new StandInMetal(MetalExecutor.open()::run);
    return StandInMac.open(metal, root);
  }

  @Override
  protected List<String> mistakes() {
    List<String> all = new ArrayList<>(metal.failures);
    metal.live().forEach(object -> all.add("alive: " + object));
    if (metal.openPools() != 0) {
      all.add(metal.openPools() + " pools are open");
    }
    return all;
  }
}
