package io.gllm.kernels.cli;

import io.gllm.kernels.api.KernelException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** The model of a command: a file, or the small one that is bundled, unpacked since models are mapped rather than read. */
final class BundledModel implements AutoCloseable {
  private static final String BUNDLED = "/META-INF/gllm/models/tiny-q8_0.gguf";

  private final Path file;
  private final boolean unpacked;

  private BundledModel(Path file, boolean unpacked) {
    this.file = file;
    this.unpacked = unpacked;
  }

  /** {@code named}, or the bundled model as a file of the moment that only its owner can read if that is null. */
  static BundledModel orNamed(Path named) throws IOException {
    if (named != null) {
      return new BundledModel(named, false);
    }
    try (InputStream in = BundledModel.class.getResourceAsStream(BUNDLED)) {
      if (in == null) {
        throw new KernelException("the bundled model " + BUNDLED + " is missing from the jar");
      }
      Path file = Files.createTempFile("gllm-", ".gguf");
      Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
      return new BundledModel(file, true);
    }
  }

  Path file() {
    return file;
  }

  @Override
  public void close() throws IOException {
    if (unpacked) {
      Files.deleteIfExists(file);
    }
  }
}
