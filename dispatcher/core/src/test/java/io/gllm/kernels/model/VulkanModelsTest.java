package io.gllm.kernels.model;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.BackendUnavailableException;
import java.util.List;

/** Models on whatever Vulkan device there is. */
class VulkanModelsTest extends ModelConformance {
  @Override
  protected KernelDispatcher openDevice() {
    try {
      return KernelDispatcher.builder().backend("vulkan").strict().create();
    } catch (BackendUnavailableException e) {
      assertTrue(!System.getenv().getOrDefault("GLLM_REQUIRE", "").contains("llvmpipe"), e.getMessage());
      return abort(e.getMessage());
    }
  }

  /** Block formats may take the other way at a tie, since the CPU multiplies integers and the GPU the same numbers. */
  @Override
  protected List<String> fast() {
    return List.of("f32", "f16");
  }

  @Override
  protected List<String> reproducible() {
    return List.of("f32", "f16", "q8_0", "q4_k");
  }
}
