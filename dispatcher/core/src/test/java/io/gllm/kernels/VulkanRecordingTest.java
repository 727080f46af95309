package io.gllm.kernels;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import io.gllm.kernels.api.BackendUnavailableException;

/** Recordings as command buffers, on whatever Vulkan device there is. */
class VulkanRecordingTest extends RecordingTest {
  @Override
  KernelDispatcher open() {
    try {
      return KernelDispatcher.builder().backend("vulkan").create();
    } catch (BackendUnavailableException e) {
      assertTrue(!System.getenv().getOrDefault("GLLM_REQUIRE", "").contains("llvmpipe"), e.getMessage());
      return abort(e.getMessage());
    }
  }
}
