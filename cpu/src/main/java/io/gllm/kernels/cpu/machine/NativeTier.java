package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.spi.Rejection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Whether machine code can be used in this process, and which.
 *
 * @param code the mapped blob, or null if rejected
 * @param features what the processor can do, or null if that could not be found out
 * @param rejection the reason why there is no machine code, or null
 */
public record NativeTier(MachineCode code, CpuFeatures features, Rejection rejection) {
  private static final Map<String, NativeTier> LOADED = new ConcurrentHashMap<>();

  /**
   * The tier for this process; mapped once.
   *
   * @param isa {@code avx512}, {@code avx2} or {@code neon} to insist on one instruction set, or null for the best
   */
  public static NativeTier load(String isa) {
    return LOADED.computeIfAbsent(isa == null ? "" : isa, NativeTier::open);
  }

  /** Whether the processor and the code multiply pairs of bf16 in one instruction. */
  boolean multipliesPairs() {
    return features.names().contains(CpuFeatures.BF16_DOT) && code.blob().entries().containsKey("probe_dot16");
  }

  /** Whether the processor and the code take densely packed ternary weights apart. */
  boolean packsTernaries() {
    return features.names().contains(CpuFeatures.BYTE_LOOK_UP) && code.blob().entries().containsKey("quant_pack_dense_tq1_0");
  }

  private static NativeTier open(String isa) {
    Platform platform = Platform.ofThisProcess();
    if (platform.targets().isEmpty()) {
      return rejected(null, "no-machine-code", "no kernels were built for " + platform.os() + " on " + platform.arch(), "nothing to do");
    }
    try {
      BlobManifest manifest = BlobManifest.of("cpu");
      return choose(manifest, platform, CpuFeatures.detect(manifest, platform), isa);
    } catch (IllegalCallerException e) {
      String fix = "start java with --enable-native-access="
          + (NativeTier.class.getModule().isNamed() ? "io.gllm.kernels.cpu" : "ALL-UNNAMED");
      return rejected(null, "native-access-denied", String.valueOf(e.getMessage()), fix);
    } catch (KernelException e) {
      return rejected(null, "no-executable-memory", e.getMessage(), "allow this process to map executable memory, as the JVM itself does");
    } catch (Throwable t) {
      return rejected(null, "native-failed", t.toString(), "report this with the output of gllm doctor");
    }
  }

  private static NativeTier choose(BlobManifest manifest, Platform platform, CpuFeatures features, String isa) {
    List<String> targets = platform.targets();
    for (String target : targets) {
      if (target.endsWith(isa.isEmpty() ? "" : "-" + isa) && features.names().containsAll(manifest.blobs().get(target).needs())) {
        return new NativeTier(MachineCode.map(manifest, target), features, null);
      }
    }
    String wanted = isa.isEmpty() ? targets.toString() : isa;
    return rejected(features, "no-instruction-set", "this processor cannot run " + wanted + "; it has " + features, "nothing to do");
  }

  private static NativeTier rejected(CpuFeatures features, String code, String seen, String fix) {
    return new NativeTier(null, features, new Rejection(code, seen, fix));
  }
}
