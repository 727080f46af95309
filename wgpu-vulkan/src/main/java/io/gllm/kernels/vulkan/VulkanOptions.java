package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.spi.BackendConfig;
import java.nio.file.Path;
import java.util.Map;

/**
 * What a user may set.
 *
 * @param validation {@code vulkan.validation=true}: runs under Khronos' validation layer, and logs what it says
 * @param cacheFolder where compiled kernels are kept between runs, or null: {@code vulkan.cache=off}
 */
record VulkanOptions(boolean validation, Path cacheFolder) {
  static VulkanOptions of(BackendConfig config, Map<String, String> environment) {
    boolean validation = choice(config, "vulkan.validation", "false", "true", "false").equals("true");
    boolean cache = choice(config, "vulkan.cache", "on", "on", "off").equals("on");
    return new VulkanOptions(validation, cache ? PipelineCacheFile.folder(environment) : null);
  }

  private static String choice(BackendConfig config, String key, String otherwise, String first, String second) {
    String value = config.get(key);
    if (value == null) {
      return otherwise;
    }
    if (!value.equals(first) && !value.equals(second)) {
      throw new IllegalArgumentException(key + " is " + first + " or " + second + ", not '" + value + "'");
    }
    return value;
  }
}
