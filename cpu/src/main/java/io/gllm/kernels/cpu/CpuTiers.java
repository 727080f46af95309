package io.gllm.kernels.cpu;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.cpu.scalar.ScalarTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Decides which tiers this process can use, and fills the table with them in order. */
final class CpuTiers {
  private CpuTiers() {}

  /** The tier to start from: the option {@code cpu.tier}, or the best. */
  private static Tier best(BackendConfig config) {
    String value = config.get("cpu.tier");
    if (value == null) {
      return Tier.NATIVE;
    }
    try {
      return Tier.valueOf(value.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("cpu.tier must be native, vector or scalar: " + value, e);
    }
  }

  static CpuTable table(BackendConfig config) {
    CpuTable table = new CpuTable();
    best(config);
    ScalarTable.fill(table);
    return table;
  }

  static DeviceInfo describe(BackendConfig config) {
    List<String> features = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    return new DeviceInfo("cpu", 0, System.getProperty("os.arch"), false, -1, features, notes);
  }
}
