package io.gllm.kernels.cpu;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.Rejection;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/** Devices for tests. */
final class CpuDevices {
  private CpuDevices() {}

  static Device scalar(int threads) {
    return open(Map.of("cpu.tier", "scalar"), threads);
  }

  static Device vector(int threads) {
    return open(Map.of("cpu.tier", "vector"), threads);
  }

  /** Whether machine code of an instruction set, or of any if null, runs on this processor. */
  static boolean hasMachineCode(String isa) {
    return missing(isa) == null;
  }

  /** The best instruction set of this processor if {@code isa} is null. Skips the test where no machine code runs. */
  static Device machineCode(String isa, int threads) {
    Rejection missing = missing(isa);
    Assumptions.assumeTrue(missing == null, () -> "no machine code here: " + missing);
    return open(machineCode(isa), threads);
  }

  private static Rejection missing(String isa) {
    return CpuTiers.table(new BackendConfig(machineCode(isa))).rejection(Tier.NATIVE);
  }

  private static Map<String, String> machineCode(String isa) {
    return isa == null ? Map.of("cpu.tier", "native") : Map.of("cpu.tier", "native", "cpu.isa", isa);
  }

  private static Device open(Map<String, String> options, int threads) {
    Map<String, String> all = new HashMap<>(options);
    all.put("cpu.threads", Integer.toString(threads));
    BackendConfig config = new BackendConfig(all);
    CpuBackendProvider provider = new CpuBackendProvider();
    return provider.open(provider.probe(config).devices().getFirst(), config);
  }
}
