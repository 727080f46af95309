package io.gllm.kernels.metal;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Machine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/** A Mac whose Metal is a stand-in. */
final class StandInMac {
  private StandInMac() {}

  /** Whether this machine passes arguments as the stand-in takes them. */
  static boolean isPossible() {
    return System.getProperty("os.arch").equals("amd64") && System.getProperty("os.name").equals("Linux");
  }

  /** The backend on a Mac with one GPU; skips the test where the stand-in's way of taking arguments does not fit the processor. */
  static MetalBackendProvider install(StandInMetal metal, Path root) {
    return install(metal, root, MetalBlobs.onClassPath());
  }

  private static MetalBackendProvider install(StandInMetal metal, Path root, MetalBlobs blobs) {
    Assumptions.assumeTrue(isPossible(), "the stand-in for Metal takes arguments as Linux passes them on x86-64");
    try {
      Files.createDirectories(root.resolve("System/Library/Frameworks/Metal.framework"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Machine machine = new Machine("macos", "aarch64", root, Map.of());
    return new MetalBackendProvider(new MetalProbe(machine, () -> true, path -> metal, () -> blobs));
  }

  static MetalDevice open(StandInMetal metal, Path root) {
    return open(metal, root, MetalBlobs.onClassPath());
  }

  static MetalDevice open(StandInMetal metal, Path root, MetalBlobs blobs) {
    MetalBackendProvider provider = install(metal, root, blobs);
    return (MetalDevice) provider.open(provider.probe(BackendConfig.DEFAULT).devices().getFirst(), BackendConfig.DEFAULT);
  }
}
