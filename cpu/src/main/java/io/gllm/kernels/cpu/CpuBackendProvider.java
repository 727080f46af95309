package io.gllm.kernels.cpu;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Probe;
import io.gllm.kernels.api.spi.Rejection;
import java.util.List;

/**
 * The CPU backend. Options: {@code cpu.tier} (native, vector, scalar: the best tier to use), {@code cpu.isa} (avx512, avx2 or neon:
 * the only instruction set of the native tier to use) and {@code cpu.threads}.
 */
public final class CpuBackendProvider implements BackendProvider {
  /** For the service loader. */
  public CpuBackendProvider() {}

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public Probe probe(BackendConfig config) {
    Rejection unmet = CpuTiers.unmet(config);
    return unmet == null ? Probe.found(List.of(CpuTiers.describe(config))) : new Probe(List.of(), unmet);
  }

  @Override
  public Device open(DeviceInfo device, BackendConfig config) {
    return new CpuDevice(device, CpuTiers.table(config), CpuTiers.memory(config), threads(config));
  }

  private static int threads(BackendConfig config) {
    String value = config.get("cpu.threads");
    if (value == null) {
      return Cores.physical();
    }
    try {
      int threads = Integer.parseInt(value);
      if (threads >= 1 && threads <= 1024) {
        return threads;
      }
    } catch (NumberFormatException e) {
      // falls through to the error below, which names the value
    }
    throw new IllegalArgumentException("cpu.threads must be a number in 1..1024: " + value);
  }
}
