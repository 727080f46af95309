package io.gllm.kernels.api.spi;

import java.util.Map;

/**
 * What a device's kernels gave on known data.
 *
 * @param passed kernels that gave the right bits
 * @param quarantined the others, with what was wrong; they are not used
 */
public record SelfTestReport(int passed, Map<String, String> quarantined) {
  /** Copies the map. */
  public SelfTestReport {
    quarantined = Map.copyOf(quarantined);
  }
}
