package io.gllm.kernels.api.spi;

import java.util.List;

/**
 * What a backend found on this machine: devices, or the reason why there are none.
 *
 * @param devices usable devices, best first; empty if rejected
 * @param rejection the reason, or null if there are devices
 */
public record Probe(List<DeviceInfo> devices, Rejection rejection) {
  /** Either devices or a rejection. */
  public Probe {
    devices = List.copyOf(devices);
    if (devices.isEmpty() == (rejection == null)) {
      throw new IllegalArgumentException("a probe gives either devices or a rejection");
    }
  }

  /** Usable devices, best first. */
  public static Probe found(List<DeviceInfo> devices) {
    return new Probe(devices, null);
  }

  /** No device, with the reason. */
  public static Probe rejected(String code, String seen, String fix) {
    return new Probe(List.of(), new Rejection(code, seen, fix));
  }
}
