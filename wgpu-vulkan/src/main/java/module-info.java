/** Vulkan backend: GPUs of any maker through the Vulkan loader. */
module io.gllm.kernels.vulkan {
  requires io.gllm.kernels.api;
  requires org.lwjgl;
  requires org.lwjgl.vulkan;

  provides io.gllm.kernels.api.spi.BackendProvider with
      io.gllm.kernels.vulkan.VulkanBackendProvider;
}
