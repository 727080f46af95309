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

  /**
   * For people who want to know why there is no device: a probe asks a driver that is installed even where there is no hope, and says
   * what it answered.
   */
  public static final BackendConfig DIAGNOSIS = new BackendConfig(Map.of("probe", "diagnosis"));

  /** Copies the map. */
  public BackendConfig {
    options = Map.copyOf(options);
  }

  /** Whether a probe looks further than a choice needs. */
  public boolean isDiagnosis() {
    return "diagnosis".equals(get("probe"));
  }

  /** The value of {@code key}, or null. */
  public String get(String key) {
    String value = options.get(key);
    return value != null ? value : System.getProperty("gllm." + key);
  }
}
