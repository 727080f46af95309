package io.gllm.kernels;

import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Rejection;
import java.util.List;

/**
 * What became of one backend during detection.
 *
 * @param name the backend
 * @param devices what it found, best first
 * @param rejection why it is not used, or null
 * @param notes what is true of it on any machine, such as what its kernels ran on so far
 */
public record BackendState(String name, List<DeviceInfo> devices, Rejection rejection, List<String> notes) {
  /** Copies the lists. */
  public BackendState {
    devices = List.copyOf(devices);
    notes = List.copyOf(notes);
  }
}
