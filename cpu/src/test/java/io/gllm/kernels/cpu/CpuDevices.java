package io.gllm.kernels.cpu;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Device;
import java.util.List;
import java.util.Map;

/** Devices for tests. */
final class CpuDevices {
  private CpuDevices() {}

  static Device open(String tier, int threads) {
    BackendConfig config = new BackendConfig(Map.of("cpu.tier", tier, "cpu.threads", Integer.toString(threads)));
    CpuBackendProvider provider = new CpuBackendProvider();
    return provider.open(provider.probe(config).devices().getFirst(), config);
  }

  /** The tier with numbers of threads that cut rows in other places than two do. */
  static List<Device> variants(String tier) {
    return List.of(open(tier, 1), open(tier, 3));
  }
}
