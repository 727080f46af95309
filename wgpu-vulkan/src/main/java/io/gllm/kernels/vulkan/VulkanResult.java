package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.DeviceLostException;
import io.gllm.kernels.api.KernelException;

/** The results of Vulkan's functions: their names, and the exceptions that they become. */
final class VulkanResult {
  static final int SUCCESS = 0;
  static final int INCOMPLETE = 5;
  static final int OUT_OF_HOST_MEMORY = -1;
  static final int OUT_OF_DEVICE_MEMORY = -2;
  static final int DEVICE_LOST = -4;
  static final int INCOMPATIBLE_DRIVER = -9;
  private static final int TOO_MANY_OBJECTS = -10;

  private VulkanResult() {}

  /** A function that was refused, with what it answered. */
  static final class VulkanException extends KernelException {
    private static final long serialVersionUID = 1L;

    private final int result;

    VulkanException(String message, int result) {
      super(message);
      this.result = result;
    }

    /** Whether freeing memory may help. */
    boolean isOutOfMemory() {
      return result == OUT_OF_HOST_MEMORY || result == OUT_OF_DEVICE_MEMORY || result == TOO_MANY_OBJECTS;
    }
  }

  /**
   * Throws unless {@code result} is a success.
   *
   * @throws DeviceLostException if the device is lost
   * @throws VulkanException for every other failure
   */
  static void check(String function, int result) {
    if (result == DEVICE_LOST) {
      throw new DeviceLostException(describe(function, result));
    }
    if (result < 0) {
      throw new VulkanException(describe(function, result), result);
    }
  }

  /** For example {@code vkCreateInstance answered -3 (VK_ERROR_INITIALIZATION_FAILED)}. */
  static String describe(String function, int result) {
    String name = name(result);
    return function + " answered " + result + (name.isEmpty() ? "" : " (" + name + ")");
  }

  private static String name(int result) {
    return switch (result) {
      case SUCCESS -> "VK_SUCCESS";
      case 1 -> "VK_NOT_READY";
      case 2 -> "VK_TIMEOUT";
      case INCOMPLETE -> "VK_INCOMPLETE";
      case OUT_OF_HOST_MEMORY -> "VK_ERROR_OUT_OF_HOST_MEMORY";
      case OUT_OF_DEVICE_MEMORY -> "VK_ERROR_OUT_OF_DEVICE_MEMORY";
      case -3 -> "VK_ERROR_INITIALIZATION_FAILED";
      case DEVICE_LOST -> "VK_ERROR_DEVICE_LOST";
      case -5 -> "VK_ERROR_MEMORY_MAP_FAILED";
      case -6 -> "VK_ERROR_LAYER_NOT_PRESENT";
      case -7 -> "VK_ERROR_EXTENSION_NOT_PRESENT";
      case -8 -> "VK_ERROR_FEATURE_NOT_PRESENT";
      case INCOMPATIBLE_DRIVER -> "VK_ERROR_INCOMPATIBLE_DRIVER";
      case TOO_MANY_OBJECTS -> "VK_ERROR_TOO_MANY_OBJECTS";
      case -12 -> "VK_ERROR_FRAGMENTED_POOL";
      case -13 -> "VK_ERROR_UNKNOWN";
      case -1000012000 -> "VK_ERROR_INVALID_SHADER_NV";
      case -1000069000 -> "VK_ERROR_OUT_OF_POOL_MEMORY";
      case -1000072003 -> "VK_ERROR_INVALID_EXTERNAL_HANDLE";
      case -1000161000 -> "VK_ERROR_FRAGMENTATION";
      case -1000174001 -> "VK_ERROR_NOT_PERMITTED";
      default -> "";
    };
  }
}
