package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.spi.Machine;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lwjgl.system.Configuration;
import org.lwjgl.system.Library;
import org.lwjgl.vulkan.VK;

/** Starts LWJGL once for this process, unless the application has already done so. */
final class Lwjgl {
  private static final String MEMORY = "org.lwjgl.system.memoryBackend";
  private static final String EXPLICIT = "org.lwjgl.vulkan.explicitInit";
  private static boolean started;

  private Lwjgl() {}

  /**
   * Loads LWJGL and binds it to the Vulkan loader.
   *
   * @throws KernelException if either cannot be loaded
   */
  static synchronized void start(Path loader) {
    if (started) {
      return;
    }
    try {
      // The default goes through sun.misc.Unsafe, which warns or fails on new Java runtimes. Read when LWJGL's first class is
      // initialised; what the user has set stays.
      set(MEMORY, "ffm");
      set(EXPLICIT, "true");
      loadNatives();
      bind(loader);
      started = true;
    } catch (LinkageError e) {
      throw new KernelException("LWJGL cannot be started: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new KernelException("LWJGL's native library cannot be unpacked: " + e.getMessage(), e);
    }
  }

  private static void set(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /**
   * LWJGL unpacks its library to a fixed place in the folder for temporary files, which another user of the machine may have made;
   * here it gets a new folder that only this user can write. What the user has set stays.
   */
  private static void loadNatives() throws IOException {
    if (!Configuration.DEBUG.get(false) && Configuration.DEBUG_STREAM.get() == null) {
      // LWJGL prints advice when its library is missing; the exception tells that.
      Configuration.DEBUG_STREAM.set(new PrintStream(OutputStream.nullOutputStream()));
    }
    byte[] library = Configuration.LIBRARY_NAME.get() == null && Configuration.LIBRARY_PATH.get() == null
        ? LwjglNatives.find(Machine.current())
        : null;
    if (library == null) {
      Library.initialize();
      return;
    }
    Path folder = Files.createTempDirectory("gllm-lwjgl");
    Path file = folder.resolve(System.mapLibraryName("lwjgl"));
    try {
      Files.write(file, library);
      Configuration.LIBRARY_NAME.set(file.toString());
      Library.initialize();
    } finally {
      Configuration.LIBRARY_NAME.set(null);
      delete(folder, file);
    }
  }

  /** Windows keeps the file of a loaded library until the process ends. */
  private static void delete(Path folder, Path file) {
    if (!file.toFile().delete() || !folder.toFile().delete()) {
      folder.toFile().deleteOnExit();
      file.toFile().deleteOnExit();
    }
  }

  private static void bind(Path loader) {
    try {
      VK.getFunctionProvider();
    } catch (IllegalStateException e) {
      VK.create(loader.toString()); // the application has not bound LWJGL to a loader
    }
  }
}
