package io.gllm.kernels.rocm;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.Case;
import io.gllm.kernels.testkit.StandInConformance;
import java.util.ArrayList;
import java.util.List;

/** The shipped machine code of a chip, run in the interpreter behind the whole backend, gives the bits of the scalar tier. */
abstract class RocmConformance extends StandInConformance {
  private final StandInHsa runtime;

  RocmConformance(String chip) {
    runtime = StandInGpu.runtime(StandInGpu.listing(chip));
  }

  @Override
  protected Device openStandIn() {
    return StandInGpu.open(runtime);
  }

  @Override
  protected List<String> mistakes() {
    List<String> all = new ArrayList<>(runtime.failures.stream().map(Throwable::toString).toList());
    all.addAll(runtime.leaks);
    if (!runtime.isIdle()) {
      all.add("work is left on the device");
    }
    return all;
  }

  /** The tuned products take no activations in f32, and packed weights as they are. */
  @Override
  protected boolean runsFast(Case test) {
    return !test.title().contains("f32 activations") && !test.title().contains(" packed");
  }
}
