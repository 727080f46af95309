package io.gllm.kernels.portable;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.vulkan.VulkanBackendProvider;
import java.util.Map;

/** SPIR-V on the golden blocks, on whatever Vulkan device there is. */
class VulkanGoldenTest extends GoldenConformance {
  @Override
  protected Device open() {
    VulkanBackendProvider vulkan = new VulkanBackendProvider();
    boolean none = vulkan.probe(new BackendConfig(Map.of())).devices().isEmpty();
    if (System.getenv().getOrDefault("GLLM_REQUIRE", "").contains("llvmpipe")) {
      assertFalse(none, "llvmpipe was asked for and is not there");
    }
    assumeFalse(none, "no Vulkan device; gllm doctor says why");
    return first(vulkan);
  }
}
