package io.gllm.kernels.api.spi;

import java.util.Map;

/**
 * Options for backends, all optional. Keys are {@code backend.option}, for example {@code cpu.tier} or {@code cpu.threads};
 * an option that was not set in code is looked up as system property {@code gllm.<key>}.
 *
 * @param options options set in code
 */
public record BackendConfig(Map<String, String> options) {
  /** No option set in code. */
  public static final BackendConfig DEFAULT = new BackendConfig(Map.of());

  /** Copies the map. */
  public BackendConfig {
    options = Map.copyOf(options);
  }

  /** The value of {@code key}, or null. */
  public String get(String key) {
    String value = options.get(key);
    return value != null ? value : System.getProperty("gllm." + key);
  }
}
