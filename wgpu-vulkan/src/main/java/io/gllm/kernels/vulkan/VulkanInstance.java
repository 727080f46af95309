package io.gllm.kernels.vulkan;

import static org.lwjgl.vulkan.EXTDebugUtils.VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
import static org.lwjgl.vulkan.EXTDebugUtils.VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT;
import static org.lwjgl.vulkan.EXTDebugUtils.VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT;
import static org.lwjgl.vulkan.EXTDebugUtils.VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
import static org.lwjgl.vulkan.EXTDebugUtils.VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
import static org.lwjgl.vulkan.EXTValidationFeatures.VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME;
import static org.lwjgl.vulkan.EXTValidationFeatures.VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;

import io.gllm.kernels.api.KernelException;
import java.lang.System.Logger;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.vulkan.VK10;
import org.lwjgl.vulkan.VK12;
import org.lwjgl.vulkan.VkApplicationInfo;
import org.lwjgl.vulkan.VkDebugUtilsMessengerCallbackDataEXT;
import org.lwjgl.vulkan.VkDebugUtilsMessengerCallbackEXT;
import org.lwjgl.vulkan.VkDebugUtilsMessengerCreateInfoEXT;
import org.lwjgl.vulkan.VkInstance;
import org.lwjgl.vulkan.VkInstanceCreateInfo;
import org.lwjgl.vulkan.VkPhysicalDevice;
import org.lwjgl.vulkan.VkPhysicalDeviceProperties2;
import org.lwjgl.vulkan.VkValidationFeaturesEXT;

/** An instance of Vulkan 1.2, under the validation layer if that is asked for. */
final class VulkanInstance {
  private static final String VALIDATION_LAYER = "VK_LAYER_KHRONOS_validation";
  private static final int MAX_DEVICES = 64;
  private static final Logger LOG = System.getLogger(VulkanInstance.class.getName());

  private final VulkanCalls calls;
  private final VkInstance handle;
  private final Teardown teardown = new Teardown();
  private final List<String> messages = new CopyOnWriteArrayList<>();

  private VulkanInstance(VulkanCalls calls, VkInstance handle) {
    this.calls = calls;
    this.handle = handle;
    teardown.add(() -> calls.vkDestroyInstance(handle));
  }

  /**
   * Opens an instance.
   *
   * @throws KernelException if the loader refuses, or the validation layer is asked for and not installed
   */
  static VulkanInstance open(VulkanCalls calls, boolean validation) {
    try (MemoryStack stack = MemoryStack.stackPush()) {
      VkInstanceCreateInfo info = VkInstanceCreateInfo.calloc(stack).sType$Default();
      info.pApplicationInfo(VkApplicationInfo.calloc(stack).sType$Default().apiVersion(VK12.VK_API_VERSION_1_2));
      if (validation) {
        info.ppEnabledLayerNames(stack.pointers(stack.UTF8(VALIDATION_LAYER)));
        info.ppEnabledExtensionNames(stack.pointers(stack.UTF8(VK_EXT_DEBUG_UTILS_EXTENSION_NAME),
            stack.UTF8(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME)));
        info.pNext(VkValidationFeaturesEXT.calloc(stack).sType$Default()
            .pEnabledValidationFeatures(stack.ints(VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT)));
      }
      PointerBuffer out = stack.mallocPointer(1);
      int result = calls.vkCreateInstance(info, out);
      if (result == VK10.VK_ERROR_LAYER_NOT_PRESENT) {
        throw new KernelException("vulkan.validation=true needs " + VALIDATION_LAYER + " (package vulkan-validationlayers)");
      }
      VulkanResult.check("vkCreateInstance", result);
      VulkanInstance instance = new VulkanInstance(calls, new VkInstance(out.get(0), info));
      try {
        if (validation) {
          instance.listen(stack);
        }
        return instance;
      } catch (RuntimeException e) {
        throw instance.teardown.after(e);
      }
    }
  }

  private void listen(MemoryStack stack) {
    VkDebugUtilsMessengerCallbackEXT callback = VkDebugUtilsMessengerCallbackEXT.create((severity, types, data, user) -> {
      String message = VkDebugUtilsMessengerCallbackDataEXT.create(data).pMessageString();
      messages.add(message);
      LOG.log(Logger.Level.WARNING, message);
      return VK10.VK_FALSE;
    });
    teardown.add(callback::free);
    VkDebugUtilsMessengerCreateInfoEXT info = VkDebugUtilsMessengerCreateInfoEXT.calloc(stack).sType$Default().pfnUserCallback(callback)
        .messageSeverity(VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT)
        .messageType(VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT);
    LongBuffer out = stack.mallocLong(1);
    VulkanResult.check("vkCreateDebugUtilsMessengerEXT", calls.vkCreateDebugUtilsMessengerEXT(handle, info, out));
    long messenger = out.get(0);
    teardown.add(() -> calls.vkDestroyDebugUtilsMessengerEXT(handle, messenger));
  }

  /** What the validation layer has said so far. */
  List<String> messages() {
    return messages;
  }

  /**
   * The handle of a device that the probe has found.
   *
   * @throws KernelException if the loader now lists other devices
   */
  VkPhysicalDevice device(PhysicalDevice wanted) {
    try (MemoryStack stack = MemoryStack.stackPush()) {
      IntBuffer count = stack.ints(MAX_DEVICES);
      PointerBuffer out = stack.mallocPointer(MAX_DEVICES);
      VulkanResult.check("vkEnumeratePhysicalDevices", calls.vkEnumeratePhysicalDevices(handle, count, out));
      if (wanted.ordinal() < count.get(0)) {
        VkPhysicalDevice device = new VkPhysicalDevice(out.get(wanted.ordinal()), handle);
        VkPhysicalDeviceProperties2 properties = VkPhysicalDeviceProperties2.calloc(stack).sType$Default();
        calls.vkGetPhysicalDeviceProperties2(device, properties);
        if (properties.properties().deviceNameString().equals(wanted.name())) {
          return device;
        }
      }
      throw new KernelException("Vulkan device " + wanted.ordinal() + " is no longer " + wanted.name() + "; look for devices again");
    }
  }

  void close() {
    teardown.run();
  }
}
