package io.gllm.kernels.model;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.TestDispatchers;
import io.gllm.kernels.cuda.CudaStandIn;
import java.util.List;

/** Models on the CUDA backend, whose shipped PTX runs in the interpreter behind a stand-in for the driver. */
class CudaModelsTest extends ModelConformance {
  private CudaStandIn cuda;

  @Override
  protected KernelDispatcher openDevice() {
    cuda = new CudaStandIn();
    return TestDispatchers.strict(cuda.provider());
  }

  /** Q4_K takes the other way at a tie: prompts are multiplied as f32 here, and as integers on the CPU. */
  @Override
  protected List<String> fast() {
    return List.of("f32", "f16", "q8_0");
  }

  /** The others have the same kernels in both modes, or take a minute more. */
  @Override
  protected List<String> reproducible() {
    return Boolean.getBoolean("gllm.nightly") ? List.of("f32", "f16", "q8_0", "q4_k") : List.of("q4_k");
  }

  @Override
  protected List<String> mistakes() {
    return cuda.mistakes();
  }
}
