package io.gllm.kernels;

import io.gllm.kernels.api.spi.DeviceInfo;
import java.util.List;

/**
 * How the device was chosen.
 *
 * @param backends the backends in the order in which they were asked, as far as it was needed
 * @param chosen the device in use
 * @param requested the backend that was asked for by name, or null for automatic choice
 */
public record SelectionReport(List<BackendState> backends, DeviceInfo chosen, String requested) {
  /** Copies the list. */
  public SelectionReport {
    backends = List.copyOf(backends);
  }

  /** One line for logs: the device, and why better backends were passed over. */
  public String summary() {
    StringBuilder line = new StringBuilder("using ").append(chosen.backend()).append(": ").append(chosen.name());
    for (BackendState backend : backends) {
      if (backend.rejection() != null) {
        line.append("; ").append(backend.name()).append(": ").append(backend.rejection().seen());
      }
    }
    return line.toString();
  }
}
