package io.gllm.kernels.model;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.TestDispatchers;
import io.gllm.kernels.rocm.RocmStandIn;
import java.util.List;

/** Models on the ROCm backend, whose shipped code of gfx90a runs in the interpreter behind a stand-in for the HSA runtime. */
class RocmModelsTest extends ModelConformance {
  private RocmStandIn rocm;

  @Override
  protected KernelDispatcher openDevice() {
    rocm = new RocmStandIn("gfx90a");
    return TestDispatchers.strict(rocm.provider());
  }

  /** The kernels are those of the reproducible mode. */
  @Override
  protected List<String> fast() {
    return List.of("f32");
  }

  @Override
  protected List<String> reproducible() {
    return List.of("q4_k");
  }

  @Override
  protected List<String> mistakes() {
    return rocm.mistakes();
  }
}
