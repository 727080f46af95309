/** Vulkan backend: GPUs of any maker through the Vulkan loader. */
module io.gllm.kernels.vulkan {
  requires io.gllm.kernels.api;

  provides io.gllm.kernels.api.spi.BackendProvider with
      io.gllm.kernels.vulkan.VulkanBackendProvider;
}
