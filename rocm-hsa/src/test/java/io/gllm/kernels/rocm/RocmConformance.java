package io.gllm.kernels.rocm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.Case;
import io.gllm.kernels.testkit.StandInConformance;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** The shipped machine code of a chip, run in the interpreter behind the whole backend, gives the bits of the scalar tier. */
abstract class RocmConformance extends StandInConformance {
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

  @AfterEach
  void theRuntimeSawNoMisuse() {
    for (StandInHsa runtime : runtimes) {
      assertEquals(List.of(), runtime.failures);
      assertEquals(List.of(), runtime.leaks);
      assertTrue(runtime.isIdle());
    }
  }

  /** The tuned products take no activations in f32, and packed weights as they are. */
  @Override
  protected boolean runsFast(Case test) {
    return !test.title().contains("f32 activations") && !test.title().contains(" packed");
  }
}
