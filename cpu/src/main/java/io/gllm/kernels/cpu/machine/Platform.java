package io.gllm.kernels.cpu.machine;

import java.util.List;
import java.util.Locale;

/**
 * The operating system and processor as far as blobs depend on them.
 *
 * @param os lower-case os.name
 * @param arch lower-case os.arch
 */
record Platform(String os, String arch) {
  static Platform ofThisProcess() {
    return new Platform(System.getProperty("os.name").toLowerCase(Locale.ROOT), System.getProperty("os.arch").toLowerCase(Locale.ROOT));
  }

  boolean mac() {
    return os.startsWith("mac");
  }

  boolean windows() {
    return os.startsWith("windows");
  }

  boolean x86() {
    return arch.equals("amd64") || arch.equals("x86_64");
  }

  private boolean arm() {
    return arch.equals("aarch64") && !windows();
  }

  /** Prefix of the targets: who passes which argument where. */
  String convention() {
    return x86() ? windows() ? "win64" : "sysv" : "aapcs64";
  }

  /** Targets with kernels for this platform, best first; empty if there are none. */
  List<String> targets() {
    if (x86()) {
      return List.of(convention() + "-x86_64-avx512", convention() + "-x86_64-avx2");
    }
    return arm() ? List.of("aapcs64-neon") : List.of();
  }
}
