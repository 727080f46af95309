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

  /** The tuned kernels encode activations as the CPU does, so that block formats agree too. */
  @Override
  protected List<String> fast() {
    return List.of("f32", "f16", "q8_0", "q4_k");
  }

  /** The portable kernels, which are those of the fast mode for f32 and f16, take a minute for each block format. */
  @Override
  protected List<String> reproducible() {
    return Boolean.getBoolean("gllm.nightly") ? List.of("f32", "f16", "q8_0", "q4_k") : List.of("q4_k");
  }

  @Override
  protected List<String> mistakes() {
    return cuda.mistakes();
  }
}
