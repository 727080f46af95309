package io.gllm.kernels.cuda;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Rejection;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import jcuda.driver.JCudaDriver;

/**
 * Loads JCuda's native library. JCuda unpacks it to a fixed name in the folder for temporary files and loads whatever lies there,
 * which another user may have put there; so it is given a fresh folder that only this user can write.
 */
final class JCudaLibrary {
  private static final String DRIVER = "jcuda/driver/JCudaDriver.class";
  private static final String FOLDER_PREFIX = "gllm-jcuda-";
  private static final String TEMPORARY = "java.io.tmpdir";

  private static boolean loaded;
  private static Rejection failure;

  private JCudaLibrary() {}

  /** Why JCuda cannot be used on {@code machine}, if so; loads and starts nothing. */
  static Optional<Rejection> missing(Machine machine) {
    ClassLoader loader = JCudaLibrary.class.getClassLoader();
    String natives = "lib/" + (machine.os().equals("windows") ? "" : "lib") + "JCudaDriver-12.6.0-" + machine.platform()
        + (machine.os().equals("windows") ? ".dll" : ".so");
    if (!isPresent(loader)) {
      return Optional.of(new Rejection("no-jcuda", "JCuda is not in this program: there is no " + DRIVER,
          "add the dependency org.jcuda:jcuda:12.6.0; on the module path start java with --add-modules jcuda"));
    }
    if (loader.getResource(natives) == null) {
      return Optional.of(new Rejection("no-jcuda", "JCuda's native library is not in this program: there is no " + natives,
          "add the dependency org.jcuda:jcuda-natives:12.6.0:" + machine.platform()));
    }
    return Optional.empty();
  }

  /** Whether the class can be linked; a resource of that name would not tell on the module path. */
  private static boolean isPresent(ClassLoader loader) {
    try {
      Class.forName(DRIVER.replace('/', '.').replace(".class", ""), false, loader);
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  /**
   * Loads it, once; the driver must have been found before.
   *
   * @throws BackendUnavailableException if it cannot be loaded, also at every later call
   */
  static synchronized void load() {
    if (failure == null && !loaded) {
      try {
        loadFromPrivateFolder();
        loaded = true;
      } catch (IOException | LinkageError e) {
        failure = new Rejection("library-unusable", "JCuda's native library could not be loaded: " + firstLine(e),
            "check that the folder for temporary files (" + System.getProperty(TEMPORARY) + ") can be written and allows execution");
      }
    }
    if (failure != null) {
      throw new BackendUnavailableException("cuda", failure);
    }
  }

  private static void loadFromPrivateFolder() throws IOException {
    String temporary = System.getProperty(TEMPORARY);
    Path folder = Files.createTempDirectory(FOLDER_PREFIX); // 0700 where the system has such permissions
    System.setProperty(TEMPORARY, folder.toString());
    try {
      JCudaDriver.setExceptionsEnabled(false); // starts the class, which unpacks and loads
    } finally {
      System.setProperty(TEMPORARY, temporary);
      clear(folder);
    }
    if (windows()) {
      clearOld(folder.getParent());
    }
  }

  /** A loaded library needs its file no more, except on Windows, where the file stays until a later run. */
  private static void clear(Path folder) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException e) {
      if (!windows()) {
        throw e;
      }
    }
  }

  /** Removes what runs before today had to leave in the user's own folder; what cannot be removed is still in use. */
  private static void clearOld(Path temporary) {
    FileTime limit = FileTime.from(Instant.now().minus(Duration.ofDays(1)));
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(temporary, FOLDER_PREFIX + "*")) {
      for (Path folder : folders) {
        if (Files.getLastModifiedTime(folder).compareTo(limit) < 0) {
          clear(folder);
        }
      }
    } catch (IOException e) {
      return; // leftovers cost a megabyte each, which is no reason to fail
    }
  }

  private static boolean windows() {
    return System.getProperty("os.name").startsWith("Windows");
  }

  private static String firstLine(Throwable e) {
    String message = String.valueOf(e.getMessage());
    String reason = message.lines().filter(line -> line.contains("UnsatisfiedLinkError:")).reduce((a, b) -> b)
        .orElseGet(() -> message.lines().findFirst().orElse(""));
    return e.getClass().getSimpleName() + ": " + reason.strip();
  }
}
