package io.gllm.kernels.cpu;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Rejection;
import io.gllm.kernels.cpu.machine.LargePages;
import io.gllm.kernels.cpu.machine.NativeTable;
import io.gllm.kernels.cpu.machine.NativeTier;
import io.gllm.kernels.cpu.scalar.ScalarTable;
import io.gllm.kernels.cpu.vector.VectorTable;
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
    if (best(config) == Tier.NATIVE) {
      NativeTier tier = NativeTier.load(config.get("cpu.isa"));
      if (tier.rejection() == null) {
        NativeTable.fill(table, tier);
      } else {
        table.reject(Tier.NATIVE, tier.rejection());
      }
    }
    if (best(config) != Tier.SCALAR) {
      Rejection reason = VectorTier.rejection();
      if (reason == null) {
        VectorTable.fill(table);
      } else {
        table.reject(Tier.VECTOR, reason);
      }
    }
    ScalarTable.fill(table);
    return table;
  }

  /** Where memory comes from: native calls can ask for huge pages. */
  static MemorySource memory(BackendConfig config) {
    return best(config) == Tier.NATIVE ? LargePages.source(NativeTier.load(config.get("cpu.isa"))) : MemorySource.PLAIN;
  }

  /** Why the one instruction set that was asked for cannot be used, or null: such a choice is met or refused. */
  static Rejection unmet(BackendConfig config) {
    String isa = config.get("cpu.isa");
    return isa == null || best(config) != Tier.NATIVE ? null : NativeTier.load(isa).rejection();
  }

  static DeviceInfo describe(BackendConfig config) {
    List<String> features = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    String name = System.getProperty("os.arch");
    Tier used = best(config);
    if (used == Tier.NATIVE) {
      NativeTier tier = NativeTier.load(config.get("cpu.isa"));
      if (tier.features() != null) {
        features.addAll(tier.features().names());
        name = tier.features().processor() != null ? tier.features().processor() : name;
      }
      if (tier.rejection() != null) {
        notes.add("native tier: " + tier.rejection().seen() + "; " + tier.rejection().fix());
        used = Tier.VECTOR;
      }
    }
    if (used == Tier.VECTOR && VectorTier.rejection() != null) {
      notes.add("vector tier: " + VectorTier.rejection().seen() + "; " + VectorTier.rejection().fix());
      used = Tier.SCALAR;
    }
    String level = used == Tier.NATIVE ? " " + NativeTier.load(config.get("cpu.isa")).code().blob().target() : "";
    return new DeviceInfo("cpu", 0, name + ", " + used.label() + level, false, -1, features, notes);
  }
}
