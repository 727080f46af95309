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

  /** The backend on a Mac with one GPU; skips the test where the stand-in's way of taking arguments does not fit the processor. */
  static MetalBackendProvider install(StandInMetal metal, Path root) {
    Assumptions.assumeTrue(System.getProperty("os.arch").equals("amd64") && !System.getProperty("os.name").startsWith("Windows"),
        "the stand-in for Metal takes arguments as the System V convention of x86-64 passes them");
    try {
      Files.createDirectories(root.resolve("System/Library/Frameworks/Metal.framework"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Machine machine = new Machine("macos", "aarch64", root, Map.of());
    return new MetalBackendProvider(new MetalProbe(machine, () -> true, path -> metal, MetalBlobs::onClassPath));
  }

  static MetalDevice open(StandInMetal metal, Path root) {
    MetalBackendProvider provider = install(metal, root);
    return (MetalDevice) provider.open(provider.probe(BackendConfig.DEFAULT).devices().getFirst(), BackendConfig.DEFAULT);
  }
}
