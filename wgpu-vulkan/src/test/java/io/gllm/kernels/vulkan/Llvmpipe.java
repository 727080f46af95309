package io.gllm.kernels.vulkan;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.gllm.kernels.api.BackendUnavailableException;

/** The Vulkan device of the tests: Mesa's llvmpipe, which is Vulkan on the CPU, so that everything really runs. */
final class Llvmpipe {
  static final VulkanOptions PLAIN = new VulkanOptions(false, null);
  static final VulkanOptions VALIDATED = new VulkanOptions(true, null);

  private Llvmpipe() {}

  /** The devices of this machine, llvmpipe among them; a test that needs it is skipped, or fails where it is required. */
  static VulkanProbe.Found found() {
    String reason;
    try {
      VulkanProbe.Found found = VulkanProbe.ofThisMachine().search();
      if (found.usable().stream().anyMatch(Llvmpipe::isIt)) {
        return found;
      }
      reason = "no llvmpipe among " + found.usable();
    } catch (BackendUnavailableException e) {
      reason = e.getMessage();
    }
    if (System.getenv().getOrDefault("GLLM_REQUIRE", "").contains("llvmpipe")) {
      return fail(reason);
    }
    return abort(reason);
  }

  private static boolean isIt(PhysicalDevice device) {
    return device.name().startsWith("llvmpipe");
  }

  /** Opens it with the kernels of the tests. */
  static VulkanDevice open(VulkanCalls calls, VulkanOptions options) {
    return open(calls, TestKernels.store(), options);
  }

  /** Opens it with the kernels of {@code store}. */
  static VulkanDevice open(KernelStore store, VulkanOptions options) {
    return open(new LwjglCalls(), store, options);
  }

  private static VulkanDevice open(VulkanCalls calls, KernelStore store, VulkanOptions options) {
    VulkanProbe.Found found = found();
    Lwjgl.start(found.library());
    PhysicalDevice device = found.usable().stream().filter(Llvmpipe::isIt).findFirst().orElseThrow();
    return new VulkanDevice(device.info(0, found.all()), device, calls, store, options);
  }

  /** Opens it with the kernels of the tests, under the validation layer. */
  static VulkanDevice open() {
    return open(new LwjglCalls(), VALIDATED);
  }
}
